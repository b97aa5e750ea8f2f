"""All rule data, read once for a verb: levers, parties, scenarios, organisations, families."""

import datetime
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from holdfast.data import data_folder
from holdfast.data.parsed import compute_stamp
from holdfast.levers.organisations import OrgTable, make_org_table, row_of_organisation
from holdfast.levers.rulebook import Rulebook, read_rulebook
from holdfast.levers.situations import Court
from holdfast.lineage.naming import NameReader
from holdfast.lineage.registry import Registry, read_registry
from holdfast.records.errors import UnknownName
from holdfast.records.lever import PartyFacts
from holdfast.records.model import find_model_name
from holdfast.records.subject import Subject
from holdfast.workflows.folders import cache_folder


@dataclass(frozen=True)
class Knowledge:
    """Rules, and whose things are, from one data folder."""

    folder: Path
    book: Rulebook
    registry: Registry
    on: datetime.date

    @cached_property
    def reader(self) -> NameReader:
        """Reads names with the registry's indices, made once."""
        return NameReader(self.registry)

    @cached_property
    def orgs(self) -> OrgTable:
        """Registered organisations as the levers see them."""
        return make_org_table(row_of_organisation(org) for org in self.registry.organisations.values())

    @cached_property
    def court(self) -> Court:
        """What cases and episodes are judged against."""
        return Court(self.book, self.orgs, self.subject_of)

    def subject_of(self, text: str) -> Subject:
        """A model's subject by canonical name. Raises UnknownName when the text is no canonical name."""
        from holdfast.workflows.models import view_model

        name = find_model_name(text)
        if name is None:
            raise UnknownName(
                f"{text!r} is no model name", next_step="Write api:provider/name or pkg:huggingface/org/name."
            )
        return view_model(name, self).subject

    def title_of_party(self, party: PartyFacts) -> str:
        """The ready party's title, or the facts' own words."""
        known = self.book.parties.get(party.like or "")
        return known.title if known else "a party described in holdfast.toml"

    def name_of(self, identifier: str) -> str:
        """A short name for an organisation's id; the text itself for anything else."""
        org = self.registry.organisations.get(identifier)
        return org.short if org else identifier


def read_knowledge(folder: Path | None = None, on: datetime.date | None = None) -> Knowledge:
    """Read and cross-check a data folder (the packaged one by default). `on`: the day licences are asked for.

    A verb for many models asks again and again: what was read is remembered for as long as no file changes.
    """
    place = folder or data_folder()
    paths = sorted(os.path.join(at, name) for at, _, names in os.walk(place) for name in names)
    return _read(place, compute_stamp(paths), on)


@lru_cache(maxsize=4)
def _read(place: Path, _: str, on: datetime.date | None) -> Knowledge:
    cache = cache_folder() / "rule-data"
    registry = read_registry(place, cache)
    book = read_rulebook(place, frozenset(registry.organisations), cache)
    return Knowledge(place, book, registry, on or book.vocabulary.evidence_horizon)
