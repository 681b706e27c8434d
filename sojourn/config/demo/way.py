"""The way from first contact to a signed plan, step by step on days that follow each other.

Decisions, agreements and plans go through their rooms' own actions with ``now`` back then; what is only told or
measured is written in bulk. No letter goes out: a patient's address is set when their history is complete.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sojourn.care.candidacy import actions as candidacy
from sojourn.care.candidacy import queries as judged
from sojourn.care.candidacy.actions import Answer as Decided
from sojourn.care.consent import actions as consent
from sojourn.care.consent import queries as agreed
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentCountersignature, Decision
from sojourn.care.intake import actions as intake
from sojourn.care.intake import queries as known
from sojourn.care.intake.models import (
    AllergyIntolerance,
    ClinicalFact,
    Concern,
    Goal,
    IntakeAnswer,
    MedicationStatement,
    PreviousTreatment,
)
from sojourn.care.messaging import actions as messaging
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions as plans
from sojourn.care.plan import dose
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.care.plan.parts import Part
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.config.demo import open_eyes, tales
from sojourn.config.demo.tales import Tale
from sojourn.foundation.accounts.actions import PATIENT_LINK_LIVES, hash_of, invite
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.models import Clinic, Invitation, Membership, Person
from sojourn.foundation.accounts.queries import asker_of
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook import medicines as shipped

DRUG, ROUTE, PROTOCOL = "ketamine", "iv", "iv_racemic_40min"

# Step -> (days before the first session, clock). A weekend falls on the Friday before; the clocks keep the order.
STEPS: Final = {
    "invited": (23, time(8, 10)), "begun": (22, time(8, 40)), "sent": (20, time(9, 5)), "reviewed": (16, time(10, 0)),
    "decided": (14, time(13, 0)), "asked": (14, time(13, 20)), "question": (13, time(14, 10)),
    "agreed": (12, time(15, 0)), "countersigned": (11, time(16, 0)), "drafted": (8, time(16, 10)),
    "checked": (8, time(16, 30)), "signed": (7, time(17, 0)),
}  # fmt: skip


@dataclass
class Team:
    """Who does what in a clinic, as askers."""

    clinic: Clinic
    prescribers: list[Asker]
    nurses: list[Asker]
    therapist: Membership
    desk: Asker
    password: str  # encoded
    forms: dict[str, list[texts.Text]] = field(default_factory=dict)

    @cached_property
    def rules(self) -> judged.Rules:
        return judged.rules(self.clinic.pk)


@dataclass
class Walk:
    """One person on the way, and how far they have come."""

    team: Team
    patient: Patient
    tale: Tale
    anchor: date
    own: random.Random
    number: int
    signed_in: bool = False
    by: Asker | None = None  # the patient, once they have a sign-in
    tested_at: datetime | None = None  # when the laboratory last reported

    def at(self, step: str, later: timedelta = timedelta()) -> datetime:
        before, clock = STEPS[step]
        day = self.anchor - timedelta(days=before)
        day -= timedelta(days=max(0, day.weekday() - 4))
        return datetime.combine(day, clock, self.team.clinic.zone) + later

    def day(self, step: str) -> date:
        return self.at(step).date()

    @property
    def prescriber(self) -> Asker:
        return self.team.prescribers[self.number % len(self.team.prescribers)]

    @property
    def nurse(self) -> Asker:
        return self.team.nurses[self.number % len(self.team.nurses)]

    @property
    def speaker(self) -> Asker:
        assert self.by is not None
        return self.by


def anchor_for(step: str, today: date, days_ago: int) -> date:
    """The day of the first session for somebody whose newest step lies so many days back."""
    return today - timedelta(days=days_ago) + timedelta(days=STEPS[step][0])


# ---------------------------------------------------------------- invited, and the story


def send_invitation(walk: Walk, email: str, now: datetime) -> None:
    """An open invitation, with its letter in the outbox: its link can be opened."""
    invite(
        by=walk.team.desk, email=email, name=walk.patient.name, role="patient", patient_id=walk.patient.pk,
        language=walk.patient.language, now=now,
    )  # fmt: skip


def join(walk: Walk, email: str) -> None:
    """The invitation was sent and taken up; from here on the patient speaks."""
    clinic, at = walk.team.clinic, walk.at("invited")
    person = Person.objects.create(
        email=email, password=walk.team.password, demo=True, language=walk.patient.language
    )  # fmt: skip
    Invitation.objects.create(
        clinic=clinic, email=email, name=walk.patient.name, role="patient", patient_id=walk.patient.pk,
        token_hash=hash_of(f"used up: {clinic.pk}/{walk.patient.pk}"), sent_at=at, sent_by_id=walk.team.desk.member,
        expires_at=at + PATIENT_LINK_LIVES, accepted_at=at + timedelta(minutes=25),
    )  # fmt: skip
    member = Membership.objects.create(
        clinic=clinic, person=person, role="patient", name=walk.patient.name, patient_id=walk.patient.pk
    )
    walk.by = asker_of(member)


def tell_story(walk: Walk, *, share: float = 1.0) -> None:
    """The answers and lists of the story, or the first part of them."""
    tale, begun, sent = walk.tale, walk.at("begun"), walk.at("sent")
    said = list(tales.answers(tale).items())
    said = said[: max(3, round(len(said) * share))]
    reached = {question_id for question_id, _told in said}
    between = (sent - timedelta(minutes=15) - begun) / max(1, len(said))
    clock = {question_id: begun + between * number for number, (question_id, _told) in enumerate(said)}
    IntakeAnswer.objects.bulk_create(
        IntakeAnswer(
            **_said(walk, clock[question_id]), question_id=question_id, standing=told.standing, value=told.value
        )
        for question_id, told in said
    )

    def common(of: str, number: int) -> dict[str, Any]:
        return _said(walk, clock[of] + timedelta(seconds=20 * number)) | {"line": UUID(int=walk.own.getrandbits(128))}

    if "medicines" in reached:
        MedicationStatement.objects.bulk_create(
            MedicationStatement(
                **common("medicines", number), **_recognised(each.name), name=each.name, dose=each.dose,
                how_often=tale.say(each.how_often), since=tale.say(each.since),
            )
            for number, each in enumerate(tale.medicines)
        )  # fmt: skip
    if "treatments" in reached:
        PreviousTreatment.objects.bulk_create(
            PreviousTreatment(
                **common("treatments", number), **(_recognised(each.name) if each.kind == "medicine" else {}),
                kind=each.kind, name=each.name, dose=each.dose, duration=tale.say(each.duration), outcome=each.outcome,
                long_enough=each.long_enough,
            )
            for number, each in enumerate(tale.treatments)
        )  # fmt: skip
    if "allergies" in reached:
        AllergyIntolerance.objects.bulk_create(
            AllergyIntolerance(**common("allergies", number), substance=what, reaction=tale.say(words))
            for number, (what, words) in enumerate(tale.allergies)
        )
    if "goals" in reached:
        Goal.objects.bulk_create(Goal(**common("goals", n), text=each) for n, each in enumerate(tale.goals))
    if "concerns" in reached:
        Concern.objects.bulk_create(Concern(**common("concerns", n), text=each) for n, each in enumerate(tale.concerns))
    if share >= 1:
        intake.send(by=walk.speaker, patient_id=walk.patient.pk, now=sent)


def _said(walk: Walk, at: datetime) -> dict[str, Any]:
    return {
        "clinic": walk.team.clinic, "patient": walk.patient, "said_at": at, "said_by_id": walk.speaker.member,
        "on_behalf": False,
    }  # fmt: skip


def _recognised(name: str) -> dict[str, str]:
    found = shipped.medicine(name)
    return {"ingredient": found.name, "rxcui": found.rxcui or ""} if found.known else {"ingredient": "", "rxcui": ""}


# ---------------------------------------------------------------- what the clinic finds


def measure(walk: Walk, values: dict[str, Any], at: datetime, *, told_by: str = "clinician", note: str = "") -> None:
    """Facts of one consultation, or of one laboratory report."""
    assert set(values) <= set(VOCABULARY)
    ClinicalFact.objects.bulk_create(
        ClinicalFact(
            clinic=walk.team.clinic, patient=walk.patient, name=name, value=value,
            observed_on=clinic_day(at, walk.team.clinic),
            told_by=told_by, source_note=note, entered_at=at, entered_by_id=walk.nurse.member,
            entered_by_name=walk.nurse.name,
        )
        for name, value in values.items()
    )  # fmt: skip


def review(walk: Walk, *, without: Sequence[str] = ()) -> None:
    """The consultation: vital signs, ECG, tests, judgement; and the laboratory's report before it."""
    at = walk.at("reviewed")
    test_again(walk, at - timedelta(minutes=70))
    measure(walk, {name: value for name, value in walk.tale.found.items() if name not in without}, at)


