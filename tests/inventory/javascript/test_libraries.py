"""Documented usage of each library leads to the model, the line and the provider that the documentation means."""

import pytest

from tests.inventory.javascript.seeing import read, see

CASES: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "openai": (
        """
        import OpenAI from "openai";
        const client = new OpenAI();
        const response = await client.responses.create({ model: "gpt-5.2", input: "Hello" });
        const embedding = await client.embeddings.create({ model: "text-embedding-3-small", input: "x" });
        const text = await client.audio.transcriptions.create({ file, model: "whisper-1" });
        """,
        [(3, "api:openai/gpt-5.2"), (4, "api:openai/text-embedding-3-small"), (5, "api:openai/whisper-1")],
    ),
    "an OpenAI-compatible server": (
        """
        import OpenAI from "openai";
        const client = new OpenAI({ baseURL: "https://api.deepseek.com", apiKey: process.env.KEY });
        await client.chat.completions.create({ messages, model: "deepseek-chat" });
        """,
        [(3, "api:deepseek/deepseek-chat")],
    ),
    "OpenRouter through the OpenAI client": (
        """
        import OpenAI from "openai";
        const openai = new OpenAI({ baseURL: "https://openrouter.ai/api/v1" });
        await openai.chat.completions.create({ model: "deepseek/deepseek-r1", messages });
        """,
        [(3, "api:openrouter/deepseek/deepseek-r1")],
    ),
    "Azure through the OpenAI client": (
        """
        import { AzureOpenAI } from "openai";
        const client = new AzureOpenAI({ endpoint, apiVersion, deployment: "team-chat-4o" });
        """,
        [(2, "api:azure/team-chat-4o")],
    ),
    "the older Azure client": (
        """
        const { OpenAIClient, AzureKeyCredential } = require("@azure/openai");
        const client = new OpenAIClient(endpoint, new AzureKeyCredential(key));
        const events = await client.streamChatCompletions("gpt-35-turbo", messages, { maxTokens: 128 });
        """,
        [(3, "api:azure/gpt-35-turbo")],
    ),
    "anthropic": (
        """
        import Anthropic from '@anthropic-ai/sdk';
        const anthropic = new Anthropic();
        const msg = await anthropic.messages.create({
          model: "claude-sonnet-4-5",
          max_tokens: 1000,
        });
        """,
        [(4, "api:anthropic/claude-sonnet-4-5")],
    ),
    "anthropic on Bedrock": (
        """
        import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk';
        const client = new AnthropicBedrock();
        await client.messages.create({ model: 'anthropic.claude-3-5-sonnet-20241022-v2:0', messages });
        """,
        [(3, "api:bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0")],
    ),
    "google genai": (
        """
        import { GoogleGenAI } from "@google/genai";
        const ai = new GoogleGenAI({});
        const response = await ai.models.generateContent({ model: "gemini-2.5-flash", contents });
        """,
        [(3, "api:google/gemini-2.5-flash")],
    ),
    "google generative-ai": (
        """
        const { GoogleGenerativeAI } = require("@google/generative-ai");
        const genAI = new GoogleGenerativeAI(process.env.API_KEY);
        const model = genAI.getGenerativeModel({ model: "gemini-1.5-pro-002" });
        """,
        [(3, "api:google/gemini-1.5-pro-002")],
    ),
    "vertex": (
        """
        const { VertexAI } = require('@google-cloud/vertexai');
        const vertex = new VertexAI({ project, location });
        const model = vertex.getGenerativeModel({ model: 'gemini-2.0-flash-001' });
        """,
        [(3, "api:vertex/gemini-2.0-flash-001")],
    ),
    "the AI SDK's providers": (
        """
        import { generateText, embed } from 'ai';
        import { openai, createOpenAI } from '@ai-sdk/openai';
        import { anthropic } from '@ai-sdk/anthropic';
        import { bedrock } from '@ai-sdk/amazon-bedrock';
        import { azure } from '@ai-sdk/azure';
        import { createOpenRouter } from '@openrouter/ai-sdk-provider';
        const groq = createOpenAI({ baseURL: 'https://api.groq.com/openai/v1' });
        const router = createOpenRouter({ apiKey });
        await generateText({ model: openai('gpt-4o'), prompt });
        await generateText({ model: anthropic('claude-opus-4-1'), prompt });
        await generateText({ model: bedrock('deepseek.r1-v1:0'), prompt });
        await generateText({ model: azure('chat-prod'), prompt });
        await generateText({ model: groq('llama-3.3-70b-versatile'), prompt });
        await generateText({ model: router.chat('qwen/qwen3-32b'), prompt });
        await embed({ model: openai.textEmbeddingModel('text-embedding-3-large'), value });
        """,
        [
            (9, "api:openai/gpt-4o"),
            (10, "api:anthropic/claude-opus-4-1"),
            (11, "api:bedrock/deepseek.r1-v1:0"),
            (12, "api:azure/chat-prod"),
            (13, "api:groq/llama-3.3-70b-versatile"),
            (14, "api:openrouter/qwen/qwen3-32b"),
            (15, "api:openai/text-embedding-3-large"),
        ],
    ),
    "a provider of the AI SDK below its package": (
        """
        import { vertexAnthropic } from '@ai-sdk/google-vertex/anthropic';
        const model = vertexAnthropic('claude-sonnet-4-5@20250929');
        """,
        [(2, "api:vertex/claude-sonnet-4-5@20250929")],
    ),
    "langchain": (
        """
        import { ChatOpenAI, OpenAIEmbeddings, AzureChatOpenAI } from "@langchain/openai";
        import { ChatFireworks } from "@langchain/community/chat_models/fireworks";
        import { HuggingFaceTransformersEmbeddings } from "@langchain/community/embeddings/huggingface_transformers";
        import { HuggingFaceInferenceEmbeddings } from "@langchain/community/embeddings/hf";
        import { initChatModel } from "langchain/chat_models/universal";
        const llm = new ChatOpenAI({ modelName: "gpt-4o-mini", temperature: 0 });
        const vectors = new OpenAIEmbeddings({ model: "text-embedding-3-large" });
        const fire = new ChatFireworks({ model: "accounts/fireworks/models/kimi-k2-instruct" });
        const local = new HuggingFaceTransformersEmbeddings({ model: "Xenova/all-MiniLM-L6-v2" });
        const remote = new HuggingFaceInferenceEmbeddings({ model: "BAAI/bge-m3" });
        const azure = new AzureChatOpenAI({ azureOpenAIApiDeploymentName: "support-bot-1" });
        const any = await initChatModel("claude-3-5-sonnet-latest", { modelProvider: "anthropic" });
        """,
        [
            (6, "api:openai/gpt-4o-mini"),
            (7, "api:openai/text-embedding-3-large"),
            (8, "api:fireworks/accounts/fireworks/models/kimi-k2-instruct"),
            (9, "pkg:huggingface/Xenova/all-MiniLM-L6-v2"),
            (10, "api:huggingface/BAAI/bge-m3"),
            (11, "api:azure/support-bot-1"),
            (12, "api:anthropic/claude-3-5-sonnet-latest"),
        ],
    ),
    "llamaindex": (
        """
        import { Settings, Ollama } from "llamaindex";
        import { HuggingFaceEmbedding } from "@llamaindex/huggingface";
        import { openai } from "@llamaindex/openai";
        import { gemini, GEMINI_MODEL } from "@llamaindex/google";
        Settings.llm = new Ollama({ model: "mixtral:8x7b" });
        Settings.embedModel = new HuggingFaceEmbedding({ modelType: "BAAI/bge-small-en-v1.5" });
        const cheap = openai({ model: "gpt-4.1-mini" });
        const other = gemini({ model: GEMINI_MODEL.GEMINI_2_0_FLASH });
        """,
        [
            (5, "pkg:ollama/mixtral:8x7b"),
            (6, "pkg:huggingface/BAAI/bge-small-en-v1.5"),
            (7, "api:openai/gpt-4.1-mini"),
            (8, "api:google/gemini-2.0-flash"),
        ],
    ),
    "mistral": (
        """
        import { Mistral } from '@mistralai/mistralai';
        const client = new Mistral({ apiKey });
        await client.chat.complete({ model: 'mistral-large-latest', messages });
        """,
        [(3, "api:mistral/mistral-large-latest")],
    ),
    "cohere": (
        """
        const { CohereClientV2 } = require('cohere-ai');
        const cohere = new CohereClientV2({});
        await cohere.chat({ model: 'command-r-plus', messages });
        await cohere.rerank({ model: 'rerank-v3.5', query, documents });
        """,
        [(3, "api:cohere/command-r-plus"), (4, "api:cohere/rerank-v3.5")],
    ),
    "groq": (
        """
        import Groq from "groq-sdk";
        const groq = new Groq();
        await groq.chat.completions.create({ messages, model: "openai/gpt-oss-20b" });
        """,
        [(3, "api:groq/openai/gpt-oss-20b")],
    ),
    "together": (
        """
        import Together from "together-ai";
        const together = new Together();
        await together.chat.completions.create({ model: "meta-llama/Llama-3.3-70B-Instruct-Turbo", messages });
        """,
        [(3, "api:together/meta-llama/Llama-3.3-70B-Instruct-Turbo")],
    ),
    "bedrock": (
        """
        import { BedrockRuntimeClient, InvokeModelCommand, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
        const client = new BedrockRuntimeClient({ region: "us-east-1" });
        const modelId = "anthropic.claude-3-haiku-20240307-v1:0";
        await client.send(new ConverseCommand({ modelId, messages }));
        await client.send(new InvokeModelCommand({ modelId: "deepseek.r1-v1:0", body }));
        """,
        [(3, "api:bedrock/anthropic.claude-3-haiku-20240307-v1:0"), (5, "api:bedrock/deepseek.r1-v1:0")],
    ),
    "ollama": (
        """
        import ollama from 'ollama'
        const response = await ollama.chat({ model: 'llama3.1', messages })
        await ollama.pull({ model: 'qwen3:8b' })
        """,
        [(2, "pkg:ollama/llama3.1"), (3, "pkg:ollama/qwen3:8b")],
    ),
    "hugging face inference": (
        """
        import { InferenceClient } from "@huggingface/inference";
        const client = new InferenceClient(process.env.HF_TOKEN);
        await client.chatCompletion({ model: "meta-llama/Llama-3.1-8B-Instruct", messages });
        """,
        [(3, "api:huggingface/meta-llama/Llama-3.1-8B-Instruct")],
    ),
    "hugging face hub": (
        """
        import { downloadFile } from "@huggingface/hub";
        const file = await downloadFile({ repo: "Qwen/Qwen3-8B", path: "config.json", revision: "main" });
        """,
        [(2, "pkg:huggingface/Qwen/Qwen3-8B")],
    ),
    "web-llm": (
        """
        import { CreateMLCEngine } from "@mlc-ai/web-llm";
        const engine = await CreateMLCEngine("Llama-3.1-8B-Instruct-q4f32_1-MLC", { initProgressCallback });
        """,
        [(2, "pkg:generic/webllm/Llama-3.1-8B-Instruct-q4f32_1-MLC")],
    ),
    "onnxruntime": (
        """
        import * as ort from "onnxruntime-node";
        const session = await ort.InferenceSession.create("./models/yolov8n.onnx");
        """,
        [(2, "pkg:generic/file/models/yolov8n.onnx")],
    ),
    "node-llama-cpp": (
        """
        import { getLlama, resolveModelFile } from "node-llama-cpp";
        const llama = await getLlama();
        const modelPath = await resolveModelFile("hf:mradermacher/Meta-Llama-3.1-8B-Instruct-GGUF:Q4_K_M");
        """,
        [(3, "pkg:huggingface/mradermacher/Meta-Llama-3.1-8B-Instruct-GGUF")],
    ),
    "voyage": (
        """
        import { VoyageAIClient } from "voyageai";
        const client = new VoyageAIClient({ apiKey });
        await client.embed({ input, model: "voyage-3-large" });
        """,
        [(3, "api:voyage/voyage-3-large")],
    ),
    "genkit": (
        """
        import { genkit } from 'genkit';
        import { googleAI, gemini15Flash } from '@genkit-ai/googleai';
        const ai = genkit({ plugins: [googleAI()], model: gemini15Flash });
        await ai.generate({ model: googleAI.model('gemini-2.5-flash'), prompt });
        """,
        [(3, "api:google/gemini-1.5-flash"), (4, "api:google/gemini-2.5-flash")],
    ),
    "mastra": (
        """
        import { Agent } from "@mastra/core/agent";
        import { openai } from "@ai-sdk/openai";
        export const weather = new Agent({ name: "Weather", instructions: "…", model: openai("gpt-4o-mini") });
        export const other = new Agent({ name: "Other", instructions: "…", model: "anthropic/claude-haiku-4-5" });
        """,
        [(3, "api:openai/gpt-4o-mini"), (4, "api:anthropic/claude-haiku-4-5")],
    ),
    "instructor": (
        """
        import Instructor from "@instructor-ai/instructor";
        import OpenAI from "openai";
        const client = Instructor({ client: new OpenAI(), mode: "TOOLS" });
        const user = await client.chat.completions.create({ model: "gpt-4-turbo", messages });
        """,
        [(4, "api:openai/gpt-4-turbo")],
    ),
    "portkey": (
        """
        import Portkey from 'portkey-ai';
        const portkey = new Portkey({ virtualKey: "x" });
        await portkey.chat.completions.create({ messages, model: 'gpt-4o' });
        """,
        [(3, "api:openai/gpt-4o")],
    ),
    "a bare request": (
        """
        const response = await fetch("https://api.together.xyz/v1/chat/completions", {
          method: "POST",
          body: JSON.stringify({ model: "mistralai/Mixtral-8x7B-Instruct-v0.1", messages }),
        });
        """,
        [(3, "api:together/mistralai/Mixtral-8x7B-Instruct-v0.1")],
    ),
    "a version asked by its digest alone": (
        """
        await fetch("https://api.replicate.com/v1/predictions", {
          body: JSON.stringify({ version: "854e8727697a057c525cdb45ab037f64ecca770a1769cc52287c2e56472a247b", input }),
        });
        """,
        [(2, "api:replicate/854e8727697a057c525cdb45ab037f64ecca770a1769cc52287c2e56472a247b")],
    ),
    "addresses that hold the name": (
        """
        const url = `https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent?key=${key}`;
        await fetch("https://api-inference.huggingface.co/models/facebook/bart-large-cnn", { method: "POST" });
        await fetch(`${endpoint}/openai/deployments/chat-eu/chat/completions?api-version=2024-06-01`);
        """,
        [(1, "api:google/gemini-2.5-pro"), (2, "api:huggingface/facebook/bart-large-cnn"), (3, "api:azure/chat-eu")],
    ),
    "a command that the program runs": (
        """
        import { execSync } from "node:child_process";
        execSync("ollama pull qwen3:8b", { stdio: "inherit" });
        """,
        [(2, "pkg:ollama/qwen3:8b")],
    ),
}


