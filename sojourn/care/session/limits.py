"""From when a reading is old on a live page, and how long a patient's call may wait: by the clinic's own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sojourn.clinical import calls
from sojourn.clinical.alarms import SILENCE
from sojourn.clinical.rules import Rule
from sojourn.clinical.units import convert
from sojourn.clinical.vitals import DIASTOLIC, MEAN, SYSTOLIC
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.queries import acting_rules


@dataclass(frozen=True, slots=True)
class Limits:
    """After how many seconds a reading is old: by vital sign where a monitor is on, else by the protocol; and how many
    a call may wait, None where no rule says so."""

    monitored: Mapping[str, float]
    typed: Mapping[str, float]
    call: float | None = None

    def of(self, code: str, session: Mapping[str, Any], protocol_id: str) -> float:
        typed = self.typed[protocol_id]
        return self.monitored.get(code, typed) if session["monitors"] else typed


def limits(clinic_id: int, protocol_ids: Iterable[str]) -> Limits:
    """From the clinic's own rules, or the released ones where it has adopted none. One query."""
    acting = acting_rules(clinic_id)
    typed = {each: _seconds(_own(released_rulebook().rule(each), acting), "vitals_max_age") for each in protocol_ids}
    call = calls.waits_at_most(acting.get(calls.ESCALATION))
    return Limits(_monitored(acting), typed, None if call is None else call.total_seconds())


def _own(released: Rule, acting: Mapping[str, Rule]) -> Rule:
    return acting.get(released.id, released)


def _seconds(rule: Rule, name: str) -> float:
    return float(convert(rule.number(name), rule.parameters[name].unit, "s"))


def _monitored(acting: Mapping[str, Rule]) -> dict[str, float]:
    """By vital sign. The halves and the mean of a pressure are as old as its systolic."""
    found: dict[str, float] = {}
    for each in released_rulebook().of_kind(SILENCE):
        found.update(dict.fromkeys(map(str, each.fact("vitals")), _seconds(_own(each, acting), "seconds")))
    for systolic, *others in zip(SYSTOLIC, DIASTOLIC, MEAN, strict=True):
        if systolic in found:
            found.update({code: found[systolic] for code in others if code not in found})
    return found
