"""The language in which scores are written: what it computes, and how it refuses."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical.scales import ExpressionWrong
from sojourn.clinical.scales.expression import (
    DEEPEST,
    LONGEST,
    MOST_STEPS,
    extent,
    holds,
    read,
    read_condition,
    value,
)

IDS = ["1", "2", "3", "4", "5", "6r", "q-7"]
BOUNDS = dict.fromkeys(IDS, (0, 4))
GIVEN = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 0, "6r": 1, "q-7": 2}


@pytest.mark.parametrize(
    ("text", "comes_to"),
    [
        ("sum[1..5]", 10),
        ("4 * sum[1..2]", 12),
        ('max[1..4] + sum[5] + max[6r, "q-7"]', 6),
        ("sum[1, -2]", 3),
        ("mean[1..4]", Fraction(5, 2)),
        ("min[2..4]", 2),
        ("count[1..5 >= 2]", 3),
        ("any[1..2 > 3]", 0),
        ("all[2..4 >= 2]", 1),
        ("max(3 * any[4 = 4], sum[1])", 3),
        ("(sum[1..2] + 1) / 2", 2),
        ("2 + 3 * 4 - 1", 13),
        ("0.5 * sum[4]", 2),
    ],
)
def test_it_computes(text, comes_to):
    assert value(read(text, IDS), GIVEN, BOUNDS) == comes_to


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("sum[1..2] >= 3", True),
        ("sum[1..2] > 3", False),
        ("count[1..5 >= 2] >= 1 and any[5 >= 1]", False),
        ("any[5 >= 1] or any[4 >= 1]", True),
        ("(sum[1] >= 1 or sum[1] >= 9) and sum[2] = 2", True),
        ("(sum[1] + sum[2]) >= 3", True),
    ],
)
def test_it_decides(text, met):
    assert holds(read_condition(text, IDS), GIVEN, BOUNDS) is met


def test_what_is_left_out_is_prorated_in_a_sum_and_what_is_not_asked_is_not():
    node = read("sum[1..4]", IDS)
    assert value(node, {"1": 1, "2": 1, "3": 1}, BOUNDS) == 4
    assert value(node, {"1": 1, "2": 1, "3": 1}, BOUNDS, frozenset(("4",))) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "found the end"),
        ("sum[1..9]", "no item 9"),
        ("sum[4..1]", "runs backwards"),
        ("sum[1, 1..2]", "stands twice"),
        ("count[1..2]", "what to count"),
        ("sum[1] / 0", "not 0"),
        ("sum[1] / sum[2]", "not 0"),
        ("__import__('os')", "not a part of this language"),
        ("open[1]", "expected a number"),
        ("sum[1]; sum[2]", "not a part"),
        ("sum[1] sum[2]", "expected the end"),
        ("sum[1", "expected"),
        ("(" * (DEEPEST + 2) + "1" + ")" * (DEEPEST + 2), "within each other"),
        ("1" + " + 1" * LONGEST, "longer than"),
        ("1" + "+1" * MOST_STEPS + "*1", "sums and products"),
        (f"sum[{', '.join(['1..5'] * 300)}]", "stands twice"),
    ],
)
def test_it_refuses_and_says_where(text, says):
    with pytest.raises(ExpressionWrong, match=says):
        read(text, IDS)


def test_the_deepest_expression_is_still_read_through():
    node = read("1" + "+1" * MOST_STEPS, IDS)
    assert value(node, GIVEN, BOUNDS) == MOST_STEPS + 1
    assert extent(node, BOUNDS) == (MOST_STEPS + 1, MOST_STEPS + 1)
    with pytest.raises(ExpressionWrong):
        read("1" + "+1" * (LONGEST // 2 - 1), IDS)


def test_a_bracket_tried_as_a_condition_costs_no_depth():
    deep = "(" * DEEPEST + "sum[1]" + ")" * DEEPEST
    assert holds(read_condition(f"{deep} >= 1 and {deep} >= 1", IDS), GIVEN, BOUNDS)


@given(st.text(max_size=60))
def test_no_text_does_anything_but_compute_or_be_refused(text):
    try:
        node = read(text, IDS)
    except ExpressionWrong:
        return
    low, high = extent(node, BOUNDS)
    assert low <= value(node, GIVEN, BOUNDS) <= high


EXPRESSIONS = st.sampled_from(
    ["sum[1..5]", "mean[1, -2, 3]", "2 * max[1..3] + min[4, 5]", "count[1..5 >= 2] - any[1 = 0]", "sum[1] - 3 * sum[2]"]
)


@given(EXPRESSIONS, st.fixed_dictionaries({each: st.integers(0, 4) for each in IDS}))
def test_a_value_lies_within_the_extent(text, answers):
    node = read(text, IDS)
    low, high = extent(node, BOUNDS)
    assert low <= value(node, answers, BOUNDS) <= high