def test_again(walk: Walk, at: datetime) -> None:
    """The laboratory's report."""
    note = walk.tale.say(("Laboratory report", "Informe de laboratorio"))
    measure(walk, walk.tale.laboratory, at, told_by="imported", note=note)
    walk.tested_at = at


# ---------------------------------------------------------------- decided


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A decision in the patient's words, English and Spanish."""

    kind: str
    explanation: tales.Words = ("", "")
    alternatives: tales.Words = ("", "")
    would_change: tales.Words = ("", "")
    conditions: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    awaited_words: tales.Words = ("", "")
    until_days: int = 0


ACCEPTED: Final = Reasoned(
    "accept",
    ("Your story, your blood pressure and your tests speak for this treatment. We see nothing that makes it unsafe for "
     "you. It helps many people, and not everybody.",
     "Su historia, su presión y sus pruebas hablan a favor de este tratamiento. No vemos nada que lo haga inseguro "
     "para usted. Ayuda a muchas personas, aunque no a todas."),
    ("You can also go on as you are, change the tablet, or try magnetic stimulation (TMS).",
     "También puede seguir como hasta ahora, cambiar de pastilla o probar la estimulación magnética (EMT)."),
)  # fmt: skip
WITH_CONDITIONS: Final = Reasoned(
    "accept_with_conditions",
    ("This treatment can fit you. Because your mood can also swing up, and because drinking was hard for you once, we "
     "look more often, and you take nothing home.",
     "Este tratamiento puede servirle. Como su ánimo también puede subir, y beber fue difícil para usted en otro "
     "tiempo, miraremos más a menudo y no se llevará nada a casa."),
    ("Another mood stabilizer, or magnetic stimulation (TMS).",
     "Otro estabilizador del ánimo o la estimulación magnética (EMT)."),
    conditions=("The mood stabiliser goes on unchanged", "A mania scale before each session",
                "Every dose is given in the clinic, nothing to take home"),
)  # fmt: skip
DEFERRED: Final = Reasoned(
    "defer",
    ("Your blood pressure was too high on the day of your visit. The medicine raises it further for an hour or two, "
     "and that would not be safe now. This is not a no.",
     "Su presión estaba demasiado alta el día de la visita. El medicamento la sube todavía más durante una o dos "
     "horas, y ahora no sería seguro. Esto no es un no."),
    ("Meanwhile your therapist and your present medicine go on. If things get worse, call us.",
     "Mientras tanto siguen su terapeuta y su medicina actual. Si empeora, llámenos."),
    ("Your own doctor treats your blood pressure. When it stays at or below 140 over 90 on two visits, we "
     "decide again.",
     "Su médico trata su presión. Cuando se mantenga en 140 sobre 90 o menos en dos visitas, decidiremos de nuevo."),
    awaited=("sbp", "dbp"), awaited_words=("A letter from the family doctor", "Una carta del médico de cabecera"),
    until_days=28,
)  # fmt: skip
DECLINED: Final = Reasoned(
    "decline",
    ("You told us of a bulge in a blood vessel (an aneurysm). This medicine raises the blood pressure, and such a "
     "vessel could tear. We do not give it to you.",
     "Nos contó que tiene un vaso sanguíneo dilatado (un aneurisma). Este medicamento sube la presión y el vaso podría "
     "romperse. No se lo damos."),
    ("Magnetic stimulation (TMS) does not raise the blood pressure: we have written to a center near you. A change of "
     "your tablet, and talk therapy with Dana, are open to you as well.",
     "La estimulación magnética (EMT) no sube la presión: hemos escrito a un centro cerca de usted. También puede "
     "cambiar de pastilla y hacer terapia con nosotros."),
    ("If a vascular specialist finds that there is no aneurysm.",
     "Si un especialista vascular comprueba que no hay aneurisma."),
)  # fmt: skip


