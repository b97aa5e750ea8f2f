"""`holdfast sign`: sign a kept model, and check the signatures of kept models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from holdfast.front.cli.bytes import ByteProgress
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import ByOption, JsonOption, ModelArgument, VaultOption
from holdfast.records.errors import BadSignature

if TYPE_CHECKING:
    from holdfast.workflows.sign_verify import SignVerified

DEFAULT = "model"


class ModelFirst(TyperGroup):
    """A group whose first word may be a model: `sign MODEL` is `sign model MODEL`."""

    default = DEFAULT

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the default command before anything that is none."""
        known = {*self.commands, "--help", "-h"}
        return super().parse_args(ctx, [self.default, *args] if args and args[0] not in known else args)


app = typer.Typer(cls=ModelFirst, no_args_is_help=True)


@app.callback()
def sign_group() -> None:
    """Sign a kept model in the format of OpenSSF model signing, or check signatures. Needs the extra `signing`.

    Example:  holdfast sign Qwen/Qwen3-8B --key team.key
    """


@app.command(DEFAULT)
def model_command(
    model: ModelArgument,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The private key: EC, in a PEM file.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Restore the model there, the signature beside it.")
    ] = None,
    by: ByOption = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Sign a copy's files with a key of yours. The signature is kept in the vault, under signatures/.

    The password of a key that has one is taken from HOLDFAST_KEY_PASSWORD.

    Example:  holdfast sign Qwen/Qwen3-8B --key team.key
    """
    from holdfast.workflows.sign import SignAsked, run_sign
    from holdfast.workflows.vaults import VaultAsked

    asked = SignAsked(VaultAsked(vault), model, key, to, by)
    with ByteProgress() as progress:
        answer = run_sign(asked, lambda done, total: progress.tell(f"{model}: restoring", done, total))
    if json:
        print_json(answer)
        return
    output = open_output().out
    output.print(f"signed  {answer.model}@{answer.revision}: {answer.files} files", markup=False, soft_wrap=True)
    output.print(f"        kept as {answer.key}", markup=False, soft_wrap=True)
    if answer.path:
        output.print(f"        and beside the model: {answer.path}", markup=False, soft_wrap=True)
    for note in answer.notes:
        output.print(f"note    {note}", markup=False, soft_wrap=True)


@app.command("verify")
def verify_command(
    model: ModelArgument,
    public_key: Annotated[
        list[Path] | None, typer.Option("--public-key", metavar="FILE", help="A key you trust, PEM. Repeat.")
    ] = None,
    certificate: Annotated[
        list[Path] | None, typer.Option("--certificate", metavar="FILE", help="An authority you trust, PEM. Repeat.")
    ] = None,
    identity: Annotated[str, typer.Option("--identity", metavar="NAME", help="Who signed, for keyless ones.")] = "",
    issuer: Annotated[str, typer.Option("--issuer", metavar="URL", help="Who vouched for the identity.")] = "",
    trust_config: Annotated[
        Path | None, typer.Option("--trust-config", metavar="FILE", help="A Sigstore trust configuration, for keyless.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Check the restored files there; else they are restored."),
    ] = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> int:
    """Check every signature of a copy: its publisher's among its files, and yours in the vault. Works offline.

    Ends with 15 when a signature does not hold.

    Example:  holdfast sign verify Qwen/Qwen3-8B --public-key team.pub
    """
    from holdfast.workflows.sign_verify import Trusted, VerifyAsked, run_sign_verify
    from holdfast.workflows.vaults import VaultAsked

    trusted = Trusted(tuple(public_key or ()), tuple(certificate or ()), identity, issuer, trust_config)
    asked = VerifyAsked(VaultAsked(vault), model, trusted, folder)
    with ByteProgress() as progress:
        answer = run_sign_verify(asked, lambda done, total: progress.tell(f"{model}: restoring", done, total))
    if json:
        print_json(answer)
    else:
        _print(answer)
    return 0 if answer.all_hold else BadSignature.exit_code


def _print(answer: "SignVerified") -> None:
    output = open_output().out
    output.print(f"{answer.model}@{answer.revision}", markup=False, soft_wrap=True)
    for one in answer.signatures:
        line = f"  {one.answer:<13}  {one.path} ({one.origin}, {one.method}): {one.says}"
        output.print(line, markup=False, soft_wrap=True)
        if one.unsigned:
            output.print(f"    it does not speak of {', '.join(one.unsigned[:8])}", markup=False, soft_wrap=True)
    for note in answer.notes:
        output.print(f"note  {note}", markup=False, soft_wrap=True)
    output.print("A signature tells who vouches for the files, not what the model does.")
