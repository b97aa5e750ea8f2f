"""The append-only log of a vault. It grows, proves and checks itself; it never rewrites what a checkpoint promised.

Whoever appends holds the vault's lock while it does: two appends at once would sign two histories.
Reading needs no lock.
"""

from collections.abc import Iterator, Sequence

from holdfast.records.errors import BadSignature, DamagedVault, MissingKey, NotVerified, TruncatedKey, VaultError
from holdfast.records.vault import Damage
from holdfast.records.vault_log import Checkpoint, ConsistencyProof, InclusionProof, LogReport
from holdfast.vault.log.checkpoints import open_checkpoint, origin_of, sign_checkpoint
from holdfast.vault.log.events import check_entry
from holdfast.vault.log.growing import clear_partials, clear_unpromised, grow, put_checked, read_tail
from holdfast.vault.log.keys import LogKey
from holdfast.vault.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    compute_root,
    hash_leaf,
    is_consistent,
    prove_consistency,
    prove_inclusion,
    split_range,
)
from holdfast.vault.log.notes import (
    NOTE_BYTES_MAX,
    NoteError,
    VerifierKey,
    decode_verifier_key,
    encode_base64,
)
from holdfast.vault.log.tiles import TILES_PREFIX, WIDTH, Tile, TileReader, damaged, read_bundle, tiles_of
from holdfast.vault.log.verifying import CHECKPOINT_KEY, find_beyond, find_damage
from holdfast.vault.storage.staging import StagedStorage

KEYS_KEY = "log/key.pub"


