"""Lists the files of a tree that a detector claims, gitignore-aware. Opens only ignore files, follows no link."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from holdfast.inventory.ignoring import Ignores, read_ignore_file, read_outer_ignores
from holdfast.records.errors import MissingPath, UnreadableFile
from holdfast.records.use import Skipped

IGNORE_NAMES = (".gitignore", ".holdfastignore")

# Never source: version control and caches of tools. Left out without a line in the report.
TOOL_FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
        ".tox", ".nox", ".eggs", ".gradle", ".terraform", ".next", ".nuxt", ".svelte-kit", ".turbo", ".parcel-cache",
        ".ipynb_checkpoints", ".import_linter_cache", ".holdfast-cache", ".yarn", ".pnpm-store", ".cache",
    }
)  # fmt: skip
# Somebody else's code, installed. Reported once a folder; scanned when named as the root.
INSTALLED_FOLDERS = frozenset({"node_modules", "bower_components", "site-packages", "dist-packages"})
# Outputs of a build when a file beside them says so. `dist` is not here: packages ship their sources in it.
BUILD_FOLDERS = {
    "target": ("Cargo.toml", "pom.xml", "build.sbt"),
    "_build": ("conf.py", "mix.exs"),
}
CACHE_TAG = "CACHEDIR.TAG"  # the convention by which a folder says that it is a cache


class Found(NamedTuple):
    """A regular file that a detector claims: its path under the root, its format, and what says it is unchanged."""

    path: str
    format: str
    size: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class Walk:
    """What one walk saw. `folders` holds the paths that `keep_folder` asked to remember."""

    files: list[Found] = field(default_factory=list[Found])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    folders: list[str] = field(default_factory=list[str])
    markers: list[str] = field(default_factory=list[str])
    files_seen: int = 0
    files_ignored: int = 0
    links_inside: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What a walk is after: the format of a file name (None: no detector), store folders, and marker file names."""

    find_format: Callable[[str], str | None]
    is_store: Callable[[str], bool]
    marker_names: frozenset[str] = frozenset()


class _Folder(NamedTuple):
    place: str  # for the system
    prefix: str  # relative to the root, with a trailing slash; empty for the root
    ignores: Ignores


def walk(root: Path, choice: Choice) -> Walk:
    """Walk a folder, or look at a single file.

    Raises MissingPath when `root` does not exist and UnreadableFile when it cannot be listed or is no regular file.
    """
    mode = _read_mode(root)
    result = Walk()
    if stat.S_ISREG(mode):
        _take_single(root, choice, result)
        return result
    if not stat.S_ISDIR(mode):
        raise UnreadableFile("not a regular file or folder", where=str(root), next_step="Name a file or a folder.")
    if not os.access(root, os.R_OK | os.X_OK):
        raise UnreadableFile("the folder may not be listed", where=str(root), next_step="Check its permissions.")
    _Walker(os.path.realpath(root), choice, result).run()
    return result


def _read_mode(root: Path) -> int:
    try:
        return root.stat().st_mode
    except FileNotFoundError as error:
        raise MissingPath("no such file or folder", where=str(root), next_step="Check the path.") from error
    except OSError as error:
        reason = error.strerror or "cannot be looked at"
        raise UnreadableFile(reason, where=str(root), next_step="Check the path and its permissions.") from error


def _take_single(root: Path, choice: Choice, result: Walk) -> None:
    result.files_seen = 1
    wanted = choice.find_format(root.name)
    if wanted is None:
        result.skipped.append(Skipped(root.name, "no reader for files of this name"))
        return
    status = root.stat()
    result.files.append(Found(root.name, wanted, status.st_size, status.st_mtime_ns, status.st_ino))


