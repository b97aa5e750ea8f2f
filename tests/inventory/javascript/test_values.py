"""A name is told where it stands, however the value travels to the call that uses it."""

import pytest

from tests.inventory.javascript.seeing import read, see, see_open

CASES: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "a constant": (
        """
        const CHOSEN = "gpt-4o";
        client.chat.completions.create({ model: CHOSEN, messages });
        """,
        [(1, "api:openai/gpt-4o")],
    ),
    "a constant of a type that TypeScript narrows": (
        """
        const CHOSEN = "gpt-4o" as const satisfies Model;
        client.chat.completions.create({ model: CHOSEN!, messages });
        """,
        [(1, "api:openai/gpt-4o")],
    ),
    "a property of a constant": (
        """
        const SETTINGS = Object.freeze({ chat: { name: "o3" } } as const);
        client.chat.completions.create({ model: SETTINGS.chat.name, messages });
        """,
        [(1, "api:openai/o3")],
    ),
    "a spread object": (
        """
        const shared = { model: "claude", max_tokens: 10 };
        client.messages.create({ ...shared, messages });
        """,
        [(1, "api:anthropic/claude")],
    ),
    "an enumeration": (
        """
        enum Models { Fast = "gpt-4o-mini", Strong = "gpt-4o" }
        client.chat.completions.create({ model: Models.Fast, messages });
        """,
        [(1, "api:openai/gpt-4o-mini")],
    ),
    "a default beside the environment": (
        """
        const model = process.env.CHAT_MODEL ?? "gpt-4o";
        const other = import.meta.env.VITE_EMBED_MODEL || "text-embedding-3-small";
        const third = Deno.env.get("RERANK_MODEL") ?? "rerank-v3.5";
        """,
        [(1, "api:openai/gpt-4o"), (2, "api:openai/text-embedding-3-small"), (3, "api:cohere/rerank-v3.5")],
    ),
    "a default of a parameter": (
        """
        export async function ask(prompt: string, model = "gpt-4o-mini") {
          return client.chat.completions.create({ model, messages: [] });
        }
        """,
        [(1, "api:openai/gpt-4o-mini")],
    ),
    "a default in a destructuring": (
        """
        export const ask = async ({ prompt, model = "gpt-4o-mini", embedder: by = "text-embedding-3-large" }) =>
          client.chat.completions.create({ model, messages: [] });
        """,
        [(1, "api:openai/gpt-4o-mini"), (1, "api:openai/text-embedding-3-large")],
    ),
    "a class field and an assignment to it": (
        """
        class Answerer {
          static small = "gpt-4o-mini";
          model = "gpt-4o";
          constructor(options) { this.model = options.model || "gpt-4.1"; }
          run() { return this.client.chat.completions.create({ model: this.model }); }
          quick() { return this.client.chat.completions.create({ model: Answerer.small }); }
        }
        """,
        [(2, "api:openai/gpt-4o-mini"), (3, "api:openai/gpt-4o"), (4, "api:openai/gpt-4.1")],
    ),
    "a schema's default": (
        """
        const schema = z.object({ CHAT: z.string().min(1).default("claude-sonnet-4-5") });
        const env = schema.parse(process.env);
        client.messages.create({ model: env.CHAT, messages });
        """,
        [(1, "api:anthropic/claude-sonnet-4-5")],
    ),
    "a template with a constant in it": (
        """
        const family = "llama-v3p1-8b-instruct";
        client.chat.completions.create({ model: `accounts/fireworks/models/${family}`, messages });
        """,
        [(1, "api:fireworks/accounts/fireworks/models/llama-v3p1-8b-instruct")],
    ),
    "a choice between two": (
        """
        const model = premium ? "gpt-4o" : "gpt-4o-mini";
        """,
        [(1, "api:openai/gpt-4o"), (1, "api:openai/gpt-4o-mini")],
    ),
    "a list that is gone through": (
        """
        const tried = ["o3", "o1"];
        for (const one of tried) await openai.chat.completions.create({ model: one, messages });
        """,
        [(1, "api:openai/o1"), (1, "api:openai/o3")],
    ),
    "what a caller in the same file passes": (
        """
        const ask = (name: string) => openai.chat.completions.create({ model: name, messages });
        ask("o4-mini");
        """,
        [(2, "api:openai/o4-mini")],
    ),
    "what a function returns": (
        """
        function pick() { return "o3"; }
        openai.chat.completions.create({ model: pick(), messages });
        """,
        [(1, "api:openai/o3")],
    ),
    "state of a component": (
        """
        const [model, setModel] = useState<string>("gpt-4o");
        const chosen = useLocalStorage("model", "gpt-4o-mini");
        """,
        [(1, "api:openai/gpt-4o"), (2, "api:openai/gpt-4o-mini")],
    ),
    "an attribute": ("""const page = <Chat model="gpt-4o" title="gpt-4" />;""", [(1, "api:openai/gpt-4o")]),
    "an option of a command line": (
        """
        program.option("-m, --model <name>", "the model to use", "gpt-4o");
        yargs.option("model", { type: "string", default: "gpt-4o-mini" });
        const question = { type: "input", name: "model", default: "claude-haiku-4-5" };
        """,
        [(1, "api:openai/gpt-4o"), (2, "api:openai/gpt-4o-mini"), (3, "api:anthropic/claude-haiku-4-5")],
    ),
    "a column's default": (
        """export const agents = table({ model: text("model").notNull().default("gpt-4o") });""",
        [(1, "api:openai/gpt-4o")],
    ),
    "fallbacks of a router": (
        """
        import { OpenRouter } from "@openrouter/sdk";
        const router = new OpenRouter({});
        router.chat.send({ model: "openai/gpt-5", models: ["anthropic/claude-sonnet-4.5"], messages });
        """,
        [(3, "api:openrouter/anthropic/claude-sonnet-4.5"), (3, "api:openrouter/openai/gpt-5")],
    ),
    "a provider beside the name": (
        """const settings = { provider: "groq", model: "openai/gpt-oss-120b" };""",
        [(1, "api:groq/openai/gpt-oss-120b")],
    ),
    "a default beside something that is asked for": (
        """
        const page = <Select defaultValue={settings?.sttModel ?? "whisper-1"} />;
        switch (provider) { case "groq": return process.env.GROQ_MODEL_PREF ?? "llama3-70b-8192"; }
        const DEFAULTS = { [Provider.OpenAI]: "gpt-4o-mini" }, DEFAULT_MODELS = { [Provider.OpenAI]: "gpt-4o" };
        """,
        [(1, "api:openai/whisper-1"), (2, "api:groq/llama3-70b-8192"), (3, "api:openai/gpt-4o")],
    ),
    "a provider in the name of the place": (
        """const OLLAMA_MODEL = "mistral"; const groqModel = "llama-3.1-8b-instant";""",
        [(1, "api:groq/llama-3.1-8b-instant"), (1, "pkg:ollama/mistral")],
    ),
}


