"""From the reports of all files to one inventory: names looked up across files, uses merged and put in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from holdfast.inventory.deploying import Naming
from holdfast.inventory.lookup import Lookup, Target
from holdfast.inventory.naming import Named, find_named, get_kind_of_client
from holdfast.inventory.own_names import Owned, find_owned
from holdfast.inventory.sighting import FileReport, Reference, Sighting
from holdfast.inventory.wrappers import Handed, find_handed
from holdfast.records.model import Pin, Revision
from holdfast.records.use import Confidence, Environment, Inventory, Place, Use

NAMED_PLACE = "python.named-place"  # a place that only its name makes a model's: any loader says more
_ENVIRONMENT = "env:"
_LAYERS_SURE = 0  # what comes from further away may take another branch on the way
_SERVING = frozenset({Environment.PROD, Environment.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Layout:
    """What places tell: the environment of a path, and the deployable unit that a line of it belongs to."""

    environment: Callable[[str], Environment]
    service: Callable[[Place], str]


def join_reports(
    root: str,
    reports: Iterable[FileReport],
    environments: Callable[[str], Environment],
    services: Callable[[str], str],
) -> Inventory:
    """Every use of every report, with references followed into other files; sorted by path, line and name.

    A reference whose sighting is unresolved is reported even when nothing is found for it; any other only when found.
    """
    ordered = sorted(reports, key=lambda report: report.path)
    joined = _Joined(Layout(environments, Naming(services, ordered).get_service))
    lookup = Lookup(ordered)
    for report in ordered:
        for sighting in report.sightings:
            joined.add(report.path, _with_revision(sighting, report.path, lookup))
    for handed in find_handed(ordered, lookup):
        joined.add_handed(handed)
    for report in ordered:
        for reference in report.references:
            joined.add_reference(report.path, reference, lookup)
    for owned in find_owned(ordered, joined.get_uses()):
        joined.add_owned(owned)
    uses = joined.get_uses()
    return Inventory(
        root=root,
        uses=uses,
        catalogues=tuple(sorted((one for report in ordered for one in report.catalogues), key=lambda one: one.place)),
        skipped=tuple(report.skipped for report in ordered if report.skipped is not None),
        files_seen=len(ordered),
        files_parsed=sum(1 for report in ordered if report.skipped is None),
        artefacts=tuple(sorted((one for report in ordered for one in report.artefacts), key=lambda one: one.place)),
        services=tuple(sorted({use.service for use in uses if use.service})),
    )


class _Joined:
    """Uses by place and text, merged as sightings and references meet on them."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._uses: dict[tuple[str, int, str], Use] = {}
        self._fed: set[Place] = set()  # loaders' calls that names reach from other files

    def get_uses(self) -> tuple[Use, ...]:
        return tuple(sorted(self._uses.values(), key=lambda use: (use.place, str(use.model), use.text)))

    def add(self, path: str, sighting: Sighting) -> None:
        """A sighting that stands by itself; one whose text is no model's name is no use."""
        if sighting.confidence is Confidence.UNRESOLVED:
            self._put(self._build_unresolved(path, sighting, sighting.note))
            return
        named = find_named(sighting.text, sighting.via, sighting.endpoint, sighting.revision)
        if named is not None:
            calls = tuple(Place(path, line) for line in sighting.call_lines)
            self._put(self._build(Place(path, sighting.line), sighting, named, calls))

    def add_handed(self, handed: Handed) -> None:
        """A name that reaches a loader through the project's own functions; what it feeds is unresolved no more."""
        sighting = replace(handed.sighting, text=handed.value, revision_name="")
        named = find_named(handed.value, sighting.via, sighting.endpoint, sighting.revision)
        if named is not None:
            if handed.layers <= _LAYERS_SURE and self._layout.environment(handed.place.path) in _SERVING:
                self._fed.add(handed.call)
            self._put(self._build(handed.place, sighting, named, (handed.call,)))

    def add_owned(self, owned: Owned) -> None:
        """A name of the project's own, in a place that says model."""
        suspect = owned.suspect
        sighting = Sighting(suspect.line, suspect.text, suspect.rule, confidence=Confidence.INFERRED)
        self._put(self._build(Place(owned.path, suspect.line), sighting, owned.named, ()))

    def add_reference(self, path: str, reference: Reference, lookup: Lookup) -> None:
        """What the reference stands for in other files: a name there, a setting there, or nothing."""
        sighting = _with_revision(reference.sighting, path, lookup)
        call = Place(path, sighting.line)
        targets = lookup.find_targets(reference.name, path)
        named = [(target, found) for target in targets if (found := _name(target, sighting)) is not None]
        for target, found in named:
            if target.is_listed:  # `ChatModel.SMALL`: the entry of the list is no use, its mention is
                self._put(self._build(call, replace(sighting, confidence=Confidence.INFERRED), found, ()))
            else:
                self._put(self._build(target.place, replace(sighting, text=target.value or ""), found, (call,)))
        if named or sighting.confidence is not Confidence.UNRESOLVED or any(target.value for target in targets):
            return
        if call in self._fed or (reference.name.startswith("call:") and targets):
            return  # a caller in this project passes it, and what it passes is reported there
        text = (
            f"${{{reference.name[len(_ENVIRONMENT) :]}}}" if reference.name.startswith(_ENVIRONMENT) else sighting.text
        )
        note = _explain(reference.name, targets)
        self._put(self._build_unresolved(path, replace(sighting, text=text, line=reference.line), note))

    def _build(self, place: Place, sighting: Sighting, named: Named, calls: tuple[Place, ...]) -> Use:
        inferred = (
            Confidence.INFERRED in (named.confidence, sighting.confidence)
            and named.confidence is not Confidence.DECLARED
        )
        return Use(
            place=place,
            text=sighting.text,
            model=named.model,
            revision=named.revision,
            kind=sighting.kind or named.kind,
            confidence=Confidence.INFERRED if inferred else Confidence.DECLARED,
            environment=self._layout.environment(place.path),
            rule=sighting.rule,
            via=sighting.via,
            endpoint=sighting.endpoint,
            service=self._layout.service(place),
            call_sites=tuple(sorted(set(calls) - {place})),
            note=sighting.note,
        )

    def _build_unresolved(self, path: str, sighting: Sighting, note: str) -> Use:
        place = Place(path, sighting.line)
        return Use(
            place=place,
            text=sighting.text,
            model=None,
            revision=Revision(sighting.revision, Pin.UNKNOWN),
            kind=sighting.kind or get_kind_of_client(sighting.via, sighting.endpoint),
            confidence=Confidence.UNRESOLVED,
            environment=self._layout.environment(path),
            rule=sighting.rule,
            via=sighting.via,
            endpoint=sighting.endpoint,
            service=self._layout.service(place),
            call_sites=tuple(Place(path, line) for line in sighting.call_lines if line != sighting.line),
            note=note,
        )

    def _put(self, use: Use) -> None:
        key = (use.place.path, use.place.line, use.text)
        before = self._uses.get(key)
        self._uses[key] = use if before is None else _merge(before, use)