def decide(walk: Walk, reasoned: Reasoned) -> None:
    """The prescriber signs what the rules and the person's situation allow."""
    at, tale = walk.at("decided"), walk.tale
    newest = judged.latest(walk.patient.pk)
    day = clinic_day(at, walk.team.clinic)
    facts, taken = known.facts(walk.patient, day), known.medicines(walk.patient.pk)
    assessed = judged.assess(walk.patient, facts, taken, walk.team.rules, drug=DRUG, route=ROUTE, on=day)
    accepts = reasoned.kind.startswith("accept")
    if accepts:
        open_eyes.clear(walk.nurse, tale, assessed, at)
    candidacy.decide(
        by=walk.prescriber,
        patient_id=walk.patient.pk,
        answer=Decided(
            kind=reasoned.kind, conditions=reasoned.conditions, awaited=reasoned.awaited,
            awaited_words=tale.say(reasoned.awaited_words),
            until_on=day + timedelta(days=reasoned.until_days) if reasoned.until_days else None,
            explanation=tale.say(reasoned.explanation), alternatives=tale.say(reasoned.alternatives),
            would_change=tale.say(reasoned.would_change),
            reasons=open_eyes.reasons(tale, assessed) if accepts else {},
        ),
        seen=assessed.seen(newest.pk if newest else None),
        now=at,
    )  # fmt: skip


