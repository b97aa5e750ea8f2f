"""`holdfast update`: what hubs did with the models that are followed. Same, changed, or could not tell.

It takes nothing away: the copies that are held stay as they are, whatever a hub did.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from glob import escape
from typing import Final

from holdfast.records.errors import (
    BlockedUpstream,
    HoldfastError,
    InputError,
    NetworkError,
    NotUpstream,
    RefusedUpstream,
    UnknownName,
)
from holdfast.records.hub import HubRevision
from holdfast.records.vault_log import LogVerb
from holdfast.upstream.address import parse_endpoint
from holdfast.upstream.credentials import Token
from holdfast.upstream.line import Line, LineAsked
from holdfast.vault.checking import read_revision
from holdfast.vault.opening import Vault
from holdfast.workflows.follow import find_held_commit
from holdfast.workflows.pull import PullAsked, PulledCopy, pull_over
from holdfast.workflows.pulling import HubAsked, Standpoint, find_standpoint, split_hub_model
from holdfast.workflows.pulling_choice import Choice, list_missing
from holdfast.workflows.pulling_followed import Change, Followed, Stated, read_followed, write_followed
from holdfast.workflows.vaults import Event, VaultAsked, find_revision, holding, log_event, open_vault

SAME: Final = "same"
CHANGED: Final = "changed"
UNTOLD: Final = "could not tell"
_COMMIT_SHOWN: Final = 12
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class UpdateAsked:
    """Which of the followed models (none named: all), and whether new commits are pulled."""

    vault: VaultAsked
    hub: HubAsked = field(default_factory=HubAsked)
    models: tuple[str, ...] = ()
    pull: bool = False


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """What was found of one model. `held` is the commit of the copy that is held, empty for none; `since` is when the
    changes were first seen; `note` says why it could not be told, or was not pulled."""

    model: str
    revision: str
    upstream: str
    outcome: str
    changes: tuple[Change, ...]
    held: str
    since: str
    note: str = ""
    pulled: PulledCopy | None = None


@dataclass(frozen=True, slots=True)
class UpdateAnswer:
    """All that were asked about."""

    rows: tuple[UpdateRow, ...]

    @property
    def is_told(self) -> bool:
        """Whether every model could be told of."""
        return all(row.outcome != UNTOLD for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A look at a model: the hub's state, or the error that it gave instead."""

    followed: Followed
    held: str
    revision: HubRevision | None
    error: HoldfastError | None


def run_update(asked: UpdateAsked, report: Report) -> UpdateAnswer:
    """Ask each model's hub. Raises UnknownName when one is not followed, or nothing is."""
    at = find_standpoint(asked.vault, asked.hub)
    with open_vault(asked.vault) as vault:
        followed = _choose(vault, asked)
        probes = {one.name: _find_probe(vault, one) for one in followed}
    rows: list[UpdateRow] = []
    for endpoint in dict.fromkeys(one.endpoint for one in followed):
        with Line(_turn_to(at.line, endpoint)) as line:
            some = [one for one in followed if one.endpoint == endpoint]
            rows += _update(line, at, asked, [_look(line, one, *probes[one.name]) for one in some], report)
    return UpdateAnswer(tuple(sorted(rows, key=lambda row: row.model)))


def _turn_to(line: LineAsked, endpoint: str) -> LineAsked:
    """The line to a followed model's hub; the user's token is for the hub that the user names, and no other."""
    there = parse_endpoint(endpoint, "follow.json")
    return replace(line, endpoint=there, token=line.token if there.origin == line.endpoint.origin else Token())


def _choose(vault: Vault, asked: UpdateAsked) -> list[Followed]:
    known = read_followed(vault)
    names = [split_hub_model(model)[0] for model in asked.models] or list(known)
    missing = [name for name in names if name not in known]
    if missing or not names:
        raise UnknownName(
            f"{missing[0]} is not followed" if missing else "no model is followed",
            where=vault.location,
            next_step="Follow it first: holdfast follow MODEL.",
        )
    return [known[name] for name in names]


def _find_probe(vault: Vault, followed: Followed) -> tuple[str, str]:
    """The commit that is held, and a file of it to ask for: some hubs refuse files and not what they say of them."""
    held = find_held_commit(vault, followed.name, followed.revision)
    path = "README.md"
    with suppress(HoldfastError):
        if held:
            manifest = read_revision(vault, find_revision(vault, f"{followed.name}@{held}").manifest)
            path = min(manifest.files, key=lambda file: (file.size == 0, file.size)).path
    return held, path


def _look(line: Line, followed: Followed, held: str, path: str) -> _Seen:
    try:
        revision = line.ask(line.client.fetch_state(followed.stated.name or followed.upstream, followed.revision))
        line.ask(line.client.check_access(revision.name, revision.commit, path))
    except (InputError, NetworkError) as error:
        return _Seen(followed, held, None, error)
    return _Seen(followed, held, revision, None)


