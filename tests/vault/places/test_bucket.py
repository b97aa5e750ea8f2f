"""A vault in a bucket: what is said when the bucket refuses, and what stays on this computer."""

from pathlib import Path

import pytest

from tests.vault.models import hash_folder
from tests.vault.places.keepers import MODEL, Keeper, write_model


@pytest.mark.parametrize("verb", [["list"], ["verify"], ["rebuild"], ["show", MODEL], ["prune"]])
def test_wrong_credentials_are_told_of_and_not_repeated(in_bucket: Keeper, verb: list[str]) -> None:
    in_bucket.environ |= {"AWS_ACCESS_KEY_ID": "AKIANOBODYKNOWSTHISK", "AWS_SECRET_ACCESS_KEY": "never-shown"}
    done = in_bucket.run(*verb)
    assert done.code == 14
    assert "The server refuses the credentials" in done.err
    assert "AWS_ACCESS_KEY_ID" in done.err
    assert "never-shown" not in done.err + done.out
    assert "NOBODYKNOWS" not in done.err + done.out


def test_a_keep_with_wrong_credentials_keeps_nothing_and_works_when_they_are_right(
    in_bucket: Keeper, tmp_path: Path
) -> None:
    model = write_model(tmp_path / "model", 1)
    right = dict(in_bucket.environ)
    in_bucket.environ["AWS_SECRET_ACCESS_KEY"] = "never-shown"
    refused = in_bucket.run("keep", model, "--as", MODEL)
    assert refused.code == 14
    assert "The server refuses the credentials" in refused.err
    assert "never-shown" not in refused.err + refused.out
    in_bucket.environ = right
    assert in_bucket.packs() == {}
    in_bucket.get("keep", model, "--as", MODEL)


def test_nothing_of_a_copy_stays_on_this_computer(in_bucket: Keeper, tmp_path: Path) -> None:
    in_bucket.get("keep", write_model(tmp_path / "model", 1), "--as", MODEL)
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix in (".pack", ".part")]
    assert left == []


def test_another_computer_needs_the_bucket_alone(in_bucket: Keeper, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", 1)
    in_bucket.get("keep", model, "--as", MODEL)
    other = Keeper(tmp_path / "elsewhere", in_bucket.location, in_bucket.environ)
    other.get("restore", MODEL, tmp_path / "back")
    assert hash_folder(tmp_path / "back") == hash_folder(model)


def test_a_vault_may_be_named_on_the_command_line(in_bucket: Keeper, tmp_path: Path) -> None:
    url, in_bucket.location = in_bucket.location, str(tmp_path / "no-vault")
    in_bucket.get("keep", write_model(tmp_path / "model", 1), "--as", MODEL, "--vault", url)
    assert len(in_bucket.get("list", "--vault", url)["copies"]) == 1


def test_copies_move_between_a_folder_and_a_bucket(in_bucket: Keeper, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", 1)
    folder = Keeper(tmp_path, str(tmp_path / "vault"), in_bucket.environ)
    folder.get("keep", model, "--as", MODEL)
    in_bucket.get("keep", write_model(tmp_path / "other", 5), "--as", "org/other")
    in_bucket.get("sync", folder.location)
    largest = max(in_bucket.packs(), key=lambda key: in_bucket.packs()[key])
    in_bucket.damage(largest)
    assert in_bucket.run("repair", "--from", folder.location, "--from", tmp_path / "other").code == 0
    assert in_bucket.run("verify").code == 0
    in_bucket.get("restore", MODEL, tmp_path / "back")
    assert hash_folder(tmp_path / "back") == hash_folder(model)
