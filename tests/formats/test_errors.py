"""The tree of format errors is the one that its docstring draws."""

import re

from holdfast.formats import errors
from holdfast.records.errors import HoldfastError, MalformedFile


def test_the_drawing_equals_the_classes() -> None:
    drawn = re.findall(r"^[│ ]*[├└]── (\w+)$", errors.__doc__ or "", re.MULTILINE)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HoldfastError)]
    assert {kind.__name__ for kind in kinds} - {"MalformedFile"} == set(drawn)
    assert all(issubclass(kind, MalformedFile) for kind in kinds)


def test_every_error_has_its_own_sentence() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HoldfastError)]
    sentences = [kind.sentence for kind in kinds]
    assert len(set(sentences)) == len(sentences)
    own = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert {kind.__name__: kind.sentence for kind in own} == {kind.__name__: kind.__doc__ for kind in own}
