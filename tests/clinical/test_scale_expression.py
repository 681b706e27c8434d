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
    prorates,
    read,
    read_condition,
    used,
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
        ("any[1..2 > 1]", 1),
        ("all[2..4 >= 2]", 1),
        ("all[1..4 >= 2]", 0),
        ("all[1..2 >= 3]", 0),
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
    assert value(node, {}, BOUNDS) == 0


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
        ("__import__('os')", r"“'” is not a part of this language \(sign 12\)"),
        ("sum[1]  ; 2", r"“;” is not a part of this language \(sign 7\)"),
        ("open[1]", "expected a number"),
        ("sum[1] sum[2]", r"expected the end, found “sum” \(sign 8\)"),
        ("sum[1", r"expected “]”, found the end \(sign 6\)"),
        ("(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1), "within each other"),
        *((first + "(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1), "within") for first in ("(1)+", "max(1)+")),
        ("1" + " " * LONGEST, "longer than"),
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


@pytest.mark.parametrize(
    "text",
    ["1" + " " * (LONGEST - 1), "(" * DEEPEST + "1" + ")" * DEEPEST, "+".join(["(1)"] * (DEEPEST + 1)),
     "+".join(["max(1)"] * (DEEPEST + 1))],
)  # fmt: skip
def test_it_reads_up_to_its_limits(text):
    assert value(read(text, IDS), GIVEN, BOUNDS) >= 1


@pytest.mark.parametrize(
    ("text", "ends", "with_the_first_optional"),
    [
        ("sum[1, 2]", (3, 8), (2, 8)),
        ("sum[1, 3]", (-4, 2), (-5, 2)),
        ("sum[3]", (-5, -1), (-5, -1)),
        ("mean[1, 2]", (Fraction(3, 2), 4), (1, 4)),
        ("max[1, 2]", (2, 5), (2, 5)),
        ("min[1, 2]", (1, 3), (0, 3)),
        ("max(sum[1], 2)", (2, 3), (2, 3)),
        ("min(sum[1], 2)", (1, 2), (0, 2)),
        ("2 * sum[1]", (2, 6), (0, 6)),
        ("2 - sum[1]", (-1, 1), (-1, 2)),
        ("count[1, 2 >= 2]", (0, 2), (0, 2)),
        ("any[1, 2 >= 2]", (0, 1), (0, 1)),
    ],
)
def test_how_far_it_can_come(text, ends, with_the_first_optional):
    bounds = {"1": (1, 3), "2": (2, 5), "3": (-5, -1)}
    node = read(text, list(bounds))
    assert extent(node, bounds) == ends
    assert extent(node, bounds, frozenset(("1",))) == with_the_first_optional


@pytest.mark.parametrize(
    ("text", "can"),
    [
        ("sum[1..3]", True), ("mean[1..3]", True), ("2 * sum[1..3]", True), ("sum[1..3] * 2", True),
        ("sum[1..3] / 2", True), ("max[1..3]", False), ("count[1..3 > 1]", False), ("2 * max[1..3]", False),
        ("max[1..3] / 2", False), ("sum[1] + sum[2]", False), ("sum[1] * sum[2]", False), ("2 * 3", False),
    ],
)  # fmt: skip
def test_only_a_plain_sum_or_mean_is_prorated(text, can):
    assert prorates(read(text, IDS)) is can


def test_it_says_what_it_reads():
    assert used(read("max(sum[1], 2) + mean[3..4]", IDS)) == {"1", "3", "4"}
    assert used(read_condition("any[1 > 1] and sum[2] > 1 or sum[5] = sum[4]", IDS)) == {"1", "2", "5", "4"}


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
