"""Cross-references of organisation and family files. Every fault is told with its file and line."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from holdfast.lineage.stems import split_words
from holdfast.records.errors import DanglingReference, MalformedPack
from holdfast.records.family import Family
from holdfast.records.organisation import Organisation

Pack = Sequence[tuple[Path, Organisation]]
FamilyPack = Sequence[tuple[Path, Family]]


def check_organisations(pack: Pack) -> None:
    """Ids follow file names; parents, owners and sources exist; a namespace or API word has one owner."""
    known = frozenset(org.id for _, org in pack)
    for path, org in pack:
        _check_id(path, org.id, f"org:{path.stem}")
        references = [org.parent, *(owner.owner for owner in org.owners if owner.owner.startswith("org:"))]
        _check_known(path, (name for name in references if name), known)
        _check_sources(path, _organisation_sources(org), org.sources)
    _check_unique("hub namespace", _namespaces(pack))
    _check_unique("API word", ((path, word.lower(), word) for path, org in pack for word in org.api))
    _check_unique("endpoint", ((path, host.lower(), host) for path, org in pack for host in org.endpoints))


def check_families(pack: FamilyPack, organisations: frozenset[str]) -> None:
    """Ids follow file names; developers, hosts, bases and sources exist; a stem or repository has one family."""
    known = frozenset(family.id for _, family in pack)
    for path, family in pack:
        _check_id(path, family.id, f"family:{path.stem}")
        developers = () if family.developer.value == "unknown" else (family.developer.value,)
        _check_known(path, (*developers, *family.also_by, *family.hosts), organisations)
        _check_known(path, (rule.family for rule in family.bases), known)
        _check_sources(path, _family_sources(family), family.sources)
        _check_stems(path, family)
    _check_unique("hub repository", ((path, name.lower(), name) for path, family in pack for name in family.hub))
    _check_unique("stem", _stems(pack))
    _check_circles(pack)


def _check_id(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise MalformedPack(f"the id {found} does not follow the file name; expected {expected}", where=f"{path}:1")


def _check_known(path: Path, names: Iterable[str], known: frozenset[str]) -> None:
    for name in names:
        if name not in known:
            raise DanglingReference(
                f"{name} is named here and defined nowhere",
                where=f"{path}:{_find_line(path, name)}",
                next_step="Add its file, or correct the name.",
            )


def _check_sources(path: Path, used: Iterable[str], defined: Iterable[str]) -> None:
    known = frozenset(defined)
    for key in used:
        if key not in known:
            where = f"{path}:{_find_line(path, f'source: {key}')}"
            raise DanglingReference(f"the source {key} is not among the file's sources", where=where)


def _organisation_sources(org: Organisation) -> Iterable[str]:
    places = (org.incorporated, org.headquartered, org.controlled_from)
    placed = [place.source for place in places if place is not None]
    return [*placed, *(owner.source for owner in org.owners), *(entry.source for entry in org.lists)]


def _family_sources(family: Family) -> Iterable[str]:
    dated = [family.released.source] if family.released else []
    bases, licences = (rule.source for rule in family.bases), (rule.source for rule in family.licences)
    return [family.developer.source, *dated, *bases, *licences]


def _check_stems(path: Path, family: Family) -> None:
    for text in family.patterns:
        if not split_words(text):
            raise MalformedPack(f"the pattern {text!r} holds no word", where=f"{path}:{_find_line(path, text)}")


def _namespaces(pack: Pack) -> Iterable[tuple[Path, str, str]]:
    for path, org in pack:
        for hub, namespaces in org.hub.items():
            yield from ((path, f"{hub} {namespace.lower()}", namespace) for namespace in namespaces)


def _stems(pack: FamilyPack) -> Iterable[tuple[Path, str, str]]:
    for path, family in pack:
        marks = {("^" in text, split_words(text)): text for text in family.patterns}
        yield from ((path, f"{'^' * start}{' '.join(words)}", text) for (start, words), text in marks.items())


def _check_unique(what: str, claims: Iterable[tuple[Path, str, str]]) -> None:
    owners: dict[str, Path] = {}
    for path, key, text in claims:
        first = owners.setdefault(key, path)
        if first != path:
            raise MalformedPack(
                f"the {what} {text} is claimed by {first.name} as well",
                where=f"{path}:{_find_line(path, text)}",
                next_step="Leave it in one of the two files.",
            )


def _check_circles(pack: FamilyPack) -> None:
    bases = {family.id: [rule.family for rule in family.bases] for _, family in pack}
    for path, family in pack:
        waiting, seen = list(bases[family.id]), set[str]()
        while waiting:
            current = waiting.pop()
            if current == family.id:
                raise MalformedPack("the family is its own base, through others", where=f"{path}:1")
            if current not in seen:
                seen.add(current)
                waiting.extend(bases[current])


def _find_line(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)
