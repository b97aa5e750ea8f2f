"""How well and how fast names are screened: nomenklatura's labelled pairs, and an SDN-sized list.

python benchmarks/screening.py --pairs cases.csv --sdn SDN.CSV --alt ALT.CSV
Both are fetched by whoever runs this: contrib/name_bench/cases.csv of opensanctions/nomenklatura (MIT), and OFAC's
legacy CSV (public domain). Neither is kept here.
"""

import argparse
import csv
import datetime
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.data import data_folder
from holdfast.levers.screening.feeds import read_feeds
from holdfast.levers.screening.matching import compute_score
from holdfast.levers.screening.ofac_csv import parse_ofac_csv
from holdfast.levers.screening.screener import THRESHOLD, HeldLists
from holdfast.records.screening import (
    STRONG_SCORE,
    Edition,
    ListedName,
    ListedNameKind,
    ListEntry,
    ListFormat,
    PartyKind,
    QueryName,
    Screened,
    StoredFile,
)

DAY = datetime.date(2026, 1, 1)
KINDS = {"Person": PartyKind.PERSON, "Organization": PartyKind.ORGANISATION, "Company": PartyKind.ORGANISATION}
NAMES = 600


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled pair of names."""

    kind: PartyKind
    schema: str
    asked: str
    listed: str
    same: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Right and wrong answers."""

    hits_right: int
    hits_wrong: int
    missed: int

    def __str__(self) -> str:
        precision = self.hits_right / max(1, self.hits_right + self.hits_wrong)
        recall = self.hits_right / max(1, self.hits_right + self.missed)
        return f"precision {precision:.3f}  recall {recall:.3f}  (n positive {self.hits_right + self.missed})"


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of the kinds that are screened here; vessels and the like are left out."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Pair(KINDS[row["schema"]], row["schema"], row["name1"], row["name2"], row["is_match"].lower() == "true")
        for row in rows
        if row["schema"] in KINDS
    ]


def tally(pairs: Iterable[tuple[bool, bool]]) -> Tally:
    """From (same, hit)."""
    listed = list(pairs)
    right = sum(same and hit for same, hit in listed)
    return Tally(right, sum(hit and not same for same, hit in listed), sum(same and not hit for same, hit in listed))


def make_lists(entries: Sequence[ListEntry]) -> HeldLists:
    """One edition of one feed, in memory."""
    feed = read_feeds(data_folder())["us-ofac-sdn"]
    edition = Edition(
        feed=feed.id,
        format=ListFormat.OFAC_CSV,
        date=DAY,
        date_from="given",
        fetched_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        source=("benchmark",),
        files=(StoredFile(name="-", sha256="0" * 64, bytes=0),),
        count=len(entries),
    )
    return HeldLists({feed.id: feed}, (edition,), lambda _: tuple(entries))


def screen_pair(pair: Pair) -> tuple[bool, bool]:
    """Whether screening one name against a list of the other hits it, and strongly."""
    name = ListedName(name=pair.listed, kind=ListedNameKind.NAME)
    entry = ListEntry(list="us-ofac-sdn", entry="1", kind=pair.kind, names=(name,))
    party = Screened(label=pair.asked, kind=pair.kind, names=(QueryName(pair.asked, "given"),))
    hits = make_lists((entry,)).screen(party, DAY, DAY).hits
    return bool(hits), any(hit.strong for hit in hits)


def score_pair(pair: Pair) -> float:
    """The matcher's score alone."""
    return compute_score((pair.kind, pair.asked), (pair.kind, pair.listed, ListedNameKind.NAME))


def report_pairs(pairs: Sequence[Pair]) -> Iterator[str]:
    """Precision and recall, for the matcher alone and for screening as a whole."""
    scored = [(pair, score_pair(pair), screen_pair(pair)) for pair in pairs]
    groups = {"all": set(KINDS), "companies and organisations": {"Company", "Organization"}, "persons": {"Person"}}
    for title, schemata in groups.items():
        chosen = [item for item in scored if item[0].schema in schemata]
        yield f"{title}: {len(chosen)} pairs"
        for threshold in (THRESHOLD, STRONG_SCORE):
            found = tally((pair.same, score >= threshold) for pair, score, _ in chosen)
            yield f"  logic-v2 alone at {threshold:.2f}   {found}"
        yield f"  screening, any hit        {tally((pair.same, hit) for pair, _, (hit, _) in chosen)}"
        yield f"  screening, strong hit     {tally((pair.same, strong) for pair, _, (_, strong) in chosen)}"


def report_speed(paths: Sequence[Path]) -> Iterator[str]:
    """CPU seconds to parse, to index, and to screen names taken from the list with a letter changed."""
    started = time.process_time()
    parsed = parse_ofac_csv(paths, read_feeds(data_folder())["us-ofac-sdn"])
    yield f"parse {len(parsed.entries)} parties: {time.process_time() - started:.1f} s of CPU"
    lists = make_lists(parsed.entries)
    organisations = [entry for entry in parsed.entries if entry.kind is PartyKind.ORGANISATION]
    names = [entry.names[0].name for entry in organisations[:: max(1, len(organisations) // NAMES)]][:NAMES]
    started = time.process_time()
    warm = Screened(label="-", kind=PartyKind.ORGANISATION, names=(QueryName("Aerocaribbean Airlines", "given"),))
    lists.screen(warm, DAY, DAY)
    yield f"load the libraries and index the list: {time.process_time() - started:.1f} s of CPU"
    started = time.process_time()
    found = sum(bool(lists.screen(_misspell(name), DAY, DAY).hits) for name in names)
    took = time.process_time() - started
    each = 1000 * took / len(names)
    yield f"screen {len(names)} misspelt names: {took:.1f} s of CPU, {each:.1f} ms each; {found} found"
    yield f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB"


def _misspell(name: str) -> Screened:
    """The name without the middle letter of its longest word."""
    word = max(name.split(), key=len)
    middle = len(word) // 2
    text = name.replace(word, word[:middle] + word[middle + 1 :], 1)
    return Screened(label=text, kind=PartyKind.ORGANISATION, names=(QueryName(text, "given"),))


def main() -> None:
    """Run what files were given for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--sdn", type=Path)
    parser.add_argument("--alt", type=Path)
    given = parser.parse_args()
    if given.pairs:
        for line in report_pairs(read_pairs(given.pairs)):
            print(line)
    if given.sdn:
        for line in report_speed([path for path in (given.sdn, given.alt) if path]):
            print(line)


if __name__ == "__main__":
    main()
