"""Who runs the endpoint. An address that nobody claims stays unknown; weights on disk run here."""

import ipaddress
from urllib.parse import urlsplit

from holdfast.lineage.registry import Registry
from holdfast.records.evidence import Sureness
from holdfast.records.lineage import Operator, Where
from holdfast.records.model import Kind, ModelName

_ROUTED = "A router: who runs the model behind it is not known."


def find_operator(model: ModelName, registry: Registry, *, endpoint: str = "", held: bool = False) -> Operator:
    """By the address where one is set, else by the provider in the name, else by the files that lie here."""
    if endpoint:
        return _find_by_address(endpoint, registry)
    if model.kind is Kind.HOSTED:
        return _find_by_provider(model.namespace or model.path, registry)
    return Operator(Where.HERE, None, Sureness.HIGH) if held else Operator(Where.UNKNOWN)


def _find_by_provider(word: str, registry: Registry) -> Operator:
    organisation = registry.api_owners.get(word.lower())
    if organisation is None:
        return Operator(Where.HOSTED, None, Sureness.UNKNOWN, f"The provider {word} is not in the registry.")
    return Operator(
        Where.HOSTED, organisation, Sureness.HIGH, _ROUTED if organisation in registry.naming.routers else ""
    )


def _find_by_address(endpoint: str, registry: Registry) -> Operator:
    host = _read_host(endpoint)
    if host is None:
        return Operator(Where.UNKNOWN, None, Sureness.UNKNOWN, f"The address is not known here: {endpoint}")
    if _is_own(host, registry):
        return Operator(Where.HERE, None, Sureness.MEDIUM, f"An address inside the user's own network: {host}")
    organisation = _find_host_owner(host, registry)
    if organisation is None:
        return Operator(Where.HOSTED, None, Sureness.UNKNOWN, f"Nobody in the registry claims {host}.")
    return Operator(
        Where.HOSTED, organisation, Sureness.HIGH, _ROUTED if organisation in registry.naming.routers else ""
    )


def _read_host(endpoint: str) -> str | None:
    if any(sign in endpoint for sign in "${}<>"):
        return None
    try:
        host = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}").hostname
    except ValueError:
        return None
    return host.lower() if host else None


def _is_own(host: str, registry: Registry) -> bool:
    if not any(sign in host for sign in ".:") or host.endswith(registry.naming.own_host_endings):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback or address.is_unspecified


def _find_host_owner(host: str, registry: Registry) -> str | None:
    labels = host.split(".")
    endings = (".".join(labels[i:]) for i in range(len(labels) - 1))
    return next((registry.endpoint_owners[end] for end in endings if end in registry.endpoint_owners), None)
