"""Bills and usage exports of OpenAI, Anthropic, OpenRouter and LiteLLM, read strictly into rows of one shape.

Nothing in them is executed; what a file does not say stays unknown, and what is not understood is told.
"""
