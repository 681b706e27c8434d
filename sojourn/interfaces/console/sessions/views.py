"""The pages of a session: one main action a screen, every refusal with all its reasons and what to do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from sojourn.care.alarms import actions as alarm_actions
from sojourn.care.booking import queries as booking
from sojourn.care.booking.models import Appointment
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.patients import actions as patients
from sojourn.care.patients import queries as patients_queries
from sojourn.care.session import actions as session_actions
from sojourn.care.session import call_actions, next_dose, score_actions, step_actions
from sojourn.care.session.drawing_actions import check_dose
from sojourn.care.session.snapshot import Against
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.care.session.weighing_actions import weigh
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import claiming_actions, posted_wrong_actions
from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.models import Device, Whose
from sojourn.clinical import protocol, recovery
from sojourn.clinical.protocol import PRESENT, UNDER_WAY, State
from sojourn.foundation.accounts import queries as accounts
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import NotAllowed
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.views import Word
from sojourn.interfaces.console.scheduling.ride_home import way_word
from sojourn.interfaces.console.sessions import drawing, events, minute, preflight, running, standing, weighing
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.forms import (
    AT_THE_CHAIR,
    MOAAS,
    RATED,
    ClockField,
    DoseForm,
    NoteForm,
    ScoreForm,
    SomebodyForm,
    ValuesForm,
    moment_of,
)
from sojourn.interfaces.console.sessions.frame import common as _common
from sojourn.interfaces.console.sessions.frame import of_session
from sojourn.interfaces.console.sessions.frame import refusal as _refusal
from sojourn.interfaces.console.sessions.frame import seen as _seen
from sojourn.interfaces.console.sessions.frame import small as _small
from sojourn.interfaces.console.sessions.frame import status as _status
from sojourn.interfaces.console.sessions.frame import to_session as _to_session
from sojourn.interfaces.console.sessions.monitor_doubts import monitor_doubts
from sojourn.interfaces.console.sessions.opening import session_or_404
from sojourn.interfaces.console.sessions.pump_forms import PumpForm, RateForm, ReadForm, WasteForm, WhyForm
from sojourn.interfaces.console.sessions.words import STATES, WHY_STOPPED, skew_word


def _live(request: Request, picture: Picture, seen: int, entries: int | None = None) -> dict[str, Any]:
    """The part of the page that refreshes itself. ``entries``: how many entries of the dose the page knows."""
    known = len(picture.prepared) if entries is None else entries
    moved = picture.current if picture.seq != seen else None
    may = request.asker.may
    return {
        "polls": not picture.over,
        "wide_live": picture.state in UNDER_WAY,
        "moved": moved,
        "moved_word": STATES[picture.state] if moved else "",
        "figures": session_presenters.figures(picture) if picture.state in PRESENT else [],
        "due": session_presenters.due(picture)
        if picture.state in PRESENT and picture.state is not State.READY_TO_LEAVE
        else None,
        "monitors": session_presenters.monitors(picture),
        "seen": seen,
        "entries": known,
        "entered": picture.prepared[-1].by if picture.state is State.CHECKED and len(picture.prepared) > known else "",
        "may_observe": may("session.observe") and picture.state in PRESENT,
        "may_associate": may("monitor.associate") and picture.state in PRESENT,
        "observed_until": session_presenters.observed_until(picture) if picture.state is State.OBSERVING else None,
        "running": running.running(picture),
    }


def _way(request: Request, picture: Picture, against: Against | None, road_known: int | None = None) -> dict[str, Any]:
    """The main step of the page with what stands in its way. ``road_known``: how many reasons of the other rooms the
    page shows, where they were not asked this time."""
    found = standing.main_way(picture, request.asker, against, road_known=road_known or 0)
    return {
        "way": found,
        "shows_step": found is not None and found.allowed and standing.shows_step(picture, request.asker),
        "asks_road": bool(next_dose.asked_for(picture)) and picture.state is not State.DOSING,
        "road_heard": against is not None,
        "road_known": found.road_count if found else 0,
    }


def _page(
    request: Request, picture: Picture, *, refused: Refused | None = None, typed: dict[str, Any] | None = None,
    form: Any = None, status: int = 0, **more: Any,
) -> HttpResponse:  # fmt: skip
    """The session's own page. After a refusal it comes back with the reasons on top and what was typed; ``more`` are
    forms that came back."""
    if refused is not None:
        picture = session_or_404(picture.id)
    may = request.asker.may
    against = next_dose.ask_the_road(picture)
    context = {
        **_common(request, picture),
        **_live(request, picture, picture.seq),
        **_way(request, picture, against),
        "path": session_presenters.path(picture),
        "refused": _refusal(picture, _as_seen(request, picture, refused)) if refused else [],
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
        context["scale"] = _scale(request, picture, refused)
    context |= more
    return render(request, "console/sessions/session.html", context, status=status or (409 if refused else 200))


def _scale(request: Request, picture: Picture, refused: Refused | None) -> weighing.Scale:
    """The field for the weight, with what was typed where it was refused."""
    return weighing.scale_of(picture, request.POST if refused else None, refused.codes if refused else ())


def _as_seen(request: Request, picture: Picture, refused: Refused) -> Refused:
    """A refusal without the figures of a dose that whoever looks must not see yet."""
    if not standing.is_blind(picture, request.asker):
        return refused
    told = [
        (code, reason)
        for code, reason in zip_longest(refused.codes[: len(refused.reasons)], refused.reasons, fillvalue="")
        if not standing.is_of_the_dose(code)
    ]
    return Refused(*(reason for _code, reason in told), codes=[code for code, _reason in told])


def _accounting(request: Request, picture: Picture) -> dict[str, Any]:
    """Planned, given, wasted, and the forms to complete it, once the dose is over or was drawn up in vain."""
    if picture.state in {State.ARRIVED, State.CHECKED, *UNDER_WAY}:
        return {}
    found = running.accounting(picture, request.asker)
    if found is None:
        return {}
    may = request.asker.may("session.observe")
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
    may_enter = request.asker.may("session.second_check")
    found = drawing.dose(picture, request.asker, against)
    return {
        "dose": found,
        "dose_form": (form or _dose_form(picture)) if may_enter else None,
    }


def _dose_form(picture: Picture, typed: Any = None) -> DoseForm:
    again = picture.double_check.unresolved is not None
    return DoseForm(typed, drug_wanted=picture.protocol.drug, route=picture.protocol.route, again=again)


def _under_way(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    may, dose = request.asker.may, picture.dose
    return {
        "dose": drawing.dose(picture, request.asker),
        "by_pump": dose is not None and dose.by_pump,
        "instructions": running.instructions(picture),
        "pump_form": PumpForm(),
        "rate_form": RateForm(),
        "part_way": standing.part_way(picture, request.asker, against),
        "may_lessen": may("session.observe"),
        "may_go_on": may("session.dose"),
    }


def _observing(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    return {
        "items": session_presenters.discharge_items(picture),
        "scores": session_presenters.scores(picture),
        "aldrete_first": picture.leaving.aldrete_first,
        "companion_row": session_presenters.companion_row(picture),
        "way_word": _way_word(picture),
    }


def _ready(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    return {
        "scores": session_presenters.scores(picture),
        "companion_row": session_presenters.companion_row(picture),
        "way_word": _way_word(picture),
    }


def _way_word(picture: Picture) -> Word | None:
    """What the companion said beforehand about the way home; None where nobody is named. Two queries."""
    way = booking.ways_home([picture.encounter.appointment])[picture.encounter.appointment_id]
    return None if way.person is None else way_word(way)


def _stopped(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    why = [each for each in picture.events if each.kind == WHY_STOPPED]
    asks = picture.doses and not picture.current.reason and not why and request.asker.may("session.observe")
    return {"ended": picture.current, "why": why, "why_form": WhyForm() if asks else None}


def _nothing(request: Request, picture: Picture, against: Against | None, form: Any) -> dict[str, Any]:
    return {"ended": picture.current, "dose": drawing.dose(picture, request.asker)}


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


@of_session("session.read")
def session(request: Request, picture: Picture) -> HttpResponse:
    return _page(request, picture)


@of_session("session.read")
def live(request: Request, picture: Picture) -> HttpResponse:
    """The fragment that the page asks for every few seconds. ``seen`` is the state that the page was made for.

    ``road``: "ask" every half minute, when the other rooms are asked as well; else how many of their reasons the page
    shows.
    """
    number = _small(request.GET.get("seen", ""), picture.seq)
    entries = _small(request.GET.get("entries", ""), len(picture.prepared))
    road = request.GET.get("road", "")
    context = {**_common(request, picture), **_live(request, picture, number, entries), "aside": True}
    if number == picture.seq:
        against = next_dose.ask_the_road(picture) if road == "ask" else None
        context |= _way(request, picture, against, _small(road, 0))
    return render(request, "console/sessions/_live.html", context)


# ---------------------------------------------------------------- before the session


def _appointment(appointment_id: int, request: Request) -> Appointment:
    appointment = get_object_or_404(Appointment.objects.select_related("patient", "chair"), pk=appointment_id)
    if not accounts.may_open(request.asker, appointment.patient, timezone.now()):
        raise PermissionDenied
    return appointment


def _opened(request: Request, appointment_id: int, transition: str, reason: str = "") -> HttpResponse:
    appointment = _appointment(appointment_id, request)
    try:
        encounter = encounter_actions.open_session(
            by=request.asker, appointment_id=appointment_id, transition=transition, reason=reason
        )
    except NotAllowed as error:
        raise PermissionDenied from error
    except Refused as refused:
        return _not_coming(request, appointment, refused=refused, reason=reason)
    if request.asker.may("session.read"):
        return redirect("console:session", encounter.pk)
    messages.success(request, _("%(name)s: noted.") % {"name": appointment.patient.name})
    return redirect("home")


@allowed("session.arrive")
@require_POST
def arrive(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """The patient is here. A second press finds the session that the first one opened."""
    return _opened(cast(Request, request), appointment_id, "arrive")


@allowed("session.arrive")
@require_POST
def did_not_attend(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """The patient did not come."""
    return _opened(cast(Request, request), appointment_id, "did_not_attend", request.POST.get("reason", ""))


@allowed("session.stop")
@require_POST
def cancel_planned(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """The session does not take place, for a reason."""
    return _opened(cast(Request, request), appointment_id, "cancel", request.POST.get("reason", ""))


@allowed("session.arrive")
@require_http_methods(["GET", "HEAD"])
def not_coming(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """Choose between "did not attend" and "cancelled", with a reason."""
    asked = cast(Request, request)
    return _not_coming(asked, _appointment(appointment_id, asked))


def _not_coming(
    request: Request, appointment: Appointment, *, refused: Refused | None = None, reason: str = ""
) -> HttpResponse:
    context = {
        "appointment": appointment,
        "patient": appointment.patient,
        "reason": reason,
        "ahead": appointment.during.lower > timezone.now(),
        "may_cancel": request.asker.may("session.stop"),
        "may_arrive": request.asker.may("session.arrive"),
        "refused": [{"text": str(each), "to_do": "", "href": ""} for each in refused.reasons] if refused else [],
    }
    return render(request, "console/sessions/not_coming.html", context, status=409 if refused else 200)


# ---------------------------------------------------------------- steps


def _step(transition: str) -> Callable[..., Any]:
    """The view of one step of the transition table."""

    @of_session(encounter_actions.PERMISSIONS[transition], methods=["POST"])
    def step(request: Request, picture: Picture) -> HttpResponse:
        typed: dict[str, Any] = {name: request.POST.get(name, "") for name in ("reason", "note", "started")}
        typed["overrides"] = request.POST.getlist("override")
        try:
            started = ClockField().clean(typed["started"])
        except ValidationError:
            refused = Refused(_("Write the start time as 14:05."), codes=("bad-time",))
            return _page(request, picture, refused=refused, typed=typed)
        try:
            step_actions.advance_session(
                by=request.asker, encounter_id=picture.id, transition=transition, seen=_seen(request),
                overrides=typed["overrides"], reason=typed["reason"], note=typed["note"],
                at=moment_of(started, picture.now),
            )  # fmt: skip
        except Refused as refused:
            if isinstance(refused, Overtaken) and _repeated(request, picture, transition):
                return _to_session(picture)
            return _page(request, picture, refused=refused, typed=typed)
        return _to_session(picture)

    return step


def _repeated(request: Request, picture: Picture, transition: str) -> bool:
    """Whether this is the same press again: the same person has taken the same step from the state that was seen."""
    seen = request.POST.get("seen", "")
    following = next((each for each in picture.states if str(each.seq - 1) == seen), None)
    return (
        following is not None
        and following.seq == picture.seq
        and following.state is protocol.BY_NAME[transition].target
        and following.by_id == request.asker.membership_id
    )


# ---------------------------------------------------------------- checks


@of_session("session.check", methods=["POST"])
def check(request: Request, picture: Picture) -> HttpResponse:
    """One item, passed or not, with a note; saved at once. Answers with the row for htmx, else with the page."""
    item, outcome = request.POST.get("item", ""), request.POST.get("outcome", "")
    row = session_presenters.item_row(picture, item)
    if row is None or outcome not in {"passed", "failed"}:
        raise Http404
    anchor = f"#item-{item}"
    try:
        encounter_actions.lock_session(picture.id, _seen(request))
        _same_answer_seen(request, picture.id, item)
        _answer(request, picture, item, outcome == "passed")
    except Refused as refused:
        if not request.htmx:
            return _page(request, picture, refused=refused)
        return _item(request, picture.id, item, refused, status=422)
    if not request.htmx:
        return _to_session(picture, anchor)
    return _item(request, picture.id, item, None, status=200)


def _answer(request: Request, picture: Picture, item: str, passed: bool) -> None:
    """Write the answer down. A weight is answered by what the scale shows, never by a tick; a note beside it leaves it
    as it is."""
    before = picture.checks.get(item)
    kept = before.value if item == weighing.ITEM and passed and before is not None and "kg" not in request.POST else ""
    if item == weighing.ITEM and passed and not kept:
        weigh(
            by=request.asker, encounter_id=picture.id, kg=weighing.kilograms_of(request.POST.get("kg", "")),
            sure=bool(request.POST.get("sure")),
        )  # fmt: skip
        return
    session_actions.check(
        by=request.asker, encounter_id=picture.id, item_id=item, passed=passed, value=kept,
        note=request.POST.get("note", "").strip()[:500],
    )  # fmt: skip


def _same_answer_seen(request: Request, encounter_id: int, item: str) -> None:
    """Refuse to write over an answer that the person has not seen."""
    newest = session_or_404(encounter_id).checks.get(item)
    if newest is not None and str(newest.id) != request.POST.get("last", ""):
        raise Overtaken(
            _("%(name)s has answered this in the meantime. Look at it before you change it.") % {"name": newest.by},
            codes=("overtaken",),
        )


def _item(request: Request, encounter_id: int, item: str, refused: Refused | None, status: int) -> HttpResponse:
    """The row, and beside it the list of what is still missing."""
    picture = session_or_404(encounter_id)
    row = session_presenters.item_row(picture, item)
    if row is not None and picture.state is State.ARRIVED:
        row = preflight.with_facts(preflight.read(picture), row)
    context = {
        **_common(request, picture),
        "row": row,
        "errors": [str(each) for each in refused.reasons] if refused else [],
        "scale": _scale(request, picture, refused) if item == weighing.ITEM else None,
        **_way(request, picture, next_dose.ask_the_road(picture)),
        "seen": picture.seq,
        "entries": len(picture.prepared),
        "may_check": True,
        "aside": True,
    }
    return render(request, "console/sessions/_item_answer.html", context, status=status)


@of_session("session.check", methods=["GET", "HEAD", "POST"])
def score(request: Request, picture: Picture, scale_id: str) -> HttpResponse:
    """A recovery score, item by item with its anchors; the sum is made by the rule."""
    if scale_id not in recovery.SCALES:
        raise Http404
    weighing = score_actions.scale_of(scale_id)
    form = ScoreForm(request.POST or None, scale=weighing)
    refused: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            score_actions.score(
                by=request.asker, encounter_id=picture.id, scale_id=scale_id, answers=form.answers(),
                before=form.before(), seen=_seen(request),
            )  # fmt: skip
        except Refused as error:
            if not form.keep(error):
                refused = _refusal(picture, error)
        else:
            return _to_session(picture, "#scores")
    context = {**_common(request, picture), "form": form, "scale": weighing, "title": _(weighing.rule.title),
               "statement": _(weighing.rule.statement), "refused": refused}  # fmt: skip
    return render(request, "console/sessions/score.html", context, status=_status(request, form, refused))


# ---------------------------------------------------------------- readings


@of_session("session.observe", methods=["GET", "HEAD", "POST"])
def values(request: Request, picture: Picture) -> HttpResponse:
    """Readings and ratings that a person took. A state that moved on in the meantime does not lose them."""
    rated = () if picture.state in {State.ARRIVED, State.CHECKED} else (MOAAS, *RATED)
    form = ValuesForm(request.POST or None, codes=(*AT_THE_CHAIR, *rated))
    refused: list[dict[str, str]] = []
    if request.method == "POST":
        if form.is_valid():
            try:
                vitals_actions.take_readings(
                    by=request.asker, encounter_id=picture.id, values=form.values(),
                    measured_at=form.measured_at(picture.now), before_arrival=form.cleaned_data["before_arrival"],
                )  # fmt: skip
            except Refused as error:
                if "before-arrival" in error.codes:
                    form.ask_early(error)
                else:
                    refused = _refusal(picture, error)
            else:
                return _to_session(picture, "#live")
        if not refused and request.POST.get("from") == "checks" and picture.state is State.ARRIVED:
            return _page(request, picture, form=form, status=422)
    context = {
        **_common(request, picture),
        "form": form,
        "refused": refused,
        "chair_codes": AT_THE_CHAIR,
        "rated_codes": rated,
        "asks_sure": form.asks_sure,
    }
    return render(request, "console/sessions/values.html", context, status=_status(request, form, refused))


# ---------------------------------------------------------------- the dose


@of_session("session.second_check", methods=["POST"])
def dose(request: Request, picture: Picture) -> HttpResponse:
    """What somebody reads off the vial and the syringe: the first entry prepares, the second checks."""
    form = _dose_form(picture, request.POST)
    if not form.is_valid():
        return _page(request, picture, form=form, status=422)
    try:
        encounter_actions.lock_session(picture.id, _seen(request))
        check_dose(
            by=request.asker, encounter_id=picture.id, drawn=form.drawn(), read_again=form.was_read_again
        )  # fmt: skip
    except Overtaken as overtaken:
        return _page(request, picture, refused=overtaken, form=form)
    except Refused as refused:
        rest = form.blame(refused)
        if rest is not None:
            return _page(request, picture, refused=rest, form=form)
        return _page(request, session_or_404(picture.id), form=form, status=409)
    return _to_session(picture, "#dose")


# ---------------------------------------------------------------- while it runs


@of_session("session.alarm", methods=["GET", "HEAD", "POST"])
def acknowledge(request: Request, picture: Picture) -> HttpResponse:
    """Take an alarm: one tap on the session's page, or here with a note."""
    asked = request.POST if request.method == "POST" else request.GET
    rule_id, code = asked.get("rule", ""), asked.get("code", "")
    line = next((each for each in minute.alarm_lines(picture) if (each.rule_id, each.code) == (rule_id, code)), None)
    if request.method != "POST":
        if line is None:
            return _to_session(picture)
        context = {**_common(request, picture), "alarm": line, "note": "", "refused": []}
        return render(request, "console/sessions/acknowledge.html", context)
    try:
        alarm_actions.acknowledge(
            by=request.asker, encounter_id=picture.id, rule_id=rule_id, code=code,
            note=request.POST.get("note", "").strip()[:500],
        )  # fmt: skip
    except Refused as refused:
        if request.htmx:
            return _minute_again(request, picture, [str(each) for each in refused.reasons])
        return _page(request, picture, refused=refused)
    return _minute_again(request, picture, []) if request.htmx else _to_session(picture)


