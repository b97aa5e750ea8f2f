"""The error tree. Each error has one sentence, one exit code and one HTTP status; it says what, where and what next.

HoldfastError
├── UsageError
│   ├── UnknownName
│   │   ├── UnknownRepository
│   │   ├── UnknownRevision
│   │   └── UnknownEntry
│   └── BadDate
├── InputError
│   ├── MissingPath
│   ├── UnreadableFile
│   └── MalformedFile
│       └── LimitExceeded
├── RuleDataError
│   ├── MalformedPack
│   └── DanglingReference
├── ConfigurationError
│   └── ExpiredWaiver
├── CoverageError
├── ListError
├── NetworkError
│   ├── NotUpstream
│   ├── RefusedUpstream
│   ├── BlockedUpstream
│   ├── ChangedUpstream
│   └── UnreachableEndpoint
├── OutputError
├── VaultError
│   ├── DamagedVault
│   │   └── BadFrame
│   ├── NewerVault
│   ├── FrozenCopy
│   ├── ForbiddenByLever
│   ├── ChangedWhileRead
│   ├── NotVerified
│   ├── BusyVault
│   └── BadSignature
├── StorageError
│   ├── MissingKey
│   ├── TruncatedKey
│   ├── NoSpace
│   └── AccessDenied
├── EngineError
│   └── MissingEngine
├── BookError
│   ├── DamagedBook
│   └── NewerBook
└── InternalError
"""

from typing import ClassVar


class HoldfastError(Exception):
    """Something holdfast cannot do, said in words a user can act on."""

    exit_code: ClassVar[int] = 70
    http_status: ClassVar[int] = 500
    sentence: ClassVar[str] = "holdfast could not finish."

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.next_step:
            parts.append(self.next_step)
        return "\n".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries in parallel scans; keyword arguments need help to be rebuilt.
        return (_rebuild, (type(self), self.what, self.where, self.next_step))

    def to_json(self) -> dict[str, object]:
        """The shape printed on standard error when `--json` is given."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where or None,
            "next": self.next_step or None,
            "exit_code": self.exit_code,
        }


def _rebuild(kind: type[HoldfastError], what: str, where: str, next_step: str) -> HoldfastError:
    return kind(what, where=where, next_step=next_step)


class UsageError(HoldfastError):
    """The command line asks for something that does not exist."""

    exit_code = 2
    http_status = 400
    sentence = "The command line asks for something that does not exist."


class UnknownName(UsageError):
    """No lever, party, scenario, organisation, family or model has this name."""

    http_status = 404
    sentence = "No lever, party, scenario, organisation, family or model has this name."


class UnknownRepository(UnknownName):
    """The vault holds no repository of this name."""

    sentence = "The vault holds no repository of this name."


class UnknownRevision(UnknownName):
    """The repository has no branch, tag or commit of this name."""

    sentence = "The repository has no branch, tag or commit of this name."


class UnknownEntry(UnknownName):
    """The revision has no file or folder of this name."""

    sentence = "The revision has no file or folder of this name."


class BadDate(UsageError):
    """A date is not written as YYYY-MM-DD."""

    sentence = "A date is not written as YYYY-MM-DD."


class InputError(HoldfastError):
    """A file or folder that was named cannot be used."""

    exit_code = 3
    http_status = 422
    sentence = "A file or folder that was named cannot be used."


class MissingPath(InputError):
    """A path that was named does not exist."""

    http_status = 404
    sentence = "A path that was named does not exist."


class UnreadableFile(InputError):
    """A file exists but may not be read."""

    http_status = 403
    sentence = "A file exists but may not be read."


class MalformedFile(InputError):
    """A file's bytes are not what its format promises."""

    sentence = "A file's bytes are not what its format promises."


class LimitExceeded(MalformedFile):
    """A file is larger, deeper or longer than holdfast agrees to parse."""

    http_status = 413
    sentence = "A file is larger, deeper or longer than holdfast agrees to parse."


class RuleDataError(HoldfastError):
    """The rule data (organisations, families, levers, scenarios, parties, episodes) is wrong."""

    exit_code = 4
    sentence = "The rule data is wrong."


class MalformedPack(RuleDataError):
    """A data file does not follow its schema."""

    sentence = "A data file does not follow its schema."


class DanglingReference(RuleDataError):
    """A data file names something that no other file defines."""

    sentence = "A data file names something that no other file defines."


class ConfigurationError(HoldfastError):
    """holdfast.toml, an environment variable or a flag holds an unusable value."""

    exit_code = 5
    http_status = 400
    sentence = "holdfast.toml, an environment variable or a flag holds an unusable value."


class ExpiredWaiver(ConfigurationError):
    """A waiver's end date has passed."""

    exit_code = 6
    sentence = "A waiver's end date has passed."


class CoverageError(HoldfastError):
    """A date lies before the first day that the rule data covers."""

    exit_code = 7
    http_status = 400
    sentence = "A date lies before the first day that the rule data covers."


