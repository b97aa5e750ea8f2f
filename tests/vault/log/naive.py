"""RFC 6962, section 2.1, written down again as recursions over lists: the other way to compute what the log says."""

import hashlib


def root(entries: list[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    k = half(len(entries))
    return hashlib.sha256(b"\1" + root(entries[:k]) + root(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = half(len(entries))
    if m < k:
        return [*path(m, entries[:k]), root(entries[k:])]
    return [*path(m - k, entries[k:]), root(entries[:k])]


def proof(m: int, entries: list[bytes]) -> list[bytes]:
    return subproof(m, entries, True) if m else []


def subproof(m: int, entries: list[bytes], whole: bool) -> list[bytes]:
    if m == len(entries):
        return [] if whole else [root(entries)]
    k = half(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), root(entries[k:])]
    return [*subproof(m - k, entries[k:], False), root(entries[:k])]


def half(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def files(entries: list[bytes]) -> dict[str, bytes]:
    """Every bundle and tile that C2SP tlog-tiles wants for a tree below 65,536 entries, by key."""
    found: dict[str, bytes] = {}
    for start in range(0, len(entries), 256):
        part = entries[start : start + 256]
        name = f"{start // 256:03}" + ("" if len(part) == 256 else f".p/{len(part)}")
        found[f"log/tile/entries/{name}"] = b"".join(bytes(divmod(len(one), 256)) + one for one in part)
        found[f"log/tile/0/{name}"] = b"".join(root([one]) for one in part)
    full = [root(entries[start : start + 256]) for start in range(0, len(entries) - 255, 256)]
    if full:
        found[f"log/tile/1/000.p/{len(full)}"] = b"".join(full)
    return found
