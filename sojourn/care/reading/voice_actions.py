"""Write a story or a view, send it, agree to what will be shown, and take it back.

A moderator proposes the wording; shown is what its writer said yes to, and nothing else. Whatever is withdrawn is
deleted, and the audit keeps that it was, never a word of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.reading.consent_words import VERSION
from sojourn.care.reading.models import Voice, VoiceKind, VoiceStep, VoiceStepKind, VoiceText
from sojourn.care.reading.voice_queries import OneVoice, hash_of, of_the_demo, one_voice, own_voice
from sojourn.care.safety.words_actions import heed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, either, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import clinic_rows, one_row

LONGEST: Final = 6000
OWN: Final = either("own.answer", "voice.write")
IN_TURN: Final = turn("voice")


def _text(text: str) -> str:
    words = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words:
        raise ActionRefused(_("Write something first."), codes=("nothing",))
    if len(words) > LONGEST:
        raise ActionRefused(
            _("It can have %(most)d characters. Yours has %(n)d.") % {"most": LONGEST, "n": len(words)},
            codes=("too-long",),
        )
    return words


def _keep(by: Actor, language: str, text: str, now: datetime) -> Voice:
    """Keep the writer's wording, in a voice that begins where there is none. It is read for danger by the caller."""
    own = own_voice(by.member)
    if own is not None and not own.is_open:
        raise ActionRefused(_("It is sent. Take it back to write it anew."), codes=("sent",))
    if one_row(Membership, by.member).get().person.demo and not of_the_demo(by.own_clinic_id):  # the database as well
        raise ActionRefused(_("Invented people tell nothing here."), codes=("demo",))
    voice = own.voice if own is not None else Voice.objects.create(
        clinic_id=by.own_clinic_id, kind=VoiceKind.STORY if by.patient_id is not None else VoiceKind.VIEW,
        writer_id=by.member, patient_id=by.patient_id, language=language, begun_at=now,
    )  # fmt: skip
    if own is None or own.text != text:
        _word(voice, text, now, from_writer=True)
    return voice


def _word(voice: Voice, text: str, now: datetime, *, from_writer: bool) -> None:
    VoiceText.objects.create(
        clinic_id=voice.clinic_id, voice=voice, patient_id=voice.patient_id, text=text, from_writer=from_writer, at=now
    )


def _step(by: Actor, voice: Voice, kind: VoiceStepKind, now: datetime, **said: str) -> VoiceStep:
    return VoiceStep.objects.create(
        clinic_id=voice.clinic_id, voice=voice, patient_id=voice.patient_id, kind=kind, at=now, by_id=by.member, **said
    )


def _heed(by: Actor, voice: Voice, text: str, now: datetime) -> None:
    if by.patient_id is not None:
        heed(by=by, patient_id=by.patient_id, text=text, about=f"voice:{voice.pk}", now=now)


@action(OWN, locks=IN_TURN, audit="voice.drafted", through=(heed,))
def save_draft(*, by: Actor, language: str, text: str, now: datetime | None = None) -> Voice:
    """Keep what was written so far. A patient's words are read for danger. Refused: nothing, too-long, sent, demo."""
    words, now = _text(text), now or timezone.now()
    voice = _keep(by, language, words, now)
    _heed(by, voice, words, now)
    record(by, "voice.drafted", voice)
    return voice


@action(OWN, locks=IN_TURN, audit="voice.sent", through=(heed,))
def send_voice(*, by: Actor, language: str, text: str, agreed: bool, now: datetime | None = None) -> Voice:
    """Send it to be read by a moderator. ``agreed``: its writer has ticked what will be shown and what cannot be called
    back. Refused: nothing, too-long, not-agreed, sent, demo."""
    words, now = _text(text), now or timezone.now()
    if not agreed:
        raise ActionRefused(
            _("Tick that you have read what happens with it, or save it for now."), codes=("not-agreed",)
        )
    voice = _keep(by, language, words, now)
    _heed(by, voice, words, now)
    _step(by, voice, VoiceStepKind.SENT, now, text_hash=hash_of(words), told=VERSION)
    record(by, "voice.sent", voice)
    return voice


def _own(by: Actor) -> OneVoice:
    """The actor's own voice. Raises DoesNotExist where there is none."""
    own = own_voice(by.member)
    if own is None:
        raise Voice.DoesNotExist
    return own


