"""What may run code when a model's file is loaded, as plain sentences. Looks, never loads; a finding is no verdict.

Pickles are judged by the names that they look up: what weights have no use for is named (torch_file.is_harmless).
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from holdfast.formats.bounded import open_regular
from holdfast.formats.configs import CONFIG_BYTES_MAX, TOKENIZER_BYTES_MAX, read_json_object
from holdfast.formats.gguf import read_gguf_metadata
from holdfast.formats.onnx_layout import find_external_data
from holdfast.formats.pickled import follow_pickle
from holdfast.formats.plain import is_list, is_object
from holdfast.formats.pointer import POINTER_BYTES_MAX, find_pointer
from holdfast.formats.torch_file import ARCHIVE_FAULTS, PICKLE_BYTES_MAX, is_harmless, read_member
from holdfast.records.errors import InputError

_SHOWN_MAX: Final = 8  # names in a sentence
_NAME_MAX: Final = 120  # characters of a name
_LEGACY_PICKLES: Final = 5  # torch before 1.6 writes so many, one after the other, and then its storages
_KERAS_BYTES_MAX: Final = 64_000_000
_NUMPY_HEADER_MAX: Final = 10_000
_PICKLE_HEADS: Final = tuple(b"\x80" + bytes([protocol]) for protocol in (2, 3, 4, 5))
_PICKLE_ENDINGS: Final = frozenset({".pkl", ".pickle", ".joblib", ".dill"})
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_LAMBDA: Final = re.compile(rb'"class_name"\s*:\s*"(?:Lambda|__lambda__)"')
# Ways out of a template's language that attacks on Jinja use. Chat templates have no need of them.
_TEMPLATE_TRAPS: Final = re.compile(
    r"__[a-z]\w*__|\\x5f|\|\s*attr\b|\b(?:popen|subprocess|importlib|lipsum|cycler|joiner|getattr|eval|exec)\b"
)

_Finder = Callable[[Path], Iterator[str]]


def find_warnings(path: Path) -> tuple[str, ...]:
    """Sentences about a file that may run code when it is loaded, or is not what its name says; empty for most files.

    What cannot be looked into is said to be so. Raises UnreadableFile.
    """
    with open_regular(path) as file:
        head = file.read(POINTER_BYTES_MAX)
    found: list[str] = []
    for finder in _list_finders(path, head):
        try:
            for sentence in finder(path):
                found.append(sentence)  # noqa: PERF402 - what was found before an error counts
        except InputError as error:
            found.append(f"It could not be looked into for code that runs when it is loaded: {error.what}.")
    return tuple(dict.fromkeys(found))


def _list_finders(path: Path, head: bytes) -> Iterator[_Finder]:
    """The ways of looking that fit a file, by its first bytes and, for texts, by its name."""
    ending = path.suffix.lower()
    if find_pointer(head):
        yield _say_pointer
    elif head.startswith(b"PK\3\4"):
        yield _look_into_archive
    elif head.startswith(_PICKLE_HEADS) or ending in _PICKLE_ENDINGS:
        yield _look_into_pickle
    elif head.startswith(b"\x93NUMPY"):
        yield _look_into_array
    elif head.startswith(b"GGUF"):
        yield _look_into_gguf
    elif head.startswith(_HDF5):
        yield _look_into_hdf5
    elif head.startswith(b"\x08"):
        yield _look_into_onnx
    elif ending in _BY_ENDING:
        yield _BY_ENDING[ending]


def _say_pointer(_: Path) -> Iterator[str]:
    yield "It is a Git LFS pointer: the file that it stands for is not here."


def _look_into_archive(path: Path) -> Iterator[str]:
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                yield from _look_into_member(path, archive, member)
    except ARCHIVE_FAULTS as error:
        yield f"It could not be looked into for code that runs when it is loaded: the archive is damaged ({error})."


def _look_into_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[str]:
    name = member.filename.rpartition("/")[2]
    shown = f"{_show(member.filename)} in it"
    if name.endswith((".pkl", ".pickle")):
        yield from _judge_pickle(read_member(archive, member, path, PICKLE_BYTES_MAX), shown, pickles=1)
    elif name.endswith(".npy"):
        with archive.open(member) as opened:
            yield from _judge_array(opened.read(_NUMPY_HEADER_MAX), shown)
    elif name == "config.json" and _LAMBDA.search(read_member(archive, member, path, CONFIG_BYTES_MAX)):
        yield "It has Lambda layers of Keras, which are Python code in the file and run when it is loaded."


def _look_into_pickle(path: Path) -> Iterator[str]:
    with open_regular(path) as file:
        data = file.read(PICKLE_BYTES_MAX)
    yield from _judge_pickle(data, "The file", pickles=_LEGACY_PICKLES)


def _judge_pickle(data: bytes, what: str, pickles: int) -> Iterator[str]:
    start = 0
    names: set[str] = set()
    for number in range(pickles):
        found = follow_pickle(data, start)
        names.update(name for name in found.names if not is_harmless(name))
        if found.fault and number == 0:
            yield f"{what} is a pickle that cannot be followed to its end ({found.fault}): it may do more than is told."
        start = found.end
        if found.fault or start >= len(data):
            break
    if names:
        yield f"{what} is a pickle that looks up foreign names when it is loaded: {_join(names)}."


def _look_into_array(path: Path) -> Iterator[str]:
    with open_regular(path) as file:
        yield from _judge_array(file.read(_NUMPY_HEADER_MAX), "The file")


def _judge_array(head: bytes, what: str) -> Iterator[str]:
    if re.search(rb"'descr'\s*:\s*(?:'[|<>=]?O|\[[^\]]*'[|<>=]?O)", head):
        yield f"{what} is an array of Python objects: it is unpickled when it is loaded."


def _look_into_gguf(path: Path) -> Iterator[str]:
    for key, value in read_gguf_metadata(path):
        if key.startswith("tokenizer.chat_template") and isinstance(value, str):
            yield from _judge_template(value, key)


def _judge_template(text: str, where: str) -> Iterator[str]:
    traps = {match.group() for match in _TEMPLATE_TRAPS.finditer(text)}
    if traps:
        yield f"The chat template in {where} holds {_join(traps)}, known from attacks on template engines: look at it."


def _look_into_hdf5(path: Path) -> Iterator[str]:
    with open_regular(path) as file:
        if _LAMBDA.search(file.read(_KERAS_BYTES_MAX)):
            yield "It has Lambda layers of Keras, which are Python code in the file and run when it is loaded."


def _look_into_onnx(path: Path) -> Iterator[str]:
    places = {one.location for one in find_external_data(path)}
    outside = {one for one in places if one.startswith(("/", "\\")) or ":" in one or ".." in re.split(r"[/\\]", one)}
    if outside:
        yield f"It takes tensors from outside its folder: {_join(outside)}."


def _look_into_json(path: Path) -> Iterator[str]:
    if path.name.endswith("config.json"):
        plain = read_json_object(path, TOKENIZER_BYTES_MAX)
        yield from _judge_config(plain)
        for text in _list_templates(plain.get("chat_template")):
            yield from _judge_template(text, path.name)


def _judge_config(plain: dict[str, Any]) -> Iterator[str]:
    if plain.get("auto_map"):
        classes = plain["auto_map"]
        values = [str(one) for one in classes.values()] if is_object(classes) else []
        yield f"It names Python code to load the model with (auto_map): {_join(set(values))}."
    if plain.get("trust_remote_code") is True:
        yield "It says trust_remote_code: whoever honours that runs the Python code of the model's folder."


def _list_templates(plain: object) -> Iterator[str]:
    """A template, or several with names."""
    for one in plain if is_list(plain) else [plain]:
        text: object = one.get("template") if is_object(one) else one
        if isinstance(text, str):
            yield text


def _look_into_template(path: Path) -> Iterator[str]:
    with open_regular(path) as file:
        yield from _judge_template(file.read(CONFIG_BYTES_MAX).decode("utf-8", "replace"), path.name)


def _say_python(_: Path) -> Iterator[str]:
    yield "It is Python code: it runs where the model is loaded with its remote code trusted."


def _join(names: set[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _SHOWN_MAX:,} more" if len(ordered) > _SHOWN_MAX else ""
    return ", ".join(_show(name) for name in ordered[:_SHOWN_MAX]) + more


def _show(name: str) -> str:
    """A name from a file, safe to print."""
    return name[:_NAME_MAX].encode("unicode_escape").decode("ascii")


_BY_ENDING: Final[dict[str, _Finder]] = {
    ".json": _look_into_json,
    ".jinja": _look_into_template,
    ".jinja2": _look_into_template,
    ".py": _say_python,
}