@of_session("session.read")
def strip(request: Request, picture: Picture) -> HttpResponse:
    """The strip that every page of a session keeps in sight, as it is now."""
    return render(request, "console/sessions/_minute_inside.html", {**_common(request, picture), "alone": True})


def _minute_again(request: Request, picture: Picture, said: list[str]) -> HttpResponse:
    """The strip after a tap in it, with what there is to say."""
    context = {**_common(request, session_or_404(picture.id)), "said": said, "alone": request.POST.get("alone") == "1"}
    return render(request, "console/sessions/_minute_inside.html", context)


@of_session("session.observe", methods=["POST"])
def answer(request: Request, picture: Picture) -> HttpResponse:
    """Somebody has seen that the patient asks for help, or goes. A second press changes nothing."""
    act = call_actions.see_call if request.POST.get("do") == "seen" else call_actions.go_to_patient
    try:
        act(by=request.asker, encounter_id=picture.id)
    except Refused as refused:
        if not request.htmx:
            return _page(request, picture, refused=refused)
        return _minute_again(request, picture, [str(each) for each in refused.reasons])
    return _minute_again(request, picture, []) if request.htmx else _to_session(picture)


@of_session("session.observe", methods=["GET", "HEAD", "POST"])
def note(request: Request, picture: Picture) -> HttpResponse:
    """Note something that happened, with its time."""
    form = NoteForm(request.POST or None, initial={"kind": request.GET.get("kind", "")})
    refused: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            session_actions.note_event(
                by=request.asker, encounter_id=picture.id, kind=form.cleaned_data["kind"],
                note=form.cleaned_data["note"].strip(), at=moment_of(form.cleaned_data["at"], picture.now),
            )  # fmt: skip
        except Refused as error:
            refused = _refusal(picture, error)
        else:
            return _to_session(picture)
    context = {**_common(request, picture), "form": form, "refused": refused}
    return render(request, "console/sessions/note.html", context, status=_status(request, form, refused))


