"""Torch files: real ones of each layout, hostile ones, and one test for each way of being wrong."""

import pickle
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.formats.errors import ArchiveBomb, BadArchive, BadMagic, BadPickle
from holdfast.formats.torch_file import is_harmless, read_torch_file
from holdfast.records.errors import HoldfastError

FILES = Path(__file__).parent / "fixtures"
STATE = {"collections.OrderedDict", "torch.FloatStorage", "torch._utils._rebuild_tensor_v2"}


@pytest.mark.parametrize(("name", "layout"), [("state.pt", "zip"), ("legacy.pt", "legacy")])
def test_a_real_state_dictionary_names_what_it_would_call(name: str, layout: str) -> None:
    found = read_torch_file(FILES / name)
    assert (found.layout, set(found.names)) == (layout, STATE)
    assert found.keys == ("0.weight", "0.bias")
    assert found.get_foreign_names() == ()


def test_a_scripted_module_is_told_apart() -> None:
    assert read_torch_file(FILES / "scripted.pt").layout == "torchscript"
    assert read_torch_file(FILES / "scripted.pt").get_foreign_names() == ()


@pytest.mark.parametrize("name", ["evil.pt", "evil.pkl"])
def test_a_hostile_pickle_is_named_and_not_run(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert read_torch_file(FILES / name).get_foreign_names() == ("posix.system",)
    assert "owned" not in capfd.readouterr().out


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_names_are_found_in_every_pickle_protocol(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "a.bin").write_bytes(pickle.dumps([Path, zipfile.ZipFile, Path], protocol=protocol))
    assert read_torch_file(tmp_path / "a.bin").names == ("pathlib.Path", "zipfile.ZipFile")


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "builtins.eval", "builtins.getattr", "torch.hub.load", "torchvision.x", "torch.load", "?",
        "torch.serialization.os.system", "torch.nn.modules.module.warnings.sys", "torch.storage._load_from_bytes",
        "numpy.testing._private.utils.runstring", "collections.OrderedDict.x", "torch.int_repr", "torch.jit.load",
    ],
)  # fmt: skip
def test_names_that_run_code_are_not_harmless(name: str) -> None:
    assert not is_harmless(name)


@pytest.mark.parametrize(
    "name",
    [
        "collections.OrderedDict", "torch.FloatStorage", "torch.BFloat16Storage", "torch.storage.UntypedStorage",
        "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter",
        "torch.nn.modules.linear.Linear", "torch.float8_e4m3fn", "torch.uint16", "torch.qint8", "torch.Size",
        "torch.device", "torch.bfloat16", "numpy.dtype", "numpy.core.multiarray.scalar", "numpy.float64",
        "__torch__.torch.nn.modules.linear.Linear", "_codecs.encode", "torch.optim.adam.Adam",
    ],
)  # fmt: skip
def test_names_that_weights_are_made_of_are_harmless(name: str) -> None:
    assert is_harmless(name)


def test_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_text("<html>not found</html>")
    with pytest.raises(BadMagic, match="neither"):
        read_torch_file(tmp_path / "a.pt")


def test_an_archive_without_a_pickle_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(BadArchive, match=r"data\.pkl"):
        read_torch_file(tmp_path / "a.pt")


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes((FILES / "state.pt").read_bytes()[:900])
    with pytest.raises(BadArchive):
        read_torch_file(tmp_path / "a.pt")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 50_000_000)
    with pytest.raises(ArchiveBomb, match="50,000,000"):
        read_torch_file(tmp_path / "a.pt")


def test_a_pickle_that_breaks_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x80\x02X\xff\xff\xff\x00abc")
    with pytest.raises(BadPickle):
        read_torch_file(tmp_path / "a.bin")


@given(flip=st.integers(0, 1_876), value=st.integers(0, 255))
def test_a_damaged_real_file_gives_an_answer_or_an_error_of_the_tree(
    tmp_path_factory: pytest.TempPathFactory, flip: int, value: int
) -> None:
    data = bytearray((FILES / "state.pt").read_bytes())
    data[flip] = value
    path = tmp_path_factory.mktemp("damaged") / "a.pt"
    path.write_bytes(bytes(data))
    with suppress(HoldfastError):
        read_torch_file(path)
