"""The steps of a running dose, and the milligrams afterwards.

Pausing, slowing down and stopping is one press and never waits: not for a reason, not for a reading that cannot be
right, and not for a page to be fresh. Whatever lets more in asks every guard anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import PERMISSIONS, StepRefused
from sojourn.care.session import actions as session_actions
from sojourn.care.session import next_dose, reading_actions, waste_actions
from sojourn.care.session.event_kinds import WHY_STOPPED
from sojourn.care.session.given import DoseStep
from sojourn.care.session.rows import WasteRow
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.care.session.step_actions import Pump, advance_session
from sojourn.clinical import protocol
from sojourn.clinical.administration import charted
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.interfaces.console.sessions import running, standing
from sojourn.interfaces.console.sessions.frame import seen, seen_if_told, to_session
from sojourn.interfaces.console.sessions.page import repeated, show_session
from sojourn.interfaces.console.sessions.presenters import milligrams
from sojourn.interfaces.console.sessions.pump_forms import PumpForm, RateForm, ReadForm, WasteForm, WhyForm
from sojourn.interfaces.console.sessions.step_forms import SetAsideForm
from sojourn.interfaces.shared.pages import opens
from sojourn.interfaces.shared.sessions import POST, Guarded, SessionPage, session_or_404, session_page

# ---------------------------------------------------------------- less goes in


def _less(transition: str) -> Guarded[[int]]:
    """The view of a step that lets less in: one press."""

    @session_page(PERMISSIONS[transition], methods=POST)
    def step(request: Request, scope: SessionPage) -> HttpResponse:
        picture = scope.session
        if is_done(picture, transition):
            return to_session(picture)
        pump = _as_read(request, picture)
        try:
            less_in(request, picture, transition, pump)
        except ActionRefused as refused:
            return show_session(request, picture, refused=refused)
        return to_session(picture)

    return step


def less_in(request: Request, picture: Picture, transition: str, pump: Pump | None = None, reason: str = "") -> None:
    """The step from the state that was seen, or from the one that somebody else has moved on to: what lets less in is
    right from any of them, and from a page that does not say what was seen. The same press again changes nothing."""
    common: dict[str, Any] = {
        "by": request.actor, "encounter_id": picture.id, "transition": transition, "pump": pump,
        "reason": reason or _set_aside(request)["reason"],
    }  # fmt: skip
    try:
        advance_session(**common, seen=seen_if_told(request))
    except Overtaken:
        newest = session_or_404(picture.id)
        if _pressed_again(request, newest, transition, pump or Pump()):
            return
        if newest.state not in protocol.BY_NAME[transition].origins:
            raise  # somebody has gone past it: that is said
        advance_session(**common)


# What the same press charts, and with which of the values that were typed.
_SAME_VALUE: Final[Mapping[str, Callable[[DoseStep, Pump], bool]]] = {
    "rate": lambda row, pump: row.rate_ml_per_h == pump.rate_ml_per_h,
    "resume": lambda row, pump: pump.rate_ml_per_h is None or row.rate_ml_per_h == pump.rate_ml_per_h,
    "part": lambda row, pump: pump.part_mg is None or row.mg == pump.part_mg,
    "end": lambda row, pump: row.remaining_ml == pump.remaining_ml,
}  # fmt: skip


def _pressed_again(request: Request, picture: Picture, transition: str, pump: Pump) -> bool:
    """Whether this very press is charted already: the same person, the same step, the same values."""
    if not (repeated(request, picture, transition) or _mine_is_newest(request, picture, transition)):
        return False
    if not picture.steps:
        return True
    row, kind = picture.steps[-1], charted.KINDS[transition]
    return row.kind == kind and (kind not in _SAME_VALUE or _SAME_VALUE[kind](row, pump))


def _mine_is_newest(request: Request, picture: Picture, transition: str) -> bool:
    """Whether the newest state is of this person, by a step that lets less in: it may have been taken past somebody
    else's, so it need not follow the state that was seen."""
    newest, told = picture.current, seen_if_told(request)
    return (
        transition in {"end_dose", "lower_rate"}
        and told is not None
        and told < newest.seq
        and newest.state is protocol.BY_NAME[transition].target
        and newest.by_id == request.actor.membership_id
    )


def is_done(picture: Picture, transition: str) -> bool:
    """Whether the dose already stands where the press would bring it; before a dose that is for the engine to say. A
    step that stays in its state is never done: another rate is another step."""
    step = protocol.BY_NAME[transition]
    return bool(picture.doses) and picture.state is step.target and step.target not in step.origins


