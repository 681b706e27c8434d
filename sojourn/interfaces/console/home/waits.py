"""What waits for each role on the first page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.care.alarms import queries as alarms_queries
from sojourn.care.consent import queries as consent_queries
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.queries import RideHomeState
from sojourn.care.measures import queries as measures_queries
from sojourn.care.plan import queries as plan_queries
from sojourn.care.safety import queries as safety_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.session import calls
from sojourn.care.session import queries as session_queries
from sojourn.care.vitals import queries as vitals_queries
from sojourn.clinical import calls as call_rule
from sojourn.clinical.protocol import FINAL, PRESENT, State
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts import readiness
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.roles import role
from sojourn.foundation.clock import page_local
from sojourn.foundation.heartbeat import queries as heartbeat_queries
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.first_start import first_start
from sojourn.interfaces.console.clinic.place_presenters import missing_rows
from sojourn.interfaces.console.consents.presenters import WITHDRAWN_FOR
from sojourn.interfaces.console.first_start.presenters import withheld
from sojourn.interfaces.console.flags import presenters as flag_presenters
from sojourn.interfaces.console.home.today import Today
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.plans.presenters import own_dose
from sojourn.interfaces.console.sessions.words import span_word

# The watch looks every few seconds; after this long without a sign it is not looking.
WATCH_SILENT_AFTER = timedelta(minutes=1)

UNSIGNED_FOR = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """Something that waits for the actor. ``alarm`` is the priority where it is an alarm; ``is_first``: it stands above
    everything else."""

    icon: str
    words: str
    detail: str = ""
    url: str = ""
    alarm: str = ""
    is_first: bool = False


def _alarms(today: Today) -> list[WaitingItem]:
    """One line for all open alarms, as grave as the gravest. One query."""
    found = alarms_queries.open_alarms()
    if not found:
        return []
    waiting = [alarm for alarm in found if alarm.acknowledged_at is None]
    words = ngettext("%(n)d alarm is open", "%(n)d alarms are open", len(found)) % {"n": len(found)}
    detail = (
        ngettext("%(n)d not answered yet", "%(n)d not answered yet", len(waiting)) % {"n": len(waiting)}
        if waiting
        else _("all of them answered")
    )
    return [WaitingItem("bell", words, detail, address("console:board"), (waiting or found)[0].priority, is_first=True)]


def _calls(today: Today) -> list[WaitingItem]:
    """Patients who ask for somebody and to whom nobody goes, the longest first. One query, two where somebody does."""
    here = {row.encounter_id: row for row in today.rows if row.state in PRESENT and row.encounter_id}
    found = calls.open_calls(here) if here else {}
    if not found:
        return []
    rule = rulebook_queries.acting_rules(today.clinic_id, only={call_rule.ESCALATION}).get(call_rule.ESCALATION)
    at_most = call_rule.waits_at_most(rule)
    waits = []
    for encounter_id, call in sorted(found.items(), key=lambda each: each[1].at):
        late = call_rule.is_escalated(call.at, today.now, at_most)
        words = _("A patient asks for someone, and nobody has gone") if late else _("A patient asks for someone")
        who = _("%(name)s in %(chair)s, for %(span)s") % {
            "name": today.named(here[encounter_id].appointment.patient), "chair": here[encounter_id].chair_name,
            "span": span_word(today.now - call.at),
        }  # fmt: skip
        if call.by:
            who += " · " + _("seen by %(name)s") % {"name": call.by}
        waits.append(WaitingItem("bell", words, who, address("console:session", encounter_id), "high" if late else ""))
    return waits


def _here(today: Today) -> list[WaitingItem]:
    """Patients who say that they are here, and whose session nobody opened, the longest first. No query."""
    here = [(row.here_at, row.appointment) for row in today.rows if row.here_at is not None]
    waits = []
    for since, visit in sorted(here, key=lambda each: each[0]):
        words = _("%(name)s says: I am here") % {"name": today.named(visit.patient)}
        detail = f"{formats.date_format(page_local(since), 'H:i')}, {visit.chair.name}"
        url = reverse("console:appointment", args=[visit.pk])
        waits.append(WaitingItem("user-check", words, detail, url, is_first=True))
    return waits


def _flags(today: Today) -> list[WaitingItem]:
    """The open flags, the gravest first: what, whose, how old, by when. One query, five where there are some."""
    found = safety_queries.open_flags()
    hidden = {each.patient.pk for each in found if today.hides(each.patient)}
    return [WaitingItem("flag", *line, is_first=True) for line in flag_presenters.home_lines(found, hidden, today.now)]


def _flags_in_outline(today: Today) -> list[WaitingItem]:
    """How many flags are open, how old, whose; not what they are about. As many queries."""
    return [
        WaitingItem("flag", *line, is_first=True)
        for line in flag_presenters.outline(safety_queries.open_flags(), today.now)
    ]


def _second_checks(today: Today) -> list[WaitingItem]:
    """Doses that somebody else prepared and that wait for a second pair of eyes. One query."""
    ready = {row.encounter_id: row for row in today.rows if row.state == State.CHECKED and row.encounter_id}
    return [
        WaitingItem(
            "syringe",
            _("Second check of a dose"),
            _("%(name)s in %(chair)s, prepared by %(by)s")
            % {"name": today.named(row.appointment.patient), "chair": row.chair_name, "by": prepared.by.name},
            address("console:session", row.encounter_id),
        )
        for prepared in session_queries.waiting_doses(ready, not_by=today.actor.person_id)
        for row in (ready[prepared.encounter_id],)
    ]


def _unsigned(today: Today) -> list[WaitingItem]:
    """Sessions that ended in the last month and whose record nobody has signed. One query."""
    return [
        WaitingItem(
            "signature",
            _("Record to sign"),
            _("%(name)s, session of %(day)s")
            % {
                "name": today.named(encounter.patient),
                "day": formats.date_format(page_local(encounter.opened_at), _("j F")),
            },
            address("console:record", encounter.pk) or address("console:session", encounter.pk),
        )
        for encounter in session_queries.unsigned(today.now - UNSIGNED_FOR)
    ]


def _questionnaires(today: Today) -> list[WaitingItem]:
    """Questionnaires that today's patients have not answered yet and that are due. Two queries."""
    expected = {row.appointment.patient_id: row for row in today.rows if row.state not in FINAL}
    due = measures_queries.open_requests_of(expected)
    waits = []
    for patient_id, row in expected.items():
        open_ones = [each for each in due.get(patient_id, []) if each.due_at <= row.appointment.during.upper]
        if not open_ones or today.hides(row.appointment.patient):
            continue
        words = ngettext("%(n)d questionnaire open", "%(n)d questionnaires open", len(open_ones)) % {
            "n": len(open_ones)
        }
        detail = _("%(name)s, expected at %(time)s") % {
            "name": row.patient_name,
            "time": formats.date_format(page_local(row.appointment.during.lower), "H:i"),
        }
        waits.append(WaitingItem("clipboard-list", words, detail, reverse("console:patient", args=[patient_id])))
    return waits


