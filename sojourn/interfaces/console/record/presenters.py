"""The session record in words, once for the page and for the PDF: both say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import inf
from statistics import median
from typing import Any, Final

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.alarms.models import ENTERED_IN_ERROR, MONITOR_OFF
from sojourn.care.chart.content import Verified, stands
from sojourn.care.chart.record import Moment, SessionRecord
from sojourn.care.chart.rows import (
    Alarm,
    AlarmChange,
    ByHand,
    Check,
    Dose,
    DosePrepared,
    DoseStep,
    Event,
    Gap,
    Measure,
    MonitorOn,
    Reading,
    StateEntry,
    Wasted,
)
from sojourn.care.measures.queries import scale
from sojourn.care.patients.models import Sex
from sojourn.care.vitals.clock import BELIEVED
from sojourn.clinical import protocol
from sojourn.clinical.alarms.prepare import RISE
from sojourn.clinical.current import TILES, SignalReading, current_vital
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.clinical.recovery import SCALES
from sojourn.clinical.scales import say
from sojourn.clinical.vitals import DIASTOLIC, MEAN, SYSTOLIC, VITALS
from sojourn.foundation.clock import page_local
from sojourn.foundation.rulebook.load import book
from sojourn.interfaces.console.monitors.doubt_words import doubt_words
from sojourn.interfaces.console.record import basis as record_basis
from sojourn.interfaces.console.record import double_check as record_double_check
from sojourn.interfaces.console.record import given as record_given
from sojourn.interfaces.console.record.words import (
    NAMES,
    TimelineEntry,
    amount,
    clock,
    day,
    day_and_clock,
    inside,
    mg,
    readings_in_words,
    second_check,
    vital_name,
    who,
    with_unit,
    written,
)
from sojourn.interfaces.console.sessions.answer_words import answer_word
from sojourn.interfaces.console.sessions.words import WHY, drug_word, event_word, route_word, span_word

SLOT: Final = timedelta(minutes=5)

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

_OUTCOMES: Final[Mapping[State, StrPromise]] = {
    State.LEFT: gettext_lazy("finished"),
    State.DID_NOT_ATTEND: gettext_lazy("did not attend"),
    State.CANCELLED: gettext_lazy("cancelled"),
}

_STATE_ICONS: Final = {
    State.ARRIVED: "user-check", State.CHECKED: "clipboard-check", State.DOSING: "syringe", State.PAUSED: "pause",
    State.OBSERVING: "eye",
    State.READY_TO_LEAVE: "footprints", State.LEFT: "car", State.STOPPED_EARLY: "octagon-pause",
    State.DID_NOT_ATTEND: "circle-slash", State.CANCELLED: "circle-slash",
}  # fmt: skip

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

_ALARM_CHANGES: Final[Mapping[str, StrPromise]] = {
    "acknowledged": gettext_lazy("taken by %(who)s at %(time)s, after %(span)s"),
    "escalated": gettext_lazy("nobody had answered by %(time)s: escalated"),
    "recovered": gettext_lazy("recovered at %(time)s"),
    "ended": gettext_lazy("ended with the session at %(time)s"),
    "withdrawn": gettext_lazy("its value was withdrawn by the monitor at %(time)s"),
    "priority_raised": gettext_lazy("priority raised to %(priority)s at %(time)s"),
    "priority_lowered": gettext_lazy("priority lowered to %(priority)s at %(time)s"),
}

_GRADES: Final[Mapping[str, StrPromise]] = {
    "mild": pgettext_lazy("discomfort", "mild"),
    "moderate": pgettext_lazy("discomfort", "moderate"),
    "severe": pgettext_lazy("discomfort", "severe"),
}

_EFFECTS: Final[Mapping[str, StrPromise]] = {
    "gone": gettext_lazy("gone"),
    "better": gettext_lazy("better"),
    "same": gettext_lazy("the same"),
    "worse": gettext_lazy("worse"),
}

_PRIORITIES: Final[Mapping[str, StrPromise]] = {
    "high": gettext_lazy("high"),
    "medium": gettext_lazy("medium"),
    "low": gettext_lazy("low"),
}


@dataclass(frozen=True, slots=True)
class CheckRow:
    label: str
    outcome: str
    passed: bool
    value: str
    note: str
    at: datetime | None
    by: str
    earlier: str


@dataclass(frozen=True, slots=True)
class DoseRow:
    """``mg`` was planned, ``given`` went in; milligrams of base."""

    drug: str
    route: str
    mg: str
    given: str
    minutes: str
    lot: str
    expires: str
    at: datetime
    given_by: str
    checked_by: str
    note: str


@dataclass(frozen=True, slots=True)
class AlarmRow:
    number: str
    priority: str
    priority_word: str
    title: str
    value: str
    at: datetime
    taken: str
    waited: str
    ended: str
    rule: str
    notes: str


@dataclass(frozen=True, slots=True)
class MonitorRow:
    name: str
    times: str
    people: str
    clock: str


@dataclass(frozen=True, slots=True)
class VitalsRow:
    time: str
    cells: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class OddRow:
    """A reading that does not count: doubted, or corrected."""

    time: str
    vital: str
    value: str
    why: str


# ---------------------------------------------------------------- the whole


class Shown:
    """A record for reading. Everything is text in the active language and zone."""

    def __init__(self, record: SessionRecord, verified: Verified) -> None:
        self.record = record
        self.verified = verified
        rule = record.protocol.rule
        self._items = {}
        self._before: tuple[str, ...] = ()
        self._leaving: tuple[str, ...] = ()
        self._answered_by: dict[str, tuple[str, ...]] = {}
        if rule is not None:
            read = protocol.read(rule)
            self._items = {item.id: _(item.label) for item in (*read.checklist, *read.discharge)}
            self._answered_by = {item.id: item.vitals for item in (*read.checklist, *read.discharge) if item.vitals}
            self._before = tuple(item.id for item in read.checklist)
            self._leaving = tuple(item.id for item in read.discharge)
        self._alarms = _at_once(record.alarms)
        firsts = {id(group[0]) for group in self._alarms}
        told = [
            each
            for each in record.moments
            if not self._said_by_the_dose(each) and (each.kind != "alarm" or id(each.what) in firsts)
        ]
        marked = [each for each in told if each.kind in _NUMBERED]
        self._numbers = {id(each.what): str(number) for number, each in enumerate(marked, start=1)}
        self.lines = [self._line(each) for each in told]

    # --- who and what

    @property
    def title(self) -> str:
        return _("Session of %(day)s") % {"day": day(self.record.opened_at)}

    @property
    def protocol_title(self) -> str:
        rule = self.record.protocol.rule
        return _(rule.title) if rule else self.record.protocol.id

    @property
    def facts(self) -> list[tuple[str, str]]:
        record = self.record
        patient = record.patient
        born = formats.date_format(patient.birth_date, _("j F Y"))
        frozen = record.protocol
        times = clock(record.opened_at)
        if record.ended_at:
            times = _("%(begin)s to %(end)s") % {"begin": times, "end": clock(record.ended_at)}
        doses = "; ".join(
            _("%(drug)s %(mg)s mg (as base), %(route)s") % {
                "drug": drug_word(each.dose.drug), "mg": record_given.given_mg(each),
                "route": self._route(each.dose.route)}
            for each in record.given
        )  # fmt: skip
        state = _OUTCOMES.get(record.state)
        pairs = [
            (_("Patient"), patient.name),
            (_("Record number"), patient.record_number),
            (_("Born"), f"{born}, {Sex(patient.sex).label}"),
            (_("Session"), f"{day(record.opened_at)}, {times}" + (f" ({state})" if state else "")),
            (_("Chair"), record.chair),
            (_("For"), f"{record.plan.indication} ({record.plan.title})"),
            (_("Dose given"), doses or _("none")),
            (_("Planned dose"), _("%(mg)s mg (as base)") % {"mg": mg(record.plan.dose_mg)}),
            (_("Protocol"), _("%(title)s, version %(version)s (%(hash)s…)") % {
                "title": self.protocol_title, "version": frozen.version, "hash": frozen.hash[:8]}),
            (_("Staff"), "; ".join(str(each) for each in record.staff) or _("none")),
        ]  # fmt: skip
        if not frozen.intact:
            pairs.append((_("Rulebook"), _("The text of this protocol is no longer the one of that day.")))
        return pairs

    def _route(self, code: str) -> str:
        return route_word(code.partition("_")[0]) if "_" in code else route_word(code)

    # --- the signature

    @property
    def standing_title(self) -> str:
        signature = self.verified.signature
        if signature is None:
            return _("Not signed yet") if self.record.over else _("The session is still running")
        if self.verified.standing == "unchanged":
            return _("Signed")
        return _("Signed, but the record has changed since")

    @property
    def standing(self) -> list[str]:
        lines = []
        for each in self.record.signatures:
            same = stands(self.record, each)
            words = {"who": who(each.by), "when": day_and_clock(each.at)}
            lines.append(
                _("Signed by %(who)s on %(when)s; unchanged since.") % words
                if same
                else _("Signed by %(who)s on %(when)s; the record has changed since.") % words
            )
        if not lines:
            if self.record.over:
                lines.append(_("Nobody has signed this record."))
            else:
                lines.append(_("It can be signed when it is over."))
        return lines

    @property
    def addenda(self) -> list[tuple[str, str]]:
        return [
            (_("%(who)s on %(when)s") % {"who": who(each.by), "when": day_and_clock(each.at)}, each.text)
            for each in self.record.addenda
        ]

    # --- what must not be overlooked

    @property
    def remarks(self) -> list[str]:
        """Gaps, what does not add up, and reasons set aside, each as a sentence."""
        found = [
            *(self._gap(each) for each in self.record.gaps),
            *record_double_check.remarks(self.record),
            *record_given.remarks(self.record),
        ]
        for each in self.record.overrides:
            found.append(
                _("%(who)s set aside at %(time)s: %(what)s. Reason given: %(reason)s") % {
                    "who": who(each.by), "time": clock(each.at), "what": self._set_aside(each),
                    "reason": each.reason or "–"}
            )  # fmt: skip
        return found

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
            name = self._items.get(about) or (vital_name(about) if about in VITALS else "")
            parts.append(f"{name}: {words}" if name else words)
        return "; ".join(parts)

    # --- the time axis in words

    def _said_by_the_dose(self, moment: Moment) -> bool:
        """The states of a dose say nothing beside its steps, unless something was set aside or a reason was given."""
        if moment.kind != "state" or not self.record.doses:
            return False
        entry: StateEntry = moment.what
        return entry.state in UNDER_WAY and not entry.overridden and not entry.reason

    def _line(self, moment: Moment) -> TimelineEntry:
        make: Mapping[str, Callable[[datetime, Any], TimelineEntry]] = {
            "state": self._state, "check": self._checks, "prepared": self._prepared, "dose": self._dose,
            "dose_step": self._step, "waste": self._waste, "by_hand": self._by_hand, "event": self._event,
            "alarm": self._alarm, "readings": self._readings, "monitor_on": self._monitor_on,
            "monitor_off": self._monitor_off, "gap": self._missed, "measure": self._measured,
        }  # fmt: skip
        return make[moment.kind](moment.at, moment.what)

    def _state(self, at: datetime, entry: StateEntry) -> TimelineEntry:
        details = [who(entry.by)] if entry.by else []
        if entry.overridden:
            details.append(_("Set aside: %(what)s") % {"what": self._set_aside(entry)})
        if entry.reason:
            details.append(_("Reason: %(reason)s") % {"reason": entry.reason})
        left = self.record.left
        if entry.state is State.LEFT and left is not None and left.companion_name:
            details.insert(0, _("With %(name)s") % {"name": left.companion_name})
        return TimelineEntry(
            at, _STATE_ICONS.get(entry.state, "circle"), self._state_word(entry), tuple(details), "state",
            grave=bool(entry.overridden),
        )  # fmt: skip

    def _state_word(self, entry: StateEntry) -> str:
        first = next((each.seq for each in self.record.states if each.state is entry.state), entry.seq)
        if entry.state is State.DOSING and entry.seq != first:
            return _("The dose went on")
        return str(_STATES.get(entry.state, entry.state.value))

    def _step(self, _at: datetime, step: DoseStep) -> TimelineEntry:
        return record_given.step_entry(self.record, step, self._numbers[id(step)])

    def _waste(self, _at: datetime, wasted: Wasted) -> TimelineEntry:
        entry = record_given.waste_entry(wasted, self.record.signature)
        struck = self._struck("waste", wasted.id)
        return replace(entry, details=(*entry.details, struck), grave=False) if struck else entry

    def _by_hand(self, _at: datetime, given: ByHand) -> TimelineEntry:
        entry = record_given.medicine_entry(given, self._numbers[id(given)])
        struck = self._struck("medicine", given.id)
        return replace(entry, details=(*entry.details, struck)) if struck else entry

    def _checks(self, at: datetime, rows: Sequence[Check]) -> TimelineEntry:
        gone = [each for each in rows if ("check", each.id) in self.record.struck]
        failed = [self._label(each.item_id) for each in rows if not each.passed and each not in gone]
        passed = len(rows) - len(failed) - len(gone)
        details = [who(rows[0].by)]
        if len(rows) == 1:
            row = rows[0]
            title = f"{self._label(row.item_id)}: {self._answer(row)}"
            if row.value:
                title += f" ({row.value})"
            if row.note:
                details.append(row.note)
        else:
            title = ngettext("%(n)d check passed", "%(n)d checks passed", passed) % {"n": passed}
            if failed:
                details.append(_("Did not pass: %(items)s") % {"items": ", ".join(failed)})
            details += [
                f"{self._label(each.item_id)}: {each.value} ({each.note})"
                for each in rows
                if each.item_id in SCALES and each not in gone
            ]
        details += [f"{self._label(each.item_id)}: {self._struck('check', each.id)}" for each in gone]
        return TimelineEntry(at, "list-checks", title, tuple(details), "check", grave=bool(failed))

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
        named = {"padss": _("PADSS"), "aldrete": _("Aldrete score"), "companion_here": _("The companion is here")}
        return named.get(item_id) or self._items.get(item_id, item_id)

    def _prepared(self, at: datetime, row: DosePrepared) -> TimelineEntry:
        words = _("%(drug)s %(mg)s mg, %(route)s, lot %(lot)s") % {
            "drug": drug_word(row.drug), "mg": mg(row.dose_mg), "route": self._route(row.route), "lot": row.lot,
        }  # fmt: skip
        title = record_double_check.title(self.record, row)
        return TimelineEntry(at, "pill", title, (words, who(row.by)), "prepared")

    def _dose(self, at: datetime, dose: Dose) -> TimelineEntry:
        title = _("Dose begun: %(drug)s, %(mg)s mg (as base) planned, %(route)s") % {
            "drug": drug_word(dose.drug), "mg": mg(dose.dose_mg), "route": self._route(dose.route)}  # fmt: skip
        details = [
            _("Given by %(given)s, checked by %(checked)s") % {
                "given": who(dose.given_by), "checked": second_check(dose.checked_by, dose.checked_at)},
            _("Lot %(lot)s, over %(minutes)s minutes") % {"lot": dose.lot, "minutes": mg(dose.duration_min)},
        ]  # fmt: skip
        if dose.rate_ml_per_h is not None:
            details.append(_("Pump at %(rate)s mL/h") % {"rate": mg(dose.rate_ml_per_h)})
        if dose.note:
            details.append(dose.note)
        return TimelineEntry(at, "syringe", title, tuple(details), "dose", self._numbers[id(dose)])

    def _event(self, at: datetime, event: Event) -> TimelineEntry:
        details = [_("Done about it: %(what)s") % {"what": event.measure}] if event.measure else []
        if event.note:
            details.append(event.note)
        details.append(who(event.by))
        if event.recorded_at - event.at > timedelta(minutes=1):
            details[-1] += " " + _("(written down at %(time)s)") % {"time": clock(event.recorded_at)}
        if struck := self._struck("event", event.id):
            details.append(struck)
        number = self._numbers[id(event)]
        return TimelineEntry(at, "notebook-pen", self._event_title(event), tuple(details), "event", number)

    def _event_title(self, event: Event) -> str:
        """What it was, how strong, and what became of an earlier one."""
        words = event_word(event.kind)
        if event.grade:
            words += ", " + str(_GRADES.get(event.grade, event.grade))
        if event.effect:
            words += ": " + str(_EFFECTS.get(event.effect, event.effect))
        about = next((each for each in self.record.events if each.id == event.about_id), None)
        if about is not None:
            words += " " + _("(noted at %(time)s)") % {"time": clock(about.at)}
        return words

    def _alarm(self, at: datetime, alarm: Alarm) -> TimelineEntry:
        first = alarm.first
        details = [self._what_rose_in(alarm)]
        details += [self._change(alarm, each) for each in alarm.changes[1:] if each.kind in _ALARM_CHANGES]
        details += [each.note for each in alarm.changes if each.note and each.by and each.kind == "acknowledged"]
        title = _("Alarm, %(priority)s: %(title)s") % {
            "priority": _PRIORITIES.get(alarm.priority, alarm.priority), "title": self._rule_title(first)}  # fmt: skip
        said = tuple(each for each in details if each)
        return TimelineEntry(at, "bell", title, said, "alarm", self._numbers[id(alarm)], alarm.priority == "high")

    def _rule_title(self, change: AlarmChange) -> str:
        try:
            return _(book().rule(change.rule_id, change.rule_version).title)
        except KeyError:
            return change.rule_id

    def _rises(self, change: AlarmChange) -> bool:
        """Whether the rule compares with the patient's own value: its limit is then a distance, not a value."""
        try:
            return book().rule(change.rule_id, change.rule_version).kind == RISE
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

    def _change(self, alarm: Alarm, change: AlarmChange) -> str:
        words = str(_ALARM_CHANGES[change.kind])
        if change.kind == "ended" and change.note == MONITOR_OFF:
            words = _("ended at %(time)s: the monitor was taken off")
        elif change.kind == "ended" and change.note == ENTERED_IN_ERROR:
            words = _("ended at %(time)s: %(who)s struck the reading as entered in error")
        text = words % {
            "who": who(change.by), "time": clock(change.at), "span": span_word(change.at - alarm.first.at),
            "priority": _PRIORITIES.get(change.priority, change.priority),
        }  # fmt: skip
        return text[:1].upper() + text[1:]

    def _readings(self, at: datetime, rows: Sequence[Reading]) -> TimelineEntry:
        details = [readings_in_words(each for each in rows if each.counts)]
        odd = [each for each in rows if not each.counts]
        details += [f"{vital_name(each.code)} {written(each.code, each.value)}: {self._why_odd(each)}" for each in odd]
        details.append(_("Typed by %(who)s") % {"who": who(rows[0].by)})
        if at < self.record.opened_at:
            details.insert(0, _("Before the arrival: %(when)s") % {"when": day_and_clock(at)})
        return TimelineEntry(
            at, "heart-pulse", _("Measured by hand"), tuple(each for each in details if each), "readings"
        )

    def _why_odd(self, reading: Reading) -> str:
        if reading.struck:
            return self._struck("reading", reading.id)
        if reading.superseded:
            return _("corrected later")
        return doubt_words(reading.doubt)

    def _monitor_on(self, at: datetime, monitor: MonitorOn) -> TimelineEntry:
        details = [who(monitor.from_by)] if monitor.from_by else []
        if skew := self._skew(monitor):
            details.append(skew)
        return TimelineEntry(at, "link", _("%(name)s put on") % {"name": monitor.name}, tuple(details), "monitor")

    def _monitor_off(self, at: datetime, monitor: MonitorOn) -> TimelineEntry:
        details = (who(monitor.until_by),) if monitor.until_by else ()
        return TimelineEntry(at, "unlink", _("%(name)s taken off") % {"name": monitor.name}, details, "monitor")

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

    def _missed(self, at: datetime, gap: Gap) -> TimelineEntry:
        return TimelineEntry(at, "clock", _("A check was missed"), (self._gap(gap),), "gap", grave=True)

    def _measured(self, at: datetime, measure: Measure) -> TimelineEntry:
        return TimelineEntry(at, "clipboard-list", self._measure(measure), (), "measure")

    # --- tables

    @cached_property
    def given(self) -> list[record_given.GivenRow]:
        """Planned, given, wasted of each dose."""
        return record_given.given_rows(self.record)

    @property
    def medicines(self) -> list[record_given.MedicineRow]:
        return record_given.medicines(self.record)

    @property
    def basis(self) -> list[TimelineEntry]:
        """What each dose step rested on."""
        return record_basis.rested_on(self.record, {each.seq: self._state_word(each) for each in self.record.states})

    @property
    def doses(self) -> list[DoseRow]:
        return [
            DoseRow(
                drug_word(each.drug), self._route(each.route), mg(each.dose_mg), record_given.given_mg(given),
                mg(each.duration_min), each.lot,
                formats.date_format(each.expires_on, _("j M Y")) if each.expires_on else "–", each.started_at,
                who(each.given_by), second_check(each.checked_by, each.checked_at, clock), each.note,
            )
            for each, given in zip(self.record.doses, self.record.given, strict=True)
        ]  # fmt: skip

    @property
    def before(self) -> list[CheckRow]:
        """The checklist before the dose, in the protocol's order."""
        return [self._check(item) for item in self._before] if self.record.state not in _NOBODY_CAME else []

    @property
    def leaving(self) -> list[CheckRow]:
        """What was asked before leaving: the protocol's items and whatever else was answered."""
        extra = [each.item_id for each in self.record.checks if each.item_id not in self._before]
        ids = list(dict.fromkeys([*self._leaving, *extra])) if self.record.doses or extra else []
        return [self._check(item) for item in ids]

    def _check(self, item_id: str) -> CheckRow:
        rows = [each for each in self.record.checks if each.item_id == item_id]
        newest = next((each for each in rows if each.counts), None)
        label = self._label(item_id)
        if newest is None:
            vitals = self._answered_by.get(item_id, ())
            begun = self.record.dose_started_at or self.record.composed_at
            before = [each for each in self.record.readings
                      if each.code in vitals and each.counts and self.record.opened_at <= each.at <= begun]  # fmt: skip
            newest_of = {each.code: each for each in before}
            if vitals and len(newest_of) == len(vitals):
                last = max(newest_of.values(), key=lambda each: each.at)
                source = who(last.by) if last.by else _("monitor")
                words = readings_in_words(newest_of.values())
                return CheckRow(label, _("measured"), True, words, "", last.at, source, "")
            return CheckRow(label, _("not answered"), False, "", "", None, "", "")
        earlier = [each for each in rows if not each.counts]
        said = "; ".join(self._earlier(each) for each in earlier)
        return CheckRow(
            label, self._answer(newest), newest.passed, newest.value, newest.note,
            newest.at, who(newest.by), _("Earlier: %(said)s") % {"said": said} if said else "",
        )  # fmt: skip

    def _earlier(self, row: Check) -> str:
        note = f": {row.note}" if row.note else ""
        said = f"{clock(row.at)} {self._answer(row)}, {who(row.by)}{note}"
        struck = self._struck("check", row.id)
        return f"{said} ({struck})" if struck else said

    @property
    def alarms(self) -> list[AlarmRow]:
        return [
            AlarmRow(
                self._numbers[id(each)], each.priority, str(_PRIORITIES.get(each.priority, each.priority)),
                self._rule_title(each.first), self._what_rose_in(each), each.first.at,
                who(each.taken.by) if each.taken else _("nobody"), span_word(each.waited) if each.waited else "–",
                clock(each.ended_at) if each.ended_at else "–", f"{each.first.rule_id} v{each.first.rule_version}",
                "; ".join(change.note for change in each.changes if change.note and change.kind == "acknowledged"),
            )
            for each, *_rest in self._alarms
        ]  # fmt: skip

    @property
    def monitors(self) -> list[MonitorRow]:
        return [
            MonitorRow(
                f"{each.name} ({each.maker})" if each.maker else each.name,
                _("%(begin)s to %(end)s") % {
                    "begin": clock(each.from_at), "end": clock(each.until_at) if each.until_at else _("now")},
                ", ".join(dict.fromkeys(who(one) for one in (each.from_by, each.until_by) if one)),
                self._clock(each),
            )
            for each in self.record.monitors
        ]  # fmt: skip

    @property
    def discharge(self) -> list[tuple[str, str]]:
        left = self.record.left
        if left is None:
            return []
        pairs = [
            (_("Left at"), clock(left.at)),
            (_("With"), left.companion_name or _("nobody named")),
            (_("Let go by"), who(left.by)),
        ]
        for key, label in (("padss", _("PADSS")), ("aldrete", _("Aldrete score"))):
            if left.criteria.get(key) is not None:
                parts = left.criteria.get("parts", {}).get(key, "")
                total = amount(left.criteria[key])
                pairs.append((label, f"{total}: {parts}" if parts else total))
        if (minutes := left.criteria.get("minutes_since_dose_end")) is not None:
            pairs.append((_("Observed after the dose"), span_word(timedelta(minutes=float(minutes)))))
        return pairs

    @property
    def measures(self) -> list[tuple[str, str]]:
        return [(day(each.completed_at), self._measure(each)) for each in self.record.measures]

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

    # --- the vital signs

    @property
    def vitals_columns(self) -> list[tuple[str, str]]:
        """Name and unit of each column of the table of vital signs."""
        found = []
        for column in self._columns():
            vital = VITALS[column[0]]
            name = _("Pressure") if len(column) == 2 else vital_name(column[0])
            found.append((name if not vital.score else _(vital.short), vital.unit.display))
        return found

    def _columns(self) -> list[tuple[str, ...]]:
        present = self.record.series
        found: list[tuple[str, ...]] = []
        for upper, lower in zip(SYSTOLIC, DIASTOLIC, strict=True):
            if upper in present or lower in present:
                found.append((upper, lower))
        found += [(mean,) for mean, upper in zip(MEAN, SYSTOLIC, strict=True) if self._mean_alone(mean, upper)]
        skip = {*SYSTOLIC, *DIASTOLIC, *MEAN}
        return [*found, *((code,) for code in VITALS if code in present and code not in skip)]

    def _mean_alone(self, mean: str, upper: str) -> bool:
        """Whether a measurement gave a mean and no systolic: then the mean has a column."""
        pairs = {each.at for each in self.record.series.get(upper, ()) if each.counts}
        return any(each.counts and each.at not in pairs for each in self.record.series.get(mean, ()))

    @property
    def vitals(self) -> list[VitalsRow]:
        """Five minutes a row: the last value that counts; of a line that came more often, lowest to highest too."""
        slots: dict[datetime, dict[str, list[Reading]]] = {}
        for reading in self.record.readings:
            if reading.counts:  # every zone is whole quarters of an hour away, so five minutes begin alike in all
                slot = reading.at.replace(minute=reading.at.minute - reading.at.minute % 5, second=0, microsecond=0)
                slots.setdefault(slot, {}).setdefault(reading.code, []).append(reading)
        columns = self._columns()
        rows = []
        for slot in sorted(slots):
            given = slots[slot]
            cells = tuple(self._cell(column, given) for column in columns)
            rows.append(VitalsRow(clock(slot), cells, self._source(given)))
        return rows

    def _cell(self, column: tuple[str, ...], given: Mapping[str, Sequence[Reading]]) -> str:
        read = [each for code in column for each in given.get(code, ())]
        shown = current_vital([column], _signals(read), inf, lambda code: inf)
        if shown is None:
            # A diastolic alone is no pressure, but what was read is written down.
            return f"–/{written(column[-1], read[-1].value)}" if read else "–"
        pairs = zip(shown.codes, shown.values, strict=True)
        text = "/".join("–" if value is None else written(code, value) for code, value in pairs)
        low, high = min(each.value for each in read), max(each.value for each in read)
        if len(column) == 1 and written(column[0], low) != written(column[0], high):
            text += f" ({written(column[0], low)}–{written(column[0], high)})"
        return text

    def _source(self, given: Mapping[str, Sequence[Reading]]) -> str:
        methods = {each.method for rows in given.values() for each in rows}
        typed = sorted({who(each.by) for rows in given.values() for each in rows if each.method == "typed"})
        parts = [_("monitor")] if "monitor" in methods else []
        return "; ".join([*parts, *(_("typed by %(who)s") % {"who": each} for each in typed)])

    @property
    def odd(self) -> list[OddRow]:
        """Readings that do not count, at most the first hundred: the rest stay in the record."""
        return [
            OddRow(clock(each.at), vital_name(each.code), with_unit(each.code, each.value), self._why_odd(each))
            for each in self.record.readings
            if not each.counts
        ][:100]

    @property
    def vitals_summary(self) -> str:
        """The picture in one sentence, for those who do not see it."""
        parts = []
        for code, rows in self.record.series.items():
            values = [each.value for each in rows if each.counts]
            if values and code in NAMES:
                parts.append(_("%(name)s %(low)s to %(high)s %(unit)s") % {
                    "name": inside(vital_name(code)), "low": written(code, min(values)),
                    "high": written(code, max(values)), "unit": VITALS[code].unit.display})  # fmt: skip
        text = ", ".join(parts)
        return text[:1].upper() + text[1:] if text else _("No reading was recorded.")

    @property
    def legend(self) -> str:
        """How to read the picture."""
        parts = []
        if any(code in self.record.series for code in SYSTOLIC):
            parts.append(_("Bars of blood pressure run from systolic to diastolic."))
        if self.record.doses:
            parts.append(_("Where it is shaded, the dose was going in."))
        if any(self.crossed(code) for code in self.record.series):
            parts.append(_("A cross is a value that was corrected or struck."))
        if self.marks:
            parts.append(_("Numbers are steps of the dose (squares), events and alarms."))
        return " ".join(parts)

    @property
    def marks(self) -> list[TimelineEntry]:
        """What is numbered in the picture, in the order of its numbers."""
        return [each for each in self.lines if each.number]

    def ends(self) -> tuple[datetime, datetime]:
        """The ends of the time axis. It begins at the arrival: what was measured before is listed with its date."""
        begins = self.record.opened_at
        times = [each.at for each in self.record.moments]
        if self.record.readings:
            times.append(self.record.readings[-1].at)
        return begins, max(*times, begins + timedelta(minutes=30)) if times else begins + timedelta(minutes=30)

    def lines_of(self, code: str) -> list[tuple[float, float]]:
        """The readings of one vital sign that count, since the arrival, for drawing: thinned to what a line can
        show."""
        rows = [each for each in self.record.series.get(code, ()) if each.counts and each.at >= self.record.opened_at]
        return thinned([(each.at.timestamp(), each.value) for each in rows])

    def crossed(self, code: str) -> list[tuple[float, float]]:
        """The readings of one vital sign that were corrected or struck, since the arrival."""
        return [
            (each.at.timestamp(), each.value)
            for each in self.record.series.get(code, ())
            if (each.superseded or each.struck) and not each.doubt and each.at >= self.record.opened_at
        ]

    def pulse(self) -> str:
        """The code of the line that is drawn as the heart rate: the preferred of those that have a reading that counts.

        A line is of the whole session, so it does not ask which of two is the newer at its end.
        """
        codes = [code for (code,) in TILES["hr"] if code in self.record.series]
        return next((code for code in codes if any(each.counts for each in self.record.series[code])), (*codes, "")[0])


