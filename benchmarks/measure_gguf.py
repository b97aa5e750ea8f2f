"""Writes a Llama that measure_training.py saved as GGUF, in 32-bit floats, with its tokenizer and chat template."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from benchmarks.vault_corpora import read_tensors
from numpy.typing import NDArray

_PLAIN = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
}
_LAYER = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
SPLIT = "smollm"  # llama.cpp's name for: each digit alone, the rest as GPT-2 does


def write_gguf(folder: Path, path: Path) -> None:
    """One file with all of a folder's model, whole or not at all."""
    config = _read(folder / "config.json")
    partial = path.with_name(f"{path.name}.partial")
    writer = gguf.GGUFWriter(partial, "llama")
    writer.add_name(folder.name)
    _add_shape(writer, config)
    _add_tokenizer(writer, folder, config)
    for tensor in read_tensors(folder / "model.safetensors"):
        values = tensor.raw.view(np.float32).reshape(tensor.shape)
        writer.add_tensor(_rename(tensor.name), _turn(tensor.name, values, config["num_attention_heads"]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(path)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _add_shape(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path, config: dict[str, Any]) -> None:
    made = _read(folder / "tokenizer.json")
    numbers: dict[str, int] = made["model"]["vocab"]
    special = {one["id"] for one in made["added_tokens"]}
    kinds = [gguf.TokenType.CONTROL if number in special else gguf.TokenType.NORMAL for number in range(len(numbers))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(SPLIT)
    writer.add_token_list(sorted(numbers, key=numbers.__getitem__))
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in made["model"]["merges"]])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text(encoding="utf-8"))


def _rename(name: str) -> str:
    """`model.layers.3.mlp.up_proj.weight`: `blk.3.ffn_up.weight`."""
    if name in _PLAIN:
        return _PLAIN[name]
    _, _, layer, *part, ending = name.split(".")
    return f"blk.{layer}.{_LAYER['.'.join(part)]}.{ending}"


def _turn(name: str, values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """The rows of queries and keys in pairs that turn together, where the folder has them in halves."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return values
    rows, width = values.shape
    return np.ascontiguousarray(values.reshape(heads, 2, rows // heads // 2, width).swapaxes(1, 2).reshape(rows, width))