# ---------------------------------------------------------------- agreed


def ask_consent(walk: Walk) -> None:
    consent.ask(by=walk.nurse, patient_id=walk.patient.pk, route=ROUTE, drug=DRUG, now=walk.at("asked"))


def ask_question(walk: Walk, *, answered: bool = True) -> None:
    """The patient asks about a section before signing."""
    words = ("I take the bus. May I go home by bus if my daughter sits beside me?",
             "Yo voy en autobús. ¿Puedo volver en autobús si mi hija va a mi lado?")  # fmt: skip
    question = consent.ask_question(
        by=walk.speaker, document_id="driving", section_id="home", text=walk.tale.say(words), now=walk.at("question")
    )
    if answered:
        reply = ("Yes, if she stays beside you all the way and for the evening.",
                 "Sí, si va a su lado todo el camino y se queda por la noche.")  # fmt: skip
        at = walk.at("question", timedelta(minutes=40))
        consent.reply(by=walk.nurse, question_id=question.pk, text=walk.tale.say(reply), now=at)


def agree(walk: Walk) -> list[Consent]:
    """Every document that the way of giving the medicine needs, read and signed one after the other."""
    signed = []
    for number, text in enumerate(_texts(walk)):
        row = consent.sign(
            by=walk.speaker, token=agreed.signing_token(walk.patient.pk, text),
            statements=[each.id for each in text.statements], signed_name=walk.patient.name,
            now=walk.at("agreed", timedelta(minutes=6 * number)),
        )  # fmt: skip
        signed.append(row)
    return signed


