"""Of many patients each has their own decision: who waits for one, and what of nearly the same is not meant."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import clearance_actions, file_queries, waiting_queries
from sojourn.care.candidacy.models import CandidacyDecision, Clearance, Override, OverrideSignature
from sojourn.care.intake.models import IntakeSubmission
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from tests.care.people import make_patient
from tests.care.test_candidacy import NOW, TODAY, adopt, colleague, key, know, override
from tests.conftest import Cast
from tests.over.copies import again

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG = {"who": 200, "field": 120, "document": 300, "said": 2000}  # characters of a clearance, as its form says


class Waits:
    """Patients by name, and what was sent, decided and signed of each, as rows."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.prescriber = cast, cast.members["prescriber"]
        self.patients: dict[str, Patient] = {}

    def _of(self, name: str) -> dict[str, Any]:
        if name not in self.patients:
            self.patients[name] = make_patient(self.cast, name)
        return {"clinic": self.cast.clinic, "patient": self.patients[name]}

    def sent(self, name: str, at: datetime) -> IntakeSubmission:
        return IntakeSubmission.objects.create(**self._of(name), said_at=at, form_version="1", content={})

    def decided(self, name: str, at: datetime, kind: str = "accept", until: date | None = None) -> CandidacyDecision:
        return CandidacyDecision.objects.create(
            **self._of(name), kind=kind, drug="ketamine", route="iv", until_on=until, basis={"of": name}, decided_at=at,
            decided_by=self.prescriber, decider_name="P",
        )  # fmt: skip

    def signed(self, name: str, at: datetime, by: Membership | None = None) -> Override:
        return Override.objects.create(
            **self._of(name), drug="ketamine", finding=name, rule_id="CI-PREGNANCY", rule_version=1, shown={},
            reason="Seen", signed_at=at, signed_by=by or self.prescriber, signer_name="P",
        )  # fmt: skip


@pytest.mark.alone
def test_who_waits_for_a_decision_or_a_second_signature(clinic: Cast, other_clinic: Cast):
    rows, second, tomorrow = Waits(clinic), colleague(clinic), TODAY + DAY
    by = clinic.actor("prescriber")
    with acting_as(by):
        other = Membership.objects.get(pk=second.member)
        rows.sent("Twice", NOW)
        undecided = [rows.sent("Twice", NOW + HOUR), rows.sent("Once", NOW + 2 * HOUR)]
        rows.sent("Accepted", NOW)
        rows.decided("Accepted", NOW + HOUR)

        due = [rows.decided("Today", NOW, "defer", TODAY)]
        rows.decided("Tomorrow", NOW, "defer", tomorrow)
        rows.sent("Before", NOW - HOUR)
        rows.decided("Before", NOW, "defer", tomorrow)
        due.append(rows.decided("Since", NOW, "defer", tomorrow))
        rows.sent("Since", NOW + HOUR)
        rows.decided("Over", NOW, "defer", TODAY)
        rows.decided("Over", NOW + HOUR)
        rows.sent("Over", NOW + 2 * HOUR)

        rows.decided("Mine", NOW - HOUR)
        half = [rows.signed("Mine", NOW), rows.signed("Theirs", NOW, other)]
        OverrideSignature.objects.create(
            clinic=clinic.clinic, patient=rows.patients["Mine"], override=rows.signed("Mine", NOW), signed_at=NOW,
            signed_by=other, signer_name="S",
        )  # fmt: skip
        rows.signed("Left", NOW)
        rows.decided("Left", NOW + HOUR)

        assert set(waiting_queries.undecided()) == set(undecided)
        assert set(waiting_queries.due(TODAY)) == set(due)
        assert set(waiting_queries.half_signed()) == set(half)
        whole = waiting_queries.Waiting(undecided=2, due=2, half_signed=2)
        assert waiting_queries.waiting(clinic.clinic.pk, TODAY) == whole
        newest = file_queries.file_of(PatientScope(rows.patients["Over"].pk)).newest
        assert newest is not None
        assert newest.basis == {"of": "Over"}
    with acting_as(other_clinic.actor("clinic_admin")):  # who works in two clinics sees what waits in this one
        Membership.objects.create(clinic=other_clinic.clinic, person_id=by.person_id, role="prescriber", name="P")
    with acting_as(by):
        mine = waiting_queries.waiting(clinic.clinic.pk, TODAY, by.member)
    assert mine == waiting_queries.Waiting(undecided=2, due=2, half_signed=1)


def test_a_clearance_is_the_same_only_where_all_of_it_is(clinic: Cast):
    ana, bo = make_patient(clinic), make_patient(clinic, "Bo")
    adopt(clinic, "RC-SEIZURE")
    know(clinic, ana, seizures=True)
    by, finding = clinic.actor("nurse"), key(clinic, ana, "RC-SEIZURE")

    def recorded() -> Clearance:
        return clearance_actions.record_clearance(
            by=by, patient_id=ana.pk, drug="ketamine", finding=finding, kind="clearance", who="Dr. Lund", on=TODAY,
            document="letter 12", now=NOW,
        )  # fmt: skip

    def struck(one: Clearance) -> int:
        return clearance_actions.strike_clearance(by=by, clearance_id=one.pk, reason="Wrong", now=NOW).clearance_id

    with acting_as(by):
        first = recorded()
        assert recorded() == first
        assert (struck(first), struck(first)) == (first.pk, first.pk)
        nearly = [
            again(first, **other)
            for other in ({"patient_id": bo.pk}, {"finding": "0" * 64}, {"kind": "seen"}, {"answered_on": TODAY - DAY})
        ]
        second = recorded()
        assert second not in (first, *nearly)
        assert struck(second) == second.pk


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"who": " "}, ("who-missing",)),
        ({"document": ""}, ("document-missing",)),
        ({"on": TODAY + DAY}, ("future",)),
        ({"on": date(1900, 1, 1)}, ("before-birth",)),
        ({"kind": "seen"}, ("not-wanted",)),
        *(({name: "x" * (most + 1)}, ("too-long",)) for name, most in LONG.items()),
        ({name: "x" * most for name, most in LONG.items()}, ()),
    ],
)
def test_a_clearance_that_is_not_whole_is_refused(clinic: Cast, said: dict[str, Any], codes: tuple[str, ...]):
    ana = make_patient(clinic)
    adopt(clinic, "RC-SEIZURE")
    know(clinic, ana, seizures=True)
    by, finding = clinic.actor("nurse"), key(clinic, ana, "RC-SEIZURE")
    whole = {"kind": "clearance", "who": "Dr. Lund", "document": "letter 12", "on": TODAY} | said
    with acting_as(by), pytest.raises(ActionRefused) if codes else nullcontext() as refused:
        clearance_actions.record_clearance(by=by, patient_id=ana.pk, drug="ketamine", finding=finding, now=NOW, **whole)
    assert codes == (refused.value.codes if refused is not None else ())


def test_a_second_signature_is_of_one_override(clinic: Cast):
    other, signed = colleague(clinic), []
    for name in ("Ana", "Bo"):
        patient = make_patient(clinic, name, sex="female")
        know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
        first = override(clinic, patient, "CI-PREGNANCY")
        with acting_as(other):
            second = candidacy_actions.second_sign(by=other, override_id=first.pk, now=NOW)
        signed.append((second.override_id, second.patient_id) == (first.pk, patient.pk))
    assert signed == [True, True]
