"""The axis of time and the lines of a record's picture: drawing, not medicine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.utils import formats
from django.utils.translation import gettext as _

from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC
from sojourn.foundation.clock import page_local


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
