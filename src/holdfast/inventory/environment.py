"""What a path tells: the environment its lines run in, and the deployable unit it belongs to. Opens nothing."""

from holdfast.records.use import Environment


def get_environment(path: str) -> Environment:
    """Environment of a path relative to the root; UNKNOWN when the path tells nothing."""
    return Environment.UNKNOWN
