"""The tables of a record: checks, doses, alarms, monitors, leaving and questionnaires."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _

from sojourn.care.chart.rows import (
    Check,
    Reading,
)
from sojourn.clinical.protocol import State
from sojourn.interfaces.console.record import basis as record_basis
from sojourn.interfaces.console.record import given as record_given
from sojourn.interfaces.console.record.telling import Telling
from sojourn.interfaces.console.record.timeline import PRIORITIES
from sojourn.interfaces.console.record.words import (
    TimelineEntry,
    amount,
    clock,
    day,
    mg,
    readings_in_words,
    second_check,
    who,
)
from sojourn.interfaces.console.sessions.words import drug_word, span_word

_NOBODY_CAME: Final = frozenset((State.PLANNED, State.DID_NOT_ATTEND))


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


class Tables(Telling):
    """What a record lists beside its lines."""

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
        return [self._check(item) for item in self._items.before] if self.record.state not in _NOBODY_CAME else []

    @property
    def leaving(self) -> list[CheckRow]:
        """What was asked before leaving: the protocol's items and whatever else was answered."""
        extra = [each.item_id for each in self.record.checks if each.item_id not in self._items.before]
        ids = list(dict.fromkeys([*self._items.leaving, *extra])) if self.record.doses or extra else []
        return [self._check(item) for item in ids]

    def _check(self, item_id: str) -> CheckRow:
        rows = [each for each in self.record.checks if each.item_id == item_id]
        newest = next((each for each in rows if each.counts), None)
        if newest is None:
            return self._measured_check(item_id)
        said = "; ".join(self._earlier(each) for each in rows if not each.counts)
        return CheckRow(
            self._label(item_id), self._answer(newest), newest.passed, newest.value, newest.note,
            newest.at, who(newest.by), _("Earlier: %(said)s") % {"said": said} if said else "",
        )  # fmt: skip

    def _measured_check(self, item_id: str) -> CheckRow:
        """An item that nobody answered: measured, where every vital sign of it was before the dose."""
        label, vitals = self._label(item_id), self._items.vitals.get(item_id, ())
        newest_of = {each.code: each for each in self._before_the_dose() if each.code in vitals}
        if not vitals or len(newest_of) < len(vitals):
            return CheckRow(label, _("not answered"), False, "", "", None, "", "")
        last = max(newest_of.values(), key=lambda each: each.at)
        source = who(last.by) if last.by else _("monitor")
        return CheckRow(label, _("measured"), True, readings_in_words(newest_of.values()), "", last.at, source, "")

    def _before_the_dose(self) -> Iterator[Reading]:
        """The readings that count, from the arrival to the start of the dose."""
        begun = self.record.dose_started_at or self.record.composed_at
        return (
            each for each in self.record.readings if each.counts and self.record.opened_at <= each.at <= begun
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
                self._numbers[id(each)], each.priority, str(PRIORITIES.get(each.priority, each.priority)),
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
            (_("With"), left.escort_name or _("nobody named")),
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
