"""What Ollama pulls of the vault: a manifest of layers, and the blobs that it names by their sha256.

A copy that came from an Ollama store has its own manifest, word for word. For a GGUF file of another one it is made,
the same every time: the weights, what lies beside them, and a chat template where the file's is of a known family.
"""

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from holdfast.formats.plain import get_text, is_list, is_object
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import DamagedVault, HoldfastError, UnknownEntry, UnknownRepository, UnknownRevision
from holdfast.records.hub_service import MAIN, HeldBack, ServedFile, ServedRevision
from holdfast.records.hub_writing import NotOffered
from holdfast.workflows.hub_names import read_repository
from holdfast.workflows.ollama_template import choose_template
from holdfast.workflows.ollama_weights import Weights, choose_projector, choose_weights, list_tags, read_weights
from holdfast.workflows.serve import Service

MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG: Final = "application/vnd.docker.container.image.v1+json"
_LAYER: Final = "application/vnd.ollama.image."
_STORED: Final = "manifest.json"
_MANIFEST_BYTES_MAX: Final = 1 << 20
_TEXT_BYTES_MAX: Final = 1 << 20
_BESIDE: Final = ("template", "system", "params")
_LICENCE: Final = re.compile(r"(?:license|licence|copying)(?:\.(?:txt|md))?", re.IGNORECASE)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_FRESH_S: Final = 0.5
_REMEMBERED: Final = 4096
_LIBRARY: Final = "library"
LATEST: Final = "latest"
MayRead = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class OllamaManifest:
    """A manifest, and the copy that it is of."""

    name: str
    commit: str
    body: bytes

    @property
    def digest(self) -> str:
        """`sha256:` and its digest."""
        return name_digest(self.body)


@dataclass(frozen=True, slots=True)
class OllamaBlob:
    """A blob of a copy: one of its files, or bytes that were made (`file` is None)."""

    name: str
    commit: str
    file: ServedFile | None
    made: bytes = b""


