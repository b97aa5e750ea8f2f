"""Loads a model with transformers and runs it: prints a digest of what came out. Arguments: a hub name or a folder."""

import hashlib
import json
import sys

import torch
import transformers
from transformers import AutoModel, AutoTokenizer

transformers.logging.set_verbosity_error()
name = sys.argv[1]
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModel.from_pretrained(name).eval()
with torch.no_grad():
    out = model(**tokenizer("The vault answers when the hub does not.", return_tensors="pt")).last_hidden_state
assert torch.isfinite(out).all()
print(json.dumps({"shape": list(out.shape), "digest": hashlib.sha256(out.float().numpy().tobytes()).hexdigest()}))
