"""Both versions of the server run every test that takes `start` or `given`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from holdfast.measure.mock.native import find_native_library
from holdfast.measure.mock.spec import MockSpec
from holdfast.measure.mock.starting import Mock, start_mock

Start = Callable[[MockSpec], Mock]


@pytest.fixture(params=["native", "plain"], scope="module")
def version(request: pytest.FixtureRequest) -> str:
    """Which server."""
    if request.param == "native" and find_native_library() is None:
        pytest.skip("there is no compiler here")
    return str(request.param)


@pytest.fixture
def start(version: str) -> Iterator[Start]:
    """Starts mocks that end with the test."""
    with ExitStack() as stack:
        yield lambda spec: stack.enter_context(start_mock(spec, prefer_plain=version == "plain"))


@pytest.fixture(scope="module")
def given(version: str) -> Iterator[Start]:
    """Gives the mock of this spec that all tests of the module share."""
    mocks: dict[MockSpec, Mock] = {}
    with ExitStack() as stack:

        def give(spec: MockSpec) -> Mock:
            if spec not in mocks:
                mocks[spec] = stack.enter_context(start_mock(spec, prefer_plain=version == "plain"))
            return mocks[spec]

        yield give
