"""Names that travel between modules meet under the same dotted name, and are told where they stand."""

from textwrap import dedent

import pytest

from holdfast.inventory.javascript import read_javascript
from holdfast.inventory.javascript.modules import compute_import_key, compute_module_key
from holdfast.inventory.joining import join_reports
from holdfast.inventory.sighting import Source
from holdfast.records.use import Confidence, Environment
from tests.inventory.javascript.seeing import read

CALL = "await openai.chat.completions.create({ model: %s, messages });"


def join(files: dict[str, str]) -> list[tuple[str, int, str, str]]:
    """Path, line, text and call site of every use of a small project."""
    reports = [read_javascript(Source(path, dedent(code).lstrip("\n"))) for path, code in files.items()]
    inventory = join_reports(".", reports, lambda _: Environment.UNKNOWN, lambda _: "")
    return [(one.place.path, one.place.line, one.text, " ".join(map(str, one.call_sites))) for one in inventory.uses]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("web/src/config.ts", "web/src/config"),
        ("web/src/config/index.tsx", "web/src/config"),
        ("lib/models.constants.ts", "lib/models.constants"),
        ("App.vue", "App"),
    ],
)
def test_a_module_is_named_by_its_path(path: str, key: str) -> None:
    assert compute_module_key(path) == key


@pytest.mark.parametrize(
    ("module", "importer", "key"),
    [
        ("./config", "web/src/app.ts", "web/src/config"),
        ("../config/index.js", "web/src/pages/chat.tsx", "web/src/config"),
        ("@/lib/models", "web/src/pages/chat.tsx", "web/src/lib/models"),
        ("@/lib/models", "app/api/chat/route.ts", "lib/models"),
        ("~/server/llm", "apps/site/server/api.ts", "apps/site/server/llm"),
        ("$lib/models", "src/routes/+page.server.ts", "src/lib/models"),
        ("@acme/config", "web/src/app.ts", "@acme/config"),
    ],
)
def test_an_import_is_named_by_what_it_leads_to(module: str, importer: str, key: str) -> None:
    assert compute_import_key(module, importer) == key


def test_exports_are_defined_under_the_modules_name() -> None:
    report = read(
        """
        export const RERANKER = "rerank-v3.5";
        export const chat = { fast: "gpt-4o-mini", nested: { strong: "o3" } } as const;
        export enum Size { Small = "gpt-4o-mini" }
        export const fromOutside = process.env.CHAT_MODEL;
        export default { embed: "text-embedding-3-small" };
        export { other as again } from "./other";
        export * from "./more";
        """,
        "web/src/config.ts",
    )
    assert [(one.name, one.line, one.value or one.alias) for one in report.definitions] == [
        ("web/src/config.RERANKER", 1, "rerank-v3.5"),
        ("web/src/config.chat.fast", 2, "gpt-4o-mini"),
        ("web/src/config.chat.nested.strong", 2, "o3"),
        ("web/src/config.Size.Small", 3, "gpt-4o-mini"),
        ("web/src/config.fromOutside", 4, "env:CHAT_MODEL"),
        ("web/src/config.default.embed", 5, "text-embedding-3-small"),
        ("web/src/config.again", 6, "web/src/other.other"),
        ("web/src/config", 7, "web/src/more"),
    ]


def test_a_constant_of_another_module_is_told_there_with_the_call() -> None:
    files = {
        "src/settings.ts": 'export const CHOSEN = "o3";',
        "src/api/ask.ts": f'import {{ CHOSEN }} from "../settings";\n{CALL % "CHOSEN"}',
    }
    assert join(files) == [("src/settings.ts", 1, "o3", "src/api/ask.ts:2")]


def test_a_default_export_and_a_namespace_are_followed() -> None:
    files = {
        "src/settings.ts": 'const all = { chat: "o3" };\nexport default all;\nexport const small = "o1";',
        "src/a.ts": f'import settings from "./settings";\n{CALL % "settings.chat"}',
        "src/b.ts": f'import * as settings from "./settings";\n{CALL % "settings.small"}',
    }
    assert join(files) == [("src/settings.ts", 1, "o3", "src/a.ts:2"), ("src/settings.ts", 3, "o1", "src/b.ts:2")]


def test_a_re_export_is_followed() -> None:
    files = {
        "src/lib/index.ts": 'export * from "./models";',
        "src/lib/models.ts": 'export const CHOSEN = "o3";',
        "src/ask.ts": f'import {{ CHOSEN }} from "@/lib";\n{CALL % "CHOSEN"}',
    }
    assert join(files) == [("src/lib/models.ts", 1, "o3", "src/ask.ts:2")]


def test_commonjs_exports_are_followed() -> None:
    files = {
        "server/settings.js": 'module.exports = { chosen: "o3" };\nmodule.exports.other = "o1";',
        "server/ask.js": f'const {{ chosen }} = require("./settings");\n{CALL % "chosen"}',
        "server/more.js": f'const settings = require("./settings");\n{CALL % "settings.other"}',
    }
    assert join(files) == [
        ("server/settings.js", 1, "o3", "server/ask.js:2"),
        ("server/settings.js", 2, "o1", "server/more.js:2"),
    ]


def test_a_name_that_no_module_defines_stays_unresolved() -> None:
    assert join({"src/ask.ts": f'import {{ CHOSEN }} from "./gone";\n{CALL % "CHOSEN"}'}) == [
        ("src/ask.ts", 2, "CHOSEN", "")
    ]


def test_a_settings_file_may_give_what_has_a_default_in_code() -> None:
    report = read("""openai.chat.completions.create({ model: process.env.CHAT_MODEL ?? "gpt-4o", messages });""")
    assert [(one.name, one.sighting.confidence) for one in report.references] == [
        ("env:CHAT_MODEL", Confidence.DECLARED)
    ]
