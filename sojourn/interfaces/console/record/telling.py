"""What every part of a record's telling needs: the names of its items, its alarms and the numbers of what is marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.chart.content import Verified
from sojourn.care.chart.record import Moment, SessionRecord
from sojourn.care.chart.rows import (
    Alarm,
    AlarmChange,
    Check,
    Gap,
    Measure,
    MonitorOn,
    Reading,
    StateEntry,
)
from sojourn.care.measures.queries import scale
from sojourn.care.vitals.clock import BELIEVED
from sojourn.clinical import protocol
from sojourn.clinical.alarms.prepare import RISE
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.clinical.recovery import SCALES
from sojourn.clinical.rules import Rule
from sojourn.clinical.scales import say
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.interfaces.console.monitors.doubt_words import doubt_words
from sojourn.interfaces.console.record import basis as record_basis
from sojourn.interfaces.console.record.words import (
    clock,
    day_and_clock,
    inside,
    mg,
    vital_name,
    who,
    with_unit,
    written,
)
from sojourn.interfaces.console.sessions.answer_words import answer_word
from sojourn.interfaces.console.sessions.words import WHY, route_word, span_word

_STATES: Final[Mapping[State, StrPromise]] = {
    State.ARRIVED: gettext_lazy("The patient arrived"),
    State.CHECKED: gettext_lazy("Checks complete"),
    State.DOSING: gettext_lazy("The dose began"),
    State.PAUSED: gettext_lazy("The dose was paused"),
    State.OBSERVING: gettext_lazy("Observation began"),
    State.READY_TO_LEAVE: gettext_lazy("Found ready to leave"),
    State.LEFT: gettext_lazy("The patient left"),
    State.STOPPED_EARLY: gettext_lazy("Stopped early"),
    State.DID_NOT_ATTEND: gettext_lazy("Did not attend"),
    State.CANCELLED: gettext_lazy("Cancelled"),
}


# What a prescriber set aside, by the part of the code before the colon.
_SET_ASIDE: Final[Mapping[str, StrPromise]] = {
    "check-missing": gettext_lazy("not checked"),
    "check-failed": gettext_lazy("did not pass"),
    "hold": gettext_lazy("blood pressure above the limit for the dose"),
    "vitals-old": gettext_lazy("the last reading was too old"),
    "high-alarm-open": gettext_lazy("a high-priority alarm was open"),
    "second-check-missing": gettext_lazy("no second person had checked the dose"),
    "observation-too-short": gettext_lazy("observed for less than the protocol asks"),
    "score-missing": gettext_lazy("a recovery score was missing"),
    "score-too-low": gettext_lazy("the recovery score was below the protocol's"),
    "aldrete-first": gettext_lazy("PADSS was scored before Aldrete was reached"),
    "bp-unknown": gettext_lazy("the pressure could not be compared with the time before the dose"),
    "bp-outside": gettext_lazy("the pressure was far from the time before the dose"),
    "bp-rising": gettext_lazy("the blood pressure was still rising"),
    "low": gettext_lazy("below what the protocol asks"),
    "escort-not-named": gettext_lazy("no responsible adult was named"),
    "escort-not-here": gettext_lazy("the responsible adult had not come"),
}


# What is marked in the picture.
_NUMBERED: Final = frozenset(("event", "alarm", "dose", "dose_step", "by_hand"))


class Items(NamedTuple):
    """What a protocol asks before the dose and before leaving: ids in its order, labels, and the vital signs that
    answer an item."""

    before: tuple[str, ...]
    leaving: tuple[str, ...]
    labels: Mapping[str, str]
    vitals: Mapping[str, tuple[str, ...]]


def _items_of(rule: Rule | None) -> Items:
    if rule is None:
        return Items((), (), {}, {})
    read = protocol.read(rule)
    every = (*read.checklist, *read.discharge)
    return Items(
        tuple(item.id for item in read.checklist), tuple(item.id for item in read.discharge),
        {item.id: _(item.label) for item in every}, {item.id: item.vitals for item in every if item.vitals},
    )  # fmt: skip


class Telling:
    """A record with what its parts say alike. Everything is text in the active language and zone."""

    def __init__(self, record: SessionRecord, verified: Verified) -> None:
        self.record = record
        self.verified = verified
        self._items = _items_of(record.protocol.rule)
        self._alarms = _at_once(record.alarms)
        self.told = self._told()
        marked = [each for each in self.told if each.kind in _NUMBERED]
        self._numbers = {id(each.what): str(number) for number, each in enumerate(marked, start=1)}

    def _told(self) -> list[Moment]:
        """What has a line of its own: of alarms that rose at once the first."""
        firsts = {id(group[0]) for group in self._alarms}
        found = [each for each in self.record.moments if each.kind != "alarm" or id(each.what) in firsts]
        return [each for each in found if not self._said_by_the_dose(each)]

    def _said_by_the_dose(self, moment: Moment) -> bool:
        """The states of a dose say nothing beside its steps, unless something was set aside or a reason was given."""
        if moment.kind != "state" or not self.record.doses:
            return False
        entry: StateEntry = moment.what
        return entry.state in UNDER_WAY and not entry.overridden and not entry.reason

    def _route(self, code: str) -> str:
        return route_word(code.partition("_")[0]) if "_" in code else route_word(code)

    def _gap(self, gap: Gap) -> str:
        return _("The check due %(minute)d minutes after the start of the dose (%(time)s) was not made.") % {
            "minute": gap.point.minute,
            "time": clock(gap.point.due_at),
        }

    def _set_aside(self, entry: StateEntry) -> str:
        """As it was read when it was set aside; by its codes where an older version kept no words."""
        if said := record_basis.set_aside(entry):
            return " ".join(said).rstrip(".")
        parts = []
        for code in entry.overridden:
            stem, _colon, about = code.partition(":")
            words = str(_SET_ASIDE.get(stem, stem))
            name = self._items.labels.get(about) or (vital_name(about) if about in VITALS else "")
            parts.append(f"{name}: {words}" if name else words)
        return "; ".join(parts)

    def _state_word(self, entry: StateEntry) -> str:
        first = next((each.seq for each in self.record.states if each.state is entry.state), entry.seq)
        if entry.state is State.DOSING and entry.seq != first:
            return _("The dose went on")
        return str(_STATES.get(entry.state, entry.state.value))

    @staticmethod
    def _answer(row: Check) -> str:
        """The answer to an item in its own words; a score has its number beside it."""
        if row.item_id in SCALES:
            return _("passed") if row.passed else _("did not pass")
        return answer_word(row.item_id, row.passed)

    def _struck(self, of: str, number: int) -> str:
        """Who struck an entry as entered in error, when and why; "" where it stands."""
        strike = self.record.struck.get((of, number))
        if strike is None:
            return ""
        words = {"who": who(strike.by), "when": day_and_clock(strike.at), "why": strike.reason}
        return _("entered in error, struck by %(who)s on %(when)s: %(why)s") % words

    def _label(self, item_id: str) -> str:
        named = {"padss": _("PADSS"), "aldrete": _("Aldrete score"), "companion_here": _("The escort is here")}
        return named.get(item_id) or self._items.labels.get(item_id, item_id)

    def _rule_title(self, change: AlarmChange) -> str:
        try:
            return _(released_rulebook().rule(change.rule_id, change.rule_version).title)
        except KeyError:
            return change.rule_id

    def _rises(self, change: AlarmChange) -> bool:
        """Whether the rule compares with the patient's own value: its limit is then a distance, not a value."""
        try:
            return released_rulebook().rule(change.rule_id, change.rule_version).kind == RISE
        except KeyError:
            return False

    def _what_rose_in(self, alarm: Alarm) -> str:
        """What rose; of signs that rose at once by one rule, all of them."""
        group = next(each for each in self._alarms if each[0] is alarm)
        if len(group) == 1:
            return self._what_rose(alarm.first)
        if (why := alarm.first.why) in WHY:
            return f"{_listed(each.first.code for each in group)}: {WHY[why]}"
        return ", ".join(self._what_rose(each.first) for each in group)

    def _what_rose(self, change: AlarmChange) -> str:
        name = vital_name(change.code)
        if change.why in WHY:
            return f"{name}: {WHY[change.why]}"
        if change.value is None:
            return name
        text = f"{name} {with_unit(change.code, change.value)}"
        if change.baseline is not None and self._rises(change):
            text += " " + _("(%(baseline)s before the dose)") % {"baseline": written(change.code, change.baseline)}
        elif change.limit is not None:
            text += " " + _("(limit %(limit)s)") % {"limit": written(change.code, change.limit)}
        return text

    def _why_odd(self, reading: Reading) -> str:
        if reading.struck:
            return self._struck("reading", reading.id)
        if reading.superseded:
            return _("corrected later")
        return doubt_words(reading.doubt)

    def _measure(self, measure: Measure) -> str:
        try:
            asked = scale(measure.scale_id)
        except KeyError:
            return measure.scale_id
        title = say(asked.title, translation.get_language() or "en")
        if measure.score is None:
            return _("%(scale)s: no score, too much was left out") % {"scale": title}
        band = next((_(each.label) for each in asked.bands if each.code == measure.band), "")
        words = f"{title}: {mg(measure.score)}" + (f", {band}" if band else "")
        if measure.safety_positive:
            words += "; " + _("thoughts of death or self-harm reported")
        return words

    def _skew(self, monitor: MonitorOn) -> str:
        if monitor.ahead_s is None or abs(monitor.ahead_s) <= BELIEVED.total_seconds():
            return ""
        span = {"span": span_word(timedelta(seconds=monitor.ahead_s))}
        if monitor.ahead_s > 0:
            return _("Its clock was %(span)s ahead; the times here are corrected.") % span
        return _("Its clock was %(span)s behind; the times here are corrected.") % span

    def _clock(self, monitor: MonitorOn) -> str:
        if monitor.ahead_s is None:
            return _("Its readings carry no time of their own.")
        return self._skew(monitor) or _("Its clock was right.")


def _listed(codes: Iterable[str]) -> str:
    first, *others = [vital_name(code) for code in codes]
    return ", ".join([first, *(inside(each) for each in others)])


def _at_once(alarms: Iterable[Alarm]) -> list[list[Alarm]]:
    """Alarms that one rule raised at the same time, that ended at the same time and that the same person took: told
    as one. When a monitor falls silent, each of its vital signs raises one."""
    groups: dict[tuple[Any, ...], list[Alarm]] = {}
    for each in alarms:
        taken = (each.taken.by, each.taken.at) if each.taken else None
        key = (each.first.rule_id, each.first.rule_version, each.priority, each.first.at, each.ended_at, taken)
        groups.setdefault(key, []).append(each)
    return list(groups.values())
