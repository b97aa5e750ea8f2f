"""Find old tickets that resemble a new one."""

import os

from FlagEmbedding import FlagReranker
from sentence_transformers import SentenceTransformer

EMBEDDER = "all-MiniLM-L6-v2"


def load_embedder() -> SentenceTransformer:
    return SentenceTransformer(EMBEDDER)


def load_reranker() -> FlagReranker:
    return FlagReranker(os.environ["RERANKER"], use_fp16=True)
