"""What may run code when a file is loaded is said in sentences; what cannot be looked into is said too."""

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from holdfast.formats.dangers import find_warnings
from holdfast.formats.layout import layout_as_bytes, read_layout
from tests.formats.layouts import FILES, gguf, save, text


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, ("echo owned",))


@pytest.mark.parametrize(
    "name",
    ["state.pt", "kinds.pt", "legacy.pt", "scripted.pt", "tiny.gguf", "weights.onnx", "tiny.safetensors", "README.md"],
)
def test_files_that_run_nothing_have_no_warnings(name: str) -> None:
    assert find_warnings(FILES / name) == ()


@pytest.mark.parametrize("name", ["evil.pt", "evil.pkl"])
def test_a_pickle_that_calls_foreign_code_is_named_in_every_layout(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    warnings = read_layout(FILES / name).warnings
    assert "posix.system" in warnings[0]
    assert layout_as_bytes(FILES / name).warnings == warnings
    assert "owned" not in capfd.readouterr().out


def test_every_pickle_of_an_archive_is_looked_into(tmp_path: Path) -> None:
    data = (FILES / "state.pt").read_bytes()
    with zipfile.ZipFile(save(tmp_path, data), "a") as archive:
        archive.writestr("state/extra/more.pkl", pickle.dumps(Evil()))
    assert find_warnings(tmp_path / "file") == (
        "state/extra/more.pkl in it is a pickle that looks up foreign names when it is loaded: posix.system.",
    )


def test_a_pickle_that_breaks_off_is_said_to_be_followed_in_part(tmp_path: Path) -> None:
    warnings = find_warnings(save(tmp_path, pickle.dumps(Evil(), protocol=4)[:-1] + b"\xff"))
    assert "cannot be followed to its end" in warnings[0]
    assert "posix.system" in warnings[1]


def test_a_file_that_is_only_named_as_a_pickle_is_said_to_be_unreadable(tmp_path: Path) -> None:
    assert "cannot be followed" in find_warnings(save(tmp_path, b"hello", "model.pkl"))[0]


def test_a_damaged_archive_is_said_to_be_unknown(tmp_path: Path) -> None:
    path = save(tmp_path, (FILES / "evil.pt").read_bytes()[:900])
    assert "could not be looked into" in find_warnings(path)[0]


def test_arrays_of_objects_are_told(tmp_path: Path) -> None:
    objects, numbers = np.array([{"a": 1}], dtype=object), np.zeros(3)
    np.save(tmp_path / "objects.npy", objects, allow_pickle=True)
    np.save(tmp_path / "numbers.npy", numbers)
    np.savez(tmp_path / "both.npz", objects=objects, numbers=numbers)
    assert "Python objects" in find_warnings(tmp_path / "objects.npy")[0]
    assert find_warnings(tmp_path / "numbers.npy") == ()
    assert find_warnings(tmp_path / "both.npz")[0].startswith("objects.npy in it")


def test_lambda_layers_of_keras_are_told(tmp_path: Path) -> None:
    config = {"config": {"layers": [{"class_name": "Lambda", "config": {"function": "4wE..."}}]}}
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    path = save(tmp_path, b"\x89HDF\r\n\x1a\n" + bytes(500) + json.dumps(config).encode(), "m.h5")
    for one in (tmp_path / "m.keras", path):
        assert "Lambda layers" in find_warnings(one)[0]


ATTACK = "{{ cycler.__init__.__globals__.os.popen('id').read() }}"
HONEST = (
    "{% for message in messages %}{% if message['role'] not in ['user'] %}{{ raise_exception('no') }}{% endif %}"
    "{{ '<|im_start|>' + message['content'] | trim }}{% set ns = namespace(found=false) %}{% endfor %}"
)


def test_a_chat_template_that_leaves_its_language_is_to_be_looked_at(tmp_path: Path) -> None:
    for template, count in ((ATTACK, 1), (HONEST, 0)):
        pair = text(b"tokenizer.chat_template") + struct.pack("<I", 8) + text(template.encode())
        files = [
            save(tmp_path, gguf([], b"", pair, 1), "m.gguf"),
            save(tmp_path, json.dumps({"chat_template": template}).encode(), "tokenizer_config.json"),
            save(
                tmp_path, json.dumps({"chat_template": [{"name": "a", "template": template}]}).encode(), "x_config.json"
            ),
            save(tmp_path, template.encode(), "chat_template.jinja"),
        ]
        for path in files:
            warnings = find_warnings(path)
            assert len(warnings) == count
            assert all("__globals__" in one and "look at it" in one for one in warnings)


def test_python_that_comes_with_a_model_is_told(tmp_path: Path) -> None:
    config = {"auto_map": {"AutoModel": "modeling_x.XModel"}, "trust_remote_code": True}
    warnings = find_warnings(save(tmp_path, json.dumps(config).encode(), "config.json"))
    assert "modeling_x.XModel" in warnings[0]
    assert "trust_remote_code" in warnings[1]
    assert "Python code" in find_warnings(save(tmp_path, b"import os", "modeling_x.py"))[0]
    assert find_warnings(save(tmp_path, b'{"model_type": "llama"}', "config.json")) == ()


def test_an_onnx_model_that_reaches_outside_its_folder_is_told(tmp_path: Path) -> None:
    data = (FILES / "beside.onnx").read_bytes()
    assert find_warnings(save(tmp_path, data.replace(b"beside.onnx.data", b"../../etc/shadow"))) == (
        "It takes tensors from outside its folder: ../../etc/shadow.",
    )


def test_a_pointer_of_git_lfs_is_told(tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    assert "Git LFS pointer" in find_warnings(save(tmp_path, pointer.encode(), "model.safetensors"))[0]


def test_names_from_a_file_are_shown_without_control_characters(tmp_path: Path) -> None:
    stream = io.BytesIO(b"c\x1b[31mevil\nname\n.")
    warnings = find_warnings(save(tmp_path, stream.getvalue(), "a.pkl"))
    assert "\x1b" not in warnings[0]
    assert "evil.name" in warnings[0]
