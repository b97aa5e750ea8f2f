"""Checks the export of a book, written from docs/watchbook.md alone: needs only Python and `cryptography`.

Usage: standalone.py FILE. Prints what is wrong by entry, then the fingerprints; ends with 1 when anything is.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MONTHLY = ("reserved", "visited", "settled")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lines_of(book: str, entry: dict[str, Any]) -> str:
    pairs = [("book", book), ("entry", entry["number"]), ("after", entry["previous"]), ("at", entry["at"])]
    pairs += [("kind", entry["kind"]), ("monitor", entry["monitor"]), ("body", entry["body_sha256"])]
    return "holdfast watchbook 1\n" + "".join(f"{name} {value}\n" for name, value in pairs)


def read_key(line: str) -> tuple[bytes, bytes]:
    """The id and the 32 bytes of a key."""
    name, _, written = line.split("+", 2)
    data = base64.b64decode(written)
    return hashlib.sha256(name.encode() + b"\n" + data).digest()[:4], data[1:]


def is_signed(text: str, signature: str, keys: dict[bytes, bytes]) -> bool:
    data = base64.b64decode(signature)
    if data[:4] not in keys:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(keys[data[:4]]).verify(data[4:], text.encode())
    except InvalidSignature:
        return False
    return True


def count_answers(body: dict[str, Any]) -> int:
    """How many answers a visit has, when its columns fit each other."""
    names = ("channel", "prompt", "after_ns", "symbol", "value", "fault", "logprobs")
    [size] = {len(body[name]) for name in names}
    for name in ("channel", "symbol", "fault"):
        assert all(0 <= place < len(body["words"]) for place in body[name]), name
    return size


def add_up(spent: dict[int, tuple[str, str, float]], entry: dict[str, Any], body: dict[str, Any]) -> None:
    """Money by the entry that reserved it: monitor, month, dollars."""
    named = body["reserved"] if body["reserved"] in spent else entry["number"]
    month = spent[named][1] if named in spent else entry["at"][:7]
    spent[named] = (entry["monitor"], month, body["cost_usd"] or 0.0)


def check(path: Path) -> tuple[list[str], dict[bytes, bytes], list[str]]:
    """What is wrong, the keys, and what the book says in sums."""
    header, *entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    head = "0" * 64
    wrong: list[str] = []
    keys: dict[bytes, bytes] = {}
    answers: dict[str, int] = {}
    spent: dict[int, tuple[str, str, float]] = {}
    for place, entry in enumerate(entries):
        text = lines_of(header["book"], entry)
        body = None if entry["body"] is None else json.loads(entry["body"])
        if entry["number"] != place or entry["previous"] != head:
            wrong.append(f"{place}: it does not follow the one before")
        if entry["body"] is not None and sha256(entry["body"]) != entry["body_sha256"]:
            wrong.append(f"{place}: another body")
        if sha256(text) != entry["digest"]:
            wrong.append(f"{place}: another digest")
        if body and entry["kind"] in ("opened", "joined"):
            key_id, public = read_key(body["key"])
            keys[key_id] = public
        if not is_signed(text, entry["signature"], keys):
            wrong.append(f"{place}: no signature holds")
        if body and entry["kind"] == "visited":
            answers[entry["monitor"]] = answers.get(entry["monitor"], 0) + count_answers(body)
        if body and entry["kind"] in MONTHLY:
            add_up(spent, entry, body)
        head = entry["digest"]
    if (len(entries), head) != (header["entries"], header["head"]):
        wrong.append("the file is cut")
    sums = [f"{name}: {count} answers" for name, count in sorted(answers.items())]
    for name, month in sorted({(name, month) for name, month, _ in spent.values()}):
        total = sum(cost for one, when, cost in spent.values() if (one, when) == (name, month))
        sums.append(f"{name}: {total:.6f} USD in {month}")
    return wrong, keys, sums


if __name__ == "__main__":
    found, signing, told = check(Path(sys.argv[1]))
    for text in [*found, *(f"key {hashlib.sha256(public).hexdigest()}" for public in signing.values()), *told]:
        print(text)
    sys.exit(1 if found else 0)
