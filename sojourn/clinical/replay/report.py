"""A played scenario as a table for a person, or as plain data for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from textwrap import wrap
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical.replay.replaying import Played, ReplayLine, ReplayOutcome
from sojourn.clinical.replay.scenario import Expected, ScenarioEntry

_HEAD: Final = ("time", "what happened", "what the software said", "expected", "")
_WIDTHS: Final = (10, 34, 44, 44, 4)
_, _WHAT, _SAID, _EXPECTED, _ = _WIDTHS
_NO_MARKS: Final[Mapping[str, str]] = MappingProxyType({})


def table(outcome: ReplayOutcome, marks: Mapping[str, str] = _NO_MARKS) -> str:
    """The scenario as a table: time, what happened, what the software said, what was expected, ok or FAIL. ``marks``:
    how far the number that a line names has been checked, by its name."""
    scenario = outcome.scenario
    lines = [f"{scenario.name}: {scenario.title}", scenario.shows, ""]
    lines += [_rule_off(), *_row(_HEAD), _rule_off()]
    for played in outcome.played:
        lines += [*_rows(outcome, played, marks), _rule_off()]
    count = len(outcome.lines)
    lines.append(
        f"{count} expected lines, {len(outcome.failed)} failed" if outcome.failed else f"{count} expected lines, all ok"
    )
    return "\n".join(lines)


def plain(outcome: ReplayOutcome, marks: Mapping[str, str] = _NO_MARKS) -> dict[str, Any]:
    """The same as JSON has it."""
    scenario = outcome.scenario
    return {
        "file": scenario.name, "title": scenario.title, "shows": scenario.shows, "ok": outcome.ok,
        "timeline": [
            {
                "number": each.number, "at": each.entry.at.isoformat(), "does": each.entry.does, "by": each.entry.by,
                "what": what(each.entry), "state": each.state, "said": list(each.said),
                "refused": list(each.refused), "set_aside": list(each.set_aside), "milligrams": _plain_mg(each),
                "open_alarms": [list(alarm) for alarm in each.alarms],
                "lines": [_plain_line(line, marks) for line in each.lines],
            }
            for each in outcome.played
        ],
    }  # fmt: skip


def _plain_mg(played: Played) -> dict[str, str] | None:
    """Planned, given, wasted and not accounted for, as text: a hundredth is exact."""
    found = played.milligrams
    if found is None:
        return None
    return {
        "planned": str(found.planned_mg), "given": str(found.given_mg), "wasted": str(found.wasted_mg),
        "unaccounted": str(found.unaccounted_mg),
    }  # fmt: skip


def _plain_line(line: ReplayLine, marks: Mapping[str, str]) -> dict[str, Any]:
    said = line.expected
    if said is None:
        return {"expected": None, "found": line.found, "ok": line.ok}
    return {
        "expected": expected(said), "found": line.found, "ok": line.ok, "rule": said.rule,
        "mark": marks.get(said.rule), "source": said.source, "why": said.why,
    }  # fmt: skip


def _rows(outcome: ReplayOutcome, played: Played, marks: Mapping[str, str]) -> Iterator[str]:
    clock = played.entry.at.strftime("%H:%M:%S")
    elapsed = "+" + _elapsed(played.entry.at.astimezone(UTC) - outcome.scenario.starts_at.astimezone(UTC))
    lefts = [clock, elapsed]
    whats = _wrapped(what(played.entry), _WHAT)
    saids = [part for said in played.said for part in _wrapped(said, _SAID)] or [f"state: {played.state}"]
    wanted = [part for line in played.lines for part in _of_line(line, marks)]
    for index in range(max(len(lefts), len(whats), len(saids), len(wanted))):
        right = wanted[index] if index < len(wanted) else ("", "")
        yield from _row((_at(lefts, index), _at(whats, index), _at(saids, index), *right))


def _of_line(line: ReplayLine, marks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    outcome = "ok" if line.ok else "FAIL"
    said = line.expected
    text = f"nobody expected this: {line.found}" if said is None else expected(said)
    for number, part in enumerate(_wrapped(text, _EXPECTED)):
        yield part, "" if number else outcome
    if said is not None:
        mark = f", {marks[said.rule]}" if said.rule in marks else ""
        for part in _wrapped(f"by {said.rule}{mark} ({said.source})", _EXPECTED - 2):
            yield f"  {part}", ""
        for part in wrap(said.why, _EXPECTED - 2):
            yield f"  {part}", ""
        if not line.ok:
            for part in _wrapped(f"found: {line.found}", _EXPECTED - 2):
                yield f"  {part}", ""


def expected(line: Expected) -> str:
    """An expected line in words."""
    value = line.value
    match line.says:
        case "state":
            return f"state {value}"
        case "due":
            return "no check due any more" if value is None else f"next check due at minute {value}"
        case "missed":
            return f"checks missed: {_joined(value)}"
        case "raised" | "escalated" | "recovered":
            grave = f", {line.priority}" if line.priority else ""
            when = f", at {line.at.strftime('%H:%M:%S')}" if line.at else ""
            return f"alarm {line.says}: {value}{grave}{when}"
        case "refused" | "set_aside":
            return f"{line.says.replace('_', ' ')}: {_joined(value)}"
        case _:
            return f"{line.says.removesuffix('_mg')}: {value} mg"


def what(entry: ScenarioEntry) -> str:
    """An entry of the timeline in words."""
    said: Mapping[str, Any] = entry.values
    who = f"{entry.by}: " if entry.by else "Monitor: "
    match entry.does:
        case "reading":
            words = ", ".join(f"{code} {value:g}" for code, value in said["vitals"].items())
        case "check":
            words = _checked(said)
        case "prepare":
            words = _prepared(said)
        case "step":
            words = _stepped(said)
        case "acknowledge":
            words = f"acknowledges {said['alarm']}"
        case "waste":
            words = f"throws {said['mg']} mg away"
        case "witness":
            words = "witnesses the waste"
        case "agree":
            words = f"the patient signs the agreement {said['agreement']}, and it is countersigned"
        case "withdraw":
            words = f"writes down that the patient withdraws the agreement {said['agreement']}"
        case _:
            words = said["text"]
    return who + words


def _checked(said: Mapping[str, Any]) -> str:
    parts = [f"{each}: {_joined(said[each])}" for each in ("passed", "failed") if said[each]]
    return "; ".join([*parts, *(f"{name.upper()} {score}" for name, score in said["scores"].items())])


def _prepared(said: Mapping[str, Any]) -> str:
    volume = f", {said['drawn_ml']} mL of {said['stock_mg_per_ml']} mg/mL" if said["drawn_ml"] is not None else ""
    made_up = f", made up to {said['total_ml']} mL" if said["total_ml"] is not None else ""
    over = f", over {said['over_min']} min" if said["over_min"] is not None else ""
    rate = f" at {said['rate_ml_per_h']} mL/h" if said["rate_ml_per_h"] is not None else ""
    devices = f", {said['devices']} devices" if said["devices"] is not None else ""
    return f"prepares {said['dose_mg']} mg {said['drug']} {said['route']}{volume}{made_up}{over}{rate}{devices}"


def _stepped(said: Mapping[str, Any]) -> str:
    words = [said["step"].replace("_", " ")]
    words += [f"{name.replace('_', ' ')} {value}" for name, value in said["pump"].items() if value is not None]
    if said["sets_aside"]:
        words.append(f"sets aside {_joined(said['sets_aside'])}")
    return ", ".join(words) + (f' ("{said["reason"]}")' if said["reason"] else "")


def _joined(found: Sequence[object]) -> str:
    return ", ".join(map(str, found)) or "none"


def _elapsed(since: timedelta) -> str:
    seconds = int(since.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _at(column: Sequence[str], index: int) -> str:
    return column[index] if index < len(column) else ""


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width) or [""]


def _row(cells: Sequence[str]) -> Iterator[str]:
    yield " ".join(f"{cell:{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _rule_off() -> str:
    return " ".join("-" * width for width in _WIDTHS)