def _as_read(request: Request, picture: Picture) -> Pump:
    """What was read off the pump. A reading that cannot be right is left out and said: the step is taken all the
    same."""
    form = PumpForm(request.POST)
    remaining = form.cleaned_data.get("remaining_ml") if form.is_valid() else None
    wrong = None if remaining is None else reading_actions.against_reading(picture, remaining_ml=remaining)
    if form.errors or wrong is not None:
        why = str(wrong) if wrong is not None else str(form.errors["remaining_ml"][0])
        messages.warning(request, _("What is left in the pump was not kept. %(why)s Enter it again.") % {"why": why})
        return Pump()
    return Pump(remaining_ml=remaining)


@session_page(PERMISSIONS["end_dose"], methods=POST)
def end(request: Request, scope: SessionPage) -> HttpResponse:
    """The dose has ended as planned, perhaps with what is left in the pump."""
    picture = scope.session
    form = PumpForm(request.POST)
    if form.is_valid() and (remaining := form.cleaned_data["remaining_ml"]) is not None:
        wrong = reading_actions.against_reading(picture, remaining_ml=remaining)
        if wrong is not None and picture.state in UNDER_WAY:
            form.add_error("remaining_ml", str(wrong))
    if form.errors:
        return show_session(request, picture, pump_form=form, status=422)
    pump = Pump(remaining_ml=form.cleaned_data["remaining_ml"])
    if _pressed_again(request, picture, "end_dose", pump):
        return to_session(picture)
    try:
        less_in(request, picture, "end_dose", pump)
    except ActionRefused as refused:
        return show_session(request, picture, refused=refused, pump_form=form)
    return to_session(picture)


# ---------------------------------------------------------------- more goes in


def _set_aside(request: Request) -> dict[str, Any]:
    form = SetAsideForm(request.POST)
    form.full_clean()
    return form.typed


@session_page("session.observe", methods=POST)
def rate(request: Request, scope: SessionPage) -> HttpResponse:
    """Another rate of the pump. A lower one is taken as it is; a higher one asks every guard.

    Which of the two was meant is said by the rate that the page showed: what was typed as lower never becomes a raise.
    """
    picture = scope.session
    form, running_now = RateForm(request.POST), picture.rate_ml_per_h
    if not form.is_valid():
        return show_session(request, picture, rate_form=form, status=422)
    wanted: Decimal = form.cleaned_data["rate_ml_per_h"]
    if _pressed_again(request, picture, "lower_rate", Pump(wanted)):
        return to_session(picture)
    if running_now is not None and wanted > running_now and form.was_meant_lower:
        return show_session(request, picture, refused=_lower_already(running_now))
    form.against(running_now, may_raise=scope.actor.may(PERMISSIONS["raise_rate"]))
    if form.errors:
        return show_session(request, picture, rate_form=form, status=422)
    lower = running_now is not None and wanted < running_now
    return _set_rate(request, picture, form, "lower_rate" if lower else "raise_rate")


def _set_rate(request: Request, picture: Picture, form: RateForm, transition: str) -> HttpResponse:
    pump = Pump(form.cleaned_data["rate_ml_per_h"])
    typed = {} if transition == "lower_rate" else _set_aside(request)
    try:
        if transition == "lower_rate":
            less_in(request, picture, transition, pump)
        else:
            advance_session(
                by=request.actor, encounter_id=picture.id, transition=transition, seen=seen(request), pump=pump,
                **typed,
            )  # fmt: skip
    except ActionRefused as refused:
        return show_session(
            request, picture, refused=refused, typed=typed, rate_form=form,
            rate_way=_refused_way(request, picture, transition, refused, "console:session_rate"),
        )  # fmt: skip
    return to_session(picture)


def _lower_already(rate: Decimal) -> ActionRefused:
    said = _("The pump has been set to %(rate)s mL/h in the meantime, which is lower still. Nothing was changed.")
    return ActionRefused(said % {"rate": milligrams(rate)}, codes=("lower-already",))


def _refused_way(
    request: Request, picture: Picture, transition: str, refused: ActionRefused, name: str
) -> standing.PrimaryAction | None:
    """The step with its reasons, for a prescriber to tick; None for any other refusal."""
    if not isinstance(refused, StepRefused):
        return None
    url = reverse(name, args=[picture.id])
    return standing.refused_way(picture, request.actor, transition, refused.guard.reasons, url)


@session_page(PERMISSIONS["resume"], methods=POST)
def resume(request: Request, scope: SessionPage) -> HttpResponse:
    """The dose goes on, at a rate that is said anew."""
    picture = scope.session
    typed, form = _set_aside(request), RateForm(request.POST)
    by_pump = picture.dose is not None and picture.dose.by_pump
    if by_pump and not form.is_valid():
        return show_session(request, picture, typed=typed, rate_form=form, status=422)
    wanted = form.cleaned_data["rate_ml_per_h"] if by_pump else None
    return _more(request, picture, "resume", Pump(wanted), typed, rate_form=form)


