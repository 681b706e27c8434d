"""The sessions of today, each with where it stands and its next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.care.encounter.queries import SessionRow
from sojourn.care.patients import queries as patients_queries
from sojourn.care.patients.models import Patient
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.clinical.protocol import FINAL, PRESENT, State
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.shared.states import Word, state_word


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next with a session. ``post``: the button sends a form; else it is a link. ``main``: the patient
    is here, so this is what one came for."""

    label: StrPromise | str
    url: str
    post: bool = False
    main: bool = False


@dataclass(frozen=True, slots=True)
class TodayRow:
    """One appointment of today."""

    at: datetime
    until: datetime
    chair: str
    name: str
    url: str
    word: Word
    since: datetime | None
    step: NextStep | None
    notes: tuple[str, ...]
    over: bool
    here: datetime | None = None


# Where a session stands, who takes the next step, and what the button says.
_STEPS: Mapping[State, tuple[str, StrPromise]] = {
    State.ARRIVED: ("session.check", gettext_lazy("Go on with checks")),
    State.CHECKED: ("session.dose", gettext_lazy("Go on to the dose")),
    State.DOSING: ("session.observe", gettext_lazy("Watch")),
    State.PAUSED: ("session.observe", gettext_lazy("Go on with the dose")),
    State.OBSERVING: ("session.observe", gettext_lazy("Watch")),
    State.READY_TO_LEAVE: ("session.discharge", gettext_lazy("See out")),
    State.STOPPED_EARLY: ("session.observe", gettext_lazy("Go on after the stop")),
    State.LEFT: ("session.read", gettext_lazy("Read the record")),
}


def _step(actor: Actor, row: SessionRow) -> NextStep | None:
    if row.state == State.PLANNED:
        url = address("console:arrive", row.appointment.pk)
        return NextStep(_("Arrive"), url, post=True) if url and actor.may("session.arrive") else None
    if row.encounter_id is None or row.state not in _STEPS or not actor.may("session.read"):
        return None
    permission, label = _STEPS[row.state]
    mine, url = actor.may(permission), _session_url(row.encounter_id, row.state)
    step = NextStep(label if mine else _("Look at the session"), url, main=mine and row.state in PRESENT)
    return step if url else None


def _session_url(encounter_id: int, state: State) -> str:
    """The session's page; its record once the patient has left."""
    url = address("console:session", encounter_id)
    return (address("console:record", encounter_id) or url) if state == State.LEFT else url


def _notes(actor: Actor, row: SessionRow) -> tuple[str, ...]:
    if row.state == State.PLANNED and scheduling_queries.without_escort([row.appointment]):
        return (_("no escort named"),)
    return ()


@dataclass(frozen=True)
class Today:
    """What the parts of the page share: the actor, now, and the day's sessions."""

    actor: Actor
    now: datetime
    rows: list[SessionRow]

    @cached_property
    def _opened(self) -> frozenset[int]:
        return patients_queries.opened_by(self.actor, self.now)

    def hides(self, patient: Patient) -> bool:
        """Whether this actor may only know that the record exists. One query for the whole page, if any."""
        if not patient.restricted or self.actor.may("patient.restricted"):
            return False
        return patient.pk not in self._opened

    @property
    def clinic_id(self) -> int:
        assert self.actor.clinic_id is not None
        return self.actor.clinic_id

    def named(self, patient: Patient) -> str:
        return _("Restricted record") if self.hides(patient) else patient.name


def session_lines(today: Today) -> list[TodayRow]:
    actor = today.actor
    clinical = actor.may("session.read")
    lines = []
    for row in today.rows:
        appointment = row.appointment
        secret = today.hides(appointment.patient)
        lines.append(
            TodayRow(
                at=appointment.during.lower,
                until=appointment.during.upper,
                chair=appointment.chair.name,
                name=_("Restricted record") if secret else appointment.patient.name,
                url=reverse("console:restricted", args=[appointment.patient_id])
                if secret
                else reverse("console:appointment", args=[appointment.pk])
                if actor.role == "front_desk"
                else reverse("console:patient", args=[appointment.patient_id]),
                word=state_word(row.state, clinical=clinical),
                since=row.state_at if clinical and row.state in PRESENT else None,
                step=None if secret else _step(actor, row),
                notes=() if secret else _notes(actor, row),
                over=row.state in FINAL,
                here=None if secret else row.here_at,
            )
        )
    return lines


def lead_words(rows: list[SessionRow]) -> str:
    here = sum(row.state in PRESENT for row in rows)
    if not rows:
        return _("Nobody is expected today.")
    words = ngettext("%(n)d session today", "%(n)d sessions today", len(rows)) % {"n": len(rows)}
    if here:
        words += ", " + ngettext("%(n)d patient is here", "%(n)d patients are here", here) % {"n": here}
    return words + "."
