"""A patient of a clinic who has one of everything that a query can ask about (tests/care/test_queries.py)."""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

from django.utils import timezone

from sojourn.care.alarms.models import AlarmState
from sojourn.care.consent.models import ConsentWithdrawal
from sojourn.care.coordination.models import (
    ArrivalNotice,
    CalendarFeed,
    DayLink,
    EscortAnswer,
    EscortLink,
    ReminderPreference,
)
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.measures import actions as measures_actions
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.safety import asking_actions
from sojourn.care.safety.models import Flag, FlagClock, FlagKind, FlagNotice, FlagReading, FlagTurn, NoticeChoice
from sojourn.care.scheduling.models import Appointment, Attendance, PreferredTimes
from sojourn.care.session.models import DoseCheck, GivenMedicine, SessionEvent
from sojourn.care.vitals.models import HeldReading, NotUsed, PostedWrong
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import BreakGlass, Membership
from tests.care.stage import begin_dose
from tests.clock import today
from tests.rows import Rows

# Kept for one patient of a clinic only, or no row of a patient's.
UNASKED: Final = {
    "measure_session",
    "raised",
    "encounter",
    "own_unheard",
    "port",
    "message",
    "kept",
    "newcomer",
    "feed",
    "reader_question",
    "voice",
}
# In the way of a dose, which therefore is begun before.
IN_THE_WAY: Final = {"override", "clearance", "fact"}


def hour_of(number: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=number)


