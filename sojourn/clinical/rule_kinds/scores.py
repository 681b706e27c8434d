"""What the rules of scores hold: NEWS2, and those by which a patient leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical import recovery
from sojourn.clinical.recovery.scores import KIND as RECOVERY
from sojourn.clinical.rule_kinds.kind import ROUTE, VITAL, Kind, Number, plain
from sojourn.clinical.rules import Rule
from sojourn.clinical.shapes import by, flag, number, pair, some, table, text, whole


def _bands(name: str, rows: Any, steps: Decimal) -> Iterator[str]:
    """The bands of one observation follow each other without a hole or an overlap, from no end to no end."""
    at: Decimal | None = None
    for number_of, row in enumerate(rows):
        low, high = (None if key not in row else Decimal(repr(row[key])) for key in ("min", "max"))
        first, last = number_of == 0, number_of == len(rows) - 1
        if (low is None) is not first or (high is None) is not last:
            yield f"bands.{name}.{number_of}: only the first band has no min, only the last no max"
        elif (at is not None and low != at + steps) or (low is not None and high is not None and high < low):
            yield f"bands.{name}.{number_of}: a hole or an overlap"
        at = high


def _news2(rule: Rule) -> Iterator[str]:
    bands = rule.fact("bands")
    for name, rows in bands.items():
        steps = Decimal("0.1") if name == "temp" else Decimal(1)
        for oxygen in (True, False) if any("oxygen" in each for each in rows) else (None,):
            yield from _bands(name, [each for each in rows if each.get("oxygen", oxygen) is oxygen], steps)
            yield from _valley(name, [each for each in rows if each.get("oxygen", oxygen) is oxygen])
    yield from _news2_total(rule)


def _valley(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The points fall to those of the best band, which is 0, and rise from there. Neighbours of the same points would
    be one band, but where a band is of those without oxygen."""
    points = [each["score"] for each in rows if each.get("oxygen") is not False]
    best = points.index(min(points))
    wanted = [*sorted({*points[:best]}, reverse=True), 0, *sorted({*points[best + 1 :]} - {0})]
    if points != wanted or any(each["score"] for each in rows if each.get("oxygen") is False):
        yield f"bands.{name}: the points do not fall to 0 and rise from there"


def _news2_total(rule: Rule) -> Iterator[str]:
    bands, risk = rule.fact("bands"), rule.fact("risk")
    most = {name: max(row["score"] for row in rows) for name, rows in bands.items()}
    parts = sum(most[name] for name in _OBSERVED if name != "spo2_scale2") + rule.fact("oxygen")
    if parts + max(rule.fact("consciousness").values()) != rule.fact("max_total"):
        yield "max_total is not what the bands give"
    at = -1
    for name in ("low", "medium", "high"):
        low, high = risk[name]
        if low != at + 1 or high < low:
            yield f"risk.{name}: a hole or an overlap"
        at = high
    if at != rule.fact("max_total"):
        yield "risk does not reach max_total"


_OBSERVED: Final = ("rr", "spo2_scale1", "spo2_scale2", "sbp", "pulse", "temp")
_POINTS: Final = whole(0, 3)
_ROW: Final = table({"score": _POINTS}, {"min": number(0), "max": number(0), "oxygen": flag})


def _points(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not value.isdecimal():
        yield f"{place} is no number of points"


def _recovery(rule: Rule) -> Iterator[str]:
    items = recovery.read(rule).items
    names = [each.id for each in items]
    yield from (f"items: {name} stands twice" for name in sorted({each for each in names if names.count(each) > 1}))
    for each in items:
        points = {anchor.points for anchor in each.anchors}
        if points != set(range(max(points) + 1)):
            yield f"items.{each.id}: its points have a hole"
        if each.spare_points is not None and each.spare_points not in points:
            yield f"items.{each.id}.spare_points is no points of it"
        if each.before_reads and not each.as_before:
            yield f"items.{each.id}.before_reads without as_before"
    threshold = rule.optional("threshold")
    if threshold is not None and threshold > rule.fact("maximum"):
        yield "threshold is above the maximum"


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "score.news2": Kind(
            plain(
                max_total=whole(1), min_age_years=whole(1), oxygen=_POINTS, not_for=some(text), caveats=some(text),
                consciousness=table({"A": whole(0, 0), **dict.fromkeys("CVPU", whole(1, 3))}),
                bands=table({name: some(_ROW) for name in _OBSERVED}),
                risk=plain(low=pair(whole(0)), medium=pair(whole(0)), high=pair(whole(0)), any_single=whole(1, 3)),
            ),
            {}, ("rr", "spo2", "o2", "sbp", "hr", "acvpu", "temp"), ("total", "risk", "refused"), laws=_news2,
        ),
        RECOVERY: Kind(
            table(
                {
                    "maximum": whole(1),
                    "items": some(
                        table(
                            {"id": text, "label": text, "anchors": by(_points, text)},
                            {"spare_points": whole(0), "as_before": text, "before_reads": some(VITAL)},
                        )
                    ),
                },
                {"derived": text},
            ),
            {"threshold": Number(("{score}",), "higher", optional=True)},
            None, ("total", "reached", "refused"), recovery.read, _recovery,
        ),
        recovery.ORDER: Kind(plain(routes=some(ROUTE)), {}, ("route", "scores"), ("refused",)),
        recovery.FLOOR: Kind(
            plain(), {"spo2": Number(("%",), "higher")}, ("stated", "limit", "before", "now"), ("leaves", "refused"),
            open=True,
        ),
        recovery.SIGNING: Kind(
            plain(), {"hour": Number(("h",), "higher", 1, 23)}, ("dose", "signs"), ("refused",)
        ),
    }
)  # fmt: skip
