"""The rules that a scenario is judged by, made ready by whoever keeps the rulebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sojourn.clinical.alarms import AlarmRule
from sojourn.clinical.dosing import DoseRules
from sojourn.clinical.eligibility import EligibilityRule, EvidenceRule
from sojourn.clinical.protocol import Floors, Protocol
from sojourn.clinical.recovery import Leaving, RecoveryScale
from sojourn.clinical.rules import Rule


class UnknownRule(ValueError):
    """A scenario names a rule, a number or a law that does not exist."""


@dataclass(frozen=True, slots=True)
class RulesOfClinic:
    """What acts in the clinic of a scenario. ``protocol`` is as released where ``protocol_adopted`` is false.

    ``alarms_waiting`` are the titles of alarms about which nobody has decided; ``plausible`` is by vital sign;
    ``agree_percent`` how closely figures must agree (rule dose.chair); ``leaving`` what was adopted about leaving;
    ``scales`` the recovery scores by id.
    """

    protocol: Protocol
    protocol_adopted: bool
    doses: DoseRules
    eligibility: tuple[EligibilityRule, ...]
    evidence: tuple[EvidenceRule, ...]
    alarms: tuple[AlarmRule, ...]
    alarms_waiting: tuple[str, ...]
    floors: Floors
    plausible: Mapping[str, Rule]
    agree_percent: float
    leaving: Leaving
    scales: Mapping[str, RecoveryScale]

    def alarms_of(self, code: str) -> tuple[AlarmRule, ...]:
        """The alarms of a vital sign."""
        return tuple(each for each in self.alarms if each.vital == code)
