"""What a hub says of a model's revision: its commit, its files with their digests, its terms. None of it is proved."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a revision: its path with `/`, its size in bytes, the id of its git blob (of the pointer, when it is a
    large file) and the sha256 of a large file. A digest that the hub does not state is empty."""

    path: str
    size: int
    git_blob: str = ""
    sha256: str = ""

    @property
    def stated(self) -> str:
        """The digest that content must have, with its kind: `sha256:…`, `git-blob:…`, or empty."""
        if self.sha256:
            return f"sha256:{self.sha256}"
        return f"git-blob:{self.git_blob}" if self.git_blob else ""


@dataclass(frozen=True, slots=True)
class HubRef:
    """A branch or tag: its name, its full name (`refs/heads/main`) and the commit that it means now."""

    name: str
    ref: str
    commit: str


@dataclass(frozen=True, slots=True)
class HubTerms:
    """What the hub says of who may have a model: `gate` is empty for everybody, else `auto` or `manual`.

    `bases` are the models that it is built on, as its card says."""

    gate: str = ""
    gate_text: str = ""
    licence: str = ""
    bases: tuple[str, ...] = ()
    private: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class HubRevision:
    """A revision as a hub states it. `name` is what the hub calls the model now, which may not be what was asked.

    `ref` is the branch or tag that was asked, empty for a commit; `commit` 40 hexadecimal digits.
    """

    endpoint: str
    asked: str
    name: str
    commit: str
    ref: str
    files: tuple[HubFile, ...] = ()
    terms: HubTerms = field(default_factory=HubTerms)
