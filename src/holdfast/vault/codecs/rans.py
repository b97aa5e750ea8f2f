"""The rANS of docs/format.md in NumPy: 32 lanes at a time, the frequencies of its tables, and what a table costs.

The sums of logarithms run in kernel.c's order over the C library's log2, so that both choose the same tables.
"""

import math
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from holdfast.vault.codecs.kinds import Octets, refuse

LANES: Final = 32
SCALE_BITS: Final = 12
SCALE: Final = 1 << SCALE_BITS
LOW: Final = 1 << 16
STATES_BYTES: Final = 4 * LANES

NAME: Final = "rANS"

Numbers: TypeAlias = NDArray[np.int64]


def compute_bits(counts: Numbers) -> float:
    """What an ideal order-0 code would need for symbols that occur so often."""
    total, bits = float(counts.sum()), 0.0
    for count in counts[counts > 0].tolist():
        bits -= count * math.log2(count / total)
    return bits


def scale_counts(counts: Numbers) -> Numbers:
    """Frequencies that add up to SCALE, at least 1 for what occurs; the most frequent pay for the rounding."""
    total = int(counts.sum())
    frequencies = (counts * SCALE + total // 2) // total
    frequencies[(counts > 0) & (frequencies == 0)] = 1
    while over := int(frequencies.sum()) - SCALE:
        most = int(frequencies.argmax())
        frequencies[most] -= min(over, int(frequencies[most]) // 16 + 1)
    return frequencies


def write_table(frequencies: Numbers) -> bytes:
    """A table as docs/format.md has it."""
    present = np.flatnonzero(frequencies)
    rows = np.zeros(present.size, dtype=[("symbol", "u1"), ("frequency", "<u2")])
    rows["symbol"], rows["frequency"] = present, frequencies[present]
    return int(present.size).to_bytes(2, "little") + rows.tobytes()


def read_table(payload: Octets) -> tuple[Numbers, int]:
    """Frequencies of the 256 symbols, and the bytes that the table took."""
    present = int.from_bytes(payload[:2].tobytes(), "little")
    end = 2 + 3 * present
    if not 1 <= present <= 256 or payload.size < end:
        raise refuse(NAME)
    rows = payload[2:end].reshape(present, 3).astype(np.int64)
    symbols, given = rows[:, 0], rows[:, 1] | rows[:, 2] << 8
    if np.any(np.diff(symbols) <= 0) or np.any(given == 0) or given.sum() != SCALE:
        raise refuse(NAME)
    frequencies = np.zeros(256, dtype=np.int64)
    frequencies[symbols] = given
    return frequencies, end


def encode_lanes(places: Numbers, frequencies: Numbers) -> bytes:
    """States and words. `places` has for every element 256 times the number of its table, plus its symbol;
    `frequencies` is tables × 256."""
    starts = (np.cumsum(frequencies, axis=1) - frequencies).ravel()[places]
    widths = frequencies.ravel()[places]
    states = np.full(LANES, LOW, dtype=np.int64)
    words: list[Numbers] = []
    for at in reversed(range(0, places.size, LANES)):
        width, start = widths[at : at + LANES], starts[at : at + LANES]
        x = states[: width.size]
        gives = x >> (32 - SCALE_BITS) >= width
        words.append(x[gives] & 0xFFFF)
        x = np.where(gives, x >> 16, x)
        quotient, rest = np.divmod(x, width)
        states[: width.size] = (quotient << SCALE_BITS) + rest + start
    words.reverse()
    return states.astype("<u4").tobytes() + np.concatenate(words).astype("<u2").tobytes()


def decode_lanes(stream: Octets, tables: Numbers, frequencies: Numbers) -> Octets:
    """The symbols of as many elements as `tables` has: for each the row of `frequencies` (tables × 256) that it was
    coded with. All of the stream must be used up."""
    if stream.size < STATES_BYTES or stream.size % 2:
        raise refuse(NAME)
    states = np.frombuffer(stream[:STATES_BYTES].tobytes(), dtype="<u4").astype(np.int64)
    words = np.frombuffer(stream[STATES_BYTES:].tobytes(), dtype="<u2").astype(np.int64)
    slots, rows = _make_slots(frequencies), tables << SCALE_BITS
    symbols, used = np.empty(tables.size, dtype=np.uint8), 0
    for at in range(0, tables.size, LANES):
        row = rows[at : at + LANES]
        x = states[: row.size]
        entry = slots[row + (x & (SCALE - 1))]
        symbols[at : at + LANES] = entry & 0xFF
        x = ((entry >> 20) * (x >> SCALE_BITS) + (entry >> 8 & (SCALE - 1))) & 0xFFFFFFFF
        needs = np.flatnonzero(x < LOW)
        if used + needs.size > words.size:
            raise refuse(NAME)
        x[needs] = x[needs] << 16 | words[used : used + needs.size]
        used += needs.size
        states[: row.size] = x
    if used != words.size or np.any(states != LOW):
        raise refuse(NAME)
    return symbols


def _make_slots(frequencies: Numbers) -> Numbers:
    """For every table its 4096 slots: the frequency from bit 20, slot less start in 19..8, the symbol in 7..0."""
    tables = frequencies.shape[0]
    starts = np.cumsum(frequencies, axis=1) - frequencies
    repeats = frequencies.ravel()
    entries = np.repeat(repeats << 20 | np.tile(np.arange(256), tables), repeats)
    bias: Numbers = np.tile(np.arange(SCALE), tables) - np.repeat(starts.ravel(), repeats)
    return np.asarray(entries | bias << 8, dtype=np.int64)
