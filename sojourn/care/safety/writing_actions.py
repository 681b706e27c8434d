"""What patients and the people beside them write into rooms that lie below this one: kept there and read for danger
here, in one transaction.

Interfaces call these and never the bare actions; a test walks the pages of patients and holds it. What staff write
down in a patient's own words (the intake) is read as well: whoever types it may be no clinician.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent.models import Consent, ConsentQuestion
from sojourn.care.coordination import day_link_actions, ride_home_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import EscortAnswer
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import wording
from sojourn.care.intake.intake_form import Question, StatedAnswer, intake_form
from sojourn.care.intake.models import IntakeAnswer, ListItem
from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.safety.models import Flag, FlagKind, FlagSource, Severity
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.care.safety.turns import WORRIED
from sojourn.care.safety.words_actions import heed, heed_each
from sojourn.care.scheduling.models import Appointment
from sojourn.clinical.danger import Danger
from sojourn.clinical.danger.beside import read_beside
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import LINK, NoLock, action, either, unchanged
from sojourn.foundation.scope import PatientScope

# The texts of each list of the intake. What is chosen there from a list, or is a day, is no text.
WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    "medicines": ("name", "dose", "how_often", "since"),
    "allergies": ("substance", "reaction"),
    "treatments": ("name", "dose", "duration"),
    "goals": ("text",),
    "concerns": ("text",),
}
PATIENT_LOCKED: Final = NoLock("the patient is locked where the words are kept")


@action(
    either("own.answer", "message.write"),
    locks=PATIENT_LOCKED,
    through=(messaging_actions.write, heed),
)
def write_message(
    *, by: Actor, patient_id: int, body: str, key: UUID, seen: int | None = None, now: datetime | None = None
) -> Communication:
    """``messaging.write``; a patient's message is read for danger, an answer of staff is not."""
    row = messaging_actions.write(by=by, patient_id=patient_id, body=body, key=key, seen=seen, now=now)
    if row.from_patient:
        heed(by=by, patient_id=patient_id, text=row.body, about=f"message:{row.pk}", now=now)
    return row


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it is kept. ``alarming``: help should be offered now, before the next question. What a clinician
    should only see soon (somebody is not sure) raises its flag and asks nothing of the patient."""

    row: IntakeAnswer
    alarming: bool


@action(
    either("own.answer", "intake.enter"),
    locks=PATIENT_LOCKED,
    through=(intake_actions.answer, raise_flag, heed),
)
def answer_intake(
    *,
    by: Actor,
    patient_id: int,
    question_id: str,
    told: StatedAnswer,
    seen: int | None,
    confirmed: frozenset[str] = frozenset(),
    now: datetime | None = None,
) -> KeptAnswer:
    """``intake.answer``; a text is read for danger, and an answer that the intake names as a sign of danger raises its
    flags (voices, thoughts of suicide, self-harm)."""
    row = intake_actions.answer(
        by=by, patient_id=patient_id, question_id=question_id, told=told, seen=seen, confirmed=confirmed, now=now
    )
    # The key as flags have had it from the beginning.
    question, about = intake_form().by_id[question_id], f"story:{question_id}:{row.pk}"
    signs = question.signs_of(told)
    for kind, severity in signs:
        raise_flag(
            by=by, patient_id=patient_id, kind=FlagKind(kind), severity=Severity(severity), source=FlagSource.ANSWER,
            about=about, detail=_in_the_clinics_words(by, question, told), now=now,
        )  # fmt: skip
    text = told.value if question.kind == "text" and told.standing == "told" else ""
    found = heed(by=by, patient_id=patient_id, text=text, about=about, now=now)
    alarming = found is not None or any(severity != Severity.SOON for _kind, severity in signs)
    return KeptAnswer(row, alarming)


def _in_the_clinics_words(by: Actor, question: Question, told: StatedAnswer) -> str:
    """The question and its answer, as its readers at the clinic read them."""
    with translation.override(Clinic.objects.values_list("language", flat=True).get(pk=by.own_clinic_id)):
        return f"{_(question.text)} {wording.said(question, told)}"


@action(
    either("own.answer", "intake.enter"),
    locks=PATIENT_LOCKED,
    through=(intake_actions.say_line, heed_each),
)
def say_line(
    *,
    by: Actor,
    patient_id: int,
    of: str,
    line: UUID | None = None,
    seen: int | None = None,
    sure: bool = False,
    now: datetime | None = None,
    **values: Any,
) -> ListItem:
    """``intake.say_line``, read for danger in each of its texts."""
    row = intake_actions.say_line(
        by=by, patient_id=patient_id, of=of, line=line, seen=seen, sure=sure, now=now, **values
    )
    texts = [getattr(row, name) for name in WRITTEN[of]]
    heed_each(by=by, patient_id=patient_id, texts=texts, about=f"story:{of}:{row.pk}", now=now)
    return row


@action(
    either("own.answer", "intake.enter"),
    locks=PATIENT_LOCKED,
    through=(intake_actions.name_person, heed_each),
)
def name_person(
    *,
    by: Actor,
    patient_id: int,
    name: str,
    relationship: str = "",
    phone: str = "",
    email: str = "",
    brings_home: bool = True,
    emergency_contact: bool = False,
    now: datetime | None = None,
) -> RelatedPerson:
    """``intake.name_person``, read for danger."""
    row = intake_actions.name_person(
        by=by, patient_id=patient_id, name=name, relationship=relationship, phone=phone, email=email,
        brings_home=brings_home, emergency_contact=emergency_contact, now=now,
    )  # fmt: skip
    texts = (row.name, row.relationship, row.phone)
    heed_each(by=by, patient_id=patient_id, texts=texts, about=f"person:{row.pk}", now=now)
    return row


@action(
    "own.visits",
    locks=NoLock("the appointment is locked where the person is named"),
    through=(ride_home_actions.bring, heed_each),
)
def bring(
    *, by: Actor, appointment_id: int, name: str, email: str = "", phone: str = "", relationship: str = "",
    now: datetime | None = None,
) -> Appointment:  # fmt: skip
    """``ride_home_actions.bring``, read for danger."""
    row = ride_home_actions.bring(
        by=by, appointment_id=appointment_id, name=name, email=email, phone=phone, relationship=relationship, now=now
    )
    texts = (name, relationship, phone)
    heed_each(by=by, patient_id=row.patient_id, texts=texts, about=f"person:{row.escort_id}", now=now)
    return row


@action("own.sign", locks=PATIENT_LOCKED, through=(consent_actions.ask_question, heed))
def ask_question(
    *, by: Actor, document_id: str, section_id: str, text: str, now: datetime | None = None
) -> ConsentQuestion:
    """``consent.ask_question``, read for danger."""
    row = consent_actions.ask_question(by=by, document_id=document_id, section_id=section_id, text=text, now=now)
    heed(by=by, patient_id=row.patient_id, text=row.text, about=f"consent_question:{row.pk}", now=now)
    return row


@action("own.sign", locks=PATIENT_LOCKED, through=(consent_actions.sign, heed))
def sign(*, by: Actor, token: str, signed_name: str = "", now: datetime | None = None, **given: Any) -> Consent:
    """``consent.sign``; what stands where a name should is read for danger."""
    row = consent_actions.sign(by=by, token=token, signed_name=signed_name, now=now, **given)
    heed(by=by, patient_id=row.patient_id, text=row.signed_name, about=f"consent:{row.pk}", now=now)
    return row


# ---------------------------------------------------------------- the people beside a patient


WORRY: Final = 150  # characters of a worry: a flag keeps it whole, beside the name of whoever is worried


@action(LINK, locks=WORRIED, through=(raise_flag,))
def worry_of(*, by: Actor, text: str, about: str = "", now: datetime | None = None) -> Flag | None:
    """Raise the worry that the words of a support person call for, whoever they tell of; None where they call for none.
    ``about`` is "" for words that no row keeps."""
    found, now = read_beside(text), now or timezone.now()
    if found is None:
        return unchanged(None)
    words = text if len(text) <= WORRY else f"{found.phrase} … {text}"  # what a flag cuts is not the danger
    return _worry(by, Severity(found.severity), about, words, now)


@action(
    LINK,
    locks=NoLock("the appointment is locked where the answer is written"),
    through=(ride_home_actions.answer, worry_of),
)
def answer_ride_home(*, by: Actor, comes: bool, note: str = "", now: datetime | None = None) -> EscortAnswer:
    """``ride_home_actions.answer``. Words of danger in the note of a support person are a worry about the patient:
    whose danger they tell of, a clinician must ask."""
    row = ride_home_actions.answer(by=by, comes=comes, note=note, now=now)
    # As flags have been keyed from the beginning: the same note raises no second one.
    worry_of(by=by, text=row.note, about=f"way_home:{row.pk}", now=now)
    return row


@action(
    LINK,
    locks=NoLock("the patient is locked where the words are kept, and no other row hangs on what the link opens"),
    through=(messaging_actions.write_by_link, heed),
)
def write_by_link(*, by: Actor, device: str, body: str, key: UUID, now: datetime | None = None) -> Danger | None:
    """Keep what was written on the page that a day's link opens, and read it for danger as if it were the patient's:
    whoever holds their phone. What was found, or None. ``device``: what the browser was given when it opened the link.

    Refused: unknown, unopened, elsewhere, early, over, ended, cancelled, nothing, too-long.
    """
    now = now or timezone.now()
    view, guest = day_link_actions.opened(by.token_hash, device, now)
    patient_id = view.link.patient_id
    with acting_as(guest):
        row = messaging_actions.write_by_link(by=guest, patient_id=patient_id, body=body, key=key, now=now)
        return heed(by=guest, patient_id=patient_id, text=row.body, about=f"message:{row.pk}", now=now)


@action(LINK, locks=NoLock("a flag is locked where it is raised"), through=(heed,))
def heed_by_link(*, by: Actor, text: str, now: datetime | None = None) -> Danger | None:
    """What was sent by the link of a day and could not be kept (another device, too late, too long) is heard all the
    same, whatever the link is worth. Pressed twice within a minute it is one. Refused: unknown."""
    now = now or timezone.now()
    view = coordination_queries.day_view(by.token_hash)
    if view is None:
        raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
    guest = day_link_actions.guest_of(view)
    with acting_as(guest):
        about = f"unkept:day:{now:%Y%m%d%H%M}"
        return heed(by=guest, patient_id=view.link.patient_id, text=text, about=about, now=now)


@action(LINK, locks=WORRIED, through=(raise_flag,))
def worry(*, by: Actor, text: str, now: datetime | None = None) -> Flag:
    """A support person is worried about the patient and says so: a flag, whatever the words. ``by`` asks with the
    link's ``token_hash``. Pressed twice within a minute it is one. Refused: nothing, unknown."""
    said, now = " ".join(text.split()), now or timezone.now()
    if not said:
        raise ActionRefused(_("Write a few words first."), codes=("nothing",))
    found = read_beside(said)
    severity = Severity(found.severity) if found is not None else Severity.URGENT
    return _worry(by, severity, "", said, now)


def _unkept(of: PatientScope, now: datetime) -> str:
    """A worry that stands in no row but its flag: pressed twice within a minute it is one, also where the minute of the
    clock ends between the two."""
    lately = of.rows(Flag).filter(
        kind=FlagKind.WORRIED,
        about__startswith="worry:",
        raised_at__gt=now - timedelta(minutes=1),
    )
    # Two at the same moment do not see each other: the minute in the key makes them one, as the database keeps it.
    return lately.values_list("about", flat=True).first() or f"worry:{now:%Y%m%d%H%M}"


def _worry(by: Actor, severity: Severity, about: str, words: str, now: datetime) -> Flag:
    view = coordination_queries.escort_view(by.token_hash)
    if view is None:
        raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
    patient_id, name = view.link.patient_id, view.person.name
    guest = Actor(clinic_id=view.link.clinic_id, patient_id=patient_id, role="support_person", name=name)
    with acting_as(guest):
        return raise_flag(
            by=guest, patient_id=patient_id, kind=FlagKind.WORRIED, severity=severity,
            source=FlagSource.SUPPORT_PERSON, about=about or _unkept(PatientScope(patient_id), now),
            detail=f"{name}: {words}", now=now,
        )  # fmt: skip
