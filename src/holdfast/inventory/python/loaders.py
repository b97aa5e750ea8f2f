"""Which Python callables take a model's name, from data/python_loaders.yaml. Knows nothing of any one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

import holdfast


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a call carries a value: a position (None: only by keyword) and keywords."""

    index: int | None
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loader:
    """A callable that takes a model's name."""

    rule: str
    via: str
    argument: Argument
    also: tuple[Argument, ...] = ()
    revision: str = ""
    endpoint: tuple[str, ...] = ()
    provider: str = ""  # keyword that says whose model it is
    dataset: str = ""  # keyword that says the repository is no model
    service: int | None = None  # position of the service a client is made for
    vertex: str = ""  # keyword that turns a client to another provider
    is_client: bool = False
    names_tokenizer: bool = False
    stands_alone: bool = False
    anywhere: bool = False
    is_quiet: bool = False  # loads files of any kind: only a weight file's name counts


@dataclass(frozen=True, slots=True)
class Package:
    """The callables of one import root."""

    via: str
    exact: Mapping[str, Loader]
    globbed: tuple[tuple[str, Loader], ...]


@dataclass(frozen=True, slots=True)
class LoaderTable:
    """Every callable that is known, by import root and by method."""

    packages: Mapping[str, Package]
    prefixed: tuple[tuple[str, Package], ...]
    methods: Mapping[str, Loader]
    anywhere_methods: Mapping[str, Loader]
    distinct: Mapping[str, Loader]

    def find_package(self, dotted: str) -> tuple[Package, str] | None:
        """The package that a dotted name belongs to, and the rest of the name after the import root."""
        parts = _strip_vendor(dotted.split("."))
        for length in (2, 1):
            root = ".".join(parts[:length])
            if root in self.packages and len(parts) > length:
                return self.packages[root], ".".join(parts[length:])
        for prefix, package in self.prefixed:
            if parts[0].startswith(prefix) and len(parts) > 1:
                return package, ".".join(parts[1:])
        return None

    def find_loader(self, dotted: str) -> Loader | None:
        """The callable behind a dotted name: its longest known ending inside the package decides."""
        found = self.find_package(dotted)
        if found is None:
            return self.distinct.get(dotted.rpartition(".")[2])
        package, rest = found
        parts = rest.split(".")
        for start in range(len(parts)):
            ending = ".".join(parts[start:])
            if ending in package.exact:
                return package.exact[ending]
        pair = ".".join(parts[-2:])
        return next((loader for pattern, loader in package.globbed if fnmatchcase(pair, pattern)), None)


_VENDORS = frozenset({"vendored", "vendor", "_vendor", "third_party", "thirdparty", "external", "extern"})


def _strip_vendor(parts: list[str]) -> list[str]:
    """`app.vendored.clip.load`: a project's own copy of a package is that package."""
    for index in range(len(parts) - 2):
        if parts[index] in _VENDORS:
            return parts[index + 1 :]
    return parts


@cache
def get_loader_table() -> LoaderTable:
    """The table that ships with the package; read once in a process."""
    path = Path(holdfast.__file__).parent / "data" / "python_loaders.yaml"
    with path.open(encoding="utf-8") as stream:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return _build(cast(dict[str, Any], yaml.load(stream, Loader=loader)))  # noqa: S506 - a safe loader


def _build(data: dict[str, Any]) -> LoaderTable:
    built = {root: _package(root, entry) for root, entry in data["packages"].items()}
    by_name = {name: loader for package in built.values() for name, loader in package.exact.items()}
    return LoaderTable(
        packages={root: package for root, package in built.items() if not root.endswith("*")},
        prefixed=tuple((root[:-1], package) for root, package in built.items() if root.endswith("*")),
        methods={name: _loader(name, "", entry) for name, entry in data["methods"].items()},
        anywhere_methods={name: _loader(name, "", entry) for name, entry in data["anywhere_methods"].items()},
        distinct={name: by_name[name] for name in data["distinct_names"] if name in by_name},
    )


def _package(root: str, entry: dict[str, Any]) -> Package:
    via = entry["via"]
    loaders = {name: _loader(f"{root.rstrip('*')}.{name}", via, spec) for name, spec in entry["calls"].items()}
    globbed = tuple((name, loader) for name, loader in loaders.items() if "*" in name)
    return Package(via, {name: loader for name, loader in loaders.items() if "*" not in name}, globbed)


def _loader(name: str, via: str, spec: list[Any] | dict[str, Any]) -> Loader:
    entry: dict[str, Any] = {"arg": spec} if isinstance(spec, list) else spec
    return Loader(
        rule=f"python.{name.replace('*.', '')}",
        via=entry.get("via", via),
        argument=_argument(entry["arg"]),
        also=_others(entry.get("also", [])),
        revision=entry.get("revision", ""),
        endpoint=tuple(word for word in entry.get("endpoint", "").split("|") if word),
        provider=entry.get("provider", ""),
        dataset=entry.get("dataset", ""),
        service=entry.get("service"),
        vertex=entry.get("vertex", ""),
        is_client=bool(entry.get("client", False)),
        names_tokenizer=bool(entry.get("token", False)),
        stands_alone=bool(entry.get("alone", False)),
        anywhere=bool(entry.get("anywhere", False)),
        is_quiet=bool(entry.get("quiet", False)),
    )


def _argument(spec: list[Any]) -> Argument:
    return Argument(spec[0], tuple(str(word) for word in spec[1:]))


def _others(spec: list[Any]) -> tuple[Argument, ...]:
    """Further arguments: a leading number is the position of the first of them."""
    if spec and isinstance(spec[0], int):
        return (Argument(spec[0], tuple(str(word) for word in spec[1:])),)
    return tuple(Argument(None, (str(word),)) for word in spec)
