"""Runs the worked examples that stand in the rules: the rule's own proof that the engine reads it as meant.

Times in an example are seconds (alarms) or minutes (schedules) from an arbitrary beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical import (
    alarms,
    calls,
    deadlines,
    eligibility,
    interactions,
    jurisdictions,
    news2,
    protocol,
    raising,
    recovery,
    scales,
    vitals,
    worked_doses,
)
from sojourn.clinical.protocol.guards import against_floors, against_scores
from sojourn.clinical.protocol.protocol import facts_of_the_day
from sojourn.clinical.rules import Example, Loosened, Rule, RuleInvalid, tighten

_BEGINNING: Final = worked_doses.BEGINNING
# Words of an example that are missing or of another type.
_CANNOT_BE_WORKED: Final = (LookupError, TypeError, AttributeError, ArithmeticError, AssertionError)
_PLAIN_LIMIT: Final = 1.0
_NINE: Final = 9.0  # of 10: what PADSS and Aldrete must reach, where an example is about their order


def run(rule: Rule, but: Collection[str] = ()) -> tuple[str, ...]:
    """Every way in which an example of the rule does not come out as it says; empty when all do. ``but``: titles of
    examples that are left out, because the program has moved on since their release."""
    runner = _RUNNERS.get(rule.kind)
    if runner is None:
        return (f"{rule.id}: nobody knows how to work an example of kind {rule.kind}",)
    kept = replace(rule, examples=tuple(each for each in rule.examples if each.title not in but))
    return tuple(_compare(kept, partial(runner, rule)))


def run_scale(scale: scales.Scale) -> tuple[str, ...]:
    """The same for a scale, whose examples need the questionnaire beside the rule."""
    return (*_compare(scale.rule, partial(_scale, scale)), *_findings(scale))


def _findings(scale: scales.Scale) -> Iterator[str]:
    for finding in scale.findings:
        for title, answers, met in finding.examples:
            if len(answers) != len(scale.scored):
                yield f"{scale.rule.id}: {finding.code}: {title}: {len(answers)} answers, {len(scale.scored)} are asked"
                continue
            found = scale.score(dict(zip((item.link_id for item in scale.scored), answers, strict=True)))
            if isinstance(found, scales.ScoreRefusal) or (finding.code in found.findings) != met:
                yield f"{scale.rule.id}: {finding.code}: {title}: expected {met}"


def _compare(rule: Rule, work: Callable[[Example], Mapping[str, Any]]) -> Iterator[str]:
    for example in rule.examples:
        try:
            got = work(example)
        except RuleInvalid:
            raise
        except ValueError as wrong:  # a fact that nobody knows, a value that it cannot have
            yield f"{rule.id}: {example.title}: {wrong}"
            continue
        except _CANNOT_BE_WORKED as wrong:
            yield f"{rule.id}: {example.title}: cannot be worked: {wrong!r}"
            continue
        for key, wanted in example.expect.items():
            if key not in got:
                yield f"{rule.id}: {example.title}: nothing is called {key}"
            elif got[key] != wanted:
                yield f"{rule.id}: {example.title}: {key} is {got[key]!r}, expected {wanted!r}"


def _scale(scale: scales.Scale, example: Example) -> Mapping[str, Any]:
    """Answers in the order of the scored items, "" where there is none; two totals to compare; or an entered total
    ("" where its subscales make it) with the answers of the safety items."""
    given = example.given
    if "baseline" in given:
        change = scale.change_of_totals(given["baseline"], given["now"])
        return {
            "response": change.response,
            "remission": change.remission,
            "reliable": change.reliable,
            "difference": change.difference,
        }
    if "total" in given:
        parts = {code: _exactly(number) for code, number in given.get("parts", {}).items()}
        total = None if given["total"] == "" else _exactly(given["total"])
        found = scale.enter(total, parts, given.get("answers_safety", {}))
    else:
        pairs = zip(scale.scored, given["answers"], strict=True)
        found = scale.score({item.link_id: None if value == "" else value for item, value in pairs})
    if isinstance(found, scales.ScoreRefusal):
        return {"refused": found.reasons, "safety": found.safety, "missing": found.missing}
    return {
        "total": float(found.total),
        "band": None if found.band is None else found.band.code,
        "safety": found.safety,
        "missing": found.missing,
        "prorated": found.prorated,
        "screen": found.screen,
        "findings": found.findings,
        "parts": {code: float(number) for code, number in found.parts.items()},
    }


def _exactly(number: float) -> scales.Number:
    return number if isinstance(number, int) else Decimal(str(number))


def _alarm(rule: Rule, example: Example) -> Mapping[str, Any]:
    given = example.given
    prepared = alarms.prepare(rule, None)
    ready = {each.vital: each for each in prepared}[given.get("vital", prepared[0].vital)]
    state = alarms.start(ready, _BEGINNING)
    events: list[str] = []
    last: alarms.AlarmEvaluation | None = None
    for seconds, value in given["readings"]:
        now = _BEGINNING + timedelta(seconds=seconds)
        reading = alarms.Reading(now, float(value))
        shown = {code: alarms.Reading(now, float(number)) for code, number in given.get("shown", {}).items()}
        eased = alarms.eased(ready, shown, now)
        last = alarms.evaluate_alarm(ready, (reading,), state, now, given.get("baseline"), eased=eased)
        state = last.state
        events += [each.event.value for each in last.happenings]
    if "until" in given:
        last = alarms.evaluate_alarm(ready, (), state, _BEGINNING + timedelta(seconds=given["until"]))
        state = last.state
        events += [each.event.value for each in last.happenings]
    return {
        "phase": state.phase.value,
        "priority": None if state.priority is None else state.priority.value,
        "events": tuple(events),
        "why": None if last is None else last.why.value,
    }


def _escalation(rule: Rule, example: Example) -> Mapping[str, Any]:
    """A raised alarm of the given priority that nobody acknowledges."""
    priority = alarms.Priority(example.given["priority"])
    ready = alarms.AlarmRule(
        *("example", 1, "", "", "hr", 1, False, None, (alarms.Level(_PLAIN_LIMIT, priority),)),
        sustained=timedelta(0),
        clear_margin=0.0,
        silence=None,
        escalate=alarms.escalation(rule),
    )
    raised = alarms.evaluate_alarm(ready, (alarms.Reading(_BEGINNING, 2.0),), alarms.State(), _BEGINNING)
    waited = _BEGINNING + timedelta(seconds=example.given["waited"])
    return {"phase": alarms.evaluate_alarm(ready, (), raised.state, waited).state.phase.value}


def _deadline(rule: Rule, example: Example) -> Mapping[str, Any]:
    """Who is told when, in minutes from the beginning: ``at`` the flag was raised or ``taken``; ``open`` are the hours
    of a clinic that has stated them."""

    def at(minutes: float) -> datetime:
        return _BEGINNING + timedelta(minutes=minutes)

    given, found = example.given, deadlines.read(rule)
    hours = [(at(opens), at(closes)) for opens, closes in given["open"]] if "open" in given else None
    if "taken" in given:
        ladder = deadlines.until_acted(found, at(given["taken"]), hours)
    else:
        ladder = deadlines.until_taken(found, at(given["at"]), hours)
    told = {"backup": ladder.backup_at, "everybody": ladder.everybody_at, "all": ladder.all_at}
    return {name: (each - _BEGINNING) / timedelta(minutes=1) for name, each in told.items()}


def _call(rule: Rule, example: Example) -> Mapping[str, Any]:
    """A patient's call that nobody has answered."""
    now = _BEGINNING + timedelta(seconds=example.given["waited"])
    return {"escalated": calls.is_escalated(_BEGINNING, now, calls.waits_at_most(rule))}