def agree_long_ago(walk: Walk) -> None:
    """The same as rows, for those whose agreement is history: signed by the patient, then by the prescriber."""
    clinic, by = walk.team.clinic, walk.prescriber
    signed = Consent.objects.bulk_create(
        Consent(
            clinic=clinic, patient=walk.patient, document_id=text.document_id, document_version=text.version,
            language=text.language, route=text.way, jurisdiction=clinic.jurisdiction, content=text.content,
            content_hash=text.hash, decision=Decision.PERMIT, statements=[each.id for each in text.statements],
            signed_name=walk.patient.name, nonce=f"{walk.own.getrandbits(128):032x}",
            signed_at=walk.at("agreed", timedelta(minutes=6 * number)),
        )
        for number, text in enumerate(_texts(walk))
    )  # fmt: skip
    ConsentCountersignature.objects.bulk_create(
        ConsentCountersignature(
            clinic=clinic, patient=walk.patient, consent=row, capacity_confirmed=True, signed_by_id=by.member,
            signer_name=by.name, signed_at=walk.at("countersigned", timedelta(minutes=2 * number)),
        )
        for number, row in enumerate(signed)
    )  # fmt: skip


def _texts(walk: Walk) -> list[texts.Text]:
    way, team, language = texts.way_of(ROUTE, DRUG), walk.team, walk.patient.language
    if language not in team.forms:
        own = agreed.shelf(team.clinic)
        found = [own.text(each.id, way, language) for each in texts.newest().values() if each.needed_for(way)]
        team.forms[language] = [each for each in found if each is not None]
    return team.forms[language]


def countersign(walk: Walk, signed: Sequence[Consent]) -> None:
    for number, row in enumerate(signed):
        consent.countersign(
            by=walk.prescriber, consent_id=row.pk, capacity_confirmed=True, seen_hash=row.content_hash,
            now=walk.at("countersigned", timedelta(minutes=2 * number)),
        )  # fmt: skip


# ---------------------------------------------------------------- planned


def draft(walk: Walk, intention: str) -> PlanVersion:
    """The first version, by the prescriber: the dose by the weight of that day, which counts for the whole series."""
    at = walk.at("drafted")
    measure(walk, {"weight_kg": walk.tale.weight_kg}, at - timedelta(minutes=20))
    version = plans.draft(by=walk.prescriber, patient_id=walk.patient.pk, now=at)
    therapist = walk.team.therapist.name
    kinds = {"ptsd": "talk", "bipolar_depression": "family"}
    parts = (
        Part("preparation", therapist, 1, "once"), Part("integration", therapist, 1, "session"),
        Part(kinds.get(walk.tale.battery, "cbt"), therapist, 1, "week"),
    )  # fmt: skip
    values = {
        "indication": walk.tale.indication, "protocol_id": PROTOCOL, "per_kg": Decimal(walk.tale.per_kg),
        "weight_kg": Decimal(str(walk.tale.weight_kg)), "weight_on": walk.day("drafted"),
        "round_mg": Decimal("0.5"), "round_direction": "nearest", "over_min": Decimal(40),
        "stock_mg_per_ml": Decimal(50), "total_ml": Decimal(50), "sessions": 6, "min_days": 2, "max_days": 7,
        "starts_on": walk.anchor, "review_after": 6, "intention": intention, "parts": parts,
    }  # fmt: skip
    return plans.save_draft(
        by=walk.prescriber, version_id=version.pk, seen=version.revision, values=values,
        now=at + timedelta(minutes=9),
    )  # fmt: skip


def check(walk: Walk, version: PlanVersion, at: datetime) -> None:
    _check(walk.nurse, version, at)


