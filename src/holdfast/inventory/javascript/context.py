"""What surrounds a place: a mock, an expectation, a recorded answer, a table. Such places hold no uses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from holdfast.inventory.javascript.survey import Parents
from holdfast.inventory.javascript.syntax import (
    FUNCTIONS,
    find_key,
    find_string,
    get_callee_names,
    name_set,
    split_words,
    walk_pairs,
)

_MOCK_WORDS = name_set(
    """
    mock mocks mocked fake stub stubs fixture fixtures expected sample samples dummy snapshot
    """
)
_MOCK_ROOTS = frozenset({"expect", "assert", "nock", "sinon", "should", "chai"})
_MOCK_METHODS = re.compile(
    r"mock\w*|doMock|unmock|stub|stubs|toEqual|toBe|toStrictEqual|toMatchObject|toContain\w*|toHaveBeen\w*|toHaveProperty|"
    r"deepEqual|deepStrictEqual|strictEqual|resolves|rejects|reply"
)
_ANSWER_KEYS = frozenset(
    {"choices", "usage", "created", "object", "finish_reason", "stop_reason", "system_fingerprint", "generations"}
)
_PRICE_KEYS = name_set(
    """
    pricing price prices cost costs inputCost outputCost inputPrice outputPrice input_cost output_cost
    promptCost completionCost contextWindow context_window contextLength context_length maxContext contextTokens
    inputTokenLimit outputTokenLimit contextSize max_input_tokens maxInputTokens maxContextTokens maxOutput
    costPer1kTokens knowledgeCutoff releaseDate release_date capabilities modalities supportsVision
    supportsTools supportsImages supportsStreaming platformLink tool_call
    """
)
_WORK_KEYS = name_set(
    """
    temperature prompt messages systemPrompt system_prompt system apiKey api_key instructions tools topP top_p
    stream
    """
)
_LABEL_KEYS = name_set(
    """
    label displayName display_name description title text icon logo badge tier vision imageInput attachment
    reasoning multimodal intelligence speed recommended featured isNew isPro premium free maxTokens max_tokens
    disabled hint shortName creator vendor
    """
)
_NAMING_KEYS = frozenset({"id", "name", "value", "slug", "key"})
_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|__tests__|specs?|e2e|cypress|playwright)/|[._-](?:test|tests|spec|vitest|e2e|cy|bench)\.[cm]?[jt]sx?$|(?:^|/)test[._-][^/]*$"
)
_TEST_MODULES = frozenset(
    {"vitest", "@jest/globals", "node:test", "mocha", "chai", "bun:test", "ava", "@playwright/test"}
)
_STAGED_PATH = re.compile(
    r"(?:^|/)(?:__mocks__|mocks?|fixtures?|__fixtures__|__snapshots__|stubs?|stories|locales?|i18n|translations?|lang)/|"
    r"\.(?:stories|mock|mocks|fixture|fixtures)\.[cm]?[jt]sx?$"
)


def is_test_path(path: str) -> bool:
    """Whether a file is a test by its path."""
    return _TEST_PATH.search(path) is not None


def is_test_module(module: str) -> bool:
    """Whether only tests import a module."""
    return module in _TEST_MODULES


def is_staged_path(path: str) -> bool:
    """Whether a file holds mocks, fixtures, stories or translations by its path."""
    return _STAGED_PATH.search(path) is not None


def says_mock(name: str) -> bool:
    """Whether a name says that what it holds is not real."""
    return not _MOCK_WORDS.isdisjoint(split_words(name))


def is_mock_context(node: Node, parents: Parents) -> bool:
    """Whether a place lies inside a mock, an expectation, or something named like one."""
    for above in parents.walk_up(node, 120):
        if above.type == "call_expression":
            if _is_mock_call(get_callee_names(above)):
                return True
        elif (
            above.type in ("variable_declarator", "pair", "class_declaration", "public_field_definition")
            or above.type in FUNCTIONS
        ):
            name = find_key(above.child_by_field_name("name") or above.child_by_field_name("key"))
            if name is not None and says_mock(name):
                return True
    return False


def _is_mock_call(names: tuple[str, ...]) -> bool:
    if not names:
        return False
    if names[0] in _MOCK_ROOTS or _MOCK_METHODS.fullmatch(names[-1]):
        return True
    return names[0] in ("jest", "vi") and len(names) > 1


@dataclass(frozen=True, slots=True)
class Facts:
    """The keys of an object, and the values of those that hold plain text."""

    keys: frozenset[str]
    texts: Mapping[str, str]

    def find_text(self, keys: frozenset[str]) -> str | None:
        """The text under one of these keys; the first by the alphabet where there are several."""
        return next((self.texts[key] for key in sorted(keys & self.keys) if key in self.texts), None)


def read_facts(holder: Node) -> Facts:
    """What an object's own pairs say."""
    pairs = list(walk_pairs(holder))
    texts = {key: text for key, value in pairs if (text := find_string(value)) is not None}
    return Facts(frozenset(key for key, _ in pairs), texts)


def is_answer(facts: Facts) -> bool:
    """Whether an object looks like what an API sent back."""
    return len(facts.keys & _ANSWER_KEYS) >= 2


def is_price_entry(facts: Facts) -> bool:
    """Whether an object holds facts about a model (price, context length) rather than choosing one to work with."""
    return not _PRICE_KEYS.isdisjoint(facts.keys) and _WORK_KEYS.isdisjoint(facts.keys)


def is_option(facts: Facts) -> bool:
    """Whether an object is one line of a list to choose from: a name with a label, or with facts about it."""
    return not facts.keys.isdisjoint(_LABEL_KEYS | _PRICE_KEYS) or len(facts.keys & _NAMING_KEYS) > 1


def has_mocks(text: str) -> bool:
    """Whether a test file replaces modules or the network."""
    return (
        re.search(
            r"\b(?:jest|vi)\.(?:mock|fn|doMock|spyOn|stubGlobal)\b|\bnock\(|\bsetupServer\(|\bsinon\.|\bmock\.module\(",
            text,
        )
        is not None
    )