def _update(line: Line, at: Standpoint, asked: UpdateAsked, seen: Sequence[_Seen], report: Report) -> list[UpdateRow]:
    rows = [_judge(one) for one in seen]
    with open_vault(asked.vault) as vault, holding(vault, "follow"):
        rows = [_date(vault, one, row) for one, row in zip(seen, rows, strict=True)]
        _write(vault, {one.followed.name: row for one, row in zip(seen, rows, strict=True)})
        notes = [_remember(vault, asked, one, row) for one, row in zip(seen, rows, strict=True)]
    rows = [replace(row, note="; ".join(filter(None, (row.note, note)))) for row, note in zip(rows, notes, strict=True)]
    if asked.pull:
        rows = [_pull(line, at, asked, one, row, report) for one, row in zip(seen, rows, strict=True)]
    return rows


def _judge(seen: _Seen) -> UpdateRow:
    followed, error = seen.followed, seen.error
    row = UpdateRow(followed.name, followed.revision, followed.upstream, SAME, (), seen.held, "")
    if seen.revision is not None:
        changes = tuple(compare(followed.stated, seen.held, seen.revision))
        return replace(row, upstream=seen.revision.name, outcome=CHANGED if changes else SAME, changes=changes)
    assert error is not None, "a look gives one of both"
    kind = next((name for known, name in _KINDS if isinstance(error, known)), "")
    if not kind:
        return replace(row, outcome=UNTOLD, note=error.what)
    if kind == "gone" and "branch, tag or commit" in error.what:
        kind = "revision-gone"
    return replace(row, outcome=CHANGED, changes=(Change(kind, error.what),))


_KINDS: Final = ((NotUpstream, "gone"), (BlockedUpstream, "blocked"), (RefusedUpstream, "refused"))


def compare(before: Stated, held: str, now: HubRevision) -> Iterator[Change]:
    """What a hub did since it was followed, or since the copy that is held."""
    known = held or before.commit
    if known and known != now.commit:
        whose = "held" if held else "seen before"
        yield Change("new-commit", f"{now.commit[:_COMMIT_SHOWN]}; {known[:_COMMIT_SHOWN]} is {whose}")
    if before.name and now.name != before.name:
        yield Change("renamed", f"the hub calls it {now.name} now, it was {before.name}")
    if before.commit and now.terms.gate != before.gate:
        gated = f"its terms must be accepted now ({now.terms.gate})"
        yield Change("gated", gated) if now.terms.gate else Change("ungated", "no terms must be accepted any more")
    if before.commit and now.terms.licence != before.licence:
        yield Change("relicensed", f"{now.terms.licence or 'none stated'}; it was {before.licence or 'none stated'}")


def _date(vault: Vault, seen: _Seen, row: UpdateRow) -> UpdateRow:
    """Changes that were seen before keep the day on which they were first seen."""
    if not row.changes:
        return row
    before = seen.followed
    is_known = [one.kind for one in before.changes] == [one.kind for one in row.changes]
    return replace(row, since=before.since if is_known and before.since else vault.timestamp)


def _write(vault: Vault, rows: Mapping[str, UpdateRow]) -> None:
    known = read_followed(vault)
    for name, row in rows.items():
        if name not in known:  # somebody stopped following it meanwhile
            continue
        changes = row.changes if row.outcome != UNTOLD else known[name].changes
        since = row.since if row.outcome != UNTOLD else known[name].since
        known[name] = replace(known[name], outcome=row.outcome, changes=changes, since=since, asked_at=vault.timestamp)
    write_followed(vault, known.values())


def _remember(vault: Vault, asked: UpdateAsked, seen: _Seen, row: UpdateRow) -> str:
    """What is new goes into the log, with the hub's words."""
    fresh = [one for one in row.changes if one not in seen.followed.changes]
    if not fresh:
        return ""
    outcome = "; ".join(f"{one.kind}: {one.says}" for one in fresh)
    return log_event(vault, Event(LogVerb.FOLLOW, row.model, outcome=outcome), asked.vault.environ)


def _pull(line: Line, at: Standpoint, asked: UpdateAsked, seen: _Seen, row: UpdateRow, report: Report) -> UpdateRow:
    """A commit that is not held is pulled, in the same part as the copy that is."""
    if seen.revision is None or seen.revision.commit == seen.held:
        return row
    model = f"{seen.revision.name}@{seen.followed.revision}"
    choice = _find_part(asked, seen)
    try:
        pulled = pull_over(line, at, PullAsked(asked.vault, model, asked.hub, choice, row.model), report)
    except HoldfastError as error:
        return replace(row, note=f"not pulled: {error.what}")
    return replace(row, held=pulled.copy.revision, pulled=pulled)


def _find_part(asked: UpdateAsked, seen: _Seen) -> Choice:
    if not seen.held:
        return Choice()
    with suppress(HoldfastError), open_vault(asked.vault) as vault:
        manifest = read_revision(vault, find_revision(vault, f"{seen.followed.name}@{seen.held}").manifest)
        if list_missing(manifest):
            return Choice(include=tuple(escape(file.path) for file in manifest.files))
    return Choice()
