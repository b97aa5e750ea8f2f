"""Calls into packages that reach models: which value names the model, and where that value stands. Knows calls only."""

from collections.abc import Iterator

from tree_sitter import Node

from holdfast.inventory.javascript.catalogues import Listed
from holdfast.inventory.javascript.clients import Client, Clients
from holdfast.inventory.javascript.context import is_mock_context
from holdfast.inventory.javascript.findings import Clue, Findings, build_unresolved
from holdfast.inventory.javascript.packages import Family, find_package, find_via
from holdfast.inventory.javascript.recipes import Recipe, find_anyones, find_recipe
from holdfast.inventory.javascript.survey import Survey
from holdfast.inventory.javascript.syntax import (
    find_string,
    get_arguments,
    get_callee,
    get_callee_names,
    get_line,
    get_text,
    split_chain,
    walk_pairs,
)
from holdfast.inventory.javascript.values import Origin, Origins, Resolver, Source
from holdfast.inventory.javascript.words import compute_spelled_name
from holdfast.inventory.naming import looks_like_model
from holdfast.inventory.sighting import Sighting

TEXT_MAX = 120
_OPTIONS = frozenset({"providerOptions", "gateway", "openrouter", "extra_body", "extraBody"})
_NOTES = {
    Source.ENVIRONMENT: "set from the environment, no default here",
    Source.IMPORT: "set in another module",
    Source.UNKNOWN: "set by the caller or at run time",
}
_ORDER = list(_NOTES)  # what can be looked up comes before what cannot


