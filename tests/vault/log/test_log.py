"""The log as a whole, on a real folder: what it writes, proves and refuses."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import AccessDenied, BadSignature, DamagedVault, MalformedFile, VaultError
from holdfast.records.vault_log import InclusionProof
from holdfast.vault.log.keys import open_log_key, read_log_key
from holdfast.vault.log.log import VaultLog
from holdfast.vault.log.proofs import check_inclusion, decode_tlog_proof, encode_tlog_proof
from tests.vault.log import naive
from tests.vault.log.logs import VAULT, copy_of, entries_of, files_of, open_log, start_log, storage_in

ORIGIN = f"holdfast/{VAULT}"


@given(st.lists(st.integers(0, 300), max_size=4))
@settings(max_examples=15, deadline=None)
def test_a_log_in_any_steps_holds_the_files_of_the_specification(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log, entries = start_log(folder), list[bytes]()
    for step in steps:
        assert log.append(entries_of(step, len(entries))) == len(entries)
        entries += entries_of(step, len(entries))
    wanted, found = naive.files(entries), files_of(folder)
    assert {key: found.get(key) for key in wanted} == wanted
    assert log.checkpoint().root == naive.root(entries)
    assert list(log.iterate()) == entries
    report = log.verify()
    assert (report.checkpoint.size, report.beyond) == (len(entries), ())


def test_partial_files_stay_until_the_full_one_is_promised(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(254))
    log.append(entries_of(1, 254))
    partial = [key for key in files_of(tmp_path) if ".p/" in key]
    assert partial == [f"log/tile/{kind}/000.p/{width}" for kind in ("0", "entries") for width in (254, 255)]
    log.append(entries_of(1, 255))
    assert [key for key in files_of(tmp_path) if ".p/" in key] == ["log/tile/1/000.p/1"]


def test_a_checkpoint_is_a_note_of_origin_size_and_root(tmp_path: Path) -> None:
    start_log(tmp_path, [b"one", b"two"])
    lines = files_of(tmp_path)["log/checkpoint"].decode().split("\n")
    assert lines[:2] == [ORIGIN, "2"]
    assert lines[3] == ""
    assert lines[4].startswith(f"— {ORIGIN} ")


def test_every_entry_is_proven_with_the_public_key_alone(tmp_path: Path) -> None:
    entries = entries_of(300)
    log = start_log(tmp_path, entries)
    for index in (0, 1, 255, 256, 299):
        proof = log.prove(index)
        assert proof.entry.encode() == entries[index] == log.entry(index)
        assert check_inclusion(proof, ORIGIN, log.keys()).size == 300
        assert decode_tlog_proof(encode_tlog_proof(proof), proof.entry) == proof
        assert '"index":' in encode_canonical(proof)


def test_a_proof_about_another_entry_place_or_log_does_not_hold(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(5))
    proof, keys = log.prove(3), log.keys()
    for wrong in [
        InclusionProof(3, "other", proof.hashes, proof.checkpoint),
        InclusionProof(2, proof.entry, proof.hashes, proof.checkpoint),
        InclusionProof(3, proof.entry, proof.hashes[:-1], proof.checkpoint),
        InclusionProof(3, proof.entry, ("!", *proof.hashes[1:]), proof.checkpoint),
        InclusionProof(3, proof.entry, proof.hashes, proof.checkpoint.replace("\n5\n", "\n6\n")),
    ]:
        with pytest.raises(BadSignature):
            check_inclusion(wrong, ORIGIN, keys)
    with pytest.raises(BadSignature, match="speaks of the log"):
        check_inclusion(proof, "holdfast/other", keys)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\nindex 01\n\n",
        "x\nindex 1\n\n",
        f"c2sp.org/tlog-proof@v1\nindex {'9' * 5000}\n\n",
    ],
    ids=range(5),
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(MalformedFile):
        decode_tlog_proof(text, "")


def test_extra_data_in_a_proof_is_passed_over() -> None:
    proof = decode_tlog_proof("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\ncheckpoint", "entry")
    assert proof == InclusionProof(0, "entry", (), "checkpoint")


@given(st.integers(0, 400), st.integers(1, 300))
@settings(max_examples=8, deadline=None)
def test_a_log_is_consistent_with_every_checkpoint_it_gave(
    tmp_path_factory: pytest.TempPathFactory, before: int, after: int
) -> None:
    log = start_log(tmp_path_factory.mktemp("log"), entries_of(before))
    kept = log.checkpoint().text
    log.append(entries_of(after, before))
    proof = log.check_consistency(kept)
    assert (proof.old_size, proof.new_size) == (before, before + after)


def test_a_history_that_was_rewritten_with_the_private_key_is_found_by_a_checkpoint_kept_elsewhere(
    tmp_path: Path,
) -> None:
    kept = start_log(tmp_path, entries_of(300)).checkpoint().text
    shutil.rmtree(tmp_path / "vault" / "log")
    (tmp_path / "keys" / f"{VAULT}.seen").unlink()
    forged = start_log(tmp_path, [b"forged", *entries_of(300, 1)])
    assert forged.verify().checkpoint.size == 301
    with pytest.raises(DamagedVault, match="The first 300 entries are not those of before"):
        forged.check_consistency(kept)


def test_a_log_that_was_put_back_to_an_older_state_is_found_and_not_appended_to(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(3))
    older = copy_of(tmp_path, "older")
    log.append(entries_of(2, 3))
    kept = log.checkpoint().text
    shutil.rmtree(tmp_path / "vault")
    shutil.copytree(older / "vault", tmp_path / "vault")
    log = open_log(tmp_path)
    log.verify()
    with pytest.raises(DamagedVault, match="it had 5 before"):
        log.check_consistency(kept)
    with pytest.raises(DamagedVault, match=r"(?s)it had 5 before.*on purpose") as caught:
        log.append([b"more"])
    assert f"{VAULT}.seen" in caught.value.next_step


def test_an_older_checkpoint_put_back_alone_shows_by_what_is_beyond_it(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(3))
    older = files_of(tmp_path)["log/checkpoint"]
    log.append(entries_of(2, 3))
    (tmp_path / "vault" / "log" / "checkpoint").write_bytes(older)
    assert log.verify().beyond == ("log/tile/0/000.p/5", "log/tile/entries/000.p/5")


def test_a_checkpoint_that_is_none_or_of_a_stranger_is_refused_as_a_witness(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(3))
    (tmp_path / "b").mkdir()
    stranger = VaultLog(storage_in(tmp_path / "b"), VAULT, key=open_log_key(tmp_path / "b" / "keys", VAULT))
    stranger.start()
    for text in ["", log.checkpoint().text.replace("\n3\n", "\n4\n"), stranger.checkpoint().text]:
        with pytest.raises(BadSignature):
            log.check_consistency(text)


def test_a_missing_checkpoint_is_damage_and_never_a_new_log(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(3))
    (tmp_path / "vault" / "log" / "checkpoint").unlink()
    for work in (log.checkpoint, log.start, log.verify, lambda: log.append([b"x"])):
        with pytest.raises(DamagedVault, match="missing"):
            work()


def test_starting_twice_changes_nothing(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(3))
    before = files_of(tmp_path)
    assert log.start().size == 3
    assert files_of(tmp_path) == before


def test_another_key_may_sign_once_it_was_added(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(3))
    other = VaultLog(storage_in(tmp_path), VAULT, key=open_log_key(tmp_path / "other", VAULT))
    with pytest.raises(VaultError, match="may not sign the log yet"):
        other.append([b"x"])
    # A key is added by somebody who may write the vault; who believes only the first key sees it.
    first_only = VaultLog(storage_in(tmp_path), VAULT, trusted=log.keys())
    assert other.add_key(b"a key") == 3
    assert len(log.keys()) == 2
    assert log.append([b"back to the first key"]) == 4
    assert other.append([b"and to the second"]) == 5
    log.verify()
    with pytest.raises(DamagedVault, match="no known key signed it"):
        first_only.checkpoint()


def test_a_vault_rewritten_with_a_forged_key_is_found_by_a_key_kept_elsewhere(tmp_path: Path) -> None:
    trusted = start_log(tmp_path, entries_of(3)).keys()
    shutil.rmtree(tmp_path / "vault")
    forger = VaultLog(storage_in(tmp_path), VAULT, key=open_log_key(tmp_path / "forger", VAULT))
    forger.start()
    VaultLog(storage_in(tmp_path), VAULT).verify()
    with pytest.raises(DamagedVault, match="no known key signed it"):
        VaultLog(storage_in(tmp_path), VAULT, trusted=trusted).verify()


def test_a_log_opened_without_a_key_only_reads(tmp_path: Path) -> None:
    start_log(tmp_path, entries_of(3))
    reader = VaultLog(storage_in(tmp_path), VAULT)
    assert reader.verify().checkpoint.size == 3
    with pytest.raises(VaultError, match="reading only"):
        reader.append([b"x"])


def test_an_entry_longer_than_a_bundle_can_hold_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    log = start_log(tmp_path, [bytes(65535)])
    before = files_of(tmp_path)
    with pytest.raises(VaultError, match="65536 bytes"):
        log.append([b"fine", bytes(65536)])
    assert files_of(tmp_path) == before
    assert log.entry(0) == bytes(65535)


@pytest.mark.parametrize("index", [-1, 3])
def test_an_entry_that_is_not_there_is_named(tmp_path: Path, index: int) -> None:
    log = start_log(tmp_path, entries_of(3))
    for ask in (log.entry, log.prove):
        with pytest.raises(VaultError, match="it has 3"):
            ask(index)


def test_a_log_is_not_appended_to_on_top_of_damage(tmp_path: Path) -> None:
    log = start_log(tmp_path, entries_of(3))
    for key in ("log/tile/0/000.p/3", "log/tile/entries/000.p/3"):
        path = tmp_path / "vault" / key
        right = path.read_bytes()
        path.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
        with pytest.raises(DamagedVault):
            log.append([b"x"])
        path.write_bytes(right)
    assert log.append([b"x"]) == 3


def test_the_private_key_is_for_its_owner_alone_and_is_made_once(tmp_path: Path) -> None:
    first = open_log_key(tmp_path / "keys", VAULT).key
    path = tmp_path / "keys" / f"{VAULT}.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_log_key(tmp_path / "keys", VAULT).key == first
    assert first.encode() not in repr(first)
    path.chmod(0o644)
    with pytest.raises(AccessDenied, match="chmod 600"):
        read_log_key(tmp_path / "keys", VAULT)
