"""What a person's medicines say before a dose, and what changed in them since the decision, the plan and the last dose.

Asked at the chair and on the evening before, by the same rules. The caller reads; nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.intake.medicine_history import ChangedSince, MedicineHistory
from sojourn.clinical import eligibility, interactions
from sojourn.clinical.interactions import Interaction, InteractionRule


@dataclass(frozen=True, slots=True)
class MedicinesSince:
    """``reasons`` and ``notices`` by the rules for one drug and route, against what the decision saw; ``changed`` is
    everything that was begun, changed and stopped since, whatever the rules say of it."""

    reasons: tuple[eligibility.DayReason, ...]
    notices: tuple[eligibility.Notice, ...]
    changed: tuple[ChangedSince, ...]

    def __bool__(self) -> bool:
        return bool(self.reasons or self.notices or self.changed)


def medicines_since(
    history: MedicineHistory,
    rules: tuple[InteractionRule, ...],
    *,
    drug: str,
    route: str,
    decision: CandidacyDecision | None,
    plan_signed_at: datetime | None,
    last_dose_at: datetime | None,
) -> MedicinesSince:
    """What stands against a dose and what is shown beside it, from a person's list of now. No query."""
    named = [medicine for each in history.taken() if each.current for medicine in each.medicines]
    outcomes = interactions.check(named, rules, drug=drug, route=route)
    basis: Mapping[str, Any] = decision.basis if decision else {}
    after_decision = history.since(decision.decided_at) if decision else ()
    today = eligibility.interactions_today(
        [each for each in outcomes if isinstance(each, Interaction)],
        basis.get("interactions", ()),
        not_checked=[each.medicine for each in outcomes if not isinstance(each, Interaction)],
        not_checked_at_decision=basis.get("not_checked", ()),
        unmentioned=interactions.unmentioned(named, rules, drug=drug, route=route),
        listed_at_decision=_listed(basis),
        changed=frozenset(name for each in after_decision if each.what == "changed" for name in each.ingredients),
    )
    moments = {"decision": decision.decided_at if decision else None, "plan": plan_signed_at, "dose": last_dose_at}
    return MedicinesSince(today.reasons, today.notices, history.since_each(moments))  # type: ignore[arg-type]


def _listed(basis: Mapping[str, Any]) -> frozenset[str]:
    """The ingredients that the decision saw, whether or not a rule spoke of them."""
    seen = {str(each["medicine"]) for each in basis.get("interactions", ())}
    return frozenset((*basis.get("unmentioned", ()), *seen))
