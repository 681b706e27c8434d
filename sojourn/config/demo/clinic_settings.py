"""What a clinic decides before the first patient: its rules, texts, rooms, hours and numbers for booking."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

from django.utils import timezone

from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent.models import ConsentAdoption
from sojourn.care.consent.texts import Source
from sojourn.care.safety import duty_actions
from sojourn.care.safety.models import DutyList
from sojourn.care.scheduling import clinic_settings_actions
from sojourn.care.scheduling.models import BookingRules, Chair, Room, WorkingHours
from sojourn.clinical.rules import Parameter
from sojourn.foundation.accounts import place_actions
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.accounts.place import visit_words
from sojourn.foundation.action import NoLock, action, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook.queries import newest, standings
from sojourn.foundation.scope import MemberScope, clinic_rows, rows_of

ON_DUTY = ("nurse", "prescriber", "therapist")
OPEN = (time(8), time(18))
ROOMS = {"en": ("Garden room", "Quiet room"), "es": ("Sala del jardín", "Sala tranquila")}
OPENED_BEFORE = timedelta(days=400)  # longer than any history of the demo
CHAIRS_PER_NURSE = 2
TURNOVER_MINUTES = 15
# What the demo's prescriber, an invented person, states where rules ship without a number. No recommendation.
STATED: dict[str, dict[str, float]] = {
    "floor.spo2": {"at_least": 85},
    "floor.sbp": {"at_least": 80},
    "floor.hr": {"at_least": 35, "at_most": 150},
    "floor.rr": {"at_least": 8, "at_most": 30},
    "floor.temp": {"at_least": 35},
    "recovery.floor": {"spo2": 88},
    "RC-EGFR": {"egfr": 30},
}


def _on_duty(staff: list[int]) -> list[int]:
    """The first of each role, as they are asked about a flag."""
    here = rows_of(Membership, MemberScope, staff).order_by("-pk")
    first = {each.role: each.pk for each in here}
    return [first[role] for role in ON_DUTY if role in first]


def furnish(clinic: Clinic, prescriber: Actor, admin: Actor, staff: list[int]) -> None:
    """Whatever of it is missing; what stands stays. ``staff`` are the members whose hours are kept."""
    opened = timezone.now() - OPENED_BEFORE
    with acting_as(prescriber):
        waiting = {each.newest.id: each.newest.hash for each in standings(clinic.pk) if each.waits}
        if waiting:
            typed = {each: _typed(each) for each in waiting}
            rulebook_actions.adopt_set(by=prescriber, shown=waiting, signature=prescriber.name, parameters=typed)
        adopt_texts(by=demo_maker(prescriber), clinic=clinic, opened=opened)
        if not clinic_rows(BookingRules).exists():
            clinic_settings_actions.decide_rules(
                by=prescriber, chairs_per_nurse=CHAIRS_PER_NURSE, turnover_minutes=TURNOVER_MINUTES,
                remind_hours=(48, 4), head_start_minutes=30, now=opened,
            )  # fmt: skip
    with acting_as(admin):
        if not clinic_rows(WorkingHours).exists():
            week = dict.fromkeys(range(5), (OPEN,))
            for member_id in (None, *staff):
                clinic_settings_actions.set_week(by=admin, week=week, member_id=member_id)
        if not clinic_rows(Room).exists():
            _rooms(clinic)
        if visit_words(clinic) is None:
            place_actions.write_visit_words(by=admin, now=opened, **_visit_words().get(clinic.slug, {}))
        if not clinic_rows(DutyList).exists():
            duty_actions.name_duty(by=admin, member_ids=_on_duty(staff), now=opened)


def _visit_words() -> dict[str, dict[str, str]]:
    """What patients read before they come, by the clinic's short name."""
    return tomllib.loads(Path(__file__).with_name("visit_words.toml").read_text(encoding="utf-8"))


def _typed(rule_id: str) -> dict[str, float]:
    """What the demo's prescriber types into the form of a rule: the released numbers, and their own where none is."""
    rule = newest(rule_id)
    return {each.name: each.value for each in rule.typed if isinstance(each, Parameter)} | STATED.get(rule_id, {})


def demo_maker(by: Actor) -> Actor:
    """``by``, as they do in the demo what no clinic does."""
    return replace(by, permissions=by.permissions | {"demo.make"})


@action("demo.make", locks=NoLock("the demo is made by one process at a time"), audit="consent.adopted")
def adopt_texts(*, by: Actor, clinic: Clinic, opened: datetime) -> None:
    """The documents and the packs of the place, adopted when the clinic opened: past agreements rest on them.

    As rows: the action of the room adopts a text only from the day on which its file takes effect, and that is the
    release's.
    """
    sources: list[Source] = list(consent_queries.to_adopt(consent_queries.available_documents(clinic)))
    if not sources:
        return unchanged(None)
    rows = ConsentAdoption.objects.bulk_create(
        ConsentAdoption(
            clinic=clinic, text_id=each.id, version=each.version, text_hash=each.hash, adopted_at=opened,
            adopted_by_id=by.member,
        )
        for each in sources
    )  # fmt: skip
    for row in rows:
        record(by, "consent.adopted", row, text=row.text_id, version=row.version, hash=row.text_hash)
    return None


def _rooms(clinic: Clinic) -> None:
    chairs = list(clinic_rows(Chair).order_by("id"))
    names = ROOMS.get(clinic.language, ROOMS["en"])
    for number, name in enumerate(names):
        room = Room.objects.create(clinic=clinic, name=name)
        half = chairs[number::2] if len(chairs) <= 2 else chairs[number * 2 : number * 2 + 2]
        clinic_rows(Chair).filter(pk__in=[each.pk for each in half]).update(room=room)
