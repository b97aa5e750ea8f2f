"""The table of things to assess, in columns: who holds which role, what is known, which row builds on which."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from holdfast.levers.organisations import OrgTable
from holdfast.levers.truth import Truths
from holdfast.levers.vocabulary import FactType, Vocabulary, as_words
from holdfast.records.subject import UNKNOWN_ORG, Subject

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]

NOBODY = -2
SOMEBODY_UNKNOWN = -1


@dataclass(frozen=True)
class RoleColumn:
    """The organisations that hold a role, row by row: `holders[starts[i]:starts[i + 1]]`, never empty (NOBODY)."""

    holders: Codes
    starts: npt.NDArray[np.int64] | None = None  # None: exactly one holder a row

    @cached_property
    def known(self) -> tuple[int, ...]:
        """The organisations that occur, each once."""
        counts = np.bincount(self.holders[self.holders >= 0])  # np.unique would load numpy.ma, which takes its time
        return tuple(np.flatnonzero(counts).tolist())

    def compute(self, answers: Truths) -> Truths:
        """A row's answer is that of any holder."""
        gathered = answers[self.holders]
        return gathered if self.starts is None else np.maximum.reduceat(gathered, self.starts)


@dataclass(frozen=True)
class WordColumn:
    """A word or set of words a row, by code into distinct values; code -1: unknown."""

    codes: Codes
    values: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class NumberColumn:
    """A number (or a date's ordinal, or 0/1) a row; NaN: unknown."""

    values: Numbers


FactColumn = WordColumn | NumberColumn


@dataclass(frozen=True)
class Lineage:
    """Edges from child to base, grouped by depth so that a base's answer is final before its children read it."""

    steps: tuple[tuple[Codes, npt.NDArray[np.int64], Codes], ...] = ()  # children, starts of their bases, bases

    def spread(self, answers: Truths) -> Truths:
        """Kleene or of each row's own answer with those of everything it was built on."""
        result = answers.copy()
        for children, starts, bases in self.steps:
            inherited = np.maximum.reduceat(result[bases], starts)
            result[children] = np.maximum(result[children], inherited)
        return result


class Names(Protocol):
    """Row names: a list for a handful, a column for millions."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> str: ...


@dataclass(frozen=True)
class SubjectTable:
    """`names[i]` is row i; `roles` and `facts` hold a column each."""

    names: Names
    roles: Mapping[str, RoleColumn]
    facts: Mapping[str, FactColumn]
    lineage: Lineage = field(default_factory=Lineage)

    def __len__(self) -> int:
        return len(self.names)


def make_lineage(children: Codes, bases: Codes, rows: int) -> Lineage:
    """Group edges by the depth of the child. Within a cycle of claims the order is arbitrary."""
    depth = np.zeros(rows, dtype=np.int32)
    for _ in range(64):
        deeper = np.zeros(rows, dtype=np.int32)
        np.maximum.at(deeper, children, depth[bases] + 1)
        if np.array_equal(deeper, depth):
            break
        depth = deeper
    order = np.lexsort((children, depth[children]))
    children, bases = children[order], bases[order]
    return Lineage(tuple(_steps(children, bases, depth[children])))


def _steps(children: Codes, bases: Codes, depths: Codes) -> list[tuple[Codes, npt.NDArray[np.int64], Codes]]:
    steps: list[tuple[Codes, npt.NDArray[np.int64], Codes]] = []
    for level in np.unique(depths):
        begin, end = np.searchsorted(depths, [level, level + 1])
        unique, starts = np.unique(children[begin:end], return_index=True)
        steps.append((unique, starts.astype(np.int64), bases[begin:end]))
    return steps


def make_subject_table(subjects: Sequence[Subject], orgs: OrgTable, vocabulary: Vocabulary) -> SubjectTable:
    """Columns for a handful of subjects whose lineage is already spelled out in `builders` and `families`."""
    roles = {
        "builder": _role_column([subject.builders for subject in subjects], orgs),
        "developer": _role_column([subject.developers for subject in subjects], orgs),
        "endpoint": _role_column([_one(subject.endpoint) for subject in subjects], orgs),
        "host": _role_column([_one(subject.host) for subject in subjects], orgs),
        "counterparty": _role_column([_one(subject.counterparty) for subject in subjects], orgs),
    }
    names = {name for subject in subjects for name in subject.facts}
    facts = {name: _fact_column(name, subjects, vocabulary) for name in sorted(names)}
    facts["model.family"] = make_word_column([subject.families or None for subject in subjects])
    return SubjectTable([subject.name for subject in subjects], roles, facts)


def _one(org: str | None) -> tuple[str, ...]:
    return () if org is None else (org,)


def _role_column(holders: Sequence[tuple[str, ...]], orgs: OrgTable) -> RoleColumn:
    flat: list[int] = []
    starts: list[int] = []
    for row in holders:
        starts.append(len(flat))
        flat.extend([orgs.get_code(org) if org != UNKNOWN_ORG else SOMEBODY_UNKNOWN for org in row] or [NOBODY])
    return RoleColumn(np.array(flat, dtype=np.int32), np.array(starts, dtype=np.int64))


def _fact_column(name: str, subjects: Sequence[Subject], vocabulary: Vocabulary) -> FactColumn:
    kind = vocabulary.check_fact(name, "subject").type
    values = [subject.facts.get(name) for subject in subjects]
    if kind in (FactType.WORD, FactType.WORDS):
        return make_word_column([None if value is None else as_words(value) for value in values])
    return NumberColumn(np.array([as_number(value) for value in values], dtype=np.float64))


def make_word_column(rows: Sequence[tuple[str, ...] | None]) -> WordColumn:
    """Distinct sets of words and a code a row; None or `unknown`: not known."""
    distinct: dict[frozenset[str], int] = {}
    codes = [
        -1 if row is None or "unknown" in row else distinct.setdefault(frozenset(row), len(distinct)) for row in rows
    ]
    return WordColumn(np.array(codes, dtype=np.int32), tuple(distinct))


def as_number(value: object) -> float:
    """Numbers, yes/no and dates on one scale; anything else is NaN, which means unknown."""
    if isinstance(value, datetime.date):
        return float(value.toordinal())
    return float(value) if isinstance(value, (int, float)) else float("nan")
