"""Which deployable unit do the lines of a YAML file belong to? Compose services and Kubernetes workloads, by name.

A name that a template fills in tells nothing: there the path decides, as everywhere else.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from holdfast.inventory.config.tree import Leaf, Node, Table
from holdfast.inventory.sighting import Unit

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,252}")
_COMPOSE_FILE = re.compile(r"(?:.*[-_.])?(?:compose|stack)(?:[-_.].*)?\.ya?ml(?:\..+)?", re.IGNORECASE)
_CONTAINER_KEYS = frozenset({"image", "build", "command", "entrypoint", "environment", "env_file", "extends", "deploy"})
# Kinds that run nothing themselves: their name is no service's.
_STILL_KINDS = frozenset(
    {
        "configmap", "secret", "namespace", "persistentvolume", "persistentvolumeclaim", "serviceaccount", "role",
        "rolebinding", "clusterrole", "clusterrolebinding", "ingress", "networkpolicy", "customresourcedefinition",
        "kustomization", "list", "storageclass", "externalsecret", "sealedsecret", "prometheusrule", "component",
    }
)  # fmt: skip


def find_units(documents: Sequence[Node], path: str, last_line: int) -> tuple[Unit, ...]:
    """The units of a file that has this path and so many lines, in the order of their lines."""
    found: list[Unit] = []
    for number, document in enumerate(documents, 1):
        end = documents[number].line - 1 if number < len(documents) else last_line
        if isinstance(document, Table):
            found += _find_services(document, path, end) or _find_workload(document, end)
    return tuple(found)


def _find_services(root: Table, path: str, end: int) -> list[Unit]:
    services = next((entry for entry in root.entries if entry.key == "services"), None)
    if services is None or not isinstance(services.node, Table) or not _is_compose(services.node, path):
        return []
    following = (entry.line - 1 for entry in root.entries if entry.line > services.line)
    return list(_list_services(services.node, path, min(following, default=end)))


def _is_compose(services: Table, path: str) -> bool:
    tables = [entry.node for entry in services.entries if isinstance(entry.node, Table)]
    if len({entry.line for entry in services.entries}) < len(services.entries):
        return False  # several on one line: a line does not tell which
    named = _COMPOSE_FILE.fullmatch(posixpath.basename(path)) is not None
    return bool(tables) and all(_CONTAINER_KEYS & table.keys or named for table in tables)


def _list_services(services: Table, path: str, end: int) -> Iterator[Unit]:
    entries = services.entries
    ends = [*(entry.line - 1 for entry in entries[1:]), end]
    for entry, last in zip(entries, ends, strict=True):
        if isinstance(entry.node, Table) and _NAME.fullmatch(entry.key):
            yield Unit(entry.key, entry.line, last, _find_folder(entry.node, path))


def _find_folder(service: Table, path: str) -> str:
    """The folder that a service is built from, below the scanned root; empty when none, or the root itself."""
    build = service.find("build")
    context = build.text if isinstance(build, Leaf) else build.find_text("context") if isinstance(build, Table) else ""
    if not context or re.search(r"[$:{]", context) or context.startswith("/"):
        return ""
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), context))
    return "" if folder == "." or folder.startswith("..") else folder


def _find_workload(root: Table, end: int) -> list[Unit]:
    kind, metadata = root.find_text("kind"), root.find("metadata")
    if not kind or not root.find_text("apiversion") or not isinstance(metadata, Table):
        return []
    name = metadata.find_text("name")
    is_still = kind.lower() in _STILL_KINDS or (kind == "Service" and root.find_text("apiversion") == "v1")
    return [Unit(name, root.line, end)] if _NAME.fullmatch(name) and not is_still else []
