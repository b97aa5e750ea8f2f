"""Pickles are followed, not loaded: every name that loading would look up is found, by whatever detour."""

import io
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.formats.pickled import UNKNOWN_NAME, follow_pickle

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(bytearray(b"x")),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner) | st.frozensets(st.text())
    ),
    max_leaves=20,
)


@given(value=VALUES, protocol=st.integers(0, 5))
def test_a_pickle_of_plain_values_is_followed_to_its_last_byte(value: object, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    found = follow_pickle(data + b"more")
    assert (found.fault, found.end) == ("", len(data))


@pytest.mark.parametrize("protocol", range(6))
def test_names_are_those_that_the_unpickler_looks_up(protocol: int) -> None:
    looked_up: set[str] = set()

    class Unpickler(pickle.Unpickler):
        def find_class(self, module_name: str, global_name: str) -> object:
            looked_up.add(f"{module_name}.{global_name}")
            return super().find_class(module_name, global_name)

    data = pickle.dumps([OrderedDict(a=Path("x")), {1, 2}, complex(1, 2), Path, OrderedDict], protocol)
    Unpickler(io.BytesIO(data)).load()
    assert set(follow_pickle(data).names) == looked_up


@pytest.mark.parametrize(
    "detour",
    [
        b"\x80\x04\x8c\x02os\x8c\x06system\x8c\x05torch\x8c\x04Size00\x93.",  # texts pushed later and dropped
        b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93.",  # through the memo
        b"\x80\x04\x8c\x02os(\x8c\x05torch1\x8c\x06system\x93.",  # a mark between
        b"\x80\x04\x8c\x02osq\x05\x8c\x06systemq\x0700h\x05h\x07\x93.",
    ],
)
def test_a_detour_does_not_hide_a_name(detour: bytes) -> None:
    assert follow_pickle(detour).names == ("os.system",)


def test_a_name_that_is_computed_is_said_to_be_unknown() -> None:
    assert UNKNOWN_NAME in follow_pickle(b"\x80\x04cbuiltins\nstr\n)R\x8c\x06system\x93.").names


def test_names_before_a_fault_are_told_with_it() -> None:
    found = follow_pickle(b"cos\nsystem\n(S'x'\ntR\xff")
    assert found.names == ("os.system",)
    assert found.fault == "at byte 19: no such opcode"


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"0.", b"t.", b"X\xff\xff\xff\xffx", b"h\x00.", b"cos", b"K", b"\x93.", b"2.", b"Lx\n."]
)
def test_what_is_no_pickle_is_a_fault_and_never_an_exception(data: bytes) -> None:
    assert follow_pickle(data).fault.startswith("at byte")


@given(data=st.binary(max_size=200))
def test_any_bytes_end(data: bytes) -> None:
    follow_pickle(data)


def test_every_opcode_of_the_standard_library_is_known() -> None:
    for opcode in pickletools.opcodes:
        assert "no such opcode" not in follow_pickle(opcode.code.encode("latin-1")).fault


def test_a_pickle_without_end_is_left() -> None:
    assert "more than 1,000 opcodes" in follow_pickle(b"N" * 5_000, opcodes_max=1_000).fault
