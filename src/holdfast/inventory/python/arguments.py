"""Arguments of calls and the shapes that options come in. Looks at syntax alone; follows nothing."""

import ast

from holdfast.inventory.python.scopes import Assigned, Module, find_text

EXPRESSION_MAX = 80


def find_argument(call: ast.Call, index: int | None, keywords: tuple[str, ...]) -> ast.expr | None:
    """The expression given for a parameter, by keyword or by position."""
    for keyword in call.keywords:
        if keyword.arg in keywords:
            return keyword.value
    if index is None or index >= len(call.args) or any(isinstance(arg, ast.Starred) for arg in call.args[: index + 1]):
        return None
    return call.args[index]


def describe(expr: ast.expr) -> str:
    """The expression as source text, shortened."""
    try:
        text = ast.unparse(expr)
    except (RecursionError, ValueError):
        return "…"
    return text if len(text) <= EXPRESSION_MAX else text[: EXPRESSION_MAX - 1] + "…"


def get_elements(expr: ast.expr) -> list[ast.expr]:
    return expr.elts if isinstance(expr, ast.List | ast.Tuple | ast.Set) else []


def get_option_names(call: ast.Call) -> list[str]:
    """Where an option's value ends up: `model_name` for `"-m", "--model-name"`; a `dest` decides."""
    dest = find_text(find_argument(call, None, ("dest",)))
    if dest is not None:
        return [dest]
    texts = [text for arg in call.args if (text := find_text(arg)) is not None]
    long = [text for text in texts if text.startswith("--")] or texts
    return [name.lstrip("-").replace("-", "_") for text in long for name in text.split("/")]


def get_parametrized_names(decorator: ast.Call) -> list[str]:
    first = next(iter(decorator.args), None)
    if first is None:
        return []
    text = find_text(first)
    return (
        [name.strip() for name in text.split(",")]
        if text is not None
        else [find_text(part) or "" for part in get_elements(first)]
    )


def collect_options(module: Module) -> dict[str, list[Assigned]]:
    """Defaults of argparse options by the attribute that carries them."""
    options: dict[str, list[Assigned]] = {}
    for site in module.calls_by_name.get("add_argument", []):
        default = find_argument(site.call, None, ("default",))
        for name in get_option_names(site.call):
            options.setdefault(name, [])
            if default is not None:
                options[name].append(Assigned(default, site.scope))
    return options
