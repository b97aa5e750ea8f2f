"""One error for each way a xorb or a shard can be wrong. Each says what, at which byte, and is a MalformedFile.

MalformedFile
├── BadHashText
├── TruncatedBody
├── BadChunkHeader
├── BadChunkData
├── BadXorbFooter
├── WrongHash
├── BadShardHeader
├── BadShardRecord
├── BadTerm
├── UnknownXorb
└── LimitExceeded
    └── BodyTooLarge
"""

from holdfast.records.errors import LimitExceeded, MalformedFile


class BadHashText(MalformedFile):
    """A hash is not 64 hexadecimal digits in lower case."""

    sentence = "A hash is not 64 hexadecimal digits in lower case."


class TruncatedBody(MalformedFile):
    """A xorb or a shard ends inside one of its parts."""

    sentence = "A xorb or a shard ends inside one of its parts."


class BadChunkHeader(MalformedFile):
    """A chunk's header has an unknown version or coding, or a length that no chunk has."""

    sentence = "A chunk's header has an unknown version or coding, or a length that no chunk has."


class BadChunkData(MalformedFile):
    """A chunk does not unpack to the length that its header says."""

    sentence = "A chunk does not unpack to the length that its header says."


class BadXorbFooter(MalformedFile):
    """A xorb's footer does not follow its format or disagrees with the chunks before it."""

    sentence = "A xorb's footer does not follow its format or disagrees with the chunks before it."


class WrongHash(MalformedFile):
    """Bytes do not have the hash that they were announced with."""

    sentence = "Bytes do not have the hash that they were announced with."


class BadShardHeader(MalformedFile):
    """A shard does not begin with the tag, version and footer size of an uploaded shard."""

    sentence = "A shard does not begin with the tag, version and footer size of an uploaded shard."


class BadShardRecord(MalformedFile):
    """A shard's record has counts, flags or lengths that contradict each other or the format."""

    sentence = "A shard's record has counts, flags or lengths that contradict each other or the format."


class BadTerm(MalformedFile):
    """A file's term names chunks that its xorb does not have, or a length that they do not make."""

    sentence = "A file's term names chunks that its xorb does not have, or a length that they do not make."


class UnknownXorb(MalformedFile):
    """A file's term names a xorb that never arrived."""

    sentence = "A file's term names a xorb that never arrived."


class BodyTooLarge(LimitExceeded):
    """A xorb or a shard is larger, or unpacks to more, than holdfast agrees to read."""

    sentence = "A xorb or a shard is larger, or unpacks to more, than holdfast agrees to read."


def at_byte(what: str, offset: int) -> str:
    """The place of a fault in a body that has no path, for an error's `where`."""
    return f"{what} at byte {offset}"
