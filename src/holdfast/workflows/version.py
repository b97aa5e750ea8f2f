"""What `holdfast --version` says: the program, the day its evidence ends, and which codecs do the vault's work."""

from typing import Final

from holdfast.data import data_folder
from holdfast.levers.vocabulary import read_vocabulary
from holdfast.vault.codecs.kernel import get_kernel

_KERNELS: Final = {"native": "codecs native", "plain": "codecs in NumPy"}


def describe_version(version: str) -> str:
    """One line with version, evidence horizon and codecs."""
    known = read_vocabulary(data_folder())
    dates = f"evidence to {known.evidence_horizon}, rules from {known.covers_from}"
    return f"holdfast {version} ({dates}, {_KERNELS[get_kernel().name]})"
