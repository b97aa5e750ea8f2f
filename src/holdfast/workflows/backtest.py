"""`holdfast backtest`: dated episodes replayed on the rules; a miss is shown with every ground that led to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.data import read_pack_file
from holdfast.levers.situations import Court, Verdict, judge_cases, judge_episode
from holdfast.records.errors import MissingPath
from holdfast.records.lever import Episode
from holdfast.workflows.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """One episode and the verdict of each of its checks."""

    episode: Episode
    path: str
    verdicts: tuple[Verdict, ...]

    @property
    def met(self) -> bool:
        """Whether every check came out as expected."""
        return all(verdict.met for verdict in self.verdicts)


def read_episodes(paths: Sequence[Path], data: Path) -> list[tuple[Path, Episode]]:
    """Episodes of files and folders; the packaged ones when none is named. Raises MissingPath or MalformedPack."""
    return [(path, read_pack_file(path, Episode)) for place in paths or [data / "episodes"] for path in _files(place)]


def _files(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from sorted(path for path in place.rglob("*") if path.suffix in (".yaml", ".yml"))
    elif place.exists():
        yield place
    else:
        raise MissingPath("no such file or folder", where=str(place), next_step="Name an episode file or a folder.")


def backtest(paths: Sequence[Path], knowledge: Knowledge) -> list[EpisodeResult]:
    """Every episode judged, in the order of their files."""
    court = knowledge.court
    return [
        EpisodeResult(episode, str(path), tuple(judge_episode(episode, court)))
        for path, episode in read_episodes(paths, knowledge.folder)
    ]


def judge_all_cases(knowledge: Knowledge) -> list[Verdict]:
    """The cases inside every lever's file."""
    court: Court = knowledge.court
    return [verdict for lever in knowledge.book.levers.values() for verdict in judge_cases(lever, court)]
