"""Writes the model files of this folder with the formats' own libraries. Run by hand when a file is added; see README.md.

Needs numpy, safetensors, gguf, onnx and torch; the tests need none of them.
"""

import os
import pickle
from pathlib import Path

import gguf
import numpy
import onnx
import torch
from safetensors.numpy import save_file

HERE = Path(__file__).parent


class Evil:
    """What a hostile pickle does when it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, ("echo owned",))


def write_safetensors() -> None:
    tensors = {
        "embeddings.word.weight": numpy.zeros((4, 8), dtype=numpy.float16),
        "layer.0.weight": numpy.ones((8, 8), dtype=numpy.float32),
        "layer.0.bias": numpy.ones((8,), dtype=numpy.float32),
    }
    save_file(tensors, HERE / "tiny.safetensors", metadata={"format": "pt", "source": "made for tests"})


def write_gguf() -> None:
    writer = gguf.GGUFWriter(HERE / "tiny.gguf", "llama")
    writer.add_name("Tiny Chat")
    writer.add_author("nobody")
    writer.add_finetune("Chat")
    writer.add_quantized_by("somebody")
    writer.add_license("apache-2.0")
    writer.add_base_model_count(1)
    writer.add_base_model_name(0, "Tiny Base")
    writer.add_base_model_organization(0, "Tiny Org")
    writer.add_base_model_repo_url(0, "https://huggingface.co/tiny-org/tiny-base")
    writer.add_context_length(128)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"tok{number}" for number in range(100)])
    writer.add_array("test.numbers", [1, 2, 3])
    writer.add_tensor("token_embd.weight", numpy.zeros((4, 8), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_onnx() -> None:
    helper, proto = onnx.helper, onnx.TensorProto
    given = helper.make_tensor_value_info("x", proto.FLOAT, [1, 8])
    result = helper.make_tensor_value_info("y", proto.FLOAT, [1, 8])
    weight = helper.make_tensor("w", proto.FLOAT, [8, 8], [0.0] * 64)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "tiny-graph", [given], [result], [weight])
    model = helper.make_model(graph, producer_name="pytorch", producer_version="2.15.0",
                              opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)])
    helper.set_model_props(model, {"base_model": "tiny-org/tiny-base", "task": "embedding"})
    onnx.save(model, HERE / "tiny.onnx")


def write_torch() -> None:
    torch.manual_seed(0)
    layers = torch.nn.Sequential(torch.nn.Linear(2, 2))
    torch.save(layers.state_dict(), HERE / "state.pt")
    torch.save(layers.state_dict(), HERE / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"weight": layers.state_dict(), "extra": Evil()}, HERE / "evil.pt")
    torch.jit.script(layers).save(HERE / "scripted.pt")
    (HERE / "evil.pkl").write_bytes(pickle.dumps(Evil(), protocol=4))


if __name__ == "__main__":
    write_safetensors()
    write_gguf()
    write_onnx()
    write_torch()
