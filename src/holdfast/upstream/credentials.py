"""The user's token for a hub: read where the hub's own client reads it, shown nowhere, sent to one origin only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from holdfast.records.errors import ConfigurationError, MissingPath, UnreadableFile

_TOKEN_BYTES_MAX: Final = 8192


class Token:
    """A secret, or none (empty). Printing it shows nothing of it."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Token(…)" if self._text else "Token()"

    def reveal(self) -> str:
        """The text, for the header of a request and nothing else."""
        return self._text


def read_token(environ: Mapping[str, str], file: Path | None = None) -> Token:
    """From the named file, else HF_TOKEN, else the file where `hf auth login` leaves it; an empty one when none is."""
    if file is not None:
        if not file.is_file():
            raise MissingPath("there is no such file", where=str(file), next_step="Name the file with the token in it.")
        return _read(file)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if environ.get(name, "").strip():
            return _check(environ[name].strip(), name)
    usual = find_token_file(environ)
    return _read(usual) if usual.is_file() else Token()


def find_token_file(environ: Mapping[str, str]) -> Path:
    """Where the hub's own client keeps the token."""
    if environ.get("HF_TOKEN_PATH"):
        return Path(environ["HF_TOKEN_PATH"])
    home = environ.get("HF_HOME") or Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return Path(home) / "token"


def _read(file: Path) -> Token:
    try:
        with file.open("rb") as opened:
            data = opened.read(_TOKEN_BYTES_MAX)
    except OSError as error:
        raise UnreadableFile(
            f"the token cannot be read: {error.strerror}", where=str(file), next_step="Check its owner and permissions."
        ) from error
    return _check(data.decode("utf-8", "replace").strip(), str(file))


def _check(text: str, where: str) -> Token:
    if not all(33 <= ord(letter) <= 126 for letter in text):
        raise ConfigurationError("what is there is no token", where=where, next_step="A token is one word of ASCII.")
    return Token(text)
