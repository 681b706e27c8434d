"""The pages of a session: one main action a screen, every refusal with all its reasons and what to do."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.session import actions as session_actions
from sojourn.care.session import call_actions, next_dose, step_actions
from sojourn.care.session.drawing_actions import check_dose
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.care.vitals import actions as vitals_actions
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.sessions import minute
from sojourn.interfaces.console.sessions.events import newest_entry
from sojourn.interfaces.console.sessions.forms import (
    AT_THE_CHAIR,
    MOAAS,
    RATED,
    NoteForm,
    ValuesForm,
    moment_of,
)
from sojourn.interfaces.console.sessions.frame import common, refusal, seen, small, status, to_session
from sojourn.interfaces.console.sessions.page import dose_form, live_part, main_step, repeated, show_session
from sojourn.interfaces.console.sessions.step_forms import AlarmForm, StepForm
from sojourn.interfaces.shared.sessions import FORM, POST, Guarded, SessionPage, session_or_404, session_page


@session_page("session.read")
def session(request: Request, scope: SessionPage) -> HttpResponse:
    return show_session(request, scope.session)


@session_page("session.read")
def live(request: Request, scope: SessionPage) -> HttpResponse:
    """The fragment that the page asks for every few seconds. ``seen`` is the state that the page was made for.

    ``road``: "ask" every half minute, when the other rooms are asked as well; else how many of their reasons the page
    shows.
    """
    picture = scope.session
    number = small(request.GET.get("seen", ""), picture.seq)
    entries = small(request.GET.get("entries", ""), len(picture.prepared))
    road = request.GET.get("road", "")
    context = {**common(request, picture), **live_part(request, picture, number, entries), "aside": True}
    if number == picture.seq:
        against = next_dose.ask_the_road(picture) if road == "ask" else None
        context |= main_step(request, picture, against, small(road, 0))
    return render(request, "console/sessions/_live.html", context)


# ---------------------------------------------------------------- steps


def _step(transition: str) -> Guarded[[int]]:
    """The view of one step of the transition table."""

    @session_page(encounter_actions.PERMISSIONS[transition], methods=POST)
    def step(request: Request, scope: SessionPage) -> HttpResponse:
        picture = scope.session
        form = StepForm(request.POST)
        if not form.is_valid():
            refused = ActionRefused(*form.errors["started"], codes=("bad-time",))
            return show_session(request, picture, refused=refused, typed=form.typed)
        typed = form.typed
        try:
            step_actions.advance_session(
                by=scope.actor, encounter_id=picture.id, transition=transition, seen=seen(request),
                overrides=typed["overrides"], reason=typed["reason"], note=typed["note"],
                at=moment_of(form.cleaned_data["started"], picture.now),
            )  # fmt: skip
        except ActionRefused as refused:
            if isinstance(refused, Overtaken) and repeated(request, picture, transition):
                return to_session(picture)
            return show_session(request, picture, refused=refused, typed=typed)
        return to_session(picture)

    return step


# ---------------------------------------------------------------- readings


@session_page("session.observe", methods=FORM)
def values(request: Request, scope: SessionPage) -> HttpResponse:
    """Readings and ratings that a person took. A state that moved on in the meantime does not lose them."""
    picture = scope.session
    rated = () if picture.state in {State.ARRIVED, State.CHECKED} else (MOAAS, *RATED)
    form = ValuesForm(request.POST or None, codes=(*AT_THE_CHAIR, *rated))
    refused: list[dict[str, str]] = []
    if request.method == "POST":
        if form.is_valid():
            try:
                vitals_actions.take_readings(
                    by=scope.actor, encounter_id=picture.id, values=form.values(),
                    measured_at=form.measured_at(picture.now), before_arrival=form.cleaned_data["before_arrival"],
                )  # fmt: skip
            except ActionRefused as error:
                if "before-arrival" in error.codes:
                    form.ask_early(error)
                else:
                    refused = refusal(picture, error)
            else:
                return to_session(picture, "#live")
        if not refused and request.POST.get("from") == "checks" and picture.state is State.ARRIVED:
            return show_session(request, picture, form=form, status=422)
    context = {
        **common(request, picture),
        "form": form,
        "refused": refused,
        "chair_codes": AT_THE_CHAIR,
        "rated_codes": rated,
        "asks_sure": form.asks_sure,
    }
    return render(request, "console/sessions/values.html", context, status=status(request, form, refused))


# ---------------------------------------------------------------- the dose


@session_page("session.second_check", methods=POST)
def dose(request: Request, scope: SessionPage) -> HttpResponse:
    """What somebody reads off the vial and the syringe: the first entry prepares, the second checks."""
    picture = scope.session
    form = dose_form(picture, request.POST)
    if not form.is_valid():
        return show_session(request, picture, form=form, status=422)
    try:
        encounter_actions.lock_session(SessionScope(picture.id), seen(request))
        check_dose(
            by=scope.actor, encounter_id=picture.id, drawn=form.drawn(), read_again=form.was_read_again
        )  # fmt: skip
    except Overtaken as overtaken:
        return show_session(request, picture, refused=overtaken, form=form)
    except ActionRefused as refused:
        rest = form.blame(refused)
        if rest is not None:
            return show_session(request, picture, refused=rest, form=form)
        return show_session(request, session_or_404(picture.id), form=form, status=409)
    return to_session(picture, "#dose")


# ---------------------------------------------------------------- while it runs


@session_page("session.alarm", methods=FORM)
def acknowledge(request: Request, scope: SessionPage) -> HttpResponse:
    """Take an alarm: one tap on the session's page, or here with a note."""
    picture = scope.session
    asked = read(AlarmForm(request.POST if request.method == "POST" else request.GET))
    rule_id, code = asked["rule"], asked["code"]
    line = next((each for each in minute.alarm_lines(picture) if (each.rule_id, each.code) == (rule_id, code)), None)
    if request.method != "POST":
        if line is None:
            return to_session(picture)
        context = {**common(request, picture), "alarm": line, "note": "", "refused": []}
        return render(request, "console/sessions/acknowledge.html", context)
    try:
        alarms_actions.acknowledge(
            by=scope.actor, encounter_id=picture.id, rule_id=rule_id, code=code, note=asked["note"]
        )  # fmt: skip
    except ActionRefused as refused:
        if request.htmx:
            return _minute_again(request, picture, [str(each) for each in refused.reasons])
        return show_session(request, picture, refused=refused)
    return _minute_again(request, picture, []) if request.htmx else to_session(picture)


