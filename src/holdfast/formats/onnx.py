"""ONNX files: producer, graph name, operator sets and metadata by a minimal walk over protocol-buffer fields.

Graph nodes and tensors are passed over by their length and never read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.formats.bounded import BoundedReader
from holdfast.formats.errors import BadMagic, BadWireFormat, TooManyEntries, at_byte

HEADER_BYTES_MAX: Final = 16_000_000  # of everything that is read, tensors not included
_TEXT_BYTES_MAX: Final = 1_000_000
_FIELDS_MAX: Final = 2_000_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# Field numbers of onnx.proto.
_IR_VERSION, _PRODUCER, _PRODUCER_VERSION, _DOMAIN, _MODEL_VERSION, _DOC, _GRAPH, _OPSET, _PROPERTY = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    14,
)
_GRAPH_NAME = 2


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """What an ONNX file says of itself. `opsets` are (domain, version); the empty domain is ONNX's own."""

    ir_version: int
    producer: str
    producer_version: str
    domain: str
    graph_name: str
    opsets: tuple[tuple[str, int], ...]
    metadata: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Draft:
    numbers: dict[int, int]
    texts: dict[int, str]
    graph_name: str
    opsets: list[tuple[str, int]]
    properties: list[tuple[str, str]]


def read_onnx_header(path: Path, header_bytes_max: int = HEADER_BYTES_MAX) -> OnnxHeader:
    """Walk the fields of a model file.

    Raises BadWireFormat, TruncatedHeader, TooManyEntries, HeaderTooLarge, and BadMagic for a file without a graph.
    """
    with BoundedReader(path, header_bytes_max) as reader:
        walk = _Fields(reader)
        draft = _Draft({}, {}, "", [], [])
        seen_graph = False
        while reader.offset < reader.size:
            number, wire = walk.take_tag()
            seen_graph = seen_graph or number == _GRAPH
            _take_field(walk, number, wire, draft)
        if not seen_graph or _IR_VERSION not in draft.numbers:
            raise BadMagic("has no IR version or no graph", where=str(path), next_step="Not an ONNX model.")
    return OnnxHeader(
        ir_version=draft.numbers[_IR_VERSION],
        producer=draft.texts.get(_PRODUCER, ""),
        producer_version=draft.texts.get(_PRODUCER_VERSION, ""),
        domain=draft.texts.get(_DOMAIN, ""),
        graph_name=draft.graph_name,
        opsets=tuple(draft.opsets),
        metadata=tuple(sorted(draft.properties)),
    )


def _take_field(walk: "_Fields", number: int, wire: int, draft: _Draft) -> None:
    if wire == _VARINT:
        draft.numbers[number] = walk.take_varint()
    elif wire != _BYTES:
        walk.skip(wire)
    elif number in (_PRODUCER, _PRODUCER_VERSION, _DOMAIN):
        draft.texts[number] = walk.take_text()
    elif number == _GRAPH:
        draft.graph_name = walk.take_graph_name() or draft.graph_name
    elif number == _OPSET:
        texts, numbers = walk.take_small_message()
        draft.opsets.append((texts.get(1, ""), numbers.get(2, 0)))
    elif number == _PROPERTY:
        texts, _ = walk.take_small_message()
        draft.properties.append((texts.get(1, ""), texts.get(2, "")))
    else:
        walk.skip(wire)


class _Fields:
    """The fields of one file, counted so that a file of a billion empty fields ends."""

    def __init__(self, reader: BoundedReader) -> None:
        self.reader = reader
        self.count = 0

    def take_tag(self) -> tuple[int, int]:
        self.count += 1
        if self.count > _FIELDS_MAX:
            raise TooManyEntries(f"more than {_FIELDS_MAX:,} fields", where=self._here(), next_step="Not read.")
        tag = self.take_varint()
        number, wire = tag >> 3, tag & 7
        if number == 0 or number >= 1 << 29 or wire not in (_VARINT, _FIXED64, _BYTES, _FIXED32):
            raise BadWireFormat(
                f"field {number} with wire type {wire}", where=self._here(), next_step="Not an ONNX model."
            )
        return number, wire

    def take_varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.reader.take(1, "a number")[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise BadWireFormat("a number of more than ten bytes", where=self._here(), next_step="Not an ONNX model.")

    def take_text(self) -> str:
        length = self.take_varint()
        if length > _TEXT_BYTES_MAX:
            raise TooManyEntries(f"a text of {length:,} bytes", where=self._here(), next_step="Not read.")
        return self.reader.take(length, "a text").decode("utf-8", "replace")

    def take_graph_name(self) -> str:
        """Name of the graph; its other fields are passed over."""
        end = self._take_end("the graph")
        name = ""
        while self.reader.offset < end:
            number, wire = self.take_tag()
            if number == _GRAPH_NAME and wire == _BYTES:
                name = self.take_text()
                break
            self.skip(wire)
        self._check_end(end)
        self.reader.skip(end - self.reader.offset, "the graph")
        return name

    def take_small_message(self) -> tuple[dict[int, str], dict[int, int]]:
        """Texts and numbers of a message without inner messages, by field number."""
        end = self._take_end("a message")
        texts: dict[int, str] = {}
        numbers: dict[int, int] = {}
        while self.reader.offset < end:
            number, wire = self.take_tag()
            if wire == _BYTES:
                texts[number] = self.take_text()
            elif wire == _VARINT:
                numbers[number] = self.take_varint()
            else:
                self.skip(wire)
        self._check_end(end)
        return texts, numbers

    def skip(self, wire: int) -> None:
        if wire == _VARINT:
            self.take_varint()
        elif wire == _BYTES:
            self.reader.skip(self.take_varint(), "a field")
        else:
            self.reader.skip(8 if wire == _FIXED64 else 4, "a field")

    def _take_end(self, what: str) -> int:
        length = self.take_varint()
        end = self.reader.offset + length
        if end > self.reader.size:
            self.reader.skip(length, what)  # raises: the file ends inside
        return end

    def _check_end(self, end: int) -> None:
        if self.reader.offset > end:
            raise BadWireFormat(
                "a field reaches past the end of its message", where=self._here(), next_step="Not an ONNX model."
            )

    def _here(self) -> str:
        return at_byte(self.reader.path, self.reader.offset)
