"""Prints the sha256 of what a causal language model answers to fixed words.

Run by vault_acceptance.py in the virtual environment of the corpora, which has PyTorch and transformers.
"""

import hashlib
import sys
from importlib import import_module
from typing import Any

torch: Any = import_module("torch")
transformers: Any = import_module("transformers")


def main() -> None:
    """One model folder; one thread, so that sums have one order."""
    torch.set_num_threads(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.bfloat16).eval()
    words = torch.arange(1, 129).reshape(2, 64) % model.config.vocab_size
    with torch.no_grad():
        logits = model(words).logits
    print(hashlib.sha256(logits.float().numpy().tobytes()).hexdigest(), tuple(logits.shape))


if __name__ == "__main__":
    main()
