"""Random lives of a vault, each from one seed: keep, verify, prune, drop, freeze, thaw, restore, rebuild, reopen, on a
disk that crashes, fills up, refuses, loses writes and rots, with a catalogue that may be lost or fall back in time.

    python -m tests.vault.histories SEED        replays one and tells every step

After every step and every crash: whatever was reported kept, and not dropped, comes back byte for byte, or bits were
flipped at rest and `verify` names the files; nothing but a HoldfastError is raised; an interrupted keep that is run
again finishes; the vault opens.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from holdfast.records.errors import HoldfastError
from holdfast.records.vault import FileEntry, RevisionManifest
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.revisions import DROPPED, FROZEN, KEPT, RevisionRow, iterate_revisions
from holdfast.vault.catalogue.schema import drop_tables, make_tables
from holdfast.vault.checking import read_revision
from holdfast.vault.opening import Vault, make_vault, sweep_rubbish
from holdfast.vault.pruning import carry_out, plan_prune
from holdfast.vault.restoring import restore_revision
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.verifying import Verified, VerifyPlan
from tests.vault.crashing_database import CrashingDatabase, replace_catalogue
from tests.vault.models import Watch, hash_folder, keep_folder, say_nothing, tell, verify, write_random_model
from tests.vault.one_thread import one_thread
from tests.vault.simulated_disk import Crashed, Fault, SimulatedDisk

ROOT = Path("/vault")
GRACE_S = 100
STEPS = (4, 14)
NAMES = ("org/base", "org/tuned", "org/other")
REVISIONS = ("main", "v2")
FAULTS: tuple[Fault, ...] = ("no space", "denied", "failed", "short write", "lost write", "bad read")
Contents = dict[str, str]


def open_on(disk: SimulatedDisk, catalogue: Path, clock: Watch) -> Vault:
    """The vault on a simulated disk, opened as a verb opens it."""
    storage = LocalStorage(ROOT, disk)
    identity = make_vault(storage, clock)
    database = CrashingDatabase(catalogue, disk)
    make_tables(database)
    vault = Vault(str(ROOT), identity, storage, database, clock)
    sweep_rubbish(vault)
    adopt_packs(vault)
    return vault


class Wrong(AssertionError):
    """An invariant does not hold."""


@dataclass
class Copy:
    """What a model may be: one of `allowed` contents (sha256 by path), in one of `states`. More than one of either when
    a step was interrupted."""

    allowed: list[Contents]
    states: set[str] = field(default_factory=lambda: {KEPT})


class History:
    """One life. `run` lives it; a Wrong, or any error that is not ours, is a fault in holdfast."""

    def __init__(self, seed: int, folder: Path, tell_step: Callable[[str], None] = say_nothing) -> None:
        self.random = Random(seed)
        self.folder = folder
        self.disk = SimulatedDisk(self.random.randrange(1 << 62))
        self.clock = Watch()
        self.copies: dict[tuple[str, str], Copy] = {}
        self.ever: dict[str, list[Contents]] = {}
        self.sources: list[Path] = []
        self.earlier: list[Path] = []
        self.rots = self.random.random() < 0.25
        self.flipped = False
        self.usual: dict[str, int] = {}
        self.lossy = False
        self.tell_step = tell_step
        self.vault = self._open()

    def run(self) -> None:
        """Live it."""
        try:
            for _ in range(self.random.randint(*STEPS)):
                self._step()
            self.tell_step("the power is cut, and nothing but the medium is left")
            self._reopen(self.disk.after_crash(), self.random.choice(("as it was", "gone")))
            self._check_verify()
        finally:
            self.vault.close()

    # -- steps -----------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        steps = (
            (self._keep, 8), (self._verify, 2), (self._prune, 4), (self._drop, 3), (self._freeze, 1), (self._thaw, 1),
            (self._kill, 2), (self._wait, 2), (self._rebuild, 1), (self._flip, 1 if self.rots else 0),
        )  # fmt: skip
        step = self.random.choices([step for step, _ in steps], [weight for _, weight in steps])[0]
        step()
        self.disk.plan()
        self._check()
        if self.random.random() < 0.2:
            self._remember()

    def _keep(self) -> None:
        name, revision = self.random.choice(NAMES), self.random.choice(REVISIONS)
        folder = self._choose_source()
        wanted = hash_folder(folder)
        key = (name, revision)
        before = self.copies.get(key)
        self.copies[key] = self._either(before, wanted)
        self.ever.setdefault("@".join(key), []).append(wanted)
        what = f"keep {folder.name} as {name}@{revision}"
        if self._try(what, lambda: keep_folder(self.vault, folder, *key)):
            self._note_kept(key, before, wanted)
        elif self.random.random() < 0.7:
            self._check()
            self._keep_again(folder, key)
            self._note_kept(key, self.copies[key], wanted)

    def _either(self, before: Copy | None, wanted: Contents) -> Copy:
        """What it may be when keeping is interrupted."""
        if before is None:
            return Copy([wanted], {KEPT, DROPPED})
        return Copy([*before.allowed, wanted], before.states | {KEPT})

    def _note_kept(self, key: tuple[str, str], before: Copy | None, wanted: Contents) -> None:
        """A frozen copy stays frozen; one that may have been frozen still may be."""
        frozen = before.states & {FROZEN} if before else set[str]()
        self.copies[key] = Copy([wanted], frozen | ({KEPT} if not before or before.states != {FROZEN} else set()))

    def _keep_again(self, folder: Path, key: tuple[str, str]) -> None:
        """Once more, with nothing in the way; a medium that lost something is found out by the first try."""
        self.tell_step(f"keep {folder.name} again")
        for tries_left in (2, 1, 0):
            try:
                keep_folder(self.vault, folder, *key)
                break
            except HoldfastError as error:
                self.tell_step(f"  {type(error).__name__}: {error}")
                if not tries_left or not (self.lossy or self.flipped):
                    raise Wrong(f"an interrupted keep does not finish: {error}") from error

    def _verify(self) -> None:
        share = self.random.choice((1.0, 1.0, 0.3))
        self._try(f"verify {share}", lambda: verify(self.vault, VerifyPlan(share)))

    def _prune(self) -> None:
        def prune() -> None:
            dry = plan_prune(self.vault, GRACE_S)
            plan = plan_prune(self.vault, GRACE_S)
            if dry != plan:
                raise Wrong("a dry run tells something else than the run does")
            carry_out(self.vault, plan, say_nothing)

        self._try("prune", prune)

    def _drop(self) -> None:
        self._decide("drop", {KEPT: DROPPED, FROZEN: DROPPED})

    def _freeze(self) -> None:
        self._decide("freeze", {KEPT: FROZEN})

    def _thaw(self) -> None:
        self._decide("thaw", {FROZEN: KEPT})

    def _decide(self, verb: str, becomes: dict[str, str]) -> None:
        if not self.copies:
            return
        key = self.random.choice(sorted(self.copies))
        copy = self.copies[key]
        after = {becomes.get(state, state) for state in copy.states}
        copy.states |= after
        if self._try(f"{verb} {'@'.join(key)}", lambda: tell(self.vault, verb, *key)):
            copy.states = after

    def _wait(self) -> None:
        seconds = self.random.choice((1, GRACE_S // 2, GRACE_S + 1, GRACE_S + 1, -30))
        self.tell_step(f"{seconds} seconds pass")
        self.clock.advance(seconds)

    def _rebuild(self) -> None:
        def rebuild() -> None:
            drop_tables(self.vault.database)
            make_tables(self.vault.database)
            adopt_packs(self.vault)

        self._try("rebuild", rebuild)
        make_tables(self.vault.database)
        adopt_packs(self.vault)  # what could not be read at that time, as every opening does

    def _kill(self) -> None:
        self.tell_step("the machine stops")
        self._reopen(self.disk.after_crash() if self.random.random() < 0.7 else self.disk.after_kill())

    def _flip(self) -> None:
        packs = list(self.vault.storage.iterate("packs/"))
        if not packs:
            return
        weights = [pack.size for pack in packs] if self.random.random() < 0.5 else [1] * len(packs)
        pack = self.random.choices(packs, weights)[0]
        bit = self.random.randrange(pack.size * 8)
        self.tell_step(f"bit {bit} of {pack.key} flips")
        self.disk.flip_bit(ROOT / pack.key, bit)
        self.vault.storage.forget(pack.key)
        self.flipped = True

    # -- trouble ---------------------------------------------------------------------------------------------------

    def _try(self, what: str, work: Callable[[], object]) -> bool:
        """Do it with trouble planned, or none; whether it was done. After a crash the vault is open again."""
        verb = what.partition(" ")[0]
        self.tell_step(f"{what} ({self._plan_trouble(self.usual.get(verb, 40))})")
        began = self.disk.operations
        try:
            work()
            self.usual[verb] = max(1, self.disk.operations - began)
        except HoldfastError as error:
            self.tell_step(f"  {type(error).__name__}: {error}")
            self._end_trouble()
            self._check_expected(what, error)
            return False
        except Crashed as error:
            self.tell_step(f"  crashed {error}")
            kill = self.random.random() < 0.3
            self._reopen(self.disk.after_kill() if kill else self.disk.after_crash())
            return False
        self._end_trouble()
        return True

    def _plan_trouble(self, operations: int) -> str:
        """Somewhere in the operations that such a step usually takes."""
        self.quiet = False
        match self.random.randrange(9):
            case 0 | 1:
                at = self.random.randint(1, operations)
                self.disk.plan(crash_at=at)
                return f"a crash at {at}"
            case 2 | 3 | 4:
                fault = self.random.choice(FAULTS)
                at = self.random.randint(1, operations)
                self.disk.plan(faults={at: fault})
                self.lossy |= fault in ("lost write", "failed")
                return f"{fault} at {at}"
            case 5:
                at = self.random.randint(1, 8)
                assert isinstance(self.vault.database, CrashingDatabase)
                crash = self.random.random() < 0.6
                self.vault.database.plan(crash_at=at if crash else 0, fail_at=0 if crash else at)
                return f"the catalogue {'crashes' if crash else 'fails'} at {at}"
            case _:
                self.quiet = True
                return "nothing in the way"

    def _end_trouble(self) -> None:
        self.disk.plan()
        assert isinstance(self.vault.database, CrashingDatabase)
        self.vault.database.plan()

    def _check_expected(self, what: str, error: HoldfastError) -> None:
        """Nothing fails for no reason."""
        if self.quiet and not self.flipped and not self.lossy:
            raise Wrong(f"{what} fails with nothing in the way: {error}") from error

    def _remember(self) -> None:
        path = self.folder / f"earlier-{len(self.earlier)}.sqlite"
        assert isinstance(self.vault.database, CrashingDatabase)
        self.vault.database.copy_to(path)
        self.earlier.append(path)

    def _reopen(self, disk: SimulatedDisk, fate: str = "") -> None:
        """Another process opens the vault; the catalogue is as it was, or an earlier one, or gone."""
        self.vault.database.close()
        self.disk = disk
        fate = fate or self.random.choices(("as it was", "earlier", "gone"), (11, 5, 4))[0]
        earlier = self.random.choice(self.earlier) if fate == "earlier" and self.earlier else None
        if fate == "gone" or earlier:
            self.tell_step(f"  the catalogue is {earlier.name if earlier else 'gone'}")
            replace_catalogue(self._catalogue, earlier)
        self.vault = self._open()
        self._check()

    @property
    def _catalogue(self) -> Path:
        return self.folder / "catalogue.sqlite"

    def _open(self) -> Vault:
        return open_on(self.disk, self._catalogue, self.clock)

    # -- what holds ------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Every copy is one of those it may be, and comes back."""
        if self._list_lost():
            found = verify(self.vault)  # which takes in what an interrupted keep has put
            if lost := self._list_lost():
                self._check_named(lost, found)

    def _list_lost(self) -> list[str]:
        return [path for key, copy in self.copies.items() for path in self._check_copy(key, copy)]

    def _check_copy(self, key: tuple[str, str], copy: Copy) -> list[str]:
        """What of a copy cannot be restored; Wrong when nothing explains that."""
        model = "@".join(key)
        row = self._find(key)
        if row is None or row.state not in copy.states:
            state = row.state if row else "unknown"
            if DROPPED in copy.states:
                return []
            if not self.flipped:
                raise Wrong(f"{model} is {state} and should be {copy.states}")
            return [model]
        if DROPPED in copy.states:
            return []
        try:
            manifest = read_revision(self.vault, row.manifest)
        except HoldfastError as error:
            return self._explain(model, error)
        return self._check_files(model, copy, manifest)

    def _find(self, key: tuple[str, str]) -> RevisionRow | None:
        rows = [row for row in iterate_revisions(self.vault.database, *key) if row.kept_at is not None]
        return rows[0] if rows else None

    def _check_files(self, model: str, copy: Copy, manifest: RevisionManifest) -> list[str]:
        contents = {entry.path: entry.sha256 for entry in manifest.files}
        if contents not in copy.allowed:
            if not self.flipped or contents not in self.ever.get(model, ()):
                raise Wrong(f"{model} has other files than were kept")
            return [model]  # the decision that replaced these cannot be read any more
        lost: list[str] = []
        with tempfile.TemporaryDirectory(dir=self.folder) as target:
            for entry in manifest.files:
                lost += self._check_file(model, manifest, entry, Path(target))
        return lost

    def _check_file(self, model: str, manifest: RevisionManifest, entry: FileEntry, target: Path) -> list[str]:
        try:
            restore_revision(self.vault, replace(manifest, files=(entry,)), target, say_nothing)
        except HoldfastError as error:
            return self._explain(f"{model}:{entry.path}", error)
        if hash_folder(target).get(entry.path) != entry.sha256:
            raise Wrong(f"{model}:{entry.path} came back as something else")
        return []

    def _explain(self, what: str, error: HoldfastError) -> list[str]:
        if not self.flipped:
            raise Wrong(f"{what} is lost: {error}") from error
        return [what]

    def _check_named(self, lost: list[str], found: Verified) -> None:
        """What cannot be restored is what verify says."""
        hurts = {hurt for damage in found.damage for hurt in damage.hurts}
        models = {hurt.partition(":")[0] for hurt in hurts}
        if not found.damage:
            raise Wrong(f"verify finds nothing, and {lost} cannot be restored")
        for what in lost:
            # Of a decision that cannot be read any more nobody can tell whose it was.
            told = what in hurts or what in models or what.partition(":")[0] in hurts
            if not told and ":" in what:
                raise Wrong(f"verify does not name {what}, which cannot be restored; it names {sorted(hurts)}")

    def _check_verify(self) -> None:
        """A vault that nothing happened to is whole."""
        found = verify(self.vault)
        if found.damage and not (self.flipped or self.lossy):
            raise Wrong(f"verify finds {found.damage}")

    # -- what is kept ----------------------------------------------------------------------------------------------

    def _choose_source(self) -> Path:
        if self.sources and self.random.random() < 0.4:
            return self.random.choice(self.sources)
        folder = self.folder / f"source-{len(self.sources)}"
        write_random_model(folder, self.random)
        self.sources.append(folder)
        return folder


def live(seed: int, folder: Path, tell_step: Callable[[str], None] = say_nothing) -> None:
    """Live the history of a seed in an empty folder. Raises whatever does not hold."""
    with one_thread():
        History(seed, folder, tell_step).run()


def live_in_memory(seed: int, tell_step: Callable[[str], None] = say_nothing) -> None:
    """The same, in a folder that is taken away afterwards."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="holdfast-history-", dir=memory))
    try:
        live(seed, folder, tell_step)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    live_in_memory(int(sys.argv[1]), print)