# ---------------------------------------------------------------- the monitor


@of_session("monitor.associate", methods=["GET", "HEAD", "POST"])
def monitor(request: Request, picture: Picture) -> HttpResponse:
    """Put a monitor on the patient, or take it off."""
    refused: list[dict[str, str]] = []
    if request.method == "POST":
        device = get_object_or_404(Device, pk=_number(request.POST.get("device", "")))
        try:
            if request.POST.get("do") == "this_patient":
                claiming_actions.confirm_patient(by=request.asker, device_id=device.pk, encounter_id=picture.id)
            elif request.POST.get("do") == "line":
                host = request.POST.get("address", "")
                claiming_actions.confirm_line(by=request.asker, device_id=device.pk, host=host)
            elif request.POST.get("do") in Whose.values:
                return _whose_answered(request, picture, device)
            elif request.POST.get("do") == "off":
                if device.pk in {each.device_id for each in picture.monitors}:
                    vitals_actions.take_off(by=request.asker, device_id=device.pk)
            elif device.retired_at is not None:
                raise Refused(_("This monitor is out of use."), codes=("retired",))
            else:
                vitals_actions.put_on(by=request.asker, device_id=device.pk, encounter_id=picture.id)
        except Refused as error:
            refused = _refusal(picture, error)
        else:
            return _to_session(picture, "#monitor")
    context = {
        **_common(request, picture),
        "on": session_presenters.monitors(picture),
        "doubts": monitor_doubts(picture.id),
        "free": [
            session_presenters.MonitorLine(each.pk, each.name, each.last_seen_at, skew_word(each.clock_skew_s))
            for each in vitals_queries.free_monitors()
        ],
        "refused": refused,
        "monitors_url": address("console:monitors") if request.asker.may("monitor.read") else "",
    }
    return render(request, "console/sessions/monitor.html", context, status=409 if refused else 200)