@session_page("session.read")
def strip(request: Request, scope: SessionPage) -> HttpResponse:
    """The strip that every page of a session keeps in sight, as it is now."""
    return render(request, "console/sessions/_minute_inside.html", {**common(request, scope.session), "alone": True})


def _minute_again(request: Request, picture: Picture, said: list[str]) -> HttpResponse:
    """The strip after a tap in it, with what there is to say."""
    context = {**common(request, session_or_404(picture.id)), "said": said, "alone": request.POST.get("alone") == "1"}
    return render(request, "console/sessions/_minute_inside.html", context)


@session_page("session.observe", methods=POST)
def answer(request: Request, scope: SessionPage) -> HttpResponse:
    """Somebody has seen that the patient asks for help, or goes. A second press changes nothing."""
    picture = scope.session
    act = call_actions.see_call if request.POST.get("do") == "seen" else call_actions.go_to_patient
    try:
        act(by=scope.actor, encounter_id=picture.id)
    except ActionRefused as refused:
        if not request.htmx:
            return show_session(request, picture, refused=refused)
        return _minute_again(request, picture, [str(each) for each in refused.reasons])
    return _minute_again(request, picture, []) if request.htmx else to_session(picture)


@session_page("session.observe", methods=FORM)
def note(request: Request, scope: SessionPage) -> HttpResponse:
    """Note something that happened, with its time."""
    picture = scope.session
    first = {"kind": request.GET.get("kind", ""), "last": newest_entry(picture)}
    form = NoteForm(request.POST or None, initial=first)
    refused: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            session_actions.note_event(
                by=scope.actor, encounter_id=picture.id, kind=form.cleaned_data["kind"],
                note=form.cleaned_data["note"].strip(), at=moment_of(form.cleaned_data["at"], picture.now),
                since=form.cleaned_data["last"],
            )  # fmt: skip
        except ActionRefused as error:
            refused = refusal(picture, error)
        else:
            return to_session(picture)
    context = {**common(request, picture), "form": form, "refused": refused}
    return render(request, "console/sessions/note.html", context, status=status(request, form, refused))


# ---------------------------------------------------------------- addresses

_ONE = "sessions/<int:encounter_id>/"

# The steps of a pump have pages of their own: see pump.py.
_STEPS = (
    "complete_checks", "start_dose", "find_ready", "observe_again", "leave", "observe_after_stop", "leave_without_dose",
)  # fmt: skip

urlpatterns = [
    path(_ONE, session, name="session"),
    path(f"{_ONE}live/", live, name="session_live"),
    path(f"{_ONE}strip/", strip, name="session_strip"),
    path(f"{_ONE}values/", values, name="session_values"),
    path(f"{_ONE}dose/", dose, name="session_dose"),
    path(f"{_ONE}alarm/", acknowledge, name="session_acknowledge"),
    path(f"{_ONE}answer/", answer, name="session_answer"),
    path(f"{_ONE}note/", note, name="session_note"),
    *(path(f"{_ONE}{name.replace('_', '-')}/", _step(name), name=f"session_{name}") for name in _STEPS),
]
