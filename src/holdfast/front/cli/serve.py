"""`holdfast serve`: the vault as a hub, for tools that know nothing of it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from holdfast.front.cli.options import VaultOption

HostOption = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes any that is free.")]
UrlOption = Annotated[
    str, typer.Option("--url", metavar="URL", help="How clients reach it, when a proxy stands before it.")
]
TrustOption = Annotated[
    float,
    typer.Option(
        "--trust-verified",
        metavar="HOURS",
        min=0,
        help="Send uncompressed bytes unchecked if their pack was verified within so many hours; 0 checks every byte.",
    ),
]
StreamsOption = Annotated[
    int, typer.Option("--streams", min=1, help="Large files sent at once; more are told to wait.")
]
GraceOption = Annotated[
    float, typer.Option("--grace", metavar="SECONDS", min=0, help="How long transfers may take to end at SIGTERM.")
]

AnonymousOption = Annotated[
    bool, typer.Option("--anonymous", help="Everybody who reaches it may read, without a token.")
]
ProxyOption = Annotated[
    list[str] | None,
    typer.Option("--proxy", metavar="NETWORK", help="Believe X-Forwarded-For from there; repeat. Nobody else's."),
]
RateOption = Annotated[
    int, typer.Option("--rate", min=0, help="Requests a caller may make in 5 minutes; 0 for no limit.")
]
AtOnceOption = Annotated[int, typer.Option("--at-once", min=1, help="Requests of one caller answered at once.")]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, max=256, help="Processes that answer; limits count for each by itself.")
]
XetFromOption = Annotated[
    str, typer.Option("--xet-from", metavar="SIZE", help="Files so large are offered by Xet too, by chunks: 0 for all.")
]
UpstreamOption = Annotated[
    str,
    typer.Option("--upstream", metavar="URL", help="Another hub: what is asked for and not held is pulled from there."),
]
UpstreamOnlyOption = Annotated[
    list[str] | None,
    typer.Option("--upstream-only", metavar="PATTERN", help="Pull only names like this, such as org/*; repeat."),
]
RefreshOption = Annotated[
    float,
    typer.Option(
        "--refresh", metavar="MINUTES", min=0, help="How often a branch that is asked for is compared with upstream's."
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="The token for upstream; else HF_TOKEN, else none."),
]
LogFormatOption = Annotated[
    str, typer.Option("--log-format", metavar="json|text", help="How its own log is written, a line a request.")
]
LogFileOption = Annotated[
    Path | None, typer.Option("--log-file", metavar="FILE", help="Where to; standard error by default.")
]


def serve_command(
    vault: VaultOption = "",
    host: HostOption = "127.0.0.1",
    port: PortOption = 8420,
    url: UrlOption = "",
    trust_verified: TrustOption = 0.0,
    streams: StreamsOption = 256,
    grace: GraceOption = 60.0,
    anonymous: AnonymousOption = False,
    proxy: ProxyOption = None,
    rate: RateOption = 0,
    at_once: AtOnceOption = 128,
    workers: WorkersOption = 1,
    xet_from: XetFromOption = "1GiB",
    upstream: UpstreamOption = "",
    upstream_only: UpstreamOnlyOption = None,
    refresh: RefreshOption = 10.0,
    token_file: TokenFileOption = None,
    log_format: LogFormatOption = "text",
    log_file: LogFileOption = None,
) -> None:
    """Answer what tools ask of a model hub from the vault: set HF_ENDPOINT to the address that is printed.

    Example:  holdfast serve --port 8420
    """
    from holdfast.front.cli.bytes import parse_bytes
    from holdfast.front.hub.access import AccessAsked, is_local_host, parse_network
    from holdfast.front.hub.guarding import GuardAsked
    from holdfast.front.hub.limits import LimitsAsked
    from holdfast.front.hub.logs import parse_form
    from holdfast.front.hub.running import Listening, run_server
    from holdfast.front.hub.site import SiteAsked
    from holdfast.front.hub.workers import run_workers
    from holdfast.workflows.pull_through import ThroughAsked
    from holdfast.workflows.pulling import HubAsked
    from holdfast.workflows.serve import ServeAsked
    from holdfast.workflows.vaults import VaultAsked

    asked = ServeAsked(VaultAsked(vault), trust_verified)
    proxies = tuple(map(parse_network, proxy or ()))
    access = AccessAsked(anonymous, proxies, is_local=is_local_host(host) and not proxies)
    guard = GuardAsked(access, LimitsAsked(rate=rate, at_once=at_once))
    listening = Listening(host, port, grace, guard=guard, log_form=parse_form(log_format), log_path=log_file)
    through = None
    if upstream:
        hub = HubAsked({"endpoint": upstream}, token_file)
        through = ThroughAsked(hub, tuple(upstream_only or ()), refresh * 60)
    site = SiteAsked(url, streams, xet_from_bytes=parse_bytes(xet_from, "--xet-from"), through=through)
    if workers == 1:
        run_server(asked, site, listening, _tell)
    else:
        run_workers(asked, site, listening, workers, _tell)


def _tell(address: str) -> None:
    sys.stdout.write(f"HF_ENDPOINT={address}\n")
    sys.stdout.flush()
