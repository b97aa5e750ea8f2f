"""From what PostgreSQL reports to errors that a user can act on."""

import ssl
from collections.abc import Mapping
from typing import Final

from holdfast.records.errors import AccessDenied, BusyVault, NoSpace, StorageError, VaultError

_KEYS: Final = "Check the user in the address, PGPASSWORD, and that nobody else may read ~/.pgpass."
_RIGHTS: Final = "Let this user create and write tables: GRANT CREATE ON DATABASE … TO …, then run again."
_REBUILD: Final = "Run `holdfast rebuild`: it is made anew from the packs."
_AGAIN: Final = "Run again; if it stays, look at the server's log."
_WAIT: Final = "Wait for it, then run again."

# By SQLSTATE, or its class of two letters: https://www.postgresql.org/docs/current/errcodes-appendix.html
_MEANINGS: Final[Mapping[str, tuple[type[StorageError | VaultError], str, str]]] = {
    "28": (AccessDenied, "the catalogue's server refuses the user or the password", _KEYS),
    "3D000": (StorageError, "the catalogue's database does not exist", "Create it, or check its name in the address."),
    "42501": (AccessDenied, "the catalogue's server does not let this user write", _RIGHTS),
    "25006": (AccessDenied, "the catalogue's server is read-only", "Use the address of the primary server."),
    "53100": (NoSpace, "the disk of the catalogue's server is full", "Free some space; running again continues."),
    "53": (BusyVault, "the catalogue's server takes no more work", _WAIT),
    "55P03": (BusyVault, "another process is writing to the catalogue", _WAIT),
    "40": (BusyVault, "another process is writing to the catalogue", _WAIT),
    "57014": (BusyVault, "the catalogue's server called the query off", _AGAIN),
    "57P": (StorageError, "the catalogue's server ended the connection; nothing half-written is left", _AGAIN),
    "08": (StorageError, "the connection to the catalogue broke off; nothing half-written is left", _AGAIN),
    "XX001": (VaultError, "the catalogue is damaged", _REBUILD),
    "XX002": (VaultError, "the catalogue is damaged", _REBUILD),
    "42P01": (VaultError, "the catalogue lacks a table", _REBUILD),
    "42703": (VaultError, "the catalogue lacks a column", _REBUILD),
}


def explain(said: object, where: str) -> StorageError | VaultError:
    """What a server's answer means for a vault; `said` is its fields by letter, C the SQLSTATE and M the message."""
    fields = said if isinstance(said, Mapping) else {}  # pyright: ignore[reportUnknownVariableType]
    code, message = str(fields.get("C", "")), str(fields.get("M", said))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    for length in (5, 3, 2):
        if code[:length] in _MEANINGS:
            kind, what, next_step = _MEANINGS[code[:length]]
            return kind(f"{what} (SQLSTATE {code})", where=where, next_step=next_step)
    return StorageError(f"the catalogue failed: {message} (SQLSTATE {code})", where=where, next_step=_AGAIN)


def explain_unreachable(where: str) -> StorageError:
    """The error of a server that does not answer, or not as this address asks."""
    return StorageError(
        "the catalogue's server cannot be reached",
        where=where,
        next_step="Check that it runs, its host, port and firewall, and whether it speaks TLS as sslmode asks.",
    )


def explain_tls(error: ssl.SSLError, where: str) -> StorageError:
    """The error of a server that is not who the address says, or speaks no TLS that we do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return AccessDenied(
            f"the certificate of the catalogue's server is not accepted: {error.verify_message}",
            where=where,
            next_step="Name its authority's certificate as sslrootcert=FILE in the address.",
        )
    return StorageError(f"TLS with the catalogue's server failed: {error.reason}", where=where, next_step=_AGAIN)


def explain_lost(where: str) -> StorageError:
    """The error of a connection that is gone: with it went the names that this process held."""
    return StorageError(
        "the connection to the catalogue was lost; nothing half-written is left", where=where, next_step=_AGAIN
    )
