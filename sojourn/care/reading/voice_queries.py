"""Voices: one's own, those that wait for a moderator, and those that are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import connection
from django.utils import timezone

from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.reading.consent_words import SHOWN_FOR
from sojourn.care.reading.models import Voice, VoiceKind, VoiceStep, VoiceStepKind, VoiceText
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.scope import PatientScope, clinic_rows, one_row


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OneVoice:
    """A voice with its newest wording and what happened last. ``writers``: the newest wording of the writer's own."""

    voice: Voice
    step: VoiceStep | None
    text: str
    writers: str

    @property
    def state(self) -> str:
        """ "draft" before it was sent first."""
        return self.step.kind if self.step is not None else "draft"

    @property
    def seen(self) -> int:
        return self.step.pk if self.step is not None else 0

    @property
    def is_open(self) -> bool:
        """Whether its writer may write on it."""
        return self.state in ("draft", VoiceStepKind.SET_ASIDE)

    @property
    def is_shown(self) -> bool:
        """Only the very wording to which its writer said yes."""
        return (
            self.step is not None and self.state == VoiceStepKind.AGREED and self.step.text_hash == hash_of(self.text)
        )

    @property
    def text_hash(self) -> str:
        return hash_of(self.text)

    @property
    def shown_since(self) -> datetime | None:
        return self.step.at if self.step is not None and self.is_shown else None

    @property
    def shown_until(self) -> datetime | None:
        """When the yes of its writer ends."""
        return self.shown_since + SHOWN_FOR if self.shown_since is not None else None

    def is_over(self, now: datetime) -> bool:
        """Whether its writer said yes, and so long ago that it must be said again."""
        return self.shown_until is not None and self.shown_until <= now


def _with_newest(voices: Iterable[Voice]) -> list[OneVoice]:
    """Voices with their newest steps and wordings. Two queries."""
    found = list(voices)
    steps, texts, writers = dict[int, VoiceStep](), dict[int, str](), dict[int, str]()
    for step in clinic_rows(VoiceStep).filter(voice__in=found).order_by("id"):
        steps[step.voice_id] = step
    for each in clinic_rows(VoiceText).filter(voice__in=found).order_by("id"):
        texts[each.voice_id] = each.text
        if each.from_writer:
            writers[each.voice_id] = each.text
    return [OneVoice(each, steps.get(each.pk), texts.get(each.pk, ""), writers.get(each.pk, "")) for each in found]


def own_voice(member_id: int) -> OneVoice | None:
    """The newest voice of a member that was not withdrawn. Three queries."""
    found = _with_newest(clinic_rows(Voice).filter(writer_id=member_id).order_by("-id")[:1])
    return next((each for each in found if each.state != VoiceStepKind.WITHDRAWN), None)


def one_voice(voice_id: int) -> OneVoice:
    """One voice that was sent. Raises DoesNotExist, also for a draft: it is its writer's alone. Three queries."""
    (found,) = _with_newest([one_row(Voice, voice_id).get()])
    if found.state == "draft":
        raise Voice.DoesNotExist
    return found


def sent_voices(limit: int = 200) -> list[OneVoice]:
    """The voices that were sent and not withdrawn, those that wait for a moderator first, the oldest first. Three
    queries."""
    found = _with_newest(clinic_rows(Voice).order_by("-id")[:limit])
    over = ("draft", VoiceStepKind.WITHDRAWN)
    return sorted(
        (each for each in found if each.state not in over),
        key=lambda each: (each.state != VoiceStepKind.SENT, each.seen),
    )


def shown_voices(language: str, now: datetime | None = None) -> list[OneVoice]:
    """What is shown to everybody in a language, the newest first: as long as its writer's yes lasts, and invented
    examples only where the demo runs. Ask as the program. Three queries."""
    now = now or timezone.now()
    found = _with_newest(clinic_rows(Voice).filter(language=language).order_by("-id")[:500])
    return [
        each for each in found if each.is_shown and not each.is_over(now) and (settings.DEMO or not each.voice.invented)
    ]


def of_the_demo(clinic_id: int) -> bool:
    """Whether the demo invented this clinic. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sojourn_demo_clinic(%s)", [clinic_id])
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a clinic knows and that could stand in a voice."""

    people: tuple[str, ...]
    places: tuple[str, ...]


def names_known(voice: Voice) -> Known:
    """The writer's, of whoever is beside them and of the staff; of the clinic, its street and town. At most four
    queries."""
    clinic = Clinic.objects.get(pk=voice.clinic_id)
    places = [clinic.name, *(each.strip() for each in clinic.address.replace("\n", ",").split(","))]
    names = list[str]()
    names += clinic_rows(Membership).filter(patient_id=None).values_list("name", flat=True)
    if voice.kind == VoiceKind.STORY and voice.patient_id is not None:
        of = PatientScope(voice.patient_id)
        names += [f"{each.given_name} {each.family_name}" for each in of.rows(Patient)]
        names += of.rows(RelatedPerson).values_list("name", flat=True)
    return Known(tuple(filter(None, names)), tuple(filter(None, places)))
