"""Both versions of the server run every test that takes `start`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from holdfast.measure.mock.native import find_native_library
from holdfast.measure.mock.spec import MockSpec
from holdfast.measure.mock.starting import Mock, start_mock

Start = Callable[[MockSpec], Mock]


@pytest.fixture(params=["native", "plain"])
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts mocks that end with the test."""
    if request.param == "native" and find_native_library() is None:
        pytest.skip("there is no compiler here")
    with ExitStack() as stack:
        yield lambda spec: stack.enter_context(start_mock(spec, prefer_plain=request.param == "plain"))
