"""`holdfast log` on real vaults, whole and tampered with."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from tests.front.cli.models import COMMIT, Home, make_home, write_model

from holdfast.records.errors import BadSignature, MalformedFile
from holdfast.workflows.log_check import CheckAsked, run_log_check

MODEL = "Qwen/Qwen3-8B"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    found = Home(tmp_path_factory.mktemp("template"), {"HOLDFAST_BY": "Ana"})
    found.keep(write_model(found.folder / "model"), MODEL)
    (found.folder / "kept.txt").write_text(found.run("log", "checkpoint").out)
    found.run("freeze", MODEL, "--why", "LEGAL-212")
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


def find_entries(home: Home) -> Path:
    """The bundle of entries that the newest checkpoint promises: two entries."""
    return home.vault / "log/tile/entries/000.p/2"


def test_events_are_listed_the_newest_first_with_who_and_why(home: Home) -> None:
    events = home.get("log")["events"]
    assert [(one["index"], one["verb"], one["by"], one["why"]) for one in events] == [
        (1, "freeze", "Ana", "LEGAL-212"),
        (0, "keep", "Ana", ""),
    ]
    assert home.run("log").out.splitlines()[0].split()[2:4] == ["freeze", f"{MODEL}@{COMMIT}"]


def test_a_model_has_its_own_events_alone(home: Home) -> None:
    home.keep(write_model(home.folder / "other", "other"), "acme/other")
    assert {one["subject"] for one in home.get("log", "--model", "acme/other")["events"]} == {f"acme/other@{COMMIT}"}
    assert len(home.get("log", "--model", MODEL)["events"]) == 2


def test_verbs_are_told_apart_whatever_a_reason_says(home: Home) -> None:
    home.run("thaw", MODEL, "--why", '"verb":"keep"')
    assert [one["verb"] for one in home.get("log", "--verb", "keep")["events"]] == ["keep"]
    both = home.get("log", "--verb", "keep", "--verb", "thaw", "--model", MODEL)
    assert ([one["index"] for one in both["events"]], both["size"]) == ([2, 0], 3)
    assert home.get("log", "--verb", "serve")["events"] == []


def test_a_verb_that_nothing_is_called_by_is_refused_with_those_that_there_are(home: Home) -> None:
    done = home.run("log", "--verb", "download")
    assert (done.code, "download" in done.err, "serve" in done.err) == (2, True, True)


def test_a_name_with_letters_of_any_kind_is_found(home: Home) -> None:
    home.keep(write_model(home.folder / "other", "other"), 'acme/ü"x')
    assert len(home.get("log", "--model", 'acme/ü"x')["events"]) == 1


def test_a_whole_log_is_consistent_with_the_checkpoint_that_was_kept(home: Home) -> None:
    answer = home.get("log", "verify", "--checkpoint", "kept.txt")
    assert (answer["size"], answer["kept_size"], answer["notes"]) == (2, 1, [])


@pytest.mark.parametrize("word", [b"LEGAL-212", b"Ana", b"Qwen"])
def test_an_altered_entry_is_named_with_its_file(home: Home, word: bytes) -> None:
    path = find_entries(home)
    path.write_bytes(path.read_bytes().replace(word, word[:-1] + b"x"))
    done = home.run("log", "verify")
    assert done.code == 12
    assert "log/tile/entries/000.p/2" in done.err
    assert home.run("verify").code == 12


def test_a_log_that_was_cut_off_contradicts_what_this_user_signed_last(home: Home, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(home.vault / "log", before)
    home.run("thaw", MODEL, "--why", "closed")
    shutil.rmtree(home.vault / "log")
    shutil.copytree(before, home.vault / "log")
    done = home.run("log", "verify")
    assert done.code == 12
    assert "it had 3 before" in done.err


def forge(home: Home) -> None:
    """Somebody who can write the vault begins another history, whole in itself, with a key of his own."""
    shutil.rmtree(home.vault / "log")
    forger = Home(home.folder / "forger", {"HOLDFAST_VAULT": str(home.vault), "HOLDFAST_BY": "nobody"})
    forger.folder.mkdir()
    forger.keep(home.folder / "model", MODEL)


def test_another_history_with_another_key_contradicts_the_checkpoint_that_was_kept(home: Home) -> None:
    forge(home)
    for path in (home.folder / ".config").rglob("*.seen"):
        path.unlink()
    assert home.run("log", "verify").code == 0  # whole in itself: only what was kept elsewhere can tell
    done = home.run("log", "verify", "--checkpoint", "kept.txt")
    assert done.code == 15
    assert "not kept with the checkpoint" in done.err


def test_a_log_that_was_taken_away_is_missed_when_a_checkpoint_was_kept(home: Home) -> None:
    shutil.rmtree(home.vault / "log")
    assert home.run("log", "verify", "--checkpoint", "kept.txt").code == 15
    assert home.get("log")["events"] == []


def test_a_file_that_is_no_checkpoint_is_refused(home: Home) -> None:
    (home.folder / "other.txt").write_text("hello\n")
    assert home.run("log", "verify", "--checkpoint", "other.txt").code == 15
    assert home.run("log", "verify", "--checkpoint", "none.txt").code == 3


def test_a_proof_leads_from_the_keep_to_the_signed_root_as_the_standard_says(home: Home) -> None:
    written = home.get("log", "prove", MODEL, "--to", "proof.txt")
    text, entry = (home.folder / "proof.txt").read_text(), (home.folder / "proof.txt.entry.json").read_text()
    assert text == written["tlog_proof"]
    assert json.loads(entry)["verb"] == "keep"
    # RFC 6962, for entry 0 of 2, worked out here with hashlib alone.
    lines = text.splitlines()
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 0"]
    leaf = hashlib.sha256(b"\0" + entry.encode()).digest()
    root = hashlib.sha256(b"\1" + leaf + bytes_of(lines[2])).digest()
    assert root == bytes_of(text.split("\n\n")[1].splitlines()[2])
    assert written["manifest"] == json.loads(entry)["object"]


@pytest.fixture
def proof(home: Home) -> Path:
    """A proof for MODEL, with its entry beside it; the vault itself is gone."""
    home.get("log", "prove", MODEL, "--to", "proof.txt")
    shutil.rmtree(home.vault)
    return home.folder / "proof.txt"


def test_a_proof_is_checked_without_the_vault_and_says_what_it_proves(home: Home, proof: Path) -> None:
    answer = home.get("log", "check", proof, "--key", "kept.txt")
    event = answer["event"]
    assert (event["index"], event["verb"], event["subject"], event["by"]) == (0, "keep", f"{MODEL}@{COMMIT}", "Ana")
    assert (answer["size"], answer["keys_from"]) == (2, "kept.txt")
    assert (home.folder / "kept.txt").read_text().splitlines()[-1] in answer["signed_by"]
    said = home.run("log", "check", proof, "--key", "kept.txt").out
    for words in ("holds", "entry 0 of the 2", answer["log"], f"{MODEL}@{COMMIT}", event["object"], "by Ana"):
        assert words in said


def test_without_a_key_file_a_proof_is_checked_with_the_users_own_key(home: Home, proof: Path) -> None:
    assert home.get("log", "check", proof)["keys_from"].startswith(str(home.folder / ".config"))
    shutil.rmtree(home.folder / ".config")
    done = home.run("log", "check", proof)
    assert done.code == 2
    assert "--key FILE" in done.err


def test_a_key_of_another_log_proves_nothing(home: Home, proof: Path, tmp_path: Path) -> None:
    other = Home(tmp_path / "other", {"HOLDFAST_BY": "Eve"})
    other.folder.mkdir()
    other.keep(home.folder / "model", MODEL)
    (home.folder / "other.txt").write_text(other.run("log", "checkpoint").out)
    assert home.run("log", "check", proof, "--key", "other.txt").code == 15
    other.get("log", "prove", MODEL, "--to", proof)  # in the place of the first one, and true of another vault
    done = home.run("log", "check", proof, "--key", "kept.txt")
    assert done.code == 15
    assert "no key of the log" in done.err


def test_a_proof_of_which_any_byte_was_changed_does_not_hold(home: Home, proof: Path) -> None:
    keys, entry = home.folder / "kept.txt", proof.with_name("proof.txt.entry.json")
    asked = CheckAsked(proof, keys=keys, environ={"HOME": str(home.folder)})
    assert run_log_check(asked).size == 2
    for path in (proof, entry):
        whole = path.read_bytes()
        for place in range(len(whole)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises((BadSignature, MalformedFile)) as told:
                run_log_check(asked)
            assert told.value.where
            assert told.value.next_step
        path.write_bytes(whole)
    assert run_log_check(asked).size == 2


def test_a_proof_that_is_changed_ends_with_15_and_what_is_none_with_3(home: Home, proof: Path) -> None:
    entry = proof.with_name("proof.txt.entry.json")
    entry.write_text(entry.read_text().replace("Ana", "Eve"))
    done = home.run("log", "check", proof, "--key", "kept.txt")
    assert done.code == 15
    assert "proof.txt" in done.err
    assert "does not lead from entry 0" in done.err
    assert home.run("log", "check", "kept.txt", "--entry", entry).code == 3
    assert home.run("log", "check", proof, "--entry", "none.json").code == 3
    assert home.run("log", "check", "none.txt").code == 3
    entry.write_bytes(bytes((1 << 20) + 1))
    assert home.run("log", "check", proof).code == 3


def bytes_of(text: str) -> bytes:
    import base64

    return base64.b64decode(text, validate=True)


def test_the_checkpoint_is_a_signed_note_with_the_key_that_signed_it(home: Home) -> None:
    text = home.run("log", "checkpoint").out
    assert re.match(r"holdfast/\S+\n2\n\S+\n\n— holdfast/\S+ \S+\n\nholdfast/\S+\+[0-9a-f]{8}\+\S+\n$", text)


def test_a_model_that_the_vault_does_not_hold_has_no_proof(home: Home) -> None:
    assert home.run("log", "prove", "acme/none").code == 2


def test_before_the_first_vault_there_is_no_log(tmp_path: Path) -> None:
    done = Home(tmp_path).run("log", "verify")
    assert done.code == 3
    assert "holdfast keep" in done.err
