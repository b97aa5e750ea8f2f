"""What a monitor cannot see, named with every outcome."""

from holdfast.measure.drift.evidence import Grounds, find_epsilon
from holdfast.records.watching import Channel, Monitor


def list_blind(monitor: Monitor, grounds: Grounds) -> tuple[str, ...]:
    """Kinds of change that this monitor's channels, tolerance and reference leave unseen."""
    blind = [
        "what was served before the first day of the reference",
        "probes that are recognised and answered honestly",
    ]
    if Channel.LOGPROBS not in grounds.weights:
        blind.append("8-bit weights and single steps of fine-tuning (no log probabilities are compared)")
    if grounds.tokens is None:
        blind.append("shifts of single tokens (no border prompts)")
    else:
        slack = find_epsilon(monitor.settings, Channel.TOKENS) + grounds.tokens.distance
        blind.append(f"shifts of tokens below {slack:.2f}: the tolerance and the reference's own error")
        blind.append("another model on a tenth of the traffic or less")
    missing = [
        words
        for channel, words in (
            (Channel.REFUSALS, "refusals"),
            (Channel.FORMAT, "formats"),
            (Channel.TOOLS, "tool calls"),
            (Channel.LENGTH, "lengths of answers"),
        )
        if channel not in grounds.weights
    ]
    if missing:
        blind.append(f"changes of {', '.join(missing)} alone")
    blind.append("behaviour late in long answers: effort, context, quality")
    return tuple(blind)
