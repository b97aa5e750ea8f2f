"""Files that are broken, old, deep or built to never end: read as far as they go, and told."""

import pytest

from tests.inventory.python.seeing import name_sightings, read, see


def test_a_syntax_error_is_reported_with_its_line_and_the_rest_is_read() -> None:
    report = read("MODEL = 'gpt-4o'\nthis cannot be parsed\nEMBEDDER = 'text-embedding-3-small'\n")
    assert report.skipped is not None
    assert "line 2" in report.skipped.reason
    assert name_sightings(report) == {(1, "api:openai/gpt-4o"), (3, "api:openai/text-embedding-3-small")}


def test_python_2_is_read() -> None:
    text = """
        try:
            print "loading"
        except IOError, error:
            print error
        MODEL = "gpt-4o"
        """
    assert see(text) == {(5, "api:openai/gpt-4o")}


def test_a_file_that_is_no_python_at_all_is_skipped_with_the_reason() -> None:
    report = read("<html>\n<body>hello</body>\n</html>")
    assert report.skipped is not None
    assert report.sightings == ()


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5_000 + "1" + ")" * 5_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + " + ".join(["'a'"] * 20_000),
        "x = " + "[" * 90 + "'gpt-4o'" + "]" * 90,
        "\0",
    ],
)
def test_a_deep_file_ends(text: str) -> None:
    read(text)


def test_a_name_bound_to_itself_over_and_over_ends() -> None:
    steps = "\n".join("    text = text + text.replace(text, 'x') + f'{text}-{text}'" for _ in range(200))
    read(f"from transformers import AutoModel\ndef load(text):\n{steps}\n    AutoModel.from_pretrained(text)\n")


def test_classes_that_inherit_in_a_circle_end() -> None:
    classes = "class A(B):\n    x = A.x\nclass B(A):\n    x = B.x\n"
    read(f"{classes}from transformers import AutoModel\nAutoModel.from_pretrained(A().x)")


def test_a_huge_table_is_one_catalogue() -> None:
    rows = ", ".join(f"'Qwen/Qwen3-{number}B'" for number in range(20_000))
    report = read(f"MODELS = [{rows}]")
    assert [one.length for one in report.catalogues] == [20_000]
    assert report.sightings == ()
