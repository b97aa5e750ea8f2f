"""Streaming XML with limits, over lxml. The only module here that touches lxml.

Refuses document types and entities, documents cut short, and documents whose root is another one.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from holdfast.levers.screening.files import TRY_AGAIN, read_head
from holdfast.records.errors import ConfigurationError, ListError

INSTALL = "Install the extra: pip install 'holdfast[screening]'"


class Element(Protocol):
    """What a parser reads of an element."""

    @property
    def tag(self) -> str:
        """Name with its namespace in braces."""
        ...

    @property
    def text(self) -> str | None:
        """Text before the first child."""
        ...

    @property
    def tail(self) -> str | None:
        """Text after it, up to the next element."""
        ...

    @property
    def sourceline(self) -> int | None:
        """The line on which it starts."""
        ...

    def __iter__(self) -> Iterator["Element"]:
        """The children."""
        ...

    def get(self, key: str) -> str | None:
        """An attribute's value."""
        ...

    def find(self, path: str) -> "Element | None":
        """The first descendant on a path."""
        ...

    def iterfind(self, path: str) -> Iterable["Element"]:
        """Every descendant on a path."""
        ...

    def iter(self) -> Iterable["Element"]:
        """Itself and every descendant."""
        ...


def get_name(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def get_text(element: Element | None, path: str) -> str:
    """The stripped text of a descendant; empty when there is none."""
    found = element.find(path) if element is not None else None
    return (found.text or "").strip() if found is not None else ""


def iterate_elements(path: Path, tags: Sequence[str], roots: Sequence[str]) -> Iterator[Element]:
    """The elements of these names, each complete, in the order of the file; freed when the next one is asked for.

    Raises ListError with file and line for broken, truncated or foreign XML.
    """
    etree = _load_etree()
    _check_plain(path, read_head(path))
    wanted = [f"{{*}}{tag}" for tag in tags]
    limits = {"resolve_entities": False, "no_network": True, "huge_tree": False, "load_dtd": False}
    with path.open("rb") as file:
        stream = etree.iterparse(file, events=("end",), tag=wanted, remove_comments=True, remove_pis=True, **limits)
        try:
            for number, (_, element) in enumerate(stream):
                if number == 0:
                    _check_root(path, element.getroottree(), roots)
                yield cast("Element", element)
                _free(element)
        except etree.XMLSyntaxError as error:
            raise _broken(path, error) from None
        if stream.root is None or get_name(stream.root) not in roots:
            raise _foreign(path, get_name(stream.root) if stream.root is not None else "nothing", roots)


def _load_etree() -> Any:
    try:
        from lxml import etree
    except ImportError:
        raise ConfigurationError("reading XML lists needs lxml, which is not installed", next_step=INSTALL) from None
    return etree


def _check_plain(path: Path, head: bytes) -> None:
    lowered = head.lower()
    for mark in (b"<!doctype", b"<!entity"):
        if mark in lowered:
            line = lowered.count(b"\n", 0, lowered.index(mark)) + 1
            raise ListError(
                "the file declares a document type or entities, which no official list does",
                where=f"{path}:{line}",
                next_step=TRY_AGAIN,
            )


def _check_root(path: Path, tree: Any, roots: Sequence[str]) -> None:
    if tree.docinfo.internalDTD is not None:
        raise ListError("the file declares a document type", where=f"{path}:1", next_step=TRY_AGAIN)
    name = get_name(tree.getroot())
    if name not in roots:
        raise _foreign(path, name, roots)


def _foreign(path: Path, found: str, roots: Sequence[str]) -> ListError:
    return ListError(
        f"the root element is <{found}>, not <{'> or <'.join(roots)}>", where=f"{path}:1", next_step=TRY_AGAIN
    )


def _broken(path: Path, error: Any) -> ListError:
    line, column = cast("tuple[int, int]", error.position)
    message = str(error.msg).partition(", line ")[0]
    return ListError(
        f"not valid XML: {message}; the file may be cut short",
        where=f"{path}:{line}, column {column}",
        next_step=TRY_AGAIN,
    )


def _free(element: Any) -> None:
    """Drop what was read, and the siblings before it, so that memory does not grow with the file."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
