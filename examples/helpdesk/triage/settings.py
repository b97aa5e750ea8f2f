"""Which models triage uses, and at which revision."""

import os

CLASSIFIER = os.getenv("CLASSIFIER_MODEL", "Qwen/Qwen3-8B")
CLASSIFIER_REVISION = "main"
LANGUAGE_MODEL = "FacebookAI/xlm-roberta-base"
LANGUAGE_REVISION = "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089"
SUMMARY_REPO = "bartowski/cognitivecomputations_Dolphin3.0-R1-Mistral-24B-GGUF"
SUMMARY_FILE = "cognitivecomputations_Dolphin3.0-R1-Mistral-24B-Q4_K_M.gguf"
TICKET_LANGUAGE = "acme-helpdesk/ticket-language"
