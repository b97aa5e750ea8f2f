"""What every verb that asks a hub begins with: which hub, with whose token, which model, and whether it may be had."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.levers.assessment import assess
from holdfast.levers.judging import Question
from holdfast.levers.party import compose_party
from holdfast.levers.world import make_world
from holdfast.records.errors import ForbiddenByLever, UsageError
from holdfast.records.lever import Reach
from holdfast.records.settings import Settings
from holdfast.records.use import LineageClaim
from holdfast.upstream.address import DEFAULT_ENDPOINT, check_name, check_revision, parse_endpoint
from holdfast.upstream.credentials import read_token
from holdfast.upstream.line import CONNECTIONS, LineAsked
from holdfast.upstream.patience import Patience
from holdfast.workflows.configuration import read_settings
from holdfast.workflows.kept_names import find_kept_name
from holdfast.workflows.knowledge import Knowledge, read_knowledge
from holdfast.workflows.models import view_model
from holdfast.workflows.policy_apply import find_waiver, say_reason, tell_reasons
from holdfast.workflows.vaults import VaultAsked

QUESTIONS: Final = (Question("download", "hub-download"), Question("possess", "local-copy"))
_PURL: Final = re.compile(r"(?:pkg:huggingface/|hf://)")


@dataclass(frozen=True, slots=True)
class HubAsked:
    """Which hub, as the user named it, and how. `flags` are those of settings: party, data, endpoint."""

    flags: Mapping[str, object] = field(default_factory=dict[str, object])
    token_file: Path | None = None
    connections: int = CONNECTIONS
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Who asks, under which rules, on which day, and where."""

    settings: Settings
    knowledge: Knowledge
    line: LineAsked


def find_standpoint(vault: VaultAsked, hub: HubAsked) -> Standpoint:
    """Settings, rules and the hub. Raises ConfigurationError and what `read_settings` raises."""
    today = vault.clock().date()
    settings = read_settings(Path(), vault.environ, hub.flags, today)
    knowledge = read_knowledge(Path(settings.data) if settings.data else None, settings.on)
    origin = next((one.origin for one in settings.origins if one.key == "endpoint"), "")
    endpoint = parse_endpoint(settings.endpoint or DEFAULT_ENDPOINT, origin)
    token = read_token(vault.environ, hub.token_file)
    return Standpoint(settings, knowledge, LineAsked(endpoint, token, vault.environ, hub.patience, hub.connections))


def split_hub_model(text: str) -> tuple[str, str]:
    """`org/name[@rev]`, with or without `pkg:huggingface/`, into the hub's name and the revision. Raises UsageError."""
    if "://" in text and not text.startswith("hf://"):
        raise UsageError(
            f"{text!r} is an address, not a model",
            next_step="Name the model like org/name, and its hub with --endpoint.",
        )
    name, separator, revision = _PURL.sub("", text, count=1).partition("@")
    if separator and not revision:
        raise UsageError(f"{text!r} names no revision after its @", next_step="Write it like org/name@main.")
    return check_name(name), check_revision(revision) if revision else ""


def check_allowed(name: str, at: Standpoint, today: datetime.date, claims: Sequence[LineageClaim] = ()) -> None:
    """Raises ForbiddenByLever when a lever in force forbids the party to download or hold a model, and nobody waived
    it. What is not known forbids nothing."""
    settings, knowledge = at.settings, at.knowledge
    model = find_kept_name(name)
    if model is None:
        return
    actor = compose_party(settings.party, knowledge.book.parties, knowledge.book.vocabulary)
    world = make_world(knowledge.book, knowledge.orgs, today)  # what is only supposed is not in force
    found = assess(world, actor, [view_model(model, knowledge, tuple(claims)).subject], QUESTIONS)
    biting = [
        one
        for one in found
        if one.reach is Reach.FORBIDDEN and find_waiver(settings.waivers, str(model), one.lever) is None
    ]
    if biting:
        raise ForbiddenByLever(
            f"{name} is not fetched for {actor.name}: {'; '.join(map(say_reason, tell_reasons(biting)))}",
            where=str(model),
            next_step="Nothing was fetched. Whoever may decide otherwise writes a waiver into holdfast.toml.",
        )
