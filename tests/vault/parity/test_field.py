"""The field against its definition, and the code against ISA-L, through pyeclib."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.vault.parity import field
from holdfast.vault.parity.field import (
    TABLES,
    accumulate,
    build_coefficients,
    build_products,
    find_best_level,
    invert,
    multiply,
)

ISA_L_HEADER_BYTES = 80


def test_every_product_is_that_of_polynomials_modulo_the_one_of_the_format() -> None:
    expected = [[multiply_polynomials(left, right) for right in range(256)] for left in range(256)]
    assert build_products().tolist() == expected


def multiply_polynomials(left: int, right: int) -> int:
    product = 0
    for bit in range(8):
        product ^= (left << bit) if right >> bit & 1 else 0
    for bit in range(14, 7, -1):
        product ^= (0b1_0001_1101 << (bit - 8)) if product >> bit & 1 else 0
    return product


@pytest.mark.parametrize(("data_blocks", "parity_blocks"), [(1, 1), (5, 3), (20, 4), (200, 10), (170, 85)])
def test_parity_is_byte_for_byte_that_of_isa_l(data_blocks: int, parity_blocks: int) -> None:
    data = np.random.default_rng(data_blocks).integers(0, 256, (data_blocks, 320), dtype=np.uint8)
    pyeclib = pytest.importorskip("pyeclib.ec_iface", reason="has no wheel for this system")
    driver = pyeclib.ECDriver(k=data_blocks, m=parity_blocks, ec_type="isa_l_rs_cauchy")
    fragments = driver.encode(data.tobytes())
    parity = np.zeros((parity_blocks, 320), dtype=np.uint8)
    accumulate(parity, build_coefficients(data_blocks, parity_blocks), data)
    # ISA-L rounds fragments up; what is over the data is zeros.
    expected = [fragment[ISA_L_HEADER_BYTES:][:320] for fragment in fragments[data_blocks:]]
    assert [row.tobytes() for row in parity] == expected


@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 20),
    length=st.integers(0, 9000),
    seed=st.integers(0, 2**32),
)
def test_every_level_of_the_kernel_gives_the_bytes_that_the_tables_give(
    rows: int, columns: int, length: int, seed: int
) -> None:
    source = np.random.default_rng(seed)
    coefficients = source.integers(0, 256, (rows, columns), dtype=np.uint8)
    data = source.integers(0, 256, (columns, length + 3), dtype=np.uint8)[:, :length]
    start = source.integers(0, 256, (rows, length), dtype=np.uint8)
    expected = start.copy()
    for row in range(rows):
        for column in range(columns):
            expected[row] ^= build_products()[coefficients[row, column]][data[column]]
    for level in range(TABLES, find_best_level() + 1):
        out = start.copy()
        accumulate(out, coefficients, data, level)
        assert np.array_equal(out, expected), level


@given(data_blocks=st.integers(1, 200), parity_blocks=st.integers(1, 55), data=st.data())
def test_any_square_part_of_the_matrix_has_an_inverse(
    data_blocks: int, parity_blocks: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, min(data_blocks, parity_blocks)))
    rows = data.draw(st.lists(st.integers(0, parity_blocks - 1), min_size=size, max_size=size, unique=True))
    columns = data.draw(st.lists(st.integers(0, data_blocks - 1), min_size=size, max_size=size, unique=True))
    part = build_coefficients(data_blocks, parity_blocks)[rows][:, columns]
    assert np.array_equal(multiply(invert(part), part), np.eye(size, dtype=np.uint8))


def test_the_kernel_is_used_where_the_build_compiled_it() -> None:
    library = Path(field.__file__).with_name("libgf256.so")
    assert (find_best_level() == TABLES) == (not library.exists())
