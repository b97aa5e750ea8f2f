"""Files that are no lists, or not whole: each is one error that says file, line or byte, and what to do next."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.levers.screening.parsing import check_floor, find_format, parse_files
from holdfast.records.errors import ListError, MissingPath
from holdfast.records.screening import ParsedList
from tests.levers.screening.editions import FIXTURES, feed_of

Write = Callable[[str, bytes], Path]
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Sanctions><DistinctParties>&b;</DistinctParties></Sanctions>"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


def read(path: Path, feed: str) -> ParsedList:
    return parse_files([path], feed_of(feed), find_format([path], feed_of(feed)))


def check(path: Path, feed: str, *, where: str, what: str) -> None:
    with pytest.raises(ListError) as caught:
        read(path, feed)
    assert str(path) in caught.value.where
    assert caught.value.where.endswith(where)
    assert what in caught.value.what
    assert caught.value.next_step


def test_truncated_xml_is_reported_with_its_line(write: Write) -> None:
    content = (FIXTURES / "sdn_advanced.xml").read_bytes()
    half = content[: len(content) // 2]
    path = write("sdn.xml", half)

    with pytest.raises(ListError) as caught:
        read(path, "us-ofac-sdn")
    line = int(caught.value.where.removeprefix(f"{path}:").partition(",")[0])
    assert abs(line - (half.count(b"\n") + 1)) <= 1
    assert "cut short" in caught.value.what


def test_an_entity_bomb_is_refused_before_it_is_read(write: Write) -> None:
    check(write("bomb.xml", BOMB), "us-ofac-sdn", where=":2", what="document type")


def test_a_bomb_behind_a_long_comment_is_refused_too(write: Write) -> None:
    hidden = BOMB.replace(b"<!DOCTYPE", b"<!--" + b"x" * 9000 + b"--><!DOCTYPE")
    hidden = hidden.replace(b"&b;", b"<DistinctParty/>")
    check(write("bomb.xml", hidden), "us-ofac-sdn", where=":1", what="document type")


@pytest.mark.parametrize("feed", ["us-ofac-sdn", "us-csl", "us-bis-entity-list", "us-1260h"])
def test_an_error_page_instead_of_a_list_is_told_from_a_list(write: Write, feed: str) -> None:
    page = write("list", b"\n <!DOCTYPE html><html><body>503 Service Unavailable</body></html>")
    check(page, feed, where=":1", what="web page")


@pytest.mark.parametrize("feed", ["us-ofac-sdn", "us-csl", "us-bis-entity-list", "us-1260h"])
def test_an_empty_file_is_no_list(write: Write, feed: str) -> None:
    check(write("list", b" \r\n"), feed, where="byte 0", what="empty")


def test_a_row_with_a_column_too_few_is_reported_with_its_line(write: Write) -> None:
    rows = (FIXTURES / "sdn.csv").read_bytes().split(b"\r\n")
    rows[2] = rows[2].rpartition(b",")[0]
    check(write("sdn.csv", b"\r\n".join(rows)), "us-ofac-sdn", where=":3", what="11 columns where 12")


def test_a_file_cut_inside_a_row_is_reported_with_its_line(write: Write) -> None:
    content = (FIXTURES / "cons_prim.csv").read_bytes()
    start = content.index(b"30947,")
    path = write("prim.csv", content[: start + 40])
    check(path, "us-ofac-consolidated", where=":4", what="columns where 12")


def test_a_csv_without_the_columns_of_its_list_names_them(write: Write) -> None:
    check(write("x.csv", b"source,name\na,b\n"), "us-csl", where=":1", what="entity_number")


def test_a_screening_list_row_of_another_width_is_reported_with_its_line(write: Write) -> None:
    content = (FIXTURES / "csl.csv").read_bytes() + b'"one","two"\n'
    lines = content.count(b"\n")
    check(write("csl.csv", content), "us-csl", where=f":{lines}", what="2 columns where 29")


def test_another_encoding_is_reported_with_line_and_byte(write: Write) -> None:
    content = b'36,"AEROCARIBBEAN"' + b",-0- " * 10 + b'\r\n173,"CAF\xc9"' + b",-0- " * 10
    place = content.index(b"\xc9")
    check(write("sdn.csv", content), "us-ofac-sdn", where=f":2, byte {place}", what="not UTF-8")


def test_a_utf_16_file_is_told_by_its_mark(write: Write) -> None:
    content = (FIXTURES / "1260h.csv").read_text(encoding="utf-8").encode("utf-16")
    with pytest.raises(ListError):
        read(write("list.csv", content), "us-1260h")


def test_truncated_json_is_reported_with_its_line(write: Write) -> None:
    content = (FIXTURES / "csl.json").read_bytes()
    with pytest.raises(ListError) as caught:
        read(write("csl.json", content[:-200]), "us-csl")
    assert "csl.json:" in caught.value.where
    assert "cut short" in caught.value.what


def test_deeply_nested_json_is_refused(write: Write) -> None:
    check(write("csl.json", b'{"results": ' + b"[" * 100_000), "us-csl", where="csl.json", what="nested")


def test_json_that_states_more_results_than_it_holds_is_refused(write: Write) -> None:
    content = json.loads((FIXTURES / "csl.json").read_text(encoding="utf-8")) | {"total": 17000}
    path = write("csl.json", json.dumps(content).encode())
    check(path, "us-csl", where="csl.json", what="17000 results and holds 3")


def test_a_regulation_without_the_supplement_is_no_entity_list(write: Write) -> None:
    path = write("part.xml", b'<DIV5 N="740" TYPE="PART"><DIV9 N="Supplement No. 1 to Part 740"/></DIV5>')
    check(path, "us-bis-entity-list", where="part.xml", what="Supplement No. 4")


def test_xml_of_another_kind_is_named_by_its_root(write: Write) -> None:
    check(write("x.xml", b"<sdnList><sdnEntry/></sdnList>"), "us-ofac-sdn", where=":1", what="<sdnList>")


def test_a_pdf_is_none_of_the_forms_of_the_1260h_list(write: Write) -> None:
    check(write("x.pdf", b"%PDF-1.7\n%\xe2\xe3"), "us-1260h", where=":1", what="none of")


def test_a_wrong_date_in_the_1260h_transcription_is_reported_with_its_line(write: Write) -> None:
    content = (FIXTURES / "1260h.csv").read_bytes().replace(b"2025-01-07,\n", b"7 Jan 2025,\n")
    check(write("1260h.csv", content), "us-1260h", where=":3", what="7 Jan 2025")


def test_a_list_below_its_floor_is_not_the_whole_list(write: Write) -> None:
    header = (FIXTURES / "1260h.csv").read_bytes().split(b"\n")[0] + b"\n"
    parsed = read(write("1260h.csv", header), "us-1260h")

    with pytest.raises(ListError, match="0 parties; the whole list has at least 50"):
        check_floor(parsed, feed_of("us-1260h").floor, "1260h.csv")


def test_a_file_that_is_not_there_is_a_missing_path(tmp_path: Path) -> None:
    with pytest.raises(MissingPath):
        read(tmp_path / "none.csv", "us-csl")
