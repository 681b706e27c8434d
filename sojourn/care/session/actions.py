"""What people do in a session besides moving it on: checks, doses, events, signatures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.consent import queries as consent_queries
from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.models import Encounter
from sojourn.care.intake import queries as intake_queries
from sojourn.care.safety import fact_actions
from sojourn.care.scheduling.models import Appointment
from sojourn.care.session import danger_actions
from sojourn.care.session.event_kinds import EFFECTS, KINDS, PATIENT_CALLS, STAFF, EventKind
from sojourn.care.session.models import (
    Addendum,
    CheckResult,
    RecordSignature,
    SessionEvent,
    StruckKind,
)
from sojourn.care.session.queries import strikes_of
from sojourn.clinical import protocol
from sojourn.clinical.protocol import FINAL, State
from sojourn.clinical.written import says_something
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, Choice, action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import PatientScope, SessionScope, one_row


@action(
    "session.check",
    locks=row(Encounter, "encounter_id"),
    audit="session.check",
    through=(danger_actions.raise_of_check, fact_actions.enter_fact),
)
def check(
    *, by: Actor, encounter_id: int, item_id: str, passed: bool, value: str = "", note: str = "",
    now: datetime | None = None,
) -> CheckResult:  # fmt: skip
    """Record one item of the checklist or of discharge. The newest result of an item counts, all remain. Recovery
    scores are recorded by score_actions.score.

    An answer that the rule of raising names raises a flag in the same breath; Fail turned into Pass needs a note, which
    stands in the record under the name of who turned it.

    Refused: over, unknown-item; "note-missing" where a failed item is passed without a word; "agreement" where somebody
    passes the consent and the agreements do not stand: what the patient says today is asked beside what was signed, not
    in its place.
    """
    encounter, newest = held_session(SessionScope(encounter_id))
    if State(newest.state) in FINAL:
        raise ActionRefused(_("This session is over."), codes=("over",))
    if item_id not in _known_items(encounter):
        raise ActionRefused(_("The protocol has no such item."), codes=("unknown-item",))
    if passed:
        _may_pass(encounter, item_id, note)
    answer = CheckResult.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, item_id=item_id,
        outcome="passed" if passed else FAILED, value=value, note=note, at=now or timezone.now(),
        by_id=by.member,
    )  # fmt: skip
    record(by, "session.check", encounter, item=item_id, passed=passed)
    danger_actions.raise_of_check(by=by, row=answer)
    if not passed and by.may("fact.enter"):
        _keep_allergy(by, encounter, item_id, note, answer.at)
    return answer


def _may_pass(encounter: Encounter, item_id: str, note: str) -> None:
    if item_id == CONSENT:
        _agreements_must_stand(encounter)
    if not says_something(note) and _is_failed(encounter, item_id):
        raise ActionRefused(
            _("This did not pass before. Write what is different now; it goes into the record with your name."),
            codes=("note-missing",),
        )


def _is_failed(encounter: Encounter, item_id: str) -> bool:
    """Whether the newest answer to an item that stands is against it; what turns by itself never is."""
    if item_id in TURNS_BY_ITSELF:
        return False
    struck = Exists(strikes_of(StruckKind.CHECK, OuterRef("pk")))
    rows = SessionScope(encounter.pk).rows(CheckResult).filter(~struck, item_id=item_id)
    return rows.order_by("-id").values_list("outcome", flat=True).first() == FAILED


def _keep_allergy(by: Actor, encounter: Encounter, item_id: str, note: str, at: datetime) -> None:
    """An allergy that is said in the chair is of the record, for every session to come."""
    told = {
        item.answers.fact: item.answers.told("failed")
        for item in encounter_queries.protocol_of(encounter).checklist
        if item.id == item_id and item.answers is not None
    }
    if told.get(intake_queries.ALLERGY) is True:
        day = at.astimezone(encounter.clinic.zone).date()
        why = note or _("Said in the session, at the check of allergies")
        fact_actions.enter_fact(
            by=by,
            patient_id=encounter.patient_id,
            name=intake_queries.ALLERGY,
            value=True,
            on=day,
            source_note=why,
            now=at,
        )


def _agreements_must_stand(encounter: Encounter) -> None:
    own = encounter_queries.protocol_of(encounter)
    standing = consent_queries.standing(PatientScope(encounter.patient_id), route=own.route, drug=own.drug)
    if not standing.valid:
        raise ActionRefused(*standing.reasons, codes=["agreement"] * len(standing.needs))


def _known_items(encounter: Encounter) -> set[str]:
    return {item.id for group in _items(encounter) for item in group} | {"companion_here"}


def _items(encounter: Encounter) -> tuple[tuple[protocol.Item, ...], ...]:
    read = encounter_queries.protocol_of(encounter)
    return read.checklist, read.discharge


CONSENT: Final = "consent"  # the item of the checklist
FAILED: Final = "failed"
ONE_PRESS: Final = timedelta(minutes=2)  # the same addendum again within this is a second press
# What turns by itself and says how: somebody arrives, a scale shows a weight.
TURNS_BY_ITSELF: Final = frozenset(("companion_here", "weight"))


def _of_kind(by: Actor, asked: Arguments) -> str:
    """One of the permissions that may write that kind: one that ``by`` holds, where there is one."""
    kind = KINDS.get(asked["kind"])
    written_by = STAFF if kind is None else kind.written_by
    return min(written_by, key=lambda each: (not by.may(each), each))


MAY_NOTE: Final = Choice(tuple(sorted(frozenset().union(*(each.written_by for each in KINDS.values())))), _of_kind)


@action(MAY_NOTE, locks=row(Encounter, "encounter_id"), audit="session.event")
def note_event(
    *,
    by: Actor,
    encounter_id: int,
    kind: str,
    note: str = "",
    grade: str = "",
    measure: str = "",
    effect: str = "",
    amount: Decimal | None = None,
    about_id: int | None = None,
    at: datetime | None = None,
    since: int | None = None,
    now: datetime | None = None,
) -> SessionEvent:
    """Something happened: nausea, a tear, the music changed, a supportive measure; or what became of it.

    ``kind`` is one of event_kinds, ``amount`` in its unit. ``about_id`` is the event that this one follows up, with its
    ``effect``. ``since`` is the newest entry that the page showed: what the same person has noted alike after it is the
    same tap, and one entry. Refused: unknown-kind, over, future, grade, effect, amount, unknown-event.
    """
    known = _kind(kind)
    now = now or timezone.now()
    encounter, newest = held_session(SessionScope(encounter_id))
    said = {"kind": kind, "note": note, "grade": grade, "measure": fitting(SessionEvent, "measure", measure.strip()),
            "effect": effect, "amount": amount, "about_id": about_id}  # fmt: skip
    if since is not None and (tapped := _alike(encounter, by, since, said)) is not None:
        return unchanged(tapped)
    if State(newest.state) in FINAL:
        raise ActionRefused(_("This session is over; write an addendum instead."), codes=("over",))
    if at is not None and at > now:
        raise ActionRefused(_("The time is in the future. Correct it."), codes=("future",))
    _must_be_words_of(known, grade, effect)
    unit = _unit_of(known, amount, about_id)
    if about_id is not None and not SessionScope(encounter.pk).rows(SessionEvent).filter(pk=about_id).exists():
        raise ActionRefused(_("That entry belongs to another session."), codes=("unknown-event",))
    event = _event(encounter, by, at=at or now, now=now, unit=unit, **said)
    record(by, "session.event", encounter, kind=kind)
    return event


def _kind(code: str) -> EventKind:
    """The kind of that code. Refused: unknown-kind."""
    kind = KINDS.get(code)
    if kind is None:
        raise ActionRefused(_("There is no such kind of entry."), codes=("unknown-kind",))
    return kind


def _must_be_words_of(kind: EventKind, grade: str, effect: str) -> None:
    if grade and grade not in kind.grades:
        raise ActionRefused(_("Say whether it is mild, moderate or severe."), codes=("grade",))
    if effect and effect not in EFFECTS:
        raise ActionRefused(_("Say whether it is gone, better, the same or worse."), codes=("effect",))


def _unit_of(kind: EventKind, amount: Decimal | None, about_id: int | None) -> str:
    """The code of the amount's unit; "" where none belongs to it. Refused: amount."""
    asked = kind.amount if about_id is None else None
    if asked is None and amount is not None:
        raise ActionRefused(_("No number belongs to this entry."), codes=("amount",))
    if asked is not None and amount is None:
        raise ActionRefused(_("Write the number."), codes=("amount",))
    if asked is None or amount is None:
        return ""
    if against := asked.against(amount):
        raise ActionRefused(against, codes=("amount",))
    return asked.unit.code


