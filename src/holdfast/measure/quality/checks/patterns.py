"""Patterns from outside, compiled by RE2: no text takes them more than linear time. Lookarounds are refused."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from holdfast.measure.quality.findings import mend

PATTERN_CHARACTERS_MAX = 4000
_MEMORY_BYTES = 8 << 20


class _Compiled(Protocol):
    def search(self, text: str) -> object | None: ...

    def fullmatch(self, text: str) -> object | None: ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern of text. Halves of characters, which RE2 does not take, are read as `?`."""

    compiled: _Compiled

    def is_found(self, text: str) -> bool:
        """Whether it matches anywhere."""
        return self.compiled.search(mend(text)) is not None

    def is_whole(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return self.compiled.fullmatch(mend(text)) is not None


class _Re2(Protocol):
    """What is used of the untyped module `re2`."""

    Options: Any
    error: type[Exception]

    def compile(self, pattern: str, options: Any) -> object: ...


@cache
def compile_pattern(text: str, ignore_case: bool = False) -> Pattern:
    """The pattern in RE2's syntax. Raises ValueError that says what is wrong with it."""
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise ValueError(f"the pattern has {len(text):,} characters, the limit is {PATTERN_CHARACTERS_MAX:,}")
    re2 = cast(_Re2, import_module("re2"))
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return Pattern(cast(_Compiled, re2.compile(text, options)))
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"not a pattern that RE2 takes: {reason}") from None