def _plausibility(rule: Rule, example: Example) -> Mapping[str, Any]:
    found = vitals.plausibility(rule, float(example.given["value"]))
    return {"plausible": isinstance(found, vitals.Plausible)}


def _news2(rule: Rule, example: Example) -> Mapping[str, Any]:
    given = example.given
    found = news2.score(
        rule,
        news2.Observations(
            *(given.get("rr"), given.get("spo2"), given.get("o2"), given.get("sbp"), given.get("hr")),
            given.get("acvpu"),
            given.get("temp"),
        ),
    )
    if isinstance(found, news2.News2Refusal):
        return {"refused": found.reasons}
    return {"total": found.total, "risk": found.risk.value}


def _recovery(rule: Rule, example: Example) -> Mapping[str, Any]:
    said: Mapping[str, recovery.Points] = {"not applicable": None, "as before": recovery.AS_BEFORE}
    answers = {name: said.get(value, value) for name, value in example.given.items()}
    found = recovery.read(rule).score(answers)
    if isinstance(found, recovery.RecoveryScoreRefusal):
        return {"refused": found.reasons}
    return {"total": found.total, "reached": found.reached}


def _order_of_scores(rule: Rule, example: Example) -> Mapping[str, Any]:
    """What is asked for of the scores of a session, by route, in the order in which they were recorded."""
    given = example.given
    rows = [recovery.Scored(name, total, _BEGINNING) for name, total in given["scores"]]
    totals, leaving = recovery.counted(rows, _BEGINNING), recovery.read_leaving((rule,), given["route"])
    limits = dict.fromkeys(recovery.SCALES, _NINE)
    return {"refused": tuple(each.code for each in against_scores(totals, leaving, limits))}