def _alike(encounter: Encounter, by: Actor, since: int, said: Mapping[str, Any]) -> SessionEvent | None:
    rows = SessionScope(encounter.pk).rows(SessionEvent).filter(pk__gt=since, by_id=by.member, **said)
    return rows.order_by("pk").first()


def _event(encounter: Encounter, by: Actor, *, at: datetime, now: datetime, **said: Any) -> SessionEvent:
    return SessionEvent.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, at=at, recorded_at=now,
        by_id=by.member, **said,
    )  # fmt: skip


@action("own.read", locks=row(Encounter, "encounter_id"), audit="session.patient_calls")
def patient_calls(*, by: Actor, encounter_id: int, now: datetime | None = None) -> SessionEvent:
    """The patient pressed "I need someone". It shows on the board until somebody answers."""
    encounter, newest = held_session(SessionScope(encounter_id))
    if State(newest.state) in FINAL:
        raise ActionRefused(_("Your session is over. Please phone the clinic."), codes=("over",))
    now = now or timezone.now()
    call = _event(encounter, by, at=now, now=now, kind=PATIENT_CALLS)
    record(by, "session.patient_calls", encounter)
    return call


@action("session.check", locks=row(Encounter, "encounter_id"), audit="session.companion_named")
def name_escort(*, by: Actor, encounter_id: int, related_person_id: int) -> None:
    """Name who takes the patient home, while the session runs."""
    encounter, newest = held_session(SessionScope(encounter_id))
    if State(newest.state) in FINAL:
        raise ActionRefused(_("This session is over."), codes=("over",))
    person = encounter.patient.related_people.filter(pk=related_person_id, ended_at=None).first()
    if person is None:
        raise ActionRefused(_("This person is not among the patient's support people."), codes=("unknown-person",))
    one_row(Appointment, encounter.appointment_id).update(escort=person)
    record(by, "session.companion_named", encounter, related_person=person.pk)


