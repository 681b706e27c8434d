"""A rule with one fault is refused by name: every fault that a slip of the hand makes of every kind of rule.

The faults are drawn from shipped rules (tests/broken.py), so that a new key is covered without a new test. What is no
fault stands in ``LEGITIMATE``, with its reason.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from sojourn.clinical.rule_kinds import KINDS
from sojourn.clinical.rules import RuleInvalid
from sojourn.foundation.rulebook import load, medicines_sound, references
from tests.broken import Fault, Legitimate, faults, nodes, place, toml, unnamed

Table = dict[str, Any]
_FREE = "free words: nothing can be asked of them but that they are there"
_FEWER = "one entry less is another sound rule of the same shape"
_INHERITS = "what is left out has a plain meaning (no label but the name, the rule's own mark, no bound, no such entry)"
_EXAMPLE = "an example is proved by working it: one that says less, or something else that is true, is no fault"
LEGITIMATE = (
    Legitimate("id", ("nothing",), "another name is another rule, which RELEASED.toml does not know"),
    Legitimate("title", ("nothing",), _FREE),
    Legitimate("statement", ("nothing",), _FREE),
    Legitimate("sources.*", ("nothing", "hole"), _FREE),
    Legitimate("parameters.*.label", ("nothing", "removed"), _FREE),
    Legitimate("parameters.*.verification", ("removed",), _INHERITS),
    Legitimate("parameters.*.furthest", ("removed",), _INHERITS),
    Legitimate("parameters.*.furthest", ("zero",), "a clinic may go as far as the number goes"),
    Legitimate("parameters.*.least", ("removed", "zero"), _INHERITS),
    Legitimate("parameters.*.most", ("removed",), _INHERITS),
    Legitimate("parameters.medium", ("removed",), "a rule has a limit for some priorities"),
    Legitimate("parameters.low", ("removed",), "a rule has a limit for some priorities"),
    Legitimate("parameters.low.value", ("zero",), "a sensor may show 0: an asystole, an apnoea"),
    Legitimate("parameters.usual", ("removed",), "nobody has to say which dose is usual"),
    Legitimate("parameters.usual_minutes", ("removed",), "nobody has to say how long is usual"),
    Legitimate("examples.*", ("hole",), _EXAMPLE),
    Legitimate("examples.*.title", ("nothing",), _FREE),
    Legitimate("examples.*.given", ("removed", "empty"), _EXAMPLE),
    *(
        Legitimate(f"examples.*.{part}*", kinds, _EXAMPLE)
        for part, kinds in (
            ("given.", ("removed", "zero", "negative", "nothing", "blank", "doubled", "hole", "reversed", "empty")),
            ("given.", ("wrong type",)),
            ("expect.", ("removed", "zero", "empty", "hole", "doubled")),
        )
    ),
    *(
        Legitimate(f"fixed.{each}", ("nothing",), _FREE)
        for each in (
            *("label", "class", "mechanism", "effect", "evidence", "action", "category", "note", "derived"),
            *("fact_base", "fact_base.*", "known.*.*", "grades.*.advice", "items.*.label", "items.*.anchors.*"),
            *("items.*.as_before", "not_for.*", "caveats.*", "checklist.*.label", "checklist.*.hint"),
            *("checklist.*.source", "discharge.*.label", "discharge.*.source", "schedule", "who_may_prescribe"),
            *("at_home", "esketamine", "records", "key_points", "ends.*.what"),
        )
    ),
    *(
        Legitimate(f"fixed.{each}", ("hole",), _FEWER)
        for each in (
            *("vitals.*", "routes.*", "drugs.*", "stages.*", "doses.*", "jurisdictions.*", "continuous.*"),
            *("schedule.*", "checklist.*", "discharge.*", "of_the_day.*", "not_for.*", "caveats.*", "known.*"),
            *("by_*.*.*", "grades.*.when.*", "wants.*.when.*", "wants.*.facts.*", "items.*.before_reads.*"),
            *("except.*", "except_groups.*", "groups.*", "medicines.*", "scales.*", "facts.*"),
        )
    ),
    *(
        Legitimate(f"fixed.{each}", ("removed",), _INHERITS)
        for each in (
            *("drugs", "note", "derived", "known", "of_the_day", "never_overridden", "except", "except_groups"),
            *("checklist.*.hint", "checklist.*.vitals", "checklist.*.answers.*", "items.*.before_reads"),
            *("severity_by_route.*", "by_*.*", "answers.*.*", "ends", "wants", "proposed"),
        )
    ),
    Legitimate("fixed.checklist.*.id", ("nothing",), "an item has the name that its protocol gives it"),
)


def _shipped() -> dict[str, list[Table]]:
    """The newest version of every rule as its file holds it, by kind."""
    newest, found = load.released_rulebook().newest, defaultdict(list)
    for _name, text in load._files():
        for table in tomllib.loads(text)["rule"]:
            if newest[table["id"]].version == table["version"]:
                found[table["kind"]].append(table)
    return found


SHIPPED = _shipped()


def _entries(table: Table) -> set[str]:
    """Where a rule has something, but for its examples; rules that name their own numbers have one number."""
    own = KINDS[table["kind"]].numbers is None
    places = {place(path) for path, _ in nodes({key: each for key, each in table.items() if key != "examples"})}
    return {each for each in places if not (own and each.startswith("parameters."))}


def bases(kind: str) -> Iterator[Table]:
    """As few shipped rules of a kind as have every entry that the kind has anywhere."""
    seen: set[str] = set()
    for table in sorted(SHIPPED[kind], key=lambda each: (-len(_entries(each)), each["id"])):
        if _entries(table) - seen:
            seen |= _entries(table)
            yield table


def refusal(table: Table) -> str:
    """What the rulebook says against a file with this rule, "" where it takes it."""
    try:
        whole = load.bind([("rules/base.toml", toml({"rule": [table]}))])
    except RuleInvalid as wrong:
        return str(wrong)
    (rule,) = whole.newest.values()
    others: Iterable[str] = ()
    if rule.kind == "interaction":
        others = medicines_sound.of_rules([rule])
    elif rule.kind == "flag.raising":
        others = (f"{rule.id}: {each}" for each in references.checks(rule, load.released_rulebook().protocols()))
    return "; ".join((*load.rule_faults(rule), *others))


def _unnamed(fault: Fault, said: str, base: Table) -> str:
    names, word = (base["id"], "rules/base.toml"), fault.path[:1] in (("fixed",), ("parameters",))
    return unnamed(fault, said, legitimate=LEGITIMATE, names=names, word_said=word)


def walked(base: Table) -> Iterator[Fault]:
    """The faults of a rule; of its examples, which are all alike, those of the first."""
    return (each for each in faults(base) if each.path[:1] != ("examples",) or each.path[1:2] in ((), (0,)))


def test_every_kind_has_a_base():
    assert set(SHIPPED) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.slow
def test_every_fault_of_a_rule_is_refused_by_name(kind):
    for base in bases(kind):
        assert refusal(base) == ""
        wrong = [each for one in walked(base) if (each := _unnamed(one, refusal(one.tree), base))]
        assert wrong == []


# --- the faults that were told, each by the word that refuses it ---


def _rule(rule_id: str) -> Table:
    return next(each for tables in SHIPPED.values() for each in tables if each["id"] == rule_id)


def _bare(table: Table) -> Table:
    """The rule without how far a clinic may go, which would be in the way of another number."""
    numbers = {
        name: {key: one for key, one in each.items() if key != "furthest"}
        for name, each in table.get("parameters", {}).items()
    }
    return {**table, "parameters": numbers}


def _changed(tree: Any, path: str, value: object) -> Any:
    key, _, rest = path.partition(".")
    if isinstance(tree, list):
        at = int(key)
        return [*tree[:at], _changed(tree[at], rest, value) if rest else value, *tree[at + 1 :]]
    return {**tree, key: _changed(tree[key], rest, value) if rest else value}


@pytest.mark.parametrize(
    ("rule_id", "path", "value", "says"),
    [
        ("dose.iv.ketamine", "parameters.high.unit", "mg", "high is not in mg/kg"),
        ("dose.iv.ketamine", "fixed.basis", "mg", "is not in mg"),
        ("dose.in.ketamine", "parameters.low.value", 500, "a range has a lower and an upper end"),
        ("dose.series.iv.ketamine", "parameters.sessions.value", 0, "sessions cannot be 0"),
        ("bp.systolic.rise", "fixed.relative", "percents", "relative cannot be 'percents'"),
        ("news2", "fixed.bands.rr", [{"max": 8, "score": 3}, {"min": 10, "score": 0}], "bands.rr.1: a hole or an over"),
        ("news2", "fixed.bands.rr", [{"max": 8, "score": 3}, {"min": 8, "score": 0}], "bands.rr.1: a hole or an over"),
        ("hr.high", "parameters.medium.value", 140, "medium is never passed before high"),
        ("hr.high", "parameters.medium.value", 200, "medium is never passed before high"),
        ("hr.high", "parameters.medium.tighten", "higher", "medium would loosen the rule"),
        ("plausible.spo2", "parameters.high.unit", "/min", "high: /min is not the unit of spo2"),
    ],
)  # fmt: skip
def test_what_was_told(rule_id, path, value, says):
    assert says in refusal(_changed(_bare(_rule(rule_id)), path, value))


_LOWEST = {"value": 80, "unit": "%", "tighten": "lower", "verification": "convention"}
_CAP = {"value": 300, "unit": "mg", "tighten": "lower", "furthest": 25}


@pytest.mark.parametrize(
    ("rule_id", "path", "fits", "beyond", "says"),
    [
        ("iv_racemic_40min", "fixed.dose_minutes", 120, 121, "the schedule ends before the dose"),
        ("iv_racemic_40min", "fixed.dose_minutes", 0, -1, "dose_minutes cannot be -1"),
        ("iv_racemic_40min", "fixed.schedule.0", 0, -1, "schedule.0 cannot be -1"),
        ("iv_racemic_40min", "examples.0.given.latest", {}, {"pulse": [60, 1]}, "latest.pulse cannot be 'pulse'"),
        ("iv_racemic_40min", "fixed.checklist.0.vitals", ["nibp_sys", "nibp_dia"], ["nibp_sys"], "has two halves"),
        ("iv_racemic_40min", "fixed.checklist.0.vitals", ["spo2"], ["spo2", "nibp_dia"], "has two halves"),
        ("floor.spo2", "parameters", {"at_most": _LOWEST}, {}, "a floor has at_least or at_most"),
        ("escalation", "parameters.medium.value", 60, 59, "waits less than"),
        ("news2", "fixed.max_total", 1, 0, "max_total cannot be 0"),
        ("news2", "fixed.min_age_years", 1, 0, "min_age_years cannot be 0"),
        ("news2", "fixed.oxygen", 0, -1, "oxygen cannot be -1"),
        ("news2", "fixed.oxygen", 3, 4, "oxygen cannot be 4"),
        ("news2", "fixed.bands.rr.0.score", 3, 4, "score cannot be 4"),
        ("news2", "fixed.bands.rr.0.max", 0, -1, "max cannot be -1"),
        ("news2", "fixed.bands.rr.1.min", 0, -1, "min cannot be -1"),
        ("news2", "fixed.consciousness.A", 0, 1, "consciousness.A cannot be 1"),
        ("news2", "fixed.consciousness.A", 0, -1, "consciousness.A cannot be -1"),
        ("news2", "fixed.consciousness.C", 1, 0, "consciousness.C cannot be 0"),
        ("news2", "fixed.consciousness.C", 3, 4, "consciousness.C cannot be 4"),
        *(("news2", f"fixed.risk.{each}.0", 0, -1, f"{each}.0 cannot be -1") for each in ("low", "medium", "high")),
        ("news2", "fixed.risk.any_single", 1, 0, "risk.any_single cannot be 0"),
        ("news2", "fixed.risk.any_single", 3, 4, "risk.any_single cannot be 4"),
        ("padss", "fixed.maximum", 1, 0, "maximum cannot be 0"),
        ("padss", "fixed.items.3.spare_points", 0, -1, "spare_points cannot be -1"),
        ("padss", "parameters.threshold.value", 10, 11, "threshold is above the maximum"),
        ("recovery.signing", "parameters.hour.value", 1, 0, "hour cannot be 0"),
        ("recovery.signing", "parameters.hour.value", 23, 24, "hour cannot be 24"),
        ("plausible.spo2", "parameters.low.value", 99, 100, "high is not above low"),
        ("plausible.spo2", "parameters.low.value", 0, -1, "low cannot be -1"),
        ("RC-SBP-LOW", "parameters.systolic.value", 0, -1, "systolic cannot be -1"),
        *(
            ("dose.ceiling.oral.ketamine", "parameters.cap", _CAP, {**_CAP, **wrong}, "cap is in mg")
            for wrong in ({"unit": "mg/kg"}, {"tighten": "higher", "furthest": 500})
        ),
    ],
)  # fmt: skip
def test_what_just_fits_is_taken_and_one_beyond_is_not(rule_id, path, fits, beyond, says):
    rule = _rule(rule_id) if "cap" in path else _bare(_rule(rule_id))
    taken = refusal(_changed(rule, path, fits))
    assert says not in taken
    assert says.replace(str(beyond), str(fits)) not in taken
    assert says in refusal(_changed(rule, path, beyond))


def test_a_number_that_ships_without_a_value_is_missing_unless_the_clinic_states_it():
    rule = _rule("bp.systolic.rise")
    name = next(iter(rule["parameters"]))
    bare = {key: each for key, each in rule["parameters"][name].items() if key not in ("value", "furthest")}
    assert f"{name}.value is missing" in refusal(_changed(rule, f"parameters.{name}", bare))


def test_a_key_that_stands_twice_is_refused_with_the_file():
    text = toml({"rule": [_rule("hr.high")]})
    with pytest.raises(RuleInvalid, match=r"rules/base\.toml"):
        load.bind([("rules/base.toml", f"{text}{text}")])


def test_a_version_that_stands_twice_is_refused():
    rule = _rule("hr.high")
    with pytest.raises(RuleInvalid, match=r"rules/base\.toml: hr\.high version \d+ stands twice"):
        load.bind([("rules/base.toml", toml({"rule": [rule, rule]}))])
