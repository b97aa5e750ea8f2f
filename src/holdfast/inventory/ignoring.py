"""Which paths git leaves out: nested `.gitignore`, negation, `.git/info/exclude`, `.holdfastignore`. Runs no git.

Translation of patterns is pathspec's; what is added is a cheap test that spares most paths the full evaluation.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

IGNORE_BYTES_MAX = 512 * 1024
_GLOB = re.compile(r"[*?\[\\]")
_NEVER = re.compile(r"(?!)")
_STARS_MAX = 5

Sort = Literal["file", "folder"]


class Regex(Protocol):
    """A compiled pattern of either engine."""

    @property
    def pattern(self) -> str: ...

    def search(self, string: str) -> object | None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern: where it matches, and whether it ignores or (negated) keeps."""

    pattern: str
    regex: Regex
    ignores: bool


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """One ignore file's rules in order, with a quick test that misses nothing they match.

    `cut` is the length of the folder's path below the root; `lead` is the root's path below a folder above it.
    """

    rules: tuple[Rule, ...]
    names: frozenset[str]
    suffixes: tuple[str, ...]
    others: Regex
    cut: int = 0
    lead: str = ""

    def find_verdict(self, path: str, name: str, sort: Sort) -> bool | None:
        """True: ignored, False: kept by a negated pattern, None: no pattern speaks."""
        subject = self.lead + path[self.cut :]
        if not (name in self.names or name.endswith(self.suffixes) or self.others.search(subject + "/")):
            return None
        if sort == "folder":
            subject += "/"
        return _find_last(self.rules, subject)


@dataclass(frozen=True, slots=True)
class Ignores:
    """The ignore files that apply in one folder, the nearest first."""

    files: tuple[IgnoreFile, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)

    def is_ignored(self, path: str, name: str, sort: Sort) -> bool:
        """Whether the nearest ignore file that speaks about `path` (relative to the root) ignores it."""
        for file in self.files:
            verdict = file.find_verdict(path, name, sort)
            if verdict is not None:
                return verdict
        return False


def read_ignore_file(outer: Ignores, path: Path, prefix: str) -> Ignores:
    """`outer` with one more ignore file in front; an unreadable one changes nothing, as in git."""
    rules = _translate(_read_lines(path))
    return Ignores((_compile(rules, len(prefix), ""), *outer.files)) if rules else outer


def read_outer_ignores(root: Path) -> Ignores:
    """Rules from above the root: `.git/info/exclude`, and `.gitignore` files up to the top of the repository.

    A root that these rules ignore is no part of the repository: it was named on purpose, and none of them applies.
    """
    top = _find_repository(root)
    if top is None:
        return Ignores()
    outer = _read_above(top / ".git" / "info" / "exclude", root, top)
    for folder in reversed(root.parents):
        if folder == top or top in folder.parents:
            outer = [*_read_above(folder / ".gitignore", root, folder), *outer]
    ignored = any(file.lead and _ignores_lead(file) for file in outer)
    return Ignores() if ignored else Ignores(tuple(outer))


def _ignores_lead(file: IgnoreFile) -> bool:
    """Whether an ignore file above the root ignores the root, or a folder between the two."""
    folders = file.lead.rstrip("/").split("/")
    paths = ["/".join(folders[: depth + 1]) + "/" for depth in range(len(folders))]
    return any(_find_last(file.rules, path) for path in paths)


def _find_last(rules: Sequence[Rule], subject: str) -> bool | None:
    return next((rule.ignores for rule in reversed(rules) if rule.regex.search(subject)), None)


def _get_lead(root: Path, folder: Path) -> str:
    return "" if root == folder else root.relative_to(folder).as_posix() + "/"


def _read_above(path: Path, root: Path, folder: Path) -> list[IgnoreFile]:
    rules = _translate(_read_lines(path))
    return [_compile(rules, 0, _get_lead(root, folder))] if rules else []


def _find_repository(root: Path) -> Path | None:
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def _read_lines(path: Path) -> list[str]:
    try:
        if not path.is_file() or path.stat().st_size > IGNORE_BYTES_MAX:
            return []
        return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return []


def _translate(lines: Iterable[str]) -> list[Rule]:
    from pathspec.patterns.gitignore.base import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    rules: list[Rule] = []
    for line in lines:
        try:
            regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(line)
            if regex is not None and ignores is not None:
                rules.append(Rule(line, _compile_regex(regex), ignores))
        except (GitIgnorePatternError, re.error):
            continue  # git leaves such a line out as well
    return rules


def _compile_regex(text: str) -> Regex:
    """Patterns with many stars go to an engine without backtracking: in the other they could take for ever."""
    if text.count("*") + text.count("+") <= _STARS_MAX:
        return re.compile(text)
    from holdfast.inventory.prefilter import compile_linear

    return compile_linear(text)


def _compile(rules: Sequence[Rule], cut: int, lead: str) -> IgnoreFile:
    """Sort patterns by what is cheap to ask: whole names, endings of names, and the rest as one expression."""
    names: set[str] = set()
    suffixes: set[str] = set()
    others: list[str] = []
    for rule in rules:
        word = rule.pattern.rstrip().removeprefix("!").rstrip("/").removeprefix("**/")
        if "/" not in word and not _GLOB.search(word):
            names.add(word)
        elif "/" not in word and word.startswith("*") and not _GLOB.search(word[1:]):
            suffixes.add(word[1:])
        else:
            others.append(rule.regex.pattern.replace("(?P<ps_d>/)", "/"))
    joined = _join(others) if others else _NEVER
    return IgnoreFile(tuple(rules), frozenset(names), tuple(suffixes), joined, cut, lead)


def _join(patterns: Sequence[str]) -> Regex:
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    if all(pattern.count("*") + pattern.count("+") <= _STARS_MAX for pattern in patterns):
        return re.compile(joined)
    return _compile_regex(joined)
