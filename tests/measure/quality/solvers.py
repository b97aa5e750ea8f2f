"""Solvers that read a prompt and nothing else, written apart from the families: what they find shows that a prompt
holds all that is needed. Where an answer must be the only one, they try all and take fault with two."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise, permutations, product

import numpy as np

Solver = Callable[[str], str]
WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def only(found: list[str]) -> str:
    """The one that is there."""
    assert len(found) == 1, found
    return found[0]


def find(pattern: str, text: str) -> tuple[str, ...]:
    """The groups of the one place where the pattern matches."""
    found = list(re.finditer(pattern, text))
    assert len(found) == 1, (pattern, text, len(found))
    return tuple(found[0].groups())


def solve_choice(prompt: str) -> str:
    if "boxes" in prompt:
        (offered,) = find(r"boxes: the (.+) one\.", prompt)
        excluded = set(re.findall(r"not in the (\w+) box", prompt))
        return only([one for one in re.split(r", | or ", offered) if one not in excluded])
    if "Who has" in prompt:
        holders: dict[str, str] = {thing: who for who, thing in re.findall(r"(\w+) has the (\w+)\.", prompt)}
        return holders[find(r"Who has the (\w+):", prompt)[0]]
    thing, colour = find(r"^The (\w+) is (\w+)\.", prompt)
    assert f"Is the {thing}" in prompt
    return colour


def solve_copying(prompt: str) -> str:
    words = prompt.rpartition(": ")[2].split()
    return " ".join(words[::-1] if "reverse" in prompt else words)


def solve_patterns(prompt: str) -> str:
    shown = find(r": (.+?)\. What", prompt)[0]
    if "alternate" in prompt:
        return shown.split()[-2]
    series = [int(one) for one in shown.split(", ")]
    if "plus a fixed number" in prompt:
        return str(2 * series[-1] - series[-2])
    times = Fraction(series[2] - series[1], series[1] - series[0])
    plus = series[1] - times * series[0]
    assert all(times * one + plus == other for one, other in pairwise(series))
    return str(times * series[-1] + plus)


def solve_arithmetic(prompt: str) -> str:
    value = reckon(ast.parse(find(r"What is (.+?)\?", prompt)[0], mode="eval").body)
    assert value.denominator == 1
    return str(value)


def reckon(node: ast.expr) -> Fraction:
    """The exact value of an expression."""
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, int)
        return Fraction(node.value)
    assert isinstance(node, ast.BinOp)
    left, right = reckon(node.left), reckon(node.right)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    return left * right if isinstance(node.op, ast.Mult) else left / right


def solve_counting(prompt: str) -> str:
    if "letter" in prompt:
        letter, words = find(r'letter "(.)" in these words: (.+?)\?', prompt)
        return str(len(re.findall(letter, words)))
    listed = find(r": (.+?)[.?]", prompt)[0].split(", ")
    if "How many things" in prompt:
        return str(len(listed))
    return ", ".join(word for size in range(1, 30) for word in sorted(listed) if len(word) == size)


def solve_dates(prompt: str) -> str:
    if "Today" in prompt:
        today, days = find(r"Today is (\w+)\. Which weekday is it in (\d+) days?\?", prompt)
        return (WEEK * 2)[WEEK.index(today) + int(days)]
    if "days after" in prompt or "days before" in prompt:
        days, side, start = find(r"(\d+) days (after|before) (\S+)\?", prompt)
        moved = np.datetime64(start) + np.timedelta64(int(days) if side == "after" else -int(days), "D")
        return str(moved)
    start, end = find(r"from (\S+) to (\S+), both", prompt)
    assert find(r"^\S+ is a (\w+)\.", prompt)[0] == WEEK[date.fromisoformat(start).weekday()]
    return str(np.busday_count(start, date.fromisoformat(end) + timedelta(days=1)))


SIZES = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
SIZES |= {"metres": 1, "kilometres": 1000, "grams": 1, "kilograms": 1000}


def solve_units(prompt: str) -> str:
    if " is " in prompt and "together" in prompt:
        rules = {small: (int(count), large) for large, count, small in re.findall(r"1 (\w+) is (\d+) (\w+)\.", prompt)}
        asked, told = find(r"How many (\w+) are (.+) together", prompt)
        total = 0
        sizes = {asked: 1}
        unit = asked
        while unit in rules:
            count, larger = rules[unit]
            sizes[larger] = sizes[unit] * count
            unit = larger
        for count_text, unit in re.findall(r"(\d+) (\w+)", told):
            total += int(count_text) * sizes[unit]
        return str(total)
    asked, number, given = find(r"How many (.+) are (\d+) (.+?)\?", prompt)
    if "per" in given:
        speeds = {"kilometres per hour": Fraction(1000, 3600), "metres per second": Fraction(1)}
        return f"{float(int(number) * speeds[given] / speeds[asked]):.2f}"
    value = Fraction(int(number) * SIZES[given], SIZES[asked])
    assert value.denominator == 1
    return str(value)


def solve_strings(prompt: str) -> str:
    letters = list(find(r"Begin with the string (\S+) and", prompt)[0])
    for rule in re.findall(r"^\d+\. (.+)$", prompt, re.MULTILINE):
        letters = list("".join(change(letters, rule)))
    return "".join(letters)


def change(letters: list[str], rule: str) -> list[str]:
    """One rule of strings, done letter by letter."""
    if rule.startswith("Reverse"):
        return [letters[-1 - place] for place in range(len(letters))]
    if rule.startswith("Move"):
        return [*letters[1:], letters[0]]
    if "upper" in rule:
        return [letter.upper() for letter in letters]
    if rule.startswith("Swap"):
        return [letters[-1], *letters[1:-1], letters[0]]
    if "vowel" in rule:
        return [f"z{letter}" if letter.lower() in "aeiou" else letter for letter in letters]
    if "second character" in rule:
        return [letter + letter if number % 2 == 0 else letter for number, letter in enumerate(letters, 1)]
    if "digits" in rule:
        return add_digits(letters)
    old, new = find(r"Replace every (\w) by (\w) \(lower", rule)
    return [new if letter == old else letter for letter in letters]


def add_digits(letters: list[str]) -> list[str]:
    """Runs of digits replaced by their sums."""
    found: list[str] = []
    run: list[int] = []
    for letter in [*letters, ""]:
        if letter.isdigit():
            run.append(int(letter))
            continue
        if run:
            found.append(str(sum(run)))
            run = []
        found.append(letter)
    return found


def solve_state(prompt: str) -> str:
    if "cup" in prompt:
        cups = {find(r"under the (\w+) cup", prompt)[0]: "ball"}
        for one, other in re.findall(r"The (\w+) cup and the (\w+) cup change", prompt):
            cups[one], cups[other] = cups.get(other, ""), cups.get(one, "")
        return only([place for place, held in cups.items() if held == "ball"])
    if "walker" in prompt:
        moves = re.findall(r"(\d+) (east|west|north|south)", prompt)
        steps = {way: sum(int(count) for count, to in moves if to == way) for way in ("east", "west", "north", "south")}
        return f"({steps['east'] - steps['west']}, {steps['north'] - steps['south']})"
    held = {box: int(number) for box, number in re.findall(r"([A-D]) holds (\d+)", prompt)}
    for step in re.findall(r"^\d+\. (.+)$", prompt, re.MULTILINE):
        follow(held, step)
    return str(held[find(r"What number does (\w) hold", prompt)[0]])


def follow(held: dict[str, int], step: str) -> None:
    """One step of the boxes."""
    boxes = re.findall(r"\b([A-D])\b", step)
    if step.startswith("Add"):
        held[boxes[0]] += int(find(r"Add (\d+)", step)[0])
    elif step.startswith("Exchange"):
        held.update({boxes[0]: held[boxes[1]], boxes[1]: held[boxes[0]]})
    elif step.startswith("Let"):
        held[boxes[0]] = held[boxes[1]]
    else:
        held[boxes[0]] = held[boxes[0]] - held[boxes[1]]


def solve_tables(prompt: str) -> str:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in prompt.splitlines() if line.startswith("| ")
    ]
    table = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    if "How many units" in prompt:
        name = find(r"does (.+) have\?", prompt)[0]
        return only([row["Units"] for row in table if row["Name"] == name])
    if "In how many" in prompt:
        bound = int(find(r"above (\d+)\?", prompt)[0])
        return str(len([row for row in table if int(row["Units"]) > bound]))
    city, bound_text = find(r"City is (\w+) or Units is below (\d+)", prompt)
    kept = [row for row in table if row["City"] == city or int(row["Units"]) < int(bound_text)]
    return str(sum(int(row["Units"]) * int(row["Price"]) for row in kept))


def solve_lookup(prompt: str) -> str:
    question = prompt.rpartition("\n\n")[2]
    if "keeps?" in question:
        keeper = find(r"store that (.+) keeps\?", question)[0]
        colour, city = find(rf"{keeper} keeps the (\w+) store in (\w+)\.", prompt)
    else:
        colour, city = find(r"of the (\w+) store in (\w+)\?", question)
    return only(re.findall(rf"access code of the {colour} store in {city} is (\d+)\.", prompt))


def solve_extraction(prompt: str) -> str:
    told = prompt.partition("\n\n")[0]
    if "years old" in told:
        name, age, city = find(r"^(.+) is (\d+) years old and lives in (\w+)\.", told)
        return json.dumps({"name": name, "age": int(age), "city": city})
    if "On the phone" in told:
        customer, bought, city, order = find(r"phone (.+) ordered (.+), to be sent to (\w+) as order (\d+)", told)
        lines = [{"item": item, "quantity": int(count)} for count, item in re.findall(r"(\d+) (\w+)", bought)]
        lines.sort(key=lambda line: str(line["item"]))
        return json.dumps({"order": int(order), "customer": customer, "city": city, "lines": lines})
    cancelled = find(r"Order (\d+) was cancelled", told)[0]
    orders = []
    for number, customer, rest in re.findall(r"Order (\d+) of (\w+ \w+) ([^.]+)\.", told):
        city = re.findall(r"goes to (\w+)", rest)[-1]
        if number != cancelled:
            orders.append({"order": int(number), "customer": customer, "city": city, "paid": "not paid" not in rest})
    return json.dumps(sorted(orders, key=lambda order: int(order["order"])))


def solve_formats(prompt: str) -> str:
    rules = "\n".join(line for line in prompt.splitlines() if line.startswith("- "))
    if "one line" in rules:
        count, first = find(r"exactly (\d+) words in one line", rules)[0], find(r'first word is "(\w+)"', rules)[0]
        return " ".join([first, *(["so"] * (int(count) - 1))])
    lines, words = int(find(r"exactly (\d+) lines", rules)[0]), int(find(r"exactly (\d+) words", rules)[0])
    text = [["salt"] * words for _ in range(lines)]
    text[-1][-1] = find(r'last word of the text is "(\w+)"', rules)[0]
    if "begins with" in rules:
        place, word = find(r'Line (\d+) begins with the word "(\w+)"', rules)
        text[int(place) - 1][0] = word
        text[0][1] = find(r'The word "(\w+)" is in the first line', rules)[0]
    return "\n".join(" ".join(line) for line in text)


def solve_tools(prompt: str) -> str:
    """The call, as JSON with name and arguments."""
    if "How many" in prompt:
        item, city = find(r"How many (\w+) are in the store in (\w+)\?", prompt)
        return make_call("get_stock", item=item, city=city)
    if "Remind" in prompt:
        person, minutes, urgency = find(r"Remind (\w+) of the meeting in (\d+) minutes, with (\w+) urgency", prompt)
        return make_call("set_reminder", person=person, minutes=int(minutes), urgency=urgency)
    goods, name, city, number = find(r"send (.+) to (\w+) in (\w+); the reference is (\d+)", prompt)
    lines = sorted(
        ({"item": item, "quantity": int(count)} for count, item in re.findall(r"(\d+) (\w+)", goods)), key=str
    )
    return make_call("create_shipment", reference=int(number), address={"name": name, "city": city}, lines=lines)


def make_call(name: str, **arguments: object) -> str:
    return json.dumps({"name": name, "arguments": arguments})


def solve_programs(prompt: str) -> str:
    """A program of its own style: one loop or expression a step, written from the words."""
    told = find(r"(?:It must do this, in this order: |It must )(.+)\. Write the function alone", prompt)[0]
    steps = [re.sub(r"^\(\d+\) ", "", part) for part in told.split("; ")]
    body = [write_step(step) for step in steps]
    return "```python\ndef solve(xs):\n" + "\n".join(f"    {line}" for line in body) + "\n```"


def write_step(step: str) -> str:
    number = re.findall(r"\d+", step)
    if step.startswith("remove"):
        return f"xs = list(filter(lambda x: x % {number[0]} != 0, xs))"
    if step.startswith("add"):
        return f"xs = list(map(lambda x: {number[0]} + x, xs))"
    if step.startswith("reverse"):
        return "xs = sorted(xs, key=lambda _: 0); xs.reverse()"
    if step.startswith("keep"):
        return f"xs = [xs[i] for i in range(0, len(xs), {number[1]})]"
    if "sum of itself" in step:
        return "import itertools; xs = list(itertools.accumulate(xs))"
    if "negative" in step:
        return "xs = [x if x > 0 else 0 for x in xs]"
    if "minus" in step:
        return f"return (sorted(xs)[-1] - sorted(xs)[0]) if len(xs) else {number[0]}"
    if "times" in step:
        return f"return sum([x * {number[0]} for x in xs])"
    if "at most" in step:
        return f"return len([x for x in xs if x <= {number[0]}])"
    if "smaller than" in step:
        return f"return next((x for x in sorted(xs, reverse=True) if x < {number[0]}), 0)"
    return f"return sum(filter(lambda x: x > {find(r'greater than (-?[0-9]+)', step)[0]}, xs))"


def solve_knights(prompt: str) -> str:
    people = find(r"^Each of (.+) is either", prompt)[0].split(", ")
    said = re.findall(r'(\w+) says: "(.+)\."', prompt)
    ways = []
    for kinds in product((True, False), repeat=len(people)):
        knights = {who for who, is_knight in zip(people, kinds, strict=True) if is_knight}
        if all(is_true(speaker, words, knights) == (speaker in knights) for speaker, words in said):
            ways.append(", ".join(sorted(knights)) or "none")
    way = only(ways)
    asked = re.findall(r"Is (\w+) a knight or a knave\?", prompt)
    if not asked:
        return way
    return "knight" if asked[0] in way.split(", ") else "knave"


def is_true(speaker: str, words: str, knights: set[str]) -> bool:
    named = re.findall(r"\b[A-Z]\w+\b", words)
    if "same kind" in words:
        return (named[0] in knights) == (speaker in knights)
    if "exactly" in words:
        return len(knights) == int(find(r"exactly (\d+)", words)[0])
    if "at least" in words:
        return not {*named} <= knights
    return (named[0] in knights) == words.endswith("knight")


def solve_ordering(prompt: str) -> str:
    people = find(r"^(.+) stand in a row", prompt)[0].split(", ")
    clues = re.findall(r"([A-Z][^.?]+)\.", prompt.partition("right. ")[2].partition("Wh")[0].partition("In which")[0])
    rows = [row for row in permutations(people) if all(holds(clue, row) for clue in clues)]
    row = only([", ".join(row) for row in rows]).split(", ")
    return row[1] if "in the middle" in prompt else ", ".join(row)


def holds(clue: str, row: tuple[str, ...]) -> bool:
    places = [row.index(name) for name in re.findall(r"\b[A-Z]\w+\b", clue) if name in row]
    if "neither end" in clue:
        return places[0] not in (0, len(row) - 1)
    if "directly left" in clue:
        return places[1] - places[0] == 1
    if "between" in clue:
        return abs(places[1] - places[0]) - 1 == int(find(r"Exactly (\d+)", clue)[0])
    return places[0] < places[1] if "left" in clue else places[0] > places[1]


PLURALS = {"child": "children"}
PAST = {"see": "saw", "follow": "followed", "help": "helped", "hear": "heard"}


def solve_translation(prompt: str) -> str:
    words = dict(re.findall(r"^(\w+) = (\w+)$", prompt, re.MULTILINE))
    assert len({*words.values()}) == len(words)
    if "word by word" in prompt:
        return " ".join(words[word] for word in find(r"word by word: (.+)\n", prompt)[0].split())
    plural = find(r'plural end in "(\w+)"', prompt)[0]
    if "into English" in prompt:
        meanings = {word: english for english, word in words.items()}
        sentence = find(r"present tense: (.+)\n", prompt)[0].split()
        first, second = read_phrases(sentence[1:], meanings, plural)
        return f"{first} {meanings[sentence[0]]} {second}"
    sentence_text = find(r"invented language: (.+)\n", prompt)[0]
    past, negation = find(r'past in "(\w+)"', prompt)[0], find(r'negated by "(\w+)"', prompt)[0]
    subject, object_ = re.findall(r"the ((?:\w+ )?\w+?)(?= did| saw| followed| helped| heard|$)", sentence_text)
    verb = only([verb for verb in PAST if re.search(rf"\b(?:{PAST[verb]}|not {verb})\b", sentence_text)])
    said = [*([negation] if "did not" in sentence_text else []), words[verb] + past]
    return " ".join([*said, *say(object_, words, plural), *say(subject, words, plural)])


def read_phrases(sentence: list[str], meanings: dict[str, str], plural: str) -> Iterator[str]:
    """English phrases of the words after the verb."""
    phrase: list[str] = []
    for word in [*sentence, ""]:
        stem = word.removesuffix(plural)
        is_noun = meanings.get(stem, "") in ("dog", "farmer", "bird", "child", "horse", "baker")
        if phrase and (is_noun or not word):
            yield " ".join(["the", *phrase])
            phrase = []
        if is_noun:
            noun = meanings[stem]
            phrase = [PLURALS.get(noun, f"{noun}s") if word != stem else noun]
        elif word:
            phrase.insert(0, meanings[word])


def say(phrase: str, words: dict[str, str], plural: str) -> list[str]:
    """A phrase of English without its article, in the invented language."""
    *adjective, noun = phrase.split()
    singular = "child" if noun == "children" else noun.removesuffix("s")
    spoken = words[singular] + (plural if noun != singular else "")
    return [spoken, *(words[word] for word in adjective)]


SOLVERS: dict[str, Solver] = {
    name.removeprefix("solve_"): function for name, function in list(globals().items()) if name.startswith("solve_")
}
