"""One flag for a patient, a kind and the row that raised it, whoever raises it and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from sojourn.care.patients.models import Patient
from sojourn.care.safety import asking_actions, writing_actions
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.actions import answer_flag
from sojourn.care.safety.models import Flag, FlagKind, FlagReport, FlagSource, Severity
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import FlagScope, PatientScope
from tests.care.people import actor_for, make_patient
from tests.care.raising import raise_flag
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def raised(by: Actor, patient: Patient, severity: Severity = Severity.URGENT, detail: str = "said so") -> Flag:
    with acting_as(by):
        return raise_flag(
            by=by, patient_id=patient.pk, kind=FlagKind.SELF_HARM, severity=severity, source=FlagSource.WORDS,
            about="message:123", detail=detail, now=NOW,
        )  # fmt: skip


def close(clinic: Cast, flag: Flag) -> None:
    by = clinic.actor("nurse")
    with acting_as(by):
        seen = answer_flag(by=by, flag_id=flag.pk, kind="seen", after=None, now=NOW)
        answer_flag(by=by, flag_id=flag.pk, kind="closed", outcome="safe", note="Called; safe.", after=seen.pk, now=NOW)


@pytest.mark.alone
def test_a_patient_raises_one_flag_however_often(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    assert raised(by, patient).pk == raised(by, patient).pk
    with acting_as(clinic.actor("nurse")):
        (flag,) = safety_queries.open_flags()
        assert (flag.kind, flag.severity, flag.source) == (FlagKind.SELF_HARM, Severity.URGENT, FlagSource.WORDS)
        assert (flag.about, flag.detail, flag.raised_at, flag.waiting) == ("message:123", "said so", NOW, True)
        assert AuditEvent.objects.filter(action="flag.raised").count() == 1


@pytest.mark.alone
def test_said_again_more_gravely_the_same_flag_is_graver(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    first = raised(by, patient)
    assert raised(by, patient, Severity.EMERGENCY).pk == first.pk
    raised(by, patient, Severity.SOON)
    with acting_as(clinic.actor("nurse")):
        (flag,) = safety_queries.open_flags()
        assert flag.severity == Severity.EMERGENCY
        assert FlagReport.objects.count() == 1


@pytest.mark.alone
def test_the_same_again_leaves_it_closed_and_news_opens_it(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    flag = raised(by, patient)
    close(clinic, flag)
    raised(by, patient)
    with acting_as(clinic.actor("nurse")):
        assert safety_queries.open_count() == 0
    raised(by, patient, detail="said something else")
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        (again,) = safety_queries.open_flags()
        assert again.waiting
        assert again.owner is None
        answer_flag(by=nurse, flag_id=flag.pk, kind="seen", after=again.newest_id, now=NOW + timedelta(hours=1))
        assert not safety_queries.flag(FlagScope(flag.pk)).waiting


def test_what_another_said_or_what_was_closed_for_another_opens_nothing(clinic: Cast, patient: Patient):
    nurse, bruno = clinic.actor("nurse"), make_patient(clinic, "Bruno")
    flag = raised(nurse, patient)
    with acting_as(nurse):
        answer_flag(by=nurse, flag_id=flag.pk, kind="seen", after=None, now=NOW)
    close(clinic, raised(nurse, bruno))
    raised(nurse, patient, detail="said something else")
    with acting_as(nurse):
        found = safety_queries.flag(FlagScope(flag.pk))
        assert (found.owner, [each.reopens for each in found.reports]) == (clinic.members["nurse"], [None])


def laid(clinic: Cast, of: Patient, kind: FlagKind, about: str, *, at: datetime = NOW, **said: str) -> Flag:
    """A flag as it stands, however it was raised."""
    with acting_as(clinic.actor("nurse")):
        return Flag.objects.create(clinic=clinic.clinic, patient=of, kind=kind, about=about, raised_at=at, **said)


def again(flag: Flag, **said: str) -> FlagReport:
    with acting_as(Actor(clinic_id=flag.clinic_id, role="house", name="test")):
        return FlagReport.objects.create(
            clinic_id=flag.clinic_id, patient_id=flag.patient_id, flag=flag, severity=flag.severity, at=NOW, **said
        )


def test_words_that_an_open_flag_of_the_patient_says_already(clinic: Cast, patient: Patient):
    """Those of a closed flag, of another kind and of somebody else are none."""
    close(clinic, laid(clinic, patient, FlagKind.SELF_HARM, "message:1", detail="closed"))
    laid(clinic, patient, FlagKind.VOICES, "message:2", detail="of another kind")
    laid(clinic, make_patient(clinic, "Bruno"), FlagKind.SELF_HARM, "message:3", detail="of somebody else")
    again(laid(clinic, patient, FlagKind.SELF_HARM, "message:4", detail="first"), detail="then")
    words = ("closed", "of another kind", "of somebody else", "first", "then")
    with acting_as(clinic.actor("nurse")):
        of = PatientScope(patient.pk)
        assert [each for each in words if safety_queries.open_with(of, FlagKind.SELF_HARM, each)] == ["first", "then"]


def test_who_asks_for_help_is_told_from_whatever_else_was_said(clinic: Cast, patient: Patient):
    bruno, form = make_patient(clinic, "Bruno"), uuid4()
    again(laid(clinic, patient, FlagKind.SELF_HARM, "message:1"), about="asked:before")
    theirs = laid(clinic, bruno, FlagKind.ASKED_FOR_HELP, "asked:first", source="button")
    again(theirs, about="asked:again")
    with acting_as(actor_for(clinic, patient)) as by:
        flag = asking_actions.ask_for_help(by=by, patient_id=patient.pk, form=form, now=NOW)
    assert (flag.kind, flag.about) == (FlagKind.ASKED_FOR_HELP, f"asked:{form}")
    with acting_as(clinic.actor("nurse")):
        for about in ("asked:first", "asked:again"):
            assert asking_actions._asked_by(PatientScope(bruno.pk), about) == theirs
            assert asking_actions._asked_by(PatientScope(patient.pk), about) is None


def test_a_worry_that_no_row_keeps_is_the_same_within_a_minute(clinic: Cast, patient: Patient):
    laid(clinic, make_patient(clinic, "Bruno"), FlagKind.WORRIED, "worry:theirs")
    laid(clinic, patient, FlagKind.RISK, "worry:risk")
    laid(clinic, patient, FlagKind.WORRIED, "way_home:1")
    laid(clinic, patient, FlagKind.WORRIED, "worry:before", at=NOW - timedelta(minutes=1))
    with acting_as(clinic.actor("nurse")):
        of = PatientScope(patient.pk)
        assert writing_actions._unkept(of, NOW) == "worry:202603021500"
        laid(clinic, patient, FlagKind.WORRIED, "worry:now", at=NOW - timedelta(seconds=59))
        assert writing_actions._unkept(of, NOW) == "worry:now"


@pytest.mark.alone
def test_two_things_are_two_flags(clinic: Cast, patient: Patient):
    by = clinic.actor("nurse")
    with acting_as(by):
        for about in ("message:1", "message:2"):
            raise_flag(
                by=by, patient_id=patient.pk, kind=FlagKind.RISK, severity=Severity.SOON,
                source=FlagSource.CLINICIAN, about=about, now=NOW,
            )  # fmt: skip
        assert safety_queries.open_count() == 2


def test_a_questionnaire_is_named_by_its_response(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    with acting_as(by), pytest.raises(IntegrityError), transaction.atomic():  # there is no such response
        raise_flag(
            by=by, patient_id=patient.pk, kind=FlagKind.VOICES, severity=Severity.URGENT,
            source=FlagSource.ANSWER, about="response:999999", now=NOW,
        )  # fmt: skip


def test_it_is_part_of_the_callers_transaction(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)

    def write_and_fail() -> None:
        with transaction.atomic():
            raised(by, patient)
            raise RuntimeError("the message was not kept")

    with acting_as(by):
        with pytest.raises(RuntimeError):
            write_and_fail()
        assert Flag.objects.count() == 0
