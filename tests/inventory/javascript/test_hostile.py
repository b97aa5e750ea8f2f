"""Files that are broken, huge, deep or made by machines are read as far as they go, or skipped with a reason."""

import pytest

from holdfast.inventory.javascript import read_javascript
from holdfast.inventory.sighting import Source
from tests.inventory.javascript.seeing import see

USE = 'const model = "gpt-4o";\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x;" * 800_000, "larger than 1500000 characters"),
        (USE + "a=1;" * 4_000, "minified"),
        (USE + "let a = 1;\n" * 10_000 + "__webpack_require__(1);", "bundled build"),
    ],
    ids=["too large", "minified", "bundled"],
)
def test_a_file_that_nobody_wrote_is_skipped_with_its_reason(text: str, reason: str) -> None:
    report = read_javascript(Source("dist/app.js", text))
    assert report.skipped is not None
    assert (report.skipped.path, report.skipped.reason) == ("dist/app.js", reason)
    assert report.sightings == ()


def test_a_minified_file_is_known_by_its_name() -> None:
    report = read_javascript(Source("public/widget.min.js", USE))
    assert report.skipped is not None
    assert report.skipped.reason == "minified"


def test_one_long_line_of_data_does_not_hide_the_code_around_it() -> None:
    assert see(USE + 'const logo = "' + "A" * 3_000 + '";\n' + "// code\n" * 500) == [(1, "api:openai/gpt-4o")]


@pytest.mark.parametrize(
    "broken",
    [
        "function (",
        "const a = {{{",
        "class { static",
        "`${",
        "import { from",
        "<div><span>",
        "\x00\x01\ufeff",
        "\udcff\ud800",
        "export default",
        "const [,,,] = ;",
        "`${}`",
        "new ;",
        "a?.[",
        "@",
    ],
)
def test_a_syntax_error_does_not_hide_what_stands_before_it(broken: str) -> None:
    assert see(USE + "\n" + broken) == [(1, "api:openai/gpt-4o")]


DEEP = {
    "arrays": ("[\n", "1", "]"),
    "objects": ("({a:\n", "1", "})"),
    "calls": ("f(\n", "1", ")"),
    "choices": ("a ? b : (\n", "1", ")"),
    "templates": ("`${\n", "1", "}`"),
    "elements": ("<a>\n", "x", "</a>"),
    "functions": ("(x) => (\n", "1", ")"),
    "blocks": ("{\n", "1", "}"),
}


@pytest.mark.parametrize(("opening", "middle", "closing"), DEEP.values(), ids=DEEP.keys())
def test_a_deep_file_is_read_without_recursion_and_says_so(opening: str, middle: str, closing: str) -> None:
    nest = opening * 4_000 + middle + closing * 4_000
    report = read_javascript(Source("deep.tsx", USE + nest))
    assert [one.text for one in report.sightings] == ["gpt-4o"]
    assert report.skipped is not None
    assert report.skipped.reason == "nested too deeply to read to its end"


@pytest.mark.parametrize("opening", [one[0] for one in DEEP.values()], ids=DEEP.keys())
def test_brackets_that_never_close_do_not_hide_what_stands_before_them(opening: str) -> None:
    assert see(USE + opening * 10_000, "src/deep.tsx") == [(1, "api:openai/gpt-4o")]


def test_long_chains_and_unions_are_read() -> None:
    sums = "const model = " + "\n + ".join(['"gpt-4o"'] * 700) + ";"
    calls = "const x = a" + "\n.b()" * 700 + ";"
    union = "type T = " + "\n | ".join(f'"gpt-4o-{index:04}-01-01"' for index in range(700)) + ";"
    report = read_javascript(Source("long.ts", "\n".join([sums, calls, union])))
    assert report.skipped is None


def test_values_that_go_in_circles_end() -> None:
    circle = """
        let a = b, b = c, c = a;
        const f = (x) => f(f(x)), g = () => g();
        class K { m = this.m; constructor() { this.m = this.n; this.n = this.m; } }
        let text = "x"; text = text.replace(1, 2); text = text.trim(); text = f(text); text = g(text) || text;
        openai.chat.completions.create({ model: a, ...a, ...{ ...b } });
        openai.chat.completions.create({ model: text });
        text.chat.completions.create({ model: f(g(a)) });
    """
    assert see(circle) == []


def test_many_reassignments_do_not_multiply() -> None:
    code = "let html = load();\n" + "html = html.replace(/a/, clean(html));\n" * 400
    assert see(code + USE) == [(402, "api:openai/gpt-4o")]


def test_scripts_of_a_component_keep_their_lines() -> None:
    script = '<script setup lang="ts">\nconst model = ref("gpt-4o");\n</script>\n'
    page = '<template>\n  <p title="gpt-4">x</p>\n</template>\n' + script
    assert see(page, "src/Chat.vue") == [(5, "api:openai/gpt-4o")]


def test_the_front_matter_of_an_astro_page_is_read() -> None:
    page = '---\nconst model = "gpt-4o";\n---\n<h1 data-model="gpt-4">x</h1>\n<script>const llm = "o3-mini";</script>\n'
    assert see(page, "src/pages/index.astro") == [(2, "api:openai/gpt-4o"), (5, "api:openai/o3-mini")]


def test_casts_of_plain_typescript_are_read() -> None:
    assert see('const model = <Model>"gpt-4o";') == [(1, "api:openai/gpt-4o")]
    assert see('const model = <Model>"gpt-4o";', "src/app.mts") == [(1, "api:openai/gpt-4o")]
