"""Stories and views that are invented, what readers asked without their name, and which parts were not clear.

All of it (reading.toml) goes through the room's own actions. The database marks the voices as invented examples, and
refuses them in any clinic that the demo did not make.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

from django.utils import timezone

from sojourn.care.patients.models import Patient
from sojourn.care.reading import actions as reading_actions
from sojourn.care.reading import voice_actions, voice_queries
from sojourn.care.reading.actions import Passage
from sojourn.care.reading.models import Voice
from sojourn.config.demo.cast import Cast
from sojourn.config.demo.people import DemoClinic
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.library.article import library
from sojourn.foundation.scope import clinic_rows

_FILE: Final = Path(__file__).with_name("reading.toml")
_KEYS: Final = UUID("5b7f4d9e-8a53-4c1e-9d3a-2f6f0f6f15e5")
A_DAY: Final = timedelta(days=1)
Told = Mapping[str, Any]


@cache
def told() -> Mapping[str, list[Told]]:
    """What the demo's people tell and ask: "story", "view", "question", "clarity"."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def furnish(demo: DemoClinic, cast: Cast) -> None:
    """Everything of this room, unless it is there already. Ask as the system actor."""
    if clinic_rows(Voice).exists():
        return
    now = timezone.now()
    _tell_stories(demo, cast, now)
    for each in told()["view"]:
        _tell(cast.actor(each["by"]), cast.actor("prescriber"), each, now)
    _ask(cast, now)
    _say_what_was_clear(cast, now)


# ---------------------------------------------------------------- voices


def _tell_stories(demo: DemoClinic, cast: Cast, now: datetime) -> None:
    """Those that are shown, and in the clinic's language one that waits for each of the two who must read it."""
    signed_in, others = _writers(demo)
    for each in told()["story"]:
        if each["state"] == "shown" or each["language"] == cast.clinic.language:
            writer = signed_in if each["state"] == "proposed" else next(others[each["language"]], None)
            if writer is not None:  # a small clinic has fewer stories
                _tell(writer, cast.actor("nurse"), each, now)


def _writers(demo: DemoClinic) -> tuple[Actor | None, dict[str, Iterator[Actor]]]:
    """The patient who signs in; and the others, by a language first those who speak it."""
    patients = {each.pk: each for each in clinic_rows(Patient).filter(restricted=False)}
    members = [
        (each, patients[each.patient_id])
        for each in clinic_rows(Membership).filter(role="patient", ended_at=None).order_by("id")
        if each.patient_id in patients
    ]
    number = f"{demo.prefix}-{demo.signed_in + 1:05d}"
    signed_in = next((member for member, patient in members if patient.record_number == number), None)
    taken = {signed_in.pk} if signed_in is not None else set()

    def speaking(language: str) -> Iterator[Actor]:
        for member, _patient in sorted(members, key=lambda each: each[1].language != language):
            if member.pk not in taken:
                taken.add(member.pk)
                yield actor_of(member)

    return actor_of(signed_in) if signed_in is not None else None, {each: speaking(each) for each in ("en", "es")}


def _tell(writer: Actor, moderator: Actor, each: Told, now: datetime) -> None:
    """Sent, read the day after, agreed to the day after that; as far as it has come."""
    sent, wording = now - each["days"] * A_DAY, each.get("proposed", each["wrote"])
    with acting_as(writer) as by:
        voice = voice_actions.send_voice(by=by, language=each["language"], text=each["wrote"], agreed=True, now=sent)
    if each["state"] == "sent":
        return
    with acting_as(moderator) as by:
        seen = voice_queries.one_voice(voice.pk).seen
        voice_actions.propose(by=by, voice_id=voice.pk, seen=seen, text=wording, now=sent + A_DAY)
    if each["state"] == "shown":
        with acting_as(writer) as by:
            voice_actions.agree(by=by, text_hash=voice_queries.hash_of(wording), now=sent + 2 * A_DAY)


# ---------------------------------------------------------------- what was asked, and what was not clear


def _passage(each: Told) -> Passage:
    return Passage(library()[each["article"]][each["language"]], each["part"])


def _ask(cast: Cast, now: datetime) -> None:
    for number, each in enumerate(told()["question"]):
        asked_at = now - each["days"] * A_DAY
        with acting_as(reading_actions.listener(cast.clinic.pk)) as by:
            asked = reading_actions.ask_nameless(
                by=by, passage=_passage(each), text=each["text"], key=uuid5(_KEYS, f"{cast.clinic.slug}-{number}"),
                today=clinic_day(asked_at, by),
            )  # fmt: skip
        with acting_as(cast.actor("nurse")) as by:
            if "answer" in each:
                reading_actions.publish_answer(
                    by=by, reader_question_id=asked.pk, seen=0, question_text=each["question"], text=each["answer"],
                    now=asked_at + A_DAY,
                )  # fmt: skip
            elif "aside" in each:
                reading_actions.set_aside(
                    by=by, reader_question_id=asked.pk, seen=0, reason=each["aside"], now=asked_at + A_DAY
                )


def _say_what_was_clear(cast: Cast, now: datetime) -> None:
    """Whoever said no wrote a word as long as there are some, and every second one named the paragraph."""
    with acting_as(reading_actions.listener(cast.clinic.pk)) as by:
        for each in told()["clarity"]:
            passage, words = _passage(each), [*each["words"], *[""] * each["unclear"]]
            for number in range(each["clear"] + each["unclear"]):
                no, on = number < each["unclear"], now - (3 * number % 25) * A_DAY
                reading_actions.say_clarity(
                    by=by, passage=passage, clear=not no, word=words[number] if no else "",
                    paragraph=passage.openings[each["paragraph"]] if no and number % 2 == 0 else "",
                    today=clinic_day(on, by),
                )  # fmt: skip
