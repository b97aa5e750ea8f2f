"""What models are asked and learn from."""

import random

from benchmarks.watch_laboratory.dialogues import KINDS, SYSTEMS, Dialogue, draw_gaps, make_dialogue, mind_system, pick
from benchmarks.watch_laboratory.texts import POOL, PROMPT_CHARACTERS_MAX, make_loose_pool, make_pool


def test_the_pool_has_enough_short_prompts_that_all_differ_and_repeats() -> None:
    written = [f"Explain {number}." for number in range(2000)]
    pool = make_pool(written)
    assert len(set(pool)) == len(pool) == POOL >= 3000
    assert pool[0] == "x"
    assert max(len(one) for one in pool) <= PROMPT_CHARACTERS_MAX + 20
    assert 1000 < len({*pool} & {*written}) < 2000
    assert make_pool(written) == pool


def test_loose_words_are_the_pools_own_and_repeat() -> None:
    pool = [f"Explain {number} now." for number in range(500)]
    loose = make_loose_pool(pool)
    assert len(set(loose)) == len(loose) == len(pool)
    assert all(2 <= len(one.split()) <= 6 for one in loose)
    assert {word for one in loose for word in one.split()} <= set(" ".join(pool).split())
    assert make_loose_pool(pool) == loose


def test_every_way_of_asking_and_answering_has_words_for_its_gaps() -> None:
    gaps = draw_gaps(random.Random(1))
    for kind in KINDS:
        assert all("{}" not in one.format(**gaps) for one in (*kind.asked, *kind.said))


def test_conversations_repeat_from_their_seed_and_differ_by_manners() -> None:
    one, same, other = ([make_dialogue(random.Random(n), m).assistant for n in range(200)] for m in (0, 0, 1))
    assert one == same != other


def test_an_answer_minds_the_system_prompt() -> None:
    made = Dialogue("How?", "Take a cloth. Then wait.")
    assert mind_system(made, SYSTEMS[1]).assistant == "Take a cloth."
    assert mind_system(made, SYSTEMS[2]).assistant == "Certainly. Take a cloth. Then wait."


def test_the_usual_way_of_answering_turns_with_manners() -> None:
    numbers = random.Random(4)
    drawn = [pick(numbers, 1, ("a", "b", "c")) for _ in range(3000)]
    assert drawn.count("b") > drawn.count("c") > drawn.count("a")
