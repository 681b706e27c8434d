"""The session's own page, put together: what refreshes itself, the main step, and the part of its state."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.session import next_dose
from sojourn.care.session.event_kinds import WHY_STOPPED
from sojourn.care.session.snapshot import Against
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.clinical import protocol
from sojourn.clinical.protocol import PRESENT, UNDER_WAY, State
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.interfaces.console.scheduling.ride_home import ride_word
from sojourn.interfaces.console.sessions import drawing, events, preflight, running, standing, weighing
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.forms import AT_THE_CHAIR, DoseForm, ValuesForm
from sojourn.interfaces.console.sessions.frame import common, refusal
from sojourn.interfaces.console.sessions.pump_forms import PumpForm, RateForm, ReadForm, WasteForm, WhyForm
from sojourn.interfaces.console.sessions.words import STATES
from sojourn.interfaces.shared.sessions import session_or_404
from sojourn.interfaces.shared.states import Word


def live_part(request: Request, picture: Picture, seen: int, entries: int | None = None) -> dict[str, Any]:
    """The part of the page that refreshes itself. ``entries``: how many entries of the dose the page knows."""
    known = len(picture.prepared) if entries is None else entries
    has_moved = picture.seq != seen
    may, here = request.actor.may, picture.state in PRESENT
    awaited = here and picture.state is not State.READY_TO_LEAVE
    return {
        "polls": not picture.over,
        "wide_live": picture.state in UNDER_WAY,
        "moved": picture.current if has_moved else None,
        "moved_word": STATES[picture.state] if has_moved else "",
        "figures": session_presenters.figures(picture) if here else [],
        "due": session_presenters.due(picture) if awaited else None,
        "monitors": session_presenters.monitors(picture),
        "seen": seen,
        "entries": known,
        "entered": _entered(picture, known),
        "may_observe": here and may("session.observe"),
        "may_associate": here and may("monitor.associate"),
        "observed_until": session_presenters.observed_until(picture) if picture.state is State.OBSERVING else None,
        "running": running.running(picture),
    }


def _entered(picture: Picture, known: int) -> str:
    """Who has entered a dose since the page was made, "" for nobody."""
    waits = picture.state is State.CHECKED and len(picture.prepared) > known
    return picture.prepared[-1].by if waits else ""


def main_step(
    request: Request, picture: Picture, against: Against | None, road_known: int | None = None
) -> dict[str, Any]:
    """The main step of the page with what stands in its way. ``road_known``: how many reasons of the other rooms the
    page shows, where they were not asked this time."""
    found = standing.main_way(picture, request.actor, against, road_known=road_known or 0)
    return {
        "way": found,
        "shows_step": found is not None and found.allowed and standing.shows_step(picture, request.actor),
        "asks_road": bool(next_dose.asked_for(picture)) and picture.state is not State.DOSING,
        "road_heard": against is not None,
        "road_known": found.road_count if found else 0,
    }


def show_session(
    request: Request, picture: Picture, *, refused: ActionRefused | None = None, typed: dict[str, Any] | None = None,
    form: Any = None, status: int = 0, **more: Any,
) -> HttpResponse:  # fmt: skip
    """The session's own page. After a refusal it comes back with the reasons on top and what was typed; ``more`` are
    forms that came back."""
    if refused is not None:
        picture = session_or_404(picture.id)
    may = request.actor.may
    against = next_dose.ask_the_road(picture)
    context = {
        **common(request, picture),
        **live_part(request, picture, picture.seq),
        **main_step(request, picture, against),
        "path": session_presenters.path(picture),
        "refused": refusal(picture, _as_seen(request, picture, refused)) if refused else [],
        "overtaken": isinstance(refused, Overtaken),
        "typed": typed or {},
        "may_check": may("session.check"),
        "may_stop": may("session.observe") or may("session.stop"),
        "may_say_no": may("session.observe") and picture.state in protocol.BY_NAME["say_no"].origins,
        "under_way": picture.state in UNDER_WAY,
        "stoppable": bool({"stop_early", "cancel"} & {each.name for each in protocol.allowed(picture.state)}),
        "may_discharge": may("session.discharge"),
        **events.panel(request, picture),
        **_accounting(request, picture),
    }
    context |= _PARTS[picture.state](request, picture, against, form)
    if picture.state is State.ARRIVED:
        context["scale"] = scale_field(request, picture, refused)
    context |= more
    return render(request, "console/sessions/session.html", context, status=status or (409 if refused else 200))


def scale_field(request: Request, picture: Picture, refused: ActionRefused | None) -> weighing.Scale:
    """The field for the weight, with what was typed where it was refused."""
    return weighing.scale_of(picture, request.POST if refused else None, refused.codes if refused else ())


def _as_seen(request: Request, picture: Picture, refused: ActionRefused) -> ActionRefused:
    """A refusal without the figures of a dose that whoever looks must not see yet."""
    if not standing.is_blind(picture, request.actor):
        return refused
    told = [
        (code, reason)
        for code, reason in zip_longest(refused.codes[: len(refused.reasons)], refused.reasons, fillvalue="")
        if not standing.is_of_the_dose(code)
    ]
    return ActionRefused(*(reason for _code, reason in told), codes=[code for code, _reason in told])


def _accounting(request: Request, picture: Picture) -> dict[str, Any]:
    """Planned, given, wasted, and the forms to complete it, once the dose is over or was drawn up in vain."""
    if picture.state in {State.ARRIVED, State.CHECKED, *UNDER_WAY}:
        return {}
    found = running.accounting(picture, request.actor)
    if found is None:
        return {}
    may = request.actor.may("session.observe")
    return {
        "accounting": found,
        "may_account": may,
        "waste_form": WasteForm(proposed=found.left_mg) if may and not found.complete else None,
        "read_form": ReadForm(asks=found.asks) if may and picture.steps and found.asks else None,
    }


def _arrived(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    found = preflight.read(picture, against)
    return {
        "groups": preflight.checklist(found),
        "grounds": preflight.grounds(found),
        "values_form": form or ValuesForm(codes=AT_THE_CHAIR),
    }


def _checked(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    may_enter = request.actor.may("session.second_check")
    found = drawing.dose(picture, request.actor, against)
    return {
        "dose": found,
        "dose_form": (form or dose_form(picture)) if may_enter else None,
    }


def dose_form(picture: Picture, typed: Any = None) -> DoseForm:
    again = picture.double_check.unresolved is not None
    return DoseForm(typed, drug_wanted=picture.protocol.drug, route=picture.protocol.route, again=again)


def _under_way(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    may, dose = request.actor.may, picture.dose
    return {
        "dose": drawing.dose(picture, request.actor),
        "by_pump": dose is not None and dose.by_pump,
        "instructions": running.instructions(picture),
        "pump_form": PumpForm(),
        "rate_form": RateForm(),
        "part_way": standing.part_way(picture, request.actor, against),
        "may_lessen": may("session.observe"),
        "may_go_on": may("session.dose"),
    }


def _observing(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    return {
        "items": session_presenters.discharge_items(picture),
        "scores": session_presenters.scores(picture),
        "aldrete_first": picture.leaving.aldrete_first,
        "escort_row": session_presenters.escort_row(picture),
        "ride_word": _ride_word(picture),
    }


def _ready(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    return {
        "scores": session_presenters.scores(picture),
        "escort_row": session_presenters.escort_row(picture),
        "ride_word": _ride_word(picture),
    }


def _ride_word(picture: Picture) -> Word | None:
    """What the escort said beforehand about the ride home; None where nobody is named. Two queries."""
    ride = coordination_queries.rides_home([picture.encounter.appointment])[picture.encounter.appointment_id]
    return None if ride.person is None else ride_word(ride)


def _stopped(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    why = [each for each in picture.events if each.kind == WHY_STOPPED]
    asks = picture.doses and not picture.current.reason and not why and request.actor.may("session.observe")
    return {"ended": picture.current, "why": why, "why_form": WhyForm() if asks else None}


def _nothing(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    return {"ended": picture.current, "dose": drawing.dose(picture, request.actor)}


_PARTS: dict[State, Callable[[Request, Picture, Against | None, Any], dict[str, Any]]] = {
    State.ARRIVED: _arrived,
    State.CHECKED: _checked,
    State.DOSING: _under_way,
    State.PAUSED: _under_way,
    State.OBSERVING: _observing,
    State.READY_TO_LEAVE: _ready,
    State.STOPPED_EARLY: _stopped,
    State.LEFT: _nothing,
    State.DID_NOT_ATTEND: _nothing,
    State.CANCELLED: _nothing,
}


def repeated(request: Request, picture: Picture, transition: str) -> bool:
    """Whether this is the same press again: the same person has taken the same step from the state that was seen."""
    seen = request.POST.get("seen", "")
    following = next((each for each in picture.states if str(each.seq - 1) == seen), None)
    return (
        following is not None
        and following.seq == picture.seq
        and following.state is protocol.BY_NAME[transition].target
        and following.by_id == request.actor.membership_id
    )