def _escorts(today: Today) -> list[WaitingItem]:
    """Today's patients whom nobody brings home. No query."""
    planned = [row.appointment for row in today.rows if row.state not in FINAL]
    missing = [each for each in scheduling_queries.without_escort(planned) if not today.hides(each.patient)]
    words = _("Nobody is named who brings the patient home")
    if len(missing) == 1:
        return [
            WaitingItem("car", words, missing[0].patient.name, reverse("console:appointment", args=[missing[0].pk]))
        ]
    names = ", ".join(each.patient.name for each in missing)
    return [WaitingItem("car", words, names, reverse("console:day"))] if missing else []


_RIDES_HOME: Mapping[RideHomeState, StrPromise] = {
    RideHomeState.DECLINED: gettext_lazy("The ride home is declined"),
    RideHomeState.NOBODY: gettext_lazy("Nobody is named who brings the patient home"),
    RideHomeState.UNASKED: gettext_lazy("The ride home is not requested yet"),
    RideHomeState.ASKED: gettext_lazy("The ride home is not confirmed"),
}


def _ways_home(today: Today) -> list[WaitingItem]:
    """Today's patients whose ride home is open, those that are declined first. Two queries, or none."""
    planned = [row.appointment for row in today.rows if row.state not in FINAL]
    rides = coordination_queries.rides_home(planned)
    waits = []
    for state, words in _RIDES_HOME.items():
        for each in planned:
            ride = rides[each.pk]
            if ride.state != state:
                continue
            secret = today.hides(each.patient)
            who = today.named(each.patient)
            if ride.person is not None and not secret:
                who = _("%(name)s, by %(person)s") % {"name": who, "person": ride.person.name}
            waits.append(WaitingItem("car", str(words), who, reverse("console:appointment", args=[each.pk])))
    return waits