@pytest.mark.parametrize(("code", "expected"), CASES.values(), ids=CASES.keys())
def test_documented_usage_leads_to_the_model(code: str, expected: list[tuple[int, str]]) -> None:
    assert see(code) == expected


def test_a_transformers_js_pipeline_carries_its_revision() -> None:
    report = read("""
        import { pipeline } from '@huggingface/transformers';
        const pipe = await pipeline('feature-extraction', 'Xenova/all-MiniLM-L6-v2', { revision: '754b3e0' });
    """)
    assert [(one.line, one.text, one.revision) for one in report.sightings] == [
        (2, "Xenova/all-MiniLM-L6-v2", "754b3e0")
    ]


def test_a_replicate_version_is_part_of_the_text() -> None:
    version = "meta/llama-2-70b-chat:02e509c789964a7ea8736978a43525956ef40397be9033abf9fd2badfe68c9e3"
    report = read(f"""
        import Replicate from "replicate";
        const replicate = new Replicate();
        const output = await replicate.run("{version}", {{ input }});
    """)
    assert [(one.line, one.text, one.via) for one in report.sightings] == [(3, version, "replicate")]


def test_the_address_of_a_server_is_kept_beside_the_name() -> None:
    report = read("""
        import OpenAI from "openai";
        const client = new OpenAI({ baseURL: process.env.BASE_URL ?? "http://localhost:11434/v1" });
        await client.chat.completions.create({ model: "qwen3:8b", messages });
    """)
    assert [one.endpoint for one in report.sightings] == ["http://localhost:11434/v1"]


def test_a_client_kept_in_a_field_is_followed_to_its_address() -> None:
    assert see("""
        import OpenAI from "openai";
        class Answerer {
          private client;
          constructor() {
            this.client = new OpenAI({ baseURL: "https://api.x.ai/v1" });
          }
          ask(messages) {
            return this.client.chat.completions.create({ model: "grok-4", messages });
          }
        }
    """) == [(8, "api:xai/grok-4")]


def test_a_client_that_comes_as_a_parameter_is_known_by_its_type() -> None:
    assert see("""
        import type { Ollama } from "ollama";
        export const ask = (client: Ollama, prompt: string) => client.generate({ model: "mistral", prompt });
    """) == [(2, "pkg:ollama/mistral")]


def test_a_client_made_elsewhere_is_known_by_the_shape_of_the_call() -> None:
    assert see("""
        import { client } from "./client";
        await client.chat.completions.create({ model: "ft:gpt-4o-mini:acme::1", messages });
    """) == [(2, "api:openai/ft:gpt-4o-mini:acme::1")]
