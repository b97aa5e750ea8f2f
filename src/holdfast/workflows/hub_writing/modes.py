"""How each file of a push is to be sent: as a large file, with the commit, or not at all; and what stands there."""

from collections.abc import Sequence
from typing import Final

from holdfast.records.hub_service import ServedTree
from holdfast.records.hub_writing import OfferedFile, PushedRules, UploadMode, WriteTo
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import read_file
from holdfast.workflows.hub_views import LARGE_BYTES
from holdfast.workflows.hub_writing.attributes import (
    ATTRIBUTES,
    ATTRIBUTES_BYTES_MAX,
    IGNORE,
    PathRule,
    find_verdict,
    is_ignored,
    make_attributes,
    read_attributes,
    read_ignores,
)
from holdfast.workflows.hub_writing.heads import read_head

OFFERED_MAX: Final = 1000
_UTF8_LONGEST: Final = 3  # bytes of a letter that a sample may cut off


def choose_modes(vault: Vault, to: WriteTo, offered: Sequence[OfferedFile], rules: PushedRules) -> list[UploadMode]:
    """By size (1 MiB and more), by the branch's `.gitattributes`, and by whether the sample is text. Rules
    that come with the push hold before those of the branch."""
    tree = read_head(vault, to.name, to.branch).tree
    text = rules.attributes if rules.attributes is not None else _read_text(vault, tree, ATTRIBUTES)
    large = read_attributes(make_attributes().decode() if text is None else text)
    ignores = read_ignores(rules.ignores if rules.ignores is not None else _read_text(vault, tree, IGNORE) or "")
    return [_choose(tree, one, large, ignores) for one in offered]


def _read_text(vault: Vault, tree: ServedTree, path: str) -> str | None:
    file = tree.files.get(path)
    if file is None or file.size > ATTRIBUTES_BYTES_MAX:
        return None
    return read_file(vault, file.manifest).decode("utf-8", "replace")


def _choose(tree: ServedTree, one: OfferedFile, large: Sequence[PathRule], ignores: Sequence[PathRule]) -> UploadMode:
    present = tree.files.get(one.path)
    return UploadMode(
        one.path,
        is_large=one.size > 0 and _is_large(one, large),
        is_ignored=is_ignored(ignores, one.path),
        present="" if present is None else present.etag,
    )


def _is_large(one: OfferedFile, rules: Sequence[PathRule]) -> bool:
    return one.size >= LARGE_BYTES or find_verdict(rules, one.path) is True or not is_text(one.sample)


def is_text(sample: bytes) -> bool:
    """Whether a file that begins so is text: UTF-8 without zero bytes, its last letter perhaps cut off."""
    if b"\0" in sample:
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(sample) - error.start <= _UTF8_LONGEST
    return True
