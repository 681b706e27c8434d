"""Take back what was entered in error: seen, not gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, Min, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.intake import entry_actions
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.intake.queries import WEIGHT
from sojourn.care.session.calls import KINDS as CALLS
from sojourn.care.session.models import (
    CheckResult,
    EnteredInError,
    GivenMedicine,
    SessionEvent,
    StruckKind,
    Waste,
)
from sojourn.care.session.queries import strikes_of
from sojourn.care.vitals import standing
from sojourn.care.vitals.models import Observation
from sojourn.clinical.protocol import PRESENT, State
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, Choice, action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import PatientScope, SessionScope

TABLES: Final[dict[str, Any]] = {
    StruckKind.READING: Observation,
    StruckKind.CHECK: CheckResult,
    StruckKind.EVENT: SessionEvent,
    StruckKind.MEDICINE: GivenMedicine,
    StruckKind.WASTE: Waste,
}
PERMISSIONS: Final[dict[str, str]] = {
    StruckKind.READING: "session.observe",
    StruckKind.CHECK: "session.check",
    StruckKind.EVENT: "session.observe",
    StruckKind.MEDICINE: "session.observe",
    StruckKind.WASTE: "session.observe",
}


def _of_entry(_by: Actor, asked: Arguments) -> str:
    return PERMISSIONS.get(asked["of"], "session.observe")


@action(
    Choice(tuple(dict.fromkeys(PERMISSIONS.values())), _of_entry),
    locks=row(Encounter, "encounter_id"),
    audit="session.struck",
    through=(entry_actions.take_back,),
)
def strike(
    *, by: Actor, encounter_id: int, of: str, row_id: int, reason: str, now: datetime | None = None
) -> EnteredInError:  # fmt: skip
    """Strike a row of a session as entered in error: ``of`` a StruckKind, ``row_id`` its number. Twice changes nothing.

    A struck reading counts for nothing any more: the newest value moves back to the newest reading that stands, and
    while the session runs its alarms are judged again, all in this transaction. With one half of a pressure goes the
    other, which was typed with it. A struck weight of the checklist takes the weight out of the patient's facts too. A
    struck waste goes with its witness: its milligrams are to account for again, until they are wasted anew before a
    second person. Refused: unknown-row, monitor (what a monitor sent is not struck; write a note), call (a patient's
    call stays), reason-missing, reason-long, signed.
    """
    if of not in TABLES:
        raise ActionRefused(_("That entry belongs to another session."), codes=("unknown-row",))
    now = now or timezone.now()
    encounter, newest = held_session(SessionScope(encounter_id))
    entry = SessionScope(encounter_id).rows(TABLES[of]).filter(pk=row_id).first()
    if entry is None:
        raise ActionRefused(_("That entry belongs to another session."), codes=("unknown-row",))
    before = strikes_of(of, row_id).first()
    if before is not None:
        return unchanged(before)
    wrong = _faults(encounter, of, entry, reason.strip())
    if wrong:
        raise ActionRefused(*wrong.values(), codes=tuple(wrong))
    rows = [entry, *_other_half(entry)] if of == StruckKind.READING else [entry]
    struck, *_others = [
        EnteredInError.objects.create(
            clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, of=of, row_id=each.pk,
            reason=reason.strip(), at=now, by_id=by.member,
        )
        for each in rows
    ]  # fmt: skip
    if of == StruckKind.READING:
        for each in rows:
            _move_back(encounter, each.code, State(newest.state) in PRESENT, by, now)
    elif of == StruckKind.CHECK and entry.item_id == "weight":
        _forget_weight(by, entry, reason.strip(), now)
    record(by, "session.struck", encounter, of=of, row=row_id)
    announce(encounter)
    return struck


def _faults(encounter: Encounter, of: str, row: Any, reason: str) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if of == StruckKind.READING and row.method != "typed":
        wrong["monitor"] = _("What a monitor sent is not struck. Write a note beside it.")
    if of == StruckKind.EVENT and row.kind in CALLS:
        wrong["call"] = _("A call of the patient stays as it is. Write a note beside it.")
    if not reason:
        wrong["reason-missing"] = _("Write why this entry was wrong.")
    if len(reason) > 300:
        wrong["reason-long"] = _("Write it in fewer words: at most %(most)d characters.") % {"most": 300}
    if encounter.signatures.exists():
        wrong["signed"] = _("The record is signed. Write an addendum instead.")
    return wrong


def _other_half(row: Observation) -> list[Observation]:
    """A pressure is one measurement: with one half the other goes, where it was typed with it and still stands."""
    pair = next((pair for pair in zip(SYSTOLIC, DIASTOLIC, strict=True) if row.code in pair), ())
    others = (
        SessionScope(row.encounter_id)
        .rows(Observation)
        .filter(
            ~Exists(strikes_of(StruckKind.READING, OuterRef("pk"))), code__in=pair, method="typed",
            effective_at=row.effective_at, received_at=row.received_at, by_id=row.by_id,
        )
        .exclude(pk=row.pk)
    )  # fmt: skip
    return list(others)


def _move_back(encounter: Encounter, code: str, running: bool, by: Actor, now: datetime) -> None:
    numbers = (
        SessionScope(encounter.pk).rows(EnteredInError).filter(of=StruckKind.READING).values_list("row_id", flat=True)
    )
    checked = SessionScope(encounter.pk).rows(SessionState).filter(state=State.CHECKED.value)
    standing.move_back(
        encounter=encounter, code=code, struck=list(numbers), baseline_at=checked.aggregate(at=Min("at"))["at"],
        judge=running, now=now, by_id=by.membership_id,
    )  # fmt: skip


def _forget_weight(by: Actor, row: CheckResult, reason: str, now: datetime) -> None:
    """The weight that this answer brought into the patient's facts goes with it."""
    facts = (
        PatientScope(row.patient_id)
        .rows(ClinicalFact)
        .filter(name=WEIGHT, entered_at=row.at, entered_by_id=row.by_id, retracts=None)
    )
    for fact in facts:
        entry_actions.take_back(by=by, fact=fact, reason=reason, now=now)
