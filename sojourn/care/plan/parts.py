"""The parts of a plan beside the medicine, and its goals: their shape, and how they are read from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

KINDS: Final[Mapping[str, StrPromise]] = MappingProxyType(
    {
        "preparation": _("Preparation"),
        "integration": _("Integration talk"),
        "cbt": _("Cognitive behavioural therapy"),
        "talk": _("Talk therapy"),
        "group": _("Support group"),
        "family": _("Family work"),
        "lifestyle": _("Sleep, movement, food"),
        "other": _("Something else"),
    }
)
PERIODS: Final[Mapping[str, StrPromise]] = MappingProxyType(
    {
        "week": _("a week"),
        "fortnight": _("every two weeks"),
        "month": _("a month"),
        "session": _("for each session"),
        "once": _("in all"),
    }
)
MOST_PARTS: Final = 12
MOST_GOALS: Final = 12


@dataclass(frozen=True, slots=True)
class PlanPart:
    """A part of the plan: what, who does it, and how often (``times`` a ``period``)."""

    kind: str
    who: str
    times: int
    period: str
    note: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Goal:
    """What the person wants to reach. ``line`` names the goal of the intake that it was carried from, if any."""

    text: str
    line: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


def parts(stored: Iterable[Mapping[str, Any]]) -> tuple[PlanPart, ...]:
    """The parts as they are stored in a version."""
    return tuple(
        PlanPart(
            str(each["kind"]), str(each["who"]), int(each["times"]), str(each["period"]), str(each.get("note", ""))
        )
        for each in stored
    )


def goals(stored: Iterable[Mapping[str, Any]]) -> tuple[Goal, ...]:
    """The goals as they are stored in a version."""
    return tuple(Goal(str(each["text"]), str(each.get("line", ""))) for each in stored)


def part_faults(found: Iterable[PlanPart]) -> list[str]:
    """Codes of what is wrong with parts: "part-kind", "part-who", "part-times", "part-period", "too-many-parts"."""
    rows = list(found)
    wrong: list[str] = ["too-many-parts"] if len(rows) > MOST_PARTS else []
    for each in rows:
        if each.kind not in KINDS:
            wrong.append("part-kind")
        if not each.who:
            wrong.append("part-who")
        if not 1 <= each.times <= 31:
            wrong.append("part-times")
        if each.period not in PERIODS:
            wrong.append("part-period")
    return list(dict.fromkeys(wrong))
