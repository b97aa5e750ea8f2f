"""From a request's path, as it was sent, to what it is about: which repository, which revision, which path in it.

Names are found by the word after them (`resolve`, `tree`, …), since a repository's name has one part or two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

KINDS: Final = ("models", "datasets", "spaces", "kernels")
FILE_WORDS: Final = frozenset({"resolve", "raw", "blob"})
ENDING_WORDS: Final = frozenset({"refs", "auth-check", "discussions"})
"""Words with which an address may end, whatever stands before them."""
_RARE: Final = """
branch tag settings lfs-files resource-group notebook scan jwt likers user-access-request like super-squash events
parquet leaderboard secrets variables runtime logs metrics croissant user-access-report
"""
RARE_WORDS: Final = frozenset(_RARE.split())
"""Words that end an address after a name of two parts only: a model may well be called so."""
_MORE: Final = """
revision tree paths-info commits commit preupload treesize compare xet-read-token xet-write-token safetensors-metadata
sql-console
"""
API_WORDS: Final = ENDING_WORDS | RARE_WORDS | frozenset(_MORE.split())
"""Words that may follow a name in an address of the API."""
_PAGE_WORDS: Final = FILE_WORDS | {"user-access-report"}
_READ_WORDS: Final = FILE_WORDS | {
    "", "revision", "tree", "paths-info", "refs", "commits", "commit", "treesize", "safetensors-metadata",
}  # fmt: skip
LENGTH_MAX: Final = 4096
_REF_PARTS: Final = ("pr", "convert", "heads", "tags")


class BadAddress(ValueError):
    """The path is no text, or longer than any name is."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about. `word` is what follows the name (empty for the repository itself), `rest` what comes
    after it, decoded."""

    kind: str
    id: str
    word: str
    rest: tuple[str, ...]
    is_api: bool

    @property
    def name(self) -> str:
        """The repository as the vault calls it."""
        return self.id if self.kind == "models" else f"{self.kind}/{self.id}"

    @property
    def revision(self) -> str:
        """The revision that was named, `main` where none was."""
        return self._split()[0]

    @property
    def path(self) -> str:
        """The path in the repository, with `/`; empty for its root."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        """A ref with slashes may also come unquoted: `refs/pr/1`."""
        rest = self.rest
        if len(rest) >= 3 and rest[0] == "refs" and rest[1] in _REF_PARTS:
            return "/".join(rest[:3]), "/".join(rest[3:])
        return (rest[0], "/".join(rest[1:])) if rest else ("main", "")


def split_path(raw: str) -> list[str]:
    """The parts of a path, each decoded. Raises BadAddress."""
    path = raw.partition("?")[0].partition("#")[0]
    if len(path) > LENGTH_MAX:
        raise BadAddress("the address is too long")
    if "%" not in path:
        return path.split("/")[1:]
    try:
        return [unquote_to_bytes(part).decode() for part in path.split("/")[1:]]
    except UnicodeDecodeError as error:
        raise BadAddress("the address is no text in UTF-8") from error


def find_target(parts: Sequence[str]) -> Target | None:
    """What a path is about; None when it is about no repository."""
    if parts[0] == "api":
        return _find_in_cache(parts[1:]) or _find_in_api(parts[1:])
    kind = parts[0] if parts[0] in KINDS[1:] else "models"
    rest = parts[1:] if kind != "models" else parts
    return _find_git(kind, rest) or _find_after(kind, rest, _PAGE_WORDS, is_api=False)


def is_read(method: str, target: Target) -> bool:
    """Whether a request reads what a model consists of."""
    reads = method in ("GET", "HEAD") or target.word == "paths-info"
    return reads and target.kind == "models" and target.word in _READ_WORDS


def _find_in_cache(parts: Sequence[str]) -> Target | None:
    """Another address of files: `/api/resolve-cache/models/org/name/<commit>/path`."""
    if len(parts) < 6 or parts[0] != "resolve-cache" or parts[1] not in KINDS or not all(parts[2:5]):
        return None
    return Target(parts[1], f"{parts[2]}/{parts[3]}", "resolve", tuple(parts[4:]), is_api=False)


def _find_in_api(parts: Sequence[str]) -> Target | None:
    if len(parts) < 2 or parts[0] not in KINDS or not parts[1]:
        return None
    found = _find_after(parts[0], parts[1:], API_WORDS, is_api=True)
    return found or Target(parts[0], "/".join(part for part in parts[1:] if part), "", (), is_api=True)


def _find_after(kind: str, parts: Sequence[str], words: frozenset[str], *, is_api: bool) -> Target | None:
    for at in (2, 1, 3):
        if at < len(parts) and parts[at] in words and all(parts[:at]):
            rest = tuple(parts[at + 1 :])
            if rest or parts[at] in ENDING_WORDS or (at > 1 and parts[at] in RARE_WORDS):
                return Target(kind, "/".join(parts[:at]), parts[at], rest, is_api)
    return None


def _find_git(kind: str, parts: Sequence[str]) -> Target | None:
    """`/org/name.git/info/lfs/…` and what git itself asks for: `info/refs`, `git-upload-pack`, `HEAD`, `objects/…`."""
    for at in (1, 0, 2):
        if at + 1 < len(parts) and parts[at].endswith(".git") and all(parts[: at + 1]):
            name = "/".join(parts[: at + 1]).removesuffix(".git")
            return Target(kind, name, "git", tuple(parts[at + 1 :]), is_api=False)
    return None
