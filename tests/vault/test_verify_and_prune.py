"""Verify looks at what was longest not looked at; prune removes what nothing needs, in two phases, as its plan says."""

from pathlib import Path
from time import monotonic

import pytest

from holdfast.records.errors import DamagedVault, MissingPath, NewerVault
from holdfast.records.vault import to_digest
from holdfast.vault.catalogue.objects import iterate_packs, locate
from holdfast.vault.catalogue.revisions import read_files
from holdfast.vault.catalogue.schema import drop_tables, make_tables
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.pruning import PrunePlan, carry_out, plan_prune
from holdfast.vault.verifying import VerifyPlan
from tests.vault.models import (
    Watch,
    find_row,
    hash_folder,
    keep_folder,
    make_bf16,
    restore,
    say_nothing,
    tell,
    tune,
    verify,
    write_safetensors,
)

GRACE_S = 1000


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def vault(tmp_path: Path, watch: Watch) -> Vault:
    """Five models of a pack each, with their documents and decisions in others."""
    made = open_local_vault(tmp_path / "vault", watch)
    for seed in range(5):
        write_safetensors(tmp_path / f"{seed}/m.safetensors", {f"w{seed}": ("BF16", make_bf16(9000, seed))})
        keep_folder(made, tmp_path / f"{seed}", f"org/{seed}")
    return made


def prune(vault: Vault) -> PrunePlan:
    plan = plan_prune(vault, GRACE_S)
    carry_out(vault, plan, say_nothing)
    return plan


def test_a_sample_reads_what_was_longest_not_read_until_all_was(vault: Vault, watch: Watch) -> None:
    rounds = 0
    while verify(vault, VerifyPlan(share=0.25)).oldest is None:
        watch.advance(60)
        rounds += 1
        assert rounds < 10
    times = [pack.verified_at for pack in iterate_packs(vault.database)]
    assert None not in times
    first = min(time for time in times if time is not None)
    assert verify(vault, VerifyPlan(share=0.01)).packs >= 1
    assert min(pack.verified_at or 0 for pack in iterate_packs(vault.database)) >= first


def test_the_clock_of_coverage_tells_the_pack_longest_not_verified(vault: Vault, watch: Watch) -> None:
    assert verify(vault).oldest == vault.now
    watch.advance(3600)
    kept = vault.now - 3600
    assert verify(vault, VerifyPlan(share=0.3)).oldest == kept
    assert verify(vault).oldest == vault.now


def test_packs_verified_since_are_left_out(vault: Vault, watch: Watch) -> None:
    verify(vault)
    watch.advance(100)
    assert verify(vault, VerifyPlan(since=vault.now - 100)).packs == 0
    assert verify(vault, VerifyPlan(since=vault.now)).packs == verify(vault).packs_all


def test_a_rate_is_kept_to(vault: Vault) -> None:
    size = verify(vault).size_all
    began = monotonic()
    verify(vault, VerifyPlan(rate=size * 3))
    assert monotonic() - began >= 0.3


def test_damage_is_remembered_and_forgotten_when_it_is_gone(vault: Vault, tmp_path: Path) -> None:
    pack = max(iterate_packs(vault.database), key=lambda one: one.size)
    path = tmp_path / "vault" / pack.key
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"X")
    assert verify(vault).damage
    assert [one.key for one in iterate_packs(vault.database) if one.damage] == [pack.key]
    path.write_bytes(whole)
    assert verify(vault).damage == ()
    assert not any(one.damage for one in iterate_packs(vault.database))


def test_what_is_dropped_is_removed_after_the_grace_period_and_the_rest_stays(
    vault: Vault, tmp_path: Path, watch: Watch
) -> None:
    tell(vault, "drop", "org/1")
    before = {pack.key for pack in iterate_packs(vault.database)}
    assert prune(vault).remove == ()
    watch.advance(GRACE_S - 1)
    assert prune(vault).remove == ()
    watch.advance(2)
    plan = prune(vault)
    assert len(plan.remove) == 1
    assert {pack.key for pack in iterate_packs(vault.database)} <= before
    for seed in (0, 2, 3, 4):
        restore(vault, tmp_path / f"out{seed}", f"org/{seed}")
        assert hash_folder(tmp_path / f"out{seed}") == hash_folder(tmp_path / f"{seed}")
    assert verify(vault).damage == ()


def test_a_dry_run_says_what_the_run_does(vault: Vault, watch: Watch) -> None:
    for seed in (1, 3):
        tell(vault, "drop", f"org/{seed}")
    prune(vault)
    watch.advance(GRACE_S + 1)
    dry, again = plan_prune(vault, GRACE_S), plan_prune(vault, GRACE_S)
    assert dry == again
    sizes = {pack.key: pack.size for pack in vault.storage.iterate("packs/")}
    carry_out(vault, again, say_nothing)
    left = {pack.key: pack.size for pack in vault.storage.iterate("packs/")}
    assert set(sizes) - set(left) == {pack.key for pack in (*dry.remove, *dry.rewrite)}
    assert abs(sum(sizes.values()) - sum(left.values()) - dry.freed) < 1000


