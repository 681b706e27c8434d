"""What happened in a session, line by line, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.care.alarms.models import ENTERED_IN_ERROR, MONITOR_OFF
from sojourn.care.chart.record import Moment
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
from sojourn.care.session.event_kinds import EFFECTS, event_word, strength_word
from sojourn.clinical.protocol import State
from sojourn.clinical.recovery import SCALES
from sojourn.interfaces.console.record import double_check as record_double_check
from sojourn.interfaces.console.record import given as record_given
from sojourn.interfaces.console.record.telling import Telling
from sojourn.interfaces.console.record.words import (
    TimelineEntry,
    clock,
    day_and_clock,
    mg,
    readings_in_words,
    second_check,
    vital_name,
    who,
    written,
)
from sojourn.interfaces.console.sessions.words import drug_word, span_word

_STATE_ICONS: Final = {
    State.ARRIVED: "user-check", State.CHECKED: "clipboard-check", State.DOSING: "syringe", State.PAUSED: "pause",
    State.OBSERVING: "eye",
    State.READY_TO_LEAVE: "footprints", State.LEFT: "car", State.STOPPED_EARLY: "octagon-pause",
    State.DID_NOT_ATTEND: "circle-slash", State.CANCELLED: "circle-slash",
}  # fmt: skip


_ALARM_CHANGES: Final[Mapping[str, StrPromise]] = {
    "acknowledged": gettext_lazy("taken by %(who)s at %(time)s, after %(span)s"),
    "escalated": gettext_lazy("nobody had answered by %(time)s: escalated"),
    "recovered": gettext_lazy("recovered at %(time)s"),
    "ended": gettext_lazy("ended with the session at %(time)s"),
    "withdrawn": gettext_lazy("its value was withdrawn by the monitor at %(time)s"),
    "priority_raised": gettext_lazy("priority raised to %(priority)s at %(time)s"),
    "priority_lowered": gettext_lazy("priority lowered to %(priority)s at %(time)s"),
}


PRIORITIES: Final[Mapping[str, StrPromise]] = {
    "high": gettext_lazy("high"),
    "medium": gettext_lazy("medium"),
    "low": gettext_lazy("low"),
}


class Timeline(Telling):
    """The lines of a record, in the order of time."""

    @cached_property
    def lines(self) -> list[TimelineEntry]:
        return [self._line(each) for each in self.told]

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
        if entry.state is State.LEFT and left is not None and left.escort_name:
            details.insert(0, _("With %(name)s") % {"name": left.escort_name})
        return TimelineEntry(
            at, _STATE_ICONS.get(entry.state, "circle"), self._state_word(entry), tuple(details), "state",
            grave=bool(entry.overridden),
        )  # fmt: skip

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
        standing = [each for each in rows if each not in gone]
        failed = [self._label(each.item_id) for each in standing if not each.passed]
        title, more = self._one_check(rows[0]) if len(rows) == 1 else self._several_checks(standing, failed)
        struck = [f"{self._label(each.item_id)}: {self._struck('check', each.id)}" for each in gone]
        details = (who(rows[0].by), *more, *struck)
        return TimelineEntry(at, "list-checks", title, details, "check", grave=bool(failed))

    def _one_check(self, row: Check) -> tuple[str, list[str]]:
        title = f"{self._label(row.item_id)}: {self._answer(row)}"
        return f"{title} ({row.value})" if row.value else title, [row.note] if row.note else []

    def _several_checks(self, rows: Sequence[Check], failed: Sequence[str]) -> tuple[str, list[str]]:
        passed = len(rows) - len(failed)
        details = [_("Did not pass: %(items)s") % {"items": ", ".join(failed)}] if failed else []
        details += [
            f"{self._label(each.item_id)}: {each.value} ({each.note})" for each in rows if each.item_id in SCALES
        ]
        return ngettext("%(n)d check passed", "%(n)d checks passed", passed) % {"n": passed}, details

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
        if strength := strength_word(event.grade, event.amount, event.unit):
            words += f", {strength}"
        if event.effect:
            words += ": " + str(EFFECTS.get(event.effect, event.effect))
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
            "priority": PRIORITIES.get(alarm.priority, alarm.priority), "title": self._rule_title(first)}  # fmt: skip
        said = tuple(each for each in details if each)
        return TimelineEntry(at, "bell", title, said, "alarm", self._numbers[id(alarm)], alarm.priority == "high")

    def _change(self, alarm: Alarm, change: AlarmChange) -> str:
        words = str(_ALARM_CHANGES[change.kind])
        if change.kind == "ended" and change.note == MONITOR_OFF:
            words = _("ended at %(time)s: the monitor was taken off")
        elif change.kind == "ended" and change.note == ENTERED_IN_ERROR:
            words = _("ended at %(time)s: %(who)s struck the reading as entered in error")
        text = words % {
            "who": who(change.by), "time": clock(change.at), "span": span_word(change.at - alarm.first.at),
            "priority": PRIORITIES.get(change.priority, change.priority),
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

    def _monitor_on(self, at: datetime, monitor: MonitorOn) -> TimelineEntry:
        details = [who(monitor.from_by)] if monitor.from_by else []
        if skew := self._skew(monitor):
            details.append(skew)
        return TimelineEntry(at, "link", _("%(name)s put on") % {"name": monitor.name}, tuple(details), "monitor")

    def _monitor_off(self, at: datetime, monitor: MonitorOn) -> TimelineEntry:
        details = (who(monitor.until_by),) if monitor.until_by else ()
        return TimelineEntry(at, "unlink", _("%(name)s taken off") % {"name": monitor.name}, details, "monitor")

    def _missed(self, at: datetime, gap: Gap) -> TimelineEntry:
        return TimelineEntry(at, "clock", _("A check was missed"), (self._gap(gap),), "gap", grave=True)

    def _measured(self, at: datetime, measure: Measure) -> TimelineEntry:
        return TimelineEntry(at, "clipboard-list", self._measure(measure), (), "measure")
