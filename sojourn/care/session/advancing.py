"""Move a session on by one step of the transition table, and what each step brings with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from sojourn.care.alarms.actions import end_alarms, set_baseline
from sojourn.care.alarms.models import CurrentVital
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.session import actions as session_actions
from sojourn.care.session import facts as session_facts
from sojourn.care.vitals.models import DeviceAssociation
from sojourn.clinical.protocol import FINAL, State
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.rulebook.queries import acting_rules as adopted_rules


@transaction.atomic
def advance_session(
    *,
    by: Asker,
    encounter_id: int,
    transition: str,
    seen: int | None = None,
    overrides: Collection[str] = (),
    reason: str = "",
    started_at: datetime | None = None,
    note: str = "",
    now: datetime | None = None,
) -> SessionState:
    """Move a session on by one step of the transition table, judged by its readings, checks and alarms.

    ``seen`` is the number of the state that the person looked at. Raises Overtaken, StepRefused or Refused. The
    dose is charted in the step that starts it, the discharge in the step that lets the patient go.
    """
    now = now or timezone.now()
    encounter, newest = encounter_actions.lock_session(encounter_id, seen)
    facts = replace(session_actions.facts_of(encounter, newest, now), reason=reason)
    adopted = encounter.protocol_id in adopted_rules(encounter.clinic_id)
    facts = session_facts.facts_with_readings(facts, encounter, now, adopted=adopted)
    row = encounter_actions.step(
        by=by, encounter=encounter, newest=newest, transition=transition, facts=facts, overrides=overrides,
        reason=reason, now=now,
    )  # fmt: skip
    if transition == "complete_checks":
        set_baseline(encounter=encounter)
    elif transition == "start_dose":
        session_actions.give_dose(by=by, encounter=encounter, started_at=started_at or now, now=now, note=note)
    elif transition in {"leave", "leave_without_dose"}:
        session_actions.write_discharge(by=by, encounter=encounter, facts=facts, now=now)
    if State(row.state) in FINAL:
        end_session(encounter=encounter, now=now, by=by)
    announce(encounter)
    return row


def end_session(*, encounter: Encounter, now: datetime, by: Asker) -> None:
    """The patient has left: monitors come off, no reading is expected, open alarms end and say so."""
    DeviceAssociation.objects.filter(encounter=encounter, until_at=None).update(
        until_at=now, until_by_id=by.membership_id
    )
    end_alarms(encounter, now, by, only_silence=False)  # takes the ledger's lock, as writers of signals must
    CurrentVital.objects.filter(encounter=encounter).update(silent_after=None)
