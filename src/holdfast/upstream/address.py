"""Where a hub is and how its addresses are written. Names that would lead elsewhere are refused before any call."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from holdfast.records.errors import ConfigurationError, UsageError

DEFAULT_ENDPOINT: Final = "https://huggingface.co"
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95})?")
_REVISION: Final = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]{1,250}")
COMMIT: Final = re.compile(r"[0-9a-f]{40}")
PATH_BYTES_MAX: Final = 1024
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: whom a token is for."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A hub's base address, without a slash at its end."""

    url: str

    @property
    def origin(self) -> Origin:
        """Whom the token is for."""
        return get_origin(self.url)

    def model_api(self, name: str, *parts: str) -> str:
        """`/api/models/{name}/…`, each part quoted as one segment."""
        return "/".join((f"{self.url}/api/models/{quote(name)}", *(quote(part, safe="") for part in parts)))

    def file(self, name: str, commit: str, path: str) -> str:
        """Where a file's bytes are."""
        return f"{self.url}/{quote(name)}/resolve/{quote(commit, safe='')}/{quote(path)}"

    def pointer(self, name: str, commit: str, path: str) -> str:
        """Where git's own blob of a file is: of a large file its pointer."""
        return f"{self.url}/{quote(name)}/raw/{quote(commit, safe='')}/{quote(path)}"

    def git(self, name: str, service: str) -> str:
        """Git's smart HTTP."""
        return f"{self.url}/{quote(name)}.git/{service}"


def parse_endpoint(text: str, where: str) -> Endpoint:
    """A hub's base address. Raises ConfigurationError naming where it was written."""
    parts = urlsplit(text.strip())
    try:
        sound = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{_hide_user(text)!r} is no address of a hub", where=where, next_step="Write it like https://hub.example."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            "an address with a password in it is not used: it would show in logs",
            where=where,
            next_step="Give a token with HF_TOKEN or --token-file.",
        )
    return Endpoint(text.strip().rstrip("/"))


def _hide_user(text: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", text)[:200]


def get_origin(url: str) -> Origin:
    """The origin of an absolute address; ValueError for any other."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{url[:100]!r} is no http address")
    return Origin(parts.scheme, parts.hostname.lower(), parts.port or _PORTS[parts.scheme])


def check_name(name: str) -> str:
    """A model's name on a hub. Raises UsageError."""
    if not _NAME.fullmatch(name) or ".." in name or name.endswith(".git"):
        raise UsageError(f"{name!r} is no name of a model on a hub", next_step="Write it like org/name.")
    return name


def check_revision(revision: str) -> str:
    """A branch, tag or commit. Raises UsageError."""
    if not _REVISION.fullmatch(revision) or ".." in revision or revision.startswith(("/", "-")):
        raise UsageError(f"{revision!r} is no branch, tag or commit", next_step="Write it like org/name@main.")
    return revision


def check_path(path: str) -> str:
    """A path inside a folder, as a hub lists it; ValueError otherwise."""
    data = path.encode()  # a lone surrogate is no text
    parts = path.split("/")
    if len(data) > PATH_BYTES_MAX or "\\" in path or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        raise ValueError(f"{path[:80]!a} is too long, or has letters that no path should have")
    if any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts):
        raise ValueError(f"{path[:80]!a} is not a path inside a folder")
    return path
