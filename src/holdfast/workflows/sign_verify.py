"""`holdfast sign verify MODEL`: each signature of a copy, its publisher's or ours, checked or said not to be."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.errors import BadSignature, UsageError, VaultError
from holdfast.records.signature import CheckedSignature, SigningMethod
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import RevisionRow, read_files
from holdfast.vault.checking import read_revision
from holdfast.vault.opening import Vault, read_bytes
from holdfast.vault.restoring import read_file
from holdfast.vault.signing import verify_by_certificate, verify_by_identity, verify_by_key
from holdfast.workflows.restore import check_usable
from holdfast.workflows.sign import Report, check_library, restored
from holdfast.workflows.signatures import PUBLISHER, KnownSignature, list_signatures, say_check
from holdfast.workflows.vaults import Event, VaultAsked, find_revision, log_event, open_vault

HOLDS, FAILS, NOT_CHECKED = "holds", "does not hold", "not checked"


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whom the user trusts: public keys, certificates of authorities, or an identity with its issuer (keyless)."""

    keys: tuple[Path, ...] = ()
    roots: tuple[Path, ...] = ()
    identity: str = ""
    issuer: str = ""
    trust_config: Path | None = None


@dataclass(frozen=True, slots=True)
class VerifyAsked:
    """Which copy's signatures are checked against whom; `folder` holds the restored files, else they are restored."""

    vault: VaultAsked
    model: str
    trusted: Trusted
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class SignatureAnswer:
    """What was found of one signature. `unsigned` are files that it does not speak of."""

    origin: str
    path: str
    method: SigningMethod
    answer: str
    says: str
    unsigned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignVerified:
    """The answers for a copy."""

    model: str
    revision: str
    signatures: tuple[SignatureAnswer, ...]
    notes: tuple[str, ...]

    @property
    def all_hold(self) -> bool:
        """Whether no signature failed, and one at least was checked."""
        answers = {one.answer for one in self.signatures}
        return HOLDS in answers and FAILS not in answers


def run_sign_verify(asked: VerifyAsked, report: Report) -> SignVerified:
    """Check the signatures of a copy. Raises VaultError when it has none, UsageError when nothing could be checked."""
    check_library()
    with open_vault(asked.vault) as vault:
        row = find_revision(vault, asked.model)
        check_usable(vault, row)
        known = list_signatures(vault, row, read_files(vault.database, row.id))
        if not known:
            raise VaultError(
                f"{row.model} has no signature", where=vault.location, next_step="Sign it: holdfast sign MODEL --key F."
            )
        answers = tuple(_check_all(vault, row, known, asked, report))
        if all(one.answer == NOT_CHECKED for one in answers):
            raise UsageError(
                f"nothing was checked: {'; '.join(f'{one.path} {one.says}' for one in answers)}",
                next_step="Say whom you trust: --public-key FILE, --certificate FILE or --identity with --issuer.",
            )
        notes = tuple(dict.fromkeys(_remember(vault, asked, row, answers)))
    return SignVerified(row.name, row.revision, answers, notes)


def _check_all(
    vault: Vault, row: RevisionRow, known: tuple[KnownSignature, ...], asked: VerifyAsked, report: Report
) -> Iterator[SignatureAnswer]:
    if asked.folder is not None:
        yield from (_check(vault, row, one, asked.folder, asked.trusted) for one in known)
        return
    revision = read_revision(vault, row.manifest)
    with restored(vault, revision, None, asked.vault.environ, report) as folder:
        yield from (_check(vault, row, one, folder, asked.trusted) for one in known)


def _check(vault: Vault, row: RevisionRow, one: KnownSignature, folder: Path, trusted: Trusted) -> SignatureAnswer:
    checks = _choose_checks(one.method, trusted)
    if not checks:
        return SignatureAnswer(one.origin, one.path, one.method, NOT_CHECKED, _NEEDS[one.method])
    with tempfile.TemporaryDirectory() as place:
        # A signature among the files is checked from a copy outside: so it is never its own subject.
        file = Path(place) / "model.sig"
        file.write_bytes(_read(vault, row, one))
        return _try(one, checks, folder, file)


_NEEDS = {
    SigningMethod.KEY: "needs --public-key",
    SigningMethod.CERTIFICATE: "needs --certificate",
    SigningMethod.IDENTITY: "needs --identity, --issuer and --trust-config",
    SigningMethod.OTHER: "is of a kind that cannot be checked here",
}
_Check = Callable[[Path, Path], CheckedSignature]


def _choose_checks(method: SigningMethod, trusted: Trusted) -> list[tuple[str, _Check]]:
    """By whom, and how: the ways to check a signature of this kind with what the user trusts."""
    if method is SigningMethod.KEY:
        return [(f"key {_name(key)}", _by_key(key)) for key in trusted.keys]
    if method is SigningMethod.CERTIFICATE and trusted.roots:
        names = ", ".join(map(_name, trusted.roots))
        return [(f"certificate {names}", lambda folder, file: verify_by_certificate(folder, file, trusted.roots))]
    if method is SigningMethod.IDENTITY and trusted.identity and trusted.issuer:
        return [(f"{trusted.identity} of {trusted.issuer}", _by_identity(trusted))]
    return []


def _by_key(key: Path) -> _Check:
    return lambda folder, file: verify_by_key(folder, file, key)


def _by_identity(trusted: Trusted) -> _Check:
    return lambda folder, file: verify_by_identity(folder, file, trusted.identity, trusted.issuer, trusted.trust_config)


def _name(file: Path) -> str:
    """A key or certificate by its name and digest, as the log remembers it."""
    data = file.read_bytes() if file.is_file() else b""
    return f"{file.name} sha256:{hashlib.sha256(data).hexdigest()[:16]}"


def _try(one: KnownSignature, checks: list[tuple[str, _Check]], folder: Path, file: Path) -> SignatureAnswer:
    """It holds when it does by one of those who are trusted; else the first reason why not."""
    reasons: list[str] = []
    for whom, check in checks:
        try:
            found = check(folder, file)
        except BadSignature as error:
            reasons.append(error.what)
            continue
        unsigned = tuple(path for path in found.unsigned if path != one.path)
        return SignatureAnswer(one.origin, one.path, one.method, HOLDS, f"by {whom}", unsigned)
    return SignatureAnswer(one.origin, one.path, one.method, FAILS, reasons[0])


def _read(vault: Vault, row: RevisionRow, one: KnownSignature) -> bytes:
    if one.origin == PUBLISHER:
        file = next(file for file in read_files(vault.database, row.id) if file.path == one.path)
        return read_file(vault, file.manifest)
    return read_bytes(vault.storage, one.path)


def _remember(
    vault: Vault, asked: VerifyAsked, row: RevisionRow, answers: tuple[SignatureAnswer, ...]
) -> Iterator[str]:
    for one in answers:
        if one.answer != NOT_CHECKED:
            said = f"{one.answer} {one.says}" if one.answer == HOLDS else f"{one.answer}: {one.says[:500]}"
            event = Event(LogVerb.VERIFY, row.model, "", say_check(one.path, said), row.manifest)
            fault = log_event(vault, event, asked.vault.environ)
            if fault:
                yield fault
