"""Signatures over a folder of a model, in the format of OpenSSF model signing, through the library of that project.

Nothing here reaches a network: signing takes a private key; keyless signatures are checked against a trust
configuration in a file or not at all. Only files are covered, never what a model does.
"""

import contextlib
import importlib
import io
import os
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from holdfast.records.errors import (
    BadSignature,
    HoldfastError,
    MalformedFile,
    MissingPath,
    OutputError,
    UnreadableFile,
    VaultError,
)
from holdfast.records.signature import CheckedSignature, ModelSignature, SigningMethod
from holdfast.vault.signature_file import SIGNATURE_SUFFIX, list_files, read_signature

SIGNATURE_NAME = "model.sig"


def sign_model(
    folder: Path, private_key: Path, signature: Path | None = None, password: str | None = None
) -> ModelSignature:
    """Sign every file of a folder with an EC key (PEM); the bundle goes to `model.sig` in it, or to `signature`.

    A signature that is there already is never replaced. Git's own files are left out, as the format's readers do.
    """
    target = signature or folder / SIGNATURE_NAME
    _check_folder(folder)
    if target.exists():
        raise OutputError("A signature is there already.", where=str(target), next_step="Name another file for yours.")
    signing, hashing = _load("signing"), _load("hashing")
    config = signing.Config()
    with _key_errors(private_key):
        config.use_elliptic_key_signer(private_key=private_key, password=password.encode() if password else None)
    config.set_hashing_config(hashing.Config().set_ignored_paths(paths=_inside(folder, [target])))
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with _library_errors(folder, MalformedFile):
            config.sign(folder, part)
        part.replace(target)
    except OSError as error:
        raise OutputError(f"The signature cannot be written: {error.strerror}.", where=str(target)) from error
    finally:
        part.unlink(missing_ok=True)
    return read_signature(target, folder)


def verify_by_key(folder: Path, signature: Path, public_key: Path) -> CheckedSignature:
    """That a folder is what the holder of a key signed; BadSignature says which files are not."""

    def choose(config: Any) -> None:
        with _key_errors(public_key):
            config.use_elliptic_key_verifier(public_key=public_key)

    return _verify(folder, signature, SigningMethod.KEY, choose)


def verify_by_certificate(folder: Path, signature: Path, roots: Sequence[Path]) -> CheckedSignature:
    """That a folder is what the holder of a certificate signed that one of `roots` (PEM, at least one) vouches for."""
    if not roots:
        raise VaultError("Name the certificates that you trust; those of the system vouch for web sites, not models.")

    def choose(config: Any) -> None:
        with _key_errors(roots[0]):
            config.use_certificate_verifier(certificate_chain=roots)

    return _verify(folder, signature, SigningMethod.CERTIFICATE, choose)


def verify_by_identity(
    folder: Path, signature: Path, identity: str, issuer: str, trust_config: Path | None
) -> CheckedSignature:
    """That a folder is what an identity signed keyless, by a trust configuration in a file."""
    if trust_config is None:
        raise VaultError(
            "A keyless signature is checked offline only, and that needs a Sigstore trust configuration.",
            next_step="Fetch the trust configuration where you are online, and name its file.",
        )

    def choose(config: Any) -> None:
        with _key_errors(trust_config):
            config.use_sigstore_verifier(identity=identity, oidc_issuer=issuer, trust_config=trust_config)

    return _verify(folder, signature, SigningMethod.IDENTITY, choose)


def find_signatures(folder: Path) -> tuple[ModelSignature, ...]:
    """The signature files that came with a model (`model.sig`, `*.sig`), with what they claim."""
    _check_folder(folder)
    names = [name for name in list_files(folder) if name.endswith(SIGNATURE_SUFFIX)]
    return tuple(read_signature(folder / name, folder) for name in names)


def _verify(folder: Path, signature: Path, method: SigningMethod, choose: Callable[[Any], None]) -> CheckedSignature:
    _check_folder(folder)
    claimed = read_signature(signature, folder)
    if claimed.method is not method:
        raise BadSignature(f"This signature is of the kind {claimed.method}, not {method}.", where=str(signature))
    config = _load("verifying").Config()
    choose(config)
    signed = set(claimed.files)
    others = [name for name in list_files(folder) if name.endswith(SIGNATURE_SUFFIX) and name not in signed]
    said = io.StringIO()
    with _library_errors(signature, BadSignature), contextlib.redirect_stdout(said):
        config.set_hashing_config(_hash_as(claimed, others))
        config.verify(folder, signature)
    unsigned = tuple(name for name in list_files(folder) if name not in signed and name != claimed.path)
    return CheckedSignature(claimed, unsigned, tuple(line for line in said.getvalue().splitlines() if line))


def _hash_as(claimed: ModelSignature, ignored: Sequence[str]) -> Any:
    """Hash as the signature says it was hashed; signature files that it does not speak of are no part of the model."""
    config = _load("hashing").Config()
    # The library writes blake2b and reads blake2.
    algorithm = "blake2" if claimed.digest == "blake2b" else claimed.digest
    if claimed.serialisation == "shards":
        config.use_shard_serialization(hashing_algorithm=algorithm, shard_size=claimed.shard_bytes)
    else:
        config.use_file_serialization(hashing_algorithm=algorithm)
    return config.set_ignored_paths(paths=ignored)


def _inside(folder: Path, paths: Sequence[Path]) -> list[Path]:
    root = folder.resolve()
    found = [path.resolve() for path in paths]
    return [path.relative_to(root) for path in found if path.is_relative_to(root)]


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise MissingPath("There is no such folder.", where=str(folder))


def _load(name: str) -> Any:
    # The library is an extra, takes half a second to import, and types only a part of itself.
    try:
        return importlib.import_module(f"model_signing.{name}")
    except ImportError as error:
        raise VaultError(
            "Model signatures need the extra `signing`.", next_step='Run pip install "holdfast[signing]".'
        ) from error


@contextlib.contextmanager
def _key_errors(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableFile(f"It cannot be read: {error.strerror}.", where=str(path)) from error
    except Exception as error:
        # The library lets every error of its parsers through.
        raise MalformedFile(f"It cannot be used as a key or certificate: {_say(error)}", where=str(path)) from error


@contextlib.contextmanager
def _library_errors(path: Path, kind: type[HoldfastError]) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableFile(f"A file cannot be read: {error.strerror}.", where=str(error.filename or path)) from error
    except Exception as error:
        # A bundle that is wrong in any way shows as any error of the library and its parsers.
        raise kind(f"{kind.sentence} {_say(error)}", where=str(path)) from error


def _say(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip()[:2000]
