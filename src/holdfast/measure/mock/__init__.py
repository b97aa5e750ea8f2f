"""The ground-truth server: an OpenAI-compatible endpoint without a model, whose truth is its own log of what it
sent and when. It judges nobody: who measured it compares with the log."""