class _Walker:
    """One walk of one tree; its state is the stack of folders still to list."""

    def __init__(self, root: str, choice: Choice, result: Walk) -> None:
        self.root = root
        self.choice = choice
        self.result = result
        self.stack: list[_Folder] = []

    def run(self) -> None:
        self.stack.append(_Folder(self.root, "", read_outer_ignores(Path(self.root))))
        while self.stack:
            self._list(self.stack.pop())

    def _list(self, folder: _Folder) -> None:
        try:
            with os.scandir(folder.place) as listing:
                entries = list(listing)
        except OSError as error:
            self._skip(folder.prefix, f"folder cannot be listed: {error.strerror}")
            return
        names = {entry.name for entry in entries}
        if CACHE_TAG in names and folder.prefix:
            self._skip(folder.prefix, "folder that calls itself a cache; name the folder itself to scan it")
            return
        ignores = folder.ignores
        for name in IGNORE_NAMES:
            if name in names:
                ignores = read_ignore_file(ignores, Path(folder.place, name), folder.prefix)
        self._take_all(folder._replace(ignores=ignores), entries, names)

    def _take_all(self, folder: _Folder, entries: list[os.DirEntry[str]], names: set[str]) -> None:
        for entry in entries:
            try:
                if entry.is_symlink():
                    self._take_link(folder, entry)
                elif entry.is_dir(follow_symlinks=False):
                    self._take_folder(folder, entry, names)
                else:
                    self._take_file(folder, entry)
            except OSError as error:
                self._skip(folder.prefix + entry.name, f"cannot be looked at: {error.strerror}")

    def _take_file(self, folder: _Folder, entry: os.DirEntry[str]) -> None:
        name, result = entry.name, self.result
        result.files_seen += 1
        wanted = self.choice.find_format(name)
        if wanted is None and name not in self.choice.marker_names:
            return
        path = folder.prefix + name
        if folder.ignores and folder.ignores.is_ignored(path, name, "file"):
            result.files_ignored += 1
            return
        if name in self.choice.marker_names:
            result.markers.append(path)
        if wanted is None:
            return
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            self._skip(path, "not a regular file (pipe, socket or device); never opened")
        elif not name.isascii() and not _is_utf8(name):
            self._skip(path, "file name is not valid UTF-8")
        else:
            result.files.append(Found(path, wanted, status.st_size, status.st_mtime_ns, status.st_ino))

    def _take_folder(self, folder: _Folder, entry: os.DirEntry[str], siblings: set[str]) -> None:
        name = entry.name
        path = folder.prefix + name
        if self.choice.is_store(path):
            self.result.folders.append(path)
            return
        if name in TOOL_FOLDERS:
            return
        if folder.ignores and folder.ignores.is_ignored(path, name, "folder"):
            self.result.files_ignored += 1
            return
        reason = _why_pruned(entry, siblings)
        if not name.isascii() and not _is_utf8(name):
            reason = "folder name is not valid UTF-8"
        if reason:
            self._skip(path + "/", reason)
        else:
            self.stack.append(_Folder(entry.path, path + "/", folder.ignores))

    def _take_link(self, folder: _Folder, entry: os.DirEntry[str]) -> None:
        """Links are never followed: what they lead to inside the root is read in its own place."""
        path = folder.prefix + entry.name
        if folder.ignores and folder.ignores.is_ignored(path, entry.name, "file"):
            self.result.files_ignored += 1
            return
        target = os.path.realpath(entry.path)
        reason = _why_link_skipped(self.root, entry.path, target)
        wanted = os.path.isdir(target) or self.choice.find_format(entry.name) is not None
        if reason and wanted:
            self._skip(path, reason)
        else:
            self.result.links_inside += 1

    def _skip(self, path: str, reason: str) -> None:
        shown = path if path.isascii() else path.encode("utf-8", "backslashreplace").decode("utf-8")
        self.result.skipped.append(Skipped(shown or ".", reason))


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _why_pruned(entry: os.DirEntry[str], siblings: set[str]) -> str:
    name = entry.name
    if name in INSTALLED_FOLDERS:
        return "installed packages; name the folder itself to scan it"
    evidence = BUILD_FOLDERS.get(name, ())
    if any(marker in siblings for marker in evidence):
        return "output of a build; name the folder itself to scan it"
    if name.endswith(("venv", "env")) and os.path.lexists(os.path.join(entry.path, "pyvenv.cfg")):
        return "virtual environment; name the folder itself to scan it"
    return ""


def _why_link_skipped(root: str, place: str, target: str) -> str:
    inside = target == root or target.startswith(root + os.sep)
    if not os.path.lexists(target):
        return "link to nothing"
    if os.path.islink(target):
        return "link that leads back to itself"
    if not inside:
        return "link that leaves the scanned folder"
    if place == target or place.startswith(target + os.sep):
        return "link to a folder above it (a cycle)"
    return ""
