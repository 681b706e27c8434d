"""What every page of a session keeps in sight: the values of this moment, the open alarms, a call, Pause and Stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from sojourn.care.safety import queries as safety_queries
from sojourn.care.session.calls import Call
from sojourn.care.session.rows import AlarmNow
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.care.vitals import faults
from sojourn.clinical import calls
from sojourn.clinical.alarms import MONITOR_SIGNAL, Phase, Priority
from sojourn.clinical.alarms.prepare import RISE, THRESHOLD
from sojourn.clinical.current import TILES
from sojourn.clinical.protocol import PRESENT, UNDER_WAY
from sojourn.clinical.rules import Parameter, Rule
from sojourn.clinical.units import unit
from sojourn.clinical.vitals import VITALS, void
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.queries import acting_rules
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.words import TILE_NAMES, WHY

CALL_RULE: Final = calls.ESCALATION
# Faults of a monitor that a nurse answers on the page of the session's monitor.
_ASKS: Final = frozenset(faults.RULES[each] for each in (faults.PATIENT, faults.LINE, faults.WRONG))
_LEVELS: Final = tuple(each.value for each in Priority)

# ---------------------------------------------------------------- the values


@dataclass(frozen=True, slots=True)
class Pinned:
    """A vital sign of this moment. ``figure`` is None where nothing was read; ``alarm`` is the priority of the gravest
    open alarm about it, or ""."""

    key: str
    name: str
    unit: str
    figure: session_presenters.Figure | None
    alarm: str


def pinned(picture: Picture) -> list[Pinned]:
    """Heart rate, pressure, saturation and breathing, always; carbon dioxide where it is measured."""
    found = []
    for key, groups in TILES.items():
        figure = session_presenters.tile(picture, key)
        if figure is None and key == "etco2":
            continue
        codes = {code for group in groups for code in group}
        open_ones = [Priority(each.priority) for each in picture.alarms if each.code in codes]
        alarm = max(open_ones, key=lambda each: each.rank).value if open_ones else ""
        display = VITALS[groups[0][0]].unit.display
        found.append(Pinned(key, str(TILE_NAMES[key]), display, figure, alarm))
    return found


# ---------------------------------------------------------------- the alarms


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """An open alarm. ``value`` set it off and ``now`` is what is read now, "" where that is the same or nothing;
    ``limit`` is the limit in the rule's words ("Stop below 90 %"), ``instruction`` what the rule says to do."""

    rule_id: str
    code: str
    key: str
    priority: str
    title: str
    sign: str
    value: str
    now: str
    limit: str
    instruction: str
    since_at: datetime
    escalated: bool
    answered: str
    asks: bool  # a person must say something of the monitor before it ends

    @property
    def detail(self) -> str:
        """What is wrong, in one line."""
        return " · ".join(filter(None, (f"{self.sign} {self.value}".strip(), self.limit)))


def alarm_lines(picture: Picture) -> list[AlarmLine]:
    """The most urgent first. No query."""
    return [_line(picture, each) for each in picture.alarms]


def _line(picture: Picture, alarm: AlarmNow) -> AlarmLine:
    rule = released_rulebook().rule(alarm.rule_id)
    level = _level(rule, alarm)
    return AlarmLine(
        rule_id=alarm.rule_id,
        code=alarm.code,
        key=f"{alarm.rule_id}-{alarm.code}".replace(".", "-"),
        priority=alarm.priority,
        title=_(rule.title),
        sign="" if alarm.code == MONITOR_SIGNAL else _(VITALS[alarm.code].label),
        value=_value(alarm),
        now=_now(picture, alarm),
        limit=_limit(level, alarm),
        instruction=_instruction(rule) if _is_as_released(level, alarm) else "",
        since_at=alarm.since_at,
        escalated=alarm.phase == Phase.ESCALATED.value,
        answered=alarm.acknowledged_by,
        asks=alarm.rule_id in _ASKS,
    )


