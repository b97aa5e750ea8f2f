"""Sort a ticket into a queue."""

from transformers import AutoModelForSequenceClassification, AutoTokenizer
from vllm import LLM, SamplingParams

from triage.settings import CLASSIFIER, CLASSIFIER_REVISION, LANGUAGE_MODEL, LANGUAGE_REVISION

QUEUES = ("billing", "bug", "access", "other")


def load_classifier() -> LLM:
    return LLM(model=CLASSIFIER, revision=CLASSIFIER_REVISION, max_model_len=8192)


def load_language_detector():
    tokenizer = AutoTokenizer.from_pretrained(LANGUAGE_MODEL, revision=LANGUAGE_REVISION)
    model = AutoModelForSequenceClassification.from_pretrained(LANGUAGE_MODEL, revision=LANGUAGE_REVISION)
    return tokenizer, model


def classify(llm: LLM, ticket: str) -> str:
    prompt = f"Answer with one of {', '.join(QUEUES)}.\n\n{ticket}\n\nQueue:"
    return llm.generate([prompt], SamplingParams(max_tokens=4))[0].outputs[0].text.strip()