def _staff(today: Today) -> list[WaitingItem]:
    """People without a second factor, and invitations that are still open. Three queries."""
    staff = [member for member in accounts_queries.staff(today.clinic_id) if member.ended_at is None]
    factors = accounts_queries.second_factors([member.person_id for member in staff])
    without = sum(not factors[member.person_id] & {"totp", "webauthn"} for member in staff)
    url = address("console:staff")
    words = ngettext("%(n)d person works here", "%(n)d people work here", len(staff)) % {"n": len(staff)}
    waits = [WaitingItem("users", words, "", url)]
    if without:
        words = ngettext("%(n)d person has no second factor yet", "%(n)d people have no second factor yet", without)
        waits.append(WaitingItem("key-round", words % {"n": without}, _("They set it up at their next sign-in."), url))
    invited = len(accounts_queries.invitations(today.clinic_id))
    if invited:
        words = ngettext("%(n)d invitation is open", "%(n)d invitations are open", invited) % {"n": invited}
        waits.append(WaitingItem("mail", words, "", url))
    return waits


def _monitors(today: Today) -> list[WaitingItem]:
    """Messages of monitors that could not be used, and whether somebody watches for silence. Two queries."""
    url = address("console:monitors")
    age = heartbeat_queries.heartbeat_age("watch", today.now)
    watching = age is not None and age <= WATCH_SILENT_AFTER
    waits = []
    if not watching:
        waits.append(
            WaitingItem(
                "shield-alert",
                _("The watch for silent monitors is not running"),
                _("Start Sojourn again, and tell who looks after the computers."),
                url,
            )
        )
    faults = [row for row in vitals_queries.message_faults() if row.received_at > today.now - timedelta(days=1)]
    if faults:
        words = ngettext(
            "%(n)d message of a monitor could not be used", "%(n)d messages of monitors could not be used", len(faults)
        )
        waits.append(WaitingItem("monitor", words % {"n": len(faults)}, _("In the last 24 hours"), url))
    return waits


def _consents(today: Today) -> list[WaitingItem]:
    """Agreements: signatures, questions, withdrawals, clauses past their review date. One query."""
    found = consent_queries.waiting(today.clinic_id, today.now, today.now - WITHDRAWN_FOR)
    url = address("console:consents")
    signs, asks = today.actor.may("consent.countersign"), today.actor.may("consent.answer")
    waits = []
    if found.withdrawn:
        words = ngettext("%(n)d agreement was withdrawn", "%(n)d agreements were withdrawn", found.withdrawn)
        waits.append(WaitingItem("undo-2", words % {"n": found.withdrawn}, _("No treatment goes on without it."), url))
    if found.countersign and signs:
        words = ngettext("%(n)d agreement to counter-sign", "%(n)d agreements to counter-sign", found.countersign)
        waits.append(WaitingItem("signature", words % {"n": found.countersign}, "", url))
    if found.questions and asks:
        words = ngettext("%(n)d question before signing", "%(n)d questions before signing", found.questions)
        waits.append(WaitingItem("message-circle", words % {"n": found.questions}, "", url))
    if found.stale:
        places = ", ".join(each.title["en"] for each in found.stale)
        waits.append(WaitingItem("calendar-clock", _("Local clauses are past their review date"), places, url))
    if found.to_adopt and today.actor.may("consent.adopt"):
        words = ngettext("%(n)d text to adopt", "%(n)d texts to adopt", found.to_adopt) % {"n": found.to_adopt}
        waits.append(WaitingItem("scale", words, _("Patients sign nothing before that."), url))
    return waits