def _instruction(rule: Rule) -> str:
    """What to do, in the rule's own words: of a limit its first sentence, for what follows gives the reasons."""
    words = _(rule.statement)
    return words.partition(". ")[0].removesuffix(".") + "." if rule.kind in (THRESHOLD, RISE) else words


def _value(alarm: AlarmNow) -> str:
    if alarm.why in WHY:
        return str(WHY[alarm.why])
    if alarm.value is None or alarm.code == MONITOR_SIGNAL:
        return ""
    return f"{session_presenters.written(alarm.code, alarm.value)} {VITALS[alarm.code].unit.display}".rstrip()


def _now(picture: Picture, alarm: AlarmNow) -> str:
    """What is read now, where it is no longer what set the alarm off."""
    newest = picture.newest.get(alarm.code)
    if newest is None or alarm.value is None or alarm.why in WHY or void(newest.doubt):
        return ""
    text = session_presenters.written(alarm.code, newest.value)
    return "" if text == session_presenters.written(alarm.code, alarm.value) else text


def _level(rule: Rule, alarm: AlarmNow) -> Parameter | None:
    """The number of the rule that was passed: that of the alarm's priority, or where an easing sign has lessened it
    that with the very limit."""
    if "seconds" in rule.parameters:
        return rule.parameters["seconds"]
    known = [rule.parameters[name] for name in _LEVELS if name in rule.parameters]
    if alarm.limit is not None:
        exact = [each for each in known if each.value == alarm.limit]
        if exact:
            return exact[0]
    return rule.parameters.get(alarm.priority) or (known[-1] if known else None)


def _limit(level: Parameter | None, alarm: AlarmNow) -> str:
    if level is None:
        return ""
    number = level.value if alarm.limit is None else alarm.limit
    display = unit(level.unit).display if level.unit else ""
    return f"{_(level.label)} {number:g} {display}".strip()


def _is_as_released(level: Parameter | None, alarm: AlarmNow) -> bool:
    """Whether the rule's own sentence, in which its numbers stand, is true of this clinic's stricter ones as well."""
    return level is None or alarm.limit is None or level.value == alarm.limit


# ---------------------------------------------------------------- a call


@dataclass(frozen=True, slots=True)
class CallLine:
    """The patient asks for somebody. ``seen_by`` has seen it and has not said that they go."""

    at: datetime
    seen_by: str
    escalated: bool


def call_line(picture: Picture) -> CallLine | None:
    """None where nobody calls, or somebody goes. One query where somebody calls."""
    call: Call | None = picture.call
    if call is None:
        return None
    rule = acting_rules(picture.encounter.clinic_id, only={CALL_RULE}).get(CALL_RULE)
    escalated = calls.is_escalated(call.at, picture.now, calls.waits_at_most(rule))
    return CallLine(call.at, call.by, escalated)


# ---------------------------------------------------------------- all of it


def strip_alone(request: Request, picture: Picture) -> dict[str, Any]:
    """The strip on a page that is about a session and is none of its own: expected concentration, the record."""
    return {"picture": picture, "seq": picture.seq, **minute(request, picture)}


def minute(request: Request, picture: Picture) -> dict[str, Any]:
    """What the strip shows; nothing of it where the patient is not here. One query more for whoever reads flags: what
    the patient writes or answers meanwhile is not left to somebody who opens another page."""
    may = request.actor.may
    here = picture.state in PRESENT
    lines = alarm_lines(picture) if here else []
    return {
        "here": here,
        "pinned": pinned(picture) if here else [],
        "alarms": lines,
        "graver": any(each.priority == Priority.HIGH.value for each in lines),
        "call": call_line(picture) if here else None,
        "flagged": here and may("flag.read") and bool(safety_queries.flagged([picture.encounter.patient_id])),
        "may_answer": may("session.alarm"),
        "may_associate": may("monitor.associate") and here,
        "may_go": may("session.observe") and here,
        "pump_at_hand": picture.state in UNDER_WAY and may("session.observe"),
    }
