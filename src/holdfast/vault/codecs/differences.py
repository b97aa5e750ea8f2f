"""Codec 4 in NumPy: differences from the base's elements in an order-preserving map, coded given its exponent."""

from typing import Final

import numpy as np

from holdfast.vault.codecs.kinds import DifferenceKind, Octets, refuse
from holdfast.vault.codecs.rans import (
    Numbers,
    compute_bits,
    decode_lanes,
    encode_lanes,
    read_table,
    scale_counts,
    write_table,
)

NAME: Final = "difference"
DIRECT: Final = 32
CONTEXTS: Final = 256
TABLES_MAX: Final = 255
HEAD_BYTES: Final = 7


def encode_difference(raw: Octets, base: Octets, kind: DifferenceKind) -> bytes:
    """The payload, however long. `raw` and `base` are as long as each other, whole elements and not empty."""
    zigzags = _compute_zigzags(raw, base, kind)
    symbols, extra = _to_symbols(zigzags)
    contexts = _find_contexts(base, kind)
    counts = np.bincount(contexts * 256 + symbols, minlength=CONTEXTS * 256).reshape(CONTEXTS, 256)
    used = np.flatnonzero(counts.any(axis=1))
    first, last = int(used[0]), int(used[-1])
    table_of, grouped = _group_contexts(counts[first : last + 1])
    frequencies = np.stack([scale_counts(table) for table in grouped])
    head = bytes((kind.width, kind.map, kind.shift, kind.bits, len(grouped), first, last)) + table_of.tobytes()
    tables = b"".join(write_table(table) for table in frequencies)
    places = table_of[contexts - first].astype(np.int64) * 256 + symbols
    return head + tables + len(extra).to_bytes(4, "little") + extra + encode_lanes(places, frequencies)


def decode_difference(payload: Octets, base: Octets) -> bytes:
    """The raw bytes, as many as the base has; raises BadFrame."""
    kind, first, last, count = _read_head(payload, base.size)
    at = HEAD_BYTES + last - first + 1
    table_of = np.zeros(CONTEXTS, dtype=np.int64)
    table_of[first : last + 1] = payload[HEAD_BYTES:at]
    if table_of.max() >= count:
        raise refuse(NAME)
    frequencies = np.empty((count, 256), dtype=np.int64)
    for table in range(count):
        frequencies[table], size = read_table(payload[at:])
        at += size
    if frequencies[:, _find_symbol_max(kind) + 1 :].any():
        raise refuse(NAME)
    extra_bytes = int.from_bytes(payload[at : at + 4].tobytes(), "little")
    if payload.size < at + 4 + extra_bytes:
        raise refuse(NAME)
    extra, stream = payload[at + 4 : at + 4 + extra_bytes], payload[at + 4 + extra_bytes :]
    symbols = decode_lanes(stream, table_of[_find_contexts(base, kind)], frequencies)
    return _undo_zigzags(_from_symbols(symbols, extra), base, kind)


def _read_head(payload: Octets, length: int) -> tuple[DifferenceKind, int, int, int]:
    if payload.size < HEAD_BYTES + 1:
        raise refuse(NAME)
    width, mapping, shift, bits, count, first, last = payload[:HEAD_BYTES].tolist()
    kind = DifferenceKind(width, mapping, shift, bits)
    if not kind.is_known() or length % width or not count or first > last:
        raise refuse(NAME)
    if payload.size < HEAD_BYTES + last - first + 1:
        raise refuse(NAME)
    return kind, first, last, count


def _view_elements(octets: Octets, width: int) -> Numbers:
    return np.frombuffer(octets.tobytes(), dtype=f"<u{width}").astype(np.int64)


def _find_contexts(base: Octets, kind: DifferenceKind) -> Numbers:
    return _view_elements(base, kind.width) >> kind.shift & ((1 << kind.bits) - 1)


def _to_order(octets: Octets, kind: DifferenceKind) -> Numbers:
    elements = _view_elements(octets, kind.width)
    if kind.map:
        return elements
    sign = 1 << (8 * kind.width - 1)
    return np.where(elements & sign, elements ^ (2 * sign - 1), elements ^ sign)


def _compute_zigzags(raw: Octets, base: Octets, kind: DifferenceKind) -> Numbers:
    sign = 1 << (8 * kind.width - 1)
    difference = (_to_order(raw, kind) - _to_order(base, kind) + sign) % (2 * sign) - sign
    return np.where(difference < 0, -2 * difference - 1, 2 * difference)


def _undo_zigzags(zigzags: Numbers, base: Octets, kind: DifferenceKind) -> bytes:
    sign = 1 << (8 * kind.width - 1)
    difference = np.where(zigzags & 1, -(zigzags >> 1) - 1, zigzags >> 1)
    order = (_to_order(base, kind) + difference) % (2 * sign)
    if not kind.map:
        order = np.where(order & sign, order ^ sign, order ^ (2 * sign - 1))
    return order.astype(f"<u{kind.width}").tobytes()


def _find_symbol_max(kind: DifferenceKind) -> int:
    """The symbol of the greatest zigzag of this width."""
    return DIRECT + 8 * (8 * kind.width - 6) + 7


def _to_symbols(zigzags: Numbers) -> tuple[Numbers, bytes]:
    symbols = zigzags.copy()
    large = np.flatnonzero(zigzags >= DIRECT)
    z = zigzags[large]
    low = np.frexp(z.astype(np.float64))[1].astype(np.int64) - 4  # floor(log2 z) - 3
    symbols[large] = DIRECT + 8 * (low - 2) + (z >> low & 7)
    places = np.arange(28)
    bits = (z[:, None] >> places & 1).astype(np.bool_)
    return symbols, np.packbits(bits[places < low[:, None]], bitorder="little").tobytes()


def _from_symbols(symbols: Octets, extra: Octets) -> Numbers:
    zigzags = symbols.astype(np.int64)
    large = np.flatnonzero(symbols >= DIRECT)
    coded = zigzags[large] - DIRECT
    low = 2 + coded // 8
    ends = np.cumsum(low)
    total = int(ends[-1]) if ends.size else 0
    if (total + 7) // 8 != extra.size or (total % 8 and extra[-1] >> total % 8):
        raise refuse(NAME)
    starts = ends - low
    padded = np.concatenate([extra, np.zeros(8, dtype=np.uint8)]).astype(np.int64)
    window = sum(padded[(starts >> 3) + byte] << 8 * byte for byte in range(5))
    zigzags[large] = (8 + coded % 8) << low | (window >> (starts & 7) & ((1 << low) - 1))
    return zigzags


def _compute_cost(counts: Numbers) -> float:
    return compute_bits(counts) + 8.0 * (2 + 3 * int(np.count_nonzero(counts)))


def _group_contexts(counts: Numbers) -> tuple[Octets, list[Numbers]]:
    """The table of every context, and the counts of every table: neighbours share one where two cost more."""
    table_of = np.zeros(counts.shape[0], dtype=np.uint8)
    tables, costs = [counts[0]], [_compute_cost(counts[0])]
    for context in range(1, counts.shape[0]):
        mine = counts[context]
        both = tables[-1] + mine
        alone, together = _compute_cost(mine), _compute_cost(both)
        if not mine.any() or together <= costs[-1] + alone or len(tables) == TABLES_MAX:
            tables[-1], costs[-1] = both, together
        else:
            tables.append(mine)
            costs.append(alone)
        table_of[context] = len(tables) - 1
    return table_of, tables
