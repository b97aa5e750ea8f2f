"""MockSpec as JSON, both ways. What is left out has its default; what is unknown or impossible is an error that says
where."""

import dataclasses
import json
import math
import types
import typing
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

from holdfast.measure.mock.spec import Distribution, MockSpec, Scenario, Shape, Stall
from holdfast.records.canonical_json import to_plain
from holdfast.records.errors import ConfigurationError, LimitExceeded, MissingPath, UnreadableFile

SPEC_BYTES_MAX: Final = 16 << 20
LIST_MAX: Final = 1_000_000
_DAY_S: Final = 86_400.0


def read_spec(path: Path) -> MockSpec:
    """The spec in a file. Raises MissingPath, UnreadableFile, LimitExceeded and ConfigurationError."""
    try:
        with path.open("rb") as file:
            data = file.read(SPEC_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise MissingPath(
            "there is no such file", where=str(path), next_step="Name a file of JSON that describes a mock."
        ) from error
    except OSError as error:
        raise UnreadableFile(
            f"it cannot be read: {error.strerror}", where=str(path), next_step="Check its owner and permissions."
        ) from error
    if len(data) > SPEC_BYTES_MAX:
        raise LimitExceeded(
            f"it is longer than {SPEC_BYTES_MAX} bytes", where=str(path), next_step="Shorten its lists of values."
        )
    return parse_spec(data, str(path))


def parse_spec(data: bytes | str, where: str = "the mock's spec") -> MockSpec:
    """The spec in a JSON text. Raises ConfigurationError."""
    try:
        plain: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _bad(where, f"it is not JSON: {error}") from error
    spec = cast("MockSpec", _decode(MockSpec, plain, where))
    check_spec(spec, where)
    return spec


def write_spec(spec: MockSpec) -> str:
    """The spec as JSON that `parse_spec` reads again as the same."""
    return json.dumps(to_plain(spec), indent=2, ensure_ascii=False)


def check_spec(spec: MockSpec, where: str = "the mock's spec") -> None:
    """Raises ConfigurationError when no mock can do what the spec says."""
    for name in ("ttft_s", "gap_s", "output_tokens", "chunk_tokens"):
        if (wanted := getattr(spec, name)) is not None:
            _check_distribution(wanted, f"{where}: {name}")
    for name, (least, most) in _BOUNDS.items():
        value = getattr(spec, name)
        if value is not None and not least <= value <= most:
            raise _bad(f"{where}: {name}", f"{value} is not from {least:g} to {most:g}")
    if not spec.model or not spec.model.isprintable():
        raise _bad(f"{where}: model", "it must be a name that can be printed")
    for number, stall in enumerate(spec.stalls):
        _check_stall(stall, f"{where}: stalls[{number}]")
    _check_scenarios(spec.scenarios, where)


_BOUNDS: Final = {
    "tokens_default": (1, 10_000_000), "seed": (0, (1 << 63) - 1), "dimensions": (1, 100_000),
    "concurrency": (0, 1_000_000), "queue_max": (0, 1_000_000), "prefill_s_per_token": (0, 60),
    "gap_s_per_stream": (0, 60), "cache_block_tokens": (0, 1_000_000), "port": (0, 65535), "core": (0, 4095),
    "log_requests_max": (1, 100_000_000), "log_tokens_max": (1, 1_000_000_000), "connections_max": (1, 100_000),
    "body_bytes_max": (1, 1 << 30), "tokens_max": (1, 10_000_000),
}  # fmt: skip


def _check_distribution(wanted: Distribution, where: str) -> None:
    if wanted.shape in (Shape.RECORDED, Shape.SCRIPTED):
        if not wanted.values or len(wanted.values) > LIST_MAX:
            raise _bad(where, f"`{wanted.shape}` wants `values`, from one to {LIST_MAX}")
    elif wanted.values:
        raise _bad(where, f"`{wanted.shape}` takes `mean` and `cv`, not `values`")
    numbers = (wanted.mean, wanted.cv, *wanted.values)
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise _bad(where, "its numbers must be finite and not negative")
    if wanted.cv > 100:
        raise _bad(where, f"`cv` is {wanted.cv:g}; the most is 100")


def _check_stall(stall: Stall, where: str) -> None:
    for name in ("at_s", "duration_s"):
        if not 0 <= getattr(stall, name) <= _DAY_S:
            raise _bad(f"{where}.{name}", f"{getattr(stall, name):g} is not from 0 to {_DAY_S:g}")


def _check_scenarios(scenarios: tuple[Scenario, ...], where: str) -> None:
    names = [scenario.name for scenario in scenarios]
    if len(set(names)) != len(names):
        raise _bad(f"{where}: scenarios", "two have the same name")
    if not 1 <= len(scenarios) <= 1000:
        raise _bad(f"{where}: scenarios", "there must be from one to 1000")
    if not sum(scenario.weight for scenario in scenarios) > 0:
        raise _bad(f"{where}: scenarios", "one must have a `weight` above 0")
    for number, scenario in enumerate(scenarios):
        _check_scenario(scenario, f"{where}: scenarios[{number}]")


def _check_scenario(scenario: Scenario, where: str) -> None:
    if not scenario.name or not scenario.name.isascii() or not scenario.name.isprintable() or " " in scenario.name:
        raise _bad(f"{where}.name", "it must be printable ASCII without spaces, as it stands in a header")
    for name, (least, most) in _SCENARIO_BOUNDS.items():
        value = getattr(scenario, name)
        if value is not None and not least <= value <= most:
            raise _bad(f"{where}.{name}", f"{value} is not from {least:g} to {most:g}")
    if 200 < scenario.status < 400:
        raise _bad(f"{where}.status", "it must be 200, or from 400 to 599")


_SCENARIO_BOUNDS: Final = {
    "weight": (0, 1e9), "status": (200, 599), "retry_after_s": (0, _DAY_S), "join_events": (1, 1000),
    "split_s": (0, 3600), "empty_every": (0, 1_000_000), "after_tokens": (0, 10_000_000),
    "reasoning_tokens": (0, 10_000_000),
}  # fmt: skip


def _decode(kind: Any, plain: object, where: str) -> object:
    """A JSON value as the type of a field says."""
    if kind is Distribution and isinstance(plain, (int, float)) and not isinstance(plain, bool):
        return Distribution(mean=float(plain))
    if dataclasses.is_dataclass(kind):
        return _decode_record(cast("type", kind), plain, where)
    if isinstance(kind, types.UnionType):
        inner = next(one for one in typing.get_args(kind) if one is not types.NoneType)
        return None if plain is None else _decode(inner, plain, where)
    if typing.get_origin(kind) is tuple:
        if not isinstance(plain, list):
            raise _bad(where, "it must be a list")
        inner = typing.get_args(kind)[0]
        return tuple(
            _decode(inner, item, f"{where}[{number}]") for number, item in enumerate(cast("list[object]", plain))
        )
    return _decode_scalar(kind, plain, where)


def _decode_record(kind: type, plain: object, where: str) -> object:
    if not isinstance(plain, dict):
        raise _bad(where, "it must be an object")
    members = cast("dict[str, object]", plain)
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(members) - set(hints))
    if unknown:
        raise _bad(where, f"`{unknown[0]}` is unknown here; known are {', '.join(hints)}")
    try:
        return kind(**{name: _decode(hints[name], value, f"{where}: {name}") for name, value in members.items()})
    except TypeError as error:
        raise _bad(where, "it lacks a member that has no default") from error


def _decode_scalar(kind: type, plain: object, where: str) -> object:
    if issubclass(kind, StrEnum):
        try:
            return kind(cast("str", plain))
        except ValueError as error:
            raise _bad(where, f"{json.dumps(plain)} is not one of {', '.join(kind)}") from error
    if kind is float and isinstance(plain, (int, float)) and not isinstance(plain, bool):
        return _make_float(plain, where)
    if not isinstance(plain, kind) or (kind is int and isinstance(plain, bool)):
        wanted: dict[type, str] = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
        raise _bad(where, f"it must be {wanted[kind]}")
    return plain


def _make_float(plain: float, where: str) -> float:
    try:
        number = float(plain)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _bad(where, "it must be a finite number")
    return number


def _bad(where: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        what, where=where, next_step="docs/how-to/measure-mock.md lists what a mock's spec holds."
    )
