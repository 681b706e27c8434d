"""What the checks before a dose rest on: the fact itself beside each tick, above them what the whole dose stands on.

A tick says that somebody looked; what they looked at stands here: which agreement, of when, which weight, of which day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.candidacy import open_eyes
from sojourn.care.candidacy.models import CandidacyDecision, Kind
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.encounter.actions import said
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.queries import Allergy, MedicineTaken
from sojourn.care.session import road
from sojourn.care.session.models import CheckResult
from sojourn.care.session.snapshot import Against, SessionSnapshot
from sojourn.clinical.eligibility import Facts
from sojourn.foundation.clock import page_day
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.medicines import changed as medicines_changed
from sojourn.interfaces.console.scheduling.ride_home import ride_word
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.presenters import ChecklistGroup, FactLine, ItemRow, milligrams
from sojourn.interfaces.console.sessions.words import time_word

# Reasons of the road by what they are about.
_AGREEMENTS: Final = ("agreement", "consent-withdrawn")
_DECISION: Final = ("decision",)
_PLAN: Final = ("plan-missing", "plan-other", "plan-ended", "plan-used-up", "plan-review", "plan-review-day")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a dose rests on: a heading, its facts, and whether they carry the dose."""

    heading: str
    facts: tuple[FactLine, ...]

    @property
    def holds(self) -> bool:
        return not any(each.missing for each in self.facts)


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is known before the dose, read once for the page."""

    session: SessionSnapshot
    against: Against
    allergies: tuple[Allergy, ...]
    reviewed: CheckResult | None
    ride: coordination_queries.RideHome

    @property
    def decision(self) -> CandidacyDecision | None:
        return self.against.decision

    @property
    def known(self) -> Facts:
        return self.against.known

    @property
    def medicines(self) -> tuple[MedicineTaken, ...]:
        return self.against.taken


def read(session: SessionSnapshot, against: Against | None = None) -> Preflight:
    """Everything that stands beside the ticks. Four queries where the page has asked the road already, else about a
    dozen: for the page, never for what is polled."""
    patient = session.encounter.patient
    appointment = session.encounter.appointment
    return Preflight(
        session=session,
        against=against or road.stands_against(session, "start_dose"),
        allergies=intake_queries.allergies(PatientScope(patient.pk)),
        reviewed=_last_review(session),
        ride=coordination_queries.rides_home([appointment])[appointment.pk],
    )


def _last_review(session: SessionSnapshot) -> CheckResult | None:
    """When somebody last went through the medicines in an earlier session. One query."""
    rows = PatientScope(session.encounter.patient_id).rows(CheckResult).filter(item_id="medicines", outcome="passed")
    return rows.exclude(encounter_id=session.id).select_related("by").order_by("-at", "-id").first()


# ---------------------------------------------------------------- the page


def checklist(found: Preflight) -> list[ChecklistGroup]:
    """The checklist with the facts beside its ticks."""
    return [
        ChecklistGroup(group.heading, [with_facts(found, row) for row in group.rows])
        for group in session_presenters.checklist(found.session)
    ]


def with_facts(found: Preflight, row: ItemRow) -> ItemRow:
    """An item with the facts that it is about."""
    facts = _BESIDE.get(row.id)
    return row if facts is None else replace(row, facts=tuple(facts(found)))


def grounds(found: Preflight) -> list[Ground]:
    """What the dose stands on, put right where it is signed: the decision, the agreements, the plan."""
    return [
        Ground(_("Decision"), tuple(_decision(found))),
        Ground(_("Agreements"), tuple(_agreements_in_short(found))),
        Ground(_("Plan"), tuple(_plan(found))),
    ]


def _standing(found: Preflight, stems: Iterable[str]) -> Iterator[FactLine]:
    """What the road says against it."""
    for reason in found.against.road:
        if reason.code.partition(":")[0] in stems:
            yield FactLine(said(reason), missing=True)


def _day(day: date | None) -> str:
    return "" if day is None else str(date_format(day, "j F Y"))


def _local(at: Any) -> date:
    return page_day(at)


def _ago(days: int) -> str:
    if days == 0:
        return _("today")
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


# ---------------------------------------------------------------- decision, agreements, plan


def _decision(found: Preflight) -> Iterator[FactLine]:
    row = found.decision
    if row is not None and row.kind in (Kind.ACCEPT, Kind.CONDITIONS):
        text = _("Accepted by %(name)s on %(day)s.") % {"name": row.decider_name, "day": _day(_local(row.decided_at))}
        yield FactLine(text)
        for condition in row.conditions:
            yield FactLine(_("Condition: %(what)s") % {"what": condition})
        for words in open_eyes.in_spite_of(row.open_eyes):
            yield FactLine(_("Accepted in spite of: %(what)s") % {"what": words})
    yield from _standing(found, _DECISION)


def _agreements(found: Preflight) -> Iterator[FactLine]:
    way = texts.way_of(found.session.protocol.route, found.session.protocol.drug)
    language = consent_queries.reading_language()
    reasons = [each for each in found.against.road if each.code.partition(":")[0] in _AGREEMENTS]
    missing = {each.values["title"] for each in reasons}
    for document in texts.newest().values():
        row, title = found.against.agreements.get(document.id), document.title[language]
        if row is None or title in missing or not document.needed_for(way):
            continue
        values = {"title": title, "day": _day(_local(row.signed_at)), "n": row.document_version}
        counter = consent_queries.countersigned(row)
        text = _("%(title)s: signed on %(day)s, version %(n)d") % values
        if counter is not None:
            text += ", " + _("counter-signed by %(name)s") % {"name": counter.signer_name}
        yield FactLine(text)
    yield from _standing(found, _AGREEMENTS)


def _agreements_in_short(found: Preflight) -> Iterator[FactLine]:
    """How many stand, and each that does not; which they are stands beside the tick."""
    lines = list(_agreements(found))
    if count := sum(not each.missing for each in lines):
        yield FactLine(ngettext("%(n)d signed and valid", "%(n)d signed and valid", count) % {"n": count})
    yield from (each for each in lines if each.missing)


def _plan(found: Preflight) -> Iterator[FactLine]:
    version = found.against.version
    if version is not None and version.signed_at is not None:
        values = {
            "n": version.number, "day": _day(_local(version.signed_at)),
            "mg": milligrams(version.dose_mg) if version.dose_mg is not None else "–",
        }  # fmt: skip
        yield FactLine(_("Version %(n)d, signed on %(day)s: %(mg)s mg") % values)
    yield from _standing(found, _PLAN)


# ---------------------------------------------------------------- beside the ticks


def _allergies(found: Preflight) -> Iterator[FactLine]:
    fact = found.known.get("allergy_ketamine")
    if fact is not None and fact.value is True:
        yield FactLine(
            _("Allergy to ketamine or esketamine recorded on %(day)s") % {"day": _day(fact.on)}, missing=True
        )
    for each in found.allergies:
        text = f"{each.substance}: {each.reaction}" if each.reaction else each.substance
        yield FactLine(_("Recorded: %(what)s") % {"what": text})
    if fact is None and not found.allergies:
        yield FactLine(_("Nobody has asked about allergies yet."), missing=True)
    elif fact is not None and fact.value is False:
        yield FactLine(_("No reaction to ketamine or esketamine, said on %(day)s") % {"day": _day(fact.on)})


def _medicines(found: Preflight) -> Iterator[FactLine]:
    taken = [each for each in found.medicines if each.current]
    names = ", ".join(" ".join(filter(None, (each.name, each.dose))) for each in taken)
    yield FactLine(_("Takes: %(names)s") % {"names": names} if names else _("No medicine is recorded."))
    if found.reviewed is not None:
        values = {"day": _day(_local(found.reviewed.at)), "name": found.reviewed.by.name}
        yield FactLine(_("Gone through last on %(day)s by %(name)s") % values)
    else:
        yield FactLine(_("Not gone through in any earlier session."))
    yield from _changes(found)
    grave, slight = medicines_changed.by_weight(found.against.notices)
    if slight:
        yield FactLine(_("Also new: %(what)s") % {"what": medicines_changed.in_one_line(slight)})
    for notice in grave:
        title, names, advice = _(notice.title), ", ".join(notice.medicines), _(notice.advice)
        if notice.code == "not-checked":
            yield FactLine(f"{title}: {names}. {advice}")
        else:
            yield FactLine(
                _("New: %(title)s (%(names)s). %(advice)s") % {"title": title, "names": names, "advice": advice}
            )


def _changes(found: Preflight) -> Iterator[FactLine]:
    """What was begun, changed and stopped since the decision, the plan and the last dose."""
    if found.decision is None:
        return
    yield from (FactLine(each) for each in medicines_changed.sentences(found.against.changed))
    if not any(each.after == "decision" or each.at >= found.decision.decided_at for each in found.against.changed):
        day = _day(_local(found.decision.decided_at))
        yield FactLine(_("Unchanged since the decision of %(day)s") % {"day": day})


def _weight(found: Preflight) -> Iterator[FactLine]:
    fact, version = found.known.get("weight_kg"), found.against.version
    if fact is None:
        yield FactLine(_("No weight is recorded."), missing=True)
    else:
        values = {
            "kg": number_format(float(fact.value), 1),  # type: ignore[arg-type]
            "day": _day(fact.on), "ago": _ago((found.session.today - fact.on).days),
        }  # fmt: skip
        yield FactLine(_("%(kg)s kg on %(day)s, %(ago)s") % values)
    if version is not None and version.weight_kg is not None:
        values = {"kg": number_format(version.weight_kg.normalize()), "day": _day(version.weight_on)}
        yield FactLine(_("The plan counts with %(kg)s kg of %(day)s") % values)


def _pressure(found: Preflight) -> Iterator[FactLine]:
    """The last pressure before today's: today's own stands as the reading of the line."""
    upper, lower = found.known.get("sbp"), found.known.get("dbp")
    if "nibp_sys" in found.session.newest:
        at = found.session.newest["nibp_sys"].at
        yield FactLine(_("Measured at %(time)s") % {"time": time_word(at)})
    elif upper is not None and lower is not None:
        values = {
            "upper": number_format(float(upper.value), 0),  # type: ignore[arg-type]
            "lower": number_format(float(lower.value), 0),  # type: ignore[arg-type]
            "day": _day(upper.on), "ago": _ago((found.session.today - upper.on).days),
        }  # fmt: skip
        yield FactLine(_("Last known: %(upper)s/%(lower)s mmHg on %(day)s, %(ago)s") % values)


def _pregnancy(found: Preflight) -> Iterator[FactLine]:
    can, test = found.known.get("can_become_pregnant"), found.known.get("pregnancy_test")
    if test is not None:
        result = {"negative": _("negative"), "positive": _("positive")}.get(str(test.value), str(test.value))
        values = {"result": result, "day": _day(test.on), "ago": _ago((found.session.today - test.on).days)}
        yield FactLine(_("Test %(result)s on %(day)s, %(ago)s") % values, missing=test.value == "positive")
    if can is not None:
        told = _("Could become pregnant: yes") if can.value is True else _("Could become pregnant: no")
        yield FactLine(_("%(what)s, said on %(day)s") % {"what": told, "day": _day(can.on)})
    if test is None and (can is None or can.value is True):
        yield FactLine(_("No pregnancy test is recorded."), missing=can is not None)


def _escort(found: Preflight) -> Iterator[FactLine]:
    word, ride = ride_word(found.ride), found.ride
    if ride.person is None:
        yield FactLine(_("Nobody is named yet."), missing=True)
        return
    text = f"{ride.person.name}: {word.text}"
    if ride.answered_at is not None:
        text += " (" + _day(_local(ride.answered_at)) + ")"
    yield FactLine(text, missing=word.kind == "stop")
    if ride.note:
        yield FactLine(ride.note)


_BESIDE: Final = {
    "consent": _agreements,
    "allergies": _allergies,
    "medicines": _medicines,
    "weight": _weight,
    "blood_pressure": _pressure,
    "pregnancy": _pregnancy,
    "escort": _escort,
}
