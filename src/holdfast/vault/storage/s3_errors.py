"""From what the S3 library reports to errors that a user can act on. No text of the server or the library is passed on,
since it may repeat a request; only its status and its error code are.
"""

import re

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from holdfast.records.errors import AccessDenied, MissingKey, NoSpace, StorageError, TruncatedKey

CODE = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
STATUS = re.compile(r"non-2xx status code: (\d{3})")
TRIES = re.compile(r"after (\d{1,3}) retries")

KEYS = "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary ones, AWS_SESSION_TOKEN."
RIGHTS = "Check that they may list the bucket and read, write and delete objects in it."
AGAIN = "Run again; if it stays, look at the server and the way to it."
VERIFY = "Run `holdfast verify` to see what is missing."

_CODES: dict[str, tuple[type[StorageError], str, str]] = {
    "NoSuchBucket": (StorageError, "There is no such bucket.", "Create it, or check its name, endpoint and region."),
    "InvalidAccessKeyId": (AccessDenied, "The server does not know the access key.", KEYS),
    "SignatureDoesNotMatch": (AccessDenied, "The secret key does not belong to the access key.", KEYS),
    "ExpiredToken": (AccessDenied, "The temporary credentials have expired.", "Renew them, then run again."),
    "InvalidToken": (AccessDenied, "The session token is not valid.", KEYS),
    "RequestTimeTooSkewed": (AccessDenied, "This computer's clock differs from the server's.", "Set the clock."),
    "AccessDenied": (AccessDenied, "The server refuses what these credentials ask.", RIGHTS),
    "PermanentRedirect": (StorageError, "The bucket lies in another region.", "Add ?region= to the address."),
    "AuthorizationHeaderMalformed": (
        StorageError,
        "The server expects another region.",
        "Add ?region= to the address.",
    ),
    "QuotaExceeded": (NoSpace, "The bucket's quota is reached.", "Raise the quota or make room."),
    "XMinioStorageFull": (NoSpace, "The server's storage is full.", "Make room on the server."),
    "XMinioAdminBucketQuotaExceeded": (NoSpace, "The bucket's quota is reached.", "Raise the quota or make room."),
    "InvalidRange": (TruncatedKey, "The value ends before the place asked for.", VERIFY),
}


def s3_error(error: Exception, where: str) -> StorageError:
    """What the library's error means for a vault."""
    text = str(error)
    code, status = _first(CODE, text), _first(STATUS, text)
    if code in _CODES:
        kind, what, next_step = _CODES[code]
        return kind(what, where=where, next_step=next_step)
    if isinstance(error, FileNotFoundError):
        return MissingKey("The value is not in the bucket.", where=where, next_step=VERIFY)
    if _asked_for_ambient_credentials(text):
        return AccessDenied("No credentials were found.", where=where, next_step=KEYS)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or status in ("401", "403"):
        return AccessDenied("The server refuses the credentials or what they ask.", where=where, next_step=KEYS)
    if status == "416":
        return TruncatedKey("The value ends before the place asked for.", where=where, next_step=VERIFY)
    if status == "507":
        return NoSpace("The server's storage is full.", where=where, next_step="Make room on the server.")
    return StorageError(_failure(text, code, status), where=where, next_step=AGAIN)


def _failure(text: str, code: str, status: str) -> str:
    tries = _first(TRIES, text)
    times = f" {int(tries) + 1} times" if tries else ""
    if status:
        return f"The server answered{times} with status {status}{f' ({code})' if code else ''}."
    if "kind: Connect" in text:
        return "The server cannot be reached; its address may be wrong, or it is down."
    if "kind: Timeout" in text:
        return f"The server did not answer in time{times and f', tried{times}'}."
    return "The connection to the server failed or broke off."


def _asked_for_ambient_credentials(text: str) -> bool:
    # With no key in the environment the library asks the machine's metadata service, which is not there.
    return any(sign in text for sign in ("/latest/api/token", "/latest/meta-data", "169.254.170."))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""