@action(OWN, locks=IN_TURN, audit="voice.agreed")
def agree(*, by: Actor, text_hash: str, now: datetime | None = None) -> Voice:
    """Say yes to exactly the wording that was on the page; from then on it is shown, for as long as a yes lasts. Said
    again after that, it is shown again. DoesNotExist without a voice. Overtaken ("overtaken") where another wording is
    proposed, or none."""
    own, now = _own(by), now or timezone.now()
    said_before = own.state == VoiceStepKind.AGREED and own.text_hash == text_hash
    if said_before and not own.is_over(now):
        return unchanged(own.voice)
    if own.text_hash != text_hash or not (said_before or own.state == VoiceStepKind.PROPOSED):
        raise Overtaken(_("The wording has changed meanwhile. Read it again first."), codes=("overtaken",))
    _step(by, own.voice, VoiceStepKind.AGREED, now, text_hash=text_hash, told=VERSION)
    record(by, "voice.agreed", own.voice, hash=text_hash)
    return own.voice


@action(OWN, locks=IN_TURN, audit="voice.withdrawn")
def withdraw(*, by: Actor, now: datetime | None = None) -> None:
    """Take one's own back, at any time: every wording is deleted. Twice changes nothing."""
    own = own_voice(by.member)
    if own is None:
        return unchanged(None)
    _take_down(by, own.voice, now)
    record(by, "voice.withdrawn", own.voice)
    return None


def _take_down(by: Actor, voice: Voice, now: datetime | None, reason: str = "") -> None:
    clinic_rows(VoiceText).filter(voice=voice).delete()
    _step(by, voice, VoiceStepKind.WITHDRAWN, now or timezone.now(), reason=reason)


# ---------------------------------------------------------------- the moderator


def _before(by: Actor, voice_id: int, seen: int, among: tuple[str, ...]) -> OneVoice:
    found = one_voice(voice_id)
    if found.voice.writer_id == by.member:
        raise ActionRefused(_("Somebody else must read your own."), codes=("own",))
    if found.seen != seen or found.state not in among:
        raise Overtaken(_("Something has happened with it meanwhile. Look first."), codes=("overtaken",))
    return found


WAITING: Final = (VoiceStepKind.SENT, VoiceStepKind.PROPOSED)


@action("voice.moderate", locks=IN_TURN, audit="voice.proposed")
def propose(*, by: Actor, voice_id: int, seen: int, text: str, now: datetime | None = None) -> Voice:
    """Propose the wording that would be shown; nothing is shown before its writer says yes. Refused: nothing, too-long,
    own; Overtaken. DoesNotExist."""
    words, now = _text(text), now or timezone.now()
    found = _before(by, voice_id, seen, WAITING)
    _word(found.voice, words, now, from_writer=False)
    hashed = hash_of(words)
    _step(by, found.voice, VoiceStepKind.PROPOSED, now, text_hash=hashed)
    record(by, "voice.proposed", found.voice, hash=hashed)
    return found.voice


@action("voice.moderate", locks=IN_TURN, audit="voice.set_aside")
def set_voice_aside(*, by: Actor, voice_id: int, seen: int, reason: str, now: datetime | None = None) -> Voice:
    """Give it back to its writer with a reason that they read. Refused: no-reason, own; Overtaken. DoesNotExist."""
    why, now = " ".join(reason.split()), now or timezone.now()
    if not why:
        raise ActionRefused(_("Say in a few words why."), codes=("no-reason",))
    found = _before(by, voice_id, seen, WAITING)
    _step(by, found.voice, VoiceStepKind.SET_ASIDE, now, reason=why[:300])
    record(by, "voice.set_aside", found.voice)
    return found.voice


@action("voice.moderate", locks=IN_TURN, audit="voice.taken_down")
def take_down(*, by: Actor, voice_id: int, seen: int, now: datetime | None = None) -> Voice:
    """The clinic withdraws a voice: every wording is deleted. Overtaken. DoesNotExist."""
    found = one_voice(voice_id)
    if found.seen != seen or found.state == VoiceStepKind.WITHDRAWN:
        raise Overtaken(_("Something has happened with it meanwhile. Look first."), codes=("overtaken",))
    _take_down(by, found.voice, now)
    record(by, "voice.taken_down", found.voice)
    return found.voice
