"""Where names of models stand without anything depending on them, nothing is told."""

import pytest

from holdfast.records.use import Environment
from tests.inventory.javascript.seeing import read, see, see_open

CASES: dict[str, str] = {
    "a comparison": """if (model === "gpt-4o" || model.startsWith("claude-3-opus")) stream();""",
    "a switch": """switch (model) { case "gpt-4o": return 1; default: return 2; }""",
    "a type": """type Model = "gpt-4o" | "gpt-4o-mini"; function f(model: "gpt-4o") {} let m: "o3-mini";""",
    "a comment": """// const model = "gpt-4o"\n/* model: "gpt-4" */\nlet x = 1;""",
    "a lookup by name": """const limit = LIMITS["gpt-4o"]; const known = supported.includes("gpt-4o");""",
    "a table of prices": """
        const PRICES = { "gpt-4o": { input: 2.5, output: 10 }, "gpt-4o-mini": { input: 0.15, output: 0.6 } };
        const GPT4O = { modelId: "gpt-4o", modelName: "GPT-4o", pricing: { inputCost: 5 } };
    """,
    "a table of limits": """const CONTEXT = { "gpt-4o": 128000, "claude-3-opus-20240229": 200000 };""",
    "a short list to choose from": """
        const MODELS = [
          { id: "gpt-4o", label: "GPT-4o", description: "Strong" },
          { id: "gpt-4o-mini", label: "GPT-4o mini", description: "Cheap" },
        ];
    """,
    "names of what is supported": """const SUPPORTED_MODELS = ["gpt-4o", "gpt-4o-mini"];""",
    "options of a select": """const list = <select><option value="gpt-4o">GPT-4o</option></select>;""",
    "a hint in an empty field": """const field = <input name="model" placeholder="gpt-4o" />;""",
    "a link": """const link = <a href="https://huggingface.co/Qwen/Qwen3-8B">Qwen</a>;""",
    "a recorded answer": """
        const answer = { id: "chatcmpl-1", object: "chat.completion", model: "gpt-4o", choices: [], usage: {} };
    """,
    "a mock": """
        vi.mock("./llm", () => ({ settings: { model: "gpt-4o" } }));
        const mockSettings = { model: "gpt-4o" };
        client.create.mockResolvedValue({ model: "gpt-4o" });
    """,
    "an expectation": """expect(create).toHaveBeenCalledWith({ model: "gpt-4o" }); expect(x.model).toBe("gpt-4o");""",
    "a made-up name": """openai.chat.completions.create({ model: "test-model" }); const model = "my-model";""",
    "a provider's own name": """const settings = { modelProvider: "openai/v1", modelFamily: "gpt-4" };""",
    "other things called model": """
        const car = { model: "Corolla" }; @Model("user") class User {}; const model = "users/profile";
    """,
    "a tokenizer": """const encoding = encodingForModel("gpt-4o"); const n = countTokens("gpt-4o", text);""",
    "one name turned into another": """
        function getModel(name) {
          if (name.includes("gpt-4o")) return "gpt-4o";
          switch (name) { case "claude-3": return "claude-3-opus-20240229"; }
        }
    """,
    "a tokenizer's name": """const turboTokenizer = "gpt-3.5-turbo"; const getTiktokenModel = () => "gpt-4o";""",
    "a digest that is no version of a model": """const release = { version: "%s" };""" % ("0a" * 32),
    "a header beside the address of a list of models": """
        fetch("https://api.anthropic.com/v1/models", { headers: { "anthropic-version": "2023-06-01" } });
    """,
    "prose that mentions a command": """console.log("No model found. Run: ollama pull llama3.1");""",
}


@pytest.mark.parametrize("code", CASES.values(), ids=CASES.keys())
def test_a_name_that_nothing_depends_on_is_not_told(code: str) -> None:
    assert see(code, "src/app.tsx") == []
    assert see_open(code, "src/app.tsx") == []


def test_a_unit_test_that_calls_no_model_holds_no_uses() -> None:
    code = """it("formats", () => { const model = "gpt-4o"; check(format({ model })); });"""
    assert see(code, "src/format.test.ts") == []
    assert see(code, "src/format.vitest.ts") == []
    assert see('import { it } from "vitest";\n' + code, "src/format.ts") == []


def test_a_test_that_calls_a_model_holds_a_use() -> None:
    code = """
        import OpenAI from "openai";
        it("answers", async () => { await new OpenAI().chat.completions.create({ model: "gpt-4o-mini" }); });
    """
    assert see(code, "e2e/answer.test.ts") == [(2, "api:openai/gpt-4o-mini")]


def test_a_file_that_its_place_calls_a_test_is_read_as_one() -> None:
    assert read("""const model = "gpt-4o";""", "web/checks.ts", Environment.TEST).sightings == ()


def test_fixtures_and_stories_hold_no_settings() -> None:
    assert see("""export const settings = { model: "gpt-4o" };""", "src/__mocks__/settings.ts") == []
    assert see("""export const Basic = { args: { model: "gpt-4o" } };""", "src/Chat.stories.tsx") == []
