"""The drawing of a session: what the figure on the page and on paper shows."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from sojourn.care.chart.rows import GivenDose
from sojourn.clinical.administration import Delivered
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC
from sojourn.foundation.printing import figure
from sojourn.interfaces.console.record.axis import drawn_lines, gap_of, local_hours
from sojourn.interfaces.console.record.presenters import RecordView
from sojourn.interfaces.console.record.tables import DoseRow
from sojourn.interfaces.console.record.words import TimelineEntry, vital_name

# The least that an axis spans, so that the noise of a quiet hour does not look like a storm. Drawing, not medicine.
_SPANS = {"hr": 30.0, "nibp_sys": 80.0, "art_sys": 80.0, "spo2": 10.0, "rr": 12.0, "co2_rr": 12.0, "etco2": 20.0}
_SHAPES: Mapping[str, figure.Shape] = {"high": "high", "medium": "medium", "low": "low"}


def figure_of(shown: RecordView) -> figure.Figure:
    """The vital signs from the top, the doses as stretches, events and alarms as numbered signs."""
    begins, ends = shown.ends()
    panels = [found for codes, name, unit in drawn_lines() if (found := _panel(shown, codes, name, unit))]
    spans = [_span(shown, each, row) for each, row in zip(shown.record.given, shown.doses, strict=True)]
    priorities = {each.number: each.priority for each in shown.alarms}
    marks = [figure.Mark(each.at.timestamp(), each.number, _shape(priorities, each)) for each in shown.marks]
    return figure.Figure(begins.timestamp(), ends.timestamp(), panels, local_hours(begins, ends), spans, marks)


def _panel(shown: RecordView, codes: tuple[str, ...], name: str, unit: str) -> figure.Panel | None:
    """The lines that share a panel; None where none of them has a reading."""
    given = [shown.pulse()] if codes == ("hr",) else [code for code in codes if code in shown.record.series]
    lines = [line for code in given if (line := _line(shown, code)) is not None]
    if not lines:
        return None
    crossed = [point for code in given for point in shown.crossed(code)]
    pair = len(lines) == 2
    return figure.Panel(name, unit, lines, 82 if pair else 48, _SPANS.get(codes[0], 0), bars=pair, crossed=crossed)


def _line(shown: RecordView, code: str) -> figure.FigureLine | None:
    """A vital sign as it is drawn; bars of pressure have no gaps."""
    points = shown.lines_of(code)
    if not points:
        return None
    return figure.FigureLine(_direct(code), points, None if code in SYSTOLIC + DIASTOLIC else gap_of(points))


def _span(shown: RecordView, given: GivenDose, row: DoseRow) -> figure.Span:
    """A dose from its start to its last milligram, with the stretches in which something went in."""
    began = given.dose.started_at.timestamp()
    parts: list[tuple[float, float]] = []
    if isinstance(given.delivered, Delivered):
        parts = [(each.since.timestamp(), each.until.timestamp()) for each in given.delivered.segments]
        parts += [(each.at.timestamp(), each.at.timestamp()) for each in given.delivered.parts]
    over = shown.record.dose_ended_at
    ends = max([began, *(until for _since, until in parts), *([over.timestamp()] if over else [])])
    words = {"drug": row.drug, "given": row.given, "planned": row.mg}
    label = _("%(drug)s: %(given)s of %(planned)s mg") if row.given != row.mg else _("%(drug)s %(given)s mg")
    return figure.Span(began, ends, label % words, sorted(parts) or [(began, began)])


def _direct(code: str) -> str:
    """The name at the end of a line."""
    if code in SYSTOLIC:
        return _("Systolic")
    if code in DIASTOLIC:
        return _("Diastolic")
    return vital_name(code)


def _shape(priorities: Mapping[str, str], line: TimelineEntry) -> figure.Shape:
    if line.kind == "dose":
        return "dose"
    return _SHAPES.get(priorities.get(line.number, ""), "event")
