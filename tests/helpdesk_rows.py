"""Rows of the help desk, made by hand: every kind of row that an output must show."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdfast.records.finding import Finding
from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Kind, ModelName, Pin, Revision, find_model_name
from holdfast.records.report import (
    LineageEdge,
    ModelRow,
    OrgView,
    StandIn,
)
from holdfast.records.use import (
    Confidence,
    Environment,
    LineageClaim,
    Place,
    Use,
)
from tests.helpdesk_findings import (
    SHA,
    host_terms,
    licence,
    listed,
    power,
    proposed,
    provider,
    provider_closed,
    undecided,
)

ALIBABA = OrgView("org:alibaba", "Alibaba", "CN", "developer", "declared-namespace", "hub organisation Qwen")
ALIBABA_BASE = OrgView("org:alibaba", "Alibaba", "CN", "base", "declared-claim", "Dolphin3.0 ← Qwen/Qwen2.5-7B (card)")
DEEPSEEK = OrgView("org:deepseek", "DeepSeek", "CN", "developer", "declared-namespace", "api.deepseek.com")
DEEPSEEK_END = OrgView("org:deepseek", "DeepSeek", "CN", "endpoint", "high", "base_url https://api.deepseek.com")
COGNITIVE = OrgView("org:cognitive-computations", "Cognitive Computations", "US", "developer", "declared-namespace")
ANTHROPIC = OrgView("org:anthropic", "Anthropic", "US", "developer", "declared-namespace", "api:anthropic")
ANTHROPIC_END = OrgView("org:anthropic", "Anthropic", "US", "endpoint", "high", "the provider's own client")
OPENAI = OrgView("org:openai", "OpenAI", "US", "developer", "declared-namespace", "api:openai")
OPENAI_END = OrgView("org:openai", "OpenAI", "US", "endpoint", "high", "the provider's own client")
META = OrgView("org:meta", "Meta", "US", "developer", "exact-name", "family llama-3.1")
BARTOWSKI = OrgView("org:bartowski", "bartowski", "", "repackager", "declared-namespace", "hub organisation bartowski")
BAAI = OrgView("org:baai", "BAAI", "CN", "developer", "declared-namespace", "hub organisation BAAI")
MISTRAL = OrgView("org:mistral", "Mistral AI", "FR", "developer", "declared-namespace", "hub organisation mistralai")
NOBODY = OrgView("unknown", "unknown", "", "developer", "unknown", "no card, no header, no known name")


def make_name(text: str) -> ModelName:
    name = find_model_name(text)
    assert name is not None, text
    return name


@dataclass(frozen=True)
class At:
    """Where a use stands, in few words."""

    path: str
    line: int
    environment: Environment = Environment.PROD
    service: str = ""


def _use(at: At, text: str, model: str | None, rule: str, **more: object) -> Use:
    name = make_name(model) if model else None
    base = Use(
        place=Place(at.path, at.line),
        text=text,
        model=name,
        revision=Revision(),
        kind=name.kind if name else Kind.WEIGHTS,
        confidence=Confidence.DECLARED if name else Confidence.UNRESOLVED,
        environment=at.environment,
        rule=rule,
        service=at.service or (at.path.split("/")[0] if "/" in at.path else ""),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def _row(number: int, model: str, uses: Sequence[Use], findings: Sequence[Finding] = (), **more: object) -> ModelRow:
    reaches, effects = list(Reach), list(Effect)
    kind = uses[0].kind
    base = ModelRow(
        number=number,
        model=model,
        label=model.removeprefix("pkg:huggingface/"),
        kind=kind,
        pin=Pin.MOVING,
        revisions=tuple(sorted({use.revision.value for use in uses if use.revision.value})),
        uses=tuple(uses),
        services=tuple(sorted({use.service for use in uses if use.service})),
        environments=tuple(sorted({use.environment.value for use in uses})),
        builders=(),
        repackagers=(),
        endpoint=None,
        families=(),
        licences=(),
        lineage=(),
        claims=(),
        conflicts=(),
        findings=tuple(findings),
        reach=min((f.reach for f in findings), key=reaches.index, default=Reach.OPEN),
        effect=min((f.effect for f in findings), key=effects.index, default=Effect.OPEN),
        stops=any(f.effect is Effect.CLOSED or f.reach is Reach.FORBIDDEN for f in findings),
        copy="n/a" if kind is Kind.HOSTED else "none",
        confidence="declared-namespace",
    )
    return replace(base, **more)  # type: ignore[arg-type]


def make_rows() -> tuple[ModelRow, ...]:
    return (
        _qwen(1),
        _dolphin(2),
        _llama(3),
        _bge(4),
        _mistral(5),
        _mystery(6),
        _claude(7),
        _deepseek(8),
        _gpt(9),
        _unresolved(10),
        _unresolved_hosted(11),
    )


def _qwen(number: int) -> ModelRow:
    model = "pkg:huggingface/Qwen/Qwen3-8B"
    uses = [
        _use(
            At("triage/settings.py", 9),
            "Qwen/Qwen3-8B",
            model,
            "python.default",
            via="vllm",
            call_sites=(Place("triage/classify.py", 21), Place("triage/summarise.py", 14)),
        ),
        _use(At("triage/Dockerfile", 6), "Qwen/Qwen3-8B", model, "docker.hf-download", via="hf"),
        _use(At("deploy/values.yaml", 18, service="triage"), "Qwen/Qwen3-8B", model, "helm.value", via="vllm"),
        _use(
            At("triage/tests/test_classify.py", 4, Environment.TEST),
            "Qwen/Qwen3-8B",
            model,
            "python.transformers.from_pretrained",
            via="transformers",
        ),
    ]
    return _row(
        number,
        model,
        uses,
        [host_terms(model), power(model), proposed(model)],
        builders=(ALIBABA,),
        families=("family:qwen3",),
        licences=("Apache-2.0",),
        lineage=(LineageEdge(model, "pkg:huggingface/Qwen/Qwen3-8B-Base", "finetune", "high", "card base_model"),),
        claims=(LineageClaim(model, "Qwen/Qwen3-8B-Base", "finetune", "card", "README.md"),),
    )


def _dolphin(number: int) -> ModelRow:
    model = "pkg:huggingface/cognitivecomputations/Dolphin3.0-Qwen2.5-7B"
    uses = [
        _use(
            At("triage/summarise.py", 14),
            "cognitivecomputations/Dolphin3.0-Qwen2.5-7B",
            model,
            "python.llama_cpp.from_pretrained",
            via="llama.cpp",
            revision=Revision(SHA, Pin.EXACT),
        )
    ]
    return _row(
        number,
        model,
        uses,
        [host_terms(model), power(model)],
        pin=Pin.EXACT,
        builders=(COGNITIVE, ALIBABA_BASE),
        families=("family:dolphin", "family:qwen2.5"),
        licences=("Apache-2.0", "lic-qwen"),
        lineage=(
            LineageEdge(model, "pkg:huggingface/Qwen/Qwen2.5-7B-Instruct", "finetune", "high", "card base_model"),
            LineageEdge(
                "pkg:huggingface/Qwen/Qwen2.5-7B-Instruct",
                "pkg:huggingface/Qwen/Qwen2.5-7B",
                "finetune",
                "medium",
                "registry",
            ),
        ),
        conflicts=("The card names Qwen2.5-7B, the configuration names Qwen2.5-7B-Instruct.",),
    )


def _llama(number: int) -> ModelRow:
    model = "pkg:huggingface/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF"
    uses = [
        _use(
            At("search/answer.py", 31),
            "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
            model,
            "python.llama_cpp",
            via="llama.cpp",
            revision=Revision(SHA, Pin.EXACT),
        ),
        _use(
            At("search/README.md", 12, Environment.DOCS),
            "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
            model,
            "shell.llama-server",
        ),
    ]
    return _row(
        number,
        model,
        uses,
        [licence(model)],
        pin=Pin.EXACT,
        builders=(META,),
        repackagers=(BARTOWSKI,),
        families=("family:llama-3.1",),
        licences=("lic-llama-3.1",),
        lineage=(
            LineageEdge(
                model,
                "pkg:huggingface/meta-llama/Llama-3.1-8B-Instruct",
                "quantized",
                "high",
                "GGUF general.base_model",
            ),
        ),
        copy="verified copy of 2026-10-30",
    )


def _bge(number: int) -> ModelRow:
    model = "pkg:huggingface/BAAI/bge-m3"
    uses = [
        _use(
            At("search/index.py", 8), "BAAI/bge-m3", model, "python.sentence_transformers", via="sentence-transformers"
        ),
        _use(At("search/index.py", 8, service="search"), "BAAI/bge-m3", model, "python.default"),
        _use(
            At(".github/workflows/evaluate.yml", 22, Environment.CI, "search"), "BAAI/bge-m3", model, "ci.hf-download"
        ),
    ]
    return _row(
        number,
        model,
        uses,
        [host_terms(model), listed(model)],
        builders=(BAAI,),
        families=("family:bge",),
        licences=("MIT",),
    )


def _mistral(number: int) -> ModelRow:
    model = "pkg:huggingface/mistralai/Mistral-7B-v0.3"
    uses = [
        _use(
            At("triage/baseline.py", 5, Environment.DEV),
            "mistralai/Mistral-7B-v0.3",
            model,
            "python.transformers.from_pretrained",
            via="transformers",
            revision=Revision(SHA, Pin.EXACT),
        )
    ]
    return _row(
        number,
        model,
        uses,
        pin=Pin.EXACT,
        builders=(MISTRAL,),
        families=("family:mistral-7b",),
        licences=("Apache-2.0",),
    )


def _mystery(number: int) -> ModelRow:
    model = "pkg:huggingface/somebody/best-chat-13b"
    uses = [
        _use(
            At("triage/experiments/try.py", 3, Environment.EXAMPLE),
            "somebody/best-chat-13b",
            model,
            "python.transformers",
        )
    ]
    return _row(
        number,
        model,
        uses,
        [undecided(model)],
        builders=(NOBODY,),
        confidence="unknown",
        note="no card, no known family",
    )


def _claude(number: int) -> ModelRow:
    model = "api:anthropic/claude-sonnet-4-5"
    uses = [
        _use(At("replies/draft.ts", 11), "claude-sonnet-4-5", model, "javascript.anthropic", via="anthropic"),
        _use(
            At("replies/draft.test.ts", 7, Environment.TEST),
            "claude-sonnet-4-5",
            model,
            "javascript.anthropic",
            via="anthropic",
        ),
    ]
    stand_in = StandIn(model, "api:openai/gpt-4.1-mini-2025-04-14", "platform team", datetime.date(2026, 9, 1))
    return _row(
        number,
        model,
        uses,
        [provider(model)],
        builders=(ANTHROPIC,),
        endpoint=ANTHROPIC_END,
        families=("family:claude-4.5",),
        licences=("lic-proprietary-api",),
        stand_in=stand_in,
    )


def _deepseek(number: int) -> ModelRow:
    model = "api:deepseek/deepseek-chat"
    uses = [
        _use(
            At("search/answer.py", 44),
            "deepseek-chat",
            model,
            "python.openai",
            via="openai",
            endpoint="https://api.deepseek.com",
        ),
        _use(
            At("compose.yaml", 29, service="search"),
            "deepseek-chat",
            model,
            "compose.environment",
            endpoint="https://api.deepseek.com",
        ),
    ]
    stand_in = StandIn(model, "api:openai/gpt-4.1-mini-2025-04-14", "platform team", datetime.date(2026, 9, 1))
    return _row(
        number,
        model,
        uses,
        [provider_closed(model), power(model)],
        builders=(DEEPSEEK,),
        endpoint=DEEPSEEK_END,
        families=("family:deepseek",),
        licences=("lic-proprietary-api",),
        stand_in=stand_in,
    )


def _gpt(number: int) -> ModelRow:
    model = "api:openai/gpt-4.1-mini-2025-04-14"
    revision = Revision("2025-04-14", Pin.SNAPSHOT)
    uses = [
        _use(
            At("replies/classify.ts", 3),
            "gpt-4.1-mini-2025-04-14",
            model,
            "javascript.openai",
            via="openai",
            revision=revision,
        )
    ]
    return _row(
        number,
        model,
        uses,
        [provider(model)],
        pin=Pin.SNAPSHOT,
        builders=(OPENAI,),
        endpoint=OPENAI_END,
        families=("family:gpt-4.1",),
        licences=("lic-proprietary-api",),
    )


def _unresolved(number: int) -> ModelRow:
    uses = [
        _use(
            At("search/rerank.py", 17),
            "${RERANKER}",
            None,
            "python.sentence_transformers.CrossEncoder",
            note="set in deploy/values.yaml:41 from the environment",
            kind=Kind.WEIGHTS,
        )
    ]
    return _row(
        number,
        "${RERANKER}",
        uses,
        confidence="unresolved",
        pin=Pin.UNKNOWN,
        builders=(),
        note="set in deploy/values.yaml:41 from the environment",
    )


def _unresolved_hosted(number: int) -> ModelRow:
    uses = [
        _use(
            At("replies/summary.ts", 9),
            "process.env.SUMMARY_MODEL",
            None,
            "javascript.openai",
            kind=Kind.HOSTED,
            via="openai",
            endpoint="${LLM_BASE_URL}",
            note="no default is written",
        )
    ]
    return _row(
        number,
        "process.env.SUMMARY_MODEL",
        uses,
        confidence="unresolved",
        pin=Pin.UNKNOWN,
        note="no default is written",
    )
