"""Follows a pickle's opcodes on a stack of stand-ins: which names it would look up, which tensors it speaks of.

Nothing is imported, called or built. Opcodes and their meaning: `pickletools` of the standard library.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.formats.pickle_values import Name, StorageRef, TensorRef, find_storage, find_tensor

OPCODES_MAX: Final = 20_000_000
UNKNOWN_NAME: Final = "?"  # looked up under a name that the pickle computes
_TEXTS_MAX: Final = 16
_unpack_number: Final = struct.Struct("<I").unpack_from


@dataclass(frozen=True, slots=True)
class Followed:
    """What a pickle does. `fault` says where it could not be followed further; empty when it ends with STOP.

    `texts` are the first texts with a dot in them; `tensors` are (key in its dictionary, tensor); `end` is the byte
    after the last opcode.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...]
    storages: tuple[StorageRef, ...]
    tensors: tuple[tuple[str, TensorRef], ...]
    end: int
    fault: str


def follow_pickle(data: bytes, start: int = 0, opcodes_max: int = OPCODES_MAX) -> Followed:
    """One pickle from `start` on; never raises for what is in it."""
    machine = _Machine(data, start)
    fault = ""
    try:
        machine.run(opcodes_max)
    except (_Fault, IndexError, KeyError, ValueError, struct.error) as error:
        fault = f"at byte {machine.opcode_at}: {error if isinstance(error, _Fault) else 'malformed opcode'}"
    return Followed(
        tuple(machine.names),
        tuple(machine.texts),
        tuple(machine.storages.values()),
        tuple(machine.tensors),
        machine.at,
        fault,
    )


class _Fault(Exception):
    pass


class _Machine:
    def __init__(self, data: bytes, start: int) -> None:
        self.data = data
        self.at = start
        self.opcode_at = start
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}
        self.names: dict[str, None] = {}
        self.texts: list[str] = []
        self.storages: dict[str, StorageRef] = {}
        self.tensors: list[tuple[str, TensorRef]] = []

    def run(self, opcodes_max: int) -> None:
        data, handlers = self.data, _HANDLERS
        for _ in range(opcodes_max):
            at = self.opcode_at = self.at
            if at >= len(data):
                raise _Fault("the pickle breaks off")
            opcode = data[at]
            if opcode == _STOP:
                self.at = at + 1
                return
            handler = handlers.get(opcode)
            if handler is None:
                raise _Fault("no such opcode")
            self.at = at + 1
            handler(self)
        raise _Fault(f"more than {opcodes_max:,} opcodes")

    # What opcodes carry behind them.

    def take(self, length: int) -> bytes:
        end = self.at + length
        if length < 0 or end > len(self.data):
            raise _Fault("the pickle breaks off")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def take_number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def take_line(self) -> str:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise _Fault("a line does not end")
        line = self.data[self.at : end]
        self.at = end + 1
        return line.decode("utf-8", "replace")

    # The stack.

    def pop(self) -> object:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise _Fault("takes more from the stack than there is")
        return self.stack.pop()

    def pop_to_mark(self) -> list[object]:
        if not self.marks:
            raise _Fault("looks for a mark that is not there")
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def look_up(self, dotted: str) -> None:
        self.names[dotted] = None
        self.stack.append(Name(dotted))

    def push_text(self, text: str) -> None:
        self.stack.append(text)
        if len(self.texts) < _TEXTS_MAX and "." in text:
            self.texts.append(text)

    def name_items(self, items: list[object]) -> None:
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(value, TensorRef) and isinstance(key, str):
                self.tensors.append((key, value))