class ListError(HoldfastError):
    """An official list file is corrupt, truncated or of an unknown format."""

    exit_code = 8
    http_status = 422
    sentence = "An official list file is corrupt, truncated or of an unknown format."


class NetworkError(HoldfastError):
    """A download that the user asked for did not succeed."""

    exit_code = 9
    http_status = 502
    sentence = "A download that the user asked for did not succeed."


class NotUpstream(NetworkError):
    """The hub has no such model, revision or file, or does not show it to this user."""

    http_status = 404
    sentence = "The hub has no such model, revision or file, or does not show it to this user."


class RefusedUpstream(NetworkError):
    """The hub wants a token, or terms to be accepted, before it gives this out."""

    http_status = 403
    sentence = "The hub wants a token, or terms to be accepted, before it gives this out."


class BlockedUpstream(NetworkError):
    """The hub gives this out to nobody, or to nobody where this user is."""

    http_status = 451
    sentence = "The hub gives this out to nobody, or to nobody where this user is."


class ChangedUpstream(NetworkError):
    """What the hub sends is not what it stated."""

    sentence = "What the hub sends is not what it stated."


class UnreachableEndpoint(NetworkError):
    """No connection to the endpoint that is to be measured could be made."""

    sentence = "No connection to the endpoint that is to be measured could be made."


class OutputError(HoldfastError):
    """A result could not be written where the user asked."""

    exit_code = 10
    http_status = 507
    sentence = "A result could not be written where the user asked."


class VaultError(HoldfastError):
    """The vault cannot do what was asked."""

    exit_code = 11
    http_status = 409
    sentence = "The vault cannot do what was asked."


class DamagedVault(VaultError):
    """Bytes in the vault are not those that were written."""

    exit_code = 12
    http_status = 500
    sentence = "Bytes in the vault are not those that were written."


class BadFrame(DamagedVault):
    """A frame's payload is not what its codec writes."""

    sentence = "A frame's payload is not what its codec writes."


class NewerVault(VaultError):
    """The vault was written by a newer version of the format."""

    sentence = "The vault was written by a newer version of the format."


class FrozenCopy(VaultError):
    """The copy is frozen by a recorded decision."""

    exit_code = 13
    http_status = 451
    sentence = "The copy is frozen by a recorded decision."


class ForbiddenByLever(VaultError):
    """A lever in force forbids what was asked to the party that asked."""

    exit_code = 13
    http_status = 451
    sentence = "A lever in force forbids what was asked to the party that asked."


class ChangedWhileRead(VaultError):
    """A file changed while it was being kept."""

    sentence = "A file changed while it was being kept."


class NotVerified(VaultError):
    """Bytes that were read back are not those that were to be kept."""

    exit_code = 12
    http_status = 500
    sentence = "Bytes that were read back are not those that were to be kept."


class BusyVault(VaultError):
    """Another process holds what is needed, and did not let go in time."""

    http_status = 503
    sentence = "Another process holds what is needed, and did not let go in time."


class BadSignature(VaultError):
    """A signature or a proof does not hold for what it was shown with."""

    exit_code = 15
    http_status = 422
    sentence = "A signature or a proof does not hold for what it was shown with."


class StorageError(HoldfastError):
    """The medium of the vault refused a read or a write."""

    exit_code = 14
    http_status = 502
    sentence = "The medium of the vault refused a read or a write."


class MissingKey(StorageError):
    """A value that should be on the medium is not there."""

    http_status = 404
    sentence = "A value that should be on the medium is not there."


class TruncatedKey(StorageError):
    """A value on the medium ends before it should."""

    sentence = "A value on the medium ends before it should."


class NoSpace(StorageError):
    """The medium is full, or a quota is reached."""

    http_status = 507
    sentence = "The medium is full, or a quota is reached."


class AccessDenied(StorageError):
    """The medium refuses the credentials or the permission."""

    http_status = 403
    sentence = "The medium refuses the credentials or the permission."


class EngineError(HoldfastError):
    """No engine could run the copy."""

    exit_code = 16
    http_status = 503
    sentence = "No engine could run the copy."


class MissingEngine(EngineError):
    """No engine that is installed runs copies of this kind."""

    sentence = "No engine that is installed runs copies of this kind."


class BookError(HoldfastError):
    """The book of the watch cannot do what was asked."""

    exit_code = 17
    http_status = 409
    sentence = "The book of the watch cannot do what was asked."


class DamagedBook(BookError):
    """Entries in the book of the watch are not those that were written."""

    exit_code = 18
    http_status = 500
    sentence = "Entries in the book of the watch are not those that were written."


class NewerBook(BookError):
    """The book of the watch was written by a newer version of the format."""

    sentence = "The book of the watch was written by a newer version of the format."


class InternalError(HoldfastError):
    """A fault in holdfast itself; please report it."""

    sentence = "A fault in holdfast itself; please report it."


EXIT_OK = 0
EXIT_POLICY = 1  # a policy is broken by a new finding, or a back-test episode missed
EXIT_INTERRUPTED = 130
