"""Dependencies that are models: wheels of spaCy pipelines, files and repositories of a hub, in requirement lists.

Ordinary packages are nothing of ours, whatever they do with models.
"""

import re
from collections.abc import Iterator

from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.spotting import Spotted, find_spotted
from holdfast.inventory.config.tree import Leaf, Listing, Node, Table
from holdfast.inventory.naming import Named, find_distinct, find_named
from holdfast.inventory.sighting import FileReport, Sighting, Source

REQUIREMENT_CHARACTERS_MAX = 1_000
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*(?P<address>\S+)")
_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:==\s*(?P<version>[\w.+!-]+))?")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =]\s*")
_TAIL = re.compile(r"\s(?:#|;|--).*|\s*\\$|\s+$")
_ARCHIVE = re.compile(r"/(?P<name>[A-Za-z0-9_.]+)-(?P<version>\d[\w.]*?)(?:-[\w.]+)*\.(?:whl|tar\.gz|zip)(?:[?#]|$)")
_GIT_REVISION = re.compile(r"(?<=/)(?P<repo>[^/@]+)@(?P<revision>[\w./-]+)$")


def read_requirements(source: Source) -> FileReport:
    """The lines of a requirements file that install a model."""
    gathering = Gathering(source)
    for number, line in enumerate(source.text.split("\n"), start=1):
        see_requirement(gathering, line, number, "requirements.model")
    return gathering.report()


def see_dependencies(gathering: Gathering, node: Node, rule: str) -> None:
    """Add the models among the dependencies of a manifest: requirement texts, or tables with `url` or `git`."""
    for text, line in _list_requirements(node):
        see_requirement(gathering, text, line, rule)


def see_requirement(gathering: Gathering, text: str, line: int, rule: str) -> None:
    """Add what one requirement installs, when that is a model."""
    spotted = find_requirement(text)
    named = find_named(spotted.text, spotted.via) if spotted else None
    if spotted is not None and named is not None:
        sure, revision = named.confidence, spotted.revision
        gathering.see(Sighting(line, spotted.text, rule, spotted.via, confidence=sure, revision=revision))


def find_requirement(text: str) -> Spotted | None:
    """The model that a requirement installs: `name @ https://…`, an address alone, or a spaCy pipeline by name."""
    plain = _EDITABLE.sub("", _TAIL.sub("", text.strip()[:REQUIREMENT_CHARACTERS_MAX]).strip(), count=1)
    if not plain or plain.startswith(("#", "-")):
        return None
    named = _NAMED.fullmatch(plain)
    if named is not None:
        return _find_at_address(named["name"], named["address"])
    if "://" in plain:
        return _find_at_address("", plain)
    pinned = _PINNED.match(plain)
    name = _fold(pinned["name"]) if pinned else ""
    return Spotted(name, "spacy", pinned["version"]) if pinned and _is_pipeline(find_distinct(name)) else None


def _fold(name: str) -> str:
    return name.replace("-", "_")


def _is_pipeline(named: Named | None) -> bool:
    return named is not None and named.model.path.startswith("spacy/")


def _find_at_address(name: str, address: str) -> Spotted | None:
    """A hub's file or repository; else an archive whose own name, with that of the package, is a pipeline's."""
    plain = address.partition("#")[0]
    git = _GIT_REVISION.search(plain) if plain.startswith("git+") else None
    spotted = find_spotted((plain[: git.end("repo")] if git else plain).removeprefix("git+"))
    if spotted is not None and spotted.via != "spacy":
        return Spotted(spotted.text, spotted.via, git["revision"] if git else spotted.revision)
    archive = _ARCHIVE.search(plain)
    if archive is None or (name and _fold(name).lower() != archive["name"].lower()):
        return None
    by_shape = find_named(archive["name"], "spacy") if "spacy" in address else None
    is_model = _is_pipeline(find_distinct(archive["name"]) or by_shape)
    return Spotted(archive["name"], "spacy", archive["version"]) if is_model else None


def _list_requirements(node: Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, Listing):
        yield from ((leaf.text, leaf.line) for leaf in node.leaves)
    elif isinstance(node, Table):
        for entry in node.entries:
            if isinstance(entry.node, Table):
                yield from _as_requirement(entry.key, entry.node)
            elif not isinstance(entry.node, Leaf):
                yield from _list_requirements(entry.node)


def _as_requirement(key: str, table: Table) -> Iterator[tuple[str, int]]:
    """`{url = …}` and `{git = …, rev = …}` as one requirement, on the line of the address."""
    url, git = table.find("url"), table.find("git")
    if isinstance(url, Leaf):
        yield f"{key} @ {url.text}", url.line
    elif isinstance(git, Leaf):
        revision = table.find_text("rev", "tag", "branch")
        yield f"{key} @ git+{git.text.removeprefix('git+')}{f'@{revision}' if revision else ''}", git.line
