"""An endpoint's key: read from the environment or a file when a request is built, and shown nowhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Endpoint

_KEY_BYTES_MAX: Final = 8192
_FILE: Final = "@"
_SHOWN_MIN: Final = 4  # shorter secrets would blot out ordinary words


class Key:
    """A secret, or none (empty), and other texts that would give it away. Printing it shows nothing of it."""

    __slots__ = ("_others", "_text")

    def __init__(self, text: str = "", *others: str) -> None:
        self._text = text
        self._others = others

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Key(…)" if self._text else "Key()"

    def __reduce__(self) -> str:
        raise TypeError("a key stays in the process that read it")

    def reveal(self) -> str:
        """The text, for the header of a request and nothing else."""
        return self._text

    def hide(self, text: str) -> str:
        """The text without the secret, wherever a server repeated it."""
        for secret in (self._text, *self._others):
            if len(secret) >= _SHOWN_MIN:
                text = text.replace(secret, "…")
        return text


def read_key(endpoint: Endpoint, environ: Mapping[str, str]) -> Key:
    """The key of the endpoint: in the environment variable that it names, or in the file whose path it names after `@`.
    None where it names neither; ConfigurationError where what it names is of no use."""
    if not endpoint.key_variable:
        return Key()
    if endpoint.key_variable.startswith(_FILE):
        return _read_key_file(Path(endpoint.key_variable.removeprefix(_FILE)), endpoint.name)
    where = f"environment variable {endpoint.key_variable}"
    text = environ.get(endpoint.key_variable, "").strip()
    if not text:
        raise ConfigurationError(
            f"it should hold the key of endpoint {endpoint.name} and is not set",
            where=where,
            next_step="Set it, or name another variable.",
        )
    check_header_text(text, where)
    return Key(text)


def _read_key_file(path: Path, name: str) -> Key:
    try:
        with path.open("rb") as file:
            text = file.read(_KEY_BYTES_MAX + 2).decode("ascii", "replace").strip()
    except OSError as error:
        raise ConfigurationError(
            f"it should hold the key of endpoint {name} and cannot be read: {error.strerror}",
            where=str(path),
            next_step="Write one line into it that only you can read, or name another file.",
        ) from None
    check_header_text(text or "\n", str(path))
    return Key(text)


def check_header_text(text: str, where: str) -> None:
    """A secret fits into a header: printable ASCII, and not without end."""
    if len(text) > _KEY_BYTES_MAX or not all(32 <= ord(letter) <= 126 for letter in text):
        raise ConfigurationError(
            "what is there is no key", where=where, next_step="A key is one line of printable ASCII."
        )
