"""Arithmetic over GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1, and the Cauchy matrix of the code. Exact, no state.

`accumulate` uses gf256.c where it was compiled, and tables where it was not; both give the same bytes.
"""

import ctypes
import functools
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

POLYNOMIAL: Final = 0x11D
SHARES_MAX: Final = 255
TABLES: Final = -1  # the level without a compiled kernel
KERNEL: Final = Path(__file__).with_name("libgf256.so")


def build_coefficients(data_blocks: int, parity_blocks: int) -> Bytes:
    """Row i, column j: 1 / ((data_blocks + i) xor j). Every square part of it can be inverted."""
    rows = np.arange(data_blocks, data_blocks + parity_blocks, dtype=np.uint8)
    columns = np.arange(data_blocks, dtype=np.uint8)
    coefficients: Bytes = _inverses()[rows[:, None] ^ columns[None, :]]
    return coefficients


def accumulate(out: Bytes, coefficients: Bytes, data: Bytes, level: int | None = None) -> None:
    """out[r] ^= sum of coefficients[r, c] · data[c]. `out` is rows × length, `data` columns × length, rows contiguous.

    `level` is for tests: TABLES, or 0 to `find_best_level()`.
    """
    rows, columns = coefficients.shape
    chosen = find_best_level() if level is None else level
    kernel = _load_kernel()
    if chosen == TABLES or kernel is None:
        _accumulate_by_tables(out, coefficients, data)
        return
    kernel.gf256_accumulate(
        chosen,
        out.ctypes.data,
        out.strides[0],
        rows,
        data.ctypes.data,
        data.strides[0],
        columns,
        np.ascontiguousarray(coefficients).ctypes.data,
        out.shape[1],
    )


def find_best_level() -> int:
    """The fastest way here: TABLES, 0 portable C, 1 SSSE3, 2 AVX2, 3 GFNI."""
    kernel = _load_kernel()
    return TABLES if kernel is None else int(kernel.gf256_best())


def multiply(left: Bytes, right: Bytes) -> Bytes:
    """The product of two matrices."""
    out = np.zeros((left.shape[0], right.shape[1]), dtype=np.uint8)
    _accumulate_by_tables(out, left, right)
    return out


def invert(matrix: Bytes) -> Bytes:
    """The inverse of a square matrix that has one, by Gauss and Jordan."""
    size = matrix.shape[0]
    work = np.concatenate([matrix, np.eye(size, dtype=np.uint8)], axis=1)
    products = build_products()
    for step in range(size):
        pivot = step + int(np.flatnonzero(work[step:, step])[0])
        work[[step, pivot]] = work[[pivot, step]]
        work[step] = products[_inverses()[work[step, step]], work[step]]
        factors = work[:, step].copy()
        factors[step] = 0
        work ^= products[factors[:, None], work[step][None, :]]
    return np.ascontiguousarray(work[:, size:])


@functools.cache
def build_products() -> Bytes:
    """256 × 256: the product of every two elements."""
    numbers = np.arange(256, dtype=np.uint16)
    products = np.zeros((256, 256), dtype=np.uint16)
    shifted: NDArray[np.uint16] = numbers.copy()
    for bit in range(8):
        products ^= np.where((numbers >> bit & 1)[None, :] == 1, shifted[:, None], 0).astype(np.uint16)
        shifted = np.where(shifted & 0x80, shifted << 1 ^ POLYNOMIAL, shifted << 1).astype(np.uint16)
    return products.astype(np.uint8)


@functools.cache
def _inverses() -> Bytes:
    return np.asarray(np.argmax(build_products() == 1, axis=1), dtype=np.uint8)


def _accumulate_by_tables(out: Bytes, coefficients: Bytes, data: Bytes) -> None:
    products = build_products()
    for column in range(coefficients.shape[1]):
        raw = data[column].tobytes()
        for row in range(coefficients.shape[0]):
            # bytes.translate is the fastest look-up of single bytes that Python and numpy have.
            product = raw.translate(products[coefficients[row, column]].tobytes())
            out[row] ^= np.frombuffer(product, dtype=np.uint8)


@functools.cache
def _load_kernel() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(str(KERNEL))
    except OSError:
        return None
    library.gf256_best.restype = ctypes.c_int
    size, place = ctypes.c_size_t, ctypes.c_void_p
    library.gf256_accumulate.argtypes = [ctypes.c_int, place, size, size, place, size, size, place, size]
    library.gf256_accumulate.restype = None
    return library