@pytest.mark.parametrize(("code", "expected"), CASES.values(), ids=CASES.keys())
def test_a_value_is_followed_to_where_the_name_stands(code: str, expected: list[tuple[int, str]]) -> None:
    assert see(code, "src/app.tsx") == expected


def test_a_name_keeps_the_lines_of_the_calls_that_it_reaches() -> None:
    report = read("""
        const CHOSEN = "gpt-4o";

        openai.chat.completions.create({ model: CHOSEN });
        openai.responses.create({ model: CHOSEN });
    """)
    assert [(one.line, one.call_lines) for one in report.sightings] == [(1, (3, 4))]


OPEN: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "the environment alone": (
        """openai.chat.completions.create({ model: process.env.CHAT_MODEL, messages });""",
        [(1, "env:CHAT_MODEL")],
    ),
    "the environment with an empty default": (
        """openai.chat.completions.create({ model: process.env.CHAT_MODEL ?? "", messages });""",
        [(1, "env:CHAT_MODEL")],
    ),
    "the environment taken apart": (
        """
        const { CHAT_MODEL } = process.env;
        openai.chat.completions.create({ model: CHAT_MODEL, messages });
        """,
        [(2, "env:CHAT_MODEL")],
    ),
    "a framework's environment": (
        """
        import { CHAT_MODEL } from "$env/static/private";
        openai.chat.completions.create({ model: CHAT_MODEL, messages });
        """,
        [(2, "env:CHAT_MODEL")],
    ),
    "another module": (
        """
        import { chat as settings } from "../config";
        openai.chat.completions.create({ model: settings.model, messages });
        """,
        [(2, "config.chat.model")],
    ),
    "a parameter that nobody here fills": (
        """const ask = (name) => openai.chat.completions.create({ model: name, messages });""",
        [(1, "name")],
    ),
}


@pytest.mark.parametrize(("code", "expected"), OPEN.values(), ids=OPEN.keys())
def test_a_loader_fed_from_elsewhere_is_left_open(code: str, expected: list[tuple[int, str]]) -> None:
    assert see_open(code) == expected
    assert see(code) == []


def test_a_default_that_is_known_leaves_nothing_open() -> None:
    assert see_open("""openai.chat.completions.create({ model: process.env.CHAT_MODEL || "gpt-4o" });""") == []


def test_a_model_object_made_elsewhere_leaves_nothing_open() -> None:
    code = """
        import { generateText } from "ai";
        export const answer = (model, prompt) => generateText({ model, prompt });
    """
    assert see_open(code) == []