def _signals(rows: Iterable[Reading]) -> list[SignalReading]:
    return [SignalReading(each.code, each.value, each.at.timestamp(), each.doubt) for each in rows]


def drawn_lines() -> list[tuple[tuple[str, ...], str, str]]:
    """What is drawn, from the top: codes that share a panel, its name and its unit."""
    return [
        (("hr",), _("Heart rate"), _("/min")),
        ((SYSTOLIC[0], DIASTOLIC[0]), _("Blood pressure"), _("mmHg")),
        ((SYSTOLIC[1], DIASTOLIC[1]), _("Arterial pressure"), _("mmHg")),
        (("spo2",), _("Saturation"), "%"),
        (("rr",), _("Breathing"), _("/min")),
        (("co2_rr",), _("Breathing, CO₂"), _("/min")),
        (("etco2",), _("End-tidal CO₂"), _("mmHg")),
    ]


# What is marked in the picture.
_NUMBERED: Final = frozenset(("event", "alarm", "dose", "dose_step", "by_hand"))
_NOBODY_CAME: Final = frozenset((State.PLANNED, State.DID_NOT_ATTEND))


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


Points = list[tuple[float, float]]


def thinned(points: Points, most: int = 480) -> Points:
    """At most about ``most`` points: of each stretch its first, lowest, highest and last, at their own times."""
    if len(points) <= most:
        return points
    size = -(-len(points) * 4 // most)
    kept: Points = []
    for begin in range(0, len(points), size):
        run = points[begin : begin + size]
        chosen = {run[0], run[-1], min(run, key=lambda p: p[1]), max(run, key=lambda p: p[1])}
        kept += sorted(chosen)
    return kept


def gap_of(points: Sequence[tuple[float, float]]) -> float:
    """Seconds without a reading after which a line breaks: three times its usual distance, at least two minutes."""
    steps = [later[0] - earlier[0] for earlier, later in pairwise(points)]
    return max(120.0, 3 * median(steps)) if steps else 120.0


def local_hours(begins: datetime, ends: datetime) -> list[tuple[float, str]]:
    """Half hours (or hours, in a long session) on the time axis."""
    step = 30 if ends - begins <= timedelta(hours=5) else 60
    at = page_local(begins).replace(second=0, microsecond=0)
    at += timedelta(minutes=(-at.minute) % step)
    found = []
    while at <= ends:
        found.append((at.timestamp(), formats.date_format(at, "H:i")))
        at += timedelta(minutes=step)
    return found
