"""Long lists are counted once per file and never told as uses; what is chosen from them still is."""

from tests.inventory.javascript.seeing import read, see

NAMES = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "o3-mini", "o4-mini", "gpt-4-turbo", "gpt-3.5-turbo"]
LIST = "[" + ", ".join(f'"{name}"' for name in NAMES) + "]"


def test_eight_names_in_one_literal_are_a_catalogue() -> None:
    report = read(f"const x = 1;\nexport const MODELS = {LIST};")
    assert [(one.place.line, one.length, one.sample[0]) for one in report.catalogues] == [(2, 8, "gpt-4o")]
    assert report.sightings == ()


def test_seven_names_are_no_catalogue() -> None:
    assert read(f"const MODELS = {LIST}.slice(1);".replace('"gpt-4o", ', "")).catalogues == ()


def test_a_union_type_of_eight_is_a_catalogue() -> None:
    report = read("export type Model =\n  | " + "\n  | ".join(f'"{name}"' for name in NAMES))
    assert [one.length for one in report.catalogues] == [8]


def test_keys_of_a_table_count() -> None:
    report = read("const LIMITS = {" + ", ".join(f'"{name}": {{ tokens: 1 }}' for name in NAMES) + "};")
    assert [one.length for one in report.catalogues] == [8]


def test_a_map_from_name_to_name_counts_its_lines() -> None:
    report = read("const MAP = {" + ", ".join(f'"{name}": "{name}"' for name in NAMES) + "};")
    assert [one.length for one in report.catalogues] == [8]


def test_lists_in_one_literal_add_up() -> None:
    half = LIST.replace('"gpt-4-turbo", "gpt-3.5-turbo"', '"gpt-4"')
    report = read(f'const MODELS = {{ openai: {half}, anthropic: ["claude-opus-4-1"] }};')
    assert [one.length for one in report.catalogues] == [8]


def test_several_lists_are_reported_once_at_the_longest() -> None:
    report = read(f'const A = {LIST};\nconst B = {LIST[:-1]}, "claude-opus-4-1"];')
    assert [(one.place.line, one.length) for one in report.catalogues] == [(2, 9)]


def test_a_default_beside_a_list_is_a_use() -> None:
    assert see(f'const settings = {{ defaultModel: "gpt-4o", models: {LIST} }};') == [(1, "api:openai/gpt-4o")]


def test_one_that_is_taken_from_a_list_by_name_is_a_use() -> None:
    code = "const M = {" + ", ".join(f'm{index}: "{name}"' for index, name in enumerate(NAMES)) + "};"
    assert see(f"{code}\nopenai.chat.completions.create({{ model: M.m4 }});") == [(1, "api:openai/o3-mini")]


def test_one_that_is_taken_from_a_list_by_a_variable_is_none() -> None:
    code = f"const MODELS = {LIST};\nfor (const model of MODELS) openai.chat.completions.create({{ model }});"
    report = read(code)
    assert report.sightings == ()
    assert report.references == ()
    assert [one.length for one in report.catalogues] == [8]


def test_names_in_a_list_that_only_their_place_tells_are_part_of_it() -> None:
    code = f"const models = {LIST[:-1]}, {{ provider: 'openai', model: 'team-chat-4' }}];"
    report = read(code)
    assert report.sightings == ()
    assert len(report.catalogues) == 1
