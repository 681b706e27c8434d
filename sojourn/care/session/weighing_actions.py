"""The weight that the scale shows on the day of a session: an answer of the checklist and a fact of the patient."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter
from sojourn.care.intake import doubts, entry_actions
from sojourn.care.intake.weight_queries import weights
from sojourn.care.session import actions as session_actions
from sojourn.care.session.models import CheckResult
from sojourn.clinical import dosing
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import PatientScope, SessionScope

ITEM: Final = "weight"


@action(
    "session.check", locks=row(Encounter, "encounter_id"), through=(session_actions.check, entry_actions.keep_weight)
)
def weigh(
    *, by: Actor, encounter_id: int, kg: Decimal, sure: bool = False, now: datetime | None = None
) -> CheckResult:  # fmt: skip
    """The patient was weighed: the checklist's item is answered, and the next plan, the explorer and the session start
    from this weight. ``kg`` in kilograms.

    Refused: over, unknown-item, implausible, before-birth; and, unless somebody is ``sure`` and has read the scale,
    weight:pounds, weight:kilograms, weight:changed.
    """
    now = now or timezone.now()
    encounter, _newest = held_session(SessionScope(encounter_id))
    kg = doubts.kilograms(kg)
    today = clinic_day(now, encounter.clinic)
    _must_be_a_weight(kg)
    if not sure:
        last = doubts.last_before(weights(PatientScope(encounter.patient_id)), today)
        doubts.ask(doubts.about_weight(encounter.clinic_id, kg, last))
    answer = session_actions.check(
        by=by, encounter_id=encounter_id, item_id=ITEM, passed=True, value=f"{dosing.trimmed(kg)} kg", now=now
    )
    entry_actions.keep_weight(
        by=by, patient_id=encounter.patient_id, kg=kg, on=today, source_note=_("Weighed in the session"), now=now
    )
    announce(encounter)
    return answer


def _must_be_a_weight(kg: Decimal) -> None:
    """Refused before anything else is asked: 7 kg is a slip, not a change."""
    if words := entry_actions.fault_words(VOCABULARY[doubts.WEIGHT], float(kg)):
        raise ActionRefused(words, codes=("implausible",))