@action("session.sign", locks=row(Encounter, "encounter_id"), audit="session.signed")
def sign(*, by: Actor, encounter_id: int, content_hash: str, now: datetime | None = None) -> RecordSignature:
    """Sign the record as it stands; ``content_hash`` is of what the signer saw. Only of a finished session."""
    encounter, newest = held_session(SessionScope(encounter_id))
    if State(newest.state) not in FINAL:
        raise ActionRefused(_("The session is still running; sign its record when it is over."), codes=("running",))
    signature = RecordSignature.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, content_hash=content_hash,
        at=now or timezone.now(), by_id=by.member,
    )  # fmt: skip
    record(by, "session.signed", encounter, content_hash=content_hash)
    return signature


@action("session.sign", locks=row(Encounter, "encounter_id"), audit="session.addendum")
def add_addendum(*, by: Actor, encounter_id: int, text: str, now: datetime | None = None) -> Addendum:
    """Add to a signed record; what was signed stays as it was. The same words again within two minutes, with nothing
    between, are a second press. Refused: unsigned, empty."""
    encounter, _newest = held_session(SessionScope(encounter_id))
    if not encounter.signatures.exists():
        raise ActionRefused(_("The record is not signed yet; there is nothing to add to."), codes=("unsigned",))
    if not text.strip():
        raise ActionRefused(_("Write what is to be added."), codes=("empty",))
    now = now or timezone.now()
    before = encounter.addenda.order_by("pk").last()
    if before is not None and (before.text, before.by_id) == (text.strip(), by.member) and now - before.at < ONE_PRESS:
        return unchanged(before)
    addendum = Addendum.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, text=text.strip(), at=now,
        by_id=by.member,
    )  # fmt: skip
    record(by, "session.addendum", encounter)
    return addendum
