"""Samples as figures: each endpoint at each load, with intervals, and the highest load that meets an objective."""
