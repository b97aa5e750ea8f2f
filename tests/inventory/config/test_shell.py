"""Shell scripts, PowerShell and batch files, and the splitter of words beneath them."""

import pytest

from holdfast.inventory.config.shell_words import split_commands
from tests.inventory.config.seeing import read, see


@pytest.mark.parametrize(
    ("command", "model"),
    [
        ("ollama pull qwen3:8b", "pkg:ollama/qwen3:8b"),
        ("docker exec -it ollama ollama run llama3", "pkg:ollama/llama3"),
        ("hf download BAAI/bge-m3 --local-dir m", "pkg:huggingface/BAAI/bge-m3"),
        ("huggingface-cli download --resume-download intfloat/e5-large-v2", "pkg:huggingface/intfloat/e5-large-v2"),
        ("vllm serve Qwen/Qwen3-8B --port 80", "pkg:huggingface/Qwen/Qwen3-8B"),
        ("python3 -m vllm.entrypoints.openai.api_server --model=tenyx/tuned-7b", "pkg:huggingface/tenyx/tuned-7b"),
        ("python -m sglang.launch_server --model-path Qwen/Qwen3-8B", "pkg:huggingface/Qwen/Qwen3-8B"),
        ("llama-server -hf ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", "pkg:huggingface/ggml-org/gemma-3-4b-it-GGUF"),
        ("./build/bin/llama-cli -m models/mistral-7b.Q4_0.gguf -p hi", "pkg:generic/file/models/mistral-7b.Q4_0.gguf"),
        ("git clone https://huggingface.co/openai/whisper-large-v3", "pkg:huggingface/openai/whisper-large-v3"),
        ("text-generation-launcher --model-id tiiuae/falcon-7b", "pkg:huggingface/tiiuae/falcon-7b"),
        ("docker run vllm/vllm-openai --model Qwen/Qwen3-4B", "pkg:huggingface/Qwen/Qwen3-4B"),
        ("mlx_lm.generate --model mlx-community/Qwen3-4B-4bit", "pkg:huggingface/mlx-community/Qwen3-4B-4bit"),
        ("python -m spacy download en_core_web_sm", "pkg:generic/spacy/en_core_web_sm"),
        ("whisper talk.mp3 --model medium", "pkg:generic/whisper/medium"),
        ("aider --model sonnet", "api:anthropic/sonnet"),
        ("llm -m gpt-4o 'hello'", "api:openai/gpt-4o"),
        ("python train.py --model_name_or_path facebook/opt-350m", "pkg:huggingface/facebook/opt-350m"),
        ("python train.py model.name=bert-base-uncased", "pkg:huggingface/bert-base-uncased"),
        ("lm_eval --model hf --model_args pretrained=EleutherAI/pythia-70m,dtype=float",
         "pkg:huggingface/EleutherAI/pythia-70m"),
        ("bash bench.sh facebook/opt-125m http://localhost", "pkg:huggingface/facebook/opt-125m"),
        ("bash build_engine.sh /app/examples small.en int8", "pkg:generic/whisper/small.en"),
        ("python serve.py --vocoder_name vocoder_models/en/ljspeech/univnet",
         "pkg:generic/coqui/vocoder_models/en/ljspeech/univnet"),
        ("helm install x ./chart --set rerank.model=BAAI/bge-reranker-base", "pkg:huggingface/BAAI/bge-reranker-base"),
        ("az cognitiveservices account deployment create --model-name gpt-4o-mini", "api:azure/gpt-4o-mini"),
        ("aws bedrock-runtime converse --model-id meta.llama3-70b-instruct-v1:0",
         "api:bedrock/meta.llama3-70b-instruct-v1:0"),
        ("sudo -E bash -c 'ollama pull mistral:7b'", "pkg:ollama/mistral:7b"),
        ("timeout 60 ssh host \"ollama pull phi3:mini\"", "pkg:ollama/phi3:mini"),
    ],
)  # fmt: skip
def test_a_command_names_its_model(command: str, model: str) -> None:
    assert see("shell", f"#!/bin/sh\n{command}\n") == {(2, model)}


@pytest.mark.parametrize(
    "text",
    [
        "echo 'now run ollama pull llama3'",
        "# vllm serve Qwen/Qwen3-8B",
        'if [ "$MODEL" = "gpt-4" ]; then exit 1; fi',
        "grep -r gpt-4o .",
        "sed -i 's/gpt-4/gpt-4o/' config.yaml",
        "hf download --repo-type dataset rajpurkar/squad",
        "git clone https://huggingface.co/datasets/rajpurkar/squad",
        "git clone https://github.com/meta-llama/llama3",
        "open https://huggingface.co/Qwen/Qwen3-8B",
        "docker build -t acme/llama-app .",
        "python run.py --model your-model --output-dir out/llama-7b",
        "vllm serve --served-model-name gpt-4",
        "case $1 in gpt-4*) shift;; esac",
    ],
)
def test_talk_comparisons_data_sets_and_placeholders_are_no_uses(text: str) -> None:
    assert see("shell", text) == set()


