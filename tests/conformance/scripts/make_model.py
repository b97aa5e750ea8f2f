"""Writes small models, each in a folder of its kind's name, and prints what transformers itself computes with them.

`FOLDER KIND...`: all at once, for to begin with torch takes longer than all of them.
"""

import hashlib
import json
import struct
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

torch: Any = import_module("torch")
transformers: Any = import_module("transformers")
tokenizers: Any = import_module("tokenizers")

TEXTS = ["The day the network went dark, the team kept working: nothing was lost.", "def main() -> None: return"] * 20
PROBE = "The day the network went dark, the team kept working:"
CHAT = "{% for m in messages %}<s>{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
SHAPE = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def make_tokenizer() -> Any:
    tokenizer = tokenizers.ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(TEXTS, vocab_size=400, special_tokens=["<s>", "</s>"], show_progress=False)
    kind = transformers.PreTrainedTokenizerFast
    return kind(tokenizer_object=tokenizer._tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")


def make_writer(folder: Path) -> dict[str, object]:
    """A decoder with a chat template; the digest of the eight most likely tokens after the probe."""
    config = transformers.LlamaConfig(
        vocab_size=400, max_position_embeddings=128, bos_token_id=0, eos_token_id=1, num_key_value_heads=1, **SHAPE
    )
    model, tokenizer = transformers.LlamaForCausalLM(config).eval(), make_tokenizer()
    tokenizer.chat_template = CHAT
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    given = tokenizer(PROBE, return_tensors="pt")["input_ids"]
    ids = given
    for _ in range(8):  # by hand, without a cache
        ids = torch.cat([ids, model(ids).logits[:, -1].argmax(-1, keepdim=True)], dim=1)
    new = ids[0, given.shape[1] :].tolist()
    digest = hashlib.sha256(b"".join(struct.pack("<q", number) for number in new)).hexdigest()
    return {"digest": digest, "tokens": len(new)}


def make_encoder(folder: Path) -> dict[str, object]:
    """A sentence encoder: the mean of the tokens, made one long."""
    config = transformers.BertConfig(vocab_size=400, max_position_embeddings=64, **SHAPE)
    model, tokenizer = transformers.BertModel(config).eval(), make_tokenizer()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    listed = [
        {"idx": n, "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        '{"word_embedding_dimension": 32, "pooling_mode_mean_tokens": true}'
    )
    given = tokenizer(PROBE, return_tensors="pt")
    mean = model(**given).last_hidden_state[0].mean(0)
    return {"vector": (mean / mean.norm()).tolist()}


def make_lacking(folder: Path) -> dict[str, object]:
    """A decoder of which one tensor was left out."""
    make_writer(folder)
    library: Any = import_module("safetensors.torch")
    tensors = library.load_file(folder / "model.safetensors")
    del tensors["model.layers.0.mlp.up_proj.weight"]
    library.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return {}


def make_spoiled(folder: Path) -> dict[str, object]:
    """A decoder with a weight that is no number."""
    make_writer(folder)
    model = transformers.LlamaForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.model.norm.weight[3] = float("nan")
    model.save_pretrained(folder)
    return {}


def make_coded(folder: Path) -> dict[str, object]:
    """A model whose configuration asks for code beside it; the code leaves a trace when it is run."""
    make_writer(folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "architectures": ["OwnForCausalLM"]}
    config["auto_map"] = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnForCausalLM"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(folder / 'trace')!r}, 'w').close()\n")
    return {}


class Trace:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.path), "w"))


def make_pickled(folder: Path) -> dict[str, object]:
    """A decoder as older ones are stored, in a pickle."""
    told = make_writer(folder)
    model = transformers.LlamaForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return told


def make_trapped(folder: Path) -> dict[str, object]:
    """The same with an object that runs something when it is loaded."""
    make_pickled(folder)
    tensors = torch.load(folder / "pytorch_model.bin")
    torch.save({**tensors, "extra": Trace(folder / "trace")}, folder / "pytorch_model.bin")
    return {}


def make(kind: str, folder: Path) -> dict[str, object]:
    """A kind, whatever was made before it."""
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    with torch.no_grad():
        told: dict[str, object] = globals()[f"make_{kind}"](folder)
    return told


if __name__ == "__main__":
    print(json.dumps({kind: make(kind, Path(sys.argv[1], kind)) for kind in sys.argv[2:]}))
