"""The vital signs of a record: a row every five minutes, what does not count, and what is drawn of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from django.utils.translation import gettext as _

from sojourn.care.chart.rows import (
    Reading,
)
from sojourn.clinical.current import TILES, SignalReading, current_vital
from sojourn.clinical.vitals import DIASTOLIC, MEAN, SYSTOLIC, VITALS
from sojourn.interfaces.console.record.axis import thinned
from sojourn.interfaces.console.record.telling import Telling
from sojourn.interfaces.console.record.words import (
    NAMES,
    clock,
    inside,
    vital_name,
    who,
    with_unit,
    written,
)


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


class VitalsTable(Telling):
    """What was measured in a session."""

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
        return f"{text}{_spread(column[0], [each.value for each in read])}" if len(column) == 1 else text

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


def _spread(code: str, values: Sequence[float]) -> str:
    """From the lowest to the highest, in brackets; "" where they are written alike."""
    low, high = written(code, min(values)), written(code, max(values))
    return "" if low == high else f" ({low}–{high})"


def _signals(rows: Iterable[Reading]) -> list[SignalReading]:
    return [SignalReading(each.code, each.value, each.at.timestamp(), each.doubt) for each in rows]