def _with_revision(sighting: Sighting, path: str, lookup: Lookup) -> Sighting:
    """The revision that another file holds, when there is exactly one."""
    if sighting.revision is not None or not sighting.revision_name:
        return sighting
    values = {target.value for target in lookup.find_targets(sighting.revision_name, path)}
    return replace(sighting, revision=values.pop()) if len(values) == 1 else sighting


def _merge(before: Use, use: Use) -> Use:
    """Two recognitions of one name on one line: the one that knows the client decides, the call sites add up."""
    better = use if _rank(use) > _rank(before) else before
    calls = tuple(sorted({*before.call_sites, *use.call_sites}))
    return replace(better, call_sites=calls, note=better.note or before.note or use.note)


def _rank(use: Use) -> tuple[bool, bool, bool, bool]:
    exact = use.revision.pin is Pin.EXACT
    return (use.model is not None, use.rule != NAMED_PLACE, exact, bool(use.via))


def _name(target: Target, sighting: Sighting) -> Named | None:
    if not target.value:
        return None
    return find_named(target.value, sighting.via, sighting.endpoint, sighting.revision)


def _explain(name: str, targets: list[Target]) -> str:
    """Why a name stays unresolved, with the place to look at."""
    if name.startswith("call:"):
        return "given by the caller"
    if name.startswith("option:"):
        return f"given on the command line: option {name[len('option:') :]}"
    outside = next((target for target in targets if target.value is None), None)
    if outside is not None:
        return f"set in {outside.place} from the environment"
    if name.startswith(_ENVIRONMENT):
        return f"set from the environment variable {name[len(_ENVIRONMENT) :]}"
    return f"fed by {name}, which this project does not define"
