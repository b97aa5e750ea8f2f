"""What matters of a pickle's values: names that it looks up, and torch's storages and tensors. All else is None."""

from dataclasses import dataclass
from typing import Final

from holdfast.formats.plain import is_tuple

_REBUILDS: Final = frozenset(
    {"torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3"}
)
_WRAPPERS: Final = frozenset({"torch._utils._rebuild_parameter"})


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function that the pickle looks up, dotted."""

    dotted: str


@dataclass(frozen=True, slots=True)
class StorageRef:
    """A storage of a torch file: its key in the archive, its class, and how many elements it says to have."""

    key: str
    kind: str
    elements: int


@dataclass(frozen=True, slots=True)
class TensorRef:
    """A tensor over a storage, from element `begin` on. `dtype` is a name such as `torch.float8_e4m3fn` where the
    storage does not tell."""

    storage: StorageRef
    begin: int
    shape: tuple[int, ...]
    dtype: str


def find_storage(given: object) -> StorageRef | None:
    """The storage that torch's persistent id names: ("storage", class, key, location, elements)."""
    if not is_tuple(given) or len(given) < 5 or given[0] != "storage":
        return None
    kind, key, elements = given[1], given[2], given[4]
    if isinstance(kind, Name) and isinstance(key, str) and isinstance(elements, int):
        return StorageRef(key, kind.dotted, elements)
    return None


def find_tensor(function: object, arguments: object) -> TensorRef | None:
    """The tensor that a call of torch's rebuilding functions makes: (storage, offset, shape, strides, …)."""
    if not isinstance(function, Name) or not is_tuple(arguments) or not arguments:
        return None
    first = arguments[0]
    if function.dotted in _WRAPPERS and isinstance(first, TensorRef):
        return first
    if function.dotted not in _REBUILDS or not isinstance(first, StorageRef) or len(arguments) < 3:
        return None
    begin, shape = arguments[1], arguments[2]
    if not is_tuple(shape) or not isinstance(begin, int):
        return None
    dtype = arguments[6] if len(arguments) > 6 else None
    sizes = tuple(size for size in shape if isinstance(size, int))
    return TensorRef(first, begin, sizes, dtype.dotted if isinstance(dtype, Name) else "")
