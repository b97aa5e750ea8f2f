"""`holdfast keep`: a verified copy of a model on disk, with what should be known about it in twenty years."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from holdfast.formats.dangers import find_warnings
from holdfast.formats.layout import layout_as_bytes, read_layout
from holdfast.inventory.artefacts.folder import FolderFacts, read_folder_facts
from holdfast.levers.assessment import assess
from holdfast.levers.party import compose_party
from holdfast.levers.world import make_world
from holdfast.records.errors import InputError, MalformedFile, UsageError
from holdfast.records.finding import Finding
from holdfast.records.lever import PartyFacts, Truth
from holdfast.records.signature import ModelSignature, SigningMethod
from holdfast.records.use import LineageClaim
from holdfast.records.vault import CopyState, FileLayout, Origin, RevisionManifest
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import FROZEN, iterate_revisions
from holdfast.vault.keeping.revisions import Keeping, Kept, SourceEntry, keep_revision
from holdfast.vault.opening import Vault
from holdfast.vault.signature_file import SIGNATURE_SUFFIX, read_signature
from holdfast.workflows.explaining import cite
from holdfast.workflows.kept_names import find_kept_name
from holdfast.workflows.knowledge import Knowledge, read_knowledge
from holdfast.workflows.models import QUESTIONS, view_model
from holdfast.workflows.signatures import note_signature
from holdfast.workflows.sources import Source
from holdfast.workflows.vaults import Event, VaultAsked, find_revision, log_event, open_vault, tell_who

Report = Callable[[str, int, int], None]
"""Told the phase, the bytes that are done in it, and those that will be."""


@dataclass(frozen=True, slots=True)
class KeepAsked:
    """What is to be kept, and how. `name`, `revision`, `base` and `party` are empty when they are to be found."""

    vault: VaultAsked
    sources: tuple[Source, ...]
    name: str = ""
    revision: str = ""
    base: str = ""
    as_bytes: bool = False
    why: str = ""
    party: str | PartyFacts = "us-business"
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """One copy as it is told to the user; sizes in bytes. `stored_bytes` is what the vault grew by."""

    model: str
    revision: str
    state: CopyState
    files: int
    size: int
    new_bytes: int
    stored_bytes: int
    new: bool
    manifest: str
    source: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[str, ...]
    horizon: str


def run_keep(asked: KeepAsked, report: Report) -> list[KeptCopy]:
    """Keep every source, one after the other. Raises at the first that cannot be kept; those before it are kept."""
    if asked.name and len(asked.sources) > 1:
        raise UsageError("--as names one model, and there are several", next_step="Keep them one by one.")
    today = asked.vault.clock().date()
    knowledge = read_knowledge(asked.data, today)
    with open_vault(asked.vault, make=True) as vault:
        return [_keep_one(vault, asked, source, knowledge, report) for source in asked.sources]


def _keep_one(vault: Vault, asked: KeepAsked, source: Source, knowledge: Knowledge, report: Report) -> KeptCopy:
    name = asked.name or source.name
    facts = read_folder_facts(source.folder, "", name) if source.folder is not None else FolderFacts()
    findings = list_findings(name, facts.claims, knowledge, asked.party)
    revision = RevisionManifest(
        name=name,
        revision=asked.revision or source.revision,
        origin=Origin(
            source=source.location,
            retrieved_at=vault.timestamp,
            commit=source.commit,
            upstream=tuple((one.path, stated) for one in source.entries if (stated := _get_stated(one))),
        ),
        files=(),
        licence=facts.licence,
        bases=tuple(dict.fromkeys(claim.base for claim in facts.claims)),
        findings=tell_findings(findings),
        horizon=knowledge.book.vocabulary.evidence_horizon.isoformat(),
    )
    base = find_revision(vault, asked.base).id if asked.base else None
    warnings: list[str] = []
    keeping = Keeping(
        revision,
        source.entries,
        make_reader(warnings, as_bytes=asked.as_bytes),
        tell_who(asked.vault.environ),
        asked.why,
        base,
    )
    kept = keep_revision(vault, keeping, _tell_progress(source, report))
    signed = [note_signature(claimed) for claimed in _find_signatures(source)]
    notes = [*source.notes, *signed, *_remember(vault, asked, kept)]
    return tell_kept(vault, kept, source.location, warnings, notes)


def _find_signatures(source: Source) -> Iterator[ModelSignature]:
    """What the signatures among the files claim; nothing is checked here."""
    for entry in source.entries:
        if entry.path.endswith(SIGNATURE_SUFFIX):
            try:
                yield replace(read_signature(entry.source, entry.source.parent), path=entry.path)
            except InputError:
                yield ModelSignature(entry.path, SigningMethod.OTHER)


def _get_stated(entry: SourceEntry) -> str:
    """The digest that a file's source states, with its kind; empty when it states none."""
    if entry.sha256:
        return f"sha256:{entry.sha256}"
    return f"git-blob:{entry.git_blob}" if entry.git_blob else ""


