"""server.c through ctypes: hands it the spec, the templates and the open tables. Other threads run meanwhile."""

import ctypes
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from holdfast.measure.mock.asking import Fault
from holdfast.measure.mock.course import count_ns
from holdfast.measure.mock.spec import Distribution, Ending, Framing, MockSpec, Opening, Scenario, Shape, Stall, StallOf
from holdfast.measure.mock.tables import REQUEST_FORMAT, TOKEN_FORMAT, Table
from holdfast.measure.mock.wording import (
    APIS,
    Wording,
    list_words,
    write_fault,
    write_models,
    write_refusal,
    write_wording,
)
from holdfast.records.errors import InternalError

LIBRARY: Final = Path(__file__).with_name("libserver.so")
_VERSION: Final = 1
_FRAMINGS: Final = {
    Framing.JOINED: 1,
    Framing.SPLIT: 2,
    Framing.SPLIT_CHARACTER: 3,
    Framing.UNTIL_CLOSE: 4,
}  # the others are written into the templates
_NUMBER: Final = ctypes.c_int64


class _Text(ctypes.Structure):
    _fields_ = (("data", ctypes.c_char_p), ("size", _NUMBER))


class _Distribution(ctypes.Structure):
    _fields_ = (
        ("shape", _NUMBER),
        ("mean", ctypes.c_double),
        ("cv", ctypes.c_double),
        ("values", ctypes.POINTER(ctypes.c_double)),
        ("count", _NUMBER),
    )


class _Wording(ctypes.Structure):
    _fields_ = (
        *((name, _Text) for name in ("head", "opening", "answering", "reasoning", "token", "empty")),
        ("closing", _Text * 2),
        ("closing_asked", _Text * 2),
        *((name, _Text) for name in ("failing", "failing_first", "answer_head")),
        ("answer", _Text * 2),
        ("item", _Text),
    )


class _Scenario(ctypes.Structure):
    _fields_ = (
        ("weight", ctypes.c_double),
        *((name, _NUMBER) for name in ("status", "opening", "framing", "ending", "join_events", "split_ns")),
        *((name, _NUMBER) for name in ("empty_every", "after_tokens", "reasoning_tokens")),
        ("name", _Text),
        ("refusal", _Text),
        ("words", ctypes.POINTER(_Text)),
        ("word_count", _NUMBER),
        ("wordings", _Wording * len(APIS)),
    )


class _Stall(ctypes.Structure):
    _fields_ = (("of", _NUMBER), ("at_ns", _NUMBER), ("duration_ns", _NUMBER), ("request", _NUMBER))


class _Table(ctypes.Structure):
    _fields_ = (
        ("memory", ctypes.c_void_p),
        ("file", _NUMBER),
        ("bytes_max", _NUMBER),
        ("row_bytes", _NUMBER),
        ("room", _NUMBER),
    )


class _Spec(ctypes.Structure):
    _fields_ = (
        *((name, _Distribution) for name in ("ttft", "gap", "length", "chunk")),
        ("prefill_s_per_token", ctypes.c_double),
        ("gap_s_per_stream", ctypes.c_double),
        *((name, _NUMBER) for name in ("has_length", "seed", "tokens_default", "tokens_max", "is_text", "concurrency")),
        *((name, _NUMBER) for name in ("queue_max", "block_tokens", "connections_max", "body_bytes_max")),
        ("listener", _NUMBER),
        ("control", _NUMBER),
        ("said", _NUMBER),
        ("stalls", ctypes.POINTER(_Stall)),
        ("stall_count", _NUMBER),
        ("scenarios", ctypes.POINTER(_Scenario)),
        ("scenario_count", _NUMBER),
        ("models", _Text),
        ("full", _Text),
        ("faults", ctypes.POINTER(_Text)),
        ("requests", _Table),
        ("tokens", _Table),
    )


class NativeServer:
    """server.c with everything it needs; the same methods as PlainServer."""

    version = "native"

    def __init__(
        self, library: ctypes.CDLL, spec: MockSpec, listener: socket.socket, tables: tuple[Table, Table]
    ) -> None:
        self._library, self._listener, self._tables = library, listener, tables
        self._spec = _pack_spec(spec)
        self._spec.listener = listener.fileno()
        self._spec.requests, self._spec.tokens = (_pack_table(table) for table in tables)

    def serve(self, control: int, said: int) -> None:
        """As PlainServer does."""
        self._spec.control, self._spec.said = control, said
        fault = self._library.holdfast_mock_serve(ctypes.byref(self._spec))
        self._listener.close()
        for table in self._tables:
            table.close()
        if fault:
            raise InternalError(f"the mock stopped with system error {fault}", next_step="Please report it.")


