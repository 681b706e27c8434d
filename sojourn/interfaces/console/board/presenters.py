"""A chair of the board as its first picture: figures, alarm, call and what is due, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from sojourn.care.encounter.models import Encounter
from sojourn.care.session.glance import Raw
from sojourn.care.session.limits import Limits
from sojourn.care.vitals.clock import BELIEVED
from sojourn.clinical.alarms import Priority, Standing, Why, gravest_of, rank, urgency
from sojourn.clinical.current import TILES, DisplayedVital, SignalReading, current_vital, rounded
from sojourn.clinical.protocol import State
from sojourn.clinical.vitals import MEAN, NO_VALUE, UNDATED
from sojourn.interfaces.console.board.words import PRIORITIES, STATES, Words, age_word, clock_word, due_word
from sojourn.interfaces.console.nav import address

# The watch stamps its heartbeat every second. Older than this, nobody would notice that a monitor fell silent.
WATCH_SILENT_AFTER_S = 10
_UNITS: Mapping[str, str] = {"hr": "/min", "bp": "mmHg", "spo2": "%", "rr": "/min", "etco2": "mmHg"}
LimitOf = Callable[[str, Raw, str], float]


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
class Watching:
    """Whether the watch is awake, in words; ``loud`` is what must be seen when it is not."""

    word: str
    loud: str


def watching(words: Words, age_s: float | None) -> Watching:
    if age_s is None:
        return Watching(words["watch_silent"], words["never_awake"])
    age = age_word(words, age_s)
    if age_s > WATCH_SILENT_AFTER_S:
        return Watching(words["watch_silent"], words["asleep"].format(age=age))
    return Watching(words["awake"].format(age=age), "")


def chair_shown(
    words: Words, encounter: Encounter, session: Raw, limits: Limits, now: datetime, hidden: bool
) -> ChairShown:
    patient = encounter.patient
    open_alarms = sorted(session["alarms"], key=lambda each: urgency(*_standing(each)))
    text, note = _said(words, open_alarms)
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
        state=str(STATES.get(State(session["state"]), session["state"])),
        when=when,
        due=due,
        overdue=overdue,
        called=call.text,
        call_note=call.note,
        call_late=call.late,
        call_unseen=call.unseen,
        notes=_notes(words, session),
        alarm=grave,
        alarm_word=str(PRIORITIES[Priority(grave)]) if grave else "",
        alarm_text=text,
        alarm_note=note,
        waiting=_waiting(open_alarms),
        figures=tuple(figure_of(words, key, session, limits.of, encounter.protocol_id, now) for key in TILES),
    )


def _waiting(alarms: Sequence[Raw]) -> tuple[str, ...]:
    """What one tap answers: the alarms that nobody has taken."""
    return tuple(f"{each['rule']}|{each['code']}" for each in alarms if each["phase"] != "acknowledged")


@dataclass(frozen=True, slots=True)
class CallShown:
    """A patient's call in words: who and for how long, how it stands. ``late``: it has waited too long."""

    text: str
    note: str
    late: bool
    unseen: bool


def call_of(words: Words, session: Raw, given: str, at_most: float | None, now: float) -> CallShown:
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


def gravest_open(alarms: Sequence[Raw]) -> str:
    """The priority of a chair: that of its gravest alarm that is not over, answered or not, as its tiles show it."""
    found = [each["priority"] for each in alarms if each["phase"] != "recovered"]
    return max(found, key=rank, default="")


def _standing(alarm: Raw) -> Standing:
    return Standing(alarm["phase"], alarm["priority"], alarm["since"], alarm["rule"], alarm["code"])


def _said(words: Words, alarms: Sequence[Raw]) -> tuple[str, str]:
    """What is wrong and how it stands, of the most urgent alarm; empty where there is none."""
    if not alarms:
        return "", ""
    alarm, count = alarms[0], len(alarms)
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


def _notes(words: Words, session: Raw) -> tuple[str, ...]:
    notes = []
    if not session["monitors"]:
        notes.append(words["no_monitor"])
    if clock := clock_word(words, session["skew"], BELIEVED.total_seconds()):
        notes.append(clock)
    return tuple(notes)


def figure_of(words: Words, key: str, session: Raw, limit_of: LimitOf, protocol_id: str, now: datetime) -> Figure:
    """One tile of a chair; ``session`` as ``monitoring.live`` reads it."""
    found = [SignalReading(code, *signal[:3]) for code, signal in session["signals"].items()]
    alarm = alarm_of([code for group in TILES[key] for code in group], session["alarms"])
    current = current_vital(
        TILES[key], found, now.timestamp(), lambda code: limit_of(code, session, protocol_id),
        alarm["code"] if alarm else "",
    )  # fmt: skip
    blank = Figure(key, _label(words, key, current, session), _UNITS[key], "–", words["none"], pair=key == "bp")
    if alarm is not None:
        blank = replace(blank, alarm=alarm["priority"], word=_short(words, alarm))
    if current is None:
        return replace(blank, hidden=key == "etco2" and alarm is None)
    return _read(words, current, blank, alarm is not None)


def _read(words: Words, current: DisplayedVital, blank: Figure, alarmed: bool) -> Figure:
    """A tile with what was read. Beside an alarm's word there is no room for a second one: a figure that is doubted is
    crossed all the same."""
    flag = current.quality_flag
    if flag and not alarmed:
        said = words["no_value"] if flag == NO_VALUE else words["doubts"].get(flag, words["doubted"])
        blank = replace(blank, alarm=Priority.LOW.value, word=said)
    if flag == NO_VALUE:
        return replace(blank, age=age_word(words, current.age_s), stale=current.stale)
    shown = "/".join("–" if each is None else str(rounded(each, 0)) for each in current.values)
    return replace(blank, value=shown, age=_age(words, current, alarmed), stale=bool(current.stale or flag))


def _age(words: Words, current: DisplayedVital, alarmed: bool) -> str:
    """How old a figure is. Of one that cannot be dated: that, where its own word does not say so already."""
    if current.quality_flag in UNDATED:
        return str(words["undated"]) if alarmed else ""
    said = words["old"] if current.stale and not (alarmed or current.quality_flag) else "{age}"
    return str(said.format(age=age_word(words, current.age_s)))


def _label(words: Words, key: str, current: DisplayedVital | None, session: Raw) -> str:
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


def _short(words: Words, alarm: Raw) -> str:
    """What stands beside a figure in alarm."""
    return str(words["no_value"] if alarm["why"] == Why.NO_GOOD_VALUE else words["short"].get(alarm["rule"], ""))


def alarm_of(codes: Sequence[str], alarms: Sequence[Raw]) -> Raw | None:
    """The gravest alarm that is not over of a figure's codes, whether or not somebody has seen it."""
    return gravest_of(codes, alarms, _standing)
