"""My record: what is held, which sessions there were, and who looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.http import HttpResponse
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.encounter.queries import SessionRow
from sojourn.care.patients.models import Patient
from sojourn.care.patients.queries import people_of
from sojourn.care.session.lines import GivenInSession, given_to
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.models import BreakGlass
from sojourn.foundation.accounts.queries import is_staff, openings
from sojourn.foundation.accounts.roles import role
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.audit.queries import events_of
from sojourn.foundation.clock import page_day
from sojourn.foundation.scope import PatientScope, one_row
from sojourn.interfaces.portal import reads
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.shared.pages import opens

HOW_MANY = 300
_DRUGS: dict[str, StrPromise] = {"ketamine": gettext_lazy("ketamine"), "esketamine": gettext_lazy("esketamine")}

# What somebody did, as the patient reads it; the rest is "Worked in your record".
SENTENCES: dict[str, StrPromise] = {
    "patient.opened": gettext_lazy("Opened your record"),
    "patient.added": gettext_lazy("Made your record"),
    "patient.edited": gettext_lazy("Changed your details"),
    "record.opened": gettext_lazy("Read the record of a session"),
    "patient.person_added": gettext_lazy("Added one of your people"),
    "patient.person_edited": gettext_lazy("Changed one of your people"),
    "patient.person_ended": gettext_lazy("Took a person off your list"),
    "intake.answered": gettext_lazy("Wrote down an answer for you"),
    "intake.line_said": gettext_lazy("Wrote something into your intake for you"),
    "intake.line_removed": gettext_lazy("Took something out of your intake for you"),
    "intake.sent": gettext_lazy("Sent your intake for you"),
    "fact.entered": gettext_lazy("Entered a finding"),
    "fact.retracted": gettext_lazy("Took back a finding that was wrong"),
    "fact.imported": gettext_lazy("Brought in test results"),
    "message.written": gettext_lazy("Wrote to you"),
    "message.written_by_link": gettext_lazy("Wrote to the clinic by the link of a day"),
    "message.settled": gettext_lazy("Dealt with a message of yours"),
    "candidacy.decided": gettext_lazy("Decided whether this treatment fits you"),
    "candidacy.override_signed": gettext_lazy("Thought about a risk of the treatment for you"),
    "candidacy.override_second_signed": gettext_lazy("Thought about a risk of the treatment for you"),
    "course.begun": gettext_lazy("Wrote your plan"),
    "plan.signed": gettext_lazy("Signed your plan"),
    "plan.checked": gettext_lazy("Checked the dose in your plan"),
    "course.ended": gettext_lazy("Ended your plan"),
    "appointment.booked": gettext_lazy("Booked an appointment"),
    "appointment.cancelled": gettext_lazy("Cancelled an appointment"),
    "appointment.moved": gettext_lazy("Moved an appointment"),
    "series.booked": gettext_lazy("Booked your sessions"),
    "times.stated": gettext_lazy("Wrote down when you can come"),
    "waiting.joined": gettext_lazy("Put you on the list for an earlier time"),
    "waiting.left": gettext_lazy("Took you off the list for an earlier time"),
    "way_home.asked": gettext_lazy("Asked who brings you home"),
    "way_home.answered": gettext_lazy("Answered about your ride home"),
    "day_link.sent": gettext_lazy("Sent you the link of a day"),
    "day_link.opened": gettext_lazy("Opened the link of a day"),
    "day_link.ended": gettext_lazy("Took back the link of a day"),
    "consent.requested": gettext_lazy("Asked you to read and sign something"),
    "consent.question_answered": gettext_lazy("Answered a question that you asked before signing"),
    "consent.question_waived": gettext_lazy("Looked at a question that you asked before signing"),
    "consent.countersigned": gettext_lazy("Countersigned an agreement"),
    "consent.withdrawn": gettext_lazy("Wrote down that you withdrew an agreement"),
    "consent.opened": gettext_lazy("Opened an agreement that you signed"),
    "measure.requested": gettext_lazy("Asked you to answer some questions"),
    "measure.battery_requested": gettext_lazy("Asked you to answer some questions"),
    "measure.entered": gettext_lazy("Entered a score of yours"),
    "measure.withdrawn": gettext_lazy("Took some questions back"),
    "measure.started": gettext_lazy("Entered a form that you filled in on paper"),
    "measure.answered": gettext_lazy("Entered a form that you filled in on paper"),
    "measure.completed": gettext_lazy("Entered a form that you filled in on paper"),
    "flag.answered": gettext_lazy("Answered an alert about you"),
    "session.pause": gettext_lazy("Paused your medicine"),
    "session.resume": gettext_lazy("Went on with your medicine"),
    "session.lower_rate": gettext_lazy("Let your medicine run slower"),
    "session.raise_rate": gettext_lazy("Let your medicine run faster"),
    "session.give_part": gettext_lazy("Gave you the next part of your medicine"),
    "session.say_no": gettext_lazy("Stopped your session because you said no"),
    "dose.wasted": gettext_lazy("Threw away medicine that you did not get"),
    "dose.waste_witnessed": gettext_lazy("Watched that medicine was thrown away"),
    "medicine.given": gettext_lazy("Gave you another medicine"),
    "session.signed": gettext_lazy("Signed the record of a session"),
    "session.addendum": gettext_lazy("Added to the record of a session"),
    "record.glass_broken": gettext_lazy("Opened your closed record in need"),
}
_IN_A_SESSION = ("session.", "dose.", "medicine.", "reading.", "monitor.", "alarm.")


@dataclass(frozen=True, slots=True)
class AccessView:
    """What one person did on one day."""

    at: datetime
    who: str
    role: str
    what: str
    times: int
    reason: str


@dataclass(frozen=True, slots=True)
class Session:
    at: datetime
    words: str
    given: tuple[str, ...]


def _what(action: str) -> str:
    if action in SENTENCES:
        return str(SENTENCES[action])
    if action.startswith(_IN_A_SESSION):
        return _("Looked after you in a session")
    return _("Worked in your record")


def _session(row: SessionRow, doses: Sequence[GivenInSession]) -> Session:
    words = {
        State.PLANNED: _("Booked"),
        State.LEFT: _("Done"),
        State.STOPPED_EARLY: _("Stopped early"),
        State.DID_NOT_ATTEND: _("Did not take place"),
        State.CANCELLED: _("Cancelled"),
    }
    cancelled = row.appointment.status == "cancelled" and row.encounter_id is None
    return Session(
        row.appointment.during.lower,
        _("Cancelled") if cancelled else words.get(row.state, _("Under way")),
        tuple(_given(each) for each in doses if each.encounter_id == row.encounter_id and row.state not in UNDER_WAY),
    )


def _given(dose: GivenInSession) -> str:
    """What the patient got, and what was planned where that was something else."""
    if dose.line is None:
        return _("How much you got is not clear. Ask your care team.")
    got, planned = _mg(dose.line.given_mg), _mg(dose.line.planned_mg)
    words = {"drug": str(_DRUGS.get(dose.drug, dose.drug)), "mg": got, "planned": planned}
    if got == planned:
        return _("You got %(mg)s mg of %(drug)s.") % words
    return _("You got %(mg)s mg of %(drug)s. The plan was %(planned)s mg.") % words


def _mg(amount: Decimal) -> str:
    return str(formats.number_format(format(amount.normalize(), "f"), use_l10n=True))


def _looks(of: PatientScope, own_person_id: int | None) -> list[AccessView]:
    """What others did with the record, by day and person, newest first. Two queries."""
    reasons = {row.pk: row for row in openings(of)}
    rows = [row for row in events_of(of).exclude(person_id=own_person_id)[:HOW_MANY] if row.person_id is not None]

    def one_line(row: AuditEvent) -> tuple[object, ...]:
        opening = row.entity_id if row.action == "record.glass_broken" else None
        return (page_day(row.at), row.name, row.role, _what(row.action), opening)

    rows.sort(key=lambda row: (page_day(row.at), row.name, _what(row.action), row.at), reverse=True)
    looks = []
    for _key, group in groupby(rows, key=one_line):
        members = list(group)
        first = members[0]
        opening = reasons.get(first.entity_id or 0) if first.action == "record.glass_broken" else None
        looks.append(_look(members, opening))
    return sorted(looks, key=lambda look: look.at, reverse=True)


def _look(members: list[AuditEvent], opening: BreakGlass | None) -> AccessView:
    first = members[0]
    label = str(role(first.role).label) if is_staff(first.role) else ""
    return AccessView(
        at=max(row.at for row in members),
        who=first.name,
        role=label,
        what=_what(first.action),
        times=len(members),
        reason=opening.reason if opening is not None else "",
    )


def _own(scope: OwnPage) -> Patient:
    return one_row(Patient, scope.patient_id).get()


@own_page("own.read")
@opens(_own)
def record(request: Request, scope: OwnPage, patient: Patient) -> HttpResponse:
    """The patient's own view of their record."""
    doses = given_to(PatientScope(patient.pk), scope.now)
    sessions = [_session(row, doses) for row in reads.sessions_of(PatientScope(patient.pk))]
    language = translation.get_language_info(patient.language)["name_local"] if patient.language else ""
    return show(
        request,
        "portal/record/record.html",
        {
            "patient": patient,
            "language": language,
            "people": people_of(PatientScope(patient.pk)),
            "sessions": sessions[::-1],
            "looks": _looks(scope, scope.actor.person_id),
        },
        active="record",
    )
