"""One row of every kind around one patient, made when somebody first asks for it, and which argument names which.

Two of these in one clinic are two of everything: what one of them is asked to do, the other must not feel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.utils import timezone

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import clearance_actions
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.judging import fingerprint
from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent.models import Consent
from sojourn.care.coordination import feed_actions
from sojourn.care.coordination.models import CalendarFeed, Offer, Reminder, WaitingEntry
from sojourn.care.encounter.models import Encounter
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.queries import scale
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import PlanVersion
from sojourn.care.reading import actions as reading_actions
from sojourn.care.reading import voice_actions
from sojourn.care.reading.actions import Passage
from sojourn.care.safety import actions as safety_actions
from sojourn.care.safety.models import Flag
from sojourn.care.scheduling.series_actions import Wanted
from sojourn.care.session import waste_actions
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import InboundMessage, ListenerPort, Observation, Stranger, StrangerMessage
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.library import article_actions, evidence_actions, import_actions
from sojourn.foundation.library.article import library
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import PatientScope
from tests.care.adopting import as_typed
from tests.care.stage import Stage, arrive, set_stage
from tests.clock import today
from tests.conftest import Cast


@dataclass
class Rows:
    """The rows of one clinic around one patient. ``number``, ``tag``: what tells two of these in one clinic apart."""

    cast: Cast
    number: int
    tag: str

    @cached_property
    def plan(self) -> PlanVersion:
        """A draft of the running session's patient."""
        with acting_as(self.cast.actor("nurse")):
            return plan_actions.draft(by=self.cast.actor("nurse"), patient_id=self.running.patient.pk)

    @cached_property
    def booked(self) -> Stage:
        """An appointment whose patient has not arrived."""
        return set_stage(self.cast, number=self.number)

    @cached_property
    def running(self) -> Stage:
        """A session whose patient has arrived. This patient is the one who signs in."""
        stage = set_stage(self.cast, number=self.number + 1)
        with acting_as(self.cast.actor("nurse")):
            arrive(stage, timezone.now())
        return stage

    @cached_property
    def offer(self) -> Offer:
        """An earlier time offered to the patient of the running session."""
        stage, now = self.running, timezone.now()
        with acting_as(self.cast.actor("nurse")):
            entry = WaitingEntry.objects.create(
                clinic=self.cast.clinic, patient=stage.patient, care_plan=stage.appointment.care_plan, joined_at=now,
                joined_by=self.cast.members["nurse"],
            )  # fmt: skip
            return Offer.objects.create(
                clinic=self.cast.clinic, patient=stage.patient, entry=entry, freed_id=stage.appointment.pk,
                chair=stage.appointment.chair, during=(now + timedelta(days=1), now + timedelta(days=1, hours=3)),
                made_at=now, opens_at=now,
            )  # fmt: skip

    @cached_property
    def feed(self) -> CalendarFeed:
        """The nurse's own calendar, open."""
        with acting_as(self.cast.actor("nurse")) as by:
            return feed_actions.open_feed(by=by).feed

    @cached_property
    def escort(self) -> RelatedPerson:
        with acting_as(self.cast.actor("nurse")):
            return RelatedPerson.objects.get(patient=self.running.patient)

    @cached_property
    def request(self) -> Any:
        by = self.cast.actor("nurse")
        with acting_as(by):
            return measures_actions.request_measure(
                by=by, patient_id=self.running.patient.pk, scale_id="gad-7", due_at=timezone.now() + timedelta(days=3)
            )

    @cached_property
    def measure_session(self) -> Any:
        """Several questionnaires asked as one."""
        by = self.cast.actor("prescriber")
        with acting_as(by):
            rulebook_actions.adopt(by=by, rule_id="battery.ptsd", parameters=as_typed("battery.ptsd"))
            return measures_actions.request_battery(
                by=by,
                patient_id=self.running.patient.pk,
                indication="ptsd",
                due_at=timezone.now() + timedelta(days=3),
            )

    @cached_property
    def flag(self) -> Flag:
        """A flag, and the answers that raised it, sent."""
        with acting_as(self.cast.actor("nurse")):
            by = self.patient_actor
            response = measures_actions.start_response(by=by, scale_id="phq-9")
            for item in scale("phq-9").items:
                safety_actions.answer_measure(by=by, response_id=response.pk, link_id=item.link_id, value=1)
            safety_actions.complete_measure(by=by, response_id=response.pk)
            return Flag.objects.select_related("response").get(response=response)

    @cached_property
    def consent(self) -> Any:
        """A signed agreement of the patient who signs in."""
        patient = self.running.patient
        with acting_as(self.patient_actor):
            return Consent.objects.get(patient=patient, document_id="driving")

    @cached_property
    def question(self) -> Any:
        by = self.patient_actor
        with acting_as(by):
            return consent_actions.ask_question(by=by, document_id="driving", section_id="home", text="Who?")

    @cached_property
    def override(self) -> Any:
        """The first of two signatures against a block."""
        by, patient = self.cast.actor("prescriber"), self.running.patient
        with acting_as(by):
            for name in ("can_become_pregnant", "pregnant"):
                entry_actions.enter_fact(by=by, patient_id=patient.pk, name=name, value=True, on=today())
            found = candidacy_queries.assessment(PatientScope(patient.pk), "ketamine")
            key = next(fingerprint(each) for each in found.blocking if each.rule_id == "CI-PREGNANCY")
            return candidacy_actions.override(
                by=by, patient_id=patient.pk, drug="ketamine", finding=key, reason="Seen by obstetrics"
            )

    @cached_property
    def clearance(self) -> Any:
        """A specialist's answer to a finding; of each of these to another one."""
        by, patient = self.cast.actor("nurse"), self.running.patient
        fact, rule = ("seizures", "RC-SEIZURE") if self.number == 1 else ("porphyria", "RC-PORPHYRIA")
        with acting_as(by):
            entry_actions.enter_fact(by=by, patient_id=patient.pk, name=fact, value=True, on=today())
            found = candidacy_queries.assessment(PatientScope(patient.pk), "ketamine")
            key = next(fingerprint(each) for each in found.findings if each.rule_id == rule)
            return clearance_actions.record_clearance(
                by=by, patient_id=patient.pk, drug="ketamine", finding=key, kind="clearance", who="Dr. Lund",
                on=today(), document="letter 12",
            )  # fmt: skip

    @cached_property
    def raised(self) -> Any:
        """The first of two signatures under a higher ceiling."""
        by, name = self.cast.actor("prescriber"), "dose.ceiling.in.esketamine"
        with acting_as(by):
            rulebook_actions.adopt(by=by, rule_id=name, parameters=as_typed(name, most=56))
            return rulebook_actions.adopt(by=by, rule_id=name, parameters=as_typed(name))

    @cached_property
    def fact(self) -> Any:
        """A fact that a clinician entered about the patient."""
        by = self.cast.actor("nurse")
        with acting_as(by):
            return entry_actions.enter_fact(
                by=by, patient_id=self.running.patient.pk, name="height_cm", value=170, on=today()
            )

    @cached_property
    def reader_question(self) -> Any:
        """What somebody without a name asked about an article."""
        passage = Passage(library()["is-it-safe"]["en"], 1)
        with acting_as(reading_actions.listener(self.cast.clinic.pk)) as by:
            return reading_actions.ask_nameless(by=by, passage=passage, text="Why?", key=uuid4(), today=today())

    @cached_property
    def voice(self) -> Any:
        """A story that its patient has sent and nobody has read."""
        with acting_as(self.patient_actor) as by:
            return voice_actions.send_voice(by=by, language="en", text="It helped.", agreed=True)

    @cached_property
    def waste(self) -> Any:
        """A waste that nobody has witnessed yet."""
        by = self.cast.actor("prescriber")
        with acting_as(by):
            return waste_actions.waste(by=by, encounter_id=self.running.id, mg=Decimal(1), key=uuid4())

    @cached_property
    def reading(self) -> Any:
        """A reading that a nurse typed."""
        with acting_as(self.cast.actor("nurse")):
            self.running.vitals(timezone.now(), spo2=98)
            return Observation.objects.filter(encounter_id=self.running.id).latest("id")

    @cached_property
    def medicine(self) -> Any:
        """A line of the patient's own list of medicines."""
        by = self.patient_actor
        with acting_as(by):
            return intake_actions.say_line(
                by=by, patient_id=by.patient_id, of="medicines", name="Lithium", current=True
            )

    @cached_property
    def people(self) -> tuple[Membership, ...]:
        """The patient and the support person of the running session, who sign in."""
        patient = self.running.patient
        with acting_as(self.cast.actor("nurse")):
            for role in ("patient", "support_person"):
                person = Person.objects.create_user(f"{role}.{self.number}@{self.cast.clinic.slug}.example")
                self.cast.members[f"{role}{self.tag}"] = Membership.objects.create(
                    clinic=self.cast.clinic, person=person, role=role, name=patient.name, patient_id=patient.pk
                )
        return tuple(self.cast.members[f"{role}{self.tag}"] for role in ("patient", "support_person"))

    @property
    def patient_actor(self) -> Actor:
        return actor_of(self.people[0])

    @cached_property
    def device(self) -> Any:
        by = self.cast.actor("clinic_admin")
        with acting_as(by):
            return vitals_actions.add_device(by=by, name=f"Monitor {self.number}", key=f"KEY-{self.number}")

    @cached_property
    def encounter(self) -> Encounter:
        with acting_as(self.cast.actor("nurse")):
            return Encounter.objects.get(pk=self.running.id)

    @cached_property
    def put_on(self) -> Any:
        """A monitor that is on the running session."""
        with acting_as(self.cast.actor("clinic_admin")) as by:
            monitor = vitals_actions.add_device(by=by, name=f"Worn {self.number}", key=f"WORN-{self.number}")
        with acting_as(self.cast.actor("nurse")) as by:
            vitals_actions.put_on(by=by, device_id=monitor.pk, encounter_id=self.running.id)
        return monitor

    @cached_property
    def port(self) -> ListenerPort:
        with acting_as(self.cast.actor("clinic_admin")):
            return ListenerPort.objects.create(
                clinic=self.cast.clinic,
                port=20_000 + self.cast.clinic.pk % 10_000 + self.number,
                added_at=timezone.now(),
            )

    @cached_property
    def own_unheard(self) -> Stranger:
        """A sender whom nobody knows yet, of the name of a monitor that the clinic has added and nobody has heard."""
        now, name = timezone.now(), f"UNHEARD-{self.cast.clinic.pk}-{self.number}"
        with acting_as(self.cast.actor("clinic_admin")) as by:
            vitals_actions.add_device(by=by, name=f"Unheard {self.number}", key=name)
            return Stranger.objects.create(
                clinic_id=self.cast.clinic.pk,
                host="192.0.2.9",
                name=name,
                keys=name,
                count=1,
                first_at=now,
                last_at=now,
            )

    @cached_property
    def reminder(self) -> Reminder:
        """A reminder of the booked appointment that is not due yet."""
        visit = self.booked.appointment
        with acting_as(self.cast.actor("nurse")):
            return Reminder.objects.create(
                clinic=self.cast.clinic, patient_id=visit.patient_id, appointment=visit, starts_at=visit.during.lower,
                hours_before=47, due_at=visit.during.lower - timedelta(hours=47),
            )  # fmt: skip

    @property
    def wanted(self) -> Wanted:
        """The booked appointment, moved by a week."""
        visit = self.booked.appointment
        return Wanted(
            visit.during.lower + timedelta(days=7), 120, visit.chair_id, moves=visit.pk, version=visit.version
        )

    @cached_property
    def message(self) -> InboundMessage:
        """A monitor's message that could not be used."""
        with acting_as(self.cast.actor("clinic_admin")):
            return InboundMessage.objects.create(
                clinic_id=self.cast.clinic.pk,
                received_at=timezone.now(),
                peer="192.0.2.1",
                digest=f"{self.number:032d}".encode(),
                raw=b"no message",
                ack="AR",
                fault="no_header",
            )

    @cached_property
    def kept(self) -> StrangerMessage:
        """What a sender on the clinic's port sent, whom nobody knows."""
        now, key = timezone.now(), f"bed:UNKNOWN{self.number}"
        with acting_as(self.cast.actor("clinic_admin")):
            sender = Stranger.objects.create(
                clinic_id=self.cast.clinic.pk, host="192.0.2.1", name=key, keys=key, count=1, first_at=now, last_at=now
            )
            return StrangerMessage.objects.create(
                clinic_id=self.cast.clinic.pk, stranger_id=sender.pk, received_at=now, peer="192.0.2.1:1",
                digest=f"kept{self.number:028d}".encode(), raw=b"no message", ack="AE", fault=f"unknown monitor {key}",
            )  # fmt: skip

    @cached_property
    def evidence(self) -> Any:
        """An entry that an editor has proposed."""
        with acting_as(self.cast.actor("prescriber")) as by:
            title = f"An invented trial of ketamine, number {self.cast.clinic.pk}-{self.number}"
            return evidence_actions.propose(by=by, values={"title": title})

    @cached_property
    def file_of_citations(self) -> Any:
        """A file of which no record was read yet."""
        with acting_as(self.cast.actor("prescriber")) as by:
            return import_actions.hand_over(by=by, name="export.ris", chunks=[b"TY  - JOUR\nTI  - Invented\nER  - \n"])

    @cached_property
    def own_article(self) -> Any:
        """A draft of an article of the clinic's own."""
        with acting_as(self.cast.actor("prescriber")) as by:
            return article_actions.write_article(
                by=by, slug=f"your-visit-{self.number}", language="en", body=OWN_ARTICLE
            )

    @cached_property
    def invitation(self) -> Any:
        by = self.cast.actor("clinic_admin")
        email = f"invited{self.number}@{self.cast.clinic.slug}.example"
        with acting_as(by):
            return accounts_actions.invite(by=by, email=email, name="Invited", role="nurse").invitation

    @cached_property
    def patients_invitation(self) -> Any:
        """What was sent to a patient who has not taken it up."""
        by, patient = self.cast.actor("nurse"), self.booked.patient
        email = f"ana{self.number}@{self.cast.clinic.slug}.example"
        with acting_as(by):
            return accounts_actions.invite(
                by=by, email=email, name="Ana", role="patient", patient_id=patient.pk
            ).invitation

    @cached_property
    def newcomer(self) -> Membership:
        """A nurse whom nobody has confirmed."""
        with acting_as(self.cast.actor("clinic_admin")):
            person = Person.objects.create_user(f"newcomer{self.number}@{self.cast.clinic.slug}.example")
            return Membership.objects.create(
                clinic=self.cast.clinic, person=person, role="nurse", name="New", unconfirmed_since=timezone.now()
            )


