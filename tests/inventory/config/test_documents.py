"""Markdown, RST and AsciiDoc: what the reader is told to run, and nothing else."""

from tests.inventory.config.seeing import see

README = """\
# Uses gpt-4o

We like `claude-3-opus-20240229`. | model | score |

```bash
$ ollama pull qwen3:8b
pulling manifest for llama3
$ vllm serve Qwen/Qwen3-8B \\
    --speculative-model Qwen/Qwen3-0.6B
```

```python
from transformers import pipeline
!ollama pull mistral:7b
pipe = pipeline(model="facebook/opt-125m")
this is not python `
```

> ``` yaml
> model: gpt-4o-mini
> ```

```
LLM_MODEL=gpt-4.1-mini
# a comment
```

```
This says ollama and model gpt-4o in prose.
ollama run llama3
```

    whisper talk.wav --model large-v2

```json
{"id": "1", "object": "chat.completion", "model": "gpt-4o", "choices": []}
```

```text output
ollama pull phi3
```
"""


def test_a_readme_is_read_in_its_code_blocks_only() -> None:
    assert see("markdown", README, "README.md") == {
        (6, "pkg:ollama/qwen3:8b"),
        (8, "pkg:huggingface/Qwen/Qwen3-8B"),
        (9, "pkg:huggingface/Qwen/Qwen3-0.6B"),
        (14, "pkg:ollama/mistral:7b"),
        (15, "pkg:huggingface/facebook/opt-125m"),
        (20, "api:openai/gpt-4o-mini"),
        (24, "api:openai/gpt-4.1-mini"),
        (30, "pkg:ollama/llama3"),
        (33, "pkg:generic/whisper/large-v2"),
    }


def test_a_session_is_read_at_its_prompts() -> None:
    text = (
        "```pycon\n>>> import openai\n>>> client = openai.OpenAI()\n>>> client.chat.completions.create(\n"
        '...     model="gpt-4o",\n... )\nChatCompletion(model="gpt-4o-2024-08-06")\n```\n'
    )
    assert see("markdown", text, "docs/use.md") == {(5, "api:openai/gpt-4o")}


def test_rst_directives_and_literal_blocks_are_read() -> None:
    text = (
        "Title\n=====\n\nUse gpt-4.\n\n.. code-block:: bash\n   :linenos:\n\n   ollama pull qwen3:8b\n\n"
        "Then::\n\n    $ vllm serve Qwen/Qwen3-8B\n\nDone.\n\n.. note::\n\n    ollama pull phi3\n"
    )
    assert see("rst", text, "docs/index.rst") == {(9, "pkg:ollama/qwen3:8b"), (13, "pkg:huggingface/Qwen/Qwen3-8B")}


def test_asciidoc_listings_are_read_by_their_language() -> None:
    text = "= Title\n\n[source,yaml]\n----\nmodel: gpt-4o\n----\n"
    assert see("asciidoc", text, "docs/index.adoc") == {(5, "api:openai/gpt-4o")}


def test_changelogs_are_left_out() -> None:
    text = "```bash\nollama pull qwen3:8b\n```\n"
    for path in ("CHANGELOG.md", "docs/release-notes/v2.md", "HISTORY.rst", "changes/0001.md"):
        assert see("markdown", text, path) == set()


def test_the_head_of_an_agent_names_its_model_and_that_of_a_model_card_does_not() -> None:
    assert see("markdown", "---\nname: reviewer\nmodel: sonnet\n---\nReview.\n", ".claude/agents/a.md") == {
        (3, "api:anthropic/sonnet")
    }
    assert see("markdown", "---\nbase_model: Qwen/Qwen3-8B\n---\n", "README.md") == set()
