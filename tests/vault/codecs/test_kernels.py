"""The compiled codecs and those in NumPy are the same codecs."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records.errors import BadFrame
from holdfast.vault.codecs.kernel import Kernel, get_kernel
from holdfast.vault.codecs.kinds import BF16, F32, DifferenceKind
from holdfast.vault.codecs.native import NativeKernel, find_native_kernel
from holdfast.vault.codecs.plain import PlainKernel
from tests.vault.codecs.frames import KINDS, PLANES, cut, flip_bits, frames, make_weights, pairs, to_bf16
from tests.vault.codecs.hammering import build_scalar

PLAIN = PlainKernel()


def get_native() -> NativeKernel:
    native = find_native_kernel()
    if native is None:
        pytest.skip("there is no compiled kernel here")
    return native


def decode_or_refuse(kernel: Kernel, payload: bytes, length: int, base: bytes | None) -> bytes | None:
    try:
        if base is None:
            return bytes(kernel.decode_planes(payload, length))
        return bytes(kernel.decode_difference(payload, base, length))
    except BadFrame:
        return None


@pytest.mark.parametrize(("width", "rotation"), PLANES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_planes_come_back_and_both_kernels_write_the_same(width: int, rotation: int, data: st.DataObject) -> None:
    native = get_native()
    raw = data.draw(frames(width))
    payload = native.encode_planes(raw, width, rotation)
    assert payload == PLAIN.encode_planes(raw, width, rotation)
    if payload is not None:
        assert len(payload) < len(raw)
        assert native.decode_planes(payload, len(raw)) == PLAIN.decode_planes(payload, len(raw)) == raw


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_differences_come_back_and_both_kernels_write_the_same(kind: DifferenceKind, data: st.DataObject) -> None:
    native = get_native()
    raw, base = data.draw(pairs(kind.width))
    payload = native.encode_difference(raw, base, kind)
    assert payload == PLAIN.encode_difference(raw, base, kind)
    if payload is not None:
        assert len(payload) < len(raw)
        assert native.decode_difference(payload, base, len(raw)) == raw
        assert PLAIN.decode_difference(payload, base, len(raw)) == raw


@pytest.mark.parametrize("elements", [131_072, 262_147, 524_288])
def test_a_whole_frame_of_weights_is_the_same_from_both(elements: int) -> None:
    native, raw = get_native(), to_bf16(make_weights(elements)).tobytes()
    near = to_bf16(make_weights(elements) + 1e-4 * make_weights(elements, 2)).tobytes()
    assert native.encode_planes(raw, 2, 1) == PLAIN.encode_planes(raw, 2, 1)
    assert native.encode_difference(near, raw, BF16) == PLAIN.encode_difference(near, raw, BF16)


def test_without_vector_instructions_the_kernel_writes_the_same(tmp_path: Path) -> None:
    native, library = get_native(), build_scalar(tmp_path / "libscalar.so")
    scalar = find_native_kernel(library) if library else None
    if scalar is None:
        pytest.skip("no compiler here")
    for elements in (1000, 65_537):
        raw, base = to_bf16(make_weights(elements)).tobytes(), to_bf16(make_weights(elements) * 1.01).tobytes()
        planes, difference = native.encode_planes(raw, 2, 1), native.encode_difference(raw, base, BF16)
        assert planes == scalar.encode_planes(raw, 2, 1)
        assert difference == scalar.encode_difference(raw, base, BF16)
        assert planes is not None
        assert difference is not None
        assert bytes(scalar.decode_planes(planes, len(raw))) == raw
        assert bytes(scalar.decode_difference(difference, base, len(raw))) == raw


@pytest.mark.parametrize("kernel", [get_native, PlainKernel], ids=["native", "plain"])
def test_what_gets_no_shorter_or_is_no_whole_elements_is_left_alone(kernel: type[PlainKernel]) -> None:
    noise = np.random.default_rng(3).bytes(4096)
    assert kernel().encode_planes(noise, 2, 1) is None
    assert kernel().encode_planes(bytes(999), 2, 0) is None
    assert kernel().encode_planes(b"", 1, 0) is None
    assert kernel().encode_difference(noise, bytes(4096), F32) is None
    assert kernel().encode_difference(bytes(998), bytes(998), F32) is None


@pytest.mark.parametrize("kernel", [get_native, PlainKernel], ids=["native", "plain"])
def test_any_buffer_at_any_address_is_read(kernel: type[PlainKernel]) -> None:
    weights, base = to_bf16(make_weights(5000)).tobytes(), to_bf16(make_weights(5000) * 1.001).tobytes()
    expected, against = kernel().encode_planes(weights, 2, 1), kernel().encode_difference(weights, base, BF16)
    assert expected is not None
    assert against is not None
    for skew in (1, 3):
        held = memoryview(bytearray(skew) + weights)[skew:]
        beside = memoryview(bytes(skew) + base)[skew:]
        assert kernel().encode_planes(held, 2, 1) == expected
        assert kernel().encode_difference(held, beside, BF16) == against
        assert kernel().decode_planes(memoryview(bytes(skew) + expected)[skew:], len(weights)) == weights
        assert kernel().decode_difference(bytearray(against), beside, len(weights)) == weights


def make_small_payloads() -> list[tuple[bytes, int, bytes | None]]:
    weights = to_bf16(make_weights(700)).tobytes()
    near = to_bf16(make_weights(700) + 1e-4 * make_weights(700, 2)).tobytes()
    planes, constant = PLAIN.encode_planes(weights, 2, 1), PLAIN.encode_planes(bytes(64), 4, 1)
    difference = PLAIN.encode_difference(near, weights, BF16)
    assert planes is not None
    assert constant is not None
    assert difference is not None
    return [(planes, len(weights), None), (constant, 64, None), (difference, len(near), weights)]


@pytest.mark.parametrize("case", range(3), ids=["planes", "constant", "difference"])
def test_a_damaged_payload_is_refused_or_gives_other_bytes(case: int) -> None:
    native = get_native()
    payload, length, base = make_small_payloads()[case]
    good = decode_or_refuse(native, payload, length, base)
    refused = 0
    for hurt in (*flip_bits(payload), *cut(payload), payload + b"\0", payload + b"\0\0"):
        out = decode_or_refuse(native, hurt, length, base)
        assert out is None or len(out) == length
        refused += out is None
    assert good is not None
    assert refused > 0.5 * len(payload), "truncations are refused, all of them"


@pytest.mark.parametrize("case", range(3), ids=["planes", "constant", "difference"])
def test_a_truncated_payload_is_refused(case: int) -> None:
    payload, length, base = make_small_payloads()[case]
    for kernel in (get_native(), PLAIN):
        assert [part for part in cut(payload) if decode_or_refuse(kernel, part, length, base) is not None] == []


@settings(max_examples=150, deadline=None)
@given(
    case=st.integers(0, 2),
    hurts=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=3),
    tail=st.binary(max_size=3),
)
def test_both_kernels_judge_a_damaged_payload_alike(case: int, hurts: list[tuple[int, int]], tail: bytes) -> None:
    payload, length, base = make_small_payloads()[case]
    hurt = bytearray(payload + tail)
    for place, byte in hurts:
        hurt[place % len(hurt)] = byte
    assert decode_or_refuse(get_native(), bytes(hurt), length, base) == decode_or_refuse(
        PLAIN, bytes(hurt), length, base
    )


@settings(max_examples=200, deadline=None)
@given(payload=st.binary(max_size=400), head=st.sampled_from([b"", b"\2\1\2", b"\2\0\7\10\1\0\0\0", b"\4\1\0\0\2\0\1"]))
def test_any_bytes_are_judged_alike(payload: bytes, head: bytes) -> None:
    native, base = get_native(), to_bf16(make_weights(64)).tobytes()
    for against in (None, base):
        out = decode_or_refuse(native, head + payload, 128, against)
        assert out == decode_or_refuse(PLAIN, head + payload, 128, against)


def test_threads_share_a_kernel() -> None:
    native = get_native()
    frames_of_threads = [to_bf16(make_weights(20_000, seed)).tobytes() for seed in range(6)]
    wrong: list[int] = []

    def work(number: int, raw: bytes) -> None:
        for _ in range(20):
            payload = native.encode_planes(raw, 2, 1)
            if payload is None or native.decode_planes(payload, len(raw)) != raw:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(frames_of_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_without_a_library_or_on_demand_numpy_does_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_native_kernel(tmp_path / "none.so") is None
    (tmp_path / "text.so").write_text("not a library")
    assert find_native_kernel(tmp_path / "text.so") is None
    monkeypatch.setenv("HOLDFAST_KERNEL", "plain")
    get_kernel.cache_clear()
    assert get_kernel().name == "plain"
    monkeypatch.delenv("HOLDFAST_KERNEL")
    get_kernel.cache_clear()
    assert get_kernel().name == get_native().name


@pytest.mark.parametrize("kernel", [get_native, PlainKernel], ids=["native", "plain"])
def test_a_proof_holds_for_what_was_encoded_and_for_nothing_else(kernel: type[PlainKernel]) -> None:
    weights, base = to_bf16(make_weights(5001)).tobytes(), to_bf16(make_weights(5001) * 1.001).tobytes()
    planes, difference = kernel().encode_planes(weights, 2, 1), kernel().encode_difference(weights, base, BF16)
    assert planes is not None
    assert difference is not None
    assert kernel().proves_planes(planes, weights)
    assert kernel().proves_difference(difference, base, weights)
    for place in (0, len(weights) // 2, len(weights) - 1):
        other = bytearray(weights)
        other[place] ^= 1
        assert not kernel().proves_planes(planes, other)
        assert not kernel().proves_difference(difference, base, other)
