"""NEWS2 against the vectors of the fact base (facts/news2.json; the chart's bands, read in two sources)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import news2
from sojourn.clinical.news2 import News2Refusal, Observations, Risk, score
from sojourn.foundation.rulebook import released_rulebook

RULE = released_rulebook().rule("news2")
WELL = Observations(16, 98, False, 120, 70, "A", 37.0)

# facts/news2.json, test_vectors
RR = [(0, 3), (6, 3), (8, 3), (8.4, 3), (8.5, 1), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3), (40, 3)]
SCALE1 = [(85, 3), (91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)]
SCALE2_AIR = [(83, 3), (84, 2), (85, 2), (86, 1), (87, 1), (88, 0), (92, 0), (93, 0), (99, 0)]
SCALE2_OXYGEN = [(92, 0), (93, 1), (94, 1), (95, 2), (96, 2), (97, 3), (100, 3)]
SBP = [(80, 3), (90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)]
PULSE = [
    *((30, 3), (40, 3), (41, 1), (50, 1), (51, 0), (90, 0)),
    *((91, 1), (110, 1), (111, 2), (130, 2), (131, 3)),
]
TEMP = [
    *((34.0, 3), (35.0, 3), (35.04, 3), (35.05, 1), (35.1, 1), (36.0, 1), (36.1, 0)),
    *((38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2), (41, 2)),
]


def part(name: str, **changes: object) -> int:
    found = score(RULE, replace(WELL, **changes))
    assert not isinstance(found, News2Refusal)
    return found.parts[name]


@pytest.mark.parametrize(("value", "points"), RR)
def test_breathing(value, points):
    assert part("rr", rr=value) == points


@pytest.mark.parametrize(("value", "points"), SCALE1)
def test_saturation(value, points):
    assert part("spo2", spo2=value) == points


@pytest.mark.parametrize(("value", "points"), SCALE2_AIR)
def test_saturation_scale_2_on_air(value, points):
    assert part("spo2", spo2=value, target_88_92=True) == points


@pytest.mark.parametrize(("value", "points"), SCALE2_OXYGEN)
def test_saturation_scale_2_on_oxygen(value, points):
    assert part("spo2", spo2=value, target_88_92=True, oxygen=True) == points


@pytest.mark.parametrize(("value", "points"), SBP)
def test_systolic_pressure(value, points):
    assert part("sbp", sbp=value) == points


@pytest.mark.parametrize(("value", "points"), PULSE)
def test_pulse(value, points):
    assert part("pulse", pulse=value) == points


@pytest.mark.parametrize(("value", "points"), TEMP)
def test_temperature(value, points):
    assert part("temp", temp=value) == points


@pytest.mark.parametrize(("letter", "points"), [("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3)])
def test_consciousness(letter, points):
    assert part("consciousness", consciousness=letter) == points


@pytest.mark.parametrize(
    ("seen", "total", "risk"),
    [
        (Observations(16, 98, False, 120, 70, "A", 37.0), 0, Risk.LOW),
        (Observations(30, 80, True, 80, 140, "V", 34), 20, Risk.HIGH),
        (Observations(22, 98, False, 105, 100, "A", 38.5), 5, Risk.MEDIUM),
        (Observations(22, 98, False, 95, 120, "A", 38.5), 7, Risk.HIGH),
        (replace(WELL, consciousness="C"), 3, Risk.LOW_MEDIUM),  # any single parameter of 3
    ],
)
def test_whole_scores(seen, total, risk):
    found = score(RULE, seen)
    assert not isinstance(found, News2Refusal)
    assert (found.total, found.risk) == (total, risk)


def test_a_ketamine_peak_scores_nothing_and_the_result_says_so():
    found = score(RULE, replace(WELL, sbp=200))
    assert not isinstance(found, News2Refusal)
    assert found.total == 0
    assert any("NEWS2 must never be the only BP alarm" in each for each in found.caveats)
    assert len(found.caveats) == 3


def test_it_is_never_guessed():
    found = score(RULE, Observations(None, 98, None, float("nan"), -1, None, 37, age_years=15.9, pregnant=True))
    assert isinstance(found, News2Refusal)
    assert set(found.reasons) == {
        *("missing:rr", "missing:oxygen", "missing:consciousness"),
        *("not-a-number:sbp", "not-a-number:pulse", "under-age", "pregnancy"),
    }


def test_it_is_for_people_of_sixteen_and_older():
    assert not isinstance(score(RULE, replace(WELL, age_years=16)), News2Refusal)


@pytest.mark.parametrize("spo2", [100.5, 101, 150])
def test_a_saturation_above_the_whole_is_no_saturation(spo2: float):
    """Case C7: NEWS2 took a saturation of 150."""
    for target in (False, True):
        assert score(RULE, replace(WELL, spo2=spo2, target_88_92=target)) == News2Refusal(("not-a-number:spo2",))


@given(
    st.floats(0, 90), st.floats(0, 100), st.booleans(), st.floats(0, 300), st.floats(0, 300),
    st.sampled_from("ACVPU"), st.floats(25, 45), st.booleans(),
)  # fmt: skip
def test_every_living_patient_has_a_score(rr, spo2, oxygen, sbp, pulse, letter, temp, target):
    found = score(RULE, Observations(rr, spo2, oxygen, sbp, pulse, letter, temp, target_88_92=target))
    assert isinstance(found, news2.News2)
    assert 0 <= found.total <= RULE.fact("max_total")
    assert found.total == sum(found.parts.values())