OWN_ARTICLE = """+++
title = "Your first visit"
summary = "What to bring, and whom you meet."
stage = "prepare"
topics = ["J01"]
reviewed_on = 2026-01-05
review_by = 2026-12-31
+++

We meet you at the door. You may bring a friend. You can ask us about anything.
"""


# Rows of a clinic. The second value says whether the row belongs to one patient.
BOUND: dict[str, tuple[Callable[[Rows], Any], bool]] = {
    "patient_id": (lambda rows: rows.running.patient.pk, True),
    "person_id": (lambda rows: rows.escort.pk, True),
    "related_person_id": (lambda rows: rows.escort.pk, True),
    "course_id": (lambda rows: rows.booked.appointment.care_plan_id, True),
    "care_plan_id": (lambda rows: rows.booked.appointment.care_plan_id, True),
    "appointment_id": (lambda rows: rows.booked.appointment.pk, True),
    "encounter_id": (lambda rows: rows.running.id, True),
    "session_id": (lambda rows: rows.running.id, True),
    "request_id": (lambda rows: rows.request.pk, True),
    "measure_session_id": (lambda rows: rows.measure_session.pk, True),
    "response_id": (lambda rows: rows.flag.response_id, True),
    "consent_id": (lambda rows: rows.consent.pk, True),
    "question_id": (lambda rows: rows.question.pk, True),
    "flag_id": (lambda rows: rows.flag.pk, True),
    "override_id": (lambda rows: rows.override.pk, True),
    "plan_id": (lambda rows: rows.plan.pk, True),
    "line_id": (lambda rows: rows.medicine.line, True),
    "chair_id": (lambda rows: rows.booked.appointment.chair_id, False),
    "device_id": (lambda rows: rows.device.pk, False),
    "message_id": (lambda rows: rows.message.pk, False),
    "kept_id": (lambda rows: rows.kept.pk, False),
    "stranger_id": (lambda rows: rows.kept.stranger_id, False),
    "membership_id": (lambda rows: rows.cast.members["nurse"].pk, False),
    "newcomer_id": (lambda rows: rows.newcomer.pk, False),
    "visit_id": (lambda rows: rows.running.appointment.pk, True),
    "offer_id": (lambda rows: rows.offer.pk, True),
    "raise_id": (lambda rows: rows.raised.pk, False),
    "fact_id": (lambda rows: rows.fact.pk, True),
    "clearance_id": (lambda rows: rows.clearance.pk, True),
    "finding": (lambda rows: rows.clearance.finding, False),
    "waste_id": (lambda rows: rows.waste.pk, True),
    "row_id": (lambda rows: rows.reading.pk, True),
    "evidence_id": (lambda rows: rows.evidence.pk, False),
    "import_id": (lambda rows: rows.file_of_citations.pk, False),
    "article_id": (lambda rows: rows.own_article.pk, False),
    "reader_question_id": (lambda rows: rows.reader_question.pk, False),
    "voice_id": (lambda rows: rows.voice.pk, False),
    "invitation_id": (lambda rows: rows.invitation.pk, False),
}
