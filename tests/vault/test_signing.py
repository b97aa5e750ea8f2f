"""Model signatures with keys and certificates that are really made, over folders that are really there."""

import datetime
import json
import socket
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from holdfast.records.errors import (
    BadSignature,
    LimitExceeded,
    MalformedFile,
    MissingPath,
    OutputError,
    UnreadableFile,
    VaultError,
)
from holdfast.records.signature import SigningMethod
from holdfast.vault import signature_file
from holdfast.vault.signing import (
    find_signatures,
    sign_model,
    verify_by_certificate,
    verify_by_identity,
    verify_by_key,
)

model_signing = pytest.importorskip("model_signing")
FILES = {"config.json": b"{}", "model.safetensors": bytes(range(256)) * 40, "onnx/model.onnx": b"onnx"}
PEM = serialization.Encoding.PEM


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a signature reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "model"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_keys(tmp_path, "team")


def write_keys(folder: Path, name: str, password: bytes | None = None) -> Path:
    """A new EC key as `name`.key and `name`.pub; the path of the private one."""
    private = ec.generate_private_key(ec.SECP256R1())
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    path = folder / f"{name}.key"
    path.write_bytes(private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, lock))
    public = private.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)
    return path


def test_a_signed_folder_is_verified_by_the_public_key(model: Path, key: Path) -> None:
    signed = sign_model(model, key)
    checked = verify_by_key(model, model / "model.sig", key.with_suffix(".pub"))
    assert checked.signature == signed
    assert (signed.method, signed.model, set(signed.files)) == (SigningMethod.KEY, "model", set(FILES))
    assert (checked.unsigned, checked.warnings) == ((), ())


def test_a_signature_is_what_the_library_itself_accepts(model: Path, key: Path) -> None:
    sign_model(model, key)
    config = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=key.with_suffix(".pub"))
    config.verify(model, model / "model.sig")


def test_a_signature_may_lie_outside_of_the_folder(model: Path, key: Path, tmp_path: Path) -> None:
    signed = sign_model(model, key, tmp_path / "elsewhere.sig")
    assert signed.path == str(tmp_path / "elsewhere.sig")
    verify_by_key(model, tmp_path / "elsewhere.sig", key.with_suffix(".pub"))
    assert find_signatures(model) == ()


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_named(model: Path, key: Path, name: str) -> None:
    sign_model(model, key)
    data = (model / name).read_bytes()
    (model / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BadSignature, match=f"Hash mismatch for '{name}'"):
        verify_by_key(model, model / "model.sig", key.with_suffix(".pub"))


def test_a_file_too_many_or_too_few_is_named(model: Path, key: Path) -> None:
    sign_model(model, key)
    (model / "extra.py").write_bytes(b"")
    (model / "config.json").unlink()
    with pytest.raises(BadSignature, match=r"(?s)extra\.py.*config\.json"):
        verify_by_key(model, model / "model.sig", key.with_suffix(".pub"))


def test_the_key_of_somebody_else_does_not_verify(model: Path, key: Path, tmp_path: Path) -> None:
    sign_model(model, key)
    other = write_keys(tmp_path, "other")
    with pytest.raises(BadSignature, match="Key mismatch"):
        verify_by_key(model, model / "model.sig", other.with_suffix(".pub"))


def test_every_altered_letter_of_what_was_signed_is_noticed(model: Path, key: Path) -> None:
    sign_model(model, key)
    path = model / "model.sig"
    bundle = json.loads(path.read_text())
    for field in (["dsseEnvelope", "payload"], ["dsseEnvelope", "signatures", 0, "sig"]):
        holder = bundle
        for step in field[:-1]:
            holder = holder[step]
        right = holder[field[-1]]
        for place in range(0, len(right) - 4, 37):
            letter = "B" if right[place] == "A" else "A"
            holder[field[-1]] = right[:place] + letter + right[place + 1 :]
            path.write_text(json.dumps(bundle))
            with pytest.raises(BadSignature):
                verify_by_key(model, path, key.with_suffix(".pub"))
        holder[field[-1]] = right


def test_files_that_a_signature_leaves_out_are_listed_as_unsigned(model: Path, key: Path) -> None:
    (model / ".gitattributes").write_text("*.bin lfs")
    sign_model(model, key)
    checked = verify_by_key(model, model / "model.sig", key.with_suffix(".pub"))
    assert checked.unsigned == (".gitattributes",)


def test_a_publishers_signature_and_ours_stand_side_by_side(model: Path, key: Path, tmp_path: Path) -> None:
    publisher = write_keys(tmp_path, "publisher")
    sign_model(model, publisher)
    ours = sign_model(model, key, model / "holdfast.sig")
    assert "model.sig" in ours.files
    assert [one.path for one in find_signatures(model)] == ["holdfast.sig", "model.sig"]
    verify_by_key(model, model / "holdfast.sig", key.with_suffix(".pub"))
    checked = verify_by_key(model, model / "model.sig", publisher.with_suffix(".pub"))
    assert checked.unsigned == ("holdfast.sig",)


