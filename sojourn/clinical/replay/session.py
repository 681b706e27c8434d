"""A session as its chart would hold it, moved by the entries of a scenario and by time.

Between two entries time does what it does in the clinic: a signal falls silent, an unanswered alarm is passed on, each
at its own second. Every judgement is asked of the functions that judge in the clinic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from sojourn.clinical import administration, alarms, dosing, eligibility, recovery
from sojourn.clinical.administration import Delivered, HistoryRefused, charted
from sojourn.clinical.administration.charted import Dose, DoseStep, Prepared, Wasted
from sojourn.clinical.administration.double_check import double_check
from sojourn.clinical.alarms import NothingToAcknowledge, Phase, Priority
from sojourn.clinical.protocol import (
    BY_NAME,
    FINAL,
    PRESENT,
    UNDER_WAY,
    GuardFacts,
    GuardReason,
    Measured,
    Passed,
    State,
    compose,
    dose_against,
    facts_of_the_day,
    guard,
    road,
)
from sojourn.clinical.protocol.guards import CheckResult
from sojourn.clinical.protocol.road import Agreement
from sojourn.clinical.replay.outcomes import (
    DONE,
    RATE_FAULTS,
    WASTE_FAULTS,
    AlarmNews,
    Answered,
    Done,
    in_words,
    refuse,
    refuse_all,
    sentence,
)
from sojourn.clinical.replay.rules import RulesOfClinic
from sojourn.clinical.replay.scenario import Scenario, ScenarioEntry
from sojourn.clinical.vitals import SYSTOLIC, doubt_of, limit_of, void


def instant(at: datetime) -> datetime:
    """A moment as everything here reckons with it: in UTC, so that a difference is elapsed time."""
    return at.astimezone(UTC)


@dataclass(slots=True)
class _Signal:
    """The newest of one vital sign."""

    value: float
    at: datetime
    doubt: str
    baseline: float | None = None
    silent_after: datetime | None = None

    @property
    def reading(self) -> alarms.Reading:
        return alarms.Reading(self.at, self.value, bool(self.doubt), limit_of(self.doubt))


@dataclass(slots=True)
class ReplayedSession:
    """A session as its chart would hold it, and the time on the clock."""

    scenario: Scenario
    rules: RulesOfClinic
    now: datetime = field(init=False)
    state: State = State.PLANNED
    entered: list[tuple[datetime, State, tuple[str, ...]]] = field(default_factory=list)
    signed: tuple[GuardReason, ...] = ()  # what was set aside in the newest step
    answered: list[Answered] = field(default_factory=list)  # the oldest first
    signals: dict[str, _Signal] = field(default_factory=dict)
    measured: list[tuple[datetime, str, float]] = field(default_factory=list)  # by a person, or a pressure; believed
    alarm_states: dict[tuple[str, str], alarms.State] = field(default_factory=dict)
    news: list[AlarmNews] = field(default_factory=list)
    prepared: list[Prepared] = field(default_factory=list)
    dose: Dose | None = None
    steps: list[DoseStep] = field(default_factory=list)
    wasted: list[Wasted] = field(default_factory=list)
    agreements: dict[str, Agreement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.agreements = {each.id: each for each in self.scenario.papers.agreements}
        self.now = instant(self.scenario.starts_at)

    # --- time ---

    def turn_to(self, at: datetime) -> None:
        """Let time pass until ``at``, stopping at every deadline on the way."""
        at = instant(at)
        while (due := self._next_deadline()) is not None and due <= at:
            self.now = max(self.now, due)
            self._sweep()
        self.now = at

    def _next_deadline(self) -> datetime | None:
        silent = (each.silent_after for each in self.signals.values() if each.silent_after is not None)
        waiting = (each.deadline for each in self.alarm_states.values() if each.deadline is not None)
        return min((*silent, *waiting), default=None)

    def _sweep(self) -> None:
        """What time alone does at this moment."""
        for code, signal in self.signals.items():
            if signal.silent_after is None or signal.silent_after > self.now:
                continue
            gone, signal.silent_after = signal.silent_after, None
            for rule in self.rules.alarms_of(code):
                if rule.silence is not None:
                    state = self.alarm_states.get((rule.rule_id, code)) or alarms.State()
                    self._judge(rule, (), state._replace(deadline=gone))
        for (rule_id, code), state in list(self.alarm_states.items()):
            if state.deadline is None or state.deadline > self.now:
                continue
            if state.phase is Phase.RAISED:
                self._judge(self._alarm_rule(rule_id, code), (), state)
            else:  # a pending alarm waits for its confirming reading, not for the clock
                self.alarm_states[rule_id, code] = state._replace(deadline=None)

    def _alarm_rule(self, rule_id: str, code: str) -> alarms.AlarmRule:
        return next(each for each in self.rules.alarms_of(code) if each.rule_id == rule_id)

    def _judge(
        self, rule: alarms.AlarmRule, recent: tuple[alarms.Reading, ...], state: alarms.State,
        baseline: float | None = None,
    ) -> None:  # fmt: skip
        others = {code: each.reading for code, each in self.signals.items() if not void(each.doubt)}
        eased = alarms.eased(rule, others, self.now)
        judgement = alarms.evaluate_alarm(rule, recent, state, self.now, baseline, eased=eased)
        if judgement.changed:
            self.alarm_states[rule.rule_id, rule.vital] = judgement.state
            self.news += [AlarmNews(rule, each) for each in judgement.happenings]

    # --- entries ---

    def do(self, entry: ScenarioEntry) -> Done:
        """What somebody, or a monitor, did at this moment."""
        done: Done = getattr(self, f"_{entry.does}")(entry)
        return done

    def _note(self, entry: ScenarioEntry) -> Done:
        return self._over() or DONE

    def _over(self) -> Done | None:
        return refuse("over", "This session is over.") if self.state in FINAL else None

    def _reading(self, entry: ScenarioEntry) -> Done:
        if self.state not in PRESENT:
            return refuse("not-running", "This session is not running; readings cannot be added.")
        for code, value in sorted(entry.values["vitals"].items()):  # as a batch of readings is judged in the clinic
            self._take(code, value, by_monitor=entry.values["monitor"])
        return DONE

    def _take(self, code: str, value: float, *, by_monitor: bool) -> None:
        doubt = doubt_of(self.rules.plausible[code], code, value)
        signal = self.signals.get(code)
        newest_at = None if signal is None else signal.at
        signal = signal or _Signal(value, self.now, doubt)
        self.signals[code] = signal
        for rule in self.rules.alarms_of(code):
            stored = self.alarm_states.get((rule.rule_id, code))
            if rule.silence is not None:
                stored, signal.silent_after = alarms.awaited(
                    rule.silence, stored, signal.silent_after, self.now, came=by_monitor, heard=by_monitor and not doubt
                )
                if stored is None:
                    continue
            if void(doubt) and rule.silence is None:
                continue
            state = (stored or alarms.State())._replace(newest_at=newest_at)
            self._judge(rule, (alarms.Reading(self.now, value, bool(doubt), limit_of(doubt)),), state, signal.baseline)
        signal.value, signal.at, signal.doubt = value, self.now, doubt
        if not doubt and (not by_monitor or code in SYSTOLIC):
            self.measured.append((self.now, code, value))

    def _check(self, entry: ScenarioEntry) -> Done:
        if over := self._over():
            return over
        outcomes: tuple[CheckResult, ...] = ("passed", "failed")
        for outcome in outcomes:
            self.answered += [Answered(item, outcome, "", self.now) for item in self._items(entry.values[outcome])]
        for name, said in entry.values["scores"].items():
            total = said if isinstance(said, int) else self._added_up(name, said)
            if isinstance(total, Done):
                return total
            self.answered.append(Answered(name, "passed", str(total), self.now))
        return DONE

    def _added_up(self, scale_id: str, answers: dict[str, recovery.Points]) -> int | Done:
        """The total of a score by its rule."""
        found = self.rules.scales[scale_id].score(answers)
        if isinstance(found, recovery.RecoveryScoreRefusal):
            return refuse("not-scored", f"{scale_id}: {', '.join(found.reasons)}.")
        return found.total

    @property
    def answers(self) -> dict[str, Answered]:
        """The newest answer to each item."""
        return {each.item_id: each for each in self.answered}

    def _items(self, named: tuple[str, ...]) -> Iterator[str]:
        """The items of a list; "checklist" and "discharge" are all items of it that no reading answers."""
        own = self.rules.protocol
        groups = {"checklist": own.checklist, "discharge": own.discharge}
        known = {each.id for group in groups.values() for each in group} | {"companion_here"}
        for name in named:
            if name in groups:
                yield from (each.id for each in groups[name] if not each.vitals)
            elif name in known:
                yield name
            else:
                raise ValueError(f"{self.scenario.name}: {own.id} has no item {name}")

    def _prepare(self, entry: ScenarioEntry) -> Done:
        said = entry.values
        if self.state not in (State.ARRIVED, State.CHECKED):
            return refuse("late", "A dose is prepared before it is given; this session is past that.")
        if said["dose_mg"] <= 0:
            return refuse("no-dose", "The dose must be more than 0 mg.")
        people = list(self.scenario.people)
        row = Prepared(
            **said, at=self.now, person_id=people.index(entry.by), by=entry.by, by_id=people.index(entry.by),
            drawn_mg=charted.drawn_mg(said["dose_mg"], said["stock_mg_per_ml"], said["drawn_ml"]),
        )  # fmt: skip
        never = tuple(each for each in self._drawn_reasons(row) if each.override == "never")
        if never:
            return refuse_all(never)
        self.prepared.append(row)
        return DONE

    def _waste(self, entry: ScenarioEntry) -> Done:
        if fault := charted.waste_fault(entry.values["mg"]):
            return refuse(fault, WASTE_FAULTS[fault])
        mg = entry.values["mg"]
        people = list(self.scenario.people)
        self.wasted.append(
            Wasted(
                len(self.wasted), mg, entry.values["how"], self.now, entry.by, people.index(entry.by), "", None, None
            )
        )
        return DONE

    def _witness(self, entry: ScenarioEntry) -> Done:
        number = next((k for k, each in enumerate(self.wasted) if each.witness_person_id is None), None)
        if number is None:
            return refuse("nothing-to-witness", "Nothing was thrown away that waits for a witness.")
        row = self.wasted[number]
        who = list(self.scenario.people).index(entry.by)
        if not charted.two_people(row.by_person_id, who):
            return refuse("own-waste", "You threw it away yourself. Somebody else must witness it.")
        self.wasted[number] = replace(row, witness=entry.by, witness_person_id=who, witnessed_at=self.now)
        return DONE

    def _agree(self, entry: ScenarioEntry) -> Done:
        known = self._agreement(entry)
        self.agreements[known.id] = replace(known, missing="", withdrawn=False)
        return DONE

    def _agreement(self, entry: ScenarioEntry) -> Agreement:
        name = entry.values["agreement"]
        if name not in self.agreements:
            raise ValueError(f"{self.scenario.name}: no agreement {name} stands in its papers")
        return self.agreements[name]

    def _withdraw(self, entry: ScenarioEntry) -> Done:
        known = self._agreement(entry)
        self.agreements[known.id] = replace(known, withdrawn=True)
        if self.state not in BY_NAME["say_no"].origins:
            return DONE
        return self._advance("say_no", by=entry.by, reason="An agreement was withdrawn.", pump={})

    def _acknowledge(self, entry: ScenarioEntry) -> Done:
        rule_id = entry.values["alarm"]
        waiting = [key for key, state in self.alarm_states.items() if key[0] == rule_id and state.phase != Phase.QUIET]
        if not waiting:
            return refuse("no-alarm", "There is no such alarm in this session.")
        answers = [self._answer(*key, by=entry.by) for key in waiting]
        return next((each for each in answers if not each.refused), answers[0])

    def _answer(self, rule_id: str, code: str, *, by: str) -> Done:
        rule = self._alarm_rule(rule_id, code)
        found = alarms.acknowledge(rule, self.alarm_states[rule_id, code], by, self.now)
        if isinstance(found, NothingToAcknowledge):
            if found.acknowledged_by:
                return refuse("already-acknowledged", f"{found.acknowledged_by} has already acknowledged this alarm.")
            return refuse("not-open", "This alarm is not waiting for anybody any more.")
        self.alarm_states[rule_id, code] = found.state
        self.news += [AlarmNews(rule, each) for each in found.happenings]
        return DONE

    def _step(self, entry: ScenarioEntry) -> Done:
        said = entry.values
        return self._advance(
            said["step"], by=entry.by, reason=said["reason"], pump=said["pump"], overrides=frozenset(said["sets_aside"])
        )

    # --- a step of the session ---

    def _advance(
        self, transition: str, *, by: str, reason: str, pump: dict[str, Decimal | None],
        overrides: frozenset[str] = frozenset(),
    ) -> Done:  # fmt: skip
        answer = guard(transition, self.facts(transition, reason, pump), self.rules.protocol, overrides)
        if not isinstance(answer, Passed):
            return refuse_all(answer.reasons)
        fault = charted.rate_fault(transition, pump.get("rate_ml_per_h"), charted.rate_now(self.steps))
        if fault:
            return refuse(fault, RATE_FAULTS[fault])
        before, self.state, self.signed = self.state, answer.target, answer.overridden
        aside = tuple(each.code for each in answer.overridden)
        self.entered.append((self.now, self.state, aside))
        self._chart(transition, before, by, pump)
        if self.state in FINAL:
            self._end()
        return Done(set_aside=aside, said=tuple(f"set aside: {in_words(each)}" for each in answer.overridden))

    def _chart(self, transition: str, before: State, by: str, pump: dict[str, Decimal | None]) -> None:
        if transition == "complete_checks":
            for signal in self.signals.values():
                signal.baseline = signal.baseline if signal.doubt else signal.value
        elif transition == "start_dose":
            self._begin(by)
        elif before in UNDER_WAY:
            for kind, values in charted.charts_of(transition, self.steps, **pump):
                self._write(kind, by, values)

    def _begin(self, by: str) -> None:
        ready = double_check(self.prepared).ready
        assert ready is not None  # asked by the guard "dose_ordered"
        (row, checked), papers = ready, self.scenario.papers
        minutes = row.over_min or papers.over_min or Decimal(self.rules.protocol.dose_minutes)
        self.dose = Dose(
            id=1, drug=row.drug, route=row.route, dose_mg=row.dose_mg, drawn_mg=row.drawn_mg,
            duration_min=minutes, lot=row.lot,
            vial=row.vial, stock_mg_per_ml=row.stock_mg_per_ml, total_ml=row.total_ml,
            rate_ml_per_h=charted.rate_of(row), devices=row.devices, started_at=self.now, by=by,
            checked_by="" if checked is None else checked.by, note="",
        )  # fmt: skip
        self._write("start", by, {"rate_ml_per_h": self.dose.rate_ml_per_h})
        if self.dose.rate_ml_per_h is None:
            self._write("part", by, {"mg": charted.part_of(row)})

    def _write(self, kind: str, by: str, values: dict[str, Decimal | None]) -> None:
        self.steps.append(
            DoseStep(
                len(self.steps) + 1, 1, kind, values.get("rate_ml_per_h"), values.get("remaining_ml"),
                values.get("mg"), "", self.now, by,
            )
        )  # fmt: skip

    def _end(self) -> None:
        """The session is over: no reading is expected, open alarms end."""
        for key, state in self.alarm_states.items():
            self.alarm_states[key] = state._replace(phase=Phase.QUIET, deadline=None)
        for signal in self.signals.values():
            signal.silent_after = None

    # --- what is asked ---

    @property
    def today(self) -> date:
        return self.now.astimezone(self.scenario.clinic.zone).date()

    @property
    def left_dosing_at(self) -> datetime | None:
        ends = (State.OBSERVING, State.STOPPED_EARLY)
        return next((at for at, state, _ in self.entered if state in ends), None) if self.dose else None

    def delivered(self) -> Delivered | HistoryRefused | None:
        """What went in so far."""
        if self.dose is None:
            return None
        return charted.went_in(
            self.dose, self.steps, self.now, self.left_dosing_at, agree_percent=self.rules.agree_percent
        )

    def line(self) -> administration.DoseBalance | None:
        """Planned, given, wasted."""
        found = self.delivered()
        return charted.line(found, self.dose, self.wasted) if self.dose and isinstance(found, Delivered) else None

    def facts(self, transition: str, reason: str, pump: dict[str, Decimal | None]) -> GuardFacts:
        """All that the guards ask about a step."""
        read = double_check(self.prepared)
        ready = read.ready
        asks_the_road = "road" in BY_NAME[transition].guards
        answers: dict[str, CheckResult] = {item: said.outcome for item, said in self.answers.items()}
        return compose.facts(
            state=self.state,
            now=self.now,
            protocol_adopted=self.rules.protocol_adopted,
            answers=answers,
            newest=self.signals,
            systolic=[value for _, code, value in self.measured if code in SYSTOLIC],
            open_high_alarms=self.open_high_alarms,
            dose_ordered=ready is not None,
            second_checked=ready is not None and ready[1] is not None,
            entries_differ=read.unresolved is not None,
            dose_given=self.dose is not None,
            dose_ended_at=compose.observed_from(self.state, self.delivered(), self.left_dosing_at),
            answered=self.answered,
            observing_since=compose.observing_since((at, state) for at, state, _ in self.entered),
            escort_named=bool(self.scenario.escort),
            escort_present=answers.get("companion_here") == "passed",
            reason=reason,
            road=tuple(self._road()) if asks_the_road else (),
            alarms_waiting=self.rules.alarms_waiting if asks_the_road else (),
            floors=self.rules.floors if asks_the_road else None,
            dose_against=tuple(self._against_the_dose(transition, pump)) if asks_the_road else (),
            set_aside_before=compose.set_aside_before(
                compose.lasting_steps(self.entered), {item: said.at for item, said in self.answers.items()}
            )
            | compose.signed_to_leave(self.state, [{"code": each.code, "key": each.key} for each in self.signed]),
            leaving=self.rules.leaving,
            minutes_since_appointment=(self.now - self.scenario.starts_at).total_seconds() / 60,
        )

    @property
    def open_high_alarms(self) -> tuple[str, ...]:
        return tuple(
            self._alarm_rule(*key).title
            for key, state in self.alarm_states.items()
            if state.open and state.priority is Priority.HIGH
        )

    @property
    def open_alarms(self) -> tuple[tuple[str, str, str], ...]:
        """The alarms that exist now: rule, phase, priority."""
        return tuple(
            (rule_id, state.phase.value, state.priority.value)
            for (rule_id, _), state in self.alarm_states.items()
            if state.open and state.priority is not None
        )

    def _road(self) -> Iterator[GuardReason]:
        own, papers = self.rules.protocol, self.scenario.papers
        stands = road.Papers(own.drug, own.route, papers.decision, tuple(self.agreements.values()), papers.plan)
        yield from road.against(stands, self.today)
        yield from road.of_the_day(self._reasons_today())

    def _reasons_today(self) -> tuple[eligibility.DayReason, ...]:
        """What the rules say today, of what is on record and what the checklist and the readings tell."""
        own, zone = self.rules.protocol, self.scenario.clinic.zone
        answers = {item: said.outcome for item, said in self.answers.items()}
        believed = {
            code: Measured(each.value, each.at.astimezone(zone).date(), each.at.timestamp())
            for code, each in self.signals.items()
            if not each.doubt
        }
        told = facts_of_the_day(own, answers, believed, self.today)
        facts = eligibility.known(*self.scenario.facts, *told)
        expired = eligibility.current(facts, self.rules.evidence, self.today)[1]
        found = eligibility.assess(
            facts, self.rules.eligibility, drug=own.drug, stage="session", today=self.today,
            expired=frozenset(each.name for each in expired),
        )  # fmt: skip
        return eligibility.reasons_today(found, facts=facts, expired=expired).reasons

    def _against_the_dose(self, transition: str, pump: dict[str, Decimal | None]) -> Iterator[GuardReason]:
        if transition == "start_dose":
            ready = double_check(self.prepared).ready
            yield from () if ready is None else self._drawn_reasons(ready[0])
        elif self.dose is not None:
            running = charted.rate_now(self.steps)
            yield from dose_against.as_it_runs(
                self.dose, self.delivered(), self.rules.doses, state=self.state,
                wanted=pump.get("rate_ml_per_h") or running, running=running,
                weight_kg=self.scenario.papers.weight_kg, day=tuple(self._day()), say=sentence,
            )  # fmt: skip

    def _drawn_reasons(self, row: Prepared) -> Iterator[GuardReason]:
        papers = self.scenario.papers
        if papers.plan is None or papers.ordered is None:
            yield from road.against(
                road.Papers(self.rules.protocol.drug, self.rules.protocol.route, (), (), None), self.today
            )
            return
        first = dosing.FirstDose(self.scenario.age_years, self.scenario.clinic.jurisdiction)
        yield from dose_against.as_drawn(
            papers.ordered, row, self.rules.doses, today=self.today, day=tuple(self._day()),
            first=first if papers.plan.given == 0 else None, say=sentence,
        )  # fmt: skip

    def _day(self) -> Iterator[dosing.Given]:
        for each in self.scenario.earlier:
            found = charted.went_in(each.dose, (), self.now, each.ended_at, agree_percent=self.rules.agree_percent)
            yield from dose_against.of_the_last_day(each.dose, found, each.weight_kg, self.now)
