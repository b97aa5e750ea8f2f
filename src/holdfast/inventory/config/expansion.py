"""Values that are filled in from outside: `${VAR:-default}`, `{{ .Values.x | default "y" }}`, `${{ inputs.model }}`.

Says what stands in the text itself and what is left open. Looks nothing up.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SHELL = re.compile(
    r"\$\{(?P<braced>[A-Za-z_]\w*|[0-9@*]+)(?P<at>\[[^\]]*\])?(?::?(?P<how>[-=?+])(?P<word>(?:[^{}$]|\$(?!\{)|\$?\{[^{}]*\})*+))?\}"
    r"|\$(?P<bare>[A-Za-z_]\w*|[0-9@*])"
)
_ACTIONS = re.compile(r"\$\{\{\s*(?P<body>.*?)\s*\}\}", re.DOTALL)
_CURLY = re.compile(r"\{\{-?\s*(?P<body>.*?)\s*-?\}\}", re.DOTALL)
_TERRAFORM = re.compile(r"\$\{(?P<body>[^{}]+)\}")
_ELSEWHERE = re.compile(
    r"os\.environ/(?P<litellm>\w+)|\$\((?P<kubernetes>[A-Za-z_]\w*)\)|\{env:(?P<opencode>\w+)\}|%(?P<batch>[A-Za-z_]\w+)%"
    r"|\$env:(?P<powershell>\w+)|(?:!ENV|ENC\[|env\.)\s*(?P<env>[A-Z_][A-Z0-9_]+)\]?|%\((?P<ini>\w+)\)s|\$\{env:(?P<serverless>\w+)\}"
    r"|process\.env\.(?P<node>\w+)|(?P<hcl>(?:var|local|data|module|each|self)\.[\w.\[\]\"]+)"
)
_QUOTED = re.compile(r"""["']([^"']*)["']""")
_ENVIRONMENT_IN_TEMPLATE = re.compile(
    r"""(?:env|vars)\.(\w+)|(?:env|lookup\('env',|env_var|getenv)\s*\(?\s*["'](\w+)["']"""
)
_VALUES = re.compile(r"\$?\.Values\.([\w.]+)")
_DEFAULT = re.compile(r"""\bdefault\b\s*\(?\s*["']([^"']+)["']|\|\|\s*["']([^"']+)["']|\bor\s+["']([^"']+)["']""")
_TEMPLATED = re.compile(
    r"\$\{|\{\{|\$[A-Za-z_(]|os\.environ/|\{env:|%[A-Za-z_]\w+%|%\(\w+\)s|^(?:var|local|data|module|each)\.|process\.env\.|<%"
)


@dataclass(frozen=True, slots=True)
class Expansion:
    """`values` are the texts that stand here (the literal, or defaults); `variable` is what else may fill the place."""

    values: tuple[str, ...]
    variable: str = ""  # `env:NAME` or `env:dotted.path`; empty when nothing can be named
    is_open: bool = False  # at least a part comes from elsewhere


def expand(text: str, known: Mapping[str, str] | None = None) -> Expansion:
    """Take a text apart. `known` are variables set before in the same file."""
    if not _TEMPLATED.search(text):
        return Expansion((text,))
    for read in (_read_actions, _read_curly, _read_elsewhere):
        found = read(text)
        if found is not None:
            return found
    return _read_shell(text, known or {})


def is_templated(text: str) -> bool:
    """Whether any part of the text is filled in from elsewhere."""
    return _TEMPLATED.search(text) is not None


def _read_actions(text: str) -> Expansion | None:
    return _read_expression(text, _ACTIONS) if "${{" in text else None


def _read_curly(text: str) -> Expansion | None:
    return _read_expression(text, _CURLY) if "{{" in text else None


def _read_expression(text: str, shape: re.Pattern[str]) -> Expansion | None:
    whole = shape.fullmatch(text.strip())
    if whole is None:
        return Expansion((), _name_variable(text), is_open=True)
    defaults = tuple(str(match[match.lastindex or 0]) for match in _DEFAULT.finditer(whole["body"]))
    return Expansion(defaults, _name_variable(whole["body"]), is_open=True)


def _name_variable(body: str) -> str:
    if values := _VALUES.search(body):
        return f"env:{values[1]}"
    environment = _ENVIRONMENT_IN_TEMPLATE.search(body)
    return f"env:{environment[1] or environment[2]}" if environment else ""


def _read_elsewhere(text: str) -> Expansion | None:
    whole = _ELSEWHERE.fullmatch(text.strip())
    if whole is None:
        terraform = _TERRAFORM.fullmatch(text.strip())
        inner = _ELSEWHERE.fullmatch(terraform["body"].strip()) if terraform else None
        return Expansion((), f"env:{inner['hcl']}", is_open=True) if inner and inner["hcl"] else None
    kind = whole.lastgroup or ""
    name = whole[kind]
    return Expansion((), f"env:{name}", is_open=True)


def _read_shell(text: str, known: Mapping[str, str]) -> Expansion:
    """Substitute what is known or has a default; stay open where nothing is."""
    matches = list(_SHELL.finditer(text))
    if not matches:
        return Expansion((), "", is_open=True)
    first = matches[0]
    only = len(matches) == 1 and first[0] == text.strip()
    variable = f"env:{first['braced'] or first['bare']}" if not (first["braced"] or first["bare"]).isdigit() else ""
    if only and first["how"] in ("-", "="):
        inner = expand(first["word"].strip("\"'"), known)
        return Expansion(inner.values, variable, is_open=True)
    is_open = False

    def substitute(match: re.Match[str]) -> str:
        nonlocal is_open
        value = known.get(match["braced"] or match["bare"])
        if value is None and match["how"] in ("-", "="):
            value = match["word"]
        if value is None or (match["how"] == "+"):
            is_open = True
            return match[0]
        return value

    filled = _SHELL.sub(substitute, text)
    return Expansion((), variable if only else "", is_open=True) if is_open else Expansion((filled,), variable)
