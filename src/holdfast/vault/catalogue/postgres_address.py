"""Where a PostgreSQL catalogue lies: a URL as libpq reads it, with the user and password from where libpq finds them.

No text that is made here repeats a user's name, a password, or a part of a URL that was not understood.
"""

import getpass
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from holdfast.records.errors import ConfigurationError

SCHEMES: Final = ("postgresql", "postgres")
TLS_MODES: Final = ("disable", "prefer", "require", "verify-ca", "verify-full")
_FORM: Final = (
    "Write postgresql://HOST:PORT/DATABASE?sslmode=verify-full, and the password into PGPASSWORD or ~/.pgpass."
)
_SETTINGS: Final = {"host", "sslmode", "sslrootcert"}
_PORT: Final = 5432


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database on a server. `host` is a name, or the folder of a socket; `root_certificate` is a file, or empty."""

    host: str
    port: int
    database: str
    user: str = field(repr=False)
    password: str | None = field(repr=False)
    tls: str
    root_certificate: str

    @property
    def socket(self) -> str | None:
        """The server's socket on this computer, if that is how it is reached."""
        return f"{self.host}/.s.PGSQL.{self.port}" if self.host.startswith("/") else None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{host}:{self.port}/{self.database}"


def is_postgres(location: str) -> bool:
    """Whether this is the address of a PostgreSQL database."""
    return location.partition("://")[0].lower() in SCHEMES


def read_postgres_address(url: str, environ: Mapping[str, str] = os.environ) -> PostgresAddress:
    """The address that a URL names. Raises ConfigurationError when it names none."""
    parts = _split(url)
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(settings) - _SETTINGS or parts.fragment:
        raise _unusable(f"The catalogue's address may set {', '.join(sorted(_SETTINGS))} only.")
    host = settings.get("host") or _unquote(parts.hostname) or "localhost"
    user = _unquote(parts.username) or environ.get("PGUSER") or getpass.getuser()
    database = unquote(parts.path.removeprefix("/")) or user
    port = parts.port or _PORT
    password = _unquote(parts.password) or environ.get("PGPASSWORD")
    if password is None:
        password = find_password(_find_password_file(environ), (host, str(port), database, user))
    tls = settings.get("sslmode", "prefer")
    if tls not in TLS_MODES:
        raise _unusable(f"sslmode is one of {', '.join(TLS_MODES)}.")
    certificate = settings.get("sslrootcert", "")
    return PostgresAddress(host, port, database, user, password, tls, certificate)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _port = parts.port  # raises when it is no number
    except ValueError:
        raise _unusable("The catalogue's address cannot be read.") from None
    if parts.scheme.lower() not in SCHEMES or "\0" in unquote(url):
        raise _unusable("The catalogue's address does not begin with postgresql://.")
    return parts


def _unquote(text: str | None) -> str:
    return unquote(text) if text else ""


def _find_password_file(environ: Mapping[str, str]) -> Path:
    named = environ.get("PGPASSFILE")
    return Path(named) if named else Path(environ.get("HOME") or Path.home()) / ".pgpass"


def find_password(file: Path, wanted: tuple[str, str, str, str]) -> str | None:
    """The first password for host, port, database and user; None too when others than its owner may use the file."""
    try:
        if file.stat().st_mode & 0o077:
            return None
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    for line in lines:
        *pattern, password = _split_fields(line) if not line.startswith("#") else [""]
        if len(pattern) == 4 and all(one in ("*", is_) for one, is_ in zip(pattern, wanted, strict=True)):
            return password
    return None


def _split_fields(line: str) -> list[str]:
    """The fields of a line, the last one to its end. A backslash takes the colon or backslash after it as it is."""
    fields, letters = [""], iter(line)
    for letter in letters:
        if letter == ":" and len(fields) < 5:
            fields.append("")
        else:
            fields[-1] += _unescape(letter, letters)
    return fields


def _unescape(letter: str, rest: Iterator[str]) -> str:
    return next(rest, "") if letter == "\\" else letter


def _unusable(what: str) -> ConfigurationError:
    return ConfigurationError(what, where="HOLDFAST_CATALOGUE", next_step=_FORM)