class VaultLog:
    """The log under `log/` of a vault. Without `key` it only reads.

    `trusted` are public keys kept elsewhere; without them `log/key.pub` in the vault is believed, which shows damage,
    but not a forger who can write the vault.
    """

    def __init__(
        self, storage: StagedStorage, vault_id: str, *, key: LogKey | None = None, trusted: Sequence[VerifierKey] = ()
    ) -> None:
        self._storage = storage
        self._origin = origin_of(vault_id)
        self._key = key
        self._trusted = tuple(trusted)

    def start(self) -> Checkpoint:
        """Write the public key and the checkpoint of an empty log; a log that is there stays as it is."""
        key = self._own_key()
        if self._storage.find(CHECKPOINT_KEY) is not None:
            return self.checkpoint()
        if key.recall() is not None or next(self._storage.iterate(TILES_PREFIX), None) is not None:
            raise damaged(Damage(CHECKPOINT_KEY, 0, "The checkpoint is missing from a log that has begun."))
        put_checked(self._storage, KEYS_KEY, f"{key.key.verifier.encode()}\n".encode())
        return self._promise(key, 0, EMPTY_ROOT)

    def keys(self) -> tuple[VerifierKey, ...]:
        """The public keys that `log/key.pub` names, to be printed and kept elsewhere."""
        text = self._read_small(KEYS_KEY)
        try:
            lines = text.decode().split("\n")
            keys = tuple(decode_verifier_key(line) for line in lines[:-1])
        except (UnicodeDecodeError, NoteError) as error:
            raise damaged(Damage(KEYS_KEY, 0, f"It holds something else than public keys: {error}.")) from error
        if lines[-1] or not keys or any(key.name != self._origin for key in keys):
            raise damaged(Damage(KEYS_KEY, 0, f"It is not a list of keys of {self._origin}."))
        return keys

    def add_key(self, entry: bytes) -> int:
        """Make this log's key one that may sign, and say so in an entry; the number of that entry."""
        own, known = self._own_key().key.verifier, self.keys()
        if own not in known:
            text = "".join(f"{key.encode()}\n" for key in (*known, own))
            put_checked(self._storage, KEYS_KEY, text.encode())
        return self.append([entry])

    def checkpoint(self) -> Checkpoint:
        """What the log promises now, by a signature of a known key."""
        raw = self._read_small(CHECKPOINT_KEY)
        try:
            return open_checkpoint(raw, self._origin, self._known())
        except NoteError as error:
            raise damaged(Damage(CHECKPOINT_KEY, 0, f"The checkpoint does not hold: {error}.")) from error

    def append(self, entries: Sequence[bytes]) -> int:
        """Take in entries and promise them; the number of the first. The caller holds the vault's lock.

        Bundles and tiles are on the medium and read back before the checkpoint that promises them is signed.
        """
        for entry in entries:
            check_entry(entry)
        key, old = self._key_that_may_sign(), self.checkpoint()
        self._check_not_rolled_back(key, old)
        if not entries:
            return old.size
        frontier = self._open_frontier(old)
        for entry in entries:
            frontier.add(hash_leaf(entry))
        written = self._write_tiles(old.size, entries)
        root = compute_root(frontier.size, TileReader(self._storage, frontier.size))
        if root != frontier.root():
            raise NotVerified("The tiles that were written do not add up.", where=TILES_PREFIX)
        self._promise(key, frontier.size, root)
        for tile in written:
            if tile.width == WIDTH:
                clear_partials(self._storage, tile)
        return old.size

    def entry(self, index: int) -> bytes:
        """One entry, checked against its hash."""
        return self._read_entry(index, self._read_size(index))

    def iterate(self, first: int = 0) -> Iterator[bytes]:
        """The entries from `first` on, as far as the checkpoint of this moment; not checked, see `verify`."""
        for tile in tiles_of(None, self.checkpoint().size):
            if (tile.index + 1) * WIDTH <= first:
                continue
            bundle = read_bundle(self._storage, tile)
            skipped = max(0, first - tile.index * WIDTH)
            yield from (entry for _, entry in bundle.entries[skipped:])
            if bundle.fault is not None:
                raise damaged(bundle.fault)

    def prove(self, index: int) -> InclusionProof:
        """That entry `index` is in the log of this moment."""
        checkpoint = self._read_size(index)
        hashes = prove_inclusion(index, checkpoint.size, TileReader(self._storage, checkpoint.size))
        entry = self._read_entry(index, checkpoint).decode()
        return InclusionProof(index, entry, tuple(map(encode_base64, hashes)), checkpoint.text)

    def find_damage(self) -> list[Damage]:
        """Everything under `log/` that is not what was written, as far as keys and checkpoint can be read."""
        self.keys()
        return find_damage(self._storage, self.checkpoint())

    def verify(self) -> LogReport:
        """Recompute the whole log from its entries; DamagedVault names the first place that does not fit."""
        self.keys()
        checkpoint = self.checkpoint()
        damages = find_damage(self._storage, checkpoint)
        if damages:
            error = damaged(damages[0])
            more = f" {len(damages) - 1} more places are damaged." if damages[1:] else ""
            raise DamagedVault(error.what + more, where=error.where, next_step=error.next_step)
        return LogReport(checkpoint, find_beyond(self._storage, checkpoint.size))

    def check_consistency(self, old_text: str) -> ConsistencyProof:
        """That the log still begins with what a checkpoint kept elsewhere promised; DamagedVault when it does not.

        BadSignature when that text is no checkpoint of this log by a known key.
        """
        try:
            old = open_checkpoint(old_text.encode(), self._origin, self._known())
        except NoteError as error:
            raise BadSignature(f"The checkpoint that was kept does not hold: {error}.") from error
        return self._check_grown(old, self.checkpoint())

    def _check_grown(self, old: Checkpoint, new: Checkpoint) -> ConsistencyProof:
        if new.size < old.size:
            raise damaged(Damage(CHECKPOINT_KEY, 0, f"The log has {new.size} entries; it had {old.size} before."))
        reader = TileReader(self._storage, new.size)
        if compute_root(new.size, reader) != new.root:
            raise damaged(Damage(TILES_PREFIX, 0, "The tiles do not add up to the checkpoint; `verify` tells where."))
        proof = prove_consistency(old.size, new.size, reader)
        if not is_consistent((old.size, old.root), (new.size, new.root), proof):
            raise damaged(Damage(CHECKPOINT_KEY, 0, f"The first {old.size} entries are not those of before."))
        return ConsistencyProof(old.size, new.size, tuple(map(encode_base64, proof)))

    def _own_key(self) -> LogKey:
        if self._key is None:
            raise VaultError("The log is open for reading only.", next_step="Open it with its private key.")
        return self._key

    def _key_that_may_sign(self) -> LogKey:
        key = self._own_key()
        if key.key.verifier not in self._known():
            raise VaultError(
                "This key may not sign the log yet.",
                where=key.key.verifier.encode(),
                next_step="Add it to the log first.",
            )
        return key

    def _known(self) -> tuple[VerifierKey, ...]:
        return self._trusted or self.keys()

    def _read_small(self, key: str) -> bytes:
        stored = self._storage.find(key)
        if stored is None or stored.size > NOTE_BYTES_MAX:
            raise damaged(Damage(key, 0, "It is missing." if stored is None else "It is far too long."))
        try:
            return self._storage.read(key, 0, stored.size)
        except (MissingKey, TruncatedKey) as error:
            raise damaged(Damage(key, 0, "It changed while it was read.")) from error

    def _check_not_rolled_back(self, key: LogKey, current: Checkpoint) -> None:
        """A log never signs two histories: what it signs next begins with what it signed last."""
        seen = key.recall()
        if seen is None:
            return
        try:
            old = open_checkpoint(seen, self._origin, (key.key.verifier,))
        except NoteError as error:
            raise BadSignature(
                f"The checkpoint that this key signed last does not hold: {error}.", where=str(key.memory)
            ) from error
        try:
            self._check_grown(old, current)
        except DamagedVault as error:
            hint = f"If an older copy was put back on purpose, move {key.memory} away first."
            raise DamagedVault(error.what, where=error.where, next_step=f"{error.next_step}\n{hint}") from error

    def _open_frontier(self, checkpoint: Checkpoint) -> Frontier:
        reader = TileReader(self._storage, checkpoint.size)
        frontier = Frontier(checkpoint.size, [reader(level, index) for level, index in split_range(0, checkpoint.size)])
        if frontier.root() != checkpoint.root:
            raise damaged(Damage(TILES_PREFIX, 0, "The tiles do not add up to the checkpoint; `verify` tells where."))
        return frontier

    def _write_tiles(self, size: int, entries: Sequence[bytes]) -> list[Tile]:
        written: list[Tile] = []
        for tile, data in grow(size, entries, read_tail(self._storage, size)):
            clear_unpromised(self._storage, tile, size)
            put_checked(self._storage, tile.key, data)
            written.append(tile)
        return written

    def _promise(self, key: LogKey, size: int, root: bytes) -> Checkpoint:
        checkpoint = sign_checkpoint(key.key, size, root)
        put_checked(self._storage, CHECKPOINT_KEY, checkpoint.text.encode())
        key.remember(checkpoint.text)
        return checkpoint

    def _read_size(self, index: int) -> Checkpoint:
        checkpoint = self.checkpoint()
        if not 0 <= index < checkpoint.size:
            raise VaultError(f"The log has no entry {index}; it has {checkpoint.size}.")
        return checkpoint

    def _read_entry(self, index: int, checkpoint: Checkpoint) -> bytes:
        number, place = divmod(index, WIDTH)
        tile = Tile(None, number, min(WIDTH, checkpoint.size - number * WIDTH))
        bundle = read_bundle(self._storage, tile)
        if place >= len(bundle.entries):
            raise damaged(bundle.fault or Damage(tile.key, 0, "The bundle is too short."))
        offset, entry = bundle.entries[place]
        if hash_leaf(entry) != TileReader(self._storage, checkpoint.size)(0, index):
            raise damaged(Damage(tile.key, offset, "The entry and its hash do not agree."))
        return entry
