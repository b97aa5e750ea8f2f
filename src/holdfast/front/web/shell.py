"""What every page is: one HTML file that opens with no network, with its style, its script and its data inside.

Refuses to load anything: its content security policy admits only the style and the script that it carries.
"""

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Final, cast

from holdfast.front.web.plots.markup import Markup, join

_ESCAPES: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page without its shell. `styles` and `scripts` are files of this folder, each of which uses only what stands
    before it; `data` is JSON that nothing ends early; `skip_to` is the id of what the page is opened for."""

    verb: str
    title: str
    version: str
    main: Markup
    foot: str
    styles: Sequence[str]
    scripts: Sequence[str]
    data_id: str
    data: str
    skip_to: str
    skip_name: str
    about: Markup | None = None
    tools: Markup | None = None


def render_sheet(sheet: Sheet) -> str:
    """The whole page. The same sheet gives the same bytes."""
    style, script = _join_styles(sheet.styles), _join_scripts(sheet.scripts)
    return fill_template(
        "shell.html",
        policy=Markup(_make_policy(style, script)),
        style=Markup(style),
        script=Markup(script),
        data=Markup(sheet.data),
        data_id=sheet.data_id,
        title=sheet.title,
        version=sheet.version,
        verb=sheet.verb,
        about=sheet.about or "",
        tools=sheet.tools or "",
        skip_to=sheet.skip_to,
        skip_name=sheet.skip_name,
        main=sheet.main,
        foot=sheet.foot,
    )


def fill_template(name: str, **parts: str) -> Markup:
    """A file of this folder with its places filled: what is not Markup is escaped."""
    return Markup(Template(load_part(name)).substitute({place: join(part) for place, part in parts.items()}))


def load_part(name: str) -> str:
    """A file of this folder."""
    return (files("holdfast.front.web") / name).read_text(encoding="utf-8")


def pack_data(value: object) -> str:
    """A plain value as ASCII JSON in which nothing can end a script element. A number that is not finite is null."""
    return json.dumps(_keep_finite(value), separators=(",", ":"), ensure_ascii=True, allow_nan=False).translate(
        _ESCAPES
    )


def _join_styles(names: Sequence[str]) -> str:
    return "".join(f"\n{load_part(name)}" for name in ("shell.css", *names))


def _join_scripts(names: Sequence[str]) -> str:
    parts = "\n".join(load_part(name) for name in ("shell.js", *names))
    return f'\n(() => {{\n"use strict";\n{parts}\n}})();\n'


def _make_policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _keep_finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _keep_finite(item) for name, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_keep_finite(item) for item in cast("list[object]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
