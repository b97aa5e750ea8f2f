"""`holdfast log check PROOF`: whether a proof holds, by public keys alone. Opens no vault and reaches no network."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.records.errors import (
    BadSignature,
    HoldfastError,
    LimitExceeded,
    MalformedFile,
    MissingPath,
    UnreadableFile,
    UsageError,
)
from holdfast.vault.log.checkpoints import ORIGIN_PREFIX
from holdfast.vault.log.keys import read_log_key
from holdfast.vault.log.notes import VerifierKey
from holdfast.vault.log.proofs import check_inclusion, decode_tlog_proof
from holdfast.workflows.folders import config_folder
from holdfast.workflows.log import ENTRY_SUFFIX, LoggedEvent, decode_entry, find_keys

_BYTES_MAX: Final = 1 << 20
_ORIGIN: Final = re.compile(rf"{ORIGIN_PREFIX}([A-Za-z0-9][A-Za-z0-9-]{{0,63}})")  # it names a file


@dataclass(frozen=True, slots=True)
class CheckAsked:
    """A proof, the entry that it speaks of (None: beside it, as `holdfast log prove` leaves it), and a file with the
    public keys that are believed (None: this user's own key of that log)."""

    proof: Path
    entry: Path | None = None
    keys: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True, slots=True)
class ProofChecked:
    """A proof that holds: `event` is an entry of the log `log`, which then had `size`; who signed that, and where the
    believed keys came from."""

    log: str
    size: int
    event: LoggedEvent
    signed_by: tuple[str, ...]
    keys_from: str


def run_log_check(asked: CheckAsked) -> ProofChecked:
    """Check a proof. Raises BadSignature when it does not hold, MalformedFile when it is none."""
    text = _read(asked.proof, "Name the file that `holdfast log prove --to` wrote.")
    beside = asked.proof.with_name(f"{asked.proof.name}{ENTRY_SUFFIX}")
    entry = _read(asked.entry or beside, "Name the entry that is proven: --entry FILE.")
    try:
        proof = decode_tlog_proof(text, entry)
        origin = proof.checkpoint.partition("\n")[0]
        keys, source = _find_keys(asked, origin)
        checkpoint = check_inclusion(proof, origin, keys)
    except (MalformedFile, BadSignature) as error:
        raise _at(error, asked) from error
    return ProofChecked(
        origin, checkpoint.size, decode_entry(proof.index, entry.encode()), checkpoint.signed_by, source
    )


def _at(error: HoldfastError, asked: CheckAsked) -> HoldfastError:
    """The same error with its file, and what may be the reason."""
    step = "Believe it no more than an unsigned note: the proof, its entry or the key is another one, or was changed."
    if isinstance(error, MalformedFile):
        step = "Name the file that `holdfast log prove --to` wrote."
    return type(error)(error.what, where=error.where or str(asked.proof), next_step=error.next_step or step)


def _find_keys(asked: CheckAsked, origin: str) -> tuple[tuple[VerifierKey, ...], str]:
    """The believed keys of this log, and where they were found."""
    if asked.keys is not None:
        found = find_keys(_read(asked.keys, "Name a file with the lines that `holdfast log checkpoint` prints."))
        fitting = tuple(key for key in found if key.name == origin)
        if not fitting:
            raise BadSignature(
                f"there is no key of the log {origin[:80]!a} in it",
                where=str(asked.keys),
                next_step="Get the key lines from whoever keeps that vault: holdfast log checkpoint prints them.",
            )
        return fitting, str(asked.keys)
    named = _ORIGIN.fullmatch(origin)
    folder = config_folder(asked.environ) / "log-keys"
    try:
        if named is None:
            raise MissingPath("this names no log of a vault")
        return (read_log_key(folder, named[1]).key.verifier,), str(folder / f"{named[1]}.key")
    except MissingPath:
        raise UsageError(
            f"no key of the log {origin[:80]!a} is known to you, and the proof's own word for it is worth nothing",
            where=str(asked.proof),
            next_step="Name a file with the lines that `holdfast log checkpoint` prints there: --key FILE.",
        ) from None


def _read(path: Path, step: str) -> str:
    """A small text, its line ends as they are: every byte counts."""
    try:
        with path.open("rb") as file:
            data = file.read(_BYTES_MAX + 1)
        if len(data) > _BYTES_MAX:
            raise LimitExceeded(f"it has more than {_BYTES_MAX} bytes", where=str(path), next_step=step)
        return data.decode()
    except FileNotFoundError:
        raise MissingPath("there is no such file", where=str(path), next_step=step) from None
    except OSError as error:
        raise UnreadableFile(f"it cannot be read: {error.strerror}", where=str(path), next_step=step) from error
    except UnicodeDecodeError as error:
        raise MalformedFile("it is no UTF-8 text", where=str(path), next_step=step) from error