def test_what_is_kept_again_in_the_grace_period_stays(vault: Vault, tmp_path: Path, watch: Watch) -> None:
    tell(vault, "drop", "org/1")
    prune(vault)
    watch.advance(GRACE_S + 1)
    plan = plan_prune(vault, GRACE_S)
    keep_folder(vault, tmp_path / "1", "org/again")  # after the plan was made
    carry_out(vault, plan, say_nothing)
    restore(vault, tmp_path / "out", "org/again")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "1")


def test_a_base_in_use_is_never_pruned(tmp_path: Path, watch: Watch) -> None:
    vault = open_local_vault(tmp_path / "vault", watch)
    weights = make_bf16(50_000, 1)
    write_safetensors(tmp_path / "base/m.safetensors", {"w": ("BF16", weights)})
    write_safetensors(tmp_path / "tuned/m.safetensors", {"w": ("BF16", tune(weights, 2))})
    keep_folder(vault, tmp_path / "base", "org/base")
    keep_folder(vault, tmp_path / "tuned", "org/tuned")
    tell(vault, "drop", "org/base")
    for _ in range(3):
        prune(vault)
        watch.advance(GRACE_S + 1)
    restore(vault, tmp_path / "out", "org/tuned")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "tuned")
    tell(vault, "drop", "org/tuned")
    for _ in range(3):
        prune(vault)
        watch.advance(GRACE_S + 1)
    assert vault.database.read("SELECT COUNT(*) FROM runs r JOIN objects o ON o.id = r.object WHERE o.kind = 1") == [
        (0,)
    ]


def test_a_pack_with_something_live_is_written_anew_and_what_still_waits_is_taken_along(
    tmp_path: Path, watch: Watch
) -> None:
    vault = open_local_vault(tmp_path / "vault", watch)
    shared, early, late = (make_bf16(count, count) for count in (9000, 60_000, 12_000))
    write_safetensors(
        tmp_path / "all/m.safetensors", {"s": ("BF16", shared), "e": ("BF16", early), "l": ("BF16", late)}
    )
    keep_folder(vault, tmp_path / "all", "org/all")
    for name, arrays in {"some": {"s": shared, "l": late}, "few": {"s": shared}}.items():
        write_safetensors(tmp_path / name / "m.safetensors", {key: ("BF16", array) for key, array in arrays.items()})
        keep_folder(vault, tmp_path / name, f"org/{name}")
    tell(vault, "drop", "org/all")
    prune(vault)
    watch.advance(GRACE_S // 2)
    tell(vault, "drop", "org/some")
    prune(vault)
    watch.advance(GRACE_S // 2 + 1)
    plan = prune(vault)
    assert len(plan.rewrite) == 1
    rows = vault.database.read("SELECT size FROM objects WHERE id IN (SELECT object FROM runs) AND kind = 1")
    sizes = {size for (size,) in rows}
    assert early.nbytes not in sizes
    assert {shared.nbytes, late.nbytes} <= sizes
    restore(vault, tmp_path / "out", "org/few")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "few")
    assert verify(vault).damage == ()


def test_nothing_is_removed_while_a_document_cannot_be_read(tmp_path: Path, vault: Vault, watch: Watch) -> None:
    tell(vault, "drop", "org/1")
    prune(vault)
    watch.advance(GRACE_S + 1)
    (file,) = read_files(vault.database, find_row(vault, "org/3").id)
    for place in locate(vault.database, [to_digest(file.manifest)])[to_digest(file.manifest)].places:
        path = tmp_path / "vault" / place.key
        data = bytearray(path.read_bytes())
        data[place.offset + 120] ^= 1
        path.write_bytes(data)
    drop_tables(vault.database)
    make_tables(vault.database)
    with pytest.raises(DamagedVault, match="nothing is removed"):
        plan_prune(vault, GRACE_S)


def test_a_clock_that_goes_back_removes_nothing_early(vault: Vault, watch: Watch) -> None:
    tell(vault, "drop", "org/1")
    prune(vault)
    watch.advance(-10 * GRACE_S)
    assert prune(vault).remove == ()
    tell(vault, "freeze", "org/2")
    watch.advance(-10 * GRACE_S)
    tell(vault, "thaw", "org/2")  # later, whatever the clock says
    rows = vault.database.read("SELECT state FROM revisions WHERE name = 'org/2'")
    assert rows == [("kept",)]


def test_a_vault_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    open_local_vault(tmp_path / "vault", Watch()).close()
    path = tmp_path / "vault/vault.json"
    path.write_text(path.read_text().replace('"format":1', '"format":2'))
    before = hash_folder(tmp_path / "vault")
    with pytest.raises(NewerVault, match="format 2"):
        open_local_vault(tmp_path / "vault", Watch())
    assert hash_folder(tmp_path / "vault") == before


def test_a_vault_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(MissingPath, match="no vault here"):
        open_local_vault(tmp_path / "vault", Watch(), make=False)
    assert not (tmp_path / "vault").exists()


def test_a_vault_that_lost_its_identity_gets_no_new_one(tmp_path: Path, vault: Vault) -> None:
    vault.close()
    (tmp_path / "vault/vault.json").unlink()
    with pytest.raises(DamagedVault, match="no identity"):
        open_local_vault(tmp_path / "vault", Watch())
