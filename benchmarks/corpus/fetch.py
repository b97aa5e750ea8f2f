"""Fetches the pinned source archives of the labelled corpus and unpacks them into a cache folder.

Refuses an archive whose SHA-256 is not the pinned one, and never runs or builds what it fetched.
Packaging copies (`PKG-INFO`, `*.egg-info`) are left out: they repeat the README and carry no labels.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import os
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

PROJECTS_FILE = Path(__file__).with_name("projects.yaml")
FILE_BYTES_MAX = 64 * 1024 * 1024
TOTAL_BYTES_MAX = 512 * 1024 * 1024
MEMBERS_MAX = 20_000
FETCH_TIMEOUT_S = 180
LINE = re.compile(r"^(?P<dash>- |  )(?P<key>[a-z0-9_]+): (?P<value>.+)$")


class CorpusError(Exception):
    """A pinned archive could not be had exactly as pinned; the message names it and the next step."""


@dataclass(frozen=True, slots=True)
class PinnedProject:
    """One source archive of the corpus, as written in projects.yaml."""

    name: str
    version: str
    registry: str
    filename: str
    sha256: str
    set: str
    why: str


def read_projects(path: Path) -> list[PinnedProject]:
    """Read projects.yaml: a flat list of flat mappings, one `key: value` a line, nothing else allowed."""
    entries: list[dict[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = LINE.match(line)
        if found is None or (found["dash"] == "  " and not entries):
            raise CorpusError(f"{path}:{number}: expected '- key: value' or '  key: value'")
        if found["dash"] == "- ":
            entries.append({})
        entries[-1][found["key"]] = found["value"].strip("\"'")
    return [_as_project(entry, path) for entry in entries]


def fetch_project(project: PinnedProject, cache: Path) -> Path:
    """Return the unpacked folder of a project, downloading and checking the archive when it is not there yet."""
    archive = cache / "archives" / project.filename
    archive.parent.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        partial = archive.with_suffix(archive.suffix + ".partial")
        _fetch_archive(project, partial)
        partial.replace(archive)
    check_sha256(archive, project.sha256)
    target = cache / "src" / f"{project.name}-{project.version}"
    if not target.exists():
        unpacking = target.with_name(target.name + ".partial")
        shutil.rmtree(unpacking, ignore_errors=True)
        unpack_archive(archive, unpacking)
        unpacking.replace(target)
    return target


def check_sha256(archive: Path, expected: str) -> None:
    """Raise unless the archive has exactly the pinned bytes."""
    with archive.open("rb") as stream:
        actual = hashlib.file_digest(stream, "sha256").hexdigest()
    if actual != expected:
        raise CorpusError(f"{archive}: sha256 is {actual}, pinned is {expected}; delete the file and fetch again")


def unpack_archive(archive: Path, target: Path) -> None:
    """Write the regular files of a tar archive under target, without its top folder; refuse odd names, skip links."""
    written = 0
    with tarfile.open(archive, "r:*") as bundle:
        for number, member in enumerate(bundle):
            if number >= MEMBERS_MAX:
                raise CorpusError(f"{archive}: more than {MEMBERS_MAX} members")
            place = _find_place(member, archive)
            if place is None:
                continue
            written += member.size
            if member.size > FILE_BYTES_MAX or written > TOTAL_BYTES_MAX:
                raise CorpusError(f"{archive}: {member.name} goes past the size limits")
            _write_member(bundle, member, target / place)


def main(arguments: list[str] | None = None) -> int:
    """Fetch all pinned projects, or the named ones, and print the folder of each."""
    parser = argparse.ArgumentParser(description="Fetch and unpack the labelled corpus.")
    parser.add_argument("cache", type=Path, help="folder for archives and unpacked sources")
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--set", dest="part", help="only projects of this set (development, held-out)")
    options = parser.parse_args(arguments)
    for project in read_projects(PROJECTS_FILE):
        wanted = not options.names or project.name in options.names
        if wanted and options.part in (None, project.set):
            print(fetch_project(project, options.cache), flush=True)
    return 0


def _as_project(entry: dict[str, str], path: Path) -> PinnedProject:
    names = [field.name for field in fields(PinnedProject)]
    if sorted(entry) != sorted(names):
        raise CorpusError(f"{path}: entry {entry.get('name', '?')} must have exactly the keys {', '.join(names)}")
    return PinnedProject(**entry)


def _fetch_archive(project: PinnedProject, destination: Path) -> None:
    if project.registry == "pypi":
        _fetch_from_index(project, destination)
    elif project.registry == "npm":
        _fetch_with_npm(project, destination)
    else:
        raise CorpusError(f"{project.name}: unknown registry {project.registry}; pypi and npm are known")


def _fetch_from_index(project: PinnedProject, destination: Path) -> None:
    # `pip download` would run the source's build backend to learn its metadata; reading the index does not.
    normal = re.sub(r"[-_.]+", "-", project.name).lower()
    page_url = f"{_get_index_url().rstrip('/')}/{normal}/"
    page = _fetch_bytes(page_url).decode("utf-8")
    found = re.search(rf'href="([^"]*/{re.escape(project.filename)})(?:#[^"]*)?"', page)
    if found is None:
        raise CorpusError(f"{project.name}: {project.filename} is not on the package index pip is set to use")
    destination.write_bytes(_fetch_bytes(urllib.parse.urljoin(page_url, html.unescape(found[1]))))


def _fetch_with_npm(project: PinnedProject, destination: Path) -> None:
    folder = destination.parent
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    subprocess.run([*command, f"{project.name}@{project.version}"], check=True, stdout=subprocess.DEVNULL)
    (folder / project.filename).replace(destination)


def _get_index_url() -> str:
    if from_environment := os.environ.get("PIP_INDEX_URL"):
        return from_environment
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    if asked.returncode == 0 and asked.stdout.strip():
        return asked.stdout.strip()
    default = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return subprocess.run([sys.executable, "-c", default], capture_output=True, text=True, check=True).stdout.strip()


def _fetch_bytes(url: str) -> bytes:
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))
    request = urllib.request.Request(url, headers={"Accept": "text/html, application/octet-stream"})
    with urllib.request.urlopen(request, context=context, timeout=FETCH_TIMEOUT_S) as answer:
        content: bytes = answer.read()
    return content


def _find_place(member: tarfile.TarInfo, archive: Path) -> PurePosixPath | None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name:
        raise CorpusError(f"{archive}: refused member name {member.name!r}")
    inner = path.parts[1:]
    packaging = bool(inner) and (inner[-1] == "PKG-INFO" or any(part.endswith(".egg-info") for part in inner))
    return PurePosixPath(*inner) if inner and member.isfile() and not packaging else None


def _write_member(bundle: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    stream = bundle.extractfile(member)
    if stream is None:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with stream, place.open("wb") as out:
        shutil.copyfileobj(stream, out)


if __name__ == "__main__":
    sys.exit(main())
