"""Which named place a string stands in: property, constant, default, parameter, field, attribute, returned value.

Only the shape of the code is looked at; whether the string names a model is for others to say.
"""

from dataclasses import dataclass
from enum import StrEnum

from tree_sitter import Node

from holdfast.inventory.javascript.chains import hands_on_argument, hands_on_owner
from holdfast.inventory.javascript.survey import Parents
from holdfast.inventory.javascript.syntax import (
    FUNCTIONS,
    WRAPPERS,
    find_key,
    get_callee,
    get_callee_names,
    get_text,
    split_chain,
)
from holdfast.inventory.javascript.words import says_model

CLIMB_MAX = 24
NEST_MAX = 5
NAME_MAX = 80


class Place(StrEnum):
    """What kind of place a slot is."""

    CONSTANT = "constant"
    PROPERTY = "property"
    DEFAULT = "default"  # of a parameter, or in a destructuring
    ASSIGNMENT = "assignment"
    FIELD = "field"
    ATTRIBUTE = "attribute"
    RETURN = "return"
    ARGUMENT = "argument"
    ELEMENT = "element"  # of an array; `name` is the array's own


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that holds a string. `holder` is its node: the pair, the declarator, the call…"""

    place: Place
    name: str
    holder: Node
    index: int = 0  # of an argument


def find_slot(node: Node, parents: Parents) -> Slot | None:
    """The slot that a string, or what it is a default of, stands in; None where the string is only looked at."""
    child, parent = node, parents.find(node)
    asked: Slot | None = None
    for _ in range(CLIMB_MAX):
        if parent is None or not _passes(parent, child, parents):
            break
        asked = asked or _read_asked(parent, child)
        child, parent = parent, parents.find(parent)
    slot = _read_slot(parent, child, parents) if parent is not None else None
    if asked is None or (slot is not None and says_model(slot.name)):
        return slot
    return asked


def _read_asked(parent: Node, child: Node) -> Slot | None:
    """What is asked for first where `child` is the default: `process.env.CHAT_MODEL ?? "x"` gives `CHAT_MODEL`."""
    left = parent.child_by_field_name("left") if parent.type == "binary_expression" else None
    if left is None or left.id == child.id:
        return None
    root, chain = split_chain(left)
    name = chain[-1] if chain else get_text(root) if root.type == "identifier" else ""
    return Slot(Place.DEFAULT, name, parent) if says_model(name) else None


def find_nest(slot: Slot, parents: Parents) -> list[Slot]:
    """The slots around a property, nearest first: for `{llm: {default: "x"}}` the slot of `llm`."""
    nest: list[Slot] = []
    for _ in range(NEST_MAX):
        holder = parents.find(slot.holder) if slot.place is Place.PROPERTY else None
        outer = find_slot(holder, parents) if holder is not None else None
        if outer is None:
            break
        nest.append(outer)
        slot = outer
    return nest


def _passes(parent: Node, child: Node, parents: Parents) -> bool:
    """Whether `parent` has the value of `child`, or may have it."""
    if parent.type in WRAPPERS or parent.type == "type_assertion":
        return True
    if parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type in ("||", "??", "&&")
    if parent.type == "ternary_expression":
        condition = parent.child_by_field_name("condition")
        return condition is None or condition.id != child.id
    if parent.type == "subscript_expression":
        index = parent.child_by_field_name("index")
        return index is not None and index.id == child.id and child.type == "binary_expression"
    if parent.type == "member_expression":
        return _is_chained(parent, parents)
    if parent.type == "arguments":
        call = parents.find(parent)
        return call is not None and call.type == "call_expression" and hands_on_argument(call, child)
    if parent.type in ("call_expression", "new_expression"):
        callee = get_callee(parent)
        return callee is None or callee.id != child.id or _is_chained(callee, parents)
    return False


def _is_chained(member: Node, parents: Parents) -> bool:
    call = parents.find(member)
    callee = get_callee(call) if call is not None and call.type == "call_expression" else None
    prop = member.child_by_field_name("property")
    return callee is not None and callee.id == member.id and prop is not None and hands_on_owner(get_text(prop))


def _read_slot(parent: Node, child: Node, parents: Parents) -> Slot | None:
    kind, above = parent.type, parents.find(parent)
    if kind == "pair":
        return _of(Place.PROPERTY, parent, "key", child)
    if kind == "variable_declarator":
        return _read_declarator(parent)
    if kind in ("required_parameter", "optional_parameter"):
        return _of(Place.DEFAULT, parent, "pattern", child)
    if kind == "assignment_pattern" and above is not None and above.type == "pair_pattern":
        return _of(Place.DEFAULT, above, "key", child)
    if kind in ("assignment_pattern", "object_assignment_pattern"):
        return _of(Place.DEFAULT, parent, "left", child)
    if kind in ("assignment_expression", "augmented_assignment_expression"):
        return _read_assignment(parent, child)
    if kind == "public_field_definition":
        return _of(Place.FIELD, parent, "name", child)
    if kind == "jsx_attribute":
        return Slot(Place.ATTRIBUTE, get_text(parent.named_children[0]), parent)
    if kind == "arguments" and above is not None:
        return _read_argument(parent, above, child)
    if kind == "array":  # of arrays, only the innermost is asked
        outer = find_slot(parent, parents) if above is not None and above.type != "array" else None
        return Slot(Place.ELEMENT, outer.name, parent) if outer is not None else None
    if kind == "return_statement" or kind == "arrow_function":
        return _read_returned(parent, parents)
    return None


def _of(place: Place, holder: Node, field: str, child: Node) -> Slot | None:
    label = holder.child_by_field_name(field)
    if label is None or label.id == child.id:
        return None
    name = find_key(label) or (get_text(label)[:NAME_MAX] if label.type == "computed_property_name" else None)
    return Slot(place, name, holder) if name else None


def _read_declarator(declarator: Node) -> Slot | None:
    pattern = declarator.child_by_field_name("name")
    if pattern is not None and pattern.type == "array_pattern" and pattern.named_child_count:
        pattern = pattern.named_children[0]
    name = find_key(pattern)
    return Slot(Place.CONSTANT, name, declarator) if name else None


def _read_assignment(assignment: Node, child: Node) -> Slot | None:
    left = assignment.child_by_field_name("left")
    if left is None or left.id == child.id:
        return None
    root, chain = split_chain(left)
    name = chain[-1] if chain else get_text(root) if root.type == "identifier" else ""
    return Slot(Place.ASSIGNMENT, name, assignment) if name else None


def _read_argument(holder: Node, call: Node, child: Node) -> Slot | None:
    names = get_callee_names(call)
    arguments = [one for one in holder.named_children if one.type != "comment"]
    index = next((i for i, one in enumerate(arguments) if one.id == child.id), 0)
    return Slot(Place.ARGUMENT, names[-1], call, index) if names else None


def _read_returned(node: Node, parents: Parents) -> Slot | None:
    function: Node | None = node
    for _ in range(CLIMB_MAX):
        if function is None or function.type in FUNCTIONS:
            break
        function = parents.find(function)
    if function is None:
        return None
    label = function.child_by_field_name("name")
    holder = parents.find(function)
    if label is None and holder is not None:
        label = holder.child_by_field_name("name") or holder.child_by_field_name("key")
    name = find_key(label)
    return Slot(Place.RETURN, name, function) if name else None
