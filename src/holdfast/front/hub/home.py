"""The vault's page at `/`: what is held, in which state, and the one line to use it. No script, nothing is fetched.

It shows what the caller may read, and asks a browser for a token when that is nothing.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from shlex import quote
from string import Template
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

import holdfast
from holdfast.front.hub.addresses import KINDS
from holdfast.front.hub.overviews import OVERVIEWS
from holdfast.front.hub.site import Site
from holdfast.front.hub.trace import get_caller
from holdfast.records.access import Caller, Scope
from holdfast.records.vault import CopyState
from holdfast.workflows.auditing import Served
from holdfast.workflows.list import CopyRow
from holdfast.workflows.overview import HeldModel, Overview, count_ready, find_oldest

MODELS_A_PAGE: Final = 100
COPIES_SHOWN: Final = 8
_SEARCH_MAX: Final = 100
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB")
_ROW_CLASSES: Final = {
    CopyState.FROZEN: "is-stopped",
    CopyState.DAMAGED: "is-stopped",
    CopyState.VERIFYING: "is-waiting",
}


@dataclass(frozen=True, slots=True)
class PageAsked:
    """For whom a page is made: `url` is how clients reach the server, `page` counts from 0."""

    caller: Caller
    url: str
    search: str = ""
    page: int = 0


def register(site: Site) -> None:
    """Add the route."""

    async def show(request: web.Request) -> web.StreamResponse:
        number = request.query.get("page", "")
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
        search = request.query.get("search", "").strip()[:_SEARCH_MAX]
        asked = PageAsked(get_caller(request), site.get_url(request), search, page)
        overview = await request.app[OVERVIEWS].get()
        body = await site.ask(lambda: render_home(overview, asked).encode("utf-8", "replace"))
        return web.Response(body=body, headers=_HEADERS, content_type="text/html", charset="utf-8")

    site.at("GET", "/", show)


def render_home(overview: Overview, asked: PageAsked) -> str:
    """The page."""
    mine = [model for model in overview.models if asked.caller.may(Scope.READ, model.name)]
    fitting = [model for model in mine if asked.search.lower() in model.name.lower()]
    begin = min(asked.page * MODELS_A_PAGE, max(len(fitting) - 1, 0) // MODELS_A_PAGE * MODELS_A_PAGE)
    shown = fitting[begin : begin + MODELS_A_PAGE]
    copies = [copy for model in mine for copy in model.copies]
    return Template(_read("home.html")).substitute(
        style=_STYLE,
        title=f"holdfast: {_count(len(mine), 'model')}",
        who=escape(_say_who(asked.caller)),
        headline=escape(_say_headline(mine)),
        facts=escape(_say_facts(copies)),
        keys=_render_keys(copies),
        url=escape(asked.url),
        token="" if asked.caller.is_anonymous else _LOGIN,
        shown=escape(_say_shown(begin, shown, fitting, mine)),
        search=escape(asked.search),
        table=_render_table(shown, asked) if shown else _render_empty(asked, has_any=bool(mine)),
        pages=_render_pages(begin, len(fitting), asked.search),
        foot=escape(" ".join((*overview.notes, _FOOT))),
    )


def _read(name: str) -> str:
    return (files("holdfast.front.hub") / name).read_text(encoding="utf-8")


_STYLE: Final = _read("home.css")
_NUMBER: Final = ' class="number"'
_LOGIN: Final = '<p><code class="line">export HF_TOKEN=hf_…</code><span class="sub">your token of this vault</span></p>'
_FOOT: Final = (
    f"holdfast {holdfast.__version__}. Served counts requests for files, ranges of one file apart, by all servers of "
    "this vault, as its log has them. This page loads nothing."
)
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'sha256-"
        + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def _say_who(caller: Caller) -> str:
    return "read without a token" if caller.is_anonymous else f"token {caller.name}"


def _say_headline(models: Sequence[HeldModel]) -> str:
    if not models:
        return "Nothing is held here that you may read."
    usable = sum(any(copy.state is CopyState.KEPT for copy in model.copies) for model in models)
    held = "It is" if len(models) == 1 else f"All {len(models)} are"
    if usable == len(models):
        return f"{_count(len(models), 'model')} held. {held} whole and served."
    return f"{_count(len(models), 'model')} held; {usable} of them served."


def _say_facts(copies: Sequence[CopyRow]) -> str:
    oldest = find_oldest(copies)
    said = [_count(len(copies), "copy", "copies"), tell_bytes(sum(copy.size for copy in copies))]
    if copies:
        said.append(f"{count_ready(copies)} ready, by a smoke test")
    if oldest is not None:
        said.append(f"oldest verification {oldest.strftime('%Y-%m-%d')} ({_say_ago(oldest)})")
    return " · ".join(said)


def _say_ago(moment: datetime) -> str:
    days = (datetime.now(UTC) - moment).days
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"


def _render_keys(copies: Sequence[CopyRow]) -> str:
    counts = Counter(copy.state for copy in copies)
    chips = (f"<li>{_render_chip(state, f'{counts[state]} {state}')}</li>" for state in CopyState if counts[state])
    return f'<ul class="keys" aria-label="Copies by state">{"".join(chips)}</ul>' if copies else ""


def _render_chip(state: CopyState, text: str) -> str:
    return f'<span class="chip chip--{state.value}">{escape(text)}</span>'


def _say_shown(begin: int, shown: Sequence[HeldModel], fitting: Sequence[HeldModel], mine: Sequence[HeldModel]) -> str:
    if len(shown) == len(mine):
        return _count(len(mine), "model")
    return f"{begin + 1} to {begin + len(shown)} of {_count(len(fitting), 'model')}" if shown else ""


def _render_table(models: Sequence[HeldModel], asked: PageAsked) -> str:
    titles = ("Model", "State", "Size", "Verified", "Runs", "Served")
    heads = "".join(f'<th scope="col"{_NUMBER * (title == "Size")}>{title}</th>' for title in titles)
    bodies = "".join(f"<tbody>{''.join(_render_model(model, asked))}</tbody>" for model in models)
    return f"<table><thead><tr>{heads}</tr></thead>{bodies}</table>"


def _render_model(model: HeldModel, asked: PageAsked) -> Iterator[str]:
    if len(model.copies) == 1:
        yield _render_row(_render_name(model, model.copies[0], asked), model.copies[0], _render_served(model.served))
        return
    blank = '<td class="blank"></td>' * 4
    served = f'<td data-label="Served">{_render_served(model.served)}</td>'
    yield f'<tr><th scope="row">{_render_name(model, None, asked)}</th>{blank}{served}</tr>'
    for copy in model.copies[:COPIES_SHOWN]:
        yield _render_row(_render_line(copy, asked, f"--revision {quote(copy.revision)}"), copy, "")
    left = len(model.copies) - COPIES_SHOWN
    if left > 0:
        yield f'<tr><th scope="row"><span class="sub">and {_count(left, "older copy", "older copies")}</span></th></tr>'


def _render_name(model: HeldModel, only: CopyRow | None, asked: PageAsked) -> str:
    """The model's name, and how to have what its branch main means."""
    name = f'<span class="model">{escape(model.name)}</span>'
    if only is not None:
        return f'{name}<span class="sub">{escape(only.revision[:60])}</span>{_render_line(only, asked)}'
    first = next((copy for copy in model.copies if copy.state is CopyState.KEPT), model.copies[0])
    return f'{name}<span class="sub">{_count(len(model.copies), "copy", "copies")}</span>{_render_line(first, asked)}'


