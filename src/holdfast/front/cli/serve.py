"""`holdfast serve`: the vault as a hub, for tools that know nothing of it."""

import sys
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


def serve_command(
    vault: VaultOption = "",
    host: HostOption = "127.0.0.1",
    port: PortOption = 8420,
    url: UrlOption = "",
    trust_verified: TrustOption = 0.0,
    streams: StreamsOption = 256,
    grace: GraceOption = 60.0,
) -> None:
    """Answer what tools ask of a model hub from the vault: set HF_ENDPOINT to the address that is printed.

    Example:  holdfast serve --port 8420
    """
    from holdfast.front.hub.running import Listening, run_server
    from holdfast.front.hub.site import SiteAsked
    from holdfast.workflows.serve import ServeAsked
    from holdfast.workflows.vaults import VaultAsked

    asked = ServeAsked(VaultAsked(vault), trust_verified)
    run_server(asked, SiteAsked(url, streams), Listening(host, port, grace), _tell)


def _tell(address: str) -> None:
    sys.stdout.write(f"HF_ENDPOINT={address}\n")
    sys.stdout.flush()
