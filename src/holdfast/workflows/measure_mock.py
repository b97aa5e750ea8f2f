"""`holdfast measure mock`: the server whose truth is its own log, for checking any load generator."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from holdfast.measure.mock.log import MockLog
from holdfast.measure.mock.spec import Distribution, MockSpec
from holdfast.measure.mock.spec_json import read_spec
from holdfast.measure.mock.starting import Mock, start_mock

__all__ = ["Mock", "MockAsked", "MockTruth", "make_spec", "serve_mock"]


@dataclass(frozen=True, slots=True)
class MockAsked:
    """A spec file, or the defaults, with what the command line says instead. None: as the spec has it."""

    spec: Path | None = None
    host: str | None = None
    port: int | None = None
    ttft_s: float | None = None
    gap_s: float | None = None
    log: Path | None = None
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class MockTruth:
    """What a mock did: requests, events with text, and how late it sent them, in seconds (None: it sent none)."""

    requests: int
    tokens: int
    late_mean_s: float | None
    late_max_s: float | None
    log: str


def make_spec(asked: MockAsked) -> MockSpec:
    """The spec that is asked for. Raises what reading a spec raises."""
    spec = read_spec(asked.spec) if asked.spec is not None else MockSpec()
    said: dict[str, object] = {"host": asked.host, "port": asked.port}
    said["ttft_s"] = None if asked.ttft_s is None else Distribution(mean=asked.ttft_s)
    said["gap_s"] = None if asked.gap_s is None else Distribution(mean=asked.gap_s)
    return dataclasses.replace(spec, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def serve_mock(asked: MockAsked, tell: Callable[[Mock], None], wait: Callable[[], None]) -> MockTruth:
    """Serve until `wait` returns, and tell what was done. Raises ConfigurationError and NetworkError."""
    with start_mock(make_spec(asked), prefer_plain=asked.is_plain, log_folder=asked.log) as mock:
        tell(mock)
        wait()
        mock.stop()
        return _sum_up(mock.read_log(), asked.log)


def _sum_up(log: MockLog, folder: Path | None) -> MockTruth:
    tokens = log.tokens
    late = (tokens["send_ns"] - tokens["deadline_ns"]) / 1e9
    return MockTruth(
        requests=len(log.requests),
        tokens=len(tokens),
        late_mean_s=float(late.mean()) if len(late) else None,
        late_max_s=float(late.max()) if len(late) else None,
        log=str(folder) if folder is not None else "",
    )
