"""Numbers are counted as they were given, and written as Prometheus reads them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.front.hub.metrics import Metric, Numbers, Pool

METRICS = (
    Metric("requests_total", "counter", "Requests.", ("route", "status")),
    Metric("seconds", "histogram", "Time.", ("route",), (0.1, 1.0)),
    Metric("copies", "gauge", "Copies.", ("state",), is_of_vault=True),
)


def test_the_text_is_what_prometheus_reads() -> None:
    numbers = Numbers(METRICS)
    numbers.add("requests_total", ("resolve", 200), 3)
    numbers.add("requests_total", ("resolve", 404))
    for value in (0.05, 0.1, 0.5, 7):
        numbers.observe("seconds", value, ("tree",))
    numbers.set("copies", 2, ("kept",))
    assert numbers.render() == (
        "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
        'requests_total{route="resolve",status="200"} 3\n'
        'requests_total{route="resolve",status="404"} 1\n'
        "# HELP seconds Time.\n# TYPE seconds histogram\n"
        'seconds_bucket{route="tree",le="0.1"} 2\n'
        'seconds_bucket{route="tree",le="1"} 3\n'
        'seconds_bucket{route="tree",le="+Inf"} 4\n'
        'seconds_sum{route="tree"} 7.65\n'
        'seconds_count{route="tree"} 4\n'
        "# HELP copies Copies.\n# TYPE copies gauge\n"
        'copies{state="kept"} 2\n'
    )


def test_a_label_cannot_break_out_of_its_quotes() -> None:
    numbers = Numbers(METRICS)
    numbers.add("requests_total", ('a"b\\c\nd', 200))
    assert 'route="a\\"b\\\\c\\nd"' in numbers.render()
    assert len(numbers.render().splitlines()) == 3


@given(values=st.lists(st.floats(0, 1e6), max_size=50))
def test_a_histogram_counts_every_value_once_and_adds_them_up(values: list[float]) -> None:
    numbers = Numbers(METRICS)
    for value in values:
        numbers.observe("seconds", value, ("x",))
    assert numbers.get("seconds", ("x",)) == len(values)
    lines = dict(line.rsplit(" ", 1) for line in numbers.render().splitlines() if not line.startswith("#"))
    if values:
        assert float(lines['seconds_bucket{route="x",le="0.1"}']) == sum(value <= 0.1 for value in values)
        assert float(lines['seconds_bucket{route="x",le="1"}']) == sum(value <= 1 for value in values)
        assert float(lines['seconds_sum{route="x"}']) == pytest.approx(sum(values))


def test_workers_add_up_what_they_did_and_not_what_the_vault_holds(tmp_path: Path) -> None:
    workers = [Numbers(METRICS) for _ in range(3)]
    for number, numbers in enumerate(workers):
        numbers.add("requests_total", ("resolve", 200), number + 1)
        numbers.observe("seconds", 0.5, ("tree",))
        numbers.set("copies", 4, ("kept",))
        Pool(tmp_path, str(number)).write(numbers)
    whole = Numbers(METRICS)
    whole.load(workers[0].dump())
    whole.set("copies", 4, ("kept",))
    for text in Pool(tmp_path, "0").read_others():
        whole.load(text)
    assert whole.get("requests_total", ("resolve", 200)) == 6
    assert whole.get("seconds", ("tree",)) == 3
    assert whole.get("copies", ("kept",)) == 4
