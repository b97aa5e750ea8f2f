"""What an `s3://` URL says. It never holds a credential: those come from the environment alone."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from holdfast.records.errors import StorageError, UsageError
from holdfast.vault.storage.keys import check_key

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION = re.compile(r"[a-z0-9-]{1,64}")
FORM = "Write s3://bucket/prefix, with ?endpoint=https://host&region=name where they are needed."


@dataclass(frozen=True, slots=True)
class S3Address:
    """A place in a bucket. An empty endpoint or region is the environment's or the library's own."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def read_s3_address(url: str, endpoint: str = "") -> S3Address:
    """The address that a URL names, at `endpoint` when it names none itself.

    UsageError when it cannot be one; the error repeats no part, since any may be secret.
    """
    parts = _split(url)
    if "@" in parts.netloc or parts.fragment:
        raise _unusable("The address holds a credential or a fragment; credentials come from AWS_… variables only.")
    if not BUCKET.fullmatch(parts.netloc):
        raise _unusable("The address names no bucket.")
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(settings) - {"endpoint", "region"}:
        raise _unusable("The address may set endpoint and region only; credentials come from AWS_… variables.")
    region = settings.get("region", "")
    if region and not REGION.fullmatch(region):
        raise _unusable("This is not the name of a region.")
    return S3Address(parts.netloc, _prefix_of(parts), _checked_endpoint(settings.get("endpoint", endpoint)), region)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _unusable("The address cannot be read.") from None
    if parts.scheme.lower() != "s3":
        raise _unusable("The address does not begin with s3://.")
    return parts


def _prefix_of(parts: SplitResult) -> str:
    prefix = unquote(parts.path).strip("/")
    if prefix:
        try:
            check_key(prefix)
        except StorageError as error:
            raise _unusable(f"The prefix cannot be used. {error.what}") from None
    return prefix


def _checked_endpoint(endpoint: str) -> str:
    if not endpoint:
        return ""
    parts = _split_endpoint(endpoint)
    plain = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    if not plain or "@" in parts.netloc:
        raise _unusable("The endpoint is not a plain http:// or https:// address without credentials.")
    return endpoint.rstrip("/")


def _split_endpoint(endpoint: str) -> SplitResult:
    try:
        parts = urlsplit(endpoint)
        _port = parts.port  # raises when it is no number
    except ValueError:
        raise _unusable("The endpoint cannot be read.") from None
    return parts


def _unusable(what: str) -> UsageError:
    return UsageError(what, where="--vault s3://…", next_step=FORM)
