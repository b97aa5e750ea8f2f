"""What the vault's append-only log holds and proves, as records. docs/format.md#log tells how they are written."""

from dataclasses import dataclass
from enum import StrEnum

from holdfast.records.vault import ObjectId


class LogVerb(StrEnum):
    """What was done. SERVE gave bytes of a copy to somebody, REFUSE did not; TOKEN is about who may ask for them.

    FOLLOW is what a hub was seen to do with a model.

    LOG is something done to the log itself, such as a new key."""

    KEEP = "keep"
    VERIFY = "verify"
    REPAIR = "repair"
    FREEZE = "freeze"
    THAW = "thaw"
    DROP = "drop"
    SIGN = "sign"
    PRUNE = "prune"
    SMOKE = "smoke"
    SERVE = "serve"
    REFUSE = "refuse"
    FOLLOW = "follow"
    TOKEN = "token"  # noqa: S105 - a verb
    LOG = "log"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An entry of the log: `verb` was done to `subject` (a model, a copy, a pack) by somebody, for a reason.

    `object` is the id of what it speaks of, mostly a manifest; `at` is ISO 8601 in UTC; `outcome` how it ended.
    """

    verb: LogVerb
    subject: str
    by: str
    why: str
    at: str
    outcome: str
    object: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log promises: that its first `size` entries hash to `root` (32 bytes).

    `text` is the signed note, `signed_by` the verification keys (as lines) whose signatures in it hold.
    """

    origin: str
    size: int
    root: bytes
    text: str
    signed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That `entry` (its text) is number `index`, from 0, of the log at `checkpoint` (a signed note).

    `hashes` are base64, from the sibling of the leaf up to the child of the root.
    """

    index: int
    entry: str
    hashes: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the first `old_size` entries of a log of `new_size` are the same as before; `hashes` as in RFC 6962."""

    old_size: int
    new_size: int
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogReport:
    """A log found whole: every entry and tile agrees with `checkpoint`.

    `beyond` are keys that no checkpoint promises: what a killed writer left, or entries cut off by an older
    checkpoint put back. A checkpoint kept elsewhere tells which.
    """

    checkpoint: Checkpoint
    beyond: tuple[str, ...]
