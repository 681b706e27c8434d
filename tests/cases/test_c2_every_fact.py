"""C2: for each vital sign and each score that can be collected, what reads it; what nothing reads is named, with why.

(The facts of candidacy, laboratories among them, are held in test_c2_rules_of_the_day.py.)
"""

from __future__ import annotations

import pytest

from sojourn.clinical import alarms
from sojourn.clinical.protocol import GuardFacts, Latest, State, guard
from sojourn.clinical.protocol import StepRefusal as GuardRefused
from sojourn.clinical.protocol.protocol import READ_AS
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.scales import scales

# Vital signs whose value no rule compares. Reviewed.
SHOWN_ALONE = {
    "pain": "an item of PADSS asks for it",
    "nausea": "an item of PADSS asks for it",
    "cadss6": "leaving asks whether dissociation is gone; no source gives a number",
}
# Scores that nothing is compared with: no cut-off was found in a source (fact base, instruments.json). Reviewed.
NO_CUT_OFF = {
    "bprs-plus", "cadss", "cadss-6", "ebi", "eis", "icpi", "icsi", "ies", "kset", "panas-na", "panas-pa", "uku",
    "watts",
}  # fmt: skip
# Of a session as it leaves, each far from what lets somebody go.
LEAVING = {"spo2": 86.0, "moaas": 2.0, "nibp_sys": 190.0, "nibp_dia": 120.0}


def judged_by(code: str) -> set[str]:
    """The alarm rules that compare the value of a vital sign."""
    rules = released_rulebook().of_kind(*(kind for kind in alarms.KINDS if kind != "alarm.silence"))
    return {each.id for each in rules if code in each.fixed.get("vitals", ())}


@pytest.mark.parametrize("code", VITALS)
def test_every_vital_sign_is_read_by_a_rule_or_has_a_reviewed_reason(code: str):
    """C2: a recorded value that no rule reads is a fault."""
    as_a_fact = {name for name, codes in READ_AS.items() if code in codes}
    assert bool(judged_by(code) | as_a_fact) is not (code in SHOWN_ALONE)


@pytest.mark.parametrize(("code", "value"), LEAVING.items())
def test_what_leaving_reads(code: str, value: float):
    """C2: saturation 86 and its like stand before the door."""
    facts = GuardFacts(
        State.READY_TO_LEAVE, latest={code: Latest(value, 0)}, baseline={"nibp_sys": 120.0, "nibp_dia": 80.0}
    )  # fmt: skip
    found = guard("leave", facts, released_rulebook().protocol("in_esketamine"))
    assert isinstance(found, GuardRefused)
    name = {"nibp_sys": "bp-outside:systolic", "nibp_dia": "bp-outside:diastolic"}.get(code, f"low:{code}")
    assert name in {each.code for each in found.reasons}


@pytest.mark.parametrize("scale", scales(), ids=lambda each: each.id)
def test_every_score_is_read_by_its_rule_or_has_no_cut_off(scale):
    """C2: a band, a cut-off, a change that counts, a finding, an item of safety: something says what it means."""
    numbers = set(scale.rule.parameters) - {"most_missing"}
    reads = bool(scale.bands or scale.findings or scale.safety_items or numbers)
    assert reads is not (scale.id in NO_CUT_OFF)
