"""Hashes, roots and proofs, against RFC 6962 written as recursions and the vectors of Certificate Transparency."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.vault.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    HashReader,
    compute_root,
    compute_root_of_inclusion,
    hash_leaf,
    is_consistent,
    prove_consistency,
    prove_inclusion,
)
from tests.vault.log import naive

# The eight leaves and their roots that the tests of Certificate Transparency's reference implementation use.
CT_LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_CONSISTENCY_1_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CT_CONSISTENCY_6_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]

SIZES = st.integers(0, 700)


def entries_of(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


def reader(entries: list[bytes]) -> HashReader:
    return lambda level, index: naive.root(entries[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert compute_root(size, reader(CT_LEAVES[:size])).hex() == CT_ROOTS[size]


def test_consistency_proofs_are_those_of_certificate_transparency() -> None:
    read = reader(CT_LEAVES)
    assert [one.hex() for one in prove_consistency(1, 8, read)] == CT_CONSISTENCY_1_8
    assert [one.hex() for one in prove_consistency(6, 8, read)] == CT_CONSISTENCY_6_8


@given(SIZES)
@settings(max_examples=60, deadline=None)
def test_a_root_is_the_recursion_of_the_rfc(size: int) -> None:
    entries = entries_of(size)
    frontier = Frontier()
    for entry in entries:
        frontier.add(hash_leaf(entry))
    assert compute_root(size, reader(entries)) == frontier.root() == naive.root(entries)


@given(SIZES.filter(bool), st.data())
@settings(max_examples=60, deadline=None)
def test_an_inclusion_proof_is_the_recursion_of_the_rfc_and_leads_to_the_root(size: int, data: st.DataObject) -> None:
    entries, index = entries_of(size), data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, reader(entries))
    assert list(proof) == naive.path(index, entries)
    assert compute_root_of_inclusion(index, size, hash_leaf(entries[index]), proof) == naive.root(entries)


@given(st.integers(2, 200), st.data())
@settings(max_examples=60, deadline=None)
def test_an_inclusion_proof_with_another_place_leaf_or_hash_does_not_lead_to_the_root(
    size: int, data: st.DataObject
) -> None:
    entries, index = entries_of(size), data.draw(st.integers(0, size - 1))
    proof, leaf = prove_inclusion(index, size, reader(entries)), hash_leaf(entries[index])
    other = data.draw(st.integers(-1, size).filter(lambda one: one != index))
    broken = data.draw(st.integers(0, len(proof) - 1))
    altered = tuple(hash_leaf(one) if place == broken else one for place, one in enumerate(proof))
    for wrong in [
        (other, size, leaf, proof),
        (index, size, hash_leaf(b"other"), proof),
        (index, size, leaf, altered),
        (index, size, leaf, proof[:-1]),
        (index, size, leaf, (*proof, leaf)),
    ]:
        assert compute_root_of_inclusion(*wrong) != naive.root(entries)


@given(SIZES, st.data())
@settings(max_examples=80, deadline=None)
def test_a_consistency_proof_is_the_recursion_of_the_rfc_and_holds(new: int, data: st.DataObject) -> None:
    entries, old = entries_of(new), data.draw(st.integers(0, new))
    proof = prove_consistency(old, new, reader(entries))
    assert list(proof) == naive.proof(old, entries)
    assert is_consistent((old, naive.root(entries[:old])), (new, naive.root(entries)), proof)


@given(st.integers(2, 200), st.data())
@settings(max_examples=80, deadline=None)
def test_no_consistency_proof_holds_for_another_history(new: int, data: st.DataObject) -> None:
    entries, old = entries_of(new), data.draw(st.integers(1, new - 1))
    rewritten = list(entries)
    rewritten[data.draw(st.integers(0, old - 1))] = b"rewritten"
    before = (old, naive.root(entries[:old]))
    assert not is_consistent(before, (new, naive.root(rewritten)), tuple(naive.proof(old, rewritten)))
    assert not is_consistent(before, (new, naive.root(rewritten)), tuple(naive.proof(old, entries)))


@pytest.mark.parametrize(
    ("old", "new", "proof"),
    [
        ((1, EMPTY_ROOT), (0, EMPTY_ROOT), ()),
        ((-1, EMPTY_ROOT), (0, EMPTY_ROOT), ()),
        ((0, hash_leaf(b"")), (1, hash_leaf(b"")), ()),
        ((0, EMPTY_ROOT), (1, hash_leaf(b"")), (EMPTY_ROOT,)),
        ((2, EMPTY_ROOT), (2, hash_leaf(b"")), ()),
        ((3, EMPTY_ROOT), (5, EMPTY_ROOT), ()),
        ((3, EMPTY_ROOT), (5, EMPTY_ROOT), (EMPTY_ROOT,) * 9),
    ],
)
def test_consistency_proofs_that_make_no_sense_do_not_hold(
    old: tuple[int, bytes], new: tuple[int, bytes], proof: tuple[bytes, ...]
) -> None:
    assert not is_consistent(old, new, proof)
