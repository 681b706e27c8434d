"""Questionnaires that wait, on the patient's first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.measures import queries as measures_queries
from sojourn.clinical.scales import Scale, say


@dataclass(frozen=True, slots=True)
class Open:
    """A questionnaire that waits."""

    title: str
    url: str
    minutes: str
    progress: str
    due_at: datetime
    late: bool


def minutes_for(scale: Scale) -> str:
    """About how long the questionnaire takes, in words."""
    n = max(1, round(len(scale.items) * measures_queries.SECONDS_A_QUESTION / 60))
    return ngettext("about %(n)d minute", "about %(n)d minutes", n) % {"n": n}


def length_in_words(length: timedelta) -> str:
    """ "2 hours 30 minutes"."""
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    parts = []
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return " ".join(parts)


def _open(request: measures_queries.OpenRequest, now: datetime) -> Open:
    scale = request.scale
    progress = ""
    if request.started:
        progress = _("%(done)d of %(all)d answered") % {"done": request.answered, "all": request.questions}
    return Open(
        title=say(scale.title, translation.get_language() or "en"),
        url=reverse("portal:measure", args=[request.id]),
        minutes=minutes_for(scale),
        progress=progress,
        due_at=request.due_at,
        late=request.due_at < now,
    )


def waiting_sheets(requests: Sequence[measures_queries.OpenRequest], now: datetime) -> list[Open]:
    """What waits: a measure session of several questionnaires is one thing."""
    found: dict[int, Open] = {}
    for each in requests:
        own = each.measure_session_id
        same = [other for other in requests if own is not None and other.measure_session_id == own]
        if len(same) < 2:
            found[-each.id] = _open(each, now)
        elif own is not None and own not in found:
            found[own] = _measure_session(own, same, now)
    return list(found.values())


def _measure_session(measure_session_id: int, requests: list[measures_queries.OpenRequest], now: datetime) -> Open:
    n = len(requests)
    left = sum(each.questions - each.answered for each in requests)
    minutes = max(1, round(left * measures_queries.SECONDS_A_QUESTION / 60))
    due_at = min(each.due_at for each in requests)
    return Open(
        title=ngettext("%(n)d short questionnaire", "%(n)d short questionnaires", n) % {"n": n},
        url=reverse("portal:measure_session", args=[measure_session_id]),
        minutes=ngettext("about %(n)d minute", "about %(n)d minutes", minutes) % {"n": minutes},
        progress="",
        due_at=due_at,
        late=due_at < now,
    )