class Furnished(Rows):
    """Everything that ``Rows`` can make, and what it does not, in a session in which the dose runs."""

    def furnish(self) -> None:
        made = [name for name, each in vars(Rows).items() if isinstance(each, cached_property)]
        self._touch(set(made) - UNASKED - IN_THE_WAY)
        with acting_as(self.cast.actor("nurse")) as by:
            self._say(by)
            begin_dose(self.running, timezone.now())
        self._touch(IN_THE_WAY)
        with acting_as(by):
            pressure = {"sbp": 120, "dbp": 80}
            entry_actions.enter_facts(by=by, patient_id=self.running.patient.pk, values=pressure, on=today())
            now = timezone.now()
            self._before(now)
            self._in_session(now)
            self._of_flag(now)
            self._of_staff(now)
            self._long_ago()

    @property
    def member(self) -> Membership:
        """One of the staff for each of these: a query about a member has two to tell apart."""
        return self.cast.members[{1: "nurse", 11: "clinic_admin", 31: "front_desk"}.get(self.number, "prescriber")]

    @property
    def _of(self) -> dict[str, Any]:
        return {"clinic": self.cast.clinic, "patient": self.running.patient}

    def _touch(self, names: Set[str]) -> None:
        for name, made in vars(Rows).items():
            if isinstance(made, cached_property) and name in names:
                getattr(self, name)

    def _say(self, by: Actor) -> None:
        own, of = self.patient_actor, self.running.patient.pk
        with acting_as(own):
            asking_actions.ask_for_help(by=own, patient_id=of, form=uuid4())
        for question, value in (
            ("weight", {"number": 71, "unit": "kg", "typed": "71"}),
            ("access_needs", {"yes": ["hearing"], "no": []}),
        ):
            told = StatedAnswer("told", value)
            intake_actions.answer(by=by, patient_id=of, question_id=question, told=told, seen=None)
        for kind, words in (
            ("treatments", {"name": "Sertraline", "kind": "medicine", "outcome": "unsure"}),
            ("allergies", {"substance": "Penicillin"}),
            ("goals", {"text": "To sleep"}),
            ("concerns", {"text": "Needles"}),
        ):
            intake_actions.say_line(by=by, patient_id=of, of=kind, **words)
        intake_actions.send(by=by, patient_id=of)

    def _before(self, now: datetime) -> None:
        visit, nurse, of = self.running.appointment, self.cast.members["nurse"], self._of
        Communication.objects.create(**of, body="When?", sent_at=now, from_patient=True, typed_key=uuid4())
        for from_patient in (True, False):
            Communication.objects.create(
                **of, body="When?", sent_at=now, sent_by=nurse, from_patient=from_patient, sender_name="Ana",
                typed_key=uuid4(),
            )  # fmt: skip
        RelatedPerson.objects.create(**of, name="Eva", emergency_contact=True, created_at=now)
        PreferredTimes.objects.create(**of, stated_at=now, stated_by=nurse)
        ReminderPreference.objects.create(**of, zone="UTC", quiet_from=time(22), quiet_until=time(7), changed_at=now)
        Appointment.objects.create(
            **of, care_plan=visit.care_plan, chair=visit.chair, booked_at=now, booked_by=nurse,
            during=(now + timedelta(days=9), now + timedelta(days=9, hours=2)),
        )  # fmt: skip
        Attendance.objects.create(
            **of, appointment=visit, member=self.member, role=self.member.role, during=visit.during
        )
        EscortAnswer.objects.create(
            **of, appointment=visit, person=self.escort, comes=True, answered_at=now, starts_at=now
        )
        EscortLink.objects.create(
            **of, appointment=visit, person=self.escort, starts_at=now, sent_at=now, expires_at=visit.during.upper,
            token_hash=f"ride{self.number:060d}",
        )  # fmt: skip
        DayLink.objects.create(**of, appointment=visit, sent_at=now, token_hash=f"day{self.number:061d}")
        ArrivalNotice.objects.create(
            **of, appointment=visit, starts_at=hour_of(0), is_here=True, said_at=now, said_by=nurse
        )
        ConsentWithdrawal.objects.create(**of, consent=self.consent, withdrawn_at=now)
        BreakGlass.objects.create(
            clinic=self.cast.clinic, patient_id=self.running.patient.pk, membership=nurse, opener_name="N",
            opener_role="nurse", reason="Call", opened_at=now, until_at=now + timedelta(hours=1),
        )  # fmt: skip

    def _in_session(self, now: datetime) -> None:
        nurse, here = self.cast.members["nurse"], {**self._of, "encounter_id": self.running.id}
        GivenMedicine.objects.create(
            **here, name="ketamine", ingredient="ketamine", route="im", given_at=now, recorded_at=now, by=nurse,
            key=uuid4(),
        )  # fmt: skip
        DoseCheck.objects.create(**here, drug="ketamine", route="iv", dose_mg=1, lot="K2", at=now, by=nurse)
        SessionEvent.objects.create(**here, kind="patient_calls", at=now, recorded_at=now, by=nurse, by_name="N")
        AlarmState.objects.create(
            **here, rule_id="alarm.spo2", code="2708-6", phase="raised", priority="high", since_at=now
        )
        read = {"code": "8867-4", "value": 71.0, "measured_at": now, "device": self.put_on}
        HeldReading.objects.create(
            **here, **read, message_id=0, identifier="77", unit="/min", effective_at=now, received_at=now
        )
        PostedWrong.objects.create(**here, **read, observation_id=0, asked_at=now)
        NotUsed.objects.create(
            clinic=self.cast.clinic, device=self.put_on, kind="code", what="X", count=1, first_at=now, last_at=now
        )

    def _of_flag(self, now: datetime) -> None:
        nurse, of = self.cast.members["nurse"], {**self._of, "flag": self.flag}
        FlagReading.objects.create(**of, member=nurse, at=now)
        clock = FlagClock.objects.create(**of, purpose="take", begins_at=now, all_at=now)
        turn = FlagTurn.objects.create(**of, clock=clock, reach="owner", at=now)
        FlagNotice.objects.create(
            clinic=self.cast.clinic, flag=self.flag, turn=turn, member=nurse, channel="page", at=now
        )
        Flag.objects.create(
            **self._of, kind=FlagKind.WORRIED, source="support_person", about=f"worry:{self.number}",
            raised_at=now + timedelta(minutes=10),
        )  # fmt: skip

    def _long_ago(self) -> None:
        """A form of an hour by which these are told apart."""
        by, at = self.cast.actor("nurse"), hour_of(self.number)
        measures_actions.enter_score(
            by=by, patient_id=self.running.patient.pk, scale_id="gad-7", total=self.number % 10, taken_at=at,
            rater="N", origin="paper",
        )  # fmt: skip

    def _of_staff(self, now: datetime) -> None:
        here = {"clinic": self.cast.clinic, "member": self.member}
        CalendarFeed.objects.create(**here, token_hash=f"feed{self.number:060d}", made_at=now)
        NoticeChoice.objects.create(**here, by_email=True, decided_at=now)
