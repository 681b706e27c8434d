"""What happened in a session, the newest first: states, the dose and its steps, medicines, events, missed checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.care.session.event_kinds import EFFECTS, event_word, strength_word
from sojourn.care.session.given import Dose, DoseStep
from sojourn.care.session.models import DoseEventKind
from sojourn.care.session.rows import ByHand, Entered, Noted, WasteRow
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical.protocol.schedule import Point
from sojourn.interfaces.console.sessions.medicines import line_of
from sojourn.interfaces.console.sessions.presenters import milligrams, waste_words
from sojourn.interfaces.console.sessions.words import (
    STATES,
    Words,
    drug_word,
    route_word,
    time_word,
)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line of what happened. ``ahead``: it is still to come; ``gap``: it should have happened, and did not;
    ``struck``: why ``detail`` was struck as entered in error, by whom it says in ``by``."""

    at: datetime
    title: str
    detail: str
    by: str
    icon: str
    ahead: bool = False
    gap: bool = False
    struck: str = ""


def timeline(session: SessionSnapshot) -> list[TimelineEntry]:
    """Everything of a session in one line of time, the newest first. No query."""
    entries = [
        *map(_state, session.states), *map(_dose, session.doses), *_steps(session), *map(_medicine, session.by_hand),
        *_events(session), *_struck(session), *_checks(session),
    ]  # fmt: skip
    return sorted(entries, key=lambda each: each.at)[::-1]  # of one moment, what was written last comes first


def _state(entered: Entered) -> TimelineEntry:
    aside = [str(each["said"]) for each in entered.basis.get("set_aside", ())]
    details = [entered.reason, _("Set aside: %(what)s") % {"what": " ".join(aside)} if aside else ""]
    title = str(STATES[entered.state]).capitalize()
    return TimelineEntry(entered.at, title, " ".join(filter(None, details)), entered.by, "chevron-right")


def _dose(dose: Dose) -> TimelineEntry:
    title = _("%(drug)s %(mg)s mg %(route)s") % {
        "drug": drug_word(dose.drug), "mg": milligrams(dose.dose_mg), "route": route_word(dose.route),
    }  # fmt: skip
    nobody = _("nobody (set aside by a prescriber)")
    detail = _("as base, lot %(lot)s, checked by %(name)s") % {"lot": dose.lot, "name": dose.checked_by or nobody}
    return TimelineEntry(dose.started_at, title, detail, dose.by, "syringe")


def _steps(session: SessionSnapshot) -> Iterator[TimelineEntry]:
    """What happened to the dose after it began, where the state that was entered does not say it all."""
    for each in session.steps:
        figures = _figures(each)
        if each.kind != DoseEventKind.START and (figures or each.kind not in _SAID_BY_THE_STATE):
            yield TimelineEntry(each.at, str(_STEPS[each.kind]), figures, each.by, "syringe")


_SAID_BY_THE_STATE: Final = (DoseEventKind.PAUSE, DoseEventKind.RESUME, DoseEventKind.STOP, DoseEventKind.END)
_STEPS: Final[Words] = {
    "rate": gettext_lazy("Rate changed"),
    "pause": gettext_lazy("Dose paused"),
    "resume": gettext_lazy("Dose resumed"),
    "stop": gettext_lazy("Dose stopped"),
    "end": gettext_lazy("Dose ended"),
    "counted": gettext_lazy("Read off the pump"),
    "part": gettext_lazy("Part of the dose given"),
    "asked": gettext_lazy("Amount given, as stated"),
}


def _figures(step: DoseStep) -> str:
    figures = [
        _("%(rate)s mL/h") % {"rate": milligrams(step.rate_ml_per_h)} if step.rate_ml_per_h is not None else "",
        _("%(ml)s mL left") % {"ml": milligrams(step.remaining_ml)} if step.remaining_ml is not None else "",
        _("%(mg)s mg") % {"mg": milligrams(step.mg)} if step.mg is not None else "",
        step.note,
    ]
    return " · ".join(filter(None, figures))


def _medicine(given: ByHand) -> TimelineEntry:
    line = line_of(given)
    details = [
        _("written down %(time)s") % {"time": time_word(line.recorded_at)} if line.late else "",
        *(_("Warned: %(effect)s") % {"effect": each.effect} for each in line.warned),
        line.note,
    ]
    return TimelineEntry(given.given_at, line.title, " · ".join(filter(None, details)), given.by, "pill")


def _events(session: SessionSnapshot) -> Iterator[TimelineEntry]:
    for each in session.events:
        details = " · ".join(filter(None, (each.measure, each.note)))
        yield TimelineEntry(each.at, _event_title(each), details, each.by, "circle")


def _struck(session: SessionSnapshot) -> Iterator[TimelineEntry]:
    """What was noted or given and then struck; readings and answers stand struck on the page of what was entered."""
    for each in session.struck:
        what, strike = each.what, each.strike
        if isinstance(what, Noted):
            at, detail = what.at, f"{_event_title(what)} {what.note}".strip()
        elif isinstance(what, ByHand):
            at, detail = what.given_at, line_of(what).title
        elif isinstance(what, WasteRow):
            at, detail = what.at, ", ".join(filter(None, waste_words(what)))
        else:
            continue
        yield TimelineEntry(at, _("Entered in error"), detail, strike.by, "undo-2", struck=strike.reason)


def _event_title(event: Noted) -> str:
    """ "Nausea, moderate"; "Nausea: better" of what follows it up."""
    word = event_word(event.kind)
    if event.effect:
        return _("%(what)s: %(effect)s") % {"what": word, "effect": EFFECTS[event.effect]}
    if strength := strength_word(event.grade, event.amount, event.unit):
        return _("%(what)s, %(grade)s") % {"what": word, "grade": strength}
    if event.measure:
        return _("%(what)s: something was done") % {"what": word}
    return word


def _checks(session: SessionSnapshot) -> Iterator[TimelineEntry]:
    """The checks that nobody made, where they should stand, and the next one ahead."""
    found = session.glance.due
    if found is None:
        return
    for point in found.missed:
        yield TimelineEntry(
            point.due_at, _("Check missed"), _planned(point) + " " + _("Nobody measured."), "", "circle-slash", gap=True
        )
    if found.next is not None:
        late = found.overdue_by > timedelta(0)
        title = _("Check overdue") if late else _("Next check")
        yield TimelineEntry(found.next.due_at, title, _planned(found.next), "", "timer", ahead=True)


def _planned(point: Point) -> str:
    return _("Planned %(minute)d minutes after the start.") % {"minute": point.minute}
