"""Suites over HTTP: asked of a server by the load generator's own asking function."""

from functools import partial

from holdfast.measure.load.asking import Manner, ask_all
from holdfast.measure.load.patience import Patience
from holdfast.measure.mock.spec import Distribution, Ending, MockSpec, Scenario
from holdfast.measure.mock.starting import start_mock
from holdfast.measure.quality.asking import Examination, run_suite
from holdfast.measure.quality.checks.texts import Exact
from holdfast.measure.quality.tasks import Suite, Task
from holdfast.records.measurement import Endpoint, Fault, Message, Verdict

TASKS = tuple(
    Task(id=value, messages=(Message("user", f"Capital of {value}?"),), checks=(Exact(value=value),))
    for value in ("Paris", "Rome")
)
AT_ONCE = Distribution(mean=0.0)
QUICK = MockSpec(ttft_s=AT_ONCE, gap_s=AT_ONCE, output_tokens=Distribution(mean=2), text="Answer: Paris")


def test_a_server_that_always_says_paris_is_right_about_one_of_two() -> None:
    with start_mock(QUICK) as mock:
        endpoint = Endpoint("mock", mock.url, "any")
        answers = run_suite(Suite("capitals", TASKS), endpoint, partial(ask_all, endpoint), Examination(replicates=3))
    assert [(one.task, one.verdict) for one in answers] == [("Paris", Verdict.RIGHT), ("Rome", Verdict.WRONG)] * 3
    assert {(one.completion_tokens, one.fault) for one in answers} == {(2, Fault.NONE)}
    assert all(one.seconds is not None and one.seconds > 0 for one in answers)
    assert len({one.prompt_sha256 for one in answers}) == 2


def test_a_server_that_breaks_off_leaves_everything_unknown() -> None:
    broken = Scenario(ending=Ending.CLOSE, after_tokens=1)
    with start_mock(MockSpec(ttft_s=AT_ONCE, scenarios=(broken,))) as mock:
        endpoint = Endpoint("mock", mock.url, "any")
        ask = partial(ask_all, endpoint, manner=Manner(Patience(tries=1)))
        answers = run_suite(Suite("capitals", TASKS), endpoint, ask, Examination())
    assert [one.verdict for one in answers] == [Verdict.UNKNOWN] * 2
    assert Fault.NONE not in {one.fault for one in answers}
