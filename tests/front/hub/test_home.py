"""The page at `/`, as it is written; test_home_in_browser.py opens it."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from holdfast.front.hub.home import MODELS_A_PAGE, PageAsked, render_home, tell_bytes
from holdfast.records.access import Caller, Grant, Scope
from holdfast.records.vault import CopyState
from holdfast.workflows.auditing import Served as Counted
from holdfast.workflows.list import CopyRow
from holdfast.workflows.overview import HeldModel, Overview
from tests.front.cli.vaults import Place, copy_place
from tests.front.hub.serving import Served, serving

ANYBODY = Caller("", (Grant(Scope.READ, "*"),))
URL = "http://vault:8420"
HOSTILE = "<script>alert(1)</script>\"&'"


def make_copy(model: str, revision: str = "main", state: CopyState = CopyState.KEPT) -> CopyRow:
    return CopyRow(
        model, revision, state, 1_400_000_000, 10, 5, "2026-11-01T00:00:00Z", "2026-11-20 10:00 UTC", "m", "ready", None
    )


def make_overview(*models: HeldModel) -> Overview:
    return Overview(tuple(models))


def render(overview: Overview, **asked: object) -> str:
    return render_home(overview, PageAsked(ANYBODY, URL, **asked))  # type: ignore[arg-type]


class Reader(HTMLParser):
    """Collects text, and every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_says_what_is_held_in_which_state_and_how_to_use_it(hub_template: Place, tmp_path: Path) -> None:
    place = copy_place(hub_template, tmp_path / "place")
    place.run("freeze", "org/other", "--by", "A. Counsel", "--why", "LEGAL-212")
    with serving(place.vault, place.environ) as found:
        answer = found.ask("/")
        text = Reader(answer.body.decode()).text
    assert answer.status == 200
    assert "3 models held; 2 of them served." in text
    assert "2 kept 1 frozen" in text
    assert f"HF_ENDPOINT={found.address} hf download org/base" in text
    assert "hf download org/other" not in text


def test_the_page_runs_and_loads_nothing(served: Served) -> None:
    answer = served.ask("/")
    page = answer.body.decode()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "frame-ancestors 'none'" in policy
    tags = Reader(page).tags
    assert not {tag for tag, _ in tags} & {"script", "img", "link", "iframe", "object", "audio", "video"}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "style"]
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_what_strangers_named_is_text_on_the_page() -> None:
    model = HeldModel(f"org/{HOSTILE}", (make_copy(f"org/{HOSTILE}", HOSTILE),), Counted())
    page = render_home(make_overview(model), PageAsked(Caller(HOSTILE, ANYBODY.grants, token="x"), URL, ""))
    assert "<script" not in page
    assert HOSTILE in "".join(Reader(page).words)
    searched = render(make_overview(model), search=HOSTILE)
    assert "<script" not in searched


def test_every_copy_of_a_model_has_its_own_line_and_a_strange_name_is_quoted() -> None:
    copies = (make_copy("org/a", "it's odd"), make_copy("org/a", "v1"))
    text = Reader(render(make_overview(HeldModel("org/a", copies, Counted(3, 1000, "2026-11-26T10:00:00Z"))))).text
    assert f"HF_ENDPOINT={URL} hf download org/a 3 times" in text
    assert "hf download org/a --revision 'it'\"'\"'s odd'" in text
    assert "hf download org/a --revision v1" in text
    assert "1 kB last 2026-11-26 10:00 UTC" in text


def test_datasets_are_downloaded_as_such() -> None:
    model = HeldModel("datasets/org/d", (make_copy("datasets/org/d"),), None)
    text = Reader(render(make_overview(model))).text
    assert "hf download org/d --repo-type dataset" in text
    assert "unknown" in text


def test_nothing_of_a_model_is_shown_to_who_may_not_read_it() -> None:
    overview = make_overview(*(HeldModel(name, (make_copy(name),), Counted()) for name in ("org/a", "secret/b")))
    page = render_home(overview, PageAsked(Caller("ci", (Grant(Scope.READ, "org/*"),), token="x"), URL))
    assert "secret" not in page
    assert "1 model held." in page
    assert "HF_TOKEN" in page


def test_an_empty_vault_says_how_to_begin() -> None:
    assert "holdfast keep PATH" in Reader(render(make_overview())).text


def test_many_models_come_in_pages_that_together_hold_each_once() -> None:
    names = [f"org/model-{number:04}" for number in range(2 * MODELS_A_PAGE + 7)]
    overview = make_overview(*(HeldModel(name, (make_copy(name),), Counted()) for name in names))
    seen: list[str] = []
    for page in range(3):
        seen += re.findall(r'<span class="model">([^<]+)</span>', render(overview, page=page))
    assert seen == names
    assert 'href="/?page=1#models"' in render(overview)
    assert re.findall(r'<span class="model">([^<]+)</span>', render(overview, page=99)) == names[-7:]
    found = render(overview, search="0007")
    assert re.findall(r'<span class="model">([^<]+)</span>', found) == ["org/model-0007"]


def test_sizes_are_told_as_disks_are_sold() -> None:
    told = [tell_bytes(count) for count in (0, 999, 1000, 1_400_000_000, 999_600, 123_456_789)]
    assert told == ["0 bytes", "999 bytes", "1 kB", "1.4 GB", "1 MB", "123 MB"]
