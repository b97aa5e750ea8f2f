"""Columns give what a plain reading row by row gives: three-valued logic, lineage, and shares."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.levers.hub import compute_shares, make_hub_table
from holdfast.levers.judging import Question
from holdfast.levers.organisations import make_org_table
from holdfast.levers.subjects import make_lineage
from holdfast.levers.truth import NO, UNKNOWN, YES, all_of, any_of, negate
from holdfast.records.errors import MalformedFile
from holdfast.records.lever import OrgTest
from tests.levers.worlds import ORGS, actor, lever, rule, world


def kleene_and(values: list[bool | None]) -> bool | None:
    if any(value is False for value in values):
        return False
    return None if None in values else True


def kleene_or(values: list[bool | None]) -> bool | None:
    if any(value is True for value in values):
        return True
    return None if None in values else False


CODE = {True: YES, None: UNKNOWN, False: NO}


@given(st.lists(st.lists(st.sampled_from([True, False, None]), min_size=4, max_size=4), min_size=1, max_size=5))
def test_columns_follow_kleene_row_by_row(rows: list[list[bool | None]]) -> None:
    columns = [np.array([CODE[value] for value in row], dtype=np.uint8) for row in rows]
    for index in range(4):
        values = [row[index] for row in rows]
        assert all_of(columns)[index] == CODE[kleene_and(values)]
        assert any_of(columns)[index] == CODE[kleene_or(values)]
        assert negate(columns[0])[index] == CODE[None if values[0] is None else not values[0]]


@settings(deadline=None)
@given(st.data())
def test_lineage_spreads_from_every_base_at_any_depth(data: st.DataObject) -> None:
    rows = data.draw(st.integers(2, 30))
    edges = data.draw(
        st.lists(st.integers(1, rows - 1).flatmap(lambda c: st.tuples(st.just(c), st.integers(0, c - 1))), max_size=40)
    )
    own = data.draw(st.lists(st.sampled_from([NO, UNKNOWN, YES]), min_size=rows, max_size=rows))
    expected = list(own)
    for row in range(rows):  # bases come before children, so one pass is enough
        expected[row] = max([own[row], *(expected[base] for child, base in edges if child == row)])
    children = np.array([edge[0] for edge in edges], dtype=np.int32)
    bases = np.array([edge[1] for edge in edges], dtype=np.int32)
    spread = make_lineage(children, bases, rows).spread(np.array(own, dtype=np.uint8))
    assert spread.tolist() == expected


def test_shares_count_models_downloads_and_bytes_through_lineage() -> None:
    models = pl.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "developer": ["org:cn", "org:us", None, "org:us"],
            "downloads": [60, 20, 15, 5],
            "bytes": [1.0, 1.0, 1.0, 7.0],
        }
    )
    edges = pl.DataFrame({"child": [1], "base": [0]})  # b is built on a
    table = make_hub_table(models, edges, make_org_table(ORGS))
    one = lever(rule(OrgTest(org="builder", controlled_from="CN")))
    shares = compute_shares(world(one), actor(), table, [Question("use")])
    found = {(share.lever, share.reach.value): share for share in shares}
    reached = found["test-lever", "forbidden"]
    assert (reached.models, reached.share_of_models) == (2, 0.5)
    assert reached.share_of_downloads == pytest.approx(0.80)
    assert reached.share_of_bytes == pytest.approx(0.20)
    assert found["all", "unknown"].share_of_downloads == pytest.approx(0.15)


def test_an_edge_outside_the_table_is_refused() -> None:
    models = pl.DataFrame({"id": ["a"], "developer": ["org:cn"]})
    with pytest.raises(MalformedFile, match="outside"):
        make_hub_table(models, pl.DataFrame({"child": [1], "base": [0]}), make_org_table(ORGS))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MalformedFile, match="developer"):
        make_hub_table(pl.DataFrame({"id": ["a"]}), pl.DataFrame({"child": [], "base": []}), make_org_table(ORGS))
