"""The files that ship: sound, released, documented, and saying what the fact base says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from sojourn.clinical import alarms, dosing, eligibility, recovery
from sojourn.clinical.rules import RuleInvalid
from sojourn.clinical.vitals import VITALS, Implausible, Plausible, plausibility
from sojourn.foundation.rulebook import check, coverage, jurisdictions, load, release, released_rulebook


def test_every_rule_is_sound_and_every_example_comes_out():
    assert check() == ()


def test_a_released_version_is_never_edited():
    text, edited = release.text()
    assert edited == ()
    assert text == release.FILE.read_text(encoding="utf-8")


def test_an_edit_after_release_is_found(monkeypatch):
    known = dict(load.released())
    known["spo2.low", 1] = "0" * 64
    monkeypatch.setattr(load, "released", lambda: known)
    assert check() == ("spo2.low version 1: edited after its release; write a new version",)


def test_a_released_version_that_vanished_is_found(monkeypatch):
    monkeypatch.setattr(load, "released", lambda: {**load_released, ("spo2.low", 9): "0" * 64})
    assert check() == ("spo2.low version 9: released, but gone",)


load_released = dict(load.released())


def test_the_page_is_current():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page()


# facts/vitals_thresholds.json, iv_racemic_defaults and esketamine_label
@pytest.mark.parametrize(
    ("rule", "parameter", "value"),
    [
        ("spo2.low", "medium", 94),
        ("spo2.low", "high", 90),
        ("hr.low", "medium", 50),
        ("hr.high", "medium", 120),
        ("hr.high", "high", 130),
        ("rr.low", "medium", 10),
        ("rr.low", "high", 8),
        ("sedation.deep", "medium", 3),
        ("sedation.deep", "high", 2),
        ("bp.systolic.high", "high", 180),
        ("bp.diastolic.high", "high", 110),
        ("bp.systolic.rise", "medium", 20),
        ("bp.systolic.rise", "sustained", 5),
        ("bp.systolic.large_rise", "low", 40),
        ("bp.diastolic.large_rise", "low", 25),
        ("iv_racemic_40min", "hold_systolic", 160),
        ("iv_racemic_40min", "hold_diastolic", 100),
        ("in_esketamine", "hold_systolic", 140),
        ("in_esketamine", "hold_diastolic", 90),
        ("in_esketamine", "min_observation", 120),
        ("in_esketamine", "spo2_at_least", 94),
        ("in_esketamine", "bp_within", 20),
        ("padss", "threshold", 9),
        ("aldrete", "threshold", 9),
    ],
)
def test_numbers_are_those_of_the_fact_base(rule, parameter, value):
    assert released_rulebook().rule(rule).number(parameter) == value


@pytest.mark.parametrize(
    ("protocol", "points"),
    [
        ("iv_racemic_40min", (0, 10, 20, 30, 40, 60, 80, 100, 120)),
        ("im", (0, 10, 20, 30, 45, 60, 90, 120)),
        ("in_esketamine", (0, 40, 60, 90, 120)),
        ("sc", (0, 15, 30, 45, 60, 90, 120)),
        ("in_racemic", (0, 15, 30, 45, 60, 90, 120)),
        ("sl", (0, 30, 60, 90, 120)),
        ("oral", (0, 30, 60, 90, 120)),
    ],
)
def test_schedules_are_those_of_the_fact_base(protocol, points):
    assert released_rulebook().protocol(protocol).schedule == points


def test_no_threshold_acts_without_adoption():
    acting = [each for each in released_rulebook().newest.values() if each.acts_without_adoption]
    assert {each.id for each in acting if each.kind.split(".")[0] in ("alarm", "protocol", "score")} == {"news2"}


def test_alarms_of_a_route_and_drug():
    iv = {each.key for each in released_rulebook().alarm_rules("iv", "ketamine")}
    assert {"spo2.low:spo2", "bp.systolic.rise:nibp_sys", "silence.continuous:hr"} <= iv
    assert "bp.systolic.large_rise:nibp_sys" not in iv
    assert "bp.systolic.large_rise:nibp_sys" in {
        each.key for each in released_rulebook().alarm_rules("in", "esketamine")
    }
    assert "bp.systolic.large_rise:nibp_sys" not in {
        each.key for each in released_rulebook().alarm_rules("in", "ketamine")
    }
    assert released_rulebook().alarm_rules("by post") == ()
    assert all(
        each.escalate[alarms.Priority.HIGH].total_seconds() == 60 for each in released_rulebook().alarm_rules("iv")
    )


@pytest.mark.parametrize("code", VITALS)
def test_bounds_flag_what_no_sensor_shows(code):
    rule = released_rulebook().plausibility(code)
    for value in (rule.number("low"), rule.number("high")):
        assert plausibility(rule, value) == Plausible()
    for value in (rule.number("low") - 1, rule.number("high") + 1, float("nan"), float("inf")):
        assert isinstance(plausibility(rule, value), Implausible)


@pytest.mark.parametrize("sentinel", [-100, 32767, 8388607])  # facts/hl7.md: probe off, never a reading
@pytest.mark.parametrize("code", VITALS)
def test_sentinels_are_implausible_everywhere(code, sentinel):
    assert isinstance(plausibility(released_rulebook().plausibility(code), sentinel), Implausible)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([("a.toml", "this is not toml")], "a.toml"),
        ([("a.toml", "[other]\n")], "nothing else"),
        ([("a.toml", "[[rule]]\nid = 'x'\n")], "title must be a text"),
    ],
)
def test_a_wrong_file_is_refused(files, says):
    with pytest.raises(RuleInvalid, match=says):
        load.bind(files)


def test_recovery_scales_are_read_with_their_anchors():
    padss = recovery.read(released_rulebook().rule("padss"))
    assert padss.maximum == 10
    assert [each.points for each in padss.items[0].anchors] == [2, 1, 0]
    all_two = dict.fromkeys((each.id for each in padss.items), 2)
    best = padss.score(all_two)
    assert isinstance(best, recovery.RecoveryScore)
    assert (best.total, best.reached) == (10, True)
    refused = padss.score({**all_two, "vital_signs": None, "activity_mental": 3, "hat": 1})
    assert isinstance(refused, recovery.RecoveryScoreRefusal)
    assert set(refused.reasons) == {
        "always-applies:vital_signs",
        "no-such-answer:activity_mental",
        "no-such-item:hat",
    }


@pytest.mark.parametrize(
    ("before", "now", "is_outside"),
    [(120, 144, False), (120, 145, True), (120, 96, False), (120, 95, True), (118.3, 141.96, False)],
)
def test_within_a_fifth_of_the_baseline(before, now, is_outside):
    assert recovery.outside(before, now, 20) is is_outside


# ---------------------------------------------------------------- adding a rule is one file

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "add-an-eligibility-rule.md"


@pytest.fixture
def with_the_new_rule(monkeypatch):
    """The rulebook with the rule of the page appended to eligibility.toml, as the page says."""
    (text,) = re.findall(r"```toml\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.S)
    files = [(name, f"{old}\n{text}" if name == "rules/eligibility.toml" else old) for name, old in load._files()]
    monkeypatch.setattr(load, "_files", lambda: files)
    load.released_rulebook.cache_clear()
    yield load.released_rulebook().rule("EX-HEART-RATE")
    monkeypatch.undo()
    load.released_rulebook.cache_clear()


def test_the_rule_of_the_how_to_is_one_file_and_is_applied(with_the_new_rule):
    page = HOW_TO.read_text(encoding="utf-8")
    named = re.findall(r"^\| \d \| `([^`]+)` \|", page, re.M)
    assert "One file by hand, three written by commands" in page
    assert len(named) == 4
    assert all((HOW_TO.parents[2] / name).is_file() for name in named)
    assert load.check() == ("EX-HEART-RATE version 1: not in RELEASED.toml yet",)
    today = date(2026, 12, 1)
    facts = eligibility.known(eligibility.Fact("heart_rate", 130, today, "clinician"))
    rules = [eligibility.read(each) for each in load.released_rulebook().of_kind("eligibility")]
    found = eligibility.assess(facts, rules, drug="ketamine", stage="session", today=today)
    assert [(each.rule_id, each.action) for each in found.findings] == [("EX-HEART-RATE", "hold")]


CEILING_HOW_TO = HOW_TO.with_name("add-a-ceiling.md")


def test_the_ceiling_of_the_how_to_is_one_file_and_refuses_a_dose(monkeypatch):
    page = CEILING_HOW_TO.read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.S)
    named = re.findall(r"^\| \d \| `([^`]+)` \|", page, re.M)
    assert "One file by hand, two written by commands" in page
    assert len(named) == 3
    assert all((HOW_TO.parents[2] / name).is_file() for name in named)
    files = [(name, f"{old}\n{text}" if name == "rules/ceilings.toml" else old) for name, old in load._files()]
    monkeypatch.setattr(load, "_files", lambda: files)
    load.released_rulebook.cache_clear()
    try:
        assert load.check() == ("dose.ceiling.sc.esketamine version 1: not in RELEASED.toml yet",)
        rules = dosing.gather(load.released_rulebook().newest.values())
    finally:
        monkeypatch.undo()
        load.released_rulebook.cache_clear()
    today = date(2026, 12, 1)
    order = dosing.Order(
        "sc", "esketamine", dosing.Rounding(dosing.Milligrams.of("0.5"), "nearest"), per_kg=dosing.MgPerKg.of("0.3"),
        weight=dosing.Weight(dosing.Kilograms.of(50), today), over=dosing.Minutes.of(30),
    )  # fmt: skip
    found = dosing.calculate(order, rules, today, override=True)
    assert isinstance(found, dosing.DoseRefused)
    assert found.codes == ("no-studied-range", "above-ceiling")


# ---------------------------------------------------------------- the medicines and the law


def test_an_interaction_of_a_medicine_that_cannot_be_found_is_reported(monkeypatch):
    text = [(name, each.replace('"Naltrexone"', '"Naltrexum"')) for name, each in load._files()]
    monkeypatch.setattr(load, "_files", lambda: text)
    assert "interaction.naltrexone: Naltrexum is not in medicines.csv" in load.check()


@pytest.mark.parametrize(
    ("code", "pages", "day", "stale"),
    [
        ("US", ["US"], date(2026, 12, 31), False),  # facts/jurisdictions.csv: telemedicine through 31 Dec 2026
        ("US", ["US"], date(2027, 1, 1), True),
        ("US-CA", ["US-CA", "US"], date(2026, 12, 31), False),
        ("US-CA", ["US-CA", "US"], date(2027, 1, 1), True),  # what lapses for the country lapses for the state
        ("US-NV", ["US"], date(2026, 12, 1), False),
        ("US-TX", ["US-TX", "US"], date(2026, 12, 31), False),
        ("GB", ["GB"], date(2027, 11, 22), False),
        ("GB", ["GB"], date(2027, 11, 23), True),
        ("FR", [], date(2026, 12, 1), True),  # nothing was read: never to be relied on
    ],
)
def test_law_goes_stale(code, pages, day, stale):
    assert [each.code for each in jurisdictions.of_code(code)] == pages
    assert jurisdictions.stale(code, day) is stale


def test_eleven_places_are_those_of_the_fact_base_and_texas_is_only_proposed():
    everywhere = jurisdictions.jurisdictions()
    places = [each.code for each in everywhere if not each.proposed]
    assert places == ["US", "US-CA", "US-UT", "US-CO", "GB", "CA", "AU", "DE", "NL", "IN", "BR"]
    assert [each.code for each in everywhere if each.proposed] == ["US-TX"]