def _skip(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.take(width)

    return handler


def _nothing(machine: _Machine) -> None:
    """For opcodes that change neither the stack nor the place."""


def _push_opaque(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.take(width)
        machine.stack.append(None)

    return handler


def _push_counted(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.take(machine.take_number(width))
        machine.stack.append(None)

    return handler


def _push_text(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.push_text(machine.take(machine.take_number(width)).decode("utf-8", "replace"))

    return handler


def _push_line(machine: _Machine) -> None:
    machine.push_text(machine.take_line().strip("'\""))


def _push_opaque_line(machine: _Machine) -> None:
    machine.take_line()
    machine.stack.append(None)


def _push_number(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.stack.append(machine.take_number(width))

    return handler


def _push_signed(machine: _Machine) -> None:
    machine.stack.append(int.from_bytes(machine.take(4), "little", signed=True))


def _push_long(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.stack.append(int.from_bytes(machine.take(machine.take_number(width)), "little", signed=True))

    return handler


def _push_number_line(machine: _Machine) -> None:
    machine.stack.append(int(machine.take_line().rstrip("L")))


def _push_empty_tuple(machine: _Machine) -> None:
    machine.stack.append(())


def _mark(machine: _Machine) -> None:
    machine.marks.append(len(machine.stack))


def _pop(machine: _Machine) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _pop_mark(machine: _Machine) -> None:
    machine.pop_to_mark()


def _duplicate(machine: _Machine) -> None:
    machine.stack.append(machine.stack[-1])


def _make_tuple(machine: _Machine) -> None:
    machine.stack.append(tuple(machine.pop_to_mark()))


def _make_short_tuple(length: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.stack.append(tuple([machine.pop() for _ in range(length)][::-1]))

    return handler


def _make_opaque(machine: _Machine) -> None:
    machine.pop_to_mark()
    machine.stack.append(None)


def _make_dict(machine: _Machine) -> None:
    machine.name_items(machine.pop_to_mark())
    machine.stack.append(None)


def _take_one(machine: _Machine) -> None:
    machine.pop()


def _set_item(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.name_items([key, value])


def _set_items(machine: _Machine) -> None:
    machine.name_items(machine.pop_to_mark())


def _put_short(machine: _Machine) -> None:
    machine.memo[machine.data[machine.at]] = machine.stack[-1]
    machine.at += 1


def _put_long(machine: _Machine) -> None:
    machine.memo[_unpack_number(machine.data, machine.at)[0]] = machine.stack[-1]
    machine.at += 4


def _put_line(machine: _Machine) -> None:
    machine.memo[int(machine.take_line())] = machine.stack[-1]


def _memoize(machine: _Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _get_short(machine: _Machine) -> None:
    machine.stack.append(machine.memo[machine.data[machine.at]])
    machine.at += 1


def _get_long(machine: _Machine) -> None:
    machine.stack.append(machine.memo[_unpack_number(machine.data, machine.at)[0]])
    machine.at += 4


def _get_line(machine: _Machine) -> None:
    machine.stack.append(machine.memo[int(machine.take_line())])


def _global(machine: _Machine) -> None:
    module = machine.take_line()
    machine.look_up(f"{module}.{machine.take_line()}")


def _stack_global(machine: _Machine) -> None:
    name, module = machine.pop(), machine.pop()
    known = isinstance(name, str) and isinstance(module, str)
    machine.look_up(f"{module}.{name}" if known else UNKNOWN_NAME)


def _instance(machine: _Machine) -> None:
    _global(machine)
    machine.stack.pop()
    machine.pop_to_mark()
    machine.stack.append(None)


def _extension(width: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        machine.look_up(f"copyreg.extension_{machine.take_number(width)}")

    return handler


def _reduce(machine: _Machine) -> None:
    arguments, function = machine.pop(), machine.pop()
    machine.stack.append(find_tensor(function, arguments))


def _new_object(count: int) -> Callable[[_Machine], None]:
    def handler(machine: _Machine) -> None:
        for _ in range(count):
            machine.pop()
        machine.stack.append(None)

    return handler


def _persistent(machine: _Machine) -> None:
    storage = find_storage(machine.pop())
    machine.stack.append(storage)
    if storage is not None:
        machine.storages.setdefault(storage.key, storage)


_STOP: Final = ord(".")
_HANDLERS: Final[Mapping[int, Callable[[_Machine], None]]] = {
    0x80: _skip(1), 0x95: _skip(8), 0x98: _nothing,
    ord("("): _mark, ord("0"): _pop, ord("1"): _pop_mark, ord("2"): _duplicate,
    ord("X"): _push_text(4), 0x8C: _push_text(1), 0x8D: _push_text(8), ord("T"): _push_text(4), ord("U"): _push_text(1),
    ord("V"): _push_line, ord("S"): _push_line, ord("F"): _push_opaque_line,
    ord("B"): _push_counted(4), ord("C"): _push_counted(1), 0x8E: _push_counted(8), 0x96: _push_counted(8),
    ord("K"): _push_number(1), ord("M"): _push_number(2), ord("J"): _push_signed, ord("I"): _push_number_line,
    ord("L"): _push_number_line, 0x8A: _push_long(1), 0x8B: _push_long(4), ord("G"): _push_opaque(8),
    ord("N"): _push_opaque(0), 0x88: _push_opaque(0), 0x89: _push_opaque(0), ord("]"): _push_opaque(0),
    ord("}"): _push_opaque(0), 0x8F: _push_opaque(0), 0x97: _push_opaque(0), ord(")"): _push_empty_tuple,
    ord("t"): _make_tuple, 0x85: _make_short_tuple(1), 0x86: _make_short_tuple(2), 0x87: _make_short_tuple(3),
    ord("l"): _make_opaque, ord("d"): _make_dict, 0x91: _make_opaque, ord("o"): _make_opaque,
    ord("a"): _take_one, ord("e"): _pop_mark, 0x90: _pop_mark, ord("s"): _set_item, ord("u"): _set_items,
    ord("q"): _put_short, ord("r"): _put_long, ord("p"): _put_line, 0x94: _memoize,
    ord("h"): _get_short, ord("j"): _get_long, ord("g"): _get_line,
    ord("c"): _global, 0x93: _stack_global, ord("i"): _instance,
    0x82: _extension(1), 0x83: _extension(2), 0x84: _extension(4),
    ord("R"): _reduce, 0x81: _new_object(2), 0x92: _new_object(3), ord("b"): _take_one,
    ord("Q"): _persistent, ord("P"): _push_opaque_line,
}  # fmt: skip
