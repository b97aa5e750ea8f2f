"""Where the calls of packages carry the name of the model. Which package is meant is decided before."""

from dataclasses import dataclass

from holdfast.inventory.javascript.packages import Family, Package, find_via
from holdfast.inventory.javascript.syntax import name_set

MODEL_KEYS = (
    "model",
    "modelName",
    "modelId",
    "model_id",
    "model_name",
    "modelID",
    "deployment",
    "deploymentName",
    "azureOpenAIApiDeploymentName",
    "azureOpenAIApiEmbeddingsDeploymentName",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where one call carries the model: positions of arguments, and keys of objects among them."""

    positions: tuple[int, ...] = ()
    keys: tuple[str, ...] = ()
    reports_unresolved: bool = True
    needs_distinct: bool = False  # only texts that cannot be anything but a model's name


Tail = tuple[str, ...]


def _at(position: int, tails: str, *, reports: bool = True) -> dict[Tail, Recipe]:
    """Calls that carry the model at one position; `tails` are dotted, separated by spaces."""
    return {tuple(tail.split(".")): Recipe((position,), (), reports_unresolved=reports) for tail in tails.split()}


def _under(keys: str, tails: str, *, reports: bool = True) -> dict[Tail, Recipe]:
    """Calls that carry the model under keys of their own."""
    found = tuple(keys.split())
    return {tuple(tail.split(".")): Recipe((), found, reports_unresolved=reports) for tail in tails.split()}


# By the engine or provider word, then by the end of the callee's dotted name.
_BY_TAIL: dict[str, dict[Tail, Recipe]] = {
    "transformers.js": _at(1, "pipeline") | _at(0, "from_pretrained"),
    "kokoro": _at(0, "from_pretrained"),
    "replicate": _at(0, "run stream") | _under("model version", "predictions.create") | _under("", "trainings.create"),
    "fal": _at(0, "subscribe run stream submit"),
    "web-llm": _at(
        0,
        "CreateMLCEngine CreateEngine CreateServiceWorkerMLCEngine CreateExtensionServiceWorkerMLCEngine reload",
    )
    | _at(1, "CreateWebWorkerMLCEngine"),
    "onnxruntime": _at(0, "InferenceSession.create", reports=False),
    "tfhub": _at(0, "loadGraphModel loadLayersModel loadTFLiteModel", reports=False),
    "llama.cpp": _at(
        0,
        "resolveModelFile loadModelFromHF loadModelFromUrl downloadModel "
        "llm.model llm.load embedding.model embedding.load",
    )
    | _under("modelUri modelUrl", "createModelDownloader")
    | _under("modelPath", "loadModel LlamaModel", reports=False)
    | _under("model", "initLlama"),
    "gpt4all": _at(0, "loadModel"),
    "huggingface-hub": _under(
        "repo name",
        "downloadFile snapshotDownload listFiles modelInfo fileDownloadInfo downloadFileToCacheDir "
        "parseSafetensorsMetadata",
        reports=False,
    ),
    "azure": _at(
        0,
        "getChatCompletions streamChatCompletions getCompletions streamCompletions listChatCompletions getEmbeddings "
        "getImages getAudioTranscription getAudioTranslation",
    ),
    "google": _at(0, "model embedder") | _under("", "googleAI vertexAI"),
    "vertex": _at(0, "model embedder"),
    "langchain": _at(0, "initChatModel", reports=False),
    "mastra": _at(0, "ModelRouterEmbeddingModel ModelRouterLanguageModel"),
}
_NO_MODEL = name_set(
    """
    encoding_for_model encodingForModel getEncoding list retrieve wrapLanguageModel customProvider
    createProviderRegistry on env cancel delete
    """
)
_MODEL_METHODS = name_set(
    """
    chat completion responses languageModel embedding embeddingModel textEmbedding textEmbeddingModel image
    imageModel transcription transcriptionModel speech speechModel reranking rerankingModel chatModel
    completionModel generativeAI video videoModel
    """
)
# Chains that mean a model call whoever made the client.
_ANYONE: dict[tuple[str, ...], str] = {
    ("chat", "completions", "create"): "openai",
    ("chat", "completions", "parse"): "openai",
    ("chat", "completions", "stream"): "openai",
    ("chat", "completions", "runTools"): "openai",
    ("completions", "create"): "openai",
    ("responses", "create"): "openai",
    ("responses", "parse"): "openai",
    ("responses", "stream"): "openai",
    ("embeddings", "create"): "openai",
    ("images", "generate"): "openai",
    ("images", "edit"): "openai",
    ("transcriptions", "create"): "openai",
    ("translations", "create"): "openai",
    ("speech", "create"): "openai",
    ("assistants", "create"): "openai",
    ("moderations", "create"): "openai",
    ("jobs", "create"): "openai",
    ("createChatCompletion",): "openai",
    ("createCompletion",): "openai",
    ("createEmbedding",): "openai",
    ("messages", "create"): "anthropic",
    ("messages", "stream"): "anthropic",
    ("messages", "parse"): "anthropic",
    ("messages", "countTokens"): "anthropic",
    ("getGenerativeModel",): "google",
    ("models", "generateContent"): "google",
    ("models", "generateContentStream"): "google",
    ("models", "generateImages"): "google",
    ("models", "generateVideos"): "google",
    ("models", "embedContent"): "google",
    ("chats", "create"): "google",
    ("live", "connect"): "google",
    ("AI", "run"): "cloudflare",
}


def find_recipe(package: Package, tail: tuple[str, ...], *, is_bare: bool) -> Recipe | None:
    """Where a call into a package carries its model.

    `tail` is the dotted name after the imported one, or that one itself when nothing follows it; `is_bare`: it is
    the provider itself that is called, as in `openai("gpt-4o")`.
    """
    is_known = find_via(package.via) is not None
    if tail and tail[-1] in _NO_MODEL:
        return None
    for length in (2, 1):
        known = _BY_TAIL.get(package.via, {}).get(tail[-length:])
        if known is not None:
            return known
    if package.family is Family.PROVIDER:
        surely = is_known and (is_bare or tail[-1] in _MODEL_METHODS)
        return Recipe((0,), (), reports_unresolved=surely, needs_distinct=not surely)
    if package.family is Family.FRAMEWORK:
        return Recipe((0,) if tail[-1:] == ("gateway",) else (), MODEL_KEYS, reports_unresolved=False)
    if package.via == "transformers.js":
        return Recipe((), (*MODEL_KEYS, "modelType"))
    return Recipe((), MODEL_KEYS)


def find_anyones(names: tuple[str, ...]) -> tuple[str, Recipe] | None:
    """For a client made elsewhere: the provider word and the recipe that the dotted name of the call implies."""
    for length in (3, 2, 1):
        via = _ANYONE.get(names[-length:]) if len(names) > length or length == 1 else None
        if via is not None:
            cloudflare = via == "cloudflare"
            return via, Recipe((0,) if cloudflare else (), () if cloudflare else MODEL_KEYS)
    return None
