"""Every frame comes back from the codec that was chosen for it; what lies about its size takes no memory."""

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records.errors import BadFrame
from holdfast.vault.codecs.choosing import Codec, decode_frame, encode_frame
from holdfast.vault.codecs.kinds import is_same
from holdfast.vault.codecs.types import get_element_type
from tests.vault.codecs.frames import frames, make_weights, pairs, to_bf16

DTYPES = ["BF16", "F16", "F32", "F64", "F8_E4M3", "F8_E5M2", "I8", "I32", "I64", "Q4_K", "BOOL"]


@settings(max_examples=150, deadline=None)
@given(dtype=st.sampled_from(DTYPES), data=st.data())
def test_every_frame_comes_back(dtype: str, data: st.DataObject) -> None:
    kind = get_element_type(dtype)
    raw, base = data.draw(st.one_of(pairs(kind.width), frames(kind.width).map(lambda raw: (raw, None))))
    against = None if base is None else memoryview(base)
    frame = encode_frame(memoryview(raw), kind, against)
    assert len(frame.payload) <= len(raw)
    assert bytes(decode_frame(frame.codec, frame.payload, len(raw), against)) == raw


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 4096, 4099])
def test_buffers_are_the_same_when_all_their_bytes_are(length: int) -> None:
    raw = bytes(range(251)) * 17
    assert is_same(raw[:length], memoryview(b"-" + raw)[1 : 1 + length])
    assert not is_same(raw[:length], raw[: length + 1])
    for place in range(0, length, 97):
        assert not is_same(raw[:length], raw[:place] + b"\xff" + raw[place + 1 : length])


def test_a_zstd_frame_that_says_it_is_huge_is_refused() -> None:
    payload = zstandard.ZstdCompressor().compress(bytes(1 << 26))
    with pytest.raises(BadFrame):
        decode_frame(Codec.ZSTD, payload, 1 << 20, None)


def test_weights_are_planes_and_their_fine_tune_a_difference() -> None:
    kind, weights = get_element_type("BF16"), to_bf16(make_weights(200_000)).data
    tuned = to_bf16(make_weights(200_000) + 1e-3 * make_weights(200_000, 2)).data
    assert encode_frame(weights, kind, None).codec == Codec.PLANES
    assert encode_frame(tuned, kind, weights).codec == Codec.DIFFERENCE
    assert encode_frame(weights, kind, weights).codec == Codec.SAME
