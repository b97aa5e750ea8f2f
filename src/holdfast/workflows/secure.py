"""`holdfast secure`: check an application, then keep every open-weight model in it that can be had, and try it.

What lies on this machine is taken first, then the hub is asked. What cannot be had is said with the reason, and ends
nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from holdfast.records.errors import FrozenCopy, HoldfastError, MalformedFile, UnreadableFile
from holdfast.records.model import Kind, ModelName, Pin, Revision
from holdfast.records.report import CheckReport
from holdfast.records.use import Confidence, Inventory, Use
from holdfast.records.vault import CopyState
from holdfast.upstream.line import Line
from holdfast.upstream.wire import Unreachable
from holdfast.vault.checking import read_revision
from holdfast.vault.copy_sizes import measure_copy
from holdfast.vault.refs import point
from holdfast.workflows.checking import CheckAsked, run_check
from holdfast.workflows.copies import tell_copies
from holdfast.workflows.deciding import say_frozen
from holdfast.workflows.grouping import group_uses
from holdfast.workflows.keep import KeepAsked, run_keep
from holdfast.workflows.list import get_state
from holdfast.workflows.pull import PullAsked, pull_over
from holdfast.workflows.pulling import HubAsked, Standpoint, check_allowed, find_standpoint
from holdfast.workflows.pulling_choice import Choice, find_quant, list_missing
from holdfast.workflows.pulling_local import LocalCopy, Places, find_by_folder, find_local, find_places
from holdfast.workflows.readiness import read_smokes, say_ready
from holdfast.workflows.scanning import run_scan
from holdfast.workflows.smoke import SmokeAsked, run_smoke
from holdfast.workflows.vaults import VaultAsked, check_path, find_revision, open_vault, tell_who

HELD: Final = "held"
KEPT: Final = "kept now"
FROZEN: Final = "frozen"
NOT_HELD: Final = "not held"
WHY: Final = "holdfast secure"
_INVENTORY_BYTES_MAX: Final = 256 << 20
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class SecureAsked:
    """Which application. `offline` asks no hub, `bytes_max` leaves out larger models (0: none), `smoke` tries them."""

    path: Path
    vault: VaultAsked
    hub: HubAsked = field(default_factory=HubAsked)
    offline: bool = False
    quants: tuple[str, ...] = ()
    bytes_max: int = 0
    smoke: bool = True


@dataclass(frozen=True, slots=True)
class SecuredModel:
    """A model that the application uses, at a revision. `outcome` is held, kept now, frozen or not held.

    `copy` is `name@revision` of what is held, `place` where it was taken from, `why` the reason that it is not held;
    `ready` is what a smoke test found.
    """

    model: str
    revision: str
    outcome: str
    copy: str = ""
    place: str = ""
    size: int = 0
    why: str = ""
    ready: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecureAnswer:
    """What was found in the application, and what is held of it now."""

    check: CheckReport
    models: tuple[SecuredModel, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """An application that was checked, and from what standpoint."""

    at: Standpoint
    report: CheckReport
    environ: Mapping[str, str]


def run_secure_check(asked: SecureAsked, progress: Callable[[int, int], None]) -> Checked:
    """Check first. Raises what `run_check` raises, and what is wrong with settings."""
    at = find_standpoint(asked.vault, asked.hub)
    environ = {**asked.vault.environ, **({"HOLDFAST_VAULT": asked.vault.location} if asked.vault.location else {})}
    flags = {name: value for name, value in asked.hub.flags.items() if name in ("party", "data")}
    return Checked(at, run_check(CheckAsked(asked.path, flags, environ, _today(asked)), progress), environ)


def run_secure(asked: SecureAsked, checked: Checked, report: Report) -> SecureAnswer:
    """Keep and try what was found. Raises what is wrong with the vault itself."""
    found = checked.report
    places = find_places(asked.path, found.artefacts, asked.vault.environ)
    uses = [use for row in found.rows if row.kind is Kind.WEIGHTS for use in row.uses]
    models = secure_models(asked, checked.at, list_wanted(uses), places, report)
    return SecureAnswer(replace(found, rows=tell_copies(found.rows, checked.environ)), tuple(models))


def run_keep_all(asked: SecureAsked, progress: Callable[[int, int], None], report: Report) -> list[SecuredModel]:
    """Keep what an application uses, or a saved inventory of one says that it does, without judging it first."""
    at = find_standpoint(asked.vault, asked.hub)
    if asked.path.is_file() and asked.path.suffix == ".json":
        inventory = read_inventory(asked.path)
        root = Path(inventory.root)
    else:
        check_path(asked.path)
        inventory, root = run_scan(asked.path, at.settings, progress), asked.path
    places = find_places(root, inventory.artefacts, asked.vault.environ)
    return secure_models(asked, at, list_wanted(inventory.uses), places, report)


def read_inventory(path: Path) -> Inventory:
    """What `holdfast scan --json` wrote. Raises UnreadableFile or MalformedFile."""
    try:
        if path.stat().st_size > _INVENTORY_BYTES_MAX:
            raise MalformedFile("it is too large for an inventory", where=str(path), next_step=_SAVE)
        return TypeAdapter(Inventory).validate_json(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror}", where=str(path), next_step=_SAVE) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise MalformedFile(f"this is no inventory: {key}: {first['msg']}", where=str(path), next_step=_SAVE) from None


_SAVE: Final = "Save one with: holdfast scan PATH --json > inventory.json"


def _today(asked: SecureAsked) -> date:
    return asked.vault.clock().date()


@dataclass(frozen=True, slots=True)
class WantedModel:
    """A model of weights at a revision; no name for a use that was not resolved. `quants` are those that uses name."""

    model: ModelName | None
    revision: Revision
    text: str
    quants: tuple[str, ...] = ()


def list_wanted(uses: Sequence[Use]) -> list[WantedModel]:
    """Each model once at each revision that is pinned, and once where the revision may move."""
    wanted: list[WantedModel] = []
    for key, group in group_uses(uses):
        if group[0].kind is not Kind.WEIGHTS:
            continue
        if group[0].model is None or group[0].confidence is Confidence.UNRESOLVED:
            wanted.append(WantedModel(None, Revision(), key))
            continue
        quants = tuple(sorted({quant for use in group if (quant := find_quant(use.text))}))
        revisions = dict.fromkeys(_settle(use.revision) for use in group)
        wanted += [WantedModel(group[0].model, revision, key, quants) for revision in revisions]
    return wanted


def _settle(revision: Revision) -> Revision:
    """What is not pinned, and what says `main`, are one."""
    if revision.pin is Pin.EXACT:
        return revision
    return Revision(revision.value if revision.value not in (None, "", "main", "latest") else None, Pin.MOVING)


def secure_models(
    asked: SecureAsked, at: Standpoint, wanted: Sequence[WantedModel], places: Places, report: Report
) -> list[SecuredModel]:
    """One answer each; a fault with one model is its reason, and the next one's turn."""
    with ExitStack() as stack:
        line = None if asked.offline else stack.enter_context(Line(at.line))
        securing = _Securing(asked, at, places, line, report)
        models = [securing.secure(one) for one in wanted]
    return [_try(asked, one, report) for one in models] if asked.smoke else models


