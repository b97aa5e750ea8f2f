"""One error for each way a model file can be wrong. Each says what, at which byte, and is a MalformedFile.

MalformedFile
├── BadMagic
├── UnknownVersion
├── TruncatedHeader
├── TruncatedData
├── BadAlignment
├── BadHeaderText
├── BadTensorEntry
├── BadOffsets
├── DuplicateKey
├── BadValueType
├── BadWireFormat
├── BadArchive
├── BadPickle
├── BadConfig
├── BadGitObject
└── LimitExceeded
    ├── HeaderTooLarge
    ├── TooManyEntries
    ├── NestedTooDeep
    └── ArchiveBomb
"""

from pathlib import Path

from holdfast.records.errors import LimitExceeded, MalformedFile


class BadMagic(MalformedFile):
    """The first bytes are not those of the format that the name promises."""

    sentence = "The first bytes are not those of the format that the name promises."


class UnknownVersion(MalformedFile):
    """The file says a version of its format that holdfast does not know."""

    sentence = "The file says a version of its format that holdfast does not know."


class TruncatedHeader(MalformedFile):
    """The file ends inside its header."""

    sentence = "The file ends inside its header."


class TruncatedData(MalformedFile):
    """The file ends inside its tensors."""

    sentence = "The file ends inside its tensors."


class BadAlignment(MalformedFile):
    """The header asks for an alignment that is no power of two."""

    sentence = "The header asks for an alignment that is no power of two."


class BadHeaderText(MalformedFile):
    """The header is not the text that the format prescribes."""

    sentence = "The header is not the text that the format prescribes."


class BadTensorEntry(MalformedFile):
    """A tensor's entry lacks a field or has one of the wrong kind."""

    sentence = "A tensor's entry lacks a field or has one of the wrong kind."


class BadOffsets(MalformedFile):
    """Tensor offsets overlap, leave holes, disagree with shape and type, or end elsewhere than the file."""

    sentence = "Tensor offsets overlap, leave holes, disagree with shape and type, or end elsewhere than the file."


class DuplicateKey(MalformedFile):
    """The header gives one key twice."""

    sentence = "The header gives one key twice."


class BadValueType(MalformedFile):
    """The header uses a value type that its format does not have."""

    sentence = "The header uses a value type that its format does not have."


class BadWireFormat(MalformedFile):
    """A protocol-buffer field is malformed."""

    sentence = "A protocol-buffer field is malformed."


class BadArchive(MalformedFile):
    """A zip archive is damaged or lacks the member that the format needs."""

    sentence = "A zip archive is damaged or lacks the member that the format needs."


class BadPickle(MalformedFile):
    """A pickle's opcodes cannot be followed."""

    sentence = "A pickle's opcodes cannot be followed."


class BadConfig(MalformedFile):
    """A config.json, adapter_config.json or model card is not readable."""

    sentence = "A config.json, adapter_config.json or model card is not readable."


class BadGitObject(MalformedFile):
    """An object of git is not what git writes."""

    sentence = "An object of git is not what git writes."


class HeaderTooLarge(LimitExceeded):
    """A header or one of its parts is longer than holdfast agrees to read."""

    sentence = "A header or one of its parts is longer than holdfast agrees to read."


class TooManyEntries(LimitExceeded):
    """A header announces more entries than holdfast agrees to read, or than the file can hold."""

    sentence = "A header announces more entries than holdfast agrees to read, or than the file can hold."


class NestedTooDeep(LimitExceeded):
    """A header nests more deeply than holdfast agrees to follow."""

    sentence = "A header nests more deeply than holdfast agrees to follow."


class ArchiveBomb(LimitExceeded):
    """An archive's member would grow beyond reason when unpacked."""

    sentence = "An archive's member would grow beyond reason when unpacked."


def at_byte(path: Path, offset: int) -> str:
    """The place of a fault, for an error's `where`."""
    return f"{path} at byte {offset}"
