"""Which files an engine gets of a copy, and which engine is chosen."""

from collections.abc import Iterable

import pytest

from holdfast.records.errors import EngineError, MissingEngine
from holdfast.records.vault import ObjectId
from holdfast.vault.catalogue.revisions import FileRow
from holdfast.workflows.engines.choosing import FITTING, Load, Weights, Wish, choose, list_loads
from holdfast.workflows.engines.finding import EngineName, Installed

FORMATS = {"safetensors": "safetensors", "gguf": "gguf", "onnx": "onnx", "bin": "torch", "pt": "torch"}
SMALL = ("config.json", "tokenizer.json", "README.md")


def rows(*paths: str, sizes: dict[str, int] | None = None) -> list[FileRow]:
    return [
        FileRow(n, path, ObjectId(""), (sizes or {}).get(path, 10), "", FORMATS.get(path.rpartition(".")[2], "bytes"))
        for n, path in enumerate(paths)
    ]


def installed(*engines: EngineName) -> Installed:
    return Installed(frozenset(engines), "/usr/bin/python3", {}, {})


def paths(load: Load) -> set[str]:
    return {file.path for file in load.files}


def first(files: Iterable[FileRow], **wish: object) -> Load:
    return next(iter(list_loads([*files], Wish(**wish))))  # type: ignore[arg-type]


def test_safetensors_come_with_their_small_files_and_without_pickles_code_or_other_forms() -> None:
    usual = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "1_Pooling/config.json")
    others = ("pytorch_model.bin", "modeling_own.py", "tf_model.h5", "onnx/model.onnx", "original/params.json")
    load = first(rows(*SMALL, *usual, *others, "consolidated.safetensors"))
    assert load.weights is Weights.SAFETENSORS
    assert paths(load) == {*SMALL, *usual}


def test_pickled_weights_are_loaded_only_when_asked_for() -> None:
    files = rows(*SMALL, "pytorch_model.bin")
    with pytest.raises(EngineError, match="pickle can run code") as caught:
        choose("org/m@1", files, Wish(), installed(EngineName.TRANSFORMERS))
    assert "--allow-pickle" in caught.value.next_step
    load, engine = choose("org/m@1", files, Wish(allow_pickle=True), installed(EngineName.TRANSFORMERS))
    assert (load.weights, engine) == (Weights.PICKLED, EngineName.TRANSFORMERS)


def test_a_file_is_pickled_by_its_bytes_whatever_its_name() -> None:
    named = FileRow(1, "weights.dat", ObjectId(""), 10, "", "torch")
    load = first([*rows(*SMALL, "model.safetensors"), named])
    assert "weights.dat" not in paths(load)


def test_of_several_gguf_files_the_q4_k_m_is_taken_else_the_smallest() -> None:
    sizes = {"m-Q8_0.gguf": 80, "m-Q2_K.gguf": 20, "m-Q4_K_M.gguf": 40}
    assert first(rows(*sizes, sizes=sizes)).main == "m-Q4_K_M.gguf"
    del sizes["m-Q4_K_M.gguf"]
    assert first(rows(*sizes, sizes=sizes)).main == "m-Q2_K.gguf"
    assert first(rows(*sizes, sizes=sizes), file="*Q8*").main == "m-Q8_0.gguf"


def test_shards_of_one_gguf_are_one_model_and_projectors_none() -> None:
    load = first(rows("m-00002-of-00002.gguf", "m-00001-of-00002.gguf", "mmproj-m.gguf"))
    assert (load.main, load.of) == ("m-00001-of-00002.gguf", 1)
    assert paths(load) == {"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}


def test_an_onnx_graph_comes_with_its_data_and_the_small_files() -> None:
    load = first(rows("config.json", "onnx/model_int8.onnx", "onnx/model.onnx", "onnx/model.onnx_data", "run.py"))
    assert load.main == "onnx/model.onnx"
    assert paths(load) == {"config.json", "onnx/model.onnx", "onnx/model.onnx_data"}


def test_a_copy_in_two_forms_runs_in_whichever_engine_is_there() -> None:
    files = rows(*SMALL, "model.safetensors", "onnx/model.onnx")
    assert choose("m", files, Wish(), installed(EngineName.ONNXRUNTIME))[1] is EngineName.ONNXRUNTIME
    both = installed(EngineName.ONNXRUNTIME, EngineName.TRANSFORMERS)
    assert choose("m", files, Wish(), both)[1] is EngineName.TRANSFORMERS
    assert choose("m", files, Wish(EngineName.ONNXRUNTIME), both)[0].main == "onnx/model.onnx"


def test_a_missing_engine_is_told_with_how_to_get_each_that_fits() -> None:
    with pytest.raises(MissingEngine) as caught:
        choose("m", rows("m.gguf"), Wish(), installed(EngineName.TRANSFORMERS))
    assert "llama-server" in caught.value.next_step
    assert "ollama" in caught.value.next_step


def test_an_engine_that_does_not_fit_is_refused_with_those_that_do() -> None:
    with pytest.raises(EngineError, match="vllm does not load gguf weights") as caught:
        choose("m", rows("m.gguf"), Wish(EngineName.VLLM), installed(*EngineName))
    assert "llama.cpp, ollama" in caught.value.next_step


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (("adapter_config.json", "adapter_model.safetensors"), "runs on its base alone"),
        (("model_index.json", "unet/model.safetensors"), "pipeline of several models"),
        (("README.md",), "no weights that an engine loads"),
        (("model.safetensors",), "no weights that an engine loads"),
    ],
)
def test_a_copy_that_no_engine_runs_is_told_why(files: tuple[str, ...], says: str) -> None:
    with pytest.raises(EngineError, match=says):
        choose("m", rows(*files), Wish(), installed(*EngineName))


def test_a_pattern_that_fits_nothing_names_what_there_is() -> None:
    with pytest.raises(EngineError) as caught:
        choose("m", rows("a.gguf", "b.gguf"), Wish(file="*Q9*"), installed(*EngineName))
    assert "a.gguf, b.gguf" in caught.value.next_step


def test_every_form_of_weights_has_an_engine() -> None:
    assert set(FITTING) == set(Weights)