class _Securing:
    def __init__(self, asked: SecureAsked, at: Standpoint, places: Places, line: Line | None, report: Report) -> None:
        self._asked = asked
        self._at = at
        self._places = places
        self._line = line
        self._report = report
        self._away = "--offline: no hub was asked" if line is None else ""

    def secure(self, wanted: WantedModel) -> SecuredModel:
        revision = wanted.revision.value or ""
        blank = SecuredModel(str(wanted.model or wanted.text), revision, NOT_HELD)
        if wanted.model is None:
            return replace(blank, why="its name is not in what was read")
        name = get_vault_name(wanted.model)
        try:
            if (held := self._find_held(name, wanted.revision, blank)) is not None:
                return held
            check_allowed(name, self._at, _today(self._asked))
            return self._keep(wanted, wanted.model, name, blank)
        except HoldfastError as error:
            return replace(blank, outcome=FROZEN if isinstance(error, FrozenCopy) else NOT_HELD, why=error.what)

    def _find_held(self, name: str, revision: Revision, blank: SecuredModel) -> SecuredModel | None:
        """What the vault has of it whole; None also when there is no vault yet."""
        with ExitStack() as stack:
            try:
                vault = stack.enter_context(open_vault(self._asked.vault))
                row = find_revision(vault, f"{name}@{revision.value}" if revision.value else name)
            except HoldfastError:
                return None
            if revision.pin is Pin.EXACT and row.revision != revision.value:
                return None
            size = measure_copy(vault.database, row.id)
            state = get_state(row, frozenset([row.id] if size.is_hurt else []))
            if state is CopyState.FROZEN:
                return replace(blank, outcome=FROZEN, copy=row.model, why=say_frozen(vault, row))
            if state is not CopyState.KEPT:
                return None
            left = list_missing(read_revision(vault, row.manifest))
            notes = (f"{len(left)} files of the revision are not held",) if left else ()
            return replace(blank, outcome=HELD, copy=row.model, place="the vault", size=size.size, notes=notes)

    def _keep(self, wanted: WantedModel, model: ModelName, name: str, blank: SecuredModel) -> SecuredModel:
        local = find_local(model, wanted.revision, self._places)
        if local is not None:
            return self._keep_local(local, wanted, name, blank)
        why = self._find_hindrance(model)
        if not why:
            try:
                return self._pull(wanted, name, blank)
            except HoldfastError as error:
                why = error.what
                if isinstance(error, Unreachable):
                    self._away = f"the hub {error.what}"
                    why = self._away
        guess = find_by_folder(model, wanted.revision, self._places)
        if guess is not None:
            return self._keep_local(guess, wanted, name, blank)
        return replace(blank, why=why)

    def _find_hindrance(self, model: ModelName) -> str:
        """Why no hub is asked for it; empty when one is."""
        if model.scheme == "pkg:ollama":
            return "it is in no Ollama store here, and is pulled from no registry"
        if model.scheme != "pkg:huggingface":
            return "it is no name on a hub"
        return self._away

    def _keep_local(self, local: LocalCopy, wanted: WantedModel, name: str, blank: SecuredModel) -> SecuredModel:
        asked = self._asked
        source = replace(local.source, name=name)
        data = Path(self._at.settings.data) if self._at.settings.data else None
        keeping = KeepAsked(asked.vault, (source,), name, why=WHY, party=self._at.settings.party, data=data)
        (copy,) = run_keep(keeping, self._report)
        if source.commit and wanted.revision.pin is not Pin.EXACT:
            with open_vault(asked.vault) as vault, suppress(HoldfastError):
                row = find_revision(vault, f"{name}@{copy.revision}")
                ref = f"refs/heads/{wanted.revision.value or 'main'}"
                point(vault, name, ref, row.manifest, tell_who(asked.vault.environ), WHY)
        guess = ("its folder's name alone says that it is this model",) if local.is_guess else ()
        return replace(
            blank,
            outcome=KEPT,
            copy=f"{copy.model}@{copy.revision}",
            place=local.place,
            size=copy.size,
            notes=(*guess, *copy.notes, *copy.warnings),
        )

    def _pull(self, wanted: WantedModel, name: str, blank: SecuredModel) -> SecuredModel:
        assert self._line is not None, "offline nothing is pulled"
        asked = self._asked
        model = f"{name}@{wanted.revision.value}" if wanted.revision.value else name
        choice = Choice(quants=asked.quants or wanted.quants, one_quant=True, bytes_max=asked.bytes_max)
        pulled = pull_over(
            self._line, self._at, PullAsked(asked.vault, model, asked.hub, choice, why=WHY), self._report
        )
        copy = pulled.copy
        missing = (f"{len(pulled.missing)} files of the revision left out",) if pulled.missing else ()
        return replace(
            blank,
            outcome=KEPT,
            copy=f"{copy.model}@{copy.revision}",
            place=copy.source,
            size=copy.size,
            notes=(*missing, *copy.notes, *copy.warnings),
        )


def get_vault_name(model: ModelName) -> str:
    """What the vault calls a model: a name on a hub as it stands, an Ollama tag after `ollama/`."""
    if model.scheme != "pkg:ollama":
        return model.path
    return f"ollama/{model.path if ':' in model.path.rpartition('/')[2] else f'{model.path}:latest'}"


def _try(asked: SecureAsked, model: SecuredModel, report: Report) -> SecuredModel:
    """What a smoke test found, now or before; a copy that nothing here can run is not tested, and stays kept."""
    if model.outcome not in (HELD, KEPT):
        return model
    with open_vault(asked.vault) as vault:
        row = find_revision(vault, model.copy)
        known = read_smokes(vault, row.model).get(row.manifest)
    if known is not None:
        return replace(model, ready=say_ready(CopyState.KEPT, known))
    try:
        found = run_smoke(SmokeAsked(asked.vault, model.copy), report)
    except HoldfastError as error:
        return replace(model, ready=f"not tested: {error.what}")
    return replace(model, ready=say_ready(CopyState.KEPT, found.smoked), notes=(*model.notes, *found.notes))