def find_native_library(path: Path = LIBRARY) -> ctypes.CDLL | None:
    """The compiled server, or None where there is none, it is of another version, or numbers are big-endian here."""
    if sys.byteorder != "little":
        return None
    try:
        library = ctypes.CDLL(str(path))
        library.holdfast_mock_version.restype = _NUMBER
        library.holdfast_mock_serve.restype = _NUMBER
        sizes = (_NUMBER * 5)()
        library.holdfast_mock_layout(sizes)
        is_known = library.holdfast_mock_version() == _VERSION
    except (OSError, AttributeError):
        return None
    ours = [ctypes.sizeof(kind) for kind in (_Spec, _Scenario, _Wording)] + [REQUEST_FORMAT.size, TOKEN_FORMAT.size]
    return library if is_known and list(sizes) == ours else None


def _pack_spec(spec: MockSpec) -> Any:
    """All pointers are to what ctypes keeps alive with the structure."""
    scenarios = (_Scenario * len(spec.scenarios))(*(_pack_scenario(spec, scenario) for scenario in spec.scenarios))
    stalls = (_Stall * len(spec.stalls))(*(_pack_stall(stall) for stall in spec.stalls))
    return _Spec(
        ttft=_pack_distribution(spec.ttft_s),
        gap=_pack_distribution(spec.gap_s),
        length=_pack_distribution(spec.output_tokens or Distribution()),
        chunk=_pack_distribution(spec.chunk_tokens),
        prefill_s_per_token=spec.prefill_s_per_token,
        gap_s_per_stream=spec.gap_s_per_stream,
        has_length=spec.output_tokens is not None,
        seed=spec.seed,
        tokens_default=spec.tokens_default,
        tokens_max=spec.tokens_max,
        is_text=bool(spec.text.split()),
        concurrency=spec.concurrency,
        queue_max=-1 if spec.queue_max is None else spec.queue_max,
        block_tokens=spec.cache_block_tokens,
        connections_max=spec.connections_max,
        body_bytes_max=spec.body_bytes_max,
        stalls=stalls,
        stall_count=len(stalls),
        scenarios=scenarios,
        scenario_count=len(scenarios),
        models=_pack_text(write_models(spec)),
        full=_pack_text(write_refusal(429)),
        faults=_pack_texts([write_fault(*fault.value) for fault in Fault]),
    )


def _pack_scenario(spec: MockSpec, scenario: Scenario) -> Any:
    words = list_words(spec, scenario)
    wordings = [_pack_wording(write_wording(spec, scenario, api)) for api in APIS]
    return _Scenario(
        weight=scenario.weight,
        status=scenario.status,
        opening=list(Opening).index(scenario.opening),
        framing=_FRAMINGS.get(scenario.framing, 0),
        ending=list(Ending).index(scenario.ending),
        join_events=scenario.join_events,
        split_ns=count_ns(scenario.split_s),
        empty_every=scenario.empty_every,
        after_tokens=scenario.after_tokens,
        reasoning_tokens=scenario.reasoning_tokens,
        name=_pack_text(scenario.name.encode()),
        refusal=_pack_text(write_refusal(scenario.status, scenario.retry_after_s)),
        words=_pack_texts(words),
        word_count=len(words),
        wordings=(_Wording * len(APIS))(*wordings),
    )


def _pack_wording(wording: Wording) -> Any:
    pairs = {name: _pack_pair(getattr(wording, name)) for name in ("closing", "closing_asked", "answer")}
    singles = [name for name in Wording.__dataclass_fields__ if name not in pairs]
    return _Wording(**pairs, **{name: _pack_text(getattr(wording, name)) for name in singles})


def _pack_pair(pair: tuple[bytes, bytes]) -> Any:
    return (_Text * 2)(*(_pack_text(one) for one in pair))


def _pack_distribution(wanted: Distribution) -> Any:
    values = (ctypes.c_double * len(wanted.values))(*wanted.values)
    shape = list(Shape).index(wanted.shape)
    return _Distribution(shape=shape, mean=wanted.mean, cv=wanted.cv, values=values, count=len(values))


def _pack_stall(stall: Stall) -> Any:
    numbers = (list(StallOf).index(stall.of), count_ns(stall.at_s), count_ns(stall.duration_s), stall.request)
    return _Stall(*numbers)


def _pack_text(text: bytes) -> Any:
    return _Text(text, len(text))


def _pack_texts(texts: Sequence[bytes]) -> Any:
    return (_Text * len(texts))(*(_pack_text(text) for text in texts))


def _pack_table(table: Table) -> Any:
    memory = ctypes.addressof(cast("Any", ctypes.c_char).from_buffer(table.memory))
    return _Table(memory, table.file, table.bytes_max, table.row_bytes, table.room)
