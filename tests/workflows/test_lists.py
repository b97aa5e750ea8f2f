"""Lists brought up to date from a loopback server or a file, kept whole, shown, and screened against."""

import datetime
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.front.cli.main import run_verb
from holdfast.levers.screening.store import list_editions, read_entries
from holdfast.records.errors import (
    LimitExceeded,
    ListError,
    MissingPath,
    NetworkError,
    OutputError,
    UnknownName,
    UsageError,
)
from holdfast.records.screening import Answer
from holdfast.workflows.folders import lists_folder
from holdfast.workflows.lists import (
    ScreenAsked,
    UpdateAsked,
    open_lists,
    screen_names,
    show_lists,
    update_lists,
)
from tests.levers.screening.editions import FIXTURES, day

NOW = datetime.datetime(2026, 10, 1, 12, tzinfo=datetime.UTC)
Run = Callable[..., Any]


@dataclass
class Site:
    """A loopback server's pages: path → (status, body, headers), and what was asked of it."""

    address: str = ""
    pages: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def serve(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        self.pages[path] = (status, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.address + path


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the pages of a site."""

    site: Site

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        status, body, headers = self.site.pages.get(self.path, (404, b"no such page", {}))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[Site]:
    class SiteHandler(Handler):
        site = Site()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SiteHandler) as server:
        SiteHandler.site.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield SiteHandler.site
        server.shutdown()


@pytest.fixture
def data(tmp_path: Path, site: Site) -> Path:
    """The packaged lists, their addresses on the loopback server and their floors low enough for fixtures."""
    from holdfast.data import data_folder

    content = yaml.safe_load((data_folder() / "lists.yaml").read_text(encoding="utf-8"))
    for feed in content["feeds"]:
        feed["floor"], feed["bytes_max"] = 2, 100_000
        for source in feed["sources"]:
            source["urls"] = [f"{site.address}/{url.rpartition('/')[2]}" for url in source.get("urls", ())]
            if "date_url" in source:
                source["date_url"] = f"{site.address}/titles.json"
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "lists.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    (folder / "organisations").symlink_to(data_folder() / "organisations")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lists"


@pytest.fixture
def asked(folder: Path, data: Path) -> UpdateAsked:
    return UpdateAsked(names=("us-ofac-sdn",), folder=folder, now=NOW, progress=_quiet, data=data)


def _quiet(done: int, total: int) -> None:
    """Reports nothing."""


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*")]


def test_a_fetched_list_is_stored_with_its_bytes_digest_date_and_source(asked: UpdateAsked, site: Site) -> None:
    url = site.serve("/sdn_advanced.xml", fixture("sdn_advanced.xml"))

    (updated,) = update_lists(asked)

    (held,) = show_lists(asked.folder, ["us-ofac-sdn"])
    (edition,) = held.editions
    assert updated.new
    assert edition == updated.edition
    assert edition.source == (url,)
    assert edition.date == datetime.date(2026, 9, 30)
    assert edition.date_from == "the file's date of issue"
    assert edition.checked_on == NOW.date()
    assert edition.count == 3
    raw = Path(held.folders[0]) / "raw" / "sdn_advanced.xml"
    assert raw.read_bytes() == fixture("sdn_advanced.xml")
    import hashlib

    assert edition.files[0].sha256 == hashlib.sha256(raw.read_bytes()).hexdigest()
    assert leftovers(asked.folder) == []


def test_the_same_bytes_fetched_again_only_move_the_day_they_were_seen(asked: UpdateAsked, site: Site) -> None:
    site.serve("/sdn_advanced.xml", fixture("sdn_advanced.xml"))
    update_lists(asked)

    (again,) = update_lists(replace(asked, now=NOW + datetime.timedelta(days=9)))

    (edition,) = list_editions(asked.folder)
    assert not again.new
    assert edition.seen_until == datetime.date(2026, 10, 10)
    assert edition.fetched_at == NOW


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Service unavailable</body></html>",
        b"",
        fixture("sdn_advanced.xml")[:4000],
        b"<Sanctions></Sanctions>",
    ],
    ids=["web page", "empty", "cut short", "no parties"],
)
def test_a_bad_download_keeps_the_edition_that_was_held(asked: UpdateAsked, site: Site, body: bytes) -> None:
    site.serve("/sdn_advanced.xml", fixture("sdn_advanced.xml"))
    update_lists(asked)
    before = list_editions(asked.folder)
    site.serve("/sdn_advanced.xml", body)

    with pytest.raises(ListError) as caught:
        update_lists(asked)

    assert list_editions(asked.folder) == before
    assert len(read_entries(asked.folder, before[0])) == 3
    assert leftovers(asked.folder) == []
    assert site.address in caught.value.where
    assert ".incoming" not in caught.value.where


def test_a_failed_download_says_the_address_and_how_to_go_on(asked: UpdateAsked, site: Site) -> None:
    with pytest.raises(NetworkError, match="404") as caught:
        update_lists(asked)

    assert caught.value.where == f"{site.address}/sdn_advanced.xml"
    assert "--from" in caught.value.next_step
    assert list_editions(asked.folder) == []


def test_a_list_that_fails_does_not_keep_the_others_from_being_stored(asked: UpdateAsked, site: Site) -> None:
    site.serve("/consolidated.json", fixture("csl.json"))

    with pytest.raises(NetworkError, match=r"404.*stored: us-csl"):
        update_lists(replace(asked, names=("us-ofac-sdn", "us-csl")))

    assert [edition.feed for edition in list_editions(asked.folder)] == ["us-csl"]


def test_an_answer_shorter_than_announced_is_no_edition(asked: UpdateAsked, site: Site) -> None:
    body = fixture("sdn_advanced.xml")
    site.serve("/sdn_advanced.xml", body, Content_Length=str(len(body) + 10))

    with pytest.raises(NetworkError):
        update_lists(asked)
    assert list_editions(asked.folder) == []


def test_a_list_larger_than_its_limit_is_not_fetched(asked: UpdateAsked, site: Site) -> None:
    site.serve("/sdn_advanced.xml", b"<" + b"x" * 200_000)

    with pytest.raises(LimitExceeded, match="at most 100000"):
        update_lists(asked)


def test_plain_http_is_refused_except_to_this_machine(asked: UpdateAsked) -> None:
    with pytest.raises(UsageError, match="https only"):
        update_lists(replace(asked, url="http://example.invalid/sdn.xml"))


def test_a_redirect_away_from_tls_is_refused(asked: UpdateAsked, site: Site) -> None:
    site.serve("/sdn_advanced.xml", b"", status=302, Location="http://example.invalid/sdn.xml")

    with pytest.raises(UsageError, match="https only"):
        update_lists(asked)


def test_another_address_may_be_given_and_is_no_proof_of_being_the_newest(asked: UpdateAsked, site: Site) -> None:
    url = site.serve("/mirror/sdn.xml?x=1", fixture("sdn_advanced.xml"))

    (updated,) = update_lists(replace(asked, url=url))

    assert updated.edition.source == (url,)
    assert updated.edition.checked_on is None


def test_three_files_of_the_legacy_form_make_one_edition(asked: UpdateAsked, site: Site) -> None:
    for name in ("SDN", "ALT", "ADD"):
        site.serve(f"/{name}.CSV", fixture(f"{name.lower()}.csv"), Last_Modified="Tue, 29 Sep 2026 14:00:00 GMT")

    (updated,) = update_lists(replace(asked, form="ofac-csv"))

    assert [file.name for file in updated.edition.files] == ["SDN.CSV", "ALT.CSV", "ADD.CSV"]
    assert updated.edition.date == datetime.date(2026, 9, 29)
    assert updated.edition.date_from == "the server's date of change"


def test_the_entity_list_is_fetched_for_the_day_that_ecfr_is_current_to(asked: UpdateAsked, site: Site) -> None:
    titles = {"titles": [{"number": 15, "up_to_date_as_of": "2026-09-28"}, {"number": 16, "up_to_date_as_of": "x"}]}
    site.serve("/titles.json", json.dumps(titles).encode())
    site.serve("/title-15.xml?part=744", fixture("entity_list.xml"))

    (updated,) = update_lists(replace(asked, names=("us-bis-entity-list",)))

    assert updated.edition.date == datetime.date(2026, 9, 28)
    assert site.asked == ["/titles.json", "/title-15.xml?part=744"]


def test_a_past_edition_of_the_entity_list_is_fetched_by_its_day(asked: UpdateAsked, site: Site) -> None:
    site.serve("/title-15.xml?part=744", fixture("entity_list.xml"))

    (updated,) = update_lists(replace(asked, names=("us-bis-entity-list",), edition=day("2025-02-01")))

    assert updated.edition.date == datetime.date(2025, 2, 1)
    assert updated.edition.checked_on is None
    assert "/titles.json" not in site.asked


def test_a_file_from_an_air_gap_needs_no_network(asked: UpdateAsked, site: Site) -> None:
    (updated,) = update_lists(replace(asked, names=("us-1260h",), files=(FIXTURES / "1260h.csv",)))

    assert updated.edition.date == datetime.date(2026, 6, 8)
    assert updated.edition.source == (str(FIXTURES / "1260h.csv"),)
    assert site.asked == []


def test_a_file_that_tells_no_day_needs_one(asked: UpdateAsked) -> None:
    request = replace(asked, names=("us-csl",), files=(FIXTURES / "csl.json",))

    with pytest.raises(UsageError, match="does not tell its edition's day") as caught:
        update_lists(request)
    (updated,) = update_lists(replace(request, edition=day("2025-06-01")))

    assert "--edition" in caught.value.next_step
    assert updated.edition.date == datetime.date(2025, 6, 1)


def test_a_list_that_shrank_by_a_third_is_not_believed_until_told(asked: UpdateAsked, tmp_path: Path) -> None:
    whole = replace(asked, names=("us-1260h",), files=(FIXTURES / "1260h.csv",))
    update_lists(whole)
    short = tmp_path / "short.csv"
    short.write_text("".join((FIXTURES / "1260h.csv").read_text().splitlines(keepends=True)[:4]))

    with pytest.raises(ListError, match="3 parties, where the edition of 2026-06-08 has 5"):
        update_lists(replace(whole, files=(short,)))
    (updated,) = update_lists(replace(whole, files=(short,), floor=3))

    assert updated.edition.count == 3


def test_a_list_without_an_address_asks_for_a_file(asked: UpdateAsked) -> None:
    with pytest.raises(UsageError, match="no address") as caught:
        update_lists(replace(asked, names=("us-1260h",)))
    assert "--from FILE" in caught.value.next_step


def test_unknown_lists_forms_and_files_are_named(asked: UpdateAsked, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="us-sdn"):
        update_lists(replace(asked, names=("us-sdn",)))
    with pytest.raises(UnknownName, match="pdf"):
        update_lists(replace(asked, form="pdf"))
    with pytest.raises(MissingPath):
        update_lists(replace(asked, files=(tmp_path / "none.xml",)))
    with pytest.raises(UsageError, match="one list"):
        update_lists(replace(asked, names=(), files=(FIXTURES / "sdn.csv",)))


def test_a_folder_that_cannot_be_written_is_said(asked: UpdateAsked, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        update_lists(replace(asked, folder=tmp_path / "file" / "lists", files=(FIXTURES / "sdn.csv",)))


def test_a_damaged_store_is_reported_and_not_taken_for_an_empty_one(asked: UpdateAsked) -> None:
    update_lists(replace(asked, names=("us-1260h",), files=(FIXTURES / "1260h.csv",)))
    (held,) = show_lists(asked.folder, ["us-1260h"])
    place = Path(held.folders[0])
    lists = open_lists(asked.folder, asked.data)

    (place / "entries.json").write_text("[]")
    with pytest.raises(ListError, match="5 parties were stored"):
        lists.get_index(held.editions[0])
    (place / "edition.json").write_text('{"feed": "us-1260h"')
    with pytest.raises(ListError, match="damaged") as caught:
        open_lists(asked.folder, asked.data)
    assert str(place) in caught.value.next_step


def test_a_withdrawn_version_is_kept_as_such(asked: UpdateAsked) -> None:
    request = replace(asked, names=("us-1260h",), files=(FIXTURES / "1260h.txt",))
    update_lists(replace(request, edition=day("2026-02-13"), withdrawn=day("2026-02-13")))

    screened = ScreenAsked(
        names=("Alibaba Group Holding Limited",),
        folder=asked.folder,
        on=day("2026-02-14"),
        known_on=day("2026-02-14"),
        feeds=("us-1260h",),
        data=asked.data,
    )
    (result,) = screen_names(screened)

    assert result.hits[0].state.value == "published-then-withdrawn"
    assert result.answer is Answer.UNKNOWN  # no other edition is held


def test_a_brand_is_pointed_to_the_organisation_that_has_it(asked: UpdateAsked) -> None:
    update_lists(
        replace(asked, names=("us-bis-entity-list",), files=(FIXTURES / "entity_list.xml",), edition=day("2026-09-28"))
    )
    screened = ScreenAsked(
        names=("Z.AI", "org:zhipu"),
        folder=asked.folder,
        on=day("2026-10-01"),
        known_on=day("2026-10-01"),
        feeds=("us-bis-entity-list",),
        data=asked.data,
    )

    brand, organisation = screen_names(screened)

    assert (brand.answer, brand.hits) == (Answer.NO, ())
    assert "org:zhipu" in brand.notes[-1]
    assert organisation.answer is Answer.YES
    assert organisation.hits[0].queried == "Beijing Zhipu Huazhang Technology Co., Ltd."


def test_lists_lie_where_the_user_says() -> None:
    assert lists_folder("/a", {"HOLDFAST_LISTS": "/b"}) == Path("/a")
    assert lists_folder(None, {"HOLDFAST_LISTS": "/b"}) == Path("/b")
    assert lists_folder(None, {"XDG_DATA_HOME": "/c"}) == Path("/c/holdfast/lists")


def test_the_verbs_print_tables_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--folder", str(folder)]
    update = ["lists", "update", "us-1260h", "--from", str(FIXTURES / "1260h.csv"), "--floor", "2", *place]
    assert run_verb(update) == 0
    assert "us-1260h: edition of 2026-06-08" in capsys.readouterr().out
    assert run_verb(["lists", *place]) == 0
    assert "us-ofac-sdn" in capsys.readouterr().out
    assert run_verb(["lists", "show", "us-1260h", "--json", *place]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["lists"][0]["editions"][0]["count"] == 5

    screen = ["lists", "screen", "Tencent Holdings Limited", "--on", "2026-06-10", "--known-on", "2026-06-10", *place]
    assert run_verb(screen) == 0
    printed = capsys.readouterr().out
    assert "No hit is not clearance. A hit is not a verdict." in printed
    assert "No edition held, so unknown: us-ofac-sdn" in printed
    assert run_verb([*screen, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["hits"][0]["edition"]["date"] == "2026-06-08"
    assert result["caveats"] == ["No hit is not clearance.", "A hit is not a verdict."]


def test_an_error_is_one_json_object_when_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = ["lists", "update", "us-csl", "--from", str(FIXTURES / "README.md"), "--folder", str(folder), "--json"]
    assert run_verb(bad) == ListError.exit_code

    error = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert error["error"] == "ListError"
    assert error["where"] == f"{FIXTURES / 'README.md'}:1"


@pytest.mark.parametrize("missing", ["rigour", "nomenklatura", "lxml"])
def test_without_the_extra_the_error_names_it(tmp_path: Path, missing: str) -> None:
    """A second process, in which the library cannot be imported."""
    block = f"import sys; sys.modules[{missing!r}] = None\n"
    start = "from holdfast.front.cli.main import run\n"
    folder = str(tmp_path / "lists")
    csv = ["lists", "update", "us-1260h", "--from", str(FIXTURES / "1260h.csv"), "--floor", "2", "--folder", folder]
    xml = ["lists", "update", "us-ofac-sdn", "--from", str(FIXTURES / "sdn_advanced.xml"), "--folder", folder]
    screen = [
        "lists",
        "screen",
        "Tencent Holdings",
        "--on",
        "2026-06-10",
        "--known-on",
        "2026-06-10",
        "--folder",
        folder,
    ]
    assert run_verb(csv) == 0
    wanted = xml if missing == "lxml" else screen

    done = subprocess.run(
        [sys.executable, "-c", f"{block}{start}run({wanted!r})"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 5
    assert f"{missing}, which is not installed" in done.stderr
    assert "holdfast[screening]" in done.stderr


def test_every_host_that_is_called_is_in_the_docs() -> None:
    from urllib.parse import urlsplit

    from holdfast.data import data_folder
    from holdfast.levers.screening.feeds import read_feeds

    page = (Path(__file__).parents[2] / "docs/how-to/lists.md").read_text(encoding="utf-8")
    feeds = read_feeds(data_folder())
    sources = [source for feed in feeds.values() for source in feed.sources]
    urls = [url for source in sources for url in (*source.urls, source.date_url or "")]
    assert all(url.startswith("https://") for url in urls if url)
    assert [host for url in urls if (host := urlsplit(url).hostname or "") not in page] == []
    assert [name for name in feeds if f"`{name}`" not in page] == []
