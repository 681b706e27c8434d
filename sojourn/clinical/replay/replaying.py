"""Plays a scenario entry by entry, and lays what was found beside what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sojourn.clinical import administration, alarms
from sojourn.clinical.protocol import next_check_due
from sojourn.clinical.replay.outcomes import AlarmNews, Done
from sojourn.clinical.replay.rules import RulesOfClinic
from sojourn.clinical.replay.scenario import ALARM_SAYS, MG_SAYS, Expected, Scenario, ScenarioEntry
from sojourn.clinical.replay.session import ReplayedSession

_AT_THE_SAME_TIME: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class ReplayLine:
    """One expected line beside what was found. ``expected`` None: nothing expected it, and it must not happen."""

    expected: Expected | None
    found: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Played:
    """One entry of the timeline as it was played: ``said`` is what the software answered, in words; ``milligrams`` the
    line of the record after it, None before the dose."""

    number: int
    entry: ScenarioEntry
    state: str
    said: tuple[str, ...]
    lines: tuple[ReplayLine, ...]
    refused: tuple[str, ...]
    set_aside: tuple[str, ...]
    milligrams: administration.DoseBalance | None
    alarms: tuple[tuple[str, str, str], ...]  # open after it: rule, phase, priority


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """A scenario with everything that came of it."""

    scenario: Scenario
    played: tuple[Played, ...]

    @property
    def lines(self) -> tuple[ReplayLine, ...]:
        return tuple(line for each in self.played for line in each.lines)

    @property
    def failed(self) -> tuple[ReplayLine, ...]:
        return tuple(line for line in self.lines if not line.ok)

    @property
    def ok(self) -> bool:
        """Every expected line came out, and nothing was refused that nobody expected."""
        return not self.failed


def replay(scenario: Scenario, rules: RulesOfClinic) -> ReplayOutcome:
    """The scenario under some rules. Raises ValueError where an entry names what its protocol does not have."""
    session = ReplayedSession(scenario, rules)
    return ReplayOutcome(
        scenario, tuple(_play(session, number, each) for number, each in enumerate(scenario.timeline, 1))
    )


def _play(session: ReplayedSession, number: int, entry: ScenarioEntry) -> Played:
    session.turn_to(entry.at)
    done = session.do(entry)
    zone = session.scenario.clinic.zone
    said = (*(_happened(each, zone) for each in session.news), *done.said)
    lines = (*(_line(session, done, each) for each in entry.expect), *_unexpected(done, entry.expect))
    session.news.clear()
    return Played(
        number=number, entry=entry, state=session.state.value, said=said, lines=lines, refused=done.refused,
        set_aside=done.set_aside, milligrams=session.line(), alarms=session.open_alarms,
    )  # fmt: skip


# ---------------------------------------------------------------- found beside expected


def _line(session: ReplayedSession, done: Done, line: Expected) -> ReplayLine:
    found, ok = _FINDERS[line.says](session, done, line)
    return ReplayLine(line, found, ok)


def _state(session: ReplayedSession, done: Done, line: Expected) -> tuple[str, bool]:
    return session.state.value, session.state.value == line.value


def _schedule(session: ReplayedSession, done: Done, line: Expected) -> tuple[str, bool]:
    if session.dose is None:
        return "no dose yet", False
    found = next_check_due(
        session.rules.protocol.schedule, session.dose.started_at, [at for at, _, _ in session.measured], session.now
    )
    if line.says == "due":
        minute = None if found.next is None else found.next.minute
        return "none" if minute is None else f"minute {minute}", minute == line.value
    missed = tuple(each.minute for each in found.missed)
    return _joined(missed), missed == line.value


def _alarm(session: ReplayedSession, done: Done, line: Expected) -> tuple[str, bool]:
    wanted = {
        "raised": (alarms.Event.RAISED, alarms.Event.PRIORITY_RAISED),
        "escalated": (alarms.Event.ESCALATED,),
        "recovered": (alarms.Event.RECOVERED,),
    }[line.says]
    found = [each.happening for each in session.news if each.rule.rule_id == line.value]
    ok = any(
        each.event in wanted
        and line.priority in ("", each.priority.value)
        and (line.at is None or each.at - line.at == _AT_THE_SAME_TIME)
        for each in found
    )
    return _joined(f"{each.event.value} {each.priority.value}" for each in found), ok


def _codes(session: ReplayedSession, done: Done, line: Expected) -> tuple[str, bool]:
    found = done.refused if line.says == "refused" else done.set_aside
    return _joined(found), set(line.value) <= set(found) and (bool(line.value) or not found)


def _milligrams(session: ReplayedSession, done: Done, line: Expected) -> tuple[str, bool]:
    found = session.line()
    mg = None if found is None else getattr(found, line.says)
    return "no dose yet" if mg is None else f"{mg} mg", mg == line.value


_FINDERS: Final = {
    "state": _state, "due": _schedule, "missed": _schedule, "refused": _codes, "set_aside": _codes,
    **dict.fromkeys(ALARM_SAYS, _alarm), **dict.fromkeys(MG_SAYS, _milligrams),
}  # fmt: skip


def _unexpected(done: Done, expected: tuple[Expected, ...]) -> Iterator[ReplayLine]:
    """What was refused or set aside and stands in no expected line."""
    for says, found in (("refused", done.refused), ("set_aside", done.set_aside)):
        told = {code for line in expected if line.says == says for code in line.value}
        if more := [code for code in found if code not in told]:
            yield ReplayLine(None, f"{says.replace('_', ' ')}: {_joined(more)}", False)


def _joined(found: Any) -> str:
    return ", ".join(map(str, found)) or "nothing"


def _happened(news: AlarmNews, zone: ZoneInfo) -> str:
    happening, reason = news.happening, news.happening.reason
    value = "" if reason.value is None else f", {news.rule.vital} {reason.value:g}"
    what = f"{happening.event.value.replace('_', ' ')} ({happening.priority.value}{value})"
    clock = happening.at.astimezone(zone).strftime("%H:%M:%S")
    return f"alarm {what} at {clock}: {news.rule.title} [{news.rule.rule_id}]"
