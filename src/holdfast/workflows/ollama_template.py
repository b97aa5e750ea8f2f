"""Chat templates in Ollama's language for GGUF files that carry one in Jinja's, where its turns are of a known family.

Ollama runs no Jinja: without such a layer a model gets the bare prompt. A family is told by its marks alone; what is
not known is left out, since a wrong template is worse than none.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Template:
    """A template, and the texts at which an answer ends."""

    text: str
    stops: tuple[str, ...]


def _make_turns(system: str, user: str, assistant: str, end: str) -> str:
    """Every message between its marks, then the mark of the answer: the way of all these families."""
    return (
        "{{ range .Messages }}"
        f'{{{{ if eq .Role "system" }}}}{system}{{{{ .Content }}}}{end}'
        f'{{{{ else if eq .Role "user" }}}}{user}{{{{ .Content }}}}{end}'
        f'{{{{ else if eq .Role "assistant" }}}}{assistant}{{{{ .Content }}}}{end}'
        "{{ end }}{{ end }}"
        f"{assistant}"
    )


_CHATML: Final = Template(
    _make_turns("<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_end|>\n"),
    ("<|im_start|>", "<|im_end|>"),
)
_LLAMA3: Final = Template(
    _make_turns(
        "<|start_header_id|>system<|end_header_id|>\n\n",
        "<|start_header_id|>user<|end_header_id|>\n\n",
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|eot_id|>",
    ),
    ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
)
_FAMILIES: Final = (
    (("<|im_start|>", "<|im_end|>"), _CHATML),
    (("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), _LLAMA3),
)


def choose_template(jinja: str) -> Template | None:
    """The template of the family whose marks a Jinja template has; None when they are of none, or of several."""
    fitting = [template for marks, template in _FAMILIES if all(mark in jinja for mark in marks)]
    return fitting[0] if len(fitting) == 1 else None