class CallReader:
    """Reads the calls of one file into findings."""

    def __init__(self, survey: Survey, resolver: Resolver, findings: Findings, listed: Listed) -> None:
        self._survey = survey
        self._listed = listed
        self._resolver = resolver
        self._findings = findings
        self.clients = Clients(resolver)
        self.vias: set[str] = set()  # the providers that this file calls

    def read(self) -> None:
        """Read every call and construction."""
        for call in self._survey.all("call_expression", "new_expression"):
            arguments = get_arguments(call)
            callee = get_callee(call)
            if callee is None or not arguments:
                continue
            client = self.clients.find(callee)
            if client is not None:
                self._read_known(call, callee, client)
            else:
                self._read_anyones(call)

    def _read_known(self, call: Node, callee: Node, client: Client) -> None:
        if client.package.family is not Family.FRAMEWORK and client.package.via:
            self.vias.add(client.package.via)
        chain = split_chain(callee)[1]
        tail = chain or (client.name,)
        recipe = find_recipe(
            client.package, tail, is_bare=not chain and (client.made or find_via(client.name) is not None)
        )
        if recipe is None or (client.package.family is Family.PROVIDER and not _makes_model(call, client, chain)):
            return
        first = get_arguments(call)[0]
        if call.type == "new_expression" and find_string(first) is not None and not recipe.positions:
            recipe = Recipe((0,), recipe.keys, reports_unresolved=False)
        endpoint = client.endpoint or self.clients.read_endpoint(call)
        provider = _find_model_provider(call, self._resolver) or client.package.via
        self._apply(call, recipe, Clue(_name_rule(provider, tail), provider, endpoint, call_line=get_line(call)))

    def _read_anyones(self, call: Node) -> None:
        names = get_callee_names(call)
        found = find_anyones(names)
        if found is not None:
            via, recipe = found
            self._apply(call, recipe, Clue(_name_rule(via, names[-2:]), via, call_line=get_line(call)))

    def _apply(self, call: Node, recipe: Recipe, clue: Clue) -> None:
        targets = list(self._walk_targets(call, recipe))
        if not targets or is_mock_context(call, self._survey.parents):
            return
        clue = Clue(clue.rule, clue.via, clue.endpoint, self._find_revision(call), clue.call_line)
        for target in targets:
            origins = self._resolver.resolve(target)
            literals = [o for o in origins if o.source is Source.LITERAL]
            if recipe.needs_distinct:
                literals = [o for o in literals if looks_like_model(o.text)]
            listed = [o for o in literals if o.is_among and self._listed.holds(o.node)]
            named = [o for o in literals if o not in listed and self._findings.add(o.line, o.text, clue)]
            named = named or self._read_constants(origins, clue)
            if named:
                self._refer_to_settings(target, origins, clue)
            elif not listed and recipe.reports_unresolved:
                self._report_unresolved(target, origins, clue)

    def _walk_targets(self, call: Node, recipe: Recipe) -> Iterator[Node]:
        arguments = get_arguments(call)
        for position in recipe.positions:
            if position < len(arguments):
                yield arguments[position]
        for argument in arguments if recipe.keys else ():
            holder = self._resolver.find_object(argument)
            if holder is not None:
                yield from self._walk_keys(holder, recipe.keys)

    def _walk_keys(self, holder: Node, keys: tuple[str, ...], depth: int = 0) -> Iterator[Node]:
        for key, value in walk_pairs(holder):
            if key in keys:
                yield value
            elif key == "models" and value.type == "array":  # a router's fallbacks, tried in order
                yield from (item for item in value.named_children if item.type == "string")
            elif key in _OPTIONS and value.type == "object" and depth < 2:
                yield from self._walk_keys(value, (), depth + 1)
        for child in holder.named_children if depth < 2 else ():
            if child.type == "spread_element" and child.named_child_count:
                inner = self._resolver.find_object(child.named_children[0])
                if inner is not None:
                    yield from self._walk_keys(inner, keys, depth + 1)

    def _read_constants(self, origins: Origins, clue: Clue) -> list[Origin]:
        """A library's own constants that spell a model's name: `GEMINI_MODEL.GEMINI_2_0_FLASH`, `gemini20Flash`."""
        found: list[Origin] = []
        for origin in origins:
            module = self._resolver.find_imported_module(origin.node) if origin.source is Source.IMPORT else None
            if module is None or find_package(module, "") is None:
                continue
            name = compute_spelled_name(origin.text.rpartition(".")[2])
            if looks_like_model(name) and self._findings.add(origin.line, name, clue):
                found.append(origin)
        return found

    def _refer_to_settings(self, target: Node, origins: Origins, clue: Clue) -> None:
        """A variable of the environment beside a default: what a settings file gives it is a use as well."""
        line, text = get_line(target), get_text(target)[:TEXT_MAX]
        for origin in origins:
            if origin.source is Source.ENVIRONMENT:
                told = Sighting(line, text, clue.rule, clue.via, revision=clue.revision, endpoint=clue.endpoint)
                self._findings.add_reference(line, f"env:{origin.text}", told)

    def _report_unresolved(self, target: Node, origins: Origins, clue: Clue) -> None:
        line, text = get_line(target), get_text(target)[:TEXT_MAX]
        for origin in sorted((o for o in origins if o.source in _NOTES), key=lambda o: _ORDER.index(o.source)):
            sighting = build_unresolved(line, text, clue, _NOTES[origin.source])
            if origin.source is Source.ENVIRONMENT:
                self._findings.add_reference(line, f"env:{origin.text}", sighting)
            elif origin.source is Source.IMPORT:
                self._findings.add_reference(line, origin.text, sighting)
            else:
                self._findings.add_unresolved(sighting)
            return

    def _find_revision(self, call: Node) -> str | None:
        for argument in get_arguments(call):
            if argument.type != "object":
                continue
            for origin in self._resolver.resolve(argument, ("revision",)):
                if origin.source is Source.LITERAL:
                    return origin.text
        return None


def _makes_model(call: Node, client: Client, chain: tuple[str, ...]) -> bool:
    """`openai("x")` and `openai.chat("x")` do; `createOpenAI({…})` does not."""
    return bool(chain) or (call.type == "call_expression" and (client.made or not client.name.startswith("create")))


def _find_model_provider(call: Node, resolver: Resolver) -> str:
    """langchain's `initChatModel(name, {modelProvider})`."""
    for argument in get_arguments(call):
        for origin in resolver.resolve(argument, ("modelProvider",)) if argument.type == "object" else ():
            if origin.source is Source.LITERAL:
                return origin.text
    return ""


def _name_rule(via: str, tail: tuple[str, ...]) -> str:
    return ".".join(("javascript", *(part for part in (via, *tail[-2:]) if part)))