def test_a_variable_carries_its_name_to_the_commands_that_use_it() -> None:
    text = 'MODEL="Qwen/Qwen3-8B"\n\nvllm serve "$MODEL"\nhf download ${MODEL}\n'
    report = read("shell", text)
    assert [(sighting.line, sighting.call_lines) for sighting in report.sightings] == [(1, (3, 4))]


def test_the_default_of_an_argument_is_a_use() -> None:
    assert see("shell", "M=${1:-gemma2:2b}\nollama run $M\n") == {(1, "pkg:ollama/gemma2:2b")}


def test_a_loop_names_each_of_its_models() -> None:
    text = "for m in llama3 \\\n  mistral; do\n  ollama pull $m\ndone\n"
    assert see("shell", text) == {(1, "pkg:ollama/llama3"), (2, "pkg:ollama/mistral")}


def test_eight_models_in_one_array_are_a_catalogue() -> None:
    names = [f"Qwen/Qwen3-{size}B" for size in range(1, 9)]
    report = read("shell", "MODELS=(\n" + "\n".join(names) + '\n)\nfor m in "${MODELS[@]}"; do vllm serve $m; done\n')
    assert [(catalogue.place.line, catalogue.length) for catalogue in report.catalogues] == [(1, 8)]
    assert report.sightings == ()


def test_a_loader_fed_by_the_environment_is_a_reference() -> None:
    report = read("shell", 'vllm serve "$LLM_MODEL_ID"\n')
    assert [(reference.name, reference.sighting.via) for reference in report.references] == [
        ("env:LLM_MODEL_ID", "vllm")
    ]


def test_a_loader_fed_by_another_command_is_unresolved() -> None:
    assert see("shell", "NAME=$(cat name.txt)\nollama pull $NAME\n") == {(2, "? $NAME")}


def test_the_body_of_a_request_names_its_model_on_its_own_line() -> None:
    text = 'curl https://api.openai.com/v1/chat/completions \\\n  -d \'{\n  "model": "gpt-4o",\n  "messages": []\n}\'\n'
    report = read("shell", text)
    assert [(sighting.line, sighting.text, sighting.endpoint) for sighting in report.sightings] == [
        (3, "gpt-4o", "https://api.openai.com/v1/chat/completions")
    ]


def test_a_here_document_is_read_as_the_file_that_it_becomes() -> None:
    text = "cat > .env <<'EOF'\nLLM_MODEL=gpt-4o-mini\nEOF\ncat <<EOF | tee conf/app.yaml\nmodel: gpt-4o\nEOF\n"
    assert see("shell", text) == {(2, "api:openai/gpt-4o-mini"), (5, "api:openai/gpt-4o")}


def test_python_inside_a_script_is_read_as_python() -> None:
    text = "python - <<EOF\nfrom transformers import AutoModel\nAutoModel.from_pretrained('facebook/opt-125m')\nEOF\n"
    assert see("shell", text) == {(3, "pkg:huggingface/facebook/opt-125m")}


def test_a_download_keeps_the_revision_of_its_address() -> None:
    text = (
        "wget https://huggingface.co/TheBloke/Llama-2-7B-GGUF/resolve/4458acc949de0a9914c3eab623904d4fe999050a/x.gguf\n"
    )
    (sighting,) = read("shell", text).sightings
    assert (sighting.via, sighting.revision) == ("huggingface", "4458acc949de0a9914c3eab623904d4fe999050a")


def test_powershell_variables_and_continued_lines_are_followed() -> None:
    text = '$Model = "gpt-4o"\n$env:OLLAMA_MODEL = "llama3.2"\nollama pull `\n  phi3:mini\n'
    assert see("shell", text, "deploy.ps1") == {
        (1, "api:openai/gpt-4o"),
        (2, "pkg:ollama/llama3.2"),
        (4, "pkg:ollama/phi3:mini"),
    }


def test_a_batch_file_sets_and_uses_its_variable() -> None:
    text = "@echo off\nrem ollama pull llama3\nset MODEL=qwen2.5:7b\nollama run %MODEL%\n"
    report = read("shell", text, "run.bat")
    assert [(sighting.line, sighting.text, sighting.call_lines) for sighting in report.sightings] == [
        (3, "qwen2.5:7b", (4,))
    ]


def test_the_processes_of_a_procfile_are_commands() -> None:
    assert see("shell", "web: python app.py\nworker: vllm serve Qwen/Qwen3-8B\n", "Procfile") == {
        (2, "pkg:huggingface/Qwen/Qwen3-8B")
    }


def test_words_keep_their_lines_through_quotes_and_continuations() -> None:
    commands = list(split_commands("a 'b\nc' \\\n d\ne \"f\n g\" h\n"))
    assert [[(word.text, word.line) for word in command.words] for command in commands] == [
        [("a", 1), ("b\nc", 1), ("d", 3)],
        [("e", 4), ("f\n g", 4), ("h", 5)],
    ]


@pytest.mark.parametrize("text", ["$(" * 5000, "'" * 4999, '"$(' * 5000, "<<A\n" * 500, "((" * 5000, "`" * 999, "\\"])
def test_unclosed_quotes_and_brackets_end_with_the_text(text: str) -> None:
    assert see("shell", text) == set()