@pytest.mark.parametrize("algorithm", ["sha256", "blake2", "blake3"])
@pytest.mark.parametrize("shards", [False, True])
def test_a_publishers_way_of_hashing_is_taken_from_the_signature(
    model: Path, key: Path, algorithm: str, shards: bool
) -> None:
    hashing = model_signing.hashing.Config()
    if shards:
        hashing.use_shard_serialization(hashing_algorithm=algorithm, shard_size=1000)
    else:
        hashing.use_file_serialization(hashing_algorithm=algorithm)
    config = model_signing.signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(hashing)
    config.sign(model, model / "model.sig")
    checked = verify_by_key(model, model / "model.sig", key.with_suffix(".pub"))
    assert set(checked.signature.files) == set(FILES)
    (model / "config.json").write_text("[]")
    with pytest.raises(BadSignature):
        verify_by_key(model, model / "model.sig", key.with_suffix(".pub"))


def test_a_signature_is_never_replaced(model: Path, key: Path) -> None:
    sign_model(model, key)
    before = (model / "model.sig").read_bytes()
    with pytest.raises(OutputError, match="there already"):
        sign_model(model, key)
    assert (model / "model.sig").read_bytes() == before


def test_an_encrypted_key_signs_with_its_password(model: Path, tmp_path: Path) -> None:
    locked = write_keys(tmp_path, "locked", b"secret")
    with pytest.raises(MalformedFile):
        sign_model(model, locked)
    with pytest.raises(MalformedFile):
        sign_model(model, locked, password="wrong")
    sign_model(model, locked, password="secret")
    verify_by_key(model, model / "model.sig", locked.with_suffix(".pub"))


def test_what_cannot_be_a_key_is_refused_and_leaves_nothing(model: Path, tmp_path: Path) -> None:
    other = rsa.generate_private_key(65537, 2048)
    (tmp_path / "rsa.key").write_bytes(
        other.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "empty.key").write_bytes(b"")
    for name in ("rsa.key", "empty.key"):
        with pytest.raises(MalformedFile, match="key"):
            sign_model(model, tmp_path / name)
    with pytest.raises(UnreadableFile):
        sign_model(model, tmp_path / "missing.key")
    assert signature_file.list_files(model) == sorted(FILES)


def test_a_folder_with_a_link_is_not_signed(model: Path, key: Path) -> None:
    (model / "link").symlink_to("config.json")
    with pytest.raises(MalformedFile, match="link"):
        sign_model(model, key)
    assert not (model / "model.sig").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, key: Path) -> None:
    for work in (
        lambda: sign_model(tmp_path / "none", key),
        lambda: verify_by_key(tmp_path / "none", key, key),
        lambda: find_signatures(tmp_path / "none"),
    ):
        with pytest.raises(MissingPath):
            work()


def certificate(subject: str, issuer: str, public: ec.EllipticCurvePublicKey, by: ec.EllipticCurvePrivateKey) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    is_root = subject == issuer
    usage = x509.KeyUsage(not is_root, False, False, False, False, is_root, is_root, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .sign(by, hashes.SHA256())
        .public_bytes(PEM)
    )


def test_a_signature_with_a_certificate_holds_under_the_root_that_is_trusted_and_no_other(
    model: Path, tmp_path: Path
) -> None:
    root, stranger, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    (tmp_path / "root.pem").write_bytes(certificate("root", "root", root.public_key(), root))
    (tmp_path / "stranger.pem").write_bytes(certificate("root", "root", stranger.public_key(), stranger))
    (tmp_path / "signer.pem").write_bytes(certificate("signer", "root", signer.public_key(), root))
    (tmp_path / "signer.key").write_bytes(
        signer.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    config = model_signing.signing.Config().use_certificate_signer(
        private_key=tmp_path / "signer.key",
        signing_certificate=tmp_path / "signer.pem",
        certificate_chain=[tmp_path / "root.pem"],
    )
    config.sign(model, model / "model.sig")
    checked = verify_by_certificate(model, model / "model.sig", [tmp_path / "root.pem"])
    assert checked.signature.method is SigningMethod.CERTIFICATE
    with pytest.raises(BadSignature):
        verify_by_certificate(model, model / "model.sig", [tmp_path / "stranger.pem"])
    with pytest.raises(BadSignature, match="of the kind certificate, not key"):
        verify_by_key(model, model / "model.sig", tmp_path / "root.pem")
    with pytest.raises(VaultError, match="Name the certificates"):
        verify_by_certificate(model, model / "model.sig", [])


def test_a_keyless_signature_is_checked_with_a_trust_configuration_or_not_at_all(model: Path, key: Path) -> None:
    sign_model(model, key)
    with pytest.raises(VaultError, match="trust configuration"):
        verify_by_identity(model, model / "model.sig", "a@example.org", "https://issuer.example.org", None)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89\x02", b"-----BEGIN PGP SIGNATURE-----", b"[]", b"{}", b'{"mediaType":1}', b"[" * 100_000, b"null"],
    ids=range(8),
)
def test_a_signature_of_another_kind_is_found_and_never_said_to_hold(model: Path, key: Path, content: bytes) -> None:
    (model / "model.safetensors.sig").write_bytes(content)
    assert [(one.path, one.method) for one in find_signatures(model)] == [
        ("model.safetensors.sig", SigningMethod.OTHER)
    ]
    with pytest.raises(BadSignature, match="of the kind other"):
        verify_by_key(model, model / "model.safetensors.sig", key.with_suffix(".pub"))


def test_a_signature_file_beyond_any_use_is_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature_file, "SIGNATURE_BYTES_MAX", 10)
    (model / "model.sig").write_bytes(bytes(11))
    with pytest.raises(LimitExceeded):
        find_signatures(model)
