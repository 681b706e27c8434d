"""A plan as its patient reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sojourn.care.plan.models import PlanVersion
from sojourn.care.plan.parts import goals, parts

WAYS = {
    "iv": gettext_lazy("slowly, through a thin tube into a vein in your arm"),
    "im": gettext_lazy("as a shot into a muscle"),
    "sc": gettext_lazy("as a shot under the skin"),
    "in": gettext_lazy("as a spray into your nose"),
    "sl": gettext_lazy("under your tongue"),
    "oral": gettext_lazy("by mouth"),
}

KINDS = {
    "preparation": gettext_lazy("A talk to get ready"),
    "integration": gettext_lazy("A talk about what you saw and felt"),
    "cbt": gettext_lazy("Talk therapy with exercises (CBT)"),
    "talk": gettext_lazy("Talk therapy"),
    "group": gettext_lazy("A support group"),
    "family": gettext_lazy("Time with your family and a helper"),
    "lifestyle": gettext_lazy("Sleep, moving and food"),
    "other": gettext_lazy("Something more"),
}

PERIODS = {
    "week": gettext_lazy("each week"),
    "fortnight": gettext_lazy("every two weeks"),
    "month": gettext_lazy("each month"),
    "session": gettext_lazy("for each session"),
    "once": gettext_lazy("in all"),
}


@dataclass(frozen=True, slots=True)
class PlanPartView:
    what: str
    who: str
    how_often: str
    note: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as its patient reads it. Milligrams are left to the care team's own pages and to the record."""

    indication: str
    medicine: str
    how: str
    minutes: str
    sessions: str
    apart: str
    begins: str
    beside: list[PlanPartView]
    goals: list[str]
    intention: str
    review: list[str]
    number: int
    signed_at: object


def _names(drug: str) -> str:
    return {"ketamine": _("Ketamine"), "esketamine": _("Esketamine")}.get(drug, drug)


def plan_shown(version: PlanVersion) -> Plan:
    """A signed version in plain words."""
    number = version.sessions or 0
    return Plan(
        indication=version.indication,
        medicine=_names(version.drug),
        how=str(WAYS.get(version.route, "")),
        minutes=_minutes_words(version),
        sessions=ngettext("%(n)d session", "%(n)d sessions", number) % {"n": number},
        apart=_apart_words(version),
        begins=formats.date_format(version.starts_on, _("j F Y")) if version.starts_on else "",
        beside=[
            PlanPartView(str(KINDS.get(each.kind, each.kind)), each.who, _often(each.times, each.period), each.note)
            for each in parts(version.parts)
        ],
        goals=[each.text for each in goals(version.goals)],
        intention=version.intention,
        review=list(_review_words(version)),
        number=version.number,
        signed_at=version.signed_at,
    )


def _minutes_words(version: PlanVersion) -> str:
    if not version.over_min:
        return ""
    over = round(version.over_min)
    return ngettext("It takes about %(n)d minute.", "It takes about %(n)d minutes.", over) % {"n": over}


def _apart_words(version: PlanVersion) -> str:
    low, high = version.min_days, version.max_days
    if (version.sessions or 0) < 2 or low is None or high is None:
        return ""
    if low == high:
        return ngettext("%(n)d day apart", "%(n)d days apart", high) % {"n": high}
    return _("%(low)d to %(high)d days apart") % {"low": low, "high": high}


def _review_words(version: PlanVersion) -> Iterator[str]:
    after = version.review_after
    if after is not None:
        yield ngettext("After %(n)d session.", "After %(n)d sessions.", after) % {"n": after}
    if version.review_on is not None:
        yield _("On %(day)s.") % {"day": formats.date_format(version.review_on, _("j F Y"))}


def _often(times: int, period: str) -> str:
    when = PERIODS.get(period, period)
    if times == 1:
        return _("once %(when)s") % {"when": when}
    return _("%(n)d times %(when)s") % {"n": times, "when": when}
