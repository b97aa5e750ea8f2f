"""Calls that hand a value on unchanged: schema defaults, state hooks, lookups of the environment, array methods."""

import re
from dataclasses import dataclass

from tree_sitter import Node

from holdfast.inventory.javascript.bindings import Path
from holdfast.inventory.javascript.syntax import (
    find_string,
    get_arguments,
    get_callee,
    get_callee_names,
    name_set,
)

_DEFAULTS = frozenset({"default", "catch", "prefault", "withDefault", "unwrapOr", "orElse", "$default", "defaultTo"})
_SAME = name_set(
    """
    describe optional nullable nullish min max length trim toString toLowerCase toUpperCase notNull readonly
    transform pipe refine parse safeParse parseAsync nonempty brand superRefine alias requiresArg option
    demandOption withDefaults value valueOf slice filter concat sort reverse flat shuffle extend merge strict
    passthrough partial required data
    """
)
_HOLDERS = name_set(
    """
    ref shallowRef useState useRef signal writable readable atom state $state String freeze assign
    structuredClone defineConfig resolve createSignal useSignal toRef unref reactive cloneDeep from Set of
    defineAppConfig
    """
)
_KEYED = name_set(
    """
    useLocalStorage useStorage atomWithStorage usePersistedState useSessionStorage persisted useCookie
    persistentAtom useLocalStorageState
    """
)
_LAZY = frozenset({"computed", "useMemo", "memoize", "once", "lazy", "derived", "memo", "cache"})
_PICKS = frozenset({"find", "at", "pop", "shift", "findLast", "sample"})
_SCHEMAS = frozenset({"object", "strictObject", "looseObject", "createEnv", "cleanEnv", "shape"})
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,}")


@dataclass(frozen=True, slots=True)
class Step:
    """What a call hands on: an environment variable, and values, each with the path to look at in it."""

    call: Node
    values: tuple[tuple[Node, Path], ...] = ()
    variable: str | None = None


def read_call_step(call: Node, path: Path) -> Step | None:
    """The step that a known kind of call makes; None for calls that are not known."""
    names = get_callee_names(call)
    if not names:
        return None
    name, arguments = names[-1], get_arguments(call)
    variable = _find_variable(name, arguments)
    if variable is not None:
        return Step(call, tuple((one, path) for one in arguments[1:] if find_string(one) is not None), variable)
    values = _read_method(call, name, path) or _read_function(name, arguments, path)
    return Step(call, values) if values else None


def _find_variable(name: str, arguments: list[Node]) -> str | None:
    """`Deno.env.get("X")`, `getEnv("X", "default")`, `requireEnv("X")`, `config.get("X")`."""
    text = find_string(arguments[0]) if arguments else None
    if text is None or not _VARIABLE.fullmatch(text):
        return None
    return text if name == "get" or "env" in name.lower() or name in ("getOrThrow", "required", "config") else None


def _read_method(call: Node, name: str, path: Path) -> tuple[tuple[Node, Path], ...]:
    callee = get_callee(call)
    owner = callee.child_by_field_name("object") if callee is not None and callee.type == "member_expression" else None
    if owner is None:
        return ()
    arguments = get_arguments(call)
    if name in _DEFAULTS and arguments:
        return ((arguments[0], path),)
    if name in _SAME:
        return ((owner, path), *((one, path) for one in arguments[:1] if name.startswith(("parse", "safe")) and path))
    if name in _PICKS:
        return ((owner, ("*", *path)),)
    return ()


def _read_function(name: str, arguments: list[Node], path: Path) -> tuple[tuple[Node, Path], ...]:
    if not arguments:
        return ()
    if name in _HOLDERS:
        return tuple((one, _drop_holder(path)) for one in arguments[:2])
    if name in _KEYED:
        return tuple((one, _drop_holder(path)) for one in arguments[1:2])
    if name in _LAZY:
        return ((arguments[0], ("()", *_drop_holder(path))),)
    if name == "values":
        return ((arguments[0], ("*", *path[1:])),)
    if name in _SCHEMAS:
        return _read_schema(name, arguments, path)
    return ()


def _drop_holder(path: Path) -> Path:
    return path[1:] if path[:1] in (("0",), ("value",), ("current",)) else path


def _read_schema(name: str, arguments: list[Node], path: Path) -> tuple[tuple[Node, Path], ...]:
    if not path:
        return ()
    if name == "createEnv":
        return tuple((arguments[0], (part, *path)) for part in ("server", "client", "shared"))
    if name == "cleanEnv" and len(arguments) > 1:
        return ((arguments[1], path),)
    return ((arguments[0], path),)


def hands_on_argument(call: Node, argument: Node) -> bool:
    """Whether a call's value can be this argument of it: `useState("x")`, `.default("x")`, `getEnv("X", "x")`."""
    names = get_callee_names(call)
    arguments = get_arguments(call)
    if not names or not arguments:
        return False
    name, is_first = names[-1], arguments[0].id == argument.id
    if name in _DEFAULTS or name in _LAZY:
        return is_first
    if name in _HOLDERS:
        return True
    if name in _KEYED:
        return not is_first
    return not is_first and _find_variable(name, arguments) is not None


def hands_on_owner(method: str) -> bool:
    """Whether a method's value can be the thing it is called on: `x.optional()`, `x.trim()`."""
    return method in _SAME
