"""`who`: what is told of models, organisations and families, and what is said when nothing is called so."""

import datetime
from pathlib import Path

import pytest

from holdfast.data import data_folder
from holdfast.lineage import NameReader, read_registry
from holdfast.records.canonical_json import encode_pretty
from holdfast.records.errors import UnknownName
from holdfast.workflows.screening import ScreeningAsked
from holdfast.workflows.who import WhoResult, describe_who, who

TODAY = datetime.date(2026, 11, 22)
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "who.md"


@pytest.fixture(scope="module")
def reader() -> NameReader:
    return NameReader(read_registry(data_folder()))


def lines_of(answer: WhoResult) -> list[str]:
    return [text for block in answer.blocks for text in (block.title, *block.lines)]


def test_a_hub_name_is_told_on_three_axes_with_sources(reader: NameReader) -> None:
    answer = who("TheBloke/deepseek-coder-6.7B-instruct-GGUF", reader, on=TODAY)
    assert answer.model is not None
    assert answer.model.developers == ("org:deepseek",)
    assert answer.model.repackagers == ("org:thebloke",)
    titles = [block.title for block in answer.blocks]
    assert titles[0].endswith("weights by")
    assert {"Runs at", "Under the law of", "Licence on 2026-11-22", "Evidence"} <= set(titles)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("qwen3:8b", "pkg:ollama/qwen3:8b"),
        ("bedrock/deepseek.r1-v1:0", "api:bedrock/deepseek.r1-v1:0"),
        ("accounts/fireworks/models/kimi-k2-instruct", "api:fireworks/accounts/fireworks/models/kimi-k2-instruct"),
        ("azure/chatbot-prod", "api:azure/chatbot-prod"),
        ("api:openai/gpt-4o", "api:openai/gpt-4o"),
        ("pkg:huggingface/Qwen/Qwen3-8B", "pkg:huggingface/Qwen/Qwen3-8B"),
        ("acme/private-bot", "pkg:huggingface/acme/private-bot"),
    ],
)
def test_a_model_is_found_as_code_writes_it(text: str, name: str, reader: NameReader) -> None:
    answer = who(text, reader, on=TODAY)
    assert answer.model is not None
    assert str(answer.model.model) == name


@pytest.mark.parametrize("text", ["org:zhipu", "zhipu", "Z.AI Co., Ltd.", "z.ai", "Beijing Knowledge Atlas", "智谱AI"])
def test_an_organisation_is_found_by_every_name_that_it_goes_by(text: str, reader: NameReader) -> None:
    answer = who(text, reader, on=TODAY)
    assert "org:zhipu" in [org.id for org in answer.organisations]


def test_a_list_membership_carries_its_dates_and_state_on_the_day(reader: NameReader) -> None:
    before = "\n".join(lines_of(who("zhipu", reader, on=datetime.date(2025, 1, 15))))
    after = "\n".join(lines_of(who("zhipu", reader, on=datetime.date(2025, 1, 16))))
    assert "not yet on 2025-01-15" in before
    assert "listed on 2025-01-16" in after


def test_a_day_after_the_evidence_is_said_to_be_beyond_it(reader: NameReader) -> None:
    text = "\n".join(lines_of(who("zhipu", reader, on=TODAY)))
    assert "as far as the evidence to 2026-10-06 goes" in text
    assert "What changed between then and 2026-11-22 is not known." in text


def test_no_list_entry_is_not_called_a_clearance(reader: NameReader) -> None:
    assert any("No hit is no clearance" in line for line in lines_of(who("org:mistral", reader, on=TODAY)))


def test_a_family_tells_its_bases_and_its_licence_on_the_day(reader: NameReader) -> None:
    answer = who("family:composer", reader, on=TODAY)
    text = "\n".join(lines_of(answer))
    assert "built on Kimi K2.5" in text
    assert "built on something that its developer does not name" in text


def test_a_licence_is_the_one_of_the_day(reader: NameReader) -> None:
    released = who("Qwen/Qwen2.5-72B-Instruct", reader, on=TODAY)
    earlier = who("Qwen/Qwen2.5-72B-Instruct", reader, on=datetime.date(2024, 1, 1))
    assert [item.licence.licence for item in released.licences] == ["lic-qwen"]
    assert earlier.licences == ()
    assert "Qwen2.5: not known on that day" in lines_of(earlier)


def test_an_unknown_name_is_told_with_the_nearest_ones(reader: NameReader) -> None:
    with pytest.raises(UnknownName) as caught:
        who("alibab", reader, on=TODAY)
    assert "Nearest: Alibaba" in caught.value.next_step


def test_a_model_by_nobody_known_stays_unknown_and_is_no_error(reader: NameReader) -> None:
    answer = who("acme/private-bot", reader, on=TODAY)
    assert answer.model is not None
    assert answer.model.developers == (None,)
    assert "developer: somebody unknown (not known)" in lines_of(answer)


def test_the_answer_has_a_json_form(reader: NameReader) -> None:
    assert '"asked": "qwen3:8b"' in encode_pretty(who("qwen3:8b", reader, on=TODAY))


def test_the_how_to_shows_what_the_verb_prints(tmp_path: Path) -> None:
    text = HOW_TO.read_text(encoding="utf-8")
    shown = text.split("```")[1].splitlines()[1:]
    command, *expected = [line.strip() for line in shown if line.strip() not in ("", "…")]
    asked = command.split()[3]
    assert command == f"$ holdfast who {asked} --on {TODAY}"
    printed = lines_of(describe_who(asked, ScreeningAsked(tmp_path, TODAY, TODAY)))
    assert [line for line in expected if line not in printed] == []