def _whose_answered(request: Request, picture: Picture, device: Device) -> HttpResponse:
    """Whose a value was that the monitor took back. Who says somebody else's is left where it is taken off."""
    answer = request.POST["do"]
    posted_wrong_actions.answer_whose(
        by=request.asker, encounter_id=picture.id, device_id=device.pk, answer=answer,
        upto=_number(request.POST.get("upto", "")),
    )  # fmt: skip
    if answer == Whose.THIS:
        return _to_session(picture, "#monitor")
    messages.warning(request, _("Take %(name)s off this patient, and look at what it has charted here.") % {
        "name": device.name
    })  # fmt: skip
    return redirect("console:session_monitor", picture.id)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


# ---------------------------------------------------------------- the way home


@of_session("session.check", methods=["GET", "HEAD", "POST"])
def companion(request: Request, picture: Picture) -> HttpResponse:
    """Name who takes the patient home; somebody else than before has to come again."""
    form = SomebodyForm(request.POST if request.POST.get("person") == "new" else None)
    refused: list[dict[str, str]] = []
    may_add = request.asker.may("patient.edit")
    if request.method == "POST" and (request.POST.get("person") != "new" or form.is_valid()):
        try:
            with transaction.atomic():
                _name(request, picture, form)
        except Refused as error:
            refused = _refusal(picture, error)
        else:
            return _to_session(picture, "#companion")
    context = {
        **_common(request, picture),
        "people": patients_queries.people_of(picture.encounter.patient_id),
        "chosen": picture.companion.pk if picture.companion else None,
        "form": form,
        "refused": refused,
        "may_add": may_add,
    }
    return render(request, "console/sessions/companion.html", context, status=_status(request, form, refused))


