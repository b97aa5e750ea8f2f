"""Shapes of decoded JSON and YAML, asked once so that nothing further in is untyped."""

from typing import Any, TypeGuard


def is_list(plain: object) -> TypeGuard[list[Any]]:
    """Whether a decoded value is a list."""
    return isinstance(plain, list)


def is_tuple(plain: object) -> TypeGuard[tuple[object, ...]]:
    """Whether a value is a tuple."""
    return isinstance(plain, tuple)


def is_object(plain: object) -> TypeGuard[dict[str, Any]]:
    """Whether a decoded value is a mapping with text keys."""
    return isinstance(plain, dict) and all(isinstance(key, str) for key in plain)  # pyright: ignore[reportUnknownVariableType]


def get_text(plain: object) -> str:
    """The value stripped when it is a text; else empty."""
    return plain.strip() if isinstance(plain, str) else ""


def get_texts(plain: object) -> tuple[str, ...]:
    """The texts of a list, or of a lone value; whatever is no text is left out."""
    values = plain if is_list(plain) else [plain]
    return tuple(text for value in values if (text := get_text(value)))
