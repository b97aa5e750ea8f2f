"""`holdfast follow`: from now on `holdfast update` tells what the hub does with a model. Nothing runs by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from holdfast.records.errors import InputError, NetworkError, UnknownName
from holdfast.upstream.address import COMMIT
from holdfast.upstream.client import DEFAULT_BRANCH
from holdfast.upstream.line import Line
from holdfast.vault.catalogue.revisions import FROZEN, KEPT, iterate_revisions
from holdfast.vault.opening import Vault
from holdfast.vault.refs import read_refs
from holdfast.workflows.pulling import HubAsked, Standpoint, find_standpoint, split_hub_model
from holdfast.workflows.pulling_followed import Followed, Stated, read_followed, state, write_followed
from holdfast.workflows.vaults import VaultAsked, holding, open_vault


@dataclass(frozen=True, slots=True)
class FollowAsked:
    """Which models: `org/name`, or `org/name@` and a branch or tag."""

    vault: VaultAsked
    models: tuple[str, ...]
    hub: HubAsked = field(default_factory=HubAsked)


@dataclass(frozen=True, slots=True)
class FollowedModel:
    """A followed model, the commit of it that the vault holds (empty: none), and what went wrong beside it."""

    followed: Followed
    held: str
    note: str = ""


def run_follow(asked: FollowAsked) -> list[FollowedModel]:
    """Follow models. What a hub says of them now is what later looks are compared with; one that cannot be asked is
    followed all the same."""
    at = find_standpoint(asked.vault, asked.hub)
    names = [split_hub_model(model) for model in asked.models]
    with Line(at.line) as line:
        found = [_look(line, at, name, revision or DEFAULT_BRANCH) for name, revision in names]
    with open_vault(asked.vault, make=True) as vault, holding(vault, "follow"):
        known = read_followed(vault)
        models = [_complete(vault, one, note) for one, note in found]
        write_followed(vault, {**known, **{one.followed.name: one.followed for one in models}}.values())
    return models


def _look(line: Line, at: Standpoint, name: str, revision: str) -> tuple[Followed, str]:
    blank = Followed(name, name, at.line.endpoint.url, revision, "", Stated())
    try:
        found = line.ask(line.client.fetch_state(name, revision))
    except (InputError, NetworkError) as error:
        return blank, f"the hub was not asked: {error.what}"
    return Followed(name, found.name, found.endpoint, revision, "", state(found), "same"), ""


def _complete(vault: Vault, followed: Followed, note: str) -> FollowedModel:
    held = find_held_commit(vault, followed.name, followed.revision)
    now = vault.timestamp
    stated = followed.stated if followed.stated.commit else Stated(followed.upstream, held)
    whole = replace(followed, followed_at=now, asked_at=now if followed.outcome else "", stated=stated)
    return FollowedModel(whole, held, note)


def find_held_commit(vault: Vault, name: str, revision: str) -> str:
    """The commit of the copy that a branch or tag names, else of the newest copy; empty when none is held."""
    named = {one.ref: one.revision for one in read_refs(vault.database, name)}
    for ref in (f"refs/heads/{revision}", f"refs/tags/{revision}"):
        if ref in named:
            return named[ref]
    kept = (row.revision for row in iterate_revisions(vault.database, name) if row.state in (KEPT, FROZEN))
    return next((commit for commit in kept if COMMIT.fullmatch(commit)), "")


def run_list_followed(asked: VaultAsked) -> list[FollowedModel]:
    """Every followed model with what was last seen; asks nobody."""
    with open_vault(asked) as vault:
        known = read_followed(vault)
        return [FollowedModel(one, find_held_commit(vault, one.name, one.revision)) for one in known.values()]


def run_unfollow(asked: VaultAsked, models: Sequence[str]) -> list[str]:
    """Follow these no more. Raises UnknownName before the first when one is not followed."""
    with open_vault(asked) as vault, holding(vault, "follow"):
        known = read_followed(vault)
        names = [split_hub_model(model)[0] for model in models]
        for name in names:
            if name not in known:
                raise UnknownName(
                    f"{name} is not followed",
                    where=vault.location,
                    next_step=f"Followed: {', '.join(sorted(known)) or 'none'}.",
                )
        write_followed(vault, (one for one in known.values() if one.name not in names))
    return names