def _name(request: Request, picture: Picture, form: SomebodyForm) -> None:
    encounter_actions.lock_session(picture.id, _seen(request))
    chosen = _number(request.POST.get("person", ""))
    if form.is_bound:
        chosen = patients.add_person(
            by=request.asker, patient_id=picture.encounter.patient_id, name=form.cleaned_data["name"],
            relationship=form.cleaned_data["relationship"], phone=form.cleaned_data["phone"],
        ).pk  # fmt: skip
    before = picture.companion.pk if picture.companion else None
    session_actions.name_companion(by=request.asker, encounter_id=picture.id, related_person_id=chosen)
    here = picture.checks.get("companion_here")
    if before != chosen and here is not None and here.outcome == "passed":
        session_actions.check(
            by=request.asker, encounter_id=picture.id, item_id="companion_here", passed=False,
            note=_("Somebody else is named now."),
        )  # fmt: skip


# ---------------------------------------------------------------- addresses

_ONE = "sessions/<int:encounter_id>/"
_AHEAD = "appointments/<int:appointment_id>/"
# The steps of a pump have pages of their own: see pump.py.
_STEPS = (
    "complete_checks", "start_dose", "find_ready", "observe_again", "leave", "observe_after_stop", "leave_without_dose",
)  # fmt: skip

