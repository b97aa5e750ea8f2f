"""What one sitting of a few tokens tells: the AUC of every small change of weights, of ours and of other methods in the
same sittings, at the laboratory's untouched models. Settings were chosen on its tuning models (`--models larch birch`).

Model equality testing, border distance, log probability tracking and a z-test are written from their papers. Exits 1
where an AUC misses its goal: 0.92 with 60 tokens, 0.95 with 48 and their log probabilities.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.vault_running import describe_machine
from benchmarks.watch_laboratory.catalogue import MODELS, VARIANTS, Role
from benchmarks.watch_laboratory.tables import list_made, load_tables
from benchmarks.watch_streams import Array, Places, Weather, compress, soften

from holdfast.measure.drift.one_shot import measure_auc, score_logprobs, score_tokens

SEED = 20_261_128
NOISE = Weather().query
WEIGHTS = tuple(variant.name for variant in VARIANTS if variant.is_tiny)
SHIFT_MIN = 0.02  # of the rows that are told apart: mean distance at temperature 0.1
ENROLLED, REFERENCE, ANSWERS = 200, 600, 60
TRACKED, SAMPLES, TRACKED_REFERENCE = 3, 16, 500
GIVEN, KEPT = 20, 40  # log probabilities an endpoint tells, and logits that may be among them
SYMBOLS_FROM, DRAWS = 0.03, 4000
TOKENS = ("ours", "one plan", "MMD", "border distance", "z-test")
LOGPROBS = ("ours with log probabilities", "log probability tracking")
LIMIT = "could be known"
COLUMNS = (*TOKENS, LIMIT, *LOGPROBS)
GOALS = {"ours": 0.92, LOGPROBS[0]: 0.95}
Found = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a sitting asks: `first` answers to each of `prompts`, the others where answers have moved most so far."""

    pool: str
    temperature: float
    prompts: int
    first: int
    sittings: int


@dataclass(frozen=True, slots=True)
class Source:
    """A model, for each variant: the shares of first tokens with noise in every query (prompts, symbols), its highest
    logits (prompts, 40) and what all others weigh (prompts); `shifts` of first tokens at temperature 0.1."""

    name: str
    shares: Mapping[str, Array]
    logits: Mapping[str, Array]
    rests: Mapping[str, Array]
    shifts: Mapping[str, float]


def main() -> None:
    """The tables; exits with 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=[one.name for one in MODELS if one.role is Role.UNTOUCHED])
    parser.add_argument("--pool", choices=("tables", "loose"), default="loose", help="questions, or loose words")
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--first", type=int, default=3, help="answers to each prompt before those that are led")
    parser.add_argument("--sittings", type=int, default=300, help="of each change, model and seed")
    parser.add_argument("--seeds", type=int, default=8, help="enrolments of each model")
    asked = parser.parse_args()
    plan = Plan(asked.pool, asked.temperature, asked.prompts, asked.first, asked.sittings)
    names = [name for name in asked.models if name in list_made()]
    if not names:
        sys.exit("no model was made yet: python -m benchmarks.watch_lab make")
    print(describe_machine())
    print(f"\nseed {SEED}, {asked.seeds} enrolments of each of {', '.join(names)}; {plan}")
    sources = [make_source(name, plan) for name in names]
    found = {one.name: [sit(one, plan, seed) for seed in range(asked.seeds)] for one in sources}
    print_rows(sources, found)
    sys.exit(0 if print_means(sources, found) else 1)


def make_source(name: str, plan: Plan) -> Source:
    """From the laboratory's tables."""
    tables, usual = load_tables(name, ("base", *WEIGHTS), stem=plan.pool), load_tables(name, ("base", *WEIGHTS))
    whole = {variant: table[: tables.borders].astype(np.float64) for variant, table in tables.logits.items()}
    small = compress(name, whole, SYMBOLS_FROM).logits
    noise = NOISE * np.random.default_rng(SEED).standard_normal((DRAWS, 1, small["base"].shape[1]))
    shares = {variant: measure_shares(table, plan.temperature, noise) for variant, table in small.items()}
    order = np.argsort(-whole["base"], axis=1)[:, :KEPT]
    logits = {variant: np.take_along_axis(table, order, axis=1) for variant, table in whole.items()}
    rests = {
        variant: np.exp(table).sum(axis=1) - np.exp(logits[variant]).sum(axis=1) for variant, table in whole.items()
    }
    return Source(name, shares, logits, rests, {variant: usual.compute_shift(variant) for variant in WEIGHTS})


def measure_shares(logits: Array, temperature: float, noise: Array) -> Array:
    """The mean over noise (draws, 1, symbols) and its negative of what is answered: at temperature 0 the likeliest."""
    total = np.zeros_like(logits)
    for part in np.array_split(np.concatenate([noise, -noise]), 16):
        noisy = logits + part
        answers = soften(noisy / temperature) if temperature else noisy == noisy.max(axis=-1, keepdims=True)
        total += answers.sum(axis=0)
    shares: Array = total / total.sum(axis=1, keepdims=True)
    return shares