class OllamaView:
    """Asks a service. Its methods may be called by many threads; `may_read` says which models whoever asks may have."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = threading.Lock()
        self._names: tuple[float, list[str]] = (float("-inf"), [])
        self._blobs: OrderedDict[tuple[str, str], OllamaBlob] = OrderedDict()

    def list_names(self, namespace: str, model: str) -> list[str]:
        """What the vault calls a model of Ollama's: the repository of this name, each tag that came from a store."""
        wanted = [(namespace, model)] if namespace != _LIBRARY else [(namespace, model), (model,)]
        found = self._list_models()
        stored = [name for name in found if ":" in name and _cut_registry(name) in wanted]
        return [name for name in found if name == f"{namespace}/{model}"] + stored

    def _list_models(self) -> list[str]:
        """All names, as of half a second ago at most: every part of a blob asks."""
        at, found = self._names
        if monotonic() - at > _FRESH_S:
            found = [one.name for one in self._service.iterate_models()]
            self._names = monotonic(), found
        return found

    def read_manifest(self, namespace: str, model: str, tag: str, may_read: MayRead) -> OllamaManifest:
        """The manifest that a tag means. Raises UnknownRepository, UnknownRevision, HeldBack, NotOffered."""
        names = [name for name in self.list_names(namespace, model) if may_read(name)]
        for name in names:
            if name.rpartition(":")[2].lower() == tag.lower() and ":" in name:
                return self._read_stored(self._service.find_revision(name, MAIN))
        if f"{namespace}/{model}" not in names:
            raise UnknownRepository(
                f"the vault holds no {namespace}/{model}:{tag} for Ollama",
                where=f"{namespace}/{model}",
                next_step=f"Its tags: {', '.join(name.rpartition(':')[2] for name in names) or 'none'}.",
            )
        revision, file = self._find_weights(f"{namespace}/{model}", tag)
        return self._make(revision, file)

    def find_blob(self, namespace: str, model: str, digest: str, may_read: MayRead) -> OllamaBlob:
        """A blob by its digest. Raises UnknownEntry, HeldBack."""
        names = [name for name in self.list_names(namespace, model) if may_read(name)]
        for name in names:
            if (known := self._recall(name, digest)) is not None:
                return known
        for revision in self._iterate_revisions(names):
            if (found := self._look_up(revision, digest)) is not None:
                return found
        raise UnknownEntry(
            f"{namespace}/{model} has no blob {digest[:80]}", where=f"{namespace}/{model}", next_step="Pull it again."
        )

    # --- copies from a store of Ollama's ---

    def _read_stored(self, revision: ServedRevision) -> OllamaManifest:
        body = self._read_stored_body(revision)
        held = {file.sha256 for file in revision.tree.files.values()}
        if missing := [one for one in _list_digests(body) if one.partition(":")[2] not in held]:
            raise UnknownEntry(
                f"the layer {missing[0]} of it was not in the store that it was kept from",
                where=revision.name,
                next_step="Keep it again from a store that has all layers.",
            )
        for path, file in revision.tree.files.items():
            if path != _STORED:
                self._remember(OllamaBlob(revision.name, revision.commit, file), f"sha256:{file.sha256}")
        return OllamaManifest(revision.name, revision.commit, body)

    def _read_stored_body(self, revision: ServedRevision) -> bytes:
        file = revision.tree.files.get(_STORED)
        if file is None or file.size > _MANIFEST_BYTES_MAX:
            raise UnknownEntry("it has no manifest of Ollama's", where=revision.name, next_step="Keep it from a store.")
        return self._service.read_range(file, 0, file.size)

    # --- GGUF files of other copies ---

    def _find_weights(self, name: str, tag: str) -> tuple[ServedRevision, ServedFile]:
        """A tag is a quantisation or a file's name in `main`, else a branch, a tag or a commit."""
        main = self._service.find_revision(name, MAIN)
        file = choose_weights(main, "" if tag == LATEST else tag)
        if file is not None:
            return main, file
        try:
            revision = main if tag == LATEST else self._service.find_revision(name, tag)
        except UnknownRevision:
            known = ", ".join(list_tags(main)) or "none, since it has no GGUF file"
            raise UnknownRevision(
                f"{name} has no {tag[:80]!r} for Ollama", where=name, next_step=f"Its quantisations: {known}."
            ) from None
        file = choose_weights(revision, "")
        if file is None:
            raise NotOffered(
                f"{name} has no GGUF file in one piece, and Ollama runs no other",
                where=revision.commit,
                next_step="Pull a repository that has one, or run it with another engine: holdfast run.",
            )
        return revision, file

    def _make(self, revision: ServedRevision, file: ServedFile) -> OllamaManifest:
        weights = read_weights(self._service.read_range, file)
        layers = list(self._list_layers(revision, file, weights))
        config = _make_config(weights, [digest for _, digest, _ in layers])
        self._remember(OllamaBlob(revision.name, revision.commit, None, config), name_digest(config))
        said = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": name_digest(config), "size": len(config)},
            "layers": [{"mediaType": _LAYER + kind, "digest": digest, "size": size} for kind, digest, size in layers],
        }
        return OllamaManifest(revision.name, revision.commit, encode_canonical(said).encode())

    def _list_layers(
        self, revision: ServedRevision, file: ServedFile, weights: Weights
    ) -> Iterator[tuple[str, str, int]]:
        """The kind, digest and size of each layer; where its bytes are is remembered."""
        files = revision.tree.files
        yield self._place(revision, "model", file)
        if (projector := choose_projector(revision)) is not None:
            yield self._place(revision, "projector", projector)
        beside = {kind: files[kind] for kind in _BESIDE if kind in files and files[kind].size <= _TEXT_BYTES_MAX}
        made = choose_template(weights.chat_template) if "template" not in beside else None
        if made is not None:
            yield self._put(revision, "template", made.text.encode())
            if "params" not in beside and made.stops:
                yield self._put(revision, "params", encode_canonical({"stop": list(made.stops)}).encode())
        for kind, found in beside.items():
            yield self._place(revision, kind, found)
        for path, found in sorted(files.items()):
            if _LICENCE.fullmatch(path) and found.size <= _TEXT_BYTES_MAX:
                yield self._place(revision, "license", found)

    def _place(self, revision: ServedRevision, kind: str, file: ServedFile) -> tuple[str, str, int]:
        digest = f"sha256:{file.sha256}"
        self._remember(OllamaBlob(revision.name, revision.commit, file), digest)
        return kind, digest, file.size

    def _put(self, revision: ServedRevision, kind: str, data: bytes) -> tuple[str, str, int]:
        digest = name_digest(data)
        self._remember(OllamaBlob(revision.name, revision.commit, None, data), digest)
        return kind, digest, len(data)

    # --- blobs by their digest ---

    def _remember(self, blob: OllamaBlob, digest: str) -> None:
        with self._turn:
            self._blobs[blob.name, digest] = blob
            self._blobs.move_to_end((blob.name, digest))
            while len(self._blobs) > _REMEMBERED:
                self._blobs.popitem(last=False)

    def _recall(self, name: str, digest: str) -> OllamaBlob | None:
        """A blob that was named just now, if its copy is still given out. Raises HeldBack."""
        with self._turn:
            known = self._blobs.get((name, digest))
        if known is None:
            return None
        try:
            self._service.find_revision(name, known.commit)
        except (UnknownRepository, UnknownRevision):
            return None
        return known

    def _iterate_revisions(self, names: Sequence[str]) -> Iterator[ServedRevision]:
        """Every copy of these names that is given out, the newest first. Raises HeldBack when none is."""
        held_back: HeldBack | None = None
        found = 0
        for name in names:
            for row in read_repository(self._service.vault, name).rows:
                try:
                    yield self._service.find_revision(name, row.revision)
                    found += 1
                except HeldBack as error:
                    held_back = error
                except (UnknownRepository, UnknownRevision, DamagedVault):
                    continue  # it was dropped just now, or cannot be read
        if held_back is not None and not found:
            raise held_back

    def _look_up(self, revision: ServedRevision, digest: str) -> OllamaBlob | None:
        wanted = digest.partition(":")[2]
        for path, file in revision.tree.files.items():
            if file.sha256 == wanted and path != _STORED:
                return OllamaBlob(revision.name, revision.commit, file)
        for file in revision.tree.files.values():
            if file.path.lower().endswith(".gguf"):
                self._make_quietly(revision, file)
                if (found := self._recall(revision.name, digest)) is not None:
                    return found
        return None

    def _make_quietly(self, revision: ServedRevision, file: ServedFile) -> None:
        """What would be made of a file is remembered; one of which nothing can be made has no blobs."""
        try:
            self._make(revision, file)
        except HoldfastError:
            return