urlpatterns = [
    path(f"{_AHEAD}arrive/", arrive, name="arrive"),
    path(f"{_AHEAD}not-coming/", not_coming, name="not_coming"),
    path(f"{_AHEAD}did-not-attend/", did_not_attend, name="did_not_attend"),
    path(f"{_AHEAD}cancel-session/", cancel_planned, name="cancel_planned"),
    path(_ONE, session, name="session"),
    path(f"{_ONE}live/", live, name="session_live"),
    path(f"{_ONE}strip/", strip, name="session_strip"),
    path(f"{_ONE}check/", check, name="session_check"),
    path(f"{_ONE}values/", values, name="session_values"),
    path(f"{_ONE}dose/", dose, name="session_dose"),
    path(f"{_ONE}alarm/", acknowledge, name="session_acknowledge"),
    path(f"{_ONE}answer/", answer, name="session_answer"),
    path(f"{_ONE}note/", note, name="session_note"),
    path(f"{_ONE}monitor/", monitor, name="session_monitor"),
    path(f"{_ONE}companion/", companion, name="session_companion"),
    path(f"{_ONE}score/<slug:scale_id>/", score, name="session_score"),
    *(path(f"{_ONE}{name.replace('_', '-')}/", _step(name), name=f"session_{name}") for name in _STEPS),
]
