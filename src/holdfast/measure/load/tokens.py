"""A second opinion on numbers of tokens: a tokenizer of ours, read from a tokenizer.json that the user names."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from holdfast.records.errors import ConfigurationError, LimitExceeded, MalformedFile, MissingPath

_FILE_BYTES_MAX: Final = 256 << 20


def load_counter(file: Path) -> Callable[[str], int]:
    """A function that counts a text's tokens, without the special ones. MissingPath, LimitExceeded or MalformedFile
    when the file is no tokenizer, ConfigurationError when the package that reads it is missing."""
    if not file.is_file():
        raise MissingPath("there is no such file", where=str(file), next_step="Name a tokenizer.json.")
    if file.stat().st_size > _FILE_BYTES_MAX:
        raise LimitExceeded(
            f"it has more than {_FILE_BYTES_MAX} bytes", where=str(file), next_step="Name a tokenizer.json."
        )
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise ConfigurationError(
            "counting tokens here needs the package `tokenizers`",
            where=str(file),
            next_step="Install holdfast[run], or leave the counting to the endpoint.",
        ) from None
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the package raises no other
        raise MalformedFile("it is not a tokenizer", where=str(file), next_step="Name a tokenizer.json.") from error
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
