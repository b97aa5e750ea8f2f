"""Elements as text that is safe by construction: what is not Markup is escaped, whoever wrote it."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Final, TypeAlias

# Half characters, which UTF-8 may not hold; controls; and marks that turn the direction of what stands after them.
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Kid: TypeAlias = str | Iterable[str | None] | None
Attributes: TypeAlias = Mapping[str, str | float | None]


def make(tag: str, attributes: Attributes | None = None, *kids: Kid) -> Markup:
    """An element. An attribute that is None is left out; of kids, strings are text, None is nothing."""
    said = "".join(f' {name}="{_write(value)}"' for name, value in (attributes or {}).items() if value is not None)
    return Markup(f"<{tag}{said}>{join(*kids)}</{tag}>")


def join(*kids: Kid) -> Markup:
    """Kids one after another."""
    return Markup("".join(_flatten(kid) for kid in kids))


def clean(text: str) -> str:
    """Text that can stand in a page: what cannot is replaced by U+FFFD."""
    return _UNFIT.sub("\ufffd", text)


def _flatten(kid: Kid) -> str:
    if kid is None:
        return ""
    if isinstance(kid, Markup):
        return kid
    if isinstance(kid, str):
        return escape(clean(kid))
    return "".join(_flatten(one) for one in kid)


def _write(value: str | float) -> str:
    return escape(clean(value)) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
