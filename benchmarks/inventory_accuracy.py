"""Precision and recall of the inventory on the labelled corpus, with its peers in the same table.

Fetches the pinned sources (and, with --peers, the peers into a virtual environment of their own), scans each project
with each tool, and matches findings to labels as benchmarks/corpus/README.md says.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from holdfast.inventory.scan import ScanOptions, scan
from holdfast.workflows.grouping import group_uses

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "holdfast-benchmarks"
PEERS = ("borderlint==1.15.10", "ai-bom==3.6.0")
KINDS = ("weights", "hosted")


@dataclass(frozen=True, slots=True)
class Label:
    """One labelled use. `line_end` equals `line` unless a call spans several lines."""

    path: str
    line: int
    line_end: int
    text: str
    kind: str
    optional: bool
    catalogue: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """One finding of a tool: a use, a catalogue, or for peers whatever row they print."""

    path: str
    line: int
    text: str
    kind: str
    catalogue: bool = False


@dataclass
class Score:
    """Counts over projects, by kind."""

    hit: dict[str, int] = field(default_factory=dict[str, int])
    missed: dict[str, int] = field(default_factory=dict[str, int])
    false: dict[str, int] = field(default_factory=dict[str, int])
    rows: int = 0
    useful_rows: int = 0
    misses: list[Label] = field(default_factory=list[Label])
    alarms: list[Claim] = field(default_factory=list[Claim])

    def precision(self, kind: str) -> float:
        """Hits over findings; 1 when there is none."""
        found = self.hit.get(kind, 0) + self.false.get(kind, 0)
        return self.hit.get(kind, 0) / found if found else 1.0

    def recall(self, kind: str) -> float:
        """Hits over counted labels."""
        wanted = self.hit.get(kind, 0) + self.missed.get(kind, 0)
        return self.hit.get(kind, 0) / wanted if wanted else 1.0


def read_labels(path: Path) -> list[Label]:
    """The labels of one project."""
    content = cast("dict[str, list[dict[str, Any]]]", yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    return [_label(place, entry) for place, entries in content.items() for entry in entries or ()]


def _label(path: str, entry: dict[str, Any]) -> Label:
    line = int(entry["line"])
    return Label(
        path=path,
        line=line,
        line_end=int(entry.get("line_end", line)),
        text=str(entry.get("model") or ""),
        kind=str(entry.get("kind", "weights")),
        optional=bool(entry.get("optional")),
        catalogue=bool(entry.get("catalogue")),
    )


def match(labels: list[Label], claims: list[Claim], score: Score) -> None:
    """Match each label at most once; what meets an optional label is left out of the count."""
    open_labels = list(labels)
    for claim in claims:
        label = _find(claim, open_labels)
        if label is None:
            score.false[claim.kind] = score.false.get(claim.kind, 0) + 1
            score.alarms.append(claim)
        elif not label.optional:
            score.hit[label.kind] = score.hit.get(label.kind, 0) + 1
        if label is not None and label.line != 0 and not (label.optional and label.catalogue):
            open_labels.remove(label)
    for label in open_labels:
        if not label.optional:
            score.missed[label.kind] = score.missed.get(label.kind, 0) + 1
            score.misses.append(label)


def _find(claim: Claim, labels: Iterable[Label]) -> Label | None:
    fitting = [label for label in labels if _fits(claim, label)]
    return min(fitting, key=lambda label: (label.optional, label.line != claim.line), default=None)


def _fits(claim: Claim, label: Label) -> bool:
    if claim.path != label.path:
        return False
    if label.line == 0:
        return True
    if claim.catalogue or label.catalogue:
        return claim.catalogue == label.catalogue
    if not label.line <= claim.line <= label.line_end:
        return False
    one, other = claim.text.lower(), label.text.lower()
    return not label.text or one in other or other in one


def scan_with_holdfast(folder: Path) -> tuple[list[Claim], int, list[set[tuple[str, int]]]]:
    """Claims, rows a reader sees, and the places of each row."""
    inventory = scan(folder, ScanOptions())
    claims = [Claim(use.place.path, use.place.line, use.text, use.kind.value) for use in inventory.uses]
    claims += [Claim(c.place.path, c.place.line, "", "weights", catalogue=True) for c in inventory.catalogues]
    groups = group_uses(inventory.uses)
    places = [{(use.place.path, use.place.line) for use in uses} for _, uses in groups]
    return claims, len(groups), places


Scanner = Callable[[Path], tuple[list[Claim], int, list[set[tuple[str, int]]]]]


def make_peer_scanners(folder: Path) -> dict[str, Scanner]:
    """The peers, installed into an environment of their own."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return {
        "borderlint": lambda place: _scan_with_borderlint(folder / "bin" / "borderlint", place),
        "ai-bom": lambda place: _scan_with_ai_bom(folder / "bin" / "ai-bom", place),
    }


