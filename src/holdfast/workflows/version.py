"""What `holdfast --version` says: the program, and the day its evidence ends."""

from holdfast.data import data_folder
from holdfast.levers.vocabulary import read_vocabulary


def describe_version(version: str) -> str:
    """One line with version and evidence horizon."""
    vocabulary = read_vocabulary(data_folder())
    return f"holdfast {version} (evidence to {vocabulary.evidence_horizon}, rules from {vocabulary.covers_from})"