def _check(nurse: Asker, version: PlanVersion, at: datetime) -> None:
    plans.double_check(
        by=nurse, version_id=version.pk, weight_kg=version.weight_kg, amount=version.per_kg or Decimal(0), now=at
    )


def sign(walk: Walk, version: PlanVersion, at: datetime) -> CarePlan:
    return _sign(walk.prescriber, version, at)


def _sign(prescriber: Asker, version: PlanVersion, at: datetime) -> CarePlan:
    fresh = PlanVersion.objects.get(pk=version.pk)
    signed = plans.sign(by=prescriber, version_id=fresh.pk, seen_hash=dose.content_hash(fresh), now=at)
    assert signed.care_plan is not None
    return signed.care_plan


def change(walk: Walk, course: CarePlan, at: datetime, reason: str, weight_kg: float, **values: Any) -> CarePlan:
    """A new version with its reason: weighed again, checked again, signed; the one before is superseded."""
    measure(walk, {"weight_kg": weight_kg}, at - timedelta(minutes=50))
    return renew(walk.prescriber, walk.nurse, course, at, reason, Decimal(str(weight_kg)), **values)


def renew(
    prescriber: Asker, nurse: Asker, course: CarePlan, at: datetime, reason: str, weight_kg: Decimal, **values: Any
) -> CarePlan:
    """A new version by the weight of that day: drafted, checked by another person, signed at ``at``."""
    version = plans.draft(
        by=prescriber, patient_id=course.patient_id, course_id=course.pk, now=at - timedelta(minutes=40)
    )
    version = plans.save_draft(
        by=prescriber, version_id=version.pk, seen=version.revision,
        values={"weight_kg": weight_kg, "weight_on": clinic_day(at, prescriber), "change_reason": reason, **values},
        now=at - timedelta(minutes=30),
    )  # fmt: skip
    _check(nurse, version, at - timedelta(minutes=15))
    return _sign(prescriber, version, at)


# ---------------------------------------------------------------- messages


THREADS: Final[tuple[tuple[tales.Words, tales.Words | None], ...]] = (
    (("May I take my morning tablets on the day of the session?", "¿Puedo tomar mis pastillas el día de la sesión?"),
     ("Yes, with a sip of water, as always. Bring the list with you.",
      "Sí, con un sorbo de agua, como siempre. Traiga la lista.")),
    (("My wife asks how long she needs to stay with me afterwards.",
      "Mi pareja pregunta cuánto tiempo debe quedarse conmigo después."),
     ("Until you go to bed that evening. No driving until the next morning.",
      "Hasta que se acueste esa noche. No conduzca hasta la mañana siguiente.")),
    (("Thank you for last Tuesday. I slept eight hours.", "Gracias por lo del martes. Dormí ocho horas."),
     ("That is good to read. See you on your next day.", "Qué bueno leerlo. Nos vemos el próximo día.")),
)  # fmt: skip
UNANSWERED: Final[tales.Words] = (
    "I have a cold since yesterday, with a cough. Should I still come?",
    "Tengo un resfriado desde ayer, con tos. ¿Vengo igual?",
)


def write_messages(walk: Walk, at: datetime, *, waits: bool = False) -> None:
    """One exchange; or, with ``waits``, a message that nobody has answered yet."""
    question, answer = (UNANSWERED, None) if waits else THREADS[walk.number % len(THREADS)]
    key = UUID(int=walk.own.getrandbits(128))
    row: Communication = messaging.write(
        by=walk.speaker, patient_id=walk.patient.pk, body=walk.tale.say(question), key=key, now=at
    )
    if answer is not None:
        messaging.write(
            by=walk.nurse, patient_id=walk.patient.pk, body=walk.tale.say(answer), key=UUID(int=key.int ^ 1),
            seen=row.pk, now=at + timedelta(minutes=55),
        )  # fmt: skip
        messaging.mark_read(by=walk.speaker, patient_id=walk.patient.pk, upto=row.pk, now=at + timedelta(hours=3))
