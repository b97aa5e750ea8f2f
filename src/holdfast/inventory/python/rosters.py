"""Names that one module offers as alternatives: keys of tables of weights, choices of options, what is compared with.

They are the project's own names of models when they lead to weights, or stand beside such as do.
"""

import ast
from collections.abc import Iterable, Iterator

from holdfast.inventory.named import is_file, says_more_than_suffix
from holdfast.inventory.naming import find_distinct, find_named
from holdfast.inventory.python.arguments import find_argument, get_elements, get_option_names
from holdfast.inventory.python.findings import WORD
from holdfast.inventory.python.scopes import CallSite, Module, find_text, get_last_word
from holdfast.inventory.python.values import Values
from holdfast.inventory.python.wording import Saying, get_saying, get_words
from holdfast.inventory.sighting import Roster
from holdfast.records.model import Kind

ROSTERS_MAX = 200
NAMES_MAX = 400
DEPTH_MAX = 3
PARTS_MAX = 40
# Keys that describe an entry: `{"url": …, "name": …}` is one model and no table of several.
_DESCRIBING = frozenset(
    {
        "address", "args", "base", "checkpoint", "ckpt", "class", "config", "default", "download", "endpoint", "file",
        "filename", "hf", "hub", "id", "key", "kwargs", "link", "local", "md5", "model", "name", "onnx", "path",
        "pretrained", "provider", "remote", "repo", "repository", "sha", "source", "state", "tokenizer", "type", "url",
        "urls", "value", "version", "weight", "weights",
    }
)  # fmt: skip


def collect_rosters(module: Module, values: Values) -> tuple[Roster, ...]:
    """Every roster of one module."""
    found = [
        *(roster for display in module.dictionaries if (roster := _read_table(display)) is not None),
        *(roster for display in module.collections if (roster := _read_entries(display)) is not None),
        *_read_described(module),
        *_read_options(module, values),
        *_read_comparisons(module),
    ]
    return tuple(dict.fromkeys(found))[:ROSTERS_MAX]


def _read_table(display: ast.Dict) -> Roster | None:
    """`{"u2net": "https://…/u2net.pth", …}`: keys whose values tell weights."""
    names: list[str] = []
    for key, value in zip(display.keys[:NAMES_MAX], display.values, strict=False):
        name = find_text(key)
        if name is None or not WORD.fullmatch(name) or not _DESCRIBING.isdisjoint(get_words(name)):
            continue
        if _tells_weights(value, 0):
            names.append(name)
    return Roster(tuple(names), leads_to_weights=True) if len(names) > 1 else None


def _read_entries(display: ast.expr) -> Roster | None:
    """`[{"model_name": "bling", "hf_repo": "org/bling-1b"}, …]`: names of entries that tell weights."""
    names: list[str] = []
    for element in get_elements(display)[:NAMES_MAX]:
        if isinstance(element, ast.Dict):
            texts = [find_text(value) for key, value in zip(element.keys, element.values, strict=True) if _names(key)]
            told = [text for text in texts if text is not None and WORD.fullmatch(text)]
            names += told if told and _tells_weights(element, 0) else []
    return Roster(tuple(dict.fromkeys(names)), leads_to_weights=True) if len(names) > 1 else None


def _read_described(module: Module) -> Iterator[Roster]:
    """`Weights(aliases=["openjourney-v2"], location="https://…")`: the short names of one model, beside its weights."""
    for site in module.calls:
        for keyword in site.call.keywords:
            if keyword.arg in ("aliases", "short_names"):
                names = _list_aliases(keyword.value)
                beside = [one.value for one in site.call.keywords if one is not keyword]
                leads = any(_tells_weights(value, 0) for value in beside)
                if leads and names:
                    yield Roster(tuple(names), leads_to_weights=True)
                for other in names[1:]:  # names of one model: to know one is to know all
                    yield Roster((names[0], other), leads_to_weights=False)


def _list_aliases(expr: ast.expr) -> list[str]:
    """The texts of a list; of `TABLE["sd15"].aliases` the key."""
    if isinstance(expr, ast.Attribute) and isinstance(expr.value, ast.Subscript):
        elements: list[ast.expr] = [expr.value.slice]
    else:
        elements = get_elements(expr)[:PARTS_MAX]
    return [text for one in elements if (text := find_text(one)) is not None and WORD.fullmatch(text)]


def _names(key: ast.expr | None) -> bool:
    return find_text(key) in ("model_name", "name", "id", "model", "model_id", "short_name", "alias", "display_name")


def _tells_weights(expr: ast.expr, depth: int) -> bool:
    if isinstance(expr, ast.Constant):
        return isinstance(expr.value, str) and _is_weights(expr.value)
    if isinstance(expr, ast.JoinedStr):
        return bool(expr.values) and _ends_in_weights(find_text(expr.values[-1]))
    if isinstance(expr, ast.BinOp):
        return _ends_in_weights(find_text(expr.right))
    return depth < DEPTH_MAX and any(_tells_weights(part, depth + 1) for part in _get_parts(expr))


def _get_parts(expr: ast.expr) -> list[ast.expr]:
    if isinstance(expr, ast.Dict):
        return expr.values[:PARTS_MAX]
    if isinstance(expr, ast.Call):
        return [*expr.args[:6], *(keyword.value for keyword in expr.keywords[:PARTS_MAX])]
    return get_elements(expr)[:PARTS_MAX]


def _is_weights(text: str) -> bool:
    if not 4 < len(text) <= 200 or not ("/" in text or "." in text):
        return False
    named = find_distinct(text) or (find_named(text) if text.startswith("http") or is_file(text) else None)
    return named is not None and named.kind is Kind.WEIGHTS


def _ends_in_weights(text: str | None) -> bool:
    return text is not None and is_file(text) and says_more_than_suffix(text)


def _read_options(module: Module, values: Values) -> Iterator[Roster]:
    """`add_argument("--model", choices=[…])`, `click.option("--model", type=click.Choice([…]))`."""
    for word in ("add_argument", "option"):
        for site in module.calls_by_name.get(word, []):
            if any(get_saying(name) is Saying.STRONG for name in get_option_names(site.call)):
                yield from _as_roster(_list_choices(site, values))


def _list_choices(site: CallSite, values: Values) -> list[str]:
    given = find_argument(site.call, None, ("choices",))
    kind = find_argument(site.call, None, ("type",))
    if given is None and isinstance(kind, ast.Call) and get_last_word(kind.func) == "Choice" and kind.args:
        given = kind.args[0]
    if given is None:
        return []
    displays = values.classes.find_displays(given, site.scope)
    elements = [element for display in displays for element in get_elements(display)]
    return [text for element in elements[:NAMES_MAX] if (text := find_text(element)) is not None]


def _read_comparisons(module: Module) -> Iterator[Roster]:
    """`if model_name == "u2netp": … elif model_name in ("u2net", …)`."""
    names: dict[str, list[str]] = {}
    for node in module.comparisons:
        word = get_last_word(node.left)
        if word and get_saying(word) is Saying.STRONG and isinstance(node.ops[0], ast.Eq | ast.In):
            right = node.comparators[0]
            texts = (find_text(part) for part in (right, *get_elements(right)))
            names.setdefault(word, []).extend(text for text in texts if text is not None)
    for alternatives in names.values():
        yield from _as_roster(alternatives)


def _as_roster(texts: Iterable[str]) -> Iterator[Roster]:
    kept = tuple(dict.fromkeys(text for text in texts if WORD.fullmatch(text)))
    if kept:
        yield Roster(kept, leads_to_weights=False)
