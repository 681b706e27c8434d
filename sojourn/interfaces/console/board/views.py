"""The session board: every running session of the clinic, to be read from two metres.

The page comes complete from here and works as it stands; the board's script then keeps it true with the events of
/live/board. Both draw from the same reading of the database (``monitoring.live``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django_stubs_ext import StrPromise

from sojourn.care.alarms import actions as alarm_actions
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import running
from sojourn.care.patients.queries import withheld
from sojourn.care.session import call_actions, live
from sojourn.care.vitals.clock import BELIEVED
from sojourn.clinical import calls
from sojourn.clinical.alarms import FAULT, KINDS, SILENCE, Priority, Why, rank, urgency
from sojourn.clinical.alarms.prepare import RISE
from sojourn.clinical.current import TILES, DisplayedVital, SignalReading, current_vital, rounded
from sojourn.clinical.protocol import State
from sojourn.clinical.rules import Rule
from sojourn.clinical.units import convert
from sojourn.clinical.vitals import DIASTOLIC, MEAN, NO_VALUE, SYSTOLIC, UNDATED
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_zone
from sojourn.foundation.heartbeat.queries import heartbeat_age
from sojourn.foundation.rulebook.load import book
from sojourn.foundation.rulebook.queries import acting_rules
from sojourn.interfaces.console.monitors.doubt_words import SHORT
from sojourn.interfaces.console.nav import address

CHAIRS_A_PAGE = 8
# The watch stamps its heartbeat every second. Older than this, nobody would notice that a monitor fell silent.
WATCH_SILENT_AFTER_S = 10

_STATES: Mapping[State, StrPromise] = {
    State.ARRIVED: gettext_lazy("Checks before the dose"),
    State.CHECKED: gettext_lazy("Ready for the dose"),
    State.DOSING: gettext_lazy("Dose running"),
    State.PAUSED: gettext_lazy("Dose paused"),
    State.OBSERVING: gettext_lazy("Being observed"),
    State.READY_TO_LEAVE: gettext_lazy("Ready to leave"),
    State.STOPPED_EARLY: gettext_lazy("Stopped early"),
}
_PRIORITIES: Mapping[Priority, StrPromise] = {
    Priority.HIGH: gettext_lazy("High"),
    Priority.MEDIUM: gettext_lazy("Medium"),
    Priority.LOW: gettext_lazy("Low"),
}

# What stands beside a figure in alarm; the whole sentence stands above.
_SHORT: Mapping[str, StrPromise] = {
    "low": pgettext_lazy("a reading", "Low"),
    "high": pgettext_lazy("a reading", "High"),
    "rising": pgettext_lazy("a reading", "Risen"),
    "silent": pgettext_lazy("a reading", "Silent"),
}
# Where low or high would not say it.
_NAMED: Mapping[str, StrPromise] = {
    "heart.asystole": pgettext_lazy("a reading", "No beat"),
    "heart.no_pulse": pgettext_lazy("a reading", "No pulse"),
    "breathing.apnoea": pgettext_lazy("a reading", "No breath"),
}
Words = Mapping[str, Any]
LimitOf = Callable[[str, Mapping[str, Any], str], float]


def _bend(rule: Rule) -> str:
    """Which way a reading leaves its limits."""
    if rule.kind == SILENCE:
        return "silent"
    if rule.kind == RISE:
        return "rising"
    return "low" if str(rule.fact("comparison")).startswith("l") else "high"


def board_words() -> dict[str, Any]:
    """Everything that the script says. ``{n}``, ``{who}``, ``{time}`` and ``{what}`` are filled there."""
    return {
        "states": {state.value: str(word) for state, word in _STATES.items()},
        "priorities": {priority.value: str(word) for priority, word in _PRIORITIES.items()},
        "rules": {rule.id: _(rule.title) for rule in book().of_kind(*KINDS, FAULT)},
        "short": {rule.id: str(_NAMED.get(rule.id) or _SHORT[_bend(rule)]) for rule in book().of_kind(*KINDS)},
        "doubts": {doubt: str(word) for doubt, word in SHORT.items()},
        "just_now": pgettext("age of a reading", "now"),
        "seconds": _("{n} s ago"),
        "minutes": _("{n} min ago"),
        "hours": _("{n} h ago"),
        "none": _("no reading yet"),
        "old": _("Old: {age}"),
        "doubted": _("Not believable"),
        "undated": _("time unknown"),
        "no_value": _("No value"),
        "silent": _("The monitor is silent"),
        "withdrawn": _("Withdrawn by the monitor, and nobody has seen it"),
        "pressure": _("Pressure"),
        "mean": _("Mean pressure"),
        "breathing": _("Breathing"),
        "breathing_co2": _("Breathing, CO₂"),
        "breathing_by": _("Breathing, {how}"),
        "by_impedance": pgettext("how breaths are counted", "impedance"),
        "by_acoustic": pgettext("how breaths are counted", "acoustic"),
        "by_pulse oximeter": pgettext("how breaths are counted", "oximeter"),
        "pulse": _("Pulse"),
        "heart": _("Heart"),
        "dose": _("{n} min since the dose"),
        "here": _("here for {n} min"),
        "due": _("Next check in {n} min"),
        "now": _("Next check now"),
        "overdue": _("Check overdue by {n} min"),
        "calls": _("{who} needs someone"),
        "waits": _("{call}, {age}"),
        "nobody_went": _("nobody has gone"),
        "clock_ahead": _("The monitor's clock is {n} min ahead"),
        "clock_behind": _("The monitor's clock is {n} min behind"),
        "no_monitor": _("No monitor on"),
        "seen_by": _("seen by {who}"),
        "escalated": _("nobody has answered"),
        "over": _("It is over, and nobody has seen it"),
        "more": _("and {n} more"),
        "lost": _("The board lost its connection at {time}. It tries again by itself. Look at the monitors."),
        "signed_out": _("You were signed out at {time}, and the board stands still. Sign in again."),
        "asleep": _(
            "Alarms of silence are not being watched: last sign {age}. Look at the patients, and call whoever looks"
            " after this server."
        ),
        "never_awake": _(
            "Alarms of silence are not being watched: the watch does not run. Look at the patients, and call whoever"
            " looks after this server."
        ),
        "awake": _("Watch awake, {age}"),
        "watch_silent": _("Watch silent"),
        "sound_on": _("Sound is on"),
        "sound_off": _("Sound is off"),
        "failed": _("That did not go through. Try again."),
        "elsewhere": _("{what} alarm on another page"),
        "calls_elsewhere": _("Somebody on another page needs someone"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One large figure. ``alarm`` is a priority, "low" also where the value cannot be believed."""

    key: str
    label: str
    unit: str
    value: str
    age: str
    alarm: str = ""
    word: str = ""
    stale: bool = False
    pair: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class ChairShown:
    """One chair of the board, as its first picture."""

    id: int
    chair: str
    who: str
    given: str
    record_number: str
    url: str
    state: str
    when: str
    due: str
    overdue: bool
    called: str
    call_note: str
    call_late: bool
    call_unseen: bool
    notes: tuple[str, ...]
    alarm: str
    alarm_word: str
    alarm_text: str
    alarm_note: str
    waiting: tuple[str, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """After how many seconds a reading is old: by vital sign where a monitor is on, else by the protocol; and how many
    a call may wait, None where no rule says so."""

    monitored: Mapping[str, float]
    typed: Mapping[str, float]
    call: float | None = None

    def of(self, code: str, session: Mapping[str, Any], protocol_id: str) -> float:
        typed = self.typed[protocol_id]
        return self.monitored.get(code, typed) if session["monitors"] else typed


def _limits(clinic_id: int, protocol_ids: set[str]) -> Limits:
    """From the clinic's own rules, or the released ones where it has adopted none. One query."""
    acting = acting_rules(clinic_id)

    def rule(released: Rule) -> Rule:
        return acting.get(released.id, released)

    def seconds(one: Rule, name: str) -> float:
        return float(convert(one.number(name), one.parameters[name].unit, "s"))

    monitored: dict[str, float] = {}
    for each in book().of_kind(SILENCE):
        for code in each.fact("vitals"):
            monitored[str(code)] = seconds(rule(each), "seconds")
    for systolic, *others in zip(SYSTOLIC, DIASTOLIC, MEAN, strict=True):
        if systolic in monitored:
            monitored.update({code: monitored[systolic] for code in others if code not in monitored})
    typed = {each: seconds(rule(book().rule(each)), "vitals_max_age") for each in protocol_ids}
    call = calls.waits_at_most(acting.get(calls.ESCALATION))
    return Limits(monitored, typed, None if call is None else call.total_seconds())


@allowed("board.watch")
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """All running sessions, eight chairs a page."""
    asker = cast(Request, request).asker
    now = timezone.now()
    encounters = sorted(running(), key=lambda each: _natural(each.chair.name))
    pages = max(1, -(-len(encounters) // CHAIRS_A_PAGE))
    page = _page(request, pages)
    here = encounters[(page - 1) * CHAIRS_A_PAGE : page * CHAIRS_A_PAGE]
    with connection.cursor() as cursor:
        sessions = {each["id"]: each for each in live.read(cursor.cursor, [each.pk for each in here], now)}
    assert asker.clinic_id is not None
    limits = _limits(asker.clinic_id, {each.protocol_id for each in here})
    hidden = withheld(asker, [each.patient for each in here], now)
    words = board_words()
    chairs = [_chair(words, each, sessions[each.pk], limits, now, each.patient_id in hidden) for each in here]
    age = heartbeat_age("watch", now)
    watch_age_s = None if age is None else age.total_seconds()
    return render(
        request,
        "console/board/board.html",
        {
            "chairs": chairs,
            "count": len(chairs),
            "pages": [(n, n == page) for n in range(1, pages + 1)] if pages > 1 else [],
            "now": now,
            "watch": _watch(words, watch_age_s),
            "may_answer": asker.may("session.observe"),
            "may_acknowledge": asker.may("session.alarm"),
            "data": {
                "now": now.timestamp(),
                "watch_age_s": watch_age_s,
                "zone": str(page_zone()),
                "stream": "/live/board",
                "here": reverse("still_here"),
                "cursor": live.cursor_text({each: one["newest"] for each, one in sessions.items()}),
                "sessions": [sessions[each.pk] for each in here],
                "others": [each.pk for each in encounters if each not in here],
                "chairs": {
                    str(each.pk): {"given": chair.given, "stale": _stale_of(each, limits)}
                    for each, chair in zip(here, chairs, strict=True)
                },
                "limits": limits.monitored,
                "call_s": limits.call,
                "trend_s": int(live.TREND.total_seconds()),
                "skew_s": int(BELIEVED.total_seconds()),
                "watch_silent_s": WATCH_SILENT_AFTER_S,
                "words": words,
            },
        },
    )  # fmt: skip


def _stale_of(encounter: Encounter, limits: Limits) -> float:
    return limits.typed[encounter.protocol_id]


def _page(request: HttpRequest, pages: int) -> int:
    asked = request.GET.get("page", "1")
    return min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1


def _natural(name: str) -> list[tuple[int, str]]:
    """Chair 2 before chair 10."""
    return [(int(part), "") if part.isdigit() else (0, part.casefold()) for part in re.split(r"([0-9]+)", name)]


@dataclass(frozen=True, slots=True)
class Watching:
    """Whether the watch is awake, in words; ``loud`` is what must be seen when it is not."""

    word: str
    loud: str


def age_word(words: Words, seconds: float) -> str:
    """How old a reading is, short enough to stand under it. The script says the same (tests/golden)."""
    if seconds < 1:
        return str(words["just_now"])
    for word, size, below in (("seconds", 1, 60), ("minutes", 60, 3600), ("hours", 3600, float("inf"))):
        if seconds < below:
            return str(words[word].format(n=int(seconds // size)))
    raise AssertionError("an age has no end")


def _watch(words: Words, age_s: float | None) -> Watching:
    if age_s is None:
        return Watching(words["watch_silent"], words["never_awake"])
    age = age_word(words, age_s)
    if age_s > WATCH_SILENT_AFTER_S:
        return Watching(words["watch_silent"], words["asleep"].format(age=age))
    return Watching(words["awake"].format(age=age), "")


def _chair(
    words: Words, encounter: Encounter, session: Mapping[str, Any], limits: Limits, now: datetime, hidden: bool
) -> ChairShown:
    patient = encounter.patient
    open_alarms = sorted(session["alarms"], key=_urgency)
    gravest = open_alarms[0] if open_alarms else None
    text, note = _said(words, gravest, len(open_alarms)) if gravest else ("", "")
    minutes = _minutes(now.timestamp() - (session["dose"] or session["since"]))
    when = words["dose" if session["dose"] else "here"].format(n=minutes)
    due, overdue = due_word(words, session["due"][0] - now.timestamp()) if session["due"] else ("", False)
    given = _("Somebody") if hidden else patient.given_name
    call = call_of(words, session, given, limits.call, now.timestamp())
    grave = gravest_open(open_alarms)
    return ChairShown(
        id=encounter.pk,
        chair=encounter.chair.name,
        who=_("Restricted record") if hidden else f"{patient.given_name} {patient.family_name[:1]}.",
        given=given,
        record_number="" if hidden else patient.record_number,
        url=address("console:session", encounter.pk),
        state=str(_STATES.get(State(session["state"]), session["state"])),
        when=when,
        due=due,
        overdue=overdue,
        called=call.text,
        call_note=call.note,
        call_late=call.late,
        call_unseen=call.unseen,
        notes=_notes(words, session),
        alarm=grave,
        alarm_word=str(_PRIORITIES[Priority(grave)]) if grave else "",
        alarm_text=text,
        alarm_note=note,
        waiting=tuple(f"{each['rule']}|{each['code']}" for each in open_alarms if each["phase"] != "acknowledged"),
        figures=tuple(figure_of(words, key, session, limits.of, encounter.protocol_id, now) for key in TILES),
    )


@dataclass(frozen=True, slots=True)
class CallShown:
    """A patient's call in words: who and for how long, how it stands. ``late``: it has waited too long."""

    text: str
    note: str
    late: bool
    unseen: bool


def call_of(words: Words, session: Mapping[str, Any], given: str, at_most: float | None, now: float) -> CallShown:
    """The call of a session; empty words where nobody calls. In TypeScript: View.call (tests/golden/calls.json)."""
    if session["called"] is None:
        return CallShown("", "", late=False, unseen=False)
    waited = max(0.0, now - session["called"])
    late = at_most is not None and waited >= at_most
    seen = session["call"][3] if session["call"] and session["call"][0] == "known" else ""
    notes = [words["nobody_went"]] if late else []
    notes += [words["seen_by"].format(who=seen)] if seen else []
    text = words["waits"].format(call=words["calls"].format(who=given), age=age_word(words, waited))
    return CallShown(text, ", ".join(notes), late, not seen)


def gravest_open(alarms: Sequence[Mapping[str, Any]]) -> str:
    """The priority of a chair: that of its gravest alarm that is not over, answered or not, as its tiles show it."""
    found = [each["priority"] for each in alarms if each["phase"] != "recovered"]
    return max(found, key=rank, default="")


def _urgency(alarm: Mapping[str, Any]) -> tuple[Any, ...]:
    return urgency(alarm["phase"], alarm["priority"], alarm["since"], alarm["rule"], alarm["code"])


def _said(words: Words, alarm: Mapping[str, Any], count: int) -> tuple[str, str]:
    """What is wrong, and how it stands."""
    notes = {
        "acknowledged": words["seen_by"].format(who=alarm["by"]),
        "escalated": words["escalated"],
        "recovered": words["withdrawn" if alarm["why"] == Why.WITHDRAWN_BY_MONITOR else "over"],
    }
    found = [notes[alarm["phase"]]] if alarm["phase"] in notes else []
    if count > 1:
        found.append(words["more"].format(n=count - 1))
    what = words["silent"] if alarm["why"] == Why.SILENT else words["rules"].get(alarm["rule"], alarm["rule"])
    return what, ", ".join(found)


def _minutes(seconds: float) -> int:
    return max(0, int(seconds // 60))


def due_word(words: Words, left: float) -> tuple[str, bool]:
    """When the next check is due, ``left`` seconds from now, and whether that moment has passed."""
    if left >= 60:
        return words["due"].format(n=int(left // 60)), False
    if left > -60:
        return words["now"], left <= 0
    return words["overdue"].format(n=int(-left // 60)), True


def _notes(words: Words, session: Mapping[str, Any]) -> tuple[str, ...]:
    notes = []
    if not session["monitors"]:
        notes.append(words["no_monitor"])
    if clock := clock_word(words, session["skew"], BELIEVED.total_seconds()):
        notes.append(clock)
    return tuple(notes)


def clock_word(words: Words, skew: float | None, believed: float) -> str:
    """That a monitor's clock is wrong, where it is more so than ``believed`` seconds; else ""."""
    if skew is None or abs(skew) <= believed:
        return ""
    return str(words["clock_ahead" if skew > 0 else "clock_behind"].format(n=rounded(abs(skew) / 60, 0)))


def figure_of(
    words: Words, key: str, session: Mapping[str, Any], limit_of: LimitOf, protocol_id: str, now: datetime
) -> Figure:
    """One tile of a chair; ``session`` as ``monitoring.live`` reads it."""
    units = {"hr": "/min", "bp": "mmHg", "spo2": "%", "rr": "/min", "etco2": "mmHg"}
    found = [SignalReading(code, *signal[:3]) for code, signal in session["signals"].items()]
    alarm = alarm_of([code for group in TILES[key] for code in group], session["alarms"])
    current = current_vital(
        TILES[key], found, now.timestamp(), lambda code: limit_of(code, session, protocol_id),
        alarm["code"] if alarm else "",
    )  # fmt: skip
    blank = Figure(
        key, _label(words, key, current, session), units[key], "", "", alarm=alarm["priority"] if alarm else "",
        word=_short(words, alarm) if alarm else "", pair=key == "bp",
    )  # fmt: skip
    if current is None:
        return replace(blank, value="–", age=words["none"], hidden=key == "etco2" and alarm is None)
    if current.quality_flag == NO_VALUE:
        empty = replace(blank, value="–", age=age_word(words, current.age_s), stale=current.stale)
        return empty if alarm else replace(empty, alarm=Priority.LOW.value, word=words["no_value"])
    shown = "/".join("–" if each is None else str(rounded(each, 0)) for each in current.values)
    # Beside an alarm's word there is no room for a second one: the figure is crossed all the same.
    if current.quality_flag and not alarm:
        doubted = words["doubts"].get(current.quality_flag, words["doubted"])
        blank = replace(blank, alarm=Priority.LOW.value, word=doubted)
    age = _age(words, current, alarm is not None)
    return replace(blank, value=shown, age=age, stale=bool(current.stale or current.quality_flag))


def _age(words: Words, current: DisplayedVital, alarmed: bool) -> str:
    """How old a figure is. Of one that cannot be dated: that, where its own word does not say so already."""
    if current.quality_flag in UNDATED:
        return str(words["undated"]) if alarmed else ""
    said = words["old"] if current.stale and not (alarmed or current.quality_flag) else "{age}"
    return str(said.format(age=age_word(words, current.age_s)))


def _label(words: Words, key: str, current: DisplayedVital | None, session: Mapping[str, Any]) -> str:
    """The name of a tile. Pulse, pressure and breathing say where they come from."""
    code = current.code if current else ""
    if key == "rr" and code == "rr":
        how = words.get(f"by_{(*session['signals']['rr'], '')[3]}")
        return str(words["breathing_by"].format(how=how) if how else words["breathing"])
    sources = {"pr": words["pulse"], "co2_rr": words["breathing_co2"], **dict.fromkeys(MEAN, words["mean"])}
    names = {
        "hr": words["heart"], "bp": words["pressure"], "spo2": _("Saturation"), "rr": words["breathing"],
        "etco2": _("EtCO₂"),
    }  # fmt: skip
    return str(sources.get(code, names[key]))


def _short(words: Words, alarm: Mapping[str, Any]) -> str:
    """What stands beside a figure in alarm."""
    return str(words["no_value"] if alarm["why"] == Why.NO_GOOD_VALUE else words["short"].get(alarm["rule"], ""))


def alarm_of(codes: Sequence[str], alarms: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The gravest alarm that is not over of a figure's codes, whether or not somebody has seen it."""
    found = [each for each in alarms if each["code"] in codes and each["phase"] != "recovered"]
    return min(found, key=lambda each: (-rank(each["priority"]), *_urgency(each)), default=None)


# --- one tap ---


def _answered(request: HttpRequest, asker: Asker, refusals: Sequence[str]) -> HttpResponse:
    """The script is told in JSON; a page without one comes back to the board."""
    status = 409 if refusals else 200
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"said": " ".join(refusals)}, status=status)
    if not refusals:
        return redirect("console:board")
    return render(request, "console/board/refused.html", {"reasons": refusals}, status=status)


def _present(encounter_id: int) -> Encounter:
    return get_object_or_404(Encounter, pk=encounter_id)


@allowed("session.alarm")
@require_POST
def seen(request: HttpRequest, encounter_id: int) -> HttpResponse:
    """Somebody has seen the alarms that the board showed: just those, not what rose since."""
    asker = cast(Request, request).asker
    _present(encounter_id)
    refusals = []
    for each in dict.fromkeys(request.POST.getlist("alarm")):
        rule_id, bar, code = each.partition("|")
        if not bar:
            raise Http404
        try:
            alarm_actions.acknowledge(by=asker, encounter_id=encounter_id, rule_id=rule_id, code=code)
        except Refused as refused:
            if "not-open" not in refused.codes:  # it ended by itself in the meantime: nothing is left to do
                refusals += [str(reason) for reason in refused.reasons]
    return _answered(request, asker, list(dict.fromkeys(refusals)))


@allowed("session.observe")
@require_POST
def going(request: HttpRequest, encounter_id: int) -> HttpResponse:
    """Somebody goes to the patient who called, or has seen the call. A second tap finds it done."""
    asker = cast(Request, request).asker
    _present(encounter_id)
    act = call_actions.see_call if request.POST.get("do") == "seen" else call_actions.go_to_patient
    try:
        act(by=asker, encounter_id=encounter_id)
    except Refused as refused:
        return _answered(request, asker, [str(reason) for reason in refused.reasons])
    return _answered(request, asker, [])


urlpatterns = [
    path("board/", board, name="board"),
    path("board/<int:encounter_id>/seen/", seen, name="board_seen"),
    path("board/<int:encounter_id>/going/", going, name="board_going"),
]
