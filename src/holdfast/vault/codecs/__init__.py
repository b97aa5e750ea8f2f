"""How frames become small: the codecs of docs/format.md, compiled (kernel.c) and plain (NumPy)."""