def _scan_with_borderlint(tool: Path, place: Path) -> tuple[list[Claim], int, list[set[tuple[str, int]]]]:
    done = subprocess.run([tool, "scan", place, "-f", "json"], capture_output=True, text=True, check=False)
    rows = cast("list[dict[str, Any]]", json.loads(done.stdout)["findings"])
    claims = [
        Claim(
            str(Path(row["file"]).relative_to(place)),
            int(row["line"] or 1),
            str(row["model"] or row["evidence"]),
            "weights" if row["jurisdiction"] == "local" else "hosted",
        )
        for row in rows
    ]
    return claims, len(claims), [{(claim.path, claim.line)} for claim in claims]


def _scan_with_ai_bom(tool: Path, place: Path) -> tuple[list[Claim], int, list[set[tuple[str, int]]]]:
    command = [str(tool), "scan", str(place), "--format", "json", "--no-telemetry"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    components = cast("list[dict[str, Any]]", json.loads(done.stdout)["components"])
    claims = [_component_claim(component, place) for component in components]
    return claims, len(claims), [{(claim.path, claim.line)} for claim in claims]


def _component_claim(component: dict[str, Any], place: Path) -> Claim:
    said = {entry["name"].removeprefix("trusera:"): entry["value"] for entry in component.get("properties", [])}
    path, _, line = str(said.get("source_location", "")).rpartition(":")
    relative = path.removeprefix(f"{place}/")
    text = str(said.get("model_name") or component["name"])
    return Claim(relative, int(line) if line.isdigit() else 1, text, "hosted")


def measure(tool: Scanner, projects: dict[str, Path]) -> tuple[Score, dict[str, Score]]:
    """The score over all projects and for each."""
    whole, single = Score(), dict[str, Score]()
    for name, folder in projects.items():
        labels = read_labels(CORPUS / "labels" / f"{name}.yaml")
        claims, rows, places = tool(folder)
        score = Score(rows=rows)
        match(labels, claims, score)
        real = {(label.path, line) for label in labels for line in range(label.line, label.line_end + 1)}
        score.useful_rows = sum(1 for row in places if row & real)
        single[name] = score
        _add(whole, score)
    return whole, single


def _add(whole: Score, part: Score) -> None:
    for mine, its in ((whole.hit, part.hit), (whole.missed, part.missed), (whole.false, part.false)):
        for kind, count in its.items():
            mine[kind] = mine.get(kind, 0) + count
    whole.rows += part.rows
    whole.useful_rows += part.useful_rows


def find_projects(cache: Path, chosen: str) -> dict[str, Path]:
    """Unpacked folders by project, fetched when missing. `chosen`: development, held-out or all."""
    sets = {} if chosen == "all" else {"--set": chosen}
    words = [word for pair in sets.items() for word in pair]
    command = [sys.executable, str(CORPUS / "fetch.py"), str(cache), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    folders = [Path(line) for line in done.stdout.splitlines() if line.strip()]
    entries = cast("list[dict[str, str]]", yaml.safe_load((CORPUS / "projects.yaml").read_text(encoding="utf-8")))
    by_folder = {f"{entry['name']}-{entry['version']}": entry["name"] for entry in entries}
    return {by_folder[folder.name]: folder for folder in folders}


def print_table(title: str, scores: dict[str, Score]) -> None:
    """One row a tool or project."""
    print(f"\n{title:<22} {'rows':>5} {'acted on':>9}", end="")
    print("".join(f"  {kind} precision / recall" for kind in KINDS))
    for name, score in scores.items():
        share = score.useful_rows / score.rows if score.rows else 1.0
        cells = "".join(f"{score.precision(kind):>19.3f} / {score.recall(kind):.3f}" for kind in KINDS)
        print(f"{name:<22} {score.rows:>5} {share:>9.1%}{cells}")


def main() -> None:
    """Print the tables; with --show, every miss and false alarm of holdfast."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--cache", type=Path, default=CACHE / "corpus", help="outside any repository: its .gitignore would hold"
    )
    parser.add_argument(
        "--set", default="all", choices=["development", "held-out", "fresh", "unseen", "all"], dest="chosen"
    )
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    projects = find_projects(asked.cache, asked.chosen)
    whole, single = measure(scan_with_holdfast, projects)
    print_table(f"project ({asked.chosen})", single)
    tools = {"holdfast": whole}
    if asked.peers:
        for name, scanner in make_peer_scanners(CACHE / "peers").items():
            tools[name] = measure(scanner, projects)[0]
    print_table("tool", tools)
    if asked.show:
        for name, score in single.items():
            for label in score.misses:
                print(
                    f"missed  {name} {label.path}:{label.line} {label.text or '(unresolved or catalogue)'} {label.kind}"
                )
            for claim in score.alarms:
                print(f"false   {name} {claim.path}:{claim.line} {claim.text} {claim.kind}")


if __name__ == "__main__":
    main()
