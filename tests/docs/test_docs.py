"""The docs are held to the program: every verb, variable and link that they name exists, and none is left out."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from holdfast.front.cli.main import app
from holdfast.workflows.configuration import VARIABLES

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")])


def verbs() -> dict[str, Any]:
    root: Any = typer.main.get_command(app)
    return dict(root.commands)


def test_every_verb_has_a_how_to_page_of_its_own() -> None:
    pages = {page.stem for page in (REPOSITORY / "docs" / "how-to").glob("*.md")}
    assert set(verbs()) <= pages


def test_every_verb_is_in_the_readme_or_its_settings_page() -> None:
    text = (REPOSITORY / "README.md").read_text() + (REPOSITORY / "docs" / "how-to" / "config.md").read_text()
    assert [name for name in verbs() if f"holdfast {name}" not in text] == []


def test_every_environment_variable_is_documented() -> None:
    text = (REPOSITORY / "docs" / "how-to" / "config.md").read_text()
    assert [name for name in VARIABLES if name not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_commands_in_the_docs_use_verbs_and_options_that_exist(page: Path) -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for line in re.findall(r"^(?:\$ )?holdfast ([a-z].*)$", "\n".join(blocks), re.MULTILINE):
        words = line.split("#")[0].split()
        command = verbs().get(words[0])
        assert command is not None, f"{page.name}: holdfast {line}"
        inner = find_inner(command, words)
        known = {option for part in (command, inner) if part for param in part.params for option in param.opts}
        unknown = [word for word in words if re.fullmatch(r"--[a-z-]+", word) and word not in known | {"--help"}]
        assert unknown == [], f"{page.name}: holdfast {line}"


def find_inner(command: Any, words: list[str]) -> Any:
    """The verb inside a group that a line means: the one it names, else the group's default."""
    inner = getattr(command, "commands", {})
    return inner.get(words[1] if len(words) > 1 else "", inner.get(getattr(command, "default", "")))


def test_every_user_visible_change_is_said_in_at_most_25_words() -> None:
    for path in (REPOSITORY / "changes").glob("[0-9]*.md"):
        assert len(path.read_text().split()) <= 25, path.name