@session_page(PERMISSIONS["give_part"], methods=POST)
def give_part(request: Request, scope: SessionPage) -> HttpResponse:
    """The next spray device."""
    picture = scope.session
    typed = _set_aside(request)
    again = _pressed_again(request, picture, "give_part", Pump())
    if picture.state is State.DOSING and not again and next_dose.parts_left(picture) == 0:
        refused = ActionRefused(_("Every device of this dose has been given."), codes=("no-part-left",))
        return show_session(request, picture, refused=refused)
    return _more(request, picture, "give_part", Pump(part_mg=picture.part_mg), typed)


def _more(
    request: Request, picture: Picture, transition: str, pump: Pump, typed: dict[str, Any], **forms: Any
) -> HttpResponse:
    try:
        advance_session(
            by=request.actor, encounter_id=picture.id, transition=transition, seen=seen(request), pump=pump, **typed
        )
    except ActionRefused as refused:
        if isinstance(refused, Overtaken) and _pressed_again(request, picture, transition, pump):
            return to_session(picture)
        return show_session(request, picture, refused=refused, typed=typed, **forms)
    return to_session(picture)


# ---------------------------------------------------------------- afterwards


@session_page("session.observe", methods=POST)
def why(request: Request, scope: SessionPage) -> HttpResponse:
    """Why the dose was stopped, written once there is time."""
    picture = scope.session
    form = WhyForm(request.POST)
    if not form.is_valid():
        return show_session(request, picture, why_form=form, status=422)
    told = form.cleaned_data["why"].strip()
    if any(each.kind == WHY_STOPPED and each.note == told for each in picture.events):
        return to_session(picture)
    try:
        session_actions.note_event(by=scope.actor, encounter_id=picture.id, kind=WHY_STOPPED, note=told, since=0)
    except ActionRefused as refused:
        return show_session(request, picture, refused=refused, why_form=form)
    return to_session(picture)


@session_page("session.observe", methods=POST)
def read_off(request: Request, scope: SessionPage) -> HttpResponse:
    """What is left in the pump, or what was given in all, told after the step."""
    picture = scope.session
    found = running.accounting(picture, scope.actor)
    if found is None or not found.asks:
        return show_session(
            request, picture, refused=ActionRefused(_("The dose is not over yet."), codes=("no-dose-given",))
        )
    form = ReadForm(request.POST, asks=found.asks)
    if not form.is_valid():
        return show_session(request, picture, read_form=form, status=422)
    try:
        reading_actions.read_off(by=scope.actor, encounter_id=picture.id, **form.cleaned_data)
    except ActionRefused as refused:
        form.add_error(form.field.name, [str(each) for each in refused.reasons])
        return show_session(request, picture, read_form=form, status=409)
    return to_session(picture, "#accounting")


@session_page("session.observe", methods=POST)
def waste(request: Request, scope: SessionPage) -> HttpResponse:
    """Milligrams that were thrown away. Another person, signed in as themselves, witnesses it."""
    picture = scope.session
    form = WasteForm(request.POST)
    if not form.is_valid():
        return show_session(request, picture, waste_form=form, status=422)
    try:
        waste_actions.waste(by=scope.actor, encounter_id=picture.id, **form.cleaned_data)
    except ActionRefused as refused:
        return show_session(request, picture, refused=refused, waste_form=form)
    return to_session(picture, "#accounting")


def _wasted(scope: SessionPage, waste_id: int) -> WasteRow:
    found = next((each for each in scope.session.wasted if each.id == waste_id), None)
    if found is None:
        raise Http404
    return found


@session_page("session.observe", methods=POST)
@opens(_wasted)
def witness(request: Request, scope: SessionPage, wasted: WasteRow) -> HttpResponse:
    """A second person saw it. The same press twice is one witness."""
    picture = scope.session
    try:
        waste_actions.witness(by=scope.actor, waste_id=wasted.id)
    except ActionRefused as refused:
        return show_session(request, session_or_404(picture.id), refused=refused)
    return to_session(picture, "#accounting")


_ONE = "sessions/<int:encounter_id>/"

urlpatterns = [
    path(f"{_ONE}pause/", _less("pause"), name="session_pause"),
    path(f"{_ONE}stop-early/", _less("stop_early"), name="session_stop_early"),
    path(f"{_ONE}say-no/", _less("say_no"), name="session_say_no"),
    path(f"{_ONE}end-dose/", end, name="session_end_dose"),
    path(f"{_ONE}rate/", rate, name="session_rate"),
    path(f"{_ONE}resume/", resume, name="session_resume"),
    path(f"{_ONE}give-part/", give_part, name="session_give_part"),
    path(f"{_ONE}why/", why, name="session_why"),
    path(f"{_ONE}read-off/", read_off, name="session_read_off"),
    path(f"{_ONE}waste/", waste, name="session_waste"),
    path(f"{_ONE}waste/<int:waste_id>/witness/", witness, name="session_witness"),
]
