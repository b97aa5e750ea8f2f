"""Answer from old tickets."""

from openai import OpenAI


def answer(question: str, context: str) -> str:
    client = OpenAI()
    response = client.responses.create(model="gpt-4.1-mini-2025-04-14", input=f"{context}\n\n{question}")
    return response.output_text