def _render_line(copy: CopyRow, asked: PageAsked, more: str = "") -> str:
    line = tell_line(copy, asked.url, more)
    return f'<span class="sub how"><code class="line">{escape(line)}</code></span>' if line else ""


def _render_row(first: str, copy: CopyRow, served: str) -> str:
    cells = (
        ("State", "", _render_chip(copy.state, copy.state.value)),
        ("Size", "number", escape(tell_bytes(copy.size))),
        ("Verified", "", _render_time(copy.verified_at)),
        ("Runs", "", escape(copy.ready)),
        ("Served", "" if served else "blank", served),
    )
    told = "".join(f'<td data-label="{label}" class="{kind}">{text}</td>' for label, kind, text in cells)
    return f'<tr class="{_ROW_CLASSES.get(copy.state, "")}"><th scope="row">{first}</th>{told}</tr>'


def _render_time(text: str | None) -> str:
    if text is None:
        return "when it was kept"
    day, _, hour = text.partition(" ")
    return f'{escape(day)}<span class="sub">{escape(hour)}</span>'


def tell_line(copy: CopyRow, url: str, more: str = "") -> str:
    """What to type to have a copy; empty for one that is not given out."""
    if copy.state is not CopyState.KEPT:
        return ""
    kind, _, rest = copy.model.partition("/")
    named = f"{quote(rest)} --repo-type {kind[:-1]}" if kind in KINDS[1:] else quote(copy.model)
    return f"HF_ENDPOINT={url} hf download {named} {more}".rstrip()


def _render_served(served: Served | None) -> str:
    if served is None:
        return "unknown"
    if not served.requests:
        return "never"
    size, last = escape(tell_bytes(served.bytes)), escape(served.last_at[:16].replace("T", " "))
    return f'{served.requests:,} times<span class="sub">{size}<br>last {last} UTC</span>'


def _render_empty(asked: PageAsked, *, has_any: bool) -> str:
    if has_any:
        return f'<p class="empty">No model here is called {escape(asked.search)!r}.</p>'
    return '<p class="empty">Keep one: <code>holdfast keep PATH --as org/name</code></p>'


def _render_pages(begin: int, total: int, search: str) -> str:
    number, links = begin // MODELS_A_PAGE, ""
    for there, word in ((number - 1, "Previous"), (number + 1, "Next")):
        if 0 <= there * MODELS_A_PAGE < total:
            query = urlencode({"search": search, "page": there} if search else {"page": there})
            links += f'<a href="/?{escape(query)}#models">{word}</a>'
    return f'<nav class="pages" aria-label="Pages">{links}</nav>' if links else ""


def _count(count: int, noun: str, many: str = "") -> str:
    return f"{count:,} {noun if count == 1 else many or f'{noun}s'}"


def tell_bytes(count: int) -> str:
    """`1.4 GB`, in decimal units."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}" if value < 100 else f"{value:.0f} {_UNITS[unit]}"
