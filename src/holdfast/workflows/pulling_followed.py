"""The models that a vault follows: what their hub said of each when it was followed, and when it was last asked.

One small document of the vault. Whoever changes it holds the name `follow`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import DamagedVault
from holdfast.records.hub import HubRevision
from holdfast.vault.opening import Vault, put_bytes, read_bytes

KEY: Final = "follow.json"
_BYTES_MAX: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Stated:
    """What a hub said of a model; `commit` is empty when it was not asked yet."""

    name: str = ""
    commit: str = ""
    gate: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a hub did: `kind` is new-commit, gone, revision-gone, refused, gated, ungated, relicensed, renamed
    or blocked; `says` tells it, with the hub's words where it has any."""

    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A followed model. `name` is the vault's name of it, `upstream` the hub's, `revision` the branch or tag.

    `stated` is what it is compared with; `outcome` (same, changed, could not tell, or empty) and `changes` are of the
    last look, at `asked_at`; `since` is when these changes were first seen.
    """

    name: str
    upstream: str
    endpoint: str
    revision: str
    followed_at: str
    stated: Stated
    outcome: str = ""
    changes: tuple[Change, ...] = ()
    asked_at: str = ""
    since: str = ""


def read_followed(vault: Vault) -> dict[str, Followed]:
    """The followed models by their names in the vault; none when nobody followed any. Raises DamagedVault."""
    stored = vault.storage.find(KEY)
    if stored is None:
        return {}
    try:
        if stored.size > _BYTES_MAX:
            raise ValueError(f"it has {stored.size} bytes")
        plain = cast("dict[str, Any]", json.loads(read_bytes(vault.storage, KEY)))
        if plain["follow"] != 1:
            raise ValueError("it is of another version")
        found = [_read(one) for one in plain["models"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedVault(
            f"what is followed cannot be read: {error!r}",
            where=KEY,
            next_step="Delete it and follow the models again; no copy is hurt.",
        ) from error
    return {one.name: one for one in found}


def _read(plain: Mapping[str, Any]) -> Followed:
    texts = {name: _text(plain[name]) for name in ("name", "upstream", "endpoint", "revision", "followed_at")}
    seen = {name: _text(plain.get(name, "")) for name in ("outcome", "asked_at", "since")}
    stated = Stated(**{name: _text(plain["stated"].get(name, "")) for name in ("name", "commit", "gate", "licence")})
    changes = tuple(Change(_text(one["kind"]), _text(one["says"])) for one in plain.get("changes", ()))
    return Followed(**texts, stated=stated, changes=changes, **seen)


def _text(plain: object) -> str:
    if not isinstance(plain, str):
        raise ValueError(f"{plain!r} is no text")
    return plain


def write_followed(vault: Vault, models: Iterable[Followed]) -> None:
    """Replace the document. The caller holds `follow`."""
    listed = sorted(models, key=lambda one: one.name)
    put_bytes(vault.storage, KEY, (encode_canonical({"follow": 1, "models": listed}) + "\n").encode())


def state(revision: HubRevision) -> Stated:
    """What is compared later."""
    return Stated(revision.name, revision.commit, revision.terms.gate, revision.terms.licence)


def note_pulled(vault: Vault, name: str, revision: HubRevision) -> None:
    """A followed model that was pulled is compared with what was pulled. The caller holds `follow`."""
    known = read_followed(vault)
    followed = known.get(name)
    if (
        followed is None
        or followed.endpoint != revision.endpoint
        or revision.ref.rpartition("/")[2] != followed.revision
    ):
        return
    now = vault.timestamp
    known[name] = replace(followed, stated=state(revision), outcome="same", changes=(), asked_at=now, since="")
    write_followed(vault, known.values())
