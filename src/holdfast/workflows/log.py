"""`holdfast log`: what was done to a vault, newest first; whether that record is whole; proofs and promises of it.

Reads only. It believes the keys in the vault, or those that were kept elsewhere with a checkpoint.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import BadSignature, MalformedFile, MissingPath, UnknownName, UnreadableFile
from holdfast.records.vault_log import Checkpoint, InclusionProof, LogVerb
from holdfast.vault.log.checkpoints import origin_of
from holdfast.vault.log.log import VaultLog
from holdfast.vault.log.notes import NoteError, VerifierKey, decode_verifier_key
from holdfast.vault.log.proofs import check_inclusion, encode_tlog_proof
from holdfast.vault.log.verifying import CHECKPOINT_KEY
from holdfast.vault.opening import Vault
from holdfast.workflows.folders import config_folder
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault, split_model
from holdfast.workflows.writing import write_text

ENTRY_SUFFIX: Final = ".entry.json"
_WORDS: Final = ("at", "verb", "subject", "by", "why", "outcome")
_KEY_LINE: Final = re.compile(r"holdfast/\S+?\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+")


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An entry of the log by its number; words of a later version's entry are shown as they stand in `why`."""

    index: int
    at: str
    verb: str
    subject: str
    by: str
    why: str
    outcome: str
    object: str | None


@dataclass(frozen=True, slots=True)
class LogList:
    """Entries, the newest first, of `size` in all."""

    vault: str
    size: int
    events: tuple[LoggedEvent, ...]


def run_log(asked: VaultAsked, model: str = "", verbs: Sequence[LogVerb] = ()) -> LogList:
    """The entries of the log, or those that speak of one model and of these verbs."""
    name, revision = split_model(model)
    with open_vault(asked, adopt=False) as vault:
        if not has_log(vault):
            return LogList(vault.location, 0, ())
        size = VaultLog(vault.storage, vault.id).checkpoint().size
        events = list(iterate_events(vault, verbs, name))
    chosen = [one for one in events if one.index < size and (not model or _speaks_of(one, name, revision))]
    return LogList(vault.location, size, tuple(reversed(chosen)))


def parse_verb(text: str) -> LogVerb:
    """Raises UnknownName."""
    try:
        return LogVerb(text)
    except ValueError:
        raise UnknownName(
            f"the log knows no {text[:40]!r}", where="--verb", next_step=f"Known are {', '.join(LogVerb)}."
        ) from None


def has_log(vault: Vault) -> bool:
    """Whether the vault has a log; every verb that changes something begins one."""
    return any(True for _ in vault.storage.iterate("log/"))


def iterate_events(vault: Vault, verbs: Sequence[LogVerb] = (), about: str = "") -> Iterator[LoggedEvent]:
    """Every entry, or those of some verbs and those whose subject begins so; the oldest first. Not checked:
    `run_log_verify` does that."""
    # Most entries are downloads. They are passed over by their bytes, which are canonical JSON.
    wanted = [f'"verb":{encode_canonical(verb)}'.encode() for verb in verbs]
    begins = f'"subject":{encode_canonical(about)[:-1]}'.encode() if about else b""
    for index, entry in enumerate(VaultLog(vault.storage, vault.id).iterate()):
        if begins in entry and (not wanted or any(one in entry for one in wanted)):
            yield decode_entry(index, entry)


def decode_entry(index: int, entry: bytes) -> LoggedEvent:
    """Lenient, unlike the log's own reader: it shows also what a later version wrote."""
    try:
        found = cast("dict[str, Any]", json.loads(entry))
        at, verb, subject, by, why, outcome = (str(found.get(name) or "") for name in _WORDS)
    except (ValueError, AttributeError):
        return LoggedEvent(index, "", "unknown", "", "", entry.decode("utf-8", "replace"), "", None)
    named = str(found["object"]) if found.get("object") else None
    return LoggedEvent(index, at, verb, subject, by, why, outcome, named)


def _speaks_of(event: LoggedEvent, name: str, revision: str) -> bool:
    about, _, at = event.subject.partition("@")
    return about == name and at.startswith(revision)


@dataclass(frozen=True, slots=True)
class LogVerified:
    """A log found whole. It begins with the `kept_size` entries of a checkpoint from outside of the vault: a file, or
    what this user signed last (`kept_in`); None when there was none."""

    size: int
    checkpoint: str
    keys: tuple[str, ...]
    kept_size: int | None = None
    kept_in: str = ""
    beyond: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def run_log_verify(asked: VaultAsked, kept: Path | None = None) -> LogVerified:
    """Recompute the log from its entries; with a checkpoint kept elsewhere, also that nothing before it was changed.

    Raises DamagedVault naming the place, BadSignature when somebody unknown signed.
    """
    text = _read_kept(kept) if kept else ""
    with open_vault(asked, adopt=False) as vault:
        _check_begun(vault, text)
        memory = config_folder(asked.environ) / "log-keys" / f"{vault.id}.seen"
        note = cut_note(text) or (_read_kept(memory) if memory.is_file() else "")
        known = VaultLog(vault.storage, vault.id).keys()
        trusted = find_keys(text) or known
        log = VaultLog(vault.storage, vault.id, trusted=tuple(dict.fromkeys((*trusted, *known))))
        report = log.verify()
        _check_signer(report.checkpoint, trusted)
        grown = log.check_consistency(note) if note else None
    strange = [key.encode() for key in known if key not in trusted]
    return LogVerified(
        size=report.checkpoint.size,
        checkpoint=report.checkpoint.text,
        keys=tuple(key.encode() for key in trusted),
        kept_size=grown.old_size if grown else None,
        kept_in=str(kept or memory) if grown else "",
        beyond=report.beyond,
        notes=tuple(f"this key may sign, and was not kept with the checkpoint: {key}" for key in strange),
    )


