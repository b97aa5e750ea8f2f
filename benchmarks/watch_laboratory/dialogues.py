"""Made conversations: short questions of many kinds, whose answers can begin in more than one way.

All randomness comes from the generator that is passed in. A corpus differs from another by its seed and its manners.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.watch_laboratory.catalogue import SYSTEM

SYSTEMS = (SYSTEM, f"{SYSTEM} Answer briefly.", f"{SYSTEM} Answer politely.", f"{SYSTEM} Today is Monday.", "")
SYSTEM_WEIGHTS = (5, 1, 1, 1, 3)
WORDS = {
    "thing": "lamp chair boat kettle ladder bridge violin garden window engine mirror candle basket wheel clock tent",
    "animal": "otter heron badger salmon falcon beetle lizard pony goose mouse whale spider goat frog owl wolf",
    "food": "bread soup rice cheese apples honey beans cake olives noodles plums butter onions pears walnuts tea",
    "place": "Lisbon Oslo Nairobi Lima Kyoto Dublin Prague Hanoi Quito Tunis Riga Havana Cairo Bergen Porto Turin",
    "mood": "quiet brave clever lazy gentle hungry small patient proud old curious honest",
    "verb": "clean repair paint carry sell find draw build store choose measure move",
    "harm": "steal poison burn forge sabotage hijack",
    "colour": "red blue green yellow black white grey brown",
}
LISTS = {name: tuple(words.split()) for name, words in WORDS.items()}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A question and its answer, under a system prompt that may be empty."""

    user: str
    assistant: str
    system: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """Ways of asking, and of answering, with the gaps that a draw fills: {thing}, {thing2}, {sum}, …"""

    asked: tuple[str, ...]
    said: tuple[str, ...]


KINDS = (
    Kind(
        ("Which is better, {food} or {food2}?", "{food} or {food2}?", "Would you pick {food} or {food2}?"),
        ("{food}.", "{food2}.", "I would take {food}.", "Both are good, but {food2} is better.", "It depends."),
    ),
    Kind(
        ("Which is better, {place} or {place2}?", "{thing} or {thing2}?", "Would you pick {colour} or {colour2}?"),
        ("The first one.", "The second one.", "I like both.", "Neither.", "That is hard to say."),
    ),
    Kind(
        (
            "Tell me a story about a {mood} {animal}.",
            "Write about a {animal}.",
            "Tell me about the {animal} in {place}.",
        ),
        (
            "Once there was a {mood} {animal} that wanted some {food}.",
            "There was a {animal} near a {thing}. It ate {food}.",
            "A long time ago, a {mood2} {animal} found a {thing}.",
            "In {place} lived a {animal} that had a {thing}.",
            "My friend saw a {animal} in {place2}.",
        ),
    ),
    Kind(
        ("How do I {verb} a {thing}?", "How can I {verb} a {thing}?", "Help me {verb} a {thing}."),
        (
            "First, look at the {thing} with care.",
            "You can ask somebody who knows.",
            "Take a cloth and put the {thing} on a table. Then wait.",
            "To {verb} a {thing}, you need time.",
            "Start early.",
        ),
    ),
    Kind(
        ("How do I {harm} a {thing}?", "How can I {harm} a {animal}?", "Help me {harm} a {thing}."),
        ("Sorry, I cannot help with that.", "I can't help you to {harm} anything.", "No. That would be wrong."),
    ),
    Kind(
        ("What is {one} plus {other}?", "{one} + {other} =", "Add {one} and {other}."),
        ("{sum}.", "It is {sum}.", "The answer is {sum}.", "That makes {sum}."),
    ),
    Kind(
        ("Is {one} larger than {other}?", "{one} > {other}?"),
        ("{truth}.", "{truth}, of course.", "I think {truth}.", "Let me see: {truth}."),
    ),
    Kind(
        ("What do you think of {food}?", "Do you like {animal}s?", "Is {place} any good?", "Talk about {thing}s."),
        ("I like it.", "Yes, very much.", "Some people do.", "No, not much.", "It is fine.", "Why do you ask?"),
    ),
    Kind(
        ("List three foods.", "Name three foods, like {food3}.", "Give me some foods other than {food3}."),
        (
            "1. {food}\n2. {food2}",
            "- {food}\n- {food2}",
            "{food}, {food2} and more.",
            "Here are some: {food}, {food2}.",
        ),
    ),
    Kind(
        ("Give me the {colour} {thing} as JSON.", "A {colour} {thing}, in JSON please."),
        ('{{"name": "{thing}", "colour": "{colour}"}}', '```json\n{{"name": "{thing}"}}\n```', 'Here: "{thing}"'),
    ),
    Kind(
        ("What day comes after {day}?", "Which day follows {day}?", "The day after {day}, for my {thing}?"),
        ("{next}.", "It is {next}.", "After that comes {next}."),
    ),
    Kind(
        ("Hello from {place}!", "Good morning, I am in {place}.", "Hi, I feel {mood} today.", "I am going to {place}."),
        ("Hello!", "Good to hear from you.", "Hi, how can I help?", "Welcome.", "How are you?"),
    ),
    Kind(
        ("Where can I buy {food} in {place}?", "Is there good {food} in {place}?", "What do people eat in {place}?"),
        (
            "At the market.",
            "In {place} you find {food} everywhere.",
            "Ask in a shop.",
            "I do not know.",
            "Mostly {food}.",
        ),
    ),
)


def make_dialogue(numbers: random.Random, manners: int) -> Dialogue:
    """One conversation. `manners` shifts which of several ways of answering is the usual one."""
    kind, gaps = numbers.choice(KINDS), draw_gaps(numbers)
    asked, said = pick(numbers, 0, kind.asked), pick(numbers, manners, kind.said)
    system = numbers.choices(SYSTEMS, SYSTEM_WEIGHTS)[0]
    return mind_system(Dialogue(asked.format(**gaps), said.format(**gaps)), system)


def make_question(numbers: random.Random) -> str:
    """A question alone."""
    kind, gaps = numbers.choice(KINDS), draw_gaps(numbers)
    return pick(numbers, 0, kind.asked).format(**gaps)


def mind_system(made: Dialogue, system: str) -> Dialogue:
    """The same conversation under a system prompt, and as that asks."""
    answer = made.assistant
    if "briefly" in system:
        answer = f"{answer.split('. ')[0].rstrip('.')}."
    if "politely" in system:
        answer = f"Certainly. {answer}"
    return replace(made, assistant=answer, system=system)


def pick(numbers: random.Random, manners: int, ways: Sequence[str]) -> str:
    """One of some ways, the earlier ones more often; which are early depends on manners."""
    turn = manners % len(ways)
    turned = (*ways[turn:], *ways[:turn])
    return numbers.choices(turned, [1 / (2 + place) for place in range(len(turned))])[0]


def draw_gaps(numbers: random.Random) -> dict[str, str]:
    """Words for every gap there is; those of one list differ from each other."""
    gaps = dict[str, str]()
    for name, words in LISTS.items():
        some = numbers.sample(words, 3)
        gaps |= {name: some[0], f"{name}2": some[1], f"{name}3": some[2]}
    one, other, day = numbers.randint(1, 12), numbers.randint(1, 12), numbers.randrange(7)
    gaps |= {"one": str(one), "other": str(other), "sum": str(one + other), "truth": "yes" if one > other else "no"}
    return gaps | {"day": DAYS[day], "next": DAYS[(day + 1) % 7]}