def _saturation_floor(rule: Rule, example: Example) -> Mapping[str, Any]:
    """Whether somebody leaves with a saturation, without a signed reason, under a number that a clinic stated."""
    given, own = example.given, tighten(rule, {"spo2": example.given["stated"]})
    if isinstance(own, Loosened):
        return {"refused": own.reasons}
    floor = recovery.read_leaving((own,), "").saturation_floor
    return {"leaves": given["now"] >= recovery.lowest_saturation(given["limit"], given.get("before"), floor)}


def _protocol(rule: Rule, example: Example) -> Mapping[str, Any]:
    plan, given = protocol.read(rule), dict(example.given)
    if "answered" in given:
        told = facts_of_the_day(plan, given["answered"], {}, _BEGINNING.date())
        return {"told": {each.name: each.value for each in told}}
    if "checked_at" in given:
        return _checks(plan, given)
    transition = given.pop("transition")
    given["state"] = protocol.State(given["state"])
    given["latest"] = {code: protocol.Latest(value, age) for code, (value, age) in given.get("latest", {}).items()}
    if "checklist" in protocol.BY_NAME[transition].guards:  # what an example does not speak of is as it should be
        given.setdefault("checks", {item.id: "passed" for item in plan.checklist})
        given.setdefault("baseline", {code: latest.value for code, latest in given["latest"].items()})
    found = protocol.guard(transition, protocol.GuardFacts(protocol_adopted=True, **given), plan)
    if isinstance(found, protocol.StepRefusal):
        return {"refused": tuple(each.code for each in found.reasons)}
    return {"target": found.target.value}


