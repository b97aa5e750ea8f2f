"""Names of models in places that say so: properties, constants, defaults. The rule for code of any library."""

import re
from dataclasses import dataclass

from tree_sitter import Node

from holdfast.inventory.javascript import context, words
from holdfast.inventory.javascript.catalogues import Listed
from holdfast.inventory.javascript.clients import Clients
from holdfast.inventory.javascript.findings import Clue, Findings
from holdfast.inventory.javascript.packages import ENDPOINT_KEYS, find_via
from holdfast.inventory.javascript.slots import Place, Slot, find_nest, find_slot
from holdfast.inventory.javascript.syntax import (
    find_key,
    find_string,
    get_arguments,
    get_callee_names,
    get_line,
    get_text,
    name_set,
)
from holdfast.inventory.naming import find_distinct, find_named, looks_like_model
from holdfast.records.model import Kind

_PLAUSIBLE = re.compile(r"[A-Za-z0-9@~./][\w./:@+#=-]{1,150}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_QUOTED = re.compile(r"""["'`]([^"'`\s]+)["'`]""")
_SHAPE = re.compile(r"[\d/:.@-]")
_PROVIDER_KEYS = name_set(
    """
    provider modelProvider vendor service client engine backend platform providerId llmProvider
    """
)
_ENTRY_KEYS = name_set(
    """
    id value name slug key modelId modelName code model hostedId model_name apiName
    """
)
_LABELLED_KEYS = _ENTRY_KEYS - {"model"}
_NAME_KEYS = name_set(
    """
    name key id label displayName flag flags long title field property
    """
)
_ENDPOINT_KEYS = frozenset(ENDPOINT_KEYS)
_REQUESTS = name_set(
    """
    fetch post request axios ky got $fetch put ofetch fetchEventSource WebSocket
    """
)


@dataclass(frozen=True, slots=True)
class FileHints:
    """What a whole file tells: its path, whether it is a test, the provider and the endpoint it speaks to."""

    is_test: bool = False
    calls_for_real: bool = False  # for a test: it reaches a model, and replaces nothing
    is_staged: bool = False
    via: str = ""
    endpoint: str = ""
    reaches_models: bool = False


class SettingReader:
    """Reads the strings of one file into findings."""

    def __init__(self, clients: Clients, findings: Findings, hints: FileHints) -> None:
        self._clients = clients
        self._bindings = clients.bindings
        self._parents = clients.bindings.parents
        self._findings = findings
        self._hints = hints
        self._facts: dict[int, context.Facts] = {}  # by node id: large objects are asked about often

    def read(self, strings: list[Node], listed: Listed) -> None:
        """Judge every string, except those that stand in a catalogue."""
        if self._hints.is_staged or (self._hints.is_test and not self._hints.calls_for_real):
            return
        for node in strings:
            text = find_string(node)
            if text is None or not _PLAUSIBLE.fullmatch(text) or self._findings.has(get_line(node), text):
                continue
            slot = find_slot(node, self._parents)
            if slot is None or (listed.holds(node) and not words.is_choice(slot.name)):
                continue
            self._judge(node, text, slot)

    def _judge(self, node: Node, text: str, slot: Slot) -> None:
        nest = find_nest(slot, self._parents)
        if self._tell_version(node, text, slot, nest) or words.counts_tokens(slot.name):
            return
        strength = self._weigh(slot, nest)
        if strength == 0 or self._is_described(slot, nest):
            return
        distinct = find_distinct(text)
        if distinct is None and (strength < 2 or not self._may_name(text, slot, nest)):
            return
        if context.is_mock_context(node, self._parents) or (
            slot.place is Place.RETURN and self._is_translated(node, slot)
        ):
            return
        line = get_line(node)
        clue = self._read_clue(node, slot, nest, distinct is None or distinct.kind is Kind.WEIGHTS)
        if not self._findings.add(line, text, clue) and distinct is not None:
            self._findings.add(line, text, Clue(clue.rule))

    def _get_facts(self, holder: Node) -> context.Facts:
        found = self._facts.get(holder.id)
        if found is None:
            found = self._facts[holder.id] = context.read_facts(holder)
        return found

    def _weigh(self, slot: Slot, nest: list[Slot]) -> int:
        """2: the place says model; 1: it may, if the text is unmistakable; 0: it does not."""
        if slot.place is Place.ARGUMENT:
            return self._weigh_argument(slot)
        if slot.place is Place.ELEMENT:
            return int(words.is_chain(slot.name) and words.says_model(slot.name))
        if words.says_model(slot.name):
            return 2
        if slot.place is Place.RETURN:
            return int(words.makes_model(slot.name))
        if slot.place is Place.CONSTANT:
            return int(not self._hints.is_test)
        if slot.place is Place.PROPERTY:
            return max(self._weigh_nest(slot, nest), int(words.may_say_model(slot.name)))
        return int(words.may_say_model(slot.name))

    def _is_translated(self, node: Node, slot: Slot) -> bool:
        """`if (name.includes("gpt-4")) return "gpt-4"`: one name is turned into another."""
        for above in self._parents.walk_up(node):
            if above.id == slot.holder.id:
                return False
            asked = above.child_by_field_name("condition" if above.type == "if_statement" else "value")
            if above.type in ("if_statement", "switch_case") and asked is not None and _asks_for_model(get_text(asked)):
                return True
        return False

    def _tell_version(self, node: Node, text: str, slot: Slot, nest: list[Slot]) -> bool:
        """Replicate's API takes the digest of a version in place of a name."""
        if slot.name != "version" or not _DIGEST.fullmatch(text):
            return False
        clue = self._read_clue(node, slot, nest, is_open=True)
        if "replicate" not in clue.via + clue.endpoint or context.is_mock_context(node, self._parents):
            return False
        return self._findings.add(get_line(node), text, Clue(clue.rule, "replicate"))

    def _weigh_nest(self, slot: Slot, nest: list[Slot]) -> int:
        holder = self._parents.find(slot.holder)
        if words.is_inner(slot.name) and holder is not None:
            label = self._get_facts(holder).find_text(_NAME_KEYS - {slot.name})
            if label is not None and words.says_model_in_text(label):
                return 2
        if slot.name in _ENTRY_KEYS and (not nest or not words.says_model(nest[0].name)):
            return 0
        for outer in nest:
            if outer.place is Place.ELEMENT:
                return int(words.is_chain(outer.name))
            if outer.place is Place.ARGUMENT:
                return 2 if words.is_inner(slot.name) and self._says_first(outer) else 0
            if words.says_model(outer.name):
                return int(not words.is_refused(slot.name))
        return 0

    def _says_first(self, slot: Slot) -> bool:
        """`option("model", {default: "x"})`, `localStorage.setItem("model", "x")`."""
        arguments = get_arguments(slot.holder)[: slot.index]
        texts = (find_string(argument) for argument in arguments)
        return any(text is not None and words.says_model_in_text(text) for text in texts)

    def _weigh_argument(self, slot: Slot) -> int:
        if self._says_first(slot):
            return 2
        if words.makes_model(slot.name):
            return 1
        for function in self._bindings.functions.get(slot.name, ())[:2]:
            holder = function.child_by_field_name("parameters")
            parameters = [one for one in holder.named_children if one.type != "comment"] if holder is not None else []
            if slot.index < len(parameters):
                pattern = parameters[slot.index].child_by_field_name("pattern") or parameters[slot.index]
                return 2 if words.says_model(find_key(pattern) or "") else 0
        names = get_callee_names(slot.holder)
        return int(slot.holder.type == "new_expression" and find_via(names[-1]) is not None)

    def _is_described(self, slot: Slot, nest: list[Slot]) -> bool:
        """Whether the object around it is a recorded answer, a price, or one line of a list to choose from."""
        holder = self._parents.find(slot.holder)
        if slot.place is not Place.PROPERTY or holder is None:
            return False
        facts = self._get_facts(holder)
        if context.is_answer(facts) or context.is_price_entry(facts):
            return True
        in_list = bool(nest) and nest[0].place is Place.ELEMENT and not words.is_chain(nest[0].name)
        keys = _ENTRY_KEYS if in_list and words.says_model(nest[0].name) else _LABELLED_KEYS
        return slot.name in keys and context.is_option(facts)

    def _may_name(self, text: str, slot: Slot, nest: list[Slot]) -> bool:
        """Whether a text that could be anything is a model's name here."""
        via = self._find_via(slot, nest)
        if not via and not self._hints.reaches_models:
            return False
        if via == "ollama" and find_distinct(f"{text}:latest") is not None:
            return True
        known = find_named(text)
        if known is not None:
            return True
        return bool(via) and _SHAPE.search(text) is not None

    def _find_via(self, slot: Slot, nest: list[Slot]) -> str:
        """The provider that the place itself names: a property beside it, or a name around it."""
        for one in (slot, *nest):
            holder = self._parents.find(one.holder) if one.place is Place.PROPERTY else None
            beside = self._get_facts(holder).find_text(_PROVIDER_KEYS) if holder is not None else None
            via = (find_via(beside) if beside else None) or find_via(one.name)
            if via:
                return via
        owner = next((above for above in self._parents.walk_up(slot.holder) if above.type == "class_declaration"), None)
        name = owner.child_by_field_name("name") if owner is not None else None
        return (find_via(get_text(name)) if name is not None else None) or ""

    def _read_clue(self, node: Node, slot: Slot, nest: list[Slot], is_open: bool) -> Clue:
        """`is_open`: the text alone does not say who serves it, so that the file's own provider may."""
        rule = f"javascript.{slot.place}"
        endpoint = self._find_endpoint(node, slot)
        via = self._find_via(slot, nest)
        if endpoint or via or not is_open:
            return Clue(rule, via, endpoint)
        return Clue(rule, self._hints.via, "" if self._hints.via else self._hints.endpoint)

    def _find_endpoint(self, node: Node, slot: Slot) -> str:
        holder = self._parents.find(slot.holder) if slot.place is Place.PROPERTY else None
        beside = self._get_facts(holder).find_text(_ENDPOINT_KEYS) if holder is not None else None
        if beside is not None and "://" in beside and "://huggingface.co" not in beside:
            return beside
        for above in self._parents.walk_up(node):
            if above.type in ("call_expression", "new_expression") and not _REQUESTS.isdisjoint(
                get_callee_names(above)[-1:] + get_callee_names(above)[:1]
            ):
                arguments = get_arguments(above)
                return self._clients.find_url(arguments[0]) if arguments else ""
        return ""


def _asks_for_model(condition: str) -> bool:
    return any(looks_like_model(quoted) for quoted in _QUOTED.findall(condition[:500]))