_NAMED_AT_MOST: Final = 5


def _plans(today: Today) -> list[WaitingItem]:
    """Plans that wait for a check or a signature of this actor. Two queries."""
    checks, signs = today.actor.may("plan.check"), today.actor.may("plan.sign")
    waits = []
    for each in plan_queries.drafts_that_wait():
        checked = plan_queries.standing_check(each) is not None
        name, url = today.named(each.patient), reverse("console:plan_version", args=[each.pk])
        if checked and signs:
            waits.append(WaitingItem("signature", _("Plan to sign"), name, url))
        elif not checked and checks and not own_dose(each, today.actor):
            waits.append(WaitingItem("clipboard-check", _("Dose of a plan to check"), name, url))
    return waits


def _unplanned(today: Today) -> list[WaitingItem]:
    """Courses of an earlier release that run without a signed plan: no dose is given until there is one. One query."""
    found = list(plan_queries.without_signed_plan())
    waits = [
        WaitingItem(
            "file-text", _("A course has no signed plan: no dose until there is one"), today.named(each.patient),
            reverse("console:plan", args=[each.patient_id]),
        )
        for each in found[:_NAMED_AT_MOST]
    ]  # fmt: skip
    more = len(found) - len(waits)
    if more > 0:
        words = ngettext(
            "%(n)d more course has no signed plan", "%(n)d more courses have no signed plan", more
        )  # fmt: skip
        waits.append(WaitingItem("file-text", words % {"n": more}, _("They follow here as these are settled.")))
    return waits


def _newcomers(today: Today) -> list[WaitingItem]:
    """Who waits to be confirmed: in one's own role, or, for a prescriber to know, in another. One query."""
    waits = []
    for each in accounts_queries.newcomers(today.clinic_id):
        mine = each.role == today.actor.role and each.person_id != today.actor.person_id
        if not mine and today.actor.role != "prescriber":
            continue
        words = _("A newcomer to confirm") if mine else _("A newcomer waits to be confirmed")
        who = _("%(name)s, %(role)s") % {"name": str(each), "role": role(each.role).label}
        waits.append(WaitingItem("user-check", words, who, reverse("console:newcomer", args=[each.pk])))
    return waits


def _not_started(today: Today) -> list[WaitingItem]:
    """What does not act in the clinic yet, and who decides it. One query, two where a prescriber is to be named."""
    decides = today.actor.may("rules.adopt")
    found = first_start(rulebook_queries.standings(today.clinic_id))
    names = (
        []
        if decides or found.is_done
        else [str(each) for each in accounts_queries.at_work(today.clinic_id, "prescriber")]
    )
    said = withheld(found, names, decides=decides)
    if said is None:
        return []
    words = _("No dose can be given yet") if said.no_dose else _("Not everything acts yet")
    return [WaitingItem("octagon-pause" if said.no_dose else "scale", words, said.words, said.url)]


def _unready(today: Today) -> list[WaitingItem]:
    """What the clinic lacks before it can invite a patient. Two queries."""
    found = readiness.missing(Clinic.objects.get(pk=today.clinic_id))
    if not found:
        return []
    words = " ".join(each.words for each in found)
    return [WaitingItem("phone", _("No patient can be invited yet"), words, missing_rows(found)[0].url)]


WAITS_OF_ROLES: Mapping[str, tuple[Callable[[Today], list[WaitingItem]], ...]] = {
    "nurse": (
        _calls,
        _alarms,
        _here,
        _flags,
        _not_started,
        _unready,
        _newcomers,
        _second_checks,
        _escorts,
        _plans,
        _consents,
    ),
    "prescriber": (
        _calls,
        _alarms,
        _flags,
        _not_started,
        _unready,
        _newcomers,
        _second_checks,
        _unplanned,
        _plans,
        _unsigned,
        _consents,
    ),
    "therapist": (_calls, _flags, _newcomers, _questionnaires, _consents),
    "front_desk": (_here, _flags_in_outline, _unready, _ways_home, _questionnaires),
    "clinic_admin": (_flags_in_outline, _unready, _monitors, _staff, _consents),
    "auditor": (),
}  # fmt: skip