def _checks(plan: protocol.Protocol, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Which check is due, after those that were done."""
    times = [_BEGINNING + timedelta(minutes=each) for each in given["checked_at"]]
    due = protocol.next_check_due(plan.schedule, _BEGINNING, times, _BEGINNING + timedelta(minutes=given["now"]))
    return {
        "next": None if due.next is None else due.next.minute,
        "missed": tuple(each.minute for each in due.missed),
        "done": tuple(each.minute for each in due.done),
    }


def _floor(rule: Rule, example: Example) -> Mapping[str, Any]:
    """Numbers as a clinic states them, and readings of this moment by code."""
    given = example.given
    own = tighten(rule, {name: given[name] for name in rule.open})
    assert isinstance(own, Rule), f"{rule.id}: {own}"
    facts = protocol.GuardFacts(
        protocol.State.CHECKED,
        latest={code: protocol.Latest(float(value), 0) for code, value in given.items() if code not in rule.open},
        floors=protocol.floors_of([(rule, own)]),
    )
    return {"refused": tuple(each.code for each in against_floors(facts))}


def _eligibility(rule: Rule, example: Example) -> Mapping[str, Any]:
    """Facts by name, told today unless ``told_days_ago`` says otherwise; days as so many days ago. The drug and the
    stage are the rule's first unless given; ``stated`` are numbers that the rule ships without."""
    given, today = example.given, _BEGINNING.date()
    own = tighten(rule, given.get("stated", {}))
    if isinstance(own, Loosened):
        return {"refused": own.reasons}
    ready = eligibility.read(own)
    told = today - timedelta(days=given.get("told_days_ago", 0))
    values = dict(given.get("facts", {}))
    values |= {name: today - timedelta(days=days) for name, days in given.get("days_ago", {}).items()}
    found = eligibility.assess(
        eligibility.known(*(eligibility.Fact(name, value, told, "clinician") for name, value in values.items())),
        (ready,),
        drug=given.get("drug", ready.drugs[0]),
        stage=given.get("stage", ready.stages[0]),
        today=today,
    )
    finding = found.findings[0] if found.findings else None
    by_name = [each.fact for each in found.missing]
    return {
        "finding": "none" if finding is None else finding.severity,
        "action": None if finding is None else finding.action,
        "because": () if finding is None else tuple(each.name for each in finding.because),
        "missing": tuple(name for name in eligibility.VOCABULARY if name in by_name),
    }


def _evidence(rule: Rule, example: Example) -> Mapping[str, Any]:
    """Facts that were all told ``told_days_ago``."""
    given, today = example.given, _BEGINNING.date()
    told = today - timedelta(days=given["told_days_ago"])
    facts = eligibility.known(
        *(eligibility.Fact(name, value, told, "clinician") for name, value in given["facts"].items())
    )
    _kept, expired = eligibility.current(facts, (eligibility.evidence.read(rule),), today)
    return {"expired": tuple(each.name for each in expired)}


def _interaction(rule: Rule, example: Example) -> Mapping[str, Any]:
    """``medicines`` are known ones, with their ``groups``; ``written`` is free text. ``unspoken``: those among them of
    which the rule says nothing for this drug and route."""
    ready, given = interactions.read(rule), example.given
    groups = given.get("groups", {})
    medicines = [interactions.Medicine(name, groups=tuple(groups.get(name, ()))) for name in given.get("medicines", ())]
    medicines += [interactions.written(text) for text in given.get("written", ())]
    found = interactions.check(
        medicines, (ready,), drug=given.get("drug", ready.drugs[0]), route=given.get("route", ready.routes[0])
    )
    hits = [each for each in found if isinstance(each, interactions.Interaction)]
    named = {each.medicine.name for each in hits}
    return {
        "found": tuple(each.name for each in medicines if each.known and each.name in named),
        "severity": hits[0].severity if hits else None,
        "not_checked": tuple(each.medicine.name for each in found if isinstance(each, interactions.NotChecked)),
    }


def _jurisdiction(rule: Rule, example: Example) -> Mapping[str, Any]:
    return {"stale": jurisdictions.read(rule).stale(example.given["on"])}


def _battery(rule: Rule, _: Example) -> Mapping[str, Any]:
    return {"indication": rule.fact("indication"), "scales": rule.fact("scales")}


def _raising(rule: Rule, example: Example) -> Mapping[str, Any]:
    """A fact with its value, an item of a session with its answer, or the alarming items of a scale."""
    given, table = example.given, raising.read(rule)
    if "fact" in given:
        found = table.of_fact(given["fact"], given["value"])
    elif "check" in given:
        found = table.of_check(given["check"], passed=given["passed"])
    else:
        items = given["items"] if "items" in given else table.more(given["scale"], given["answered"])
        found = table.of_answers(given["scale"], items)
    return {"severity": found or ""}


def _signature(rule: Rule, example: Example) -> Mapping[str, Any]:
    """What an acceptance needs of a finding of some severity and action, of an interaction, or of what is unknown."""
    given, table = example.given, eligibility.signature.read(rule)
    adopted = given.get("adopted", True)
    if "unknown" in given:
        needs = table.unknown
    elif "interaction" in given:
        needs = table.of_interaction(given["interaction"], adopted=adopted)
    else:
        needs = table.of(
            eligibility.Finding(
                rule_id="x", version=1, rule_hash="", severity=given["severity"], action=given["action"],
                never_overridden=False, title="", statement="", advice="", because=(), sources=(),
                verification="verified", adopted=adopted,
            )
        )  # fmt: skip
    return {"needs": needs}


def _signing(rule: Rule, example: Example) -> Mapping[str, Any]:
    """A dose and a signature, both by the clinic's clock (ISO 8601 without a zone)."""
    dose_at, at = (datetime.fromisoformat(example.given[name]).replace(tzinfo=UTC) for name in ("dose", "signs"))
    return {"refused": at < recovery.signs_from(rule, dose_at)}


_RUNNERS: Final[Mapping[str, worked_doses.Runner]] = MappingProxyType(
    {
        "alarm.threshold": _alarm,
        "alarm.rise": _alarm,
        "alarm.silence": _alarm,
        "alarm.fault": _alarm,
        "alarm.escalation": _escalation,
        calls.ESCALATION: _call,
        "plausibility": _plausibility,
        "score.news2": _news2,
        "score.recovery": _recovery,
        raising.KIND: _raising,
        eligibility.signature.KIND: _signature,
        recovery.SIGNING: _signing,
        recovery.ORDER: _order_of_scores,
        recovery.FLOOR: _saturation_floor,
        "protocol": _protocol,
        protocol.HARD_FLOOR: _floor,
        "battery": _battery,
        "eligibility": _eligibility,
        "evidence": _evidence,
        "interaction": _interaction,
        "jurisdiction": _jurisdiction,
        deadlines.KIND: _deadline,
        **worked_doses.RUNNERS,
    }
)
