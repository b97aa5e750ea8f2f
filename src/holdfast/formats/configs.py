"""config.json, adapter_config.json, model cards, tokenizers: what a model's folder declares. Keeps claims verbatim."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import yaml

from holdfast.formats.bounded import open_regular
from holdfast.formats.errors import BadConfig, HeaderTooLarge, NestedTooDeep
from holdfast.formats.plain import get_text, get_texts, is_list, is_object
from holdfast.records.use import LineageClaim

CONFIG_BYTES_MAX: Final = 4_000_000
CARD_BYTES_MAX: Final = 4_000_000
TOKENIZER_BYTES_MAX: Final = 64_000_000
_ALIASES_MAX: Final = 100
_FRONT_MATTER: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<text>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_RELATIONS: Final = frozenset({"finetune", "adapter", "merge", "quantized"})


@dataclass(frozen=True, slots=True)
class Card:
    """The front matter of a model card, as far as it speaks of origin and licence."""

    base_models: tuple[str, ...] = ()
    relation: str = ""
    licence: str = ""
    licence_name: str = ""
    language: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """What config.json says: architectures, model type, and the name it was loaded from."""

    architectures: tuple[str, ...] = ()
    model_type: str = ""
    name_or_path: str = ""


def read_json_object(path: Path, bytes_max: int = CONFIG_BYTES_MAX) -> dict[str, Any]:
    """A JSON object. Raises HeaderTooLarge, NestedTooDeep, BadConfig with the line of the fault."""
    data = _read_bounded(path, bytes_max)
    try:
        plain = json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise NestedTooDeep("the JSON nests too deeply", where=str(path), next_step="Not read.") from error
    except json.JSONDecodeError as error:
        raise BadConfig(
            f"not JSON: {error.msg}", where=f"{path}:{error.lineno}", next_step="Download it again."
        ) from error
    except ValueError as error:
        raise BadConfig(f"not JSON: {error}", where=str(path), next_step="Download it again.") from error
    if not is_object(plain):
        raise BadConfig("not a JSON object", where=str(path), next_step="Not read.")
    return plain


def read_config(path: Path) -> Config:
    """config.json of a model."""
    plain = read_json_object(path)
    return Config(
        architectures=get_texts(plain.get("architectures")),
        model_type=get_text(plain.get("model_type")),
        name_or_path=get_text(plain.get("_name_or_path")) or get_text(plain.get("name_or_path")),
    )


def read_adapter_base(path: Path) -> str:
    """Base model of adapter_config.json; empty when it names none."""
    return get_text(read_json_object(path).get("base_model_name_or_path"))


def read_card(path: Path) -> Card:
    """Front matter of a model card; an empty Card when there is none."""
    text = _read_bounded(path, CARD_BYTES_MAX).decode("utf-8", "replace")
    return parse_front_matter(find_front_matter(text), str(path))


def find_front_matter(text: str) -> str:
    """The YAML between the first two lines of dashes of a card; empty when there is none."""
    match = _FRONT_MATTER.match(text)
    return match["text"] if match else ""


def load_front_matter(text: str, where: str) -> dict[str, Any]:
    """Front matter's YAML, safely loaded and without alias bombs; empty when it is no mapping. Raises BadConfig or
    NestedTooDeep."""
    if len(re.findall(r"(?:^|[\s\[,{:-])\*[\w.-]+", text)) > _ALIASES_MAX:
        raise NestedTooDeep(f"more than {_ALIASES_MAX} aliases", where=where, next_step="Not read.")
    try:
        plain = yaml.safe_load(text)
    except RecursionError as error:
        raise NestedTooDeep("the front matter nests too deeply", where=where, next_step="Not read.") from error
    except yaml.YAMLError as error:
        raise BadConfig(f"front matter is not YAML: {error}", where=where, next_step="Correct the card.") from error
    except ValueError as error:
        raise BadConfig(
            f"front matter holds an impossible value: {error}", where=where, next_step="Correct the card."
        ) from error
    card: object = plain
    return card if is_object(card) else {}


def parse_front_matter(text: str, where: str) -> Card:
    """What front matter says of origin and licence. Raises as load_front_matter does."""
    card = load_front_matter(text, where)
    return Card(
        base_models=get_texts(card.get("base_model")),
        relation=get_text(card.get("base_model_relation")),
        licence=get_text(card.get("license")),
        licence_name=get_text(card.get("license_name")),
        language=get_texts(card.get("language")),
        tags=get_texts(card.get("tags")),
    )


def list_card_claims(card: Card, child: str, place: str) -> tuple[LineageClaim, ...]:
    """One claim for each base; several bases without a stated relation are a merge only if the card says so."""
    relation = card.relation if card.relation in _RELATIONS else "unknown"
    return tuple(LineageClaim(child, base, relation, "card", place) for base in card.base_models)


def compute_vocabulary_sha256(path: Path) -> str:
    """SHA-256 over the tokens in the order of their numbers, separated by zero bytes; comparable across file formats.

    Reads tokenizer.json, vocab.json and vocab.txt. Raises HeaderTooLarge, BadConfig, NestedTooDeep.
    """
    if path.suffix == ".txt":
        tokens = _read_bounded(path, TOKENIZER_BYTES_MAX).decode("utf-8", "replace").splitlines()
    else:
        tokens = list(_list_tokens(read_json_object(path, TOKENIZER_BYTES_MAX), path))
    return sha256("\0".join(tokens).encode("utf-8", "surrogatepass")).hexdigest()


def _list_tokens(plain: Mapping[str, Any], path: Path) -> Iterator[str]:
    model: object = plain.get("model", plain)
    vocabulary: object = model.get("vocab", plain) if is_object(model) else plain
    if is_list(vocabulary):  # unigram: pairs of token and score, in the order of their numbers
        numbered = {index: get_text(pair[0]) for index, pair in enumerate(vocabulary) if is_list(pair) and pair}
    elif is_object(vocabulary):
        numbered = {number: token for token, number in vocabulary.items() if isinstance(number, int)}
    else:
        raise BadConfig("no vocabulary in it", where=str(path), next_step="Not read.")
    added: object = plain.get("added_tokens")
    for entry in added if is_list(added) else []:
        if is_object(entry) and isinstance(entry.get("id"), int):
            numbered[entry["id"]] = str(entry.get("content", ""))
    return iter([numbered[number] for number in sorted(numbered)])


def _read_bounded(path: Path, bytes_max: int) -> bytes:
    with open_regular(path) as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise HeaderTooLarge(f"longer than {bytes_max:,} bytes", where=str(path), next_step="Not read.")
    return data
