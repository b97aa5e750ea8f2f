"""holdfast.toml, then environment variables, then flags: the later wins; each value remembers where it came from."""

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import BadDate, ConfigurationError, ExpiredWaiver, UnreadableFile
from holdfast.records.evidence import Strict
from holdfast.records.lever import Effect, PartyFacts, Reach
from holdfast.records.organisation import Listing, Owner
from holdfast.records.report import StandIn, Waiver
from holdfast.records.settings import Origin, Policy, Settings
from holdfast.records.use import Environment

FILE_NAME = "holdfast.toml"
DEFAULT_PARTY = "us-business"
VARIABLES = {
    "HOLDFAST_PARTY": "party",
    "HOLDFAST_ON": "on",
    "HOLDFAST_SCENARIO": "scenario",
    "HOLDFAST_TARGET": "target",
    "HOLDFAST_JOBS": "jobs",
    "HOLDFAST_CACHE": "cache",
    "HOLDFAST_DATA": "data",
    "HF_ENDPOINT": "endpoint",
}
FLAGS = {
    "party": "--as",
    "on": "--on",
    "scenario": "--scenario",
    "target": "--target",
    "jobs": "--jobs",
    "data": "--data",
    "cache": "--cache",
    "endpoint": "--endpoint",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _PartyTable(Strict):
    like: str | None = None
    facts: dict[str, object] = field(default_factory=dict[str, object])
    owners: tuple[Owner, ...] | str | None = None
    lists: tuple[Listing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckTable(Strict):
    on: datetime.date | None = None
    scenario: tuple[str, ...] | str = ()
    target: str | None = None
    exclude: tuple[str, ...] = ()
    jobs: int = 0
    cache: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PolicyTable(Strict):
    reach: tuple[Reach, ...] = ()
    effect: tuple[Effect, ...] = ()
    environments: tuple[Environment, ...] = ()
    unpinned: bool = False
    unresolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _HubTable(Strict):
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _WaiverTable(Strict):
    model: str
    lever: str
    reason: str
    expires: datetime.date
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _StandInTable(Strict):
    replaces: str
    model: str
    approved_by: str = ""
    approved_on: datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _File(Strict):
    party: _PartyTable = field(default_factory=_PartyTable)
    check: _CheckTable = field(default_factory=_CheckTable)
    policy: _PolicyTable | None = None
    hub: _HubTable = field(default_factory=_HubTable)
    waivers: tuple[_WaiverTable, ...] = ()
    stand_ins: tuple[_StandInTable, ...] = ()


def find_configuration(start: Path) -> Path | None:
    """The nearest holdfast.toml at or above a path, not above the repository's top folder."""
    folder = start if start.is_dir() else start.parent
    for candidate in (folder.resolve(), *folder.resolve().parents):
        if (candidate / FILE_NAME).is_file():
            return candidate / FILE_NAME
        if (candidate / ".git").exists():
            return None
    return None


def read_settings(
    start: Path, environ: Mapping[str, str], flags: Mapping[str, object], today: datetime.date
) -> Settings:
    """Settings for a scanned path. Raises ConfigurationError, ExpiredWaiver or BadDate with the place."""
    path = find_configuration(start)
    content = _read_file(path) if path else _File()
    text = path.read_text(encoding="utf-8") if path else ""
    chosen = _Choice(path, text)
    overrides = _overrides(environ, flags)
    party = _choose_party(content.party, overrides, chosen)
    settings = Settings(
        party=party,
        on=_choose_date(content.check.on, overrides, chosen, today),
        scenarios=_choose_words("scenario", content.check.scenario, overrides, chosen),
        target=_choose_text("target", content.check.target, overrides, chosen),
        exclude=_choose_words("exclude", content.check.exclude, overrides, chosen),
        policy=_make_policy(content.policy, chosen),
        waivers=tuple(Waiver(w.model, w.lever, w.reason, w.expires, w.by) for w in content.waivers),
        stand_ins=tuple(StandIn(s.replaces, s.model, s.approved_by, s.approved_on) for s in content.stand_ins),
        jobs=int(_choose_text("jobs", str(content.check.jobs), overrides, chosen) or 0),
        cache=_choose_text("cache", content.check.cache or None, overrides, chosen) or "",
        data=_choose_text("data", content.check.data or None, overrides, chosen) or "",
        endpoint=_choose_text("endpoint", content.hub.endpoint or None, overrides, chosen) or "",
    )
    _check_waivers(settings, path, text)
    chosen.note("waivers", str(len(settings.waivers)), "waivers" if settings.waivers else None)
    chosen.note("stand_ins", str(len(settings.stand_ins)), "stand_ins" if settings.stand_ins else None)
    return _with_origins(settings, chosen)


def _with_origins(settings: Settings, chosen: "_Choice") -> Settings:
    fields = {name: getattr(settings, name) for name in Settings.__slots__ if name != "origins"}
    return Settings(**fields, origins=tuple(chosen.origins))


class _Choice:
    """Collects where each value came from."""

    def __init__(self, path: Path | None, text: str) -> None:
        self.path, self.text, self.origins = path, text, list[Origin]()

    def note(self, key: str, value: str, file_key: str | None, origin: str | None = None) -> None:
        """Record a value: from a named override, from the file when it holds the key, else the default."""
        place = origin or (self._place(file_key) if file_key else None) or "default"
        self.origins.append(Origin(key, value, place))

    def _place(self, key: str) -> str | None:
        if self.path is None:
            return None
        return f"{self.path.name}:{find_key_line(self.text, key)}"


def find_key_line(text: str, key: str) -> int:
    """The first line that sets a key or opens a table of that name."""
    pattern = re.compile(rf"^\s*(?:\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*(?:=|\]|\.)")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _read_file(path: Path) -> _File:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return TypeAdapter(_File).validate_python(_rename(content))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not valid TOML: {error}", where=str(path)) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        line = find_key_line(path.read_text(encoding="utf-8"), str(first["loc"][-1]).rstrip("_"))
        step = "The keys are described in docs/how-to/config.md."
        raise ConfigurationError(f"{key}: {first['msg']}", where=f"{path}:{line}", next_step=step) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"cannot be read: {error}", where=str(path)) from None


def _rename(content: dict[str, object]) -> dict[str, object]:
    renamed = {key.replace("-", "_"): value for key, value in content.items()}
    party = renamed.get("party")
    return {**renamed, "party": {"like": party}} if isinstance(party, str) else renamed


def _overrides(environ: Mapping[str, str], flags: Mapping[str, object]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {
        key: (environ[name], name) for name, key in VARIABLES.items() if environ.get(name)
    }
    for key, value in flags.items():
        if value not in (None, (), [], ""):
            found[key] = (value, FLAGS.get(key, f"--{key}"))
    return found


def _choose_party(table: _PartyTable, overrides: Mapping[str, tuple[object, str]], chosen: _Choice) -> PartyFacts:
    if "party" in overrides:
        value, origin = overrides["party"]
        chosen.note("party", str(value), None, origin)
        return PartyFacts(like=str(value))
    owners = table.owners
    if isinstance(owners, str) and owners not in ("unknown", "none"):
        raise ConfigurationError("owners must be a list, `unknown` or `none`", where=str(chosen.path))
    said = table.like or (None if table.facts else DEFAULT_PARTY)
    given = {"like": said, **table.facts}
    set_here = table.like is not None or bool(table.facts)
    chosen.note("party", encode_canonical(given), "party" if set_here else None)
    return PartyFacts(like=said, facts=table.facts, owners=owners, lists=table.lists)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _choose_date(
    given: datetime.date | None, overrides: Mapping[str, tuple[object, str]], chosen: _Choice, today: datetime.date
) -> datetime.date:
    if "on" in overrides:
        value, origin = overrides["on"]
        date = value if isinstance(value, datetime.date) else parse_date(str(value), origin)
        chosen.note("on", date.isoformat(), None, origin)
        return date
    chosen.note("on", (given or today).isoformat(), "on" if given else None)
    return given or today


def parse_date(text: str, where: str) -> datetime.date:
    """YYYY-MM-DD. Raises BadDate."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise BadDate(f"{text!r} is not a date", where=where, next_step="Write it as YYYY-MM-DD.") from None


def _choose_words(
    key: str, given: tuple[str, ...] | str, overrides: Mapping[str, tuple[object, str]], chosen: _Choice
) -> tuple[str, ...]:
    if key in overrides:
        value, origin = overrides[key]
        words = tuple(str(value).split(",")) if isinstance(value, str) else tuple(str(item) for item in _items(value))
        chosen.note(key, ", ".join(words), None, origin)
        return words
    words = (given,) if isinstance(given, str) else given
    chosen.note(key, ", ".join(words), key if words else None)
    return words


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _choose_text(
    key: str, given: str | None, overrides: Mapping[str, tuple[object, str]], chosen: _Choice
) -> str | None:
    if key in overrides:
        value, origin = overrides[key]
        chosen.note(key, str(value), None, origin)
        return str(value)
    in_file = chosen.text and re.search(rf"^\s*{key}\s*=", chosen.text, re.MULTILINE)
    chosen.note(key, given or "", key if in_file else None)
    return given


def _make_policy(table: _PolicyTable | None, chosen: _Choice) -> Policy | None:
    chosen.note("policy", encode_canonical(table) if table else "none", "policy" if table else None)
    if table is None:
        return None
    return Policy(table.reach, table.effect, table.environments, table.unpinned, table.unresolved)


def _check_waivers(settings: Settings, path: Path | None, text: str) -> None:
    for waiver in settings.waivers:
        if waiver.expires < settings.on:
            line = next((n for n, row in enumerate(text.splitlines(), 1) if waiver.expires.isoformat() in row), 1)
            raise ExpiredWaiver(
                f"the waiver of {waiver.lever} for {waiver.model} expired on {waiver.expires}",
                where=f"{path}:{line}",
                next_step="Renew it with a new date and reason, or remove it.",
            )
