"""Scores, the early warning score and the days of a patient's candidacy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.candidacy.file_queries import Moment
from sojourn.care.intake.queries import EnteredFact, TakenBack
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.queries import Scored
from sojourn.clinical import news2
from sojourn.clinical.eligibility import VOCABULARY, Facts
from sojourn.clinical.scales import say
from sojourn.foundation.clock import page_day, page_local
from sojourn.interfaces.console.candidacy.words import DECISIONS, value_words

_ICONS: Mapping[str, str] = {
    "sent": "notebook-pen", "fact": "stethoscope", "retracted": "undo-2", "stopped": "pill", "score": "clipboard-list",
    "decision": "signature", "override": "shield-alert", "signed": "shield-check",
}  # fmt: skip


_RISKS: Mapping[str, StrPromise] = {
    "low": gettext_lazy("low risk"),
    "low-medium": gettext_lazy("low to medium risk"),
    "medium": gettext_lazy("medium risk"),
    "high": gettext_lazy("high risk"),
}


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """NEWS2, or why there is none."""

    total: int | None
    risk: str
    parts: tuple[tuple[str, int], ...]
    caveats: tuple[str, ...]
    why_not: str
    on: date | None = None


def early_warning(found: news2.News2 | news2.News2Refusal | None, facts: Facts) -> EarlyWarning | None:
    if found is None:
        return None
    if isinstance(found, news2.News2Refusal):
        return EarlyWarning(None, "", (), (), _why_not_scored(found.reasons))
    parts = tuple((_(VOCABULARY[news2.FACTS[name]].label), points) for name, points in found.parts.items())
    return EarlyWarning(
        found.total, str(_RISKS[found.risk.value]), parts, tuple(_(each) for each in found.caveats), "",
        facts["respiratory_rate"].on,
    )  # fmt: skip


def _why_not_scored(codes: Sequence[str]) -> str:
    if "not-of-one-day" in codes:
        return _("The vital signs were not all taken on one day.")
    if "pregnancy" in codes:
        return _("It is not made for pregnancy.")
    if "under-age" in codes:
        return _("It is not made for this age.")
    names = [each.partition(":")[2] for each in codes]
    labels = (_(VOCABULARY[news2.FACTS[each]].label) for each in names if each in news2.FACTS)
    return _("Not known: %(what)s.") % {"what": ", ".join(dict.fromkeys(labels))}


@dataclass(frozen=True, slots=True)
class Day:
    """A line of the timeline. ``struck``: what was struck as entered in error, with ``words`` on who, when and why;
    ``strike_url``: where a fact that stands is struck."""

    on: date
    icon: str
    title: str
    words: str
    struck: str = ""
    strike_url: str = ""


def scale_title(scale_id: str) -> str:
    return say(measures_queries.scale(scale_id).title, translation.get_language() or "en")


def _taken_back(moment: Moment, entered: EnteredFact, back: TakenBack) -> Day:
    what = f"{_(VOCABULARY[moment.what].label)}: {value_words(moment.what, moment.value)}"
    when = date_format(page_local(back.at), _("j F Y, H:i"))
    said = " · ".join(each for each in (moment.words, moment.by) if each)
    return Day(
        moment.on, _ICONS["retracted"], _("Entered in error"), f"{back.why} · {back.by} · {when}",
        f"{what} · {said}" if said else what,
    )  # fmt: skip


def day_line(moment: Moment, titles: Mapping[str, str]) -> Day:
    if moment.entered is not None and moment.entered.taken_back is not None:
        return _taken_back(moment, moment.entered, moment.entered.taken_back)
    band = _(moment.words) if moment.kind == "score" and moment.words else moment.words
    words = " · ".join(each for each in (band, moment.by) if each)
    url = reverse("console:fact_strike", args=[moment.entered.id]) if moment.entered else ""
    return Day(moment.on, _ICONS[moment.kind], _day_title(moment, titles), words, strike_url=url)


def _day_title(moment: Moment, titles: Mapping[str, str]) -> str:
    match moment.kind:
        case "sent":
            return _("The intake was sent")
        case "fact":
            return f"{_(VOCABULARY[moment.what].label)}: {value_words(moment.what, moment.value)}"
        case "stopped":
            return _("Stopped taking %(what)s") % {"what": moment.what}
        case "score":
            total = "–" if moment.value is None else number_format(moment.value)
            return f"{titles.get(moment.what, moment.what)}: {total}"
        case "decision":
            return str(DECISIONS[moment.what][0])
    signed = _("Override signed: %(what)s") if moment.kind == "override" else _("Override signed second: %(what)s")
    return signed % {"what": _(moment.what)}


@dataclass(frozen=True, slots=True)
class ScoreLine:
    title: str
    total: str
    band: str
    on: date


def score_lines(newest: Iterable[Scored]) -> list[ScoreLine]:
    return [
        ScoreLine(
            title=scale_title(each.scale_id),
            total="–" if each.total is None else number_format(each.total),
            band=_(each.band.label) if each.band else "",
            on=page_day(each.at),
        )
        for each in newest
    ]
