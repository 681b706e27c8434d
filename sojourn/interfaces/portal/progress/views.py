"""How it goes over time: a chart, one honest sentence, and the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.charts import trend_chart
from sojourn.care.measures.queries import Trend
from sojourn.clinical.scales import say
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.clock import page_local
from sojourn.foundation.scope import PatientScope
from sojourn.foundation.ui.charts import Chart
from sojourn.interfaces.portal import reads
from sojourn.interfaces.portal.pages import OwnPage, own_page, show


@dataclass(frozen=True, slots=True)
class ScaleTrend:
    """One questionnaire over time."""

    scale_id: str
    title: str
    chart: Chart | None
    sentence: str
    caption: str


@own_page("own.read")
def progress(request: Request, scope: OwnPage) -> HttpResponse:
    """Every questionnaire that the patient answers, over time. What a clinician rates is spoken about, not charted."""
    patient_id = scope.patient_id
    first = reads.first_dose_at(PatientScope(patient_id))
    trends = measures_queries.trends(PatientScope(patient_id), first_dose_at=first)
    pictures = [picture(trend) for trend in trends if trend.scale.rater == "self"]
    return show(request, "portal/progress/progress.html", {"pictures": pictures}, active="progress")


def picture(trend: Trend) -> ScaleTrend:
    """A trend as a patient reads it."""
    scale = trend.scale
    title = say(scale.title, translation.get_language() or "en")
    return ScaleTrend(
        scale_id=scale.id,
        title=title,
        chart=trend_chart(trend),
        sentence=sentence(trend),
        caption=_("Lower numbers mean fewer problems.")
        if scale.higher_is_worse
        else _("Higher numbers mean that you feel better."),
    )


def sentence(trend: Trend) -> str:
    """What the newest score means beside the first one, no more than it can carry."""
    newest = trend.newest
    if newest is None:
        return _("There is no score yet, since some questions were left open.")
    change = trend.change(newest)
    if change is None or trend.baseline is None:
        return _("This is your first score: %(total)s of %(high)s. The next one shows which way it goes.") % {
            "total": newest.total,
            "high": trend.scale.high,
        }
    facts = {
        "now": newest.total,
        "then": trend.baseline.total,
        "day": date_format(page_local(trend.baseline.at), _("j F Y")),
        "points": abs(change.difference),
    }
    if change.reliable == "better":
        return (
            _(
                "Your score is %(now)s. On %(day)s it was %(then)s. That is a change for the better of"
                " %(points)s points, more than ordinary ups and downs."
            )
            % facts
        )
    if change.reliable == "worse":
        return (
            _(
                "Your score is %(now)s. On %(day)s it was %(then)s. Things are harder now, by %(points)s points:"
                " more than ordinary ups and downs. Your care team can see this. Talk with them about it."
            )
            % facts
        )
    if change.reliable == "none":
        return (
            _("Your score is %(now)s. On %(day)s it was %(then)s. That is within the range of ordinary ups and downs.")
            % facts
        )
    return _("Your score is %(now)s. On %(day)s it was %(then)s.") % facts
