"""Signed notes and their keys, against the example of Go's golang.org/x/mod/sumdb/note and its documentation."""

import pytest

from holdfast.vault.log.notes import NoteError, SigningKey, decode_signing_key, decode_verifier_key, open_note

# The example key pair and note in the documentation of golang.org/x/mod/sumdb/note; both halves are public.
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NOTE = f"{TEXT}\n{SIGNATURE}"
KNOWN = (decode_verifier_key(PUBLIC),)


def test_signing_the_example_gives_the_signature_of_the_example() -> None:
    assert decode_signing_key(PRIVATE).sign(TEXT) == NOTE


def test_opening_the_example_gives_its_text_and_signer() -> None:
    note = open_note(NOTE.encode(), KNOWN)
    assert (note.text, note.signed_by) == (TEXT, KNOWN)


def test_keys_are_written_as_they_are_read() -> None:
    assert decode_verifier_key(PUBLIC).encode() == PUBLIC
    assert decode_signing_key(PRIVATE).encode() == PRIVATE
    assert decode_signing_key(PRIVATE).verifier.encode() == PUBLIC


@pytest.mark.parametrize("place", range(len(PUBLIC)))
def test_a_public_key_with_one_altered_letter_is_refused(place: int) -> None:
    letter = chr(ord(PUBLIC[place]) ^ 1)
    with pytest.raises(NoteError):
        decode_verifier_key(PUBLIC[:place] + letter + PUBLIC[place + 1 :])


@pytest.mark.parametrize("line", ["", "a", "+", "a+b", PUBLIC[:-4], PUBLIC + "AAAA", PUBLIC + "\n", " " + PUBLIC])
def test_what_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(NoteError):
        decode_verifier_key(line)


@pytest.mark.parametrize("line", ["", PUBLIC, PRIVATE[:-4], PRIVATE.replace("c74f", "c74e")])
def test_what_is_no_private_key_is_refused(line: str) -> None:
    with pytest.raises(NoteError):
        decode_signing_key(line)


def test_every_altered_bit_of_a_note_is_noticed() -> None:
    raw = NOTE.encode()
    for place in range(len(raw)):
        for bit in range(8):
            altered = raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :]
            with pytest.raises(NoteError):
                open_note(altered, KNOWN)


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        "\x01" + NOTE,
        TEXT + "\n" + "— Bad Name x08go/ZJkuBS9UG\n",
        NOTE + "Unexpected line.\n",
        TEXT + "\n" + SIGNATURE * 65,
        "a" * (1 << 20) + NOTE,
    ],
    ids=range(8),
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        open_note(note.encode(), KNOWN)


def test_a_signature_by_an_unknown_key_is_passed_over_but_does_not_count() -> None:
    stranger = SigningKey("stranger", bytes(32))
    line = stranger.sign(TEXT).removeprefix(TEXT + "\n")
    assert open_note((NOTE + line).encode(), KNOWN).signed_by == KNOWN
    with pytest.raises(NoteError, match="no known key"):
        open_note((TEXT + "\n" + line).encode(), KNOWN)


def test_a_wrong_signature_under_a_known_name_spoils_a_note_that_another_key_signed() -> None:
    other = SigningKey("other", bytes(32))
    line = other.sign("another text\n").removeprefix("another text\n\n")
    with pytest.raises(NoteError, match="does not fit"):
        open_note((NOTE + line).encode(), (*KNOWN, other.verifier))
