"""Writes the generated parts of docs/reference from the program and its rule data. Called by cog, see `make docs`."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import typer.main

from holdfast.data import data_folder
from holdfast.front.cli.main import app
from holdfast.levers.rulebook import read_rulebook
from holdfast.levers.standing import find_standing
from holdfast.records.lever import LeverFamily


def render_verbs() -> str:
    """Every verb with its description, arguments and options."""
    return "\n".join(
        line for name, command in _verbs(typer.main.get_command(app)) for line in _verb_lines(name, command)
    )


def _verbs(group: Any, prefix: str = "holdfast") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _verbs(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def _verb_lines(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}\n"
    yield (command.help or "").strip().replace("\n    ", "\n") + "\n"
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    if shown:
        yield "| | |\n|---|---|"
        yield from (f"| `{_spelling(param)}` | {_help(param)} |" for param in shown)
        yield ""


def _spelling(param: Any) -> str:
    metavar = str(param.metavar or "")
    if param.param_type_name == "argument":
        return metavar or str(param.name).upper()
    return ", ".join(param.opts) + ("" if param.is_flag or not metavar else f" {metavar}")


def _help(param: Any) -> str:
    return str(getattr(param, "help", None) or "").replace("|", "\\|")


def render_levers() -> str:
    """Every lever by family, with its status on the evidence horizon."""
    book = read_rulebook(data_folder())
    horizon = book.vocabulary.evidence_horizon
    lines = [f"{len(book.levers)} levers; status as of {horizon}.", ""]
    for family in LeverFamily:
        chosen = [lever for lever in book.levers.values() if lever.family is family]
        lines += [f"### {family.value}", "", "| id | status | title |", "|---|---|---|"] if chosen else []
        for lever in chosen:
            standing = find_standing(lever, horizon)
            status = f"{standing.status.value} since {standing.since}" if standing else "not yet"
            lines.append(f"| `{lever.id}` | {status} | {lever.title} |")
        lines.append("")
    return "\n".join(lines)


def render_scenarios() -> str:
    """Every scenario with its target."""
    book = read_rulebook(data_folder())
    rows = [f"| `{one.id}` | {' or '.join(one.needs_target)} | If {one.asks} |" for one in book.scenarios.values()]
    return "\n".join(["| id | target | what if |", "|---|---|---|", *rows])


def render_parties() -> str:
    """Every ready party."""
    book = read_rulebook(data_folder())
    return "\n".join(["| id | who |", "|---|---|", *(f"| `{one.id}` | {one.title} |" for one in book.parties.values())])


def render_transcript(command: str, lines_max: int = 60) -> str:
    """What a command prints, run here, as a fenced block."""
    with tempfile.TemporaryDirectory() as home:
        places = {"HOME": home, "XDG_CACHE_HOME": f"{home}/cache", "XDG_STATE_HOME": f"{home}/state"}
        places |= {"XDG_DATA_HOME": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/config"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HOLDFAST_")}
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", *shlex.split(command)],
            capture_output=True,
            text=True,
            check=False,
            env={**kept, **places, "COLUMNS": "150"},
        )
    shown = [line.rstrip() for line in (done.stdout or done.stderr).splitlines()[:lines_max]]
    return "\n".join(["```", f"$ holdfast {command}", *shown, "```"])