def name_digest(data: bytes) -> str:
    """`sha256:` and the digest."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def is_digest(text: str) -> bool:
    """Whether a text is what blobs are named by."""
    return bool(_DIGEST.fullmatch(text))


def _cut_registry(name: str) -> tuple[str, ...]:
    """`ollama/qwen3:8b` into ("qwen3",), `hf.co/org/name:tag` into ("org", "name")."""
    return tuple(name.rpartition(":")[0].split("/")[1:])


def _list_digests(body: bytes) -> list[str]:
    """The digests that a manifest names. Raises UnknownEntry when it is none."""
    try:
        plain: object = json.loads(body)
    except (ValueError, RecursionError):
        plain = None
    said: dict[str, Any] = plain if is_object(plain) else {}
    layers: object = said.get("layers")
    parts: list[object] = [said.get("config"), *(layers if is_list(layers) else [])]
    found = [get_text(part.get("digest")) for part in parts if is_object(part)]
    if not found or not all(map(is_digest, found)):
        raise UnknownEntry("its manifest cannot be read", where=_STORED, next_step="Keep it again from its store.")
    return found


def _make_config(weights: Weights, digests: Sequence[str]) -> bytes:
    """What Ollama shows of a model, as its own `create` writes it."""
    said = {
        "model_format": "gguf",
        "model_family": weights.architecture,
        "model_families": [weights.architecture],
        "model_type": weights.size_label,
        "file_type": weights.file_type,
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": list(digests)},
    }
    return encode_canonical(said).encode()
