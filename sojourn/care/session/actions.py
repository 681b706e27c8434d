"""What people do in a session besides moving it on: checks, doses, events, signatures."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.booking.models import Appointment
from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.encounter.actions import lock_session
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.plan import queries as plans
from sojourn.care.session import queries as session_queries
from sojourn.care.session.models import (
    Addendum,
    CheckResult,
    Discharge,
    DoseCheck,
    MedicationAdministration,
    RecordSignature,
    SessionEvent,
)
from sojourn.clinical import protocol
from sojourn.clinical.protocol import FINAL, Facts, State
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.audit.actions import record


def facts_of(encounter: Encounter, newest: SessionState, now: datetime) -> Facts:
    """What this room knows for the guards; monitoring adds the readings and alarms."""
    checks = session_queries.newest_checks(encounter.pk)
    given = list(session_queries.doses(encounter.pk))
    ready = session_queries.dose_ready(encounter.pk)
    companion = encounter.appointment.companion
    ended = _dose_ended_at(encounter)
    return Facts(
        state=State(newest.state),
        checks={item: "passed" if row.outcome == "passed" else "failed" for item, row in checks.items()},
        dose_ordered=ready is not None,
        second_checked=ready is not None and ready.checked is not None,
        dose_given=bool(given),
        minutes_since_dose_end=(now - ended).total_seconds() / 60 if given and ended else None,
        padss=_score(checks.get("padss")),
        aldrete=_score(checks.get("aldrete")),
        escort_named=companion is not None,
        escort_present=(here := checks.get("companion_here")) is not None and here.outcome == "passed",
    )


def _score(row: CheckResult | None) -> int | None:
    return int(row.value) if row is not None and row.value.isdigit() else None


def _dose_ended_at(encounter: Encounter) -> datetime | None:
    """When the dose ended: when the session was stopped early, else when observation began first."""
    row = (
        SessionState.objects.filter(encounter=encounter, state__in=[State.OBSERVING.value, State.STOPPED_EARLY.value])
        .order_by("seq")
        .first()
    )
    return row.at if row else None


@transaction.atomic
def check(
    *, by: Asker, encounter_id: int, item_id: str, passed: bool, value: str = "", note: str = "",
    now: datetime | None = None,
) -> CheckResult:  # fmt: skip
    """Record one item of the checklist or of discharge. The newest result of an item counts, all remain."""
    by.must("session.check")
    encounter, newest = lock_session(encounter_id, None)
    if State(newest.state) in FINAL:
        raise Refused(_("This session is over."), codes=("over",))
    known = {item.id for group in _items(encounter) for item in group} | {
        "padss",
        "aldrete",
        "companion_here",
    }
    if item_id not in known:
        raise Refused(_("The protocol has no such item."), codes=("unknown-item",))
    row = CheckResult.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, encounter=encounter, item_id=item_id,
        outcome="passed" if passed else "failed", value=value, note=note, at=now or timezone.now(),
        by_id=by.member,
    )  # fmt: skip
    record(by, "session.check", encounter, item=item_id, passed=passed)
    return row


def _items(encounter: Encounter) -> tuple[tuple[protocol.Item, ...], ...]:
    read = encounter_queries.protocol_of(encounter)
    return read.checklist, read.discharge


@transaction.atomic
def check_dose(
    *,
    by: Asker,
    encounter_id: int,
    drug: str,
    route: str,
    dose_mg: Decimal,
    lot: str,
    now: datetime | None = None,
) -> DoseCheck:
    """Write down the dose in the hand: first by who prepares it, then, unseen, by a second person.

    The second entry must match the first; where it does not, both are kept and the difference is said.
    """
    by.must("session.second_check")
    encounter, newest = lock_session(encounter_id, None)
    if State(newest.state) not in {State.ARRIVED, State.CHECKED}:
        raise Refused(_("A dose is prepared before it is given; this session is past that."), codes=("late",))
    if dose_mg <= 0:
        raise Refused(_("The dose must be more than 0 mg."), codes=("no-dose",))
    if not lot.strip():
        raise Refused(_("Enter the lot number that stands on the vial or the device."), codes=("no-lot",))
    before = session_queries.dose_ready(encounter_id)
    row = DoseCheck.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, encounter=encounter, drug=drug, route=route,
        dose_mg=dose_mg, lot=lot.strip(), at=now or timezone.now(), by_id=by.member,
    )  # fmt: skip
    agrees = before is None or before.checked is not None or session_queries.same_dose(before.prepared, row)
    record(by, "dose.checked", encounter, dose_mg=dose_mg, lot=lot.strip(), agrees=agrees)
    return row


def give_dose(
    *, by: Asker, encounter: Encounter, started_at: datetime, now: datetime, expires_on: date | None = None,
    note: str = "",
) -> MedicationAdministration:  # fmt: skip
    """Chart the prepared and checked dose as given. Called inside the step that starts it.

    A dose that differs from the plan needs a note. The checker is whoever of the two did not give it. It runs as long
    as the signed plan says, else as long as the protocol does.
    """
    ready = session_queries.dose_ready(encounter.pk)
    if ready is None:
        raise Refused(_("Drug, route, amount and lot are not all recorded."), codes=("dose-not-recorded",))
    prepared, checked = ready.prepared, ready.checked or ready.prepared
    if prepared.dose_mg != encounter.care_plan.dose_mg and not note.strip():
        raise Refused(
            _("The plan says %(plan)s mg and the dose is %(dose)s mg. Say why.")
            % {"plan": encounter.care_plan.dose_mg, "dose": prepared.dose_mg},
            codes=("differs-from-plan",),
        )
    if started_at > now:
        raise Refused(_("The dose cannot have begun in the future."), codes=("future",))
    # A slip of hours would stand in the record for ever. An arrival may be written down late, an appointment not.
    earliest = min(encounter.opened_at, encounter.appointment.during.lower)
    if started_at < earliest.replace(second=0, microsecond=0):  # a clock is typed without seconds
        raise Refused(_("The dose cannot have begun before the patient arrived."), codes=("before-arrival",))
    checker = checked if checked.by.person_id != by.person_id else prepared
    version = plans.in_force(encounter.care_plan_id, now)
    over = version.over_min if version else None
    minutes = Decimal(encounter_queries.protocol_of(encounter).dose_minutes) if over is None else over
    return MedicationAdministration.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, encounter=encounter, drug=prepared.drug,
        route=prepared.route, dose_mg=prepared.dose_mg, duration_min=minutes, lot=prepared.lot, expires_on=expires_on,
        started_at=started_at, given_by_id=by.member, checked_by_id=checker.by_id, checked_at=checker.at,
        recorded_at=now, note=note,
    )  # fmt: skip


@transaction.atomic
def note_event(
    *,
    by: Asker,
    encounter_id: int,
    kind: str,
    note: str = "",
    at: datetime | None = None,
    now: datetime | None = None,
) -> SessionEvent:
    """Something happened: nausea, a tear, the music changed, a supportive measure."""
    by.must("session.observe")
    now = now or timezone.now()
    encounter, newest = lock_session(encounter_id, None)
    if State(newest.state) in FINAL:
        raise Refused(_("This session is over; write an addendum instead."), codes=("over",))
    if at is not None and at > now:
        raise Refused(_("The time lies ahead. Correct it."), codes=("future",))
    row = _event(encounter, by, kind, note, at or now, now)
    record(by, "session.event", encounter, kind=kind)
    return row


def _event(encounter: Encounter, by: Asker, kind: str, note: str, at: datetime, now: datetime) -> SessionEvent:
    return SessionEvent.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, encounter=encounter, kind=kind, note=note, at=at,
        recorded_at=now, by_id=by.member,
    )  # fmt: skip


PATIENT_CALLS = "patient_calls"

CALL_ANSWERED = "call_answered"


@transaction.atomic
def patient_calls(*, by: Asker, encounter_id: int, now: datetime | None = None) -> SessionEvent:
    """The patient pressed "I need someone". It shows on the board until somebody answers."""
    by.must("own.read")
    encounter, newest = lock_session(encounter_id, None)
    if State(newest.state) in FINAL:
        raise Refused(_("Your session is over. Please phone the clinic."), codes=("over",))
    now = now or timezone.now()
    row = _event(encounter, by, PATIENT_CALLS, "", now, now)
    record(by, "session.patient_calls", encounter)
    return row


def write_discharge(*, by: Asker, encounter: Encounter, facts: Facts, now: datetime) -> Discharge:
    """How the patient left. Called inside the step that lets them go."""
    companion = encounter.appointment.companion
    return Discharge.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, encounter=encounter, companion=companion,
        companion_name=companion.name if companion else "",
        criteria={
            "padss": facts.padss, "aldrete": facts.aldrete, "escort_present": facts.escort_present,
            "minutes_since_dose_end": facts.minutes_since_dose_end,
            "latest": {code: latest.value for code, latest in facts.latest.items()},
        },
        at=now, by_id=by.member,
    )  # fmt: skip


@transaction.atomic
def name_companion(*, by: Asker, encounter_id: int, related_person_id: int) -> None:
    """Name who takes the patient home, while the session runs."""
    by.must("session.check")
    encounter, newest = lock_session(encounter_id, None)
    if State(newest.state) in FINAL:
        raise Refused(_("This session is over."), codes=("over",))
    person = encounter.patient.related_people.filter(pk=related_person_id, ended_at=None).first()
    if person is None:
        raise Refused(_("This person is not among the patient's support people."), codes=("unknown-person",))
    Appointment.objects.filter(pk=encounter.appointment_id).update(companion=person)
    record(by, "session.companion_named", encounter, related_person=person.pk)


@transaction.atomic
def sign(*, by: Asker, encounter_id: int, content_hash: str, now: datetime | None = None) -> RecordSignature:
    """Sign the record as it stands; ``content_hash`` is of what the signer saw. Only of a finished session."""
    by.must("session.sign")
    encounter, newest = lock_session(encounter_id, None)
    if State(newest.state) not in FINAL:
        raise Refused(_("The session is still running; sign its record when it is over."), codes=("running",))
    row = RecordSignature.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, encounter=encounter, content_hash=content_hash,
        at=now or timezone.now(), by_id=by.member,
    )  # fmt: skip
    record(by, "session.signed", encounter, content_hash=content_hash)
    return row


@transaction.atomic
def add_addendum(*, by: Asker, encounter_id: int, text: str, now: datetime | None = None) -> Addendum:
    """Add to a signed record; what was signed stays as it was."""
    by.must("session.sign")
    encounter, _newest = lock_session(encounter_id, None)
    if not encounter.signatures.exists():
        raise Refused(_("The record is not signed yet; there is nothing to add to."), codes=("unsigned",))
    if not text.strip():
        raise Refused(_("Write what is to be added."), codes=("empty",))
    row = Addendum.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, encounter=encounter, text=text.strip(),
        at=now or timezone.now(), by_id=by.member,
    )  # fmt: skip
    record(by, "session.addendum", encounter)
    return row