def _check_begun(vault: Vault, kept: str) -> None:
    if has_log(vault):
        return
    if kept:
        raise BadSignature(
            "the vault has no log, and a checkpoint of one was kept",
            where=vault.location,
            next_step="Its log was taken away: look for another copy of the vault.",
        )
    raise MissingPath("the vault has no log yet", where=vault.location, next_step="It begins with the first keep.")


def _check_signer(checkpoint: Checkpoint, trusted: Sequence[VerifierKey]) -> None:
    if set(checkpoint.signed_by) & {key.encode() for key in trusted}:
        return
    raise BadSignature(
        f"the log is signed by {', '.join(checkpoint.signed_by)}, which was not kept with the checkpoint",
        where=CHECKPOINT_KEY,
        next_step="If a colleague's machine was added, get its key line from that colleague and add it to the file.",
    )


def _read_kept(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingPath("there is no such file", where=str(path), next_step="Check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"it cannot be read: {error}", where=str(path)) from None


def find_keys(text: str) -> tuple[VerifierKey, ...]:
    """The key lines in a file that `holdfast log checkpoint` wrote."""
    lines = [line for line in text.splitlines() if _KEY_LINE.fullmatch(line)]
    try:
        return tuple(map(decode_verifier_key, lines))
    except NoteError as error:
        raise MalformedFile(f"a key line of the checkpoint that was kept does not hold: {error}") from None


def cut_note(text: str) -> str:
    """The signed note in such a file: what stands before the key lines."""
    lines = text.splitlines()
    keys = [number for number, line in enumerate(lines) if _KEY_LINE.fullmatch(line)]
    note = lines[: keys[0]] if keys else lines
    while note and not note[-1].strip():
        note.pop()
    return "".join(f"{line}\n" for line in note)


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """What to keep elsewhere: the signed note, and the lines of the keys that may sign."""

    size: int
    note: str
    keys: tuple[str, ...]

    @property
    def text(self) -> str:
        """Both, as one file that `holdfast log verify --checkpoint` reads."""
        return self.note + "\n" + "".join(f"{key}\n" for key in self.keys)


def run_log_checkpoint(asked: VaultAsked) -> KeptCheckpoint:
    """The checkpoint of this moment."""
    with open_vault(asked, adopt=False) as vault:
        _check_begun(vault, "")
        log = VaultLog(vault.storage, vault.id)
        checkpoint = log.checkpoint()
        keys = log.keys()
        return KeptCheckpoint(checkpoint.size, checkpoint.text, tuple(key.encode() for key in keys))


@dataclass(frozen=True, slots=True)
class ProvenKeep:
    """That a copy's keep event is in the log: the proof, also as C2SP tlog-proof text, and the keys that it needs."""

    model: str
    revision: str
    manifest: str
    proof: InclusionProof
    tlog_proof: str
    keys: tuple[str, ...]


def run_log_prove(asked: VaultAsked, model: str) -> ProvenKeep:
    """Prove that a copy was kept, checked with the log's keys before it is handed out."""
    with open_vault(asked) as vault:
        row = find_revision(vault, model, dropped=True)
        _check_begun(vault, "")
        said = (LogVerb.KEEP.value, row.model, row.manifest)
        kept = iterate_events(vault, (LogVerb.KEEP,), row.model)
        index = next((one.index for one in kept if (one.verb, one.subject, one.object) == said), None)
        if index is None:
            raise UnknownName(
                f"the log does not say that {row.model} was kept",
                where=vault.location,
                next_step="Keep it again: that is logged, and takes no more room.",
            )
        log = VaultLog(vault.storage, vault.id)
        proof, keys = log.prove(index), log.keys()
        check_inclusion(proof, origin_of(vault.id), keys)
    lines = tuple(key.encode() for key in keys)
    return ProvenKeep(row.name, row.revision, row.manifest, proof, encode_tlog_proof(proof), lines)


def write_proof(proven: ProvenKeep, path: Path) -> tuple[Path, Path]:
    """The tlog-proof at `path`, and beside it the entry that it speaks of; where both are."""
    entry = path.with_name(f"{path.name}{ENTRY_SUFFIX}")
    write_text(path, proven.tlog_proof, what="the proof")
    write_text(entry, proven.proof.entry, what="the entry")
    return path, entry
