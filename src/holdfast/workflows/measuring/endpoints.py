"""Endpoints as they are named on the command line: NAME=URL[#MODEL], with what belongs to each given by its name."""

import dataclasses
import ipaddress
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urldefrag, urlsplit

from holdfast.measure.load.address import hide_credentials
from holdfast.measure.load.keys import read_key
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Api, Endpoint

KEY_PREFIX: Final = "HOLDFAST_KEY_"
_LIST_BYTES_MAX: Final = 4 << 20
_EXAMPLE: Final = "Write --endpoint local=http://127.0.0.1:8000/v1#MODEL."


def parse_endpoints(
    texts: Sequence[str], keys: Mapping[str, str], environ: Mapping[str, str], api: Api
) -> tuple[Endpoint, ...]:
    """Endpoints in the order in which they are named. The variable that holds an endpoint's key is the one in `keys`,
    else HOLDFAST_KEY_NAME if it is set. Raises UsageError for a text that is none, or a name that stands twice."""
    found = tuple(_parse(text, keys, environ, api) for text in texts)
    names = [endpoint.name for endpoint in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError("two endpoints have one name", where=name, next_step="Name each once.")
    check_names("key", keys, names)
    return found


def check_names(what: str, given: Mapping[str, object], names: Sequence[str]) -> None:
    """UsageError where something is given for an endpoint that is not there."""
    for name in given:
        if name not in names:
            raise UsageError(
                f"a {what} is given for endpoint {name}, which is not named",
                where=", ".join(names) or "no endpoint",
                next_step=_EXAMPLE,
            )


def parse_pairs(what: str, texts: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE texts by name. Raises UsageError for one that is not so."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not (name and mark and value) or name in pairs:
            raise UsageError(
                f"a {what} is given as NAME=VALUE, once for each endpoint",
                where=text,
                next_step=f"Write --{what} local=…",
            )
        pairs[name] = value
    return pairs


def _parse(text: str, keys: Mapping[str, str], environ: Mapping[str, str], api: Api) -> Endpoint:
    name, mark, rest = text.partition("=")
    url, model = urldefrag(rest)
    if not mark or not name.replace("-", "").replace("_", "").isalnum() or "://" not in url:
        raise UsageError("this names no endpoint", where=name if mark else "--endpoint", next_step=_EXAMPLE)
    implied = KEY_PREFIX + name.upper().replace("-", "_")
    variable = keys.get(name, implied if environ.get(implied) else "")
    return Endpoint(name, url.rstrip("/"), model, api, variable)


def is_local(endpoint: Endpoint) -> bool:
    """Whether the endpoint is on this machine, as far as its address tells."""
    host = urlsplit(endpoint.url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def complete(endpoint: Endpoint, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint with a model: the only one that it lists, where none was named. Raises UsageError when it lists none
    or several."""
    if endpoint.model:
        return endpoint
    listed = fetch_models(endpoint, environ)
    if len(listed) == 1:
        return dataclasses.replace(endpoint, model=listed[0])
    told = ", ".join(listed[:8]) if listed else "it lists none"
    raise UsageError(
        f"which model is asked must be said: {told}",
        where=f"endpoint {endpoint.name}",
        next_step=f"Write --endpoint {endpoint.name}={hide_credentials(endpoint).url}#MODEL.",
    )


def fetch_models(endpoint: Endpoint, environ: Mapping[str, str]) -> list[str]:
    """What the endpoint lists at /models; nothing where it does not answer as one."""
    key = read_key(endpoint, environ)
    request = urllib.request.Request(hide_credentials(endpoint).url + "/models")  # noqa: S310
    if key:
        request.add_unredirected_header("Authorization", f"Bearer {key.reveal()}")
    try:
        context = ssl.create_default_context(cafile=endpoint.ca_file or None)
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
            content = json.loads(answer.read(_LIST_BYTES_MAX))
    except (OSError, ValueError, RecursionError, urllib.error.URLError):
        return []
    return _list_names(content)


def _list_names(content: object) -> list[str]:
    rows = cast("Mapping[str, object]", content).get("data") if isinstance(content, dict) else None
    found: list[str] = []
    for row in cast("list[object]", rows) if isinstance(rows, list) else []:
        name = cast("Mapping[str, object]", row).get("id") if isinstance(row, dict) else None
        if isinstance(name, str):
            found.append(name)
    return found
