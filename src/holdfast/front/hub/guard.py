"""What stands around every answer: who asks, whether they ask too much, what is counted, logged and kept on record.

It decides nothing about models (access.py does) and holds up no download.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Final, TypeAlias

from aiohttp import web

from holdfast.front.hub.access import OPEN, Gate, answer_refusal, find_address, get_key, identify
from holdfast.front.hub.addresses import FILE_WORDS
from holdfast.front.hub.audit import Auditor
from holdfast.front.hub.limits import Limits, check_shape
from holdfast.front.hub.logs import log_request
from holdfast.front.hub.metrics import SECONDS, Metric, Numbers, Pool
from holdfast.front.hub.trace import Trace, get_trace
from holdfast.front.hub.transfer import Cut
from holdfast.records.access import CallerError
from holdfast.records.errors import DamagedVault, HoldfastError, StorageError
from holdfast.records.hub_service import HeldBack
from holdfast.records.vault_log import LogVerb
from holdfast.workflows.access import write_time
from holdfast.workflows.auditing import Deed

Handling: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
LEFT: Final = 499
"""What the log has for a client that left before its answer was whole, and for an answer that had to end short."""
METRICS: Final = (
    Metric("holdfast_requests_total", "counter", "Requests answered.", ("route", "method", "status")),
    Metric("holdfast_request_seconds", "histogram", "Time to answer, bodies sent.", ("route",), SECONDS),
    Metric("holdfast_requests_open", "gauge", "Requests being answered."),
    Metric("holdfast_transfers_open", "gauge", "Large files being sent."),
    Metric("holdfast_sent_bytes_total", "counter", "Bytes of bodies sent.", ("route",)),
    Metric("holdfast_received_bytes_total", "counter", "Bytes of bodies received.", ("route",)),
    Metric("holdfast_downloads_total", "counter", "Files given out, ranges of one counted apart.", ("model",)),
    Metric("holdfast_download_bytes_total", "counter", "Bytes of files given out.", ("model",)),
    Metric("holdfast_refused_total", "counter", "Requests refused.", ("status",)),
    Metric("holdfast_refused_bytes_total", "counter", "Bytes not sent since they were not as they were kept."),
    Metric("holdfast_damaged_answers_total", "counter", "Answers refused or ended short since bytes were damaged."),
    Metric("holdfast_audit_entries_total", "counter", "Entries appended to the vault's log."),
    Metric("holdfast_audit_failures_total", "counter", "Times that the vault's log could not be written."),
    Metric("holdfast_audit_lost_total", "counter", "Entries given up since too many waited."),
    Metric("holdfast_audit_waiting", "gauge", "Entries that wait to be in the vault's log."),
    Metric("holdfast_copies", "gauge", "Copies held, by state.", ("state",), is_of_vault=True),
    Metric("holdfast_copies_ready", "gauge", "Copies that passed their smoke test.", is_of_vault=True),
    Metric("holdfast_oldest_verification_seconds", "gauge", "Age of the oldest verification.", is_of_vault=True),
    Metric("holdfast_info", "gauge", "The version.", ("version",), is_of_vault=True),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


@dataclass(slots=True)
class Guard:
    """Everything that stands around answers. `ask` runs something in a thread."""

    gate: Gate
    limits: Limits
    auditor: Auditor
    ask: Callable[[Callable[[], None]], Awaitable[None]]
    numbers: Numbers = field(default_factory=lambda: Numbers(METRICS))
    pool: Pool | None = None
    is_ending: bool = False
    refreshing: "asyncio.Task[None] | None" = None


GUARD: Final = web.AppKey("guard", Guard)


@web.middleware
async def observe(request: web.Request, handler: Handling) -> web.StreamResponse:
    """The outermost: what became of a request is counted, logged and kept on record, however it ended."""
    guard, trace = request.app[GUARD], get_trace(request)
    trace.address = find_address(guard.gate, request)
    guard.numbers.add("holdfast_requests_open")
    status, response = LEFT, None
    try:
        response = await handler(request)
        status = response.status
        return response
    except OSError as error:
        cut = error.__cause__
        if not isinstance(cut, Cut):
            raise
        trace.failed = cut.error
        return cut.response  # its connection is closed: aiohttp would tell of an error of ours
    finally:
        guard.numbers.add("holdfast_requests_open", value=-1)
        _record(guard, request, trace, status, response)


@web.middleware
async def admit(request: web.Request, handler: Handling) -> web.StreamResponse:
    """Inside of what tells errors: nobody comes further who is unknown, asks too much, or for what cannot be meant."""
    guard, trace = request.app[GUARD], get_trace(request)
    try:
        check_shape(request)
        if request.path in OPEN:
            return await handler(request)
        await _refresh(guard)
        identify(guard.gate, request)
        key = get_key(trace.caller)
        guard.limits.requests.take(key)
        guard.limits.begin(key)
        try:
            return await _watch_body(guard, request, handler)
        finally:
            guard.limits.end(key)
    except CallerError as error:
        trace.failed = error
        return answer_refusal(error)


async def _watch_body(guard: Guard, request: web.Request, handler: Handling) -> web.StreamResponse:
    if not request.body_exists:
        return await handler(request)
    guard.limits.begin_body(request)
    try:
        return await handler(request)
    finally:
        guard.limits.end_body(request)


async def _refresh(guard: Guard) -> None:
    """Know the tokens of this second. While requests come they are read ahead, and nobody waits for them."""
    register = guard.gate.register
    if not register.is_ageing:
        return
    if guard.refreshing is None or guard.refreshing.done():
        guard.refreshing = asyncio.ensure_future(_read_tokens(guard))
    if register.is_stale:
        await asyncio.shield(guard.refreshing)
        if register.is_stale:
            await guard.ask(register.refresh)  # raises what is wrong


async def _read_tokens(guard: Guard) -> None:
    with contextlib.suppress(HoldfastError):
        await guard.ask(guard.gate.register.refresh)


def _record(guard: Guard, request: web.Request, trace: Trace, status: int, response: web.StreamResponse | None) -> None:
    if trace.route == "other":
        trace.route = _name_route(request)
    sent = _count_sent(trace, request, response)
    numbers, method = guard.numbers, request.method if request.method in _METHODS else "other"
    numbers.add("holdfast_requests_total", (trace.route, method, status))
    numbers.observe("holdfast_request_seconds", monotonic() - trace.began, (trace.route,))
    numbers.add("holdfast_sent_bytes_total", (trace.route,), sent)
    if request.body_exists:
        numbers.add("holdfast_received_bytes_total", (trace.route,), request.content.total_bytes)
    deed = make_deed(request, trace, status, sent, response)
    if deed is not None:
        _count_deed(numbers, deed, trace, response)
        guard.auditor.note(deed)
    log_request(request, trace, status, sent)


def measure_auditor(guard: Guard) -> None:
    """Take over what the auditor counted."""
    auditor, numbers = guard.auditor, guard.numbers
    numbers.set("holdfast_audit_entries_total", auditor.written)
    numbers.set("holdfast_audit_failures_total", auditor.failures)
    numbers.set("holdfast_audit_lost_total", auditor.lost)
    numbers.set("holdfast_audit_waiting", auditor.waiting)


def _name_route(request: web.Request) -> str:
    """A word that there are few of, whatever is asked."""
    resource = request.match_info.route.resource
    known = resource.canonical if resource is not None else "other"
    if known != "/{tail}":
        return known
    return request.path if request.path in OPEN or request.path in _PLACES else "other"


_PLACES: Final = frozenset({"/", "/metrics", "/api/models", "/api/datasets", "/api/spaces", "/api/whoami-v2"})


def _count_sent(trace: Trace, request: web.Request, response: web.StreamResponse | None) -> int:
    if trace.sent or response is None or request.method == "HEAD":
        return trace.sent
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        return len(response.body)
    return response.body_length if response.prepared else 0


def make_deed(
    request: web.Request, trace: Trace, status: int, sent: int, response: web.StreamResponse | None
) -> Deed | None:
    """What is kept on record of a request: bytes of a model that were given out, or that it was refused; else None."""
    failed = trace.failed
    if isinstance(failed, CallerError | HeldBack | DamagedVault) or trace.refused:
        return _make_refusal(request, trace, status, sent)
    is_file = trace.is_download or (trace.route in FILE_WORDS and request.method == "GET")
    if not is_file or not trace.model or not (status in (200, 206) or (status == LEFT and sent)):
        return None
    commit = response.headers.get("X-Repo-Commit") if response is not None else None
    about = f"{trace.model}@{commit or trace.revision}"
    at, is_cut = write_time(datetime.now(UTC)), status == LEFT
    return Deed(LogVerb.SERVE, about, _name_caller(trace), trace.path, at, status, sent, is_cut=is_cut)


def _make_refusal(request: web.Request, trace: Trace, status: int, sent: int) -> Deed:
    failed = trace.failed
    what = trace.refused or (failed.what if failed else "")
    about = "" if status == 429 else trace.model or request.path  # else whoever asks too often would fill the log
    at, said = write_time(datetime.now(UTC)), failed.http_status if failed else status
    return Deed(LogVerb.REFUSE, about, _name_caller(trace), what, at, said, sent)


def _name_caller(trace: Trace) -> str:
    """Who it was, also when they never got so far as to be known."""
    caller = trace.caller
    return caller.label if caller.token or caller.address else f"anonymous at {trace.address}"


def _count_deed(numbers: Numbers, deed: Deed, trace: Trace, response: web.StreamResponse | None) -> None:
    if deed.verb is LogVerb.SERVE:
        numbers.add("holdfast_downloads_total", (trace.model,))
        numbers.add("holdfast_download_bytes_total", (trace.model,), deed.size)
        return
    numbers.add("holdfast_refused_total", (deed.status,))
    if isinstance(trace.failed, DamagedVault | StorageError):
        numbers.add("holdfast_damaged_answers_total")
        planned = response.content_length if response is not None and response.prepared else 0
        numbers.add("holdfast_refused_bytes_total", value=max((planned or 0) - deed.size, 0))
