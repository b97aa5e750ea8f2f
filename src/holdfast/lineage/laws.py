"""Whose law may apply: the places of everyone who built or runs a model. A place that is not known stays unknown."""

from collections.abc import Iterable, Iterator, Sequence

from holdfast.lineage.registry import Registry
from holdfast.records.lineage import Axis, Builder, How, Law, Operator, Where
from holdfast.records.organisation import Organisation

_AXES = {How.DEVELOPER: Axis.DEVELOPER, How.BASE: Axis.BASE, How.REPACKAGER: Axis.REPACKAGER}


def find_laws(builders: Sequence[Builder], operator: Operator, registry: Registry) -> tuple[Law, ...]:
    """Places of incorporation, seat and control, for each organisation on each axis."""
    roles = dict.fromkeys((_AXES[builder.how], builder.organisation) for builder in builders)
    if operator.where is Where.HOSTED:
        roles[Axis.ENDPOINT, operator.organisation] = None
    return tuple(law for axis, org in roles for law in _laws_of(axis, org, registry))


def _laws_of(axis: Axis, organisation: str | None, registry: Registry) -> Iterable[Law]:
    if organisation is None:
        return (Law(axis, None, "", None),)
    return tuple(_places(axis, registry.organisations[organisation])) or (Law(axis, organisation, "", None),)


def _places(axis: Axis, org: Organisation) -> Iterator[Law]:
    places = (
        ("incorporated", org.incorporated),
        ("headquartered", org.headquartered),
        ("controlled_from", org.controlled_from),
    )
    for link, place in places:
        if place is not None:
            country = None if place.value == "unknown" else place.value
            yield Law(axis, org.id, link, country, place.confidence, org.sources[place.source].title)
