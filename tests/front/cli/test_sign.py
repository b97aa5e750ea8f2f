"""`holdfast sign` with keys that are really made, on real vaults."""

import json
from pathlib import Path

import pytest
from tests.front.cli.models import Home, make_home, write_model
from tests.vault.test_signing import write_keys

pytest.importorskip("model_signing")
MODEL = "acme/helpdesk"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A model that its publisher signed, kept, then signed by the team."""
    from holdfast.vault.signing import sign_model

    found = Home(tmp_path_factory.mktemp("template"))
    for name in ("publisher", "team"):
        write_keys(found.folder, name)
    sign_model(write_model(found.folder / "model"), found.folder / "publisher.key")
    kept = found.keep(found.folder / "model", MODEL)
    (found.folder / "kept.json").write_text(json.dumps(kept))
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


def signatures(home: Home) -> dict[str, str]:
    return {one["origin"]: one["checked"] for one in home.get("show", MODEL)["signatures"]}


def test_keep_notes_that_the_publisher_signed_and_that_nobody_checked_it(home: Home) -> None:
    notes = json.loads((home.folder / "kept.json").read_text())["notes"]
    assert [note for note in notes if "model.sig" in note and "not checked" in note]
    assert signatures(home) == {"publisher": ""}


def test_a_signature_of_ours_is_kept_in_the_vault_and_holds(home: Home) -> None:
    signed = home.get("sign", MODEL, "--key", "team.key", "--by", "Ana")
    assert (home.vault / signed["key"]).is_file()
    assert signed["key"] == f"signatures/{signed['manifest'].partition(':')[2]}/0.sig"
    answer = home.get("sign", "verify", MODEL, "--public-key", "team.pub", "--public-key", "publisher.pub")
    assert {(one["origin"], one["answer"]) for one in answer["signatures"]} == {
        ("publisher", "holds"),
        ("vault", "holds"),
    }
    checked = signatures(home)
    assert all(said.startswith("holds by key") for said in checked.values()), checked
    assert home.get("log", "--model", MODEL)["events"][2]["verb"] == "sign"


def test_a_key_that_signed_nothing_here_does_not_verify_and_the_record_says_so(home: Home) -> None:
    done = home.run("sign", "verify", MODEL, "--public-key", "team.pub")
    assert done.code == 15
    assert "does not hold" in done.out
    assert signatures(home)["publisher"].startswith("does not hold")


def test_a_signature_is_left_beside_the_restored_model_for_other_tools(home: Home) -> None:
    from holdfast.vault.signing import verify_by_key

    write_model(home.folder / "plain", "plain")
    home.keep(home.folder / "plain", "acme/plain")
    signed = home.get("sign", "acme/plain", "--key", "team.key", "--to", "out")
    assert Path(signed["path"]).name == "model.sig"
    checked = verify_by_key(home.folder / "out", home.folder / "out/model.sig", home.folder / "team.pub")
    assert set(checked.signature.files) == {"config.json", "weights.bin"}


def test_a_restored_folder_that_was_altered_does_not_verify(home: Home) -> None:
    home.get("sign", MODEL, "--key", "team.key", "--to", "out")
    (home.folder / "out/weights.bin").write_bytes(b"other")
    done = home.run("sign", "verify", MODEL, "--public-key", "team.pub", "--folder", "out")
    assert done.code == 15
    assert "weights.bin" in done.out


def test_a_folder_with_other_files_is_not_signed(home: Home) -> None:
    (home.folder / "out").mkdir()
    (home.folder / "out/notes.txt").write_text("mine")
    done = home.run("sign", MODEL, "--key", "team.key", "--to", "out")
    assert done.code == 3
    assert "notes.txt" in done.err


def test_nothing_checked_is_no_success(home: Home) -> None:
    done = home.run("sign", "verify", MODEL)
    assert done.code == 2
    assert "--public-key" in done.err


def test_a_frozen_copy_is_not_signed(home: Home) -> None:
    home.run("freeze", MODEL, "--by", "Ana", "--why", "LEGAL-212")
    assert home.run("sign", MODEL, "--key", "team.key").code == 13


def test_a_missing_key_is_named(home: Home) -> None:
    done = home.run("sign", MODEL, "--key", "none.key")
    assert done.code == 3
    assert "none.key" in done.err


def test_without_the_extra_it_says_what_to_install(home: Home) -> None:
    broken = home.folder / "broken/model_signing"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('as if it were not installed')\n")
    home.environ = {"PYTHONPATH": str(broken.parent)}
    done = home.start("sign", MODEL, "--key", "team.key")
    assert done.code == 5
    assert "holdfast[signing]" in done.err
    assert home.start("show", MODEL).code == 0
