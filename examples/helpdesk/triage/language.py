"""Tell which language a ticket is written in: a small model of our own, loaded before any large one."""

from transformers import AutoModelForSequenceClassification, AutoTokenizer

from triage.settings import TICKET_LANGUAGE


def load_ticket_language():
    """Its files lie in models/ticket-language; where they came from is in its card."""
    tokenizer = AutoTokenizer.from_pretrained(TICKET_LANGUAGE)
    model = AutoModelForSequenceClassification.from_pretrained(TICKET_LANGUAGE)
    return tokenizer, model


def tell_language(tokenizer, model, ticket: str) -> str:
    given = tokenizer(ticket, truncation=True, return_tensors="pt")
    return model.config.id2label[int(model(**given).logits.argmax())]
