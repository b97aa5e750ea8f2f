"""The tree of Xet's errors is the one that its docstring draws, and each has a sentence of its own."""

import re

from holdfast.formats.xet import errors
from holdfast.records.errors import HoldfastError, LimitExceeded, MalformedFile


def test_the_drawing_equals_the_classes() -> None:
    drawn = re.findall(r"^[│ ]*[├└]── (\w+)$", errors.__doc__ or "", re.MULTILINE)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HoldfastError)]
    assert {kind.__name__ for kind in kinds} - {"MalformedFile"} == set(drawn)
    assert all(issubclass(kind, MalformedFile) for kind in kinds)
    own = [kind for kind in kinds if kind not in (MalformedFile, LimitExceeded)]
    assert {kind.__name__: kind.sentence for kind in own} == {kind.__name__: kind.__doc__ for kind in own}
    assert len({kind.sentence for kind in kinds}) == len(kinds)
