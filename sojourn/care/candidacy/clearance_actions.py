"""Record what a specialist answers to a finding, or who has seen the person; strike what was recorded in error."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.candidacy import judging, open_eyes
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.models import Clearance, ClearanceKind, ClearanceStruck
from sojourn.care.patients.locks import patient_of
from sojourn.care.patients.models import Patient
from sojourn.clinical.eligibility import Finding, fingerprint
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.columns import fits
from sojourn.foundation.scope import PatientScope, clinic_rows, one_row

LONGEST: Final = 2000  # characters of what they say; the columns say the rest


@action("fact.enter", locks=row(Patient, "patient_id"), audit="candidacy.clearance_recorded")
def record_clearance(
    *,
    by: Actor,
    patient_id: int,
    drug: str,
    finding: str,
    kind: str,
    who: str,
    on: date,
    field: str = "",
    document: str = "",
    said: str = "",
    now: datetime | None = None,
) -> Clearance:
    """Record who answered to a finding, when, and in which document. ``finding`` is the fingerprint of what was seen.

    The same again returns the row that stands. Overtaken ("changed") where that finding is not there any more. Refused:
    not-wanted (its rule asks for nothing of the kind), who-missing, document-missing, future, before-birth,
    before-the-danger (seen before the risk was judged), too-long.
    """
    at = now or timezone.now()
    patient = one_row(Patient, patient_id).get()
    found = _finding(patient, drug, finding, clinic_day(at, by))
    values = {
        name: " ".join(text.split())
        for name, text in (("who", who), ("field", field), ("document", document), ("said", said))
    }
    wrong = _faults(found, kind, values, on, patient, clinic_day(at, by))
    if wrong:
        raise ActionRefused(*wrong.values(), codes=tuple(wrong))
    same = (
        PatientScope(patient.pk)
        .rows(Clearance)
        .filter(finding=finding, kind=kind, answered_on=on, struck=None, **values)
        .first()
    )
    if same is not None:
        return unchanged(same)
    clearance = Clearance.objects.create(
        clinic_id=by.own_clinic_id, patient=patient, kind=kind, finding=finding, rule_id=found.rule_id,
        shown=judging.plain_finding(found), answered_on=on, recorded_at=at, recorded_by_id=by.member,
        recorder_name=str(one_row(Membership, by.member).get()), **values,
    )  # fmt: skip
    record(by, "candidacy.clearance_recorded", clearance, rule=clearance.rule_id, kind=clearance.kind)
    return clearance


def _finding(patient: Patient, drug: str, key: str, today: date) -> Finding:
    assessed = candidacy_queries.assessment_of(patient, drug, None, today)
    found = next((each for each in assessed.assessment.acting if fingerprint(each) == key), None)
    if found is None:
        raise Overtaken(
            _("This finding is not there any more, or other values make it so. Look at the page again."),
            codes=("changed",),
        )
    return found


def _day_faults(found: Finding, kind: str, on: date, patient: Patient, today: date) -> dict[str, str]:
    if on > today:
        return {"future": _("The day is in the future.")}
    if on < patient.birth_date:
        return {"before-birth": _("The day is before the patient was born.")}
    if kind == ClearanceKind.SEEN and on < max((each.on for each in found.because), default=on):
        return {"before-the-danger": _("That was before the risk was judged. Somebody must see the person now.")}
    return {}


def _faults(
    found: Finding, kind: str, values: dict[str, str], on: date, patient: Patient, today: date
) -> dict[str, str]:  # fmt: skip
    """What is missing or cannot be, by code."""
    wrong: dict[str, str] = {}
    if kind not in open_eyes.table().of(found):
        wrong["not-wanted"] = _("The rule of this finding asks for nothing of the kind.")
    if not values["who"]:
        wrong["who-missing"] = _("Write who it was.")
    if kind == ClearanceKind.SPECIALIST and not values["document"]:
        wrong["document-missing"] = _("Write which document it is in: a reference, or the name of the file.")
    wrong |= _day_faults(found, kind, on, patient, today)
    columns = ("who", "field", "document")
    if not all(fits(Clearance, each, values[each]) for each in columns) or len(values["said"]) > LONGEST:
        wrong["too-long"] = _("Please make it shorter.")
    return wrong


@action("fact.enter", locks=patient_of(Clearance, "clearance_id"), audit="candidacy.clearance_struck")
def strike_clearance(
    *, by: Actor, clearance_id: int, reason: str, now: datetime | None = None
) -> ClearanceStruck:  # fmt: skip
    """Strike a clearance as recorded in error. Striking twice changes nothing. Refused: reason-missing, too-long.

    A decision that was signed with it keeps it as it was read then.
    """
    clearance = one_row(Clearance, clearance_id).get()
    before = clinic_rows(ClearanceStruck).filter(clearance=clearance).first()
    if before is not None:
        return unchanged(before)
    why = reason.strip()
    if not why:
        raise ActionRefused(_("Write what was wrong."), codes=("reason-missing",))
    if len(why) > LONGEST:
        raise ActionRefused(_("Please make it shorter."), codes=("too-long",))
    struck = ClearanceStruck.objects.create(
        clinic_id=by.own_clinic_id, patient_id=clearance.patient_id, clearance=clearance, reason=why,
        struck_at=now or timezone.now(),
        struck_by_id=by.member, striker_name=str(one_row(Membership, by.member).get()),
    )  # fmt: skip
    record(by, "candidacy.clearance_struck", struck, rule=clearance.rule_id)
    return struck
