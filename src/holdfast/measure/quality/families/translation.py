"""Translating by the dictionary and the grammar of a language that is invented for the one problem.

What is right is right in both directions: each sentence has one translation, and that one leads back to it.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

from holdfast.measure.quality.checks.texts import Exact
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.families.words import invent_many
from holdfast.measure.quality.findings import Output

_NOUNS: Final = ("dog", "farmer", "bird", "child", "horse", "baker")
_PLURALS: Final = {
    "dog": "dogs",
    "farmer": "farmers",
    "bird": "birds",
    "child": "children",
    "horse": "horses",
    "baker": "bakers",
}
_ADJECTIVES: Final = ("big", "old", "happy", "quiet")
_VERBS: Final = {"see": "saw", "follow": "followed", "help": "helped", "hear": "heard"}


@dataclass(frozen=True, slots=True)
class _Phrase:
    noun: str
    adjective: str = ""
    is_plural: bool = False

    @property
    def english(self) -> str:
        noun = _PLURALS[self.noun] if self.is_plural else self.noun
        return " ".join(word for word in ("the", self.adjective, noun) if word)


@dataclass(frozen=True, slots=True)
class _Language:
    """Words, and endings: `plural` on nouns, `past` on verbs, `negation` before the verb."""

    words: dict[str, str]
    plural: str
    past: str
    negation: str

    def say(self, phrase: _Phrase) -> str:
        noun = self.words[phrase.noun] + (self.plural if phrase.is_plural else "")
        return f"{noun} {self.words[phrase.adjective]}" if phrase.adjective else noun

    def describe(self) -> str:
        pairs = "\n".join(f"{english} = {word}" for english, word in sorted(self.words.items()))
        return f"Dictionary of an invented language:\n{pairs}\n"


def _make(random: Random, level: Level) -> Problem:
    language = _invent_language(random)
    if level is Level.EASY:
        return _make_plain(random, language)
    return _make_into_english(random, language) if level is Level.MEDIUM else _make_from_english(random, language)


def _invent_language(random: Random) -> _Language:
    english = [*_NOUNS, *_ADJECTIVES, *_VERBS]
    words = invent_many(random, len(english) + 1, 2)
    plural, past = random.sample(("x", "sh", "w", "q"), 2)  # endings that no invented word has
    return _Language(dict(zip(english, words, strict=False)), plural, past, words[-1])


def _make_plain(random: Random, language: _Language) -> Problem:
    words = [random.choice(_ADJECTIVES), random.choice(_NOUNS)]
    right = " ".join(language.words[word] for word in words)
    prompt = f"{language.describe()}\nTranslate word by word: {' '.join(words)}\n{ask_for('the translation')}"
    return _check(prompt, right)


def _make_into_english(random: Random, language: _Language) -> Problem:
    """The present tense, in which English verbs after a plural have no ending: subjects are plural."""
    subject, object_ = _draw_phrases(random)
    verb = random.choice(list(_VERBS))
    subject = _Phrase(subject.noun, subject.adjective, is_plural=True)
    sentence = f"{language.words[verb]} {language.say(subject)} {language.say(object_)}"
    grammar = (
        f"Grammar: the verb comes first, then who does it, then whom it is done to. Adjectives follow their noun. "
        f'Nouns in the plural end in "{language.plural}". There are no articles; '
        f'in English begin each noun phrase with "the".'
    )
    prompt = (
        f"{language.describe()}\n{grammar}\n\nTranslate into English, in the present tense: {sentence}\n"
        f"{ask_for('the English sentence in lower case')}"
    )
    return _check(prompt, f"{subject.english} {verb} {object_.english}")


def _make_from_english(random: Random, language: _Language) -> Problem:
    subject, object_ = _draw_phrases(random)
    verb, is_negated = random.choice(list(_VERBS)), random.random() < 0.5
    said = f"did not {verb}" if is_negated else _VERBS[verb]
    word = language.words[verb] + language.past
    right = f"{language.negation + ' ' if is_negated else ''}{word} {language.say(object_)} {language.say(subject)}"
    grammar = (
        f"Grammar: the verb comes first, then whom it is done to, then who does it. Adjectives follow their noun. "
        f'Nouns in the plural end in "{language.plural}", verbs in the past in "{language.past}". '
        f'A sentence is negated by "{language.negation}" before the verb, and the verb keeps its ending. '
        "There are no articles."
    )
    prompt = (
        f"{language.describe()}\n{grammar}\n\nTranslate into the invented language: "
        f"{subject.english} {said} {object_.english}\n{ask_for('the translation')}"
    )
    return _check(prompt, right)


def _draw_phrases(random: Random) -> tuple[_Phrase, _Phrase]:
    nouns = random.sample(_NOUNS, 2)
    first, second = (
        _Phrase(noun, random.choice(("", *_ADJECTIVES)), is_plural=random.random() < 0.5) for noun in nouns
    )
    return first, second


def _check(prompt: str, right: str) -> Problem:
    return Problem(prompt, (Exact(value=right, ignore_case=True),), Output(f"Answer: {right}"))


TRANSLATION = Family("translation", "translate by the dictionary and grammar of an invented language", _make, {})
