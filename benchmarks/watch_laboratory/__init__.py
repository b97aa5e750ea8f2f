"""A laboratory of small language models that are really served, and of what may silently be done to them.

`catalogue` names models and changes, `tables` gives their logits without PyTorch, `serve` serves them over HTTP;
`texts`, `dialogues`, `networks`, `training`, `altering` and `tabulating` make them, in a Python that has PyTorch.
"""
