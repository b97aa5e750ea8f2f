"""Events as entries of the log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.errors import MalformedFile, NewerVault, VaultError
from holdfast.records.vault import to_object_id
from holdfast.records.vault_log import LogEvent, LogVerb
from holdfast.vault.log.events import decode_event, encode_event

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
EVENTS = st.builds(
    LogEvent,
    st.sampled_from(LogVerb),
    WORDS,
    WORDS,
    WORDS,
    WORDS,
    WORDS,
    st.one_of(st.none(), st.binary(min_size=32, max_size=32).map(to_object_id)),
)


@given(EVENTS)
def test_an_event_comes_back_from_its_entry(event: LogEvent) -> None:
    assert decode_event(encode_event(event)) == event


def test_an_event_is_canonical_json() -> None:
    event = LogEvent(LogVerb.FREEZE, "org/name@1", "Ana", "a letter", "2026-01-02T03:04:05Z", "frozen")
    assert encode_event(event).decode() == (
        '{"at":"2026-01-02T03:04:05Z","by":"Ana","object":null,"outcome":"frozen",'
        '"subject":"org/name@1","verb":"freeze","why":"a letter"}'
    )


@pytest.mark.parametrize("why", ["x" * 70_000, "\udcff"])
def test_an_event_that_no_entry_can_hold_is_refused(why: str) -> None:
    with pytest.raises(VaultError):
        encode_event(LogEvent(LogVerb.KEEP, "m", "a", why, "now", "kept"))


@pytest.mark.parametrize("entry", [b"", b"\xff", b"[]", b"{}", b'{"verb":1}'])
def test_what_is_no_event_is_refused(entry: bytes) -> None:
    with pytest.raises(MalformedFile):
        decode_event(entry)


def test_a_verb_of_a_later_version_is_named() -> None:
    entry = encode_event(LogEvent(LogVerb.KEEP, "m", "a", "w", "now", "kept")).replace(b'"keep"', b'"teleport"')
    with pytest.raises(NewerVault, match="teleport"):
        decode_event(entry)
