"""Summarise long tickets with a small quantised model."""

from llama_cpp import Llama

from triage.settings import SUMMARY_FILE, SUMMARY_REPO


def load_summariser() -> Llama:
    return Llama.from_pretrained(repo_id=SUMMARY_REPO, filename=SUMMARY_FILE, n_ctx=16384)