def sit(source: Source, plan: Plan, seed: int) -> Found:
    """After one enrolment: the AUC of every change by every method."""
    generator = np.random.default_rng((SEED, seed))
    rows = choose_prompts(source, plan, generator)
    reference = generator.multinomial(REFERENCE, source.shares["base"][rows]) / REFERENCE
    tracked = rows[:TRACKED]
    kept = draw_logprobs(source, "base", tracked, (1, TRACKED_REFERENCE), generator)

    def score(variant: str) -> dict[str, Array]:
        served = source.shares[variant][rows]
        led = lead(served, reference, plan, generator)
        fixed = generator.multinomial(divide(plan), served, (plan.sittings, plan.prompts)).astype(np.float64)
        logprobs = draw_logprobs(source, variant, tracked, (plan.sittings, SAMPLES), generator)
        return {"ours": score_tokens(reference, led), **score_peers(reference, fixed), **track(kept, logprobs)}

    usual = score("base")
    found = {variant: measure_all(usual, score(variant)) for variant in WEIGHTS}
    for variant, methods in found.items():
        methods[LIMIT] = find_limit(source.shares["base"][rows], source.shares[variant][rows], plan, generator)
    return found


def divide(plan: Plan) -> Places:
    """60 answers by prompt, as equally as they can be."""
    return np.array([ANSWERS // plan.prompts + (place < ANSWERS % plan.prompts) for place in range(plan.prompts)])


def choose_prompts(source: Source, plan: Plan, generator: np.random.Generator) -> Places:
    """The most balanced by 200 answers to each that the search kept."""
    ranked = np.sort(generator.multinomial(ENROLLED, source.shares["base"]), axis=1)
    return np.argsort(-ranked[:, -2] / ranked[:, -1], kind="stable")[: plan.prompts]


def lead(served: Array, reference: Array, plan: Plan, generator: np.random.Generator) -> Array:
    """Counts (sittings, prompts, symbols) of 60 answers: after the first ones, each next prompt is the one whose
    answers lie farthest from the reference so far, for its number of answers and three."""
    counts = np.zeros((plan.sittings, *served.shape))
    rows, likely = np.arange(plan.sittings), np.maximum(reference, 0.3)
    heights = served.cumsum(axis=1)
    for answer in range(ANSWERS):
        asked = counts.sum(axis=2)
        far = (((counts - asked[:, :, None] * reference) ** 2) / likely).sum(axis=2) / (asked + 3)
        prompts = (
            far.argmax(axis=1) if answer >= plan.first * plan.prompts else np.full_like(rows, answer % plan.prompts)
        )
        drawn = (generator.random((plan.sittings, 1)) > heights[prompts]).sum(axis=1)
        counts[rows, prompts, np.minimum(drawn, served.shape[1] - 1)] += 1
    return counts


def draw_logprobs(
    source: Source, variant: str, prompts: Places, shape: tuple[int, int], generator: np.random.Generator
) -> Array:
    """Log probabilities (sittings, samples, prompts, 20) of the reference's likeliest tokens; where one is not among
    the 20 that are told, the least of those stands for it."""
    logits = source.logits[variant][prompts]
    noisy = logits + NOISE * generator.standard_normal((*shape, *logits.shape), dtype=np.float32)
    noisy -= np.log(np.exp(noisy).sum(axis=-1) + source.rests[variant][prompts])[..., None]
    least = -np.partition(-noisy, GIVEN - 1, axis=-1)[..., GIVEN - 1 : GIVEN]
    told: Array = np.maximum(noisy[..., :GIVEN], least)
    return told


def measure_all(usual: Mapping[str, Array], changed: Mapping[str, Array]) -> dict[str, float]:
    """The AUC by method."""
    return {method: measure_auc(usual[method], changed[method]) for method in usual}


def find_limit(base: Array, changed: Array, plan: Plan, generator: np.random.Generator) -> float:
    """The AUC of who knows both distributions: by their likelihood ratio, with as many answers to every prompt."""
    ratios = np.log((changed + 1e-4) / (base + 1e-4))
    size = (plan.sittings, plan.prompts)
    scores = [
        (generator.multinomial(divide(plan), served, size) * ratios).sum(axis=(1, 2)) for served in (base, changed)
    ]
    return measure_auc(scores[0], scores[1])


def score_peers(reference: Array, counts: Array) -> dict[str, Array]:
    """By the same answers to every prompt: our statistic, and other methods'."""
    return {
        "one plan": score_tokens(reference, counts),
        "MMD": score_mmd(reference * REFERENCE, counts),
        "border distance": score_border(reference, counts),
        "z-test": score_z(reference, counts),
    }


def track(reference: Array, sittings: Array) -> dict[str, Array]:
    """By log probabilities."""
    return {LOGPROBS[0]: score_logprobs(reference, sittings), LOGPROBS[1]: score_tracking(reference, sittings)}


def score_mmd(reference: Array, counts: Array) -> Array:
    """The unbiased squared maximum mean discrepancy; of one-token answers the Hamming kernel says whether prompt and
    token are equal (Gao, Liang and Guestrin 2025). Prompts weigh by their answers, of which there must be two."""
    first, second = reference.sum(axis=-1), counts.sum(axis=-1)
    own = ((reference**2).sum(axis=-1) - first) / (first * (first - 1))
    other = ((counts**2).sum(axis=-1) - second) / np.maximum(second * (second - 1), 1)
    cross = (reference * counts).sum(axis=-1) / np.maximum(first * second, 1)
    score: Array = ((own + other - 2 * cross) * second * (second > 1)).sum(axis=-1)
    return score


def score_border(reference: Array, counts: Array) -> Array:
    """The mean total variation distance over prompts."""
    score: Array = np.abs(counts / counts.sum(axis=-1, keepdims=True) - reference).sum(axis=-1).mean(axis=-1) / 2
    return score


def score_z(reference: Array, counts: Array) -> Array:
    """How far the share of usual answers lies from that of the reference."""
    top = np.broadcast_to(reference.argmax(axis=-1)[:, None], (*counts.shape[:-1], 1))
    seen = np.take_along_axis(counts, top, axis=-1).sum(axis=(-1, -2)) / counts.sum(axis=(-1, -2))
    score: Array = np.abs(seen - reference.max(axis=-1).mean())
    return score


def score_tracking(reference: Array, sitting: Array) -> Array:
    """The mean over tokens of the absolute difference of mean log probabilities."""
    score: Array = np.abs(reference.mean(axis=-3) - sitting.mean(axis=-3)).mean(axis=(-1, -2))
    return score


def print_rows(sources: Sequence[Source], found: Mapping[str, Sequence[Found]]) -> None:
    """A row for each change, over models and enrolments."""
    print(f"\n| change | mean distance | {' | '.join(COLUMNS)} | better |\n|---|---|{'---|' * (len(COLUMNS) + 1)}")
    for variant in WEIGHTS:
        shift = np.mean([one.shifts[variant] for one in sources])
        cells = {column: [one[variant][column] for runs in found.values() for one in runs] for column in COLUMNS}
        told = " | ".join(tell(cells[column]) for column in COLUMNS)
        print(f"| {variant} | {shift:.3f} | {told} | {', '.join(list_better(cells))} |")


def list_better(cells: Mapping[str, Sequence[float]]) -> list[str]:
    """Peers above ours by more than two standard errors of the difference, enrolment by enrolment."""
    pairs = [(peer, "ours") for peer in TOKENS[1:]] + [(LOGPROBS[1], LOGPROBS[0])]
    gaps = {peer: np.subtract(cells[peer], cells[ours]) for peer, ours in pairs}
    return [peer for peer, gap in gaps.items() if gap.mean() > max(2 * find_error(gap.tolist()), 0.002)]


def print_means(sources: Sequence[Source], found: Mapping[str, Sequence[Found]]) -> bool:
    """A row for each model and one for all, over all changes and over those that move first tokens; whether goals are
    met over all changes."""
    print(f"\n| mean over changes | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
    every: dict[str, list[float]] = {column: [] for column in COLUMNS}
    moved: dict[str, list[float]] = {column: [] for column in COLUMNS}
    for source in sources:
        large = [variant for variant in WEIGHTS if source.shifts[variant] >= SHIFT_MIN]
        own = {column: average(found[source.name], WEIGHTS, column) for column in COLUMNS}
        for column in COLUMNS:
            every[column] += own[column]
            moved[column] += average(found[source.name], large, column)
        print(f"| {source.name}, all {len(WEIGHTS)} | {' | '.join(tell(own[column]) for column in COLUMNS)} |")
    print(f"| **all changes** | {' | '.join(tell(every[column]) for column in COLUMNS)} |")
    print(f"| those of at least {SHIFT_MIN} | {' | '.join(tell(moved[column]) for column in COLUMNS)} |")
    for column, goal in GOALS.items():
        mean = float(np.mean(every[column]))
        print(f"{'met' if mean >= goal else 'MISSED'}: {column}, {mean:.3f} (goal {goal})")
    return all(np.mean(every[column]) >= goal for column, goal in GOALS.items())


def average(runs: Sequence[Found], variants: Sequence[str], column: str) -> list[float]:
    """Over changes, enrolment by enrolment."""
    return [float(np.mean([one[variant][column] for variant in variants])) for one in runs]


def tell(values: Sequence[float]) -> str:
    """The mean and two standard errors."""
    return f"{np.mean(values):.3f} ± {2 * find_error(values):.3f}"


def find_error(values: Sequence[float]) -> float:
    """The standard error of a mean over models and enrolments."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


if __name__ == "__main__":
    main()
