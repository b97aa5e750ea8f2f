"""`holdfast pull`: a revision of a model from a hub into the vault, each file verified against what the hub states.

What was taken in is known from then on: whatever ends a pull, the next one goes on from the last range that arrived.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from holdfast.records.errors import (
    DamagedVault,
    ForbiddenByLever,
    FrozenCopy,
    HoldfastError,
    StorageError,
    UsageError,
)
from holdfast.records.hub import HubFile, HubRevision
from holdfast.records.use import LineageClaim
from holdfast.records.vault import ObjectId, Origin, RevisionManifest
from holdfast.records.vault_log import LogVerb
from holdfast.upstream.address import check_name
from holdfast.upstream.line import Line
from holdfast.vault.catalogue.revisions import FROZEN, KEPT, RevisionRow, iterate_revisions
from holdfast.vault.checking import read_revision
from holdfast.vault.intake import Composed, keep_known
from holdfast.vault.keeping.revisions import Kept
from holdfast.vault.opening import Vault
from holdfast.vault.refs import Ref, point, read_refs
from holdfast.vault.statistics import measure_packs
from holdfast.workflows.deciding import say_frozen
from holdfast.workflows.keep import KeptCopy, list_findings, tell_findings, tell_kept
from holdfast.workflows.pulling import HubAsked, Standpoint, check_allowed, find_standpoint, split_hub_model
from holdfast.workflows.pulling_choice import Choice, choose_files
from holdfast.workflows.pulling_facts import note_kept_signatures, read_kept_facts
from holdfast.workflows.pulling_files import Fetched, Taking, take_files
from holdfast.workflows.pulling_followed import note_pulled
from holdfast.workflows.pulling_git import keep_git_objects
from holdfast.workflows.vaults import Event, VaultAsked, holding, log_event, open_vault, tell_who

Report = Callable[[str, int, int], None]
"""Told the phase, the bytes that are done in it, and those that will be."""


@dataclass(frozen=True, slots=True)
class PullAsked:
    """What is to be pulled: `model` is `org/name[@rev]`, `name` how the vault shall call it, else as the hub does."""

    vault: VaultAsked
    model: str
    hub: HubAsked = field(default_factory=HubAsked)
    choice: Choice = field(default_factory=Choice)
    name: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class PulledCopy:
    """A copy that was pulled. `ref` names it from now on (empty: a commit was asked); sizes in bytes.

    `missing` are the files that the revision has upstream and the copy has not.
    """

    copy: KeptCopy
    upstream: str
    ref: str
    fetched_files: int
    fetched_bytes: int
    known_files: int
    missing: tuple[str, ...]


def run_pull(asked: PullAsked, report: Report) -> PulledCopy:
    """Pull one revision. Raises NetworkError or a kind of it, ForbiddenByLever, FrozenCopy, or what keeping raises."""
    at = find_standpoint(asked.vault, asked.hub)
    with Line(at.line) as line:
        return pull_over(line, at, asked, report)


def pull_over(line: Line, at: Standpoint, asked: PullAsked, report: Report) -> PulledCopy:
    """Pull one revision over a line that is open."""
    hub_name, wanted = split_hub_model(asked.model)
    name = check_name(asked.name) if asked.name else hub_name
    _check_allowed(at, asked, name, ())
    revision = line.ask(line.client.fetch_revision(hub_name, wanted))
    _check_allowed(at, asked, name, revision.terms.bases)
    chosen = choose_files(revision, asked.choice)
    with open_vault(asked.vault, make=True) as vault, holding(vault, f"pull-{name.replace('/', '--')}"):
        _check_free(vault, name)
        return _pull(_Pull(vault, line, at, asked, name, revision), chosen, report)


def _check_allowed(at: Standpoint, asked: PullAsked, name: str, bases: Sequence[str]) -> None:
    """Raises ForbiddenByLever; the log of a vault that is there remembers that it was asked."""
    claims = [LineageClaim(name, base, "unknown", "card") for base in bases]
    try:
        check_allowed(name, at, asked.vault.clock().date(), claims)
    except ForbiddenByLever as error:
        with suppress(HoldfastError), open_vault(asked.vault) as vault:
            log_event(vault, Event(LogVerb.REFUSE, name, asked.why, error.what), asked.vault.environ)
        raise


def _check_free(vault: Vault, name: str) -> None:
    """A model that somebody froze is not pulled anew, at any revision. Raises FrozenCopy."""
    frozen = next((row for row in iterate_revisions(vault.database, name) if row.state == FROZEN), None)
    if frozen is not None:
        raise FrozenCopy(
            f"{say_frozen(vault, frozen)}; a frozen model is not pulled anew",
            where=vault.location,
            next_step=f"Whoever may decide it thaws it first: holdfast thaw {frozen.model} --by NAME --why TEXT",
        )


@dataclass(frozen=True, slots=True)
class _Pull:
    vault: Vault
    line: Line
    at: Standpoint
    asked: PullAsked
    name: str
    revision: HubRevision


def _pull(pull: _Pull, chosen: Sequence[HubFile], report: Report) -> PulledCopy:
    held, before_bytes = _find_held(pull), measure_packs(pull.vault.database)
    files = _add_held(pull, chosen, held)
    taking = Taking(pull.vault, pull.line, pull.revision, pull.name)
    fetched = take_files(taking, files, report)
    fetched.notes.extend(keep_git_objects(pull.vault, pull.line, pull.revision, files))
    fetched.notes.extend(note_kept_signatures(pull.vault, fetched.files))
    manifest = _describe(pull, fetched)
    composed = Composed(manifest, tuple(fetched.files.items()), tell_who(pull.asked.vault.environ), pull.asked.why)
    before = _list_refs(pull, held)
    kept = keep_known(pull.vault, composed, _tell_progress(pull.name, fetched, report))
    refs = _point(pull, kept.manifest, before, fetched)
    with holding(pull.vault, "follow"):
        note_pulled(pull.vault, pull.name, pull.revision)
    notes = (*fetched.notes, *_say_renamed(pull), *_remember(pull, kept, fetched))
    copy = tell_kept(pull.vault, kept, pull.revision.endpoint, fetched.warnings, notes)
    grown = measure_packs(pull.vault.database) - before_bytes
    copy = replace(copy, new_bytes=fetched.taken_bytes, stored_bytes=max(grown, 0))
    return PulledCopy(
        copy=copy,
        upstream=f"{pull.revision.name}@{pull.revision.commit}",
        ref=refs[0] if refs else "",
        fetched_files=fetched.fetched_files,
        fetched_bytes=fetched.fetched_bytes,
        known_files=len(fetched.files) - fetched.fetched_files,
        missing=tuple(file.path for file in pull.revision.files if file.path not in fetched.files),
    )


def _find_held(pull: _Pull) -> list[RevisionRow]:
    rows = iterate_revisions(pull.vault.database, pull.name, pull.revision.commit)
    return [row for row in rows if row.state == KEPT]


def _add_held(pull: _Pull, chosen: Sequence[HubFile], held: Sequence[RevisionRow]) -> list[HubFile]:
    """What is held of this very commit stays in: the new manifest takes the place of the old one."""
    paths = {file.path for file in chosen}
    for row in held:
        with suppress(DamagedVault, StorageError):
            manifest = read_revision(pull.vault, row.manifest)
            if manifest.origin.commit == pull.revision.commit:
                paths |= {file.path for file in manifest.files}
    return [file for file in pull.revision.files if file.path in paths]


def _describe(pull: _Pull, fetched: Fetched) -> RevisionManifest:
    revision, knowledge = pull.revision, pull.at.knowledge
    facts = read_kept_facts(pull.vault, fetched.files, pull.name)
    findings = list_findings(pull.name, facts.claims, knowledge, pull.at.settings.party)
    return RevisionManifest(
        name=pull.name,
        revision=revision.commit,
        origin=Origin(
            source=f"{revision.endpoint}/{revision.name}",
            retrieved_at=pull.vault.timestamp,
            commit=revision.commit,
            gate=": ".join(filter(None, (revision.terms.gate, revision.terms.gate_text))),
            upstream=tuple((file.path, file.stated) for file in revision.files),
        ),
        files=(),
        licence=facts.licence or revision.terms.licence,
        bases=tuple(dict.fromkeys(claim.base for claim in facts.claims)),
        findings=tell_findings(findings),
        horizon=knowledge.book.vocabulary.evidence_horizon.isoformat(),
    )


def _tell_progress(name: str, fetched: Fetched, report: Report) -> Callable[[str, int], None]:
    total = sum(file.size for file in fetched.files.values())
    done: dict[str, int] = {}

    def tell(phase: str, count: int) -> None:
        done[phase] = done.get(phase, 0) + count
        report(f"{name}: {phase}", done[phase], total)

    return tell


def _list_refs(pull: _Pull, held: Sequence[RevisionRow]) -> list[Ref]:
    """The refs that name a manifest which the new one will take the place of."""
    manifests = {row.manifest for row in held}
    return [ref for ref in read_refs(pull.vault.database, pull.name) if ref.manifest in manifests]


def _point(pull: _Pull, manifest: ObjectId, before: Sequence[Ref], fetched: Fetched) -> list[str]:
    """The refs that name the copy now, the one that was asked first; one that cannot be is noted."""
    asked = [pull.revision.ref] if pull.revision.ref.startswith(("refs/heads/", "refs/tags/")) else []
    refs = list(dict.fromkeys((*asked, *(ref.ref for ref in before))))
    by = tell_who(pull.asked.vault.environ)
    for ref in [*refs]:
        try:
            point(pull.vault, pull.name, ref, manifest, by, f"pulled from {pull.revision.endpoint}")
        except UsageError as error:
            refs.remove(ref)
            fetched.notes.append(f"{error.what}; ask for the commit")
    return refs


def _say_renamed(pull: _Pull) -> Iterator[str]:
    hub_name, _ = split_hub_model(pull.asked.model)
    if pull.revision.name != hub_name:
        yield f"the hub calls {hub_name} {pull.revision.name} now; the vault calls it {pull.name}"


def _remember(pull: _Pull, kept: Kept, fetched: Fetched) -> Iterator[str]:
    model = f"{kept.revision.name}@{kept.revision.revision}"
    outcome = f"pulled from {pull.revision.endpoint}, {fetched.fetched_bytes} bytes fetched"
    outcome += ", kept" if kept.decision is not None else ", kept already, read back"
    event = Event(LogVerb.KEEP, model, pull.asked.why, outcome, kept.manifest)
    if fault := log_event(pull.vault, event, pull.asked.vault.environ):
        yield fault
