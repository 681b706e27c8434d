"""From a rule of the rulebook to the compact form that judging uses."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sojourn.clinical.alarms.model import AlarmRule, Easing, Level, Priority
from sojourn.clinical.rules import Rule, RuleInvalid
from sojourn.clinical.units import Incompatible, convert
from sojourn.clinical.vitals import vital

THRESHOLD: Final = "alarm.threshold"
RISE: Final = "alarm.rise"
SILENCE: Final = "alarm.silence"
ESCALATION: Final = "alarm.escalation"
KINDS: Final = (THRESHOLD, RISE, SILENCE)
# Something is wrong with what a monitor sends: the signal is 1 while it is, and 0 when it is not.
FAULT: Final = "alarm.fault"
MONITOR_SIGNAL: Final = "monitor"
_SHOWN: Final = 1.0

# comparison -> (sign, inclusive)
_COMPARISONS: Final = {"gt": (1, False), "ge": (1, True), "lt": (-1, False), "le": (-1, True)}
_MILDEST_FIRST: Final = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)


def escalation(rule: Rule | None) -> dict[Priority, timedelta]:
    """How long an alarm of each priority may wait for somebody; a priority not named never escalates."""
    if rule is None:
        return {}
    if rule.kind != ESCALATION:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no {ESCALATION}")
    found = {each: rule.optional(each.value) for each in _MILDEST_FIRST}
    return {
        each: timedelta(seconds=float(convert(value, rule.parameters[each.value].unit, "s")))
        for each, value in found.items()
        if value is not None
    }


def speaks_of(rule: Rule, route: str, drug: str) -> bool:
    """Whether an alarm, or how long one may wait, is of a drug by a route."""
    return (
        rule.kind in (*KINDS, ESCALATION)
        and route in rule.fact("routes")
        and drug in rule.fixed.get("drugs", (drug,))
    )  # fmt: skip


def prepare(rule: Rule, escalates: Rule | None) -> tuple[AlarmRule, ...]:
    """One judging rule for each vital sign that the rule names; raises RuleInvalid or UnknownVital."""
    if rule.kind == FAULT:
        return (_of_monitor(rule, escalates),)
    if rule.kind not in KINDS:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no alarm")
    return tuple(_for_vital(rule, str(code), escalates) for code in rule.fact("vitals"))


def _of_monitor(rule: Rule, escalates: Rule | None) -> AlarmRule:
    """A technical alarm: it has no limit, and knows only whether there is a fault."""
    return AlarmRule(
        *(rule.id, rule.version, rule.hash, rule.title, MONITOR_SIGNAL, 1, True, None),
        levels=(Level(_SHOWN, Priority(rule.fact("priority"))),),
        sustained=timedelta(0),
        clear_margin=0.0,
        silence=None,
        escalate=escalation(escalates),
    )


def _relative(rule: Rule) -> str | None:
    """By what a rise is measured; None for a threshold."""
    if rule.kind != RISE:
        return None
    relative = str(rule.fact("relative"))
    if relative not in ("percent", "absolute"):
        raise RuleInvalid(f"{rule.id}: relative must be percent or absolute")
    return relative


def _levels(rule: Rule, unit: str) -> list[Level]:
    """The limits of a rule in a unit, the mildest first."""
    levels: list[Level] = []
    for priority in _MILDEST_FIRST:
        parameter = rule.parameters.get(priority.value)
        if parameter is None:
            continue
        try:
            levels.append(Level(float(convert(parameter.value, parameter.unit, unit)), priority))
        except Incompatible as wrong:
            raise RuleInvalid(f"{rule.id}: {priority}: {wrong}") from wrong
    if not levels:
        raise RuleInvalid(f"{rule.id}: no limit for any priority")
    return levels


def _seconds(rule: Rule, name: str) -> timedelta:
    parameter = rule.parameters.get(name)
    if parameter is None:
        return timedelta(0)
    return timedelta(seconds=float(convert(parameter.value, parameter.unit, "s")))


def _for_vital(rule: Rule, code: str, escalates: Rule | None) -> AlarmRule:
    unit = vital(code).unit
    if rule.kind == SILENCE:
        return AlarmRule(
            *(rule.id, rule.version, rule.hash, rule.title, code, 1, False, None),
            levels=(Level(rule.number("seconds"), Priority(rule.fact("priority"))),),
            sustained=timedelta(0),
            clear_margin=0.0,
            silence=_seconds(rule, "seconds"),
            escalate=escalation(escalates),
        )
    relative = _relative(rule)
    try:
        sign, inclusive = _COMPARISONS[rule.fact("comparison")]
    except KeyError:
        raise RuleInvalid(f"{rule.id}: comparison must be one of {', '.join(_COMPARISONS)}") from None
    # A clinic that tightens the milder limit past the graver one (or the reverse) still gets the graver alarm
    # at its own limit; the mildest limit opens the episode, so it must be the first to be passed.
    levels = _reachable(_levels(rule, "%" if relative == "percent" else unit.code), sign)
    sustained = _seconds(rule, "sustained")
    if sustained and len(levels) > 1:
        raise RuleInvalid(f"{rule.id}: a sustained alarm has one limit")
    return AlarmRule(
        *(rule.id, rule.version, rule.hash, rule.title, code, sign, inclusive, relative),
        levels=tuple(levels),
        sustained=sustained,
        clear_margin=rule.optional("clear_margin") or 0.0,
        silence=None,
        escalate=escalation(escalates),
        easing=_easing(rule, code),
    )


def _easing(rule: Rule, code: str) -> Easing | None:
    """``eased = {of, by, to}`` of the rule, for the vital signs that it is ``of``."""
    table = rule.fixed.get("eased")
    if table is None or code not in table["of"]:
        return None
    for each in table["by"]:
        vital(str(each))
    return Easing(tuple(str(each) for each in table["by"]), _seconds(rule, "eased_within"), Priority(table["to"]))


def _reachable(levels: list[Level], sign: int) -> list[Level]:
    """Only the levels that come before every graver one; a level behind a graver limit could never speak."""
    kept: list[Level] = []
    for level in reversed(levels):
        if not kept or sign * level.limit < sign * kept[-1].limit:
            kept.append(level)
    return kept[::-1]
