"""The drawing of a session: what the figure on the page and on paper shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.utils.translation import gettext as _

from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC
from sojourn.foundation.printing import figure
from sojourn.interfaces.console.record_shown import Line, Shown, drawn_lines, gap_of, local_hours

# The least that an axis spans, so that the noise of a quiet hour does not look like a storm. Drawing, not medicine.
_SPANS = {"hr": 30.0, "nibp_sys": 80.0, "art_sys": 80.0, "spo2": 10.0, "rr": 12.0}


def figure_of(shown: Shown) -> figure.Figure:
    """The vital signs from the top, the doses as stretches, events and alarms as numbered signs."""
    begins, ends = shown.ends()
    record = shown.record
    panels = []
    for codes, name, unit in drawn_lines():
        given = [shown.pulse()] if codes == ("hr",) else [code for code in codes if code in record.series]
        lines = [
            figure.Line(_direct(code), points, None if code in SYSTOLIC + DIASTOLIC else gap_of(points))
            for code in given
            if code and (points := shown.lines_of(code))
        ]
        crossed = [point for code in given for point in shown.crossed(code)]
        if lines:
            pair = len(lines) == 2
            panels.append(
                figure.Panel(name, unit, lines, 82 if pair else 48, _SPANS.get(codes[0], 0), bars=pair, crossed=crossed)
            )
    spans = [
        figure.Span(
            each.started_at.timestamp(),
            (record.dose_ended_at or each.started_at).timestamp(),
            f"{row.drug} {row.mg} mg",
        )
        for each, row in zip(record.doses, shown.doses, strict=True)
    ]
    priorities = {each.number: each.priority for each in shown.alarms}
    marks = [figure.Mark(each.at.timestamp(), each.number, _shape(priorities, each)) for each in shown.marks]
    return figure.Figure(begins.timestamp(), ends.timestamp(), panels, local_hours(begins, ends), spans, marks)


def _direct(code: str) -> str:
    """The name at the end of a line."""
    if code in SYSTOLIC:
        return _("Systolic")
    if code in DIASTOLIC:
        return _("Diastolic")
    names = {"hr": _("Heart rate"), "pr": _("Pulse"), "spo2": _("Saturation"), "rr": _("Breathing")}
    return names.get(code, _("End-tidal CO₂"))


def _shape(priorities: Mapping[str, str], line: Line) -> figure.Shape:
    priority = priorities.get(line.number, "event")
    return cast(figure.Shape, priority) if priority in figure.PAPER.alarm else "event"
