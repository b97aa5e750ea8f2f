"""holdfast: a team's hold on the AI models it depends on. The map of the code is in docs/design.md."""

__version__ = "0.1.0"
