"""What holds model names without anyone using them: recorded answers, scores, price lists, schemas, translations."""

import re

from holdfast.inventory.config.spotting import is_distinct
from holdfast.inventory.config.tree import Entry, Leaf, Node, Table
from holdfast.inventory.config.words import get_words

_RECORDED_PATH = re.compile(
    r"(?:^|/)(?:cassettes?|vcr(?:_cassettes)?|__snapshots__|snapshots|recordings?|recorded|testdata|test[-_]data|mocks?|__mocks__|golden(?:s|_files)?|expected(?:[-_]outputs?)?"
    r"|responses|locales?|i18n|l10n|lang|langs|translations|messages|eval[-_]?results?|leaderboards?|transcripts?|trajectories|node_modules|vendor|third_party|site-packages)/"
    r"|(?:^|/)(?:package-lock|npm-shrinkwrap|composer\.lock|pnpm-lock|yarn\.lock|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|openapi|swagger)[\w.-]*$"
    r"|\.(?:snap|lock|cassette|schema|openapi|swagger|postman_collection|tfstate|map|min)(?:\.(?:json|ya?ml|js))?$"
    r"|(?:^|/)(?:tokenizer|vocab|special_tokens_map|generation_config|tokenizer_config|preprocessor_config|added_tokens|trainer_state|all_results|eval_results|train_results|results?)\.json$",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"(?:^|/)(?:change[-_]?logs?|changes|changelog\.d|\.changeset|newsfragments|history|news|release[-_]?notes?|releases|whats?[-_]?new|announcements?|blog)(?:[-_.][\w.-]*)?(?:/|\.\w+$|$)",
    re.IGNORECASE,
)
_OBJECTS = ("chat.completion", "text_completion", "response", "list", "model", "embedding")
_SPECIFICATION_KEYS = frozenset({"openapi", "swagger", "asyncapi"})


def is_recorded_path(path: str) -> bool:
    """A path whose files are recorded, generated, translated or locked: their names are no configuration."""
    return _RECORDED_PATH.search(path) is not None or is_changes_path(path)


def is_changes_path(path: str) -> bool:
    """A changelog, or a note for one: what it names was changed, not used."""
    return _CHANGES.search(path) is not None


def is_specification(root: Node) -> bool:
    """An interface description, a recorded conversation (VCR) or a collection of requests."""
    if not isinstance(root, Table):
        return False
    keys = root.keys
    if _SPECIFICATION_KEYS & keys or ("interactions" in keys and ("version" in keys or "recorded_with" in keys)):
        return True
    if "log" in keys and isinstance(log := root.find("log"), Table):
        return "entries" in log.keys  # an HTTP archive
    return root.find_text("$schema").rstrip("#").endswith("/schema") or "_postman_id" in keys


def is_record(table: Table) -> bool:
    """One recorded answer, measured result or price entry: its model answered, was scored or is for sale here."""
    keys = table.keys
    if "messages" in keys and not {"choices", "usage"} & keys:
        return False  # a request to be sent
    answers = get_words().answers & keys
    if answers and not answers <= get_words().weak_answers:
        return True
    scores = get_words().scores & keys
    kind = table.find_text("object")
    return any(_is_measure(table.find(key)) for key in scores) or _has_results(table) or kind.startswith(_OBJECTS)


def is_priced(table: Table) -> bool:
    """An entry of a price or context table."""
    return bool(get_words().prices & table.keys)


def _is_measure(node: Node | None) -> bool:
    return isinstance(node, Leaf) and not node.is_text and bool(re.search(r"\d", node.text))


def _has_results(table: Table) -> bool:
    """`results:` or `scores:` over numbers, flat or one level down."""
    node = table.find("results", "scores", "score")
    inner = [entry.node for entry in node.entries] if isinstance(node, Table) else []
    flat = [*inner, *(entry.node for child in inner if isinstance(child, Table) for entry in child.entries)]
    return any(_is_measure(child) for child in flat)


def get_model_keys(table: Table) -> list[Entry]:
    """The entries of a table whose keys are names of models."""
    return [entry for entry in table.entries if is_distinct(entry.key)]