def make_reader(warnings: list[str], *, as_bytes: bool) -> Callable[[Path], FileLayout]:
    """Cuts files as they are kept, collecting what a user should be told of them."""

    def read(path: Path) -> FileLayout:
        try:
            layout = layout_as_bytes(path) if as_bytes else read_layout(path)
        except MalformedFile as error:
            raise type(error)(error.what, where=error.where, next_step=f"{error.next_step} {_AS_BYTES}") from error
        found = tuple(dict.fromkeys((*layout.warnings, *find_warnings(path))))
        warnings.extend(text for one in found if (text := f"{path.name}: {one}") not in warnings)
        return FileLayout(layout.format, layout.size, layout.stretches, found)

    return read


_AS_BYTES: Final = "Keep it as it is with --as-bytes."


def _tell_progress(source: Source, report: Report) -> Callable[[str, int], None]:
    total = sum(entry.source.stat().st_size for entry in source.entries)
    done = {"reading": 0, "verifying": 0}

    def tell(phase: str, count: int) -> None:
        done[phase] += count
        report(f"{source.name}: {phase}", done[phase], total)

    return tell


def _remember(vault: Vault, asked: KeepAsked, kept: Kept) -> Iterator[str]:
    model = f"{kept.revision.name}@{kept.revision.revision}"
    outcome = "kept" if kept.decision is not None else "kept already, read back"
    fault = log_event(vault, Event(LogVerb.KEEP, model, asked.why, outcome, kept.manifest), asked.vault.environ)
    if fault:
        yield fault


def tell_kept(vault: Vault, kept: Kept, location: str, warnings: Sequence[str], notes: Sequence[str]) -> KeptCopy:
    """What was kept, and from where, as it is told to the user."""
    rows = iterate_revisions(vault.database, kept.revision.name, kept.revision.revision)
    frozen = any(row.manifest == kept.manifest and row.state == FROZEN for row in rows)
    return KeptCopy(
        model=kept.revision.name,
        revision=kept.revision.revision,
        state=CopyState.FROZEN if frozen else CopyState.KEPT,
        files=len(kept.revision.files),
        size=kept.size,
        new_bytes=kept.new_bytes,
        stored_bytes=kept.stored_bytes,
        new=kept.decision is not None,
        manifest=kept.manifest,
        source=location,
        warnings=tuple(warnings),
        notes=tuple(notes),
        findings=kept.revision.findings,
        horizon=kept.revision.horizon,
    )


def list_findings(
    name: str, claims: tuple[LineageClaim, ...], knowledge: Knowledge, party: str | PartyFacts
) -> list[Finding]:
    """The levers that bite on a model for a party on the day of `knowledge`; none for a name that is nobody's."""
    model = find_kept_name(name)
    if model is None:
        return []
    view = view_model(model, knowledge, claims)
    actor = compose_party(party, knowledge.book.parties, knowledge.book.vocabulary)
    world = make_world(knowledge.book, knowledge.orgs, knowledge.on)
    return [finding for finding in assess(world, actor, [view.subject], QUESTIONS[view.kind]) if finding.bites]


def tell_findings(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Findings as sentences with their sources and the horizon of their evidence; acts with one answer are one."""
    acts: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        grounds = [ground for ground in finding.grounds if ground.truth is not Truth.NO]
        says = "; ".join(dict.fromkeys(f"{ground.says} ({cite(ground.citation)})" for ground in grounds))
        answer = f"is {finding.reach.value}, the channel {finding.effect.value}"
        when = f"for {finding.party} on {finding.on}: {says} (evidence to {finding.horizon})"
        acts.setdefault((finding.lever, answer, when), []).append(f"{finding.act} by {finding.channel}")
    return tuple(
        f"{lever}: {', '.join(dict.fromkeys(asked))} {answer} {when}" for (lever, answer, when), asked in acts.items()
    )
