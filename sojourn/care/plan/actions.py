"""Draft, check and sign the versions of a plan, whose first signature begins the course; end a course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.intake import doubts, entry_actions, weight_queries
from sojourn.care.intake import queries as intake_queries
from sojourn.care.patients.locks import patient_of
from sojourn.care.patients.models import Patient
from sojourn.care.plan import dose, gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.care.plan.parts import MOST_GOALS, Goal, part_faults
from sojourn.clinical import dosing
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import CourseScope, PatientScope, clinic_rows, one_row


@action(
    "course.end",
    # Who signs a version holds the patient, who puts the course on the waiting list the course.
    locks=(patient_of(CarePlan, "course_id"), row(CarePlan, "course_id")),
    audit="course.ended",
)
def end(*, by: Actor, course_id: int, ended_on: date, now: datetime | None = None) -> CarePlan:
    """End a course on a day. Refused: ended-before-begun, ends-in-future, ended."""
    course = one_row(CarePlan, course_id).get()
    if course.ended_on is not None:
        raise ActionRefused(_("This course has ended already."), codes=("ended",))
    if ended_on < course.started_on:
        raise ActionRefused(_("The course cannot end before it began."), codes=("ended-before-begun",))
    if ended_on > clinic_day(now or timezone.now(), by):
        raise ActionRefused(_("The end of a course is written down on the day or after it."), codes=("ends-in-future",))
    course.ended_on = ended_on
    course.save(update_fields=["ended_on"])
    record(by, "course.ended", course)
    return course


# ---------------------------------------------------------------- a version is drafted

_COPIED: Final = (
    *("indication", "protocol_id", "route", "drug", "per_kg", "fixed_mg", "weight_kg", "weight_on", "round_mg"),
    *("round_direction", "over_min", "stock_mg_per_ml", "total_ml", "dose_mg", "working", "rules", "dosed_by_id"),
    *("sessions", "min_days", "max_days", "starts_on", "parts", "goals", "intention", "review_after", "review_on"),
)
_OWN: Final = timedelta(seconds=10)
EDITABLE: Final = (
    *("indication", "protocol_id", "per_kg", "fixed_mg", "weight_kg", "weight_on", "round_mg", "round_direction"),
    *("over_min", "stock_mg_per_ml", "total_ml", "sessions", "min_days", "max_days", "starts_on", "parts", "goals"),
    *("intention", "review_after", "review_on", "change_reason"),
)
_PATIENT: Final = patient_of(PlanVersion, "version_id")  # who changes a version holds its patient, and no more


@action("plan.draft", locks=row(Patient, "patient_id"), audit="plan.drafted")
def draft(*, by: Actor, patient_id: int, course_id: int | None = None, now: datetime | None = None) -> PlanVersion:
    """Begin the next version of a course's plan, or the first of a patient; an open draft is handed back as it is.

    It begins with what is in force, or with what the course and the intake say, and with the newest weight. Refused:
    ended.
    """
    patient = one_row(Patient, patient_id).get()
    course = PatientScope(patient.pk).rows(CarePlan).get(pk=course_id) if course_id else None
    if course is not None and course.ended_on is not None:
        raise ActionRefused(_("This course has ended already."), codes=("ended",))
    found = plan_queries.draft_of(PatientScope(patient_id), course_id)
    if found is not None:
        return unchanged(found)
    at = now or timezone.now()
    version = PlanVersion(
        clinic_id=by.own_clinic_id, patient=patient, care_plan=course, number=_next_number(course), drafted_at=at,
        drafted_by_id=by.member, edited_at=at, edited_by_id=by.member,
    )  # fmt: skip
    last = plan_queries.in_force(CourseScope(course.pk), at) if course is not None else None
    if last is not None:
        for name in _COPIED:
            setattr(version, name, getattr(last, name))
    else:
        _begin_from(version, course, by.own_clinic_id)
    if _take_newest_weight(version) and last is not None:
        _work_out(version, dose.doses_of(by.own_clinic_id).rules, clinic_day(at, by))
        version.dosed_by_id = by.member
    version.save()
    record(by, "plan.drafted", version, number=version.number)
    return version


def _take_newest_weight(version: PlanVersion) -> bool:
    """Begin with the one newest weight, unless the version holds a newer one; whether that changed the weight."""
    newest = weight_queries.newest_weight(PatientScope(version.patient_id))
    if newest is None or (version.weight_on is not None and version.weight_on > newest.on):
        return False
    before = version.weight_kg
    version.weight_kg, version.weight_on = newest.kg, newest.on
    return before != newest.kg


def _next_number(course: CarePlan | None) -> int:
    if course is None:
        return 1
    newest = CourseScope(course.pk).rows(PlanVersion).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


def _begin_from(version: PlanVersion, course: CarePlan | None, clinic_id: int) -> None:
    """A first version: what the course says, the intake's goals, the rulebook's proposals."""
    known = dose.doses_of(clinic_id).rules
    rounding = dosing.read_rounding(known.rounding) if known.rounding is not None else None
    if rounding is not None:
        version.round_mg, version.round_direction = rounding.step.rounded(2), rounding.direction
    version.goals = [
        Goal(each.text, each.line).plain for each in intake_queries.goals(PatientScope(version.patient_id))
    ][:MOST_GOALS]
    if course is not None:
        version.indication, version.protocol_id = course.indication, course.protocol_id
        version.route, version.drug = dose.protocol_way(course.protocol_id)
        version.sessions, version.starts_on = course.planned_sessions, course.started_on
        version.intention = course.intention


def _must_be_the_one_seen(version: PlanVersion, by: Actor, seen: int, now: datetime) -> None:
    if version.revision != seen and not _own_page(version, by, seen, now):
        raise Overtaken(
            _("Somebody else changed this draft a moment ago. What you typed is still here; nothing was saved."),
            codes=("overtaken",),
        )


def _write_in(version: PlanVersion, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in EDITABLE:
            raise ValueError(f"{name} is not edited here")
        setattr(version, name, _stored(name, value))


@action("plan.draft", locks=_PATIENT, audit="plan.edited")
def save_draft(
    *, by: Actor, version_id: int, seen: int, values: Mapping[str, Any], sure: bool = False, now: datetime | None = None
) -> PlanVersion:
    """Write what was typed into a draft and work its dose out. ``seen`` is the revision that the actor had before her.

    ``values`` holds any of EDITABLE; ``parts`` as Part, ``goals`` as Goal. A draft may be incomplete, but nothing in
    it may be impossible. Nothing changed: nothing is written. Raises Overtaken (somebody saved in between, but for the
    actor's own page a moment ago), and Refused: signed, discarded, protocol-unknown, weight-implausible,
    not-positive:FIELD, rounding, days-cross, part-..., too-many-goals; and, unless somebody is ``sure`` and has read
    the scale, weight:pounds, weight:kilograms, weight:changed for a weight that is not the draft's own.
    """
    version = one_row(PlanVersion, version_id).select_related("patient").get()
    _must_be_open(version)
    _must_be_the_one_seen(version, by, seen, now or timezone.now())
    wrong = dict(_faults(values))
    if wrong:
        raise ActionRefused(*wrong.values(), codes=tuple(wrong))
    if not sure:
        doubts.ask(_weight_doubts(version, values))
    was, ordered = dose.content(version), dose.dose_hash(version)
    _write_in(version, values)
    version.route, version.drug = dose.protocol_way(version.protocol_id)
    today = clinic_day(now or timezone.now(), by)
    _work_out(version, dose.doses_of(by.own_clinic_id).rules, today)
    is_now = dose.content(version)
    changed = sorted(name for name, value in is_now.items() if value != was[name])
    if not changed:
        return unchanged(version)
    if dose.dose_hash(version) != ordered:
        version.dosed_by_id = by.member
    version.revision += 1
    version.edited_at, version.edited_by_id = now or timezone.now(), by.member
    version.save()
    record(by, "plan.edited", version, number=version.number, fields=changed)
    return version


def _weight_doubts(version: PlanVersion, values: Mapping[str, Any]) -> dict[str, str]:
    """What is asked back about a weight that is typed into a draft; nothing about the one that stands in it."""
    kg, on = values.get("weight_kg"), values.get("weight_on") or version.weight_on
    if kg is None or kg == version.weight_kg:
        return {}
    known = weight_queries.weights(PatientScope(version.patient_id))
    last = doubts.last_before(known, on) if on is not None else next(reversed(known), None)
    return doubts.about_weight(version.clinic_id, kg, last)


def _own_page(version: PlanVersion, by: Actor, seen: int, at: datetime) -> bool:
    """Whether the save in between was this page's own. It saves as one goes: a button pressed while that is under way
    carries the revision from before it, and the whole sheet."""
    return version.revision == seen + 1 and version.edited_by_id == by.membership_id and at - version.edited_at < _OWN


def _must_be_open(version: PlanVersion) -> None:
    if version.signed_at is not None:
        raise ActionRefused(_("This version is signed. To change the plan, write a new version."), codes=("signed",))
    if version.discarded_at is not None:
        raise ActionRefused(_("This draft was thrown away."), codes=("discarded",))


def _stored(name: str, value: Any) -> Any:
    if name in ("parts", "goals"):
        return [each.plain for each in value]
    return " ".join(value.split()) if name == "indication" else value.strip() if isinstance(value, str) else value


_POSITIVE: Final = (
    *("per_kg", "fixed_mg", "round_mg", "over_min", "stock_mg_per_ml", "total_ml", "sessions", "min_days", "max_days"),
    "review_after",
)


def _number_faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _POSITIVE:
        value = values.get(name)
        if value is not None and value <= 0:
            yield f"not-positive:{name}", _("A number in the plan must be more than 0.")
    weight = values.get("weight_kg")
    bounds = VOCABULARY["weight_kg"]
    if weight is not None and bounds.fault(float(weight)):
        yield (
            "weight-implausible",
            _("%(weight)s kg is not the weight of a person. Look at the scale again.") % {"weight": weight},
        )


def _faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _number_faults(values)
    if values.get("protocol_id") and plan_queries.protocol(values["protocol_id"]) is None:
        yield "protocol-unknown", _("Choose a protocol of the rulebook.")
    if values.get("round_direction", "nearest") not in dosing.DIRECTIONS:
        yield "rounding", _("A dose is rounded to the nearest step, or down.")
    low, high = values.get("min_days"), values.get("max_days")
    if low is not None and high is not None and low > high:
        yield "days-cross", _("The fewest days between sessions are more than the most.")
    for code in part_faults(values.get("parts", ())):
        yield code, _part_words(code)
    if len(values.get("goals", ())) > MOST_GOALS:
        yield "too-many-goals", _("At most %(n)d goals fit into a plan.") % {"n": MOST_GOALS}


def _part_words(code: str) -> str:
    return {
        "part-kind": _("Choose what kind of part it is."),
        "part-who": _("Write who does this part of the plan."),
        "part-times": _("Write how often: from 1 to 31."),
        "part-period": _("Choose in which time."),
        "too-many-parts": _("So many parts do not fit into a plan."),
    }[code]


def _work_out(version: PlanVersion, rules: dosing.DoseRules, today: date) -> dosing.DoseCalculation | None:
    """Write the dose, its working and the stamps of the rules into a version."""
    found = dose.calculated(dose.work(version, rules, today))
    version.dose_mg = None if found is None else dose.milligrams(found)
    version.working = [] if found is None else [each.plain for each in found.steps]
    version.rules = [] if found is None else [
        {"rule": each.rule_id, "version": each.version, "hash": each.hash} for each in found.stamps
    ]  # fmt: skip
    return found


@action("plan.draft", locks=_PATIENT, audit="plan.discarded")
def discard(*, by: Actor, version_id: int, now: datetime | None = None) -> PlanVersion:
    """Throw a draft away; it stays in the table. Refused: signed, discarded."""
    version = one_row(PlanVersion, version_id).get()
    _must_be_open(version)
    version.discarded_at, version.discarded_by_id = now or timezone.now(), by.member
    version.save(update_fields=["discarded_at", "discarded_by"])
    record(by, "plan.discarded", version, number=version.number)
    return version


# ---------------------------------------------------------------- checked by a second, signed by a prescriber


def _must_agree(version: PlanVersion, ordered: Decimal, weight_kg: Decimal | None, amount: Decimal) -> None:
    wrong = dict(_differences(version, ordered, weight_kg, amount))
    if not wrong:
        return
    if weight_kg is not None and "weight-differs" in wrong:
        wrong |= _weight_doubts(version, {"weight_kg": weight_kg})
    raise ActionRefused(*wrong.values(), codes=tuple(wrong))


@action("plan.check", locks=_PATIENT, audit="plan.checked")
def double_check(
    *, by: Actor, version_id: int, weight_kg: Decimal | None, amount: Decimal, now: datetime | None = None
) -> DoubleCheck:
    """A second clinician worked the dose out from her own figures. ``amount`` is mg/kg, or mg where the route is not
    dosed by weight (then without ``weight_kg``).

    The weight is read off the scale, not off the plan, and joins the patient's weights. The same figures again by the
    same person hand the first check back. Refused: signed, discarded, nothing-to-check, own-dose, weight-differs,
    amount-differs, dose-differs; the last three with both figures, and nothing is kept. Beside a weight that differs
    stands what there is to ask about it (weight:pounds, weight:kilograms, weight:changed); nothing is to be confirmed.
    """
    version = one_row(PlanVersion, version_id).get()
    _must_be_open(version)
    ordered = version.per_kg if version.per_kg is not None else version.fixed_mg
    if version.dose_mg is None or ordered is None:
        raise ActionRefused(_("There is no dose to check yet."), codes=("nothing-to-check",))
    author = version.dosed_by or version.drafted_by
    if author.person_id == by.person_id:  # the person, not the role: a second role is no second pair of eyes
        raise ActionRefused(
            _("You worked this dose out yourself. Somebody else must check it."), codes=("own-dose",)
        )  # fmt: skip
    _must_agree(version, ordered, weight_kg, amount)
    stands_for = dose.dose_hash(version)
    again = clinic_rows(DoubleCheck).filter(version=version, dose_hash=stands_for, checked_by_id=by.member).first()
    if again is not None:
        return unchanged(again)
    check = DoubleCheck.objects.create(
        clinic_id=by.own_clinic_id, patient_id=version.patient_id, version=version, dose_hash=stands_for,
        weight_kg=weight_kg if version.per_kg is not None else None, amount=amount, dose_mg=version.dose_mg,
        checked_at=now or timezone.now(), checked_by_id=by.member,
    )  # fmt: skip
    record(by, "plan.checked", check, number=version.number, dose_mg=str(version.dose_mg))
    _keep_weight(version, by, check.checked_at)
    return check


def _keep_weight(version: PlanVersion, by: Actor, at: datetime) -> None:
    """The weight that a plan rests on is the patient's weight of that day."""
    kg, on = version.weight_kg, version.weight_on
    if kg is None or on is None or on > clinic_day(at, by):
        return  # the rules of the dose speak of a weight of tomorrow
    if any((each.kg, each.on) == (kg, on) for each in weight_queries.weights(PatientScope(version.patient_id))):
        return
    entry_actions.keep_weight(
        by=by, patient_id=version.patient_id, kg=kg, on=on, source_note=_("From the plan"), now=at
    )


def _differences(
    version: PlanVersion, ordered: Decimal, weight_kg: Decimal | None, amount: Decimal
) -> Iterator[tuple[str, str]]:
    def said(code: str, words: str, theirs: Decimal, ours: Decimal | None) -> tuple[str, str]:
        yours = "–" if ours is None else dosing.trimmed(ours)
        return code, words % {"plan": dosing.trimmed(theirs), "yours": yours}

    if version.per_kg is not None:
        assert version.weight_kg is not None
        if weight_kg != version.weight_kg:
            words = _("The weight differs: the plan says %(plan)s kg, you say %(yours)s kg.")
            yield said("weight-differs", words, version.weight_kg, weight_kg)
        if amount != ordered:
            words = _("The dose by weight differs: the plan says %(plan)s mg/kg, you say %(yours)s mg/kg.")
            yield said("amount-differs", words, ordered, amount)
    elif amount != ordered:
        words = _("The dose differs: the plan says %(plan)s mg, you say %(yours)s mg.")
        yield said("amount-differs", words, ordered, amount)
    assert version.dose_mg is not None
    assert version.round_mg is not None
    exact = dosing.Milligrams.of(amount)
    if version.per_kg is not None and weight_kg is not None:
        exact = dosing.MgPerKg.of(amount).of_weight(dosing.Kilograms.of(weight_kg))
    own = dosing.Rounding(dosing.Milligrams.of(version.round_mg), version.round_direction).round(exact).rounded(2)
    if own != version.dose_mg:
        words = _("The milligrams differ: the plan says %(plan)s mg, your figures give %(yours)s mg.")
        yield said("dose-differs", words, version.dose_mg, own)


@action("plan.sign", locks=_PATIENT, audit="plan.signed")
def sign(
    *, by: Actor, version_id: int, seen_hash: str, beyond_reason: str = "", now: datetime | None = None
) -> PlanVersion:
    """A prescriber signs a version: from now on it is the order of the course. A first version begins the course.

    ``seen_hash`` is of the content that was read; ``beyond_reason`` why a dose goes outside of what was studied.
    Refused: signed (also when a signature is sent a second time), discarded, changed (it is not what was read),
    incomplete:FIELD, the codes of the dose, beyond-reason, not-checked, candidacy, consent, change-reason,
    course-running, ended, before-birth.
    """
    at = now or timezone.now()
    version = one_row(PlanVersion, version_id).select_related("patient", "care_plan").get()
    _must_be_open(version)
    if dose.content_hash(version) != seen_hash:
        raise Overtaken(
            _("The plan is not the one that you read: somebody changed it. Read it again before you sign."),
            codes=("changed",),
        )
    today = clinic_day(at, by)
    course = version.care_plan
    wrong = [*_incomplete(version), *_course_faults(version, course)]
    found, more = _dose_to_sign(version, by.own_clinic_id, today, beyond_reason.strip())
    wrong += more
    if plan_queries.standing_check(version) is None:
        wrong.append(("not-checked", _("A second clinician has not checked this dose yet.")))
    way = gates.gates(PatientScope(version.patient_id), version.route, version.drug, today)
    wrong += way.reasons
    if wrong:
        raise ActionRefused(*(words for _code, words in wrong), codes=tuple(code for code, _words in wrong))
    assert found is not None
    version.beyond = [{"code": each.code, "values": dict(each.values)} for each in found.overridden]
    version.beyond_reason = beyond_reason.strip() if found.overridden else ""
    version.standing, version.content_hash = way.plain, seen_hash
    version.before = {} if course is None else _order_in(course)
    version.care_plan = _with_order(version, course, by, at)
    version.signed_at, version.signed_by_id = at, by.member
    version.save()
    record(
        by, "plan.signed", version, number=version.number, course=version.care_plan.pk, hash=seen_hash,
        dose_mg=str(version.dose_mg), beyond=[each["code"] for each in version.beyond],
    )  # fmt: skip
    _keep_weight(version, by, at)
    return version


_NEEDED: Final = ("indication", "protocol_id", "dose_mg", "sessions", "min_days", "max_days", "starts_on")


def _incomplete(version: PlanVersion) -> list[tuple[str, str]]:
    said = {
        "indication": _("Write what the plan is for."),
        "protocol_id": _("Choose a protocol."),
        "dose_mg": _("There is no dose yet."),
        "sessions": _("Write how many sessions."),
        "min_days": _("Write how many days lie between sessions at least."),
        "max_days": _("Write how many days lie between sessions at most."),
        "starts_on": _("Write when it begins."),
    }
    wrong = [(f"incomplete:{name}", said[name]) for name in _NEEDED if getattr(version, name) in (None, "")]
    if version.review_after is None and version.review_on is None:
        wrong.append(
            ("incomplete:review", _("Write when the plan is looked at again: after so many sessions or on a day."))
        )
    if version.starts_on is not None and version.starts_on < version.patient.birth_date:
        wrong.append(("before-birth", _("The course cannot begin before the patient was born.")))
    return wrong


def _course_faults(version: PlanVersion, course: CarePlan | None) -> list[tuple[str, str]]:
    wrong = []
    if course is not None and course.ended_on is not None:
        wrong.append(("ended", _("This course has ended already.")))
    if (
        course is not None
        and plan_queries.in_force(CourseScope(course.pk)) is not None
        and not version.change_reason.strip()
    ):
        wrong.append(("change-reason", _("Write why the plan changes.")))
    others = PatientScope(version.patient_id).rows(CarePlan).filter(protocol_id=version.protocol_id, ended_on=None)
    if (others if course is None else others.exclude(pk=course.pk)).exists():
        wrong.append(("course-running", _("A course with this protocol is running already. End it first.")))
    return wrong


def _dose_to_sign(
    version: PlanVersion, clinic_id: int, today: date, reason: str
) -> tuple[dosing.DoseCalculation | None, list[tuple[str, str]]]:
    """The dose as it comes out today under the rules that act today, and what stands against it."""
    rules = dose.doses_of(clinic_id).rules
    found = dose.work(version, rules, today)
    if found is None:
        return None, []  # said as incomplete
    if isinstance(found, dosing.DoseRefused):
        if not found.overridable:
            return None, [(each.code, _(each.template) % each.values) for each in found.reasons]
        if not reason:
            said = [(each.code, _(each.template) % each.values) for each in found.reasons]
            return None, [*said, ("beyond-reason", _("Write why this dose is right for this person all the same."))]
        again = dose.work(version, rules, today, override=True)
        assert isinstance(again, dosing.DoseCalculation)
        found = again
    if dose.milligrams(found) != version.dose_mg:
        return None, [("changed", _("The dose comes out differently now. Open the draft and save it again."))]
    return found, []


def _order_in(course: CarePlan) -> dict[str, Any]:
    return {
        "protocol_id": course.protocol_id, "indication": course.indication, "dose_mg": str(course.dose_mg),
        "planned_sessions": course.planned_sessions,
    }  # fmt: skip


def _with_order(version: PlanVersion, course: CarePlan | None, by: Actor, at: datetime) -> CarePlan:
    """The course with the order of the version in it, begun where there is none."""
    protocol = plan_queries.protocol(version.protocol_id)
    assert protocol is not None
    assert version.dose_mg is not None
    assert version.sessions is not None
    assert version.starts_on is not None
    if course is None:
        course = CarePlan(
            clinic_id=by.own_clinic_id, patient_id=version.patient_id, started_on=version.starts_on, created_at=at,
            created_by_id=by.member, title=protocol.rule.title[:120],
        )  # fmt: skip
    elif course.protocol_id != version.protocol_id:
        course.title = protocol.rule.title[:120]
    course.indication, course.protocol_id = version.indication, version.protocol_id
    course.dose_mg, course.planned_sessions = version.dose_mg, version.sessions
    course.intention = version.intention
    course.save()
    return course
