"""The session board: every running session of the clinic, to be read from two metres.

The page comes complete from here and works as it stands; the board's script then keeps it true with the events of
/live/board. Both draw from the same reading of the database (``monitoring.live``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import running
from sojourn.care.patients.queries import withheld
from sojourn.care.session import call_actions, live
from sojourn.care.session.glance import Raw
from sojourn.care.session.limits import Limits
from sojourn.care.session.limits import limits as limits_of
from sojourn.care.vitals.clock import BELIEVED
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_zone
from sojourn.foundation.heartbeat.queries import heartbeat_age
from sojourn.foundation.scope import one_row
from sojourn.interfaces.console.board.presenters import WATCH_SILENT_AFTER_S, ChairShown, chair_shown, watching
from sojourn.interfaces.console.board.words import Words, board_words
from sojourn.interfaces.shared.pages import POST, ClinicPage, clinic_page, opens

CHAIRS_A_PAGE = 8


@allowed("board.watch")
@require_GET
def board(request: Request) -> HttpResponse:
    """All running sessions, eight chairs a page."""
    actor, now = request.actor, timezone.now()
    encounters = sorted(running(), key=lambda each: _natural(each.chair.name))
    pages = max(1, -(-len(encounters) // CHAIRS_A_PAGE))
    page = _page(request, pages)
    here = encounters[(page - 1) * CHAIRS_A_PAGE : page * CHAIRS_A_PAGE]
    sessions = _sessions([each.pk for each in here], now)
    limits = limits_of(actor.own_clinic_id, {each.protocol_id for each in here})
    hidden = withheld(actor, [each.patient for each in here], now)
    words = board_words()
    chairs = [chair_shown(words, each, sessions[each.pk], limits, now, each.patient_id in hidden) for each in here]
    age = heartbeat_age("watch", now)
    watch_age_s = None if age is None else age.total_seconds()
    context = {
        "chairs": chairs,
        "count": len(chairs),
        "pages": [(n, n == page) for n in range(1, pages + 1)] if pages > 1 else [],
        "now": now,
        "watch": watching(words, watch_age_s),
        "may_answer": actor.may("session.observe"),
        "may_acknowledge": actor.may("session.alarm"),
        "data": _for_the_script(limits, words)
        | {
            "now": now.timestamp(),
            "watch_age_s": watch_age_s,
            "cursor": live.cursor_text({each: one["newest"] for each, one in sessions.items()}),
            "sessions": list(sessions.values()),
            "others": [each.pk for each in encounters if each not in here],
            "chairs": _chairs_for_the_script(here, chairs, limits),
        },
    }
    return render(request, "console/board/board.html", context)


def _sessions(ids: Sequence[int], now: datetime) -> dict[int, Raw]:
    """As the streams read them, by id, in the order of ``ids``."""
    with connection.cursor() as cursor:
        found = {each["id"]: each for each in live.read(cursor.cursor, list(ids), now)}
    return {each: found[each] for each in ids}


def _for_the_script(limits: Limits, words: Words) -> dict[str, object]:
    """What the board's script knows of the clinic, whatever happens in it."""
    return {
        "zone": str(page_zone()),
        "stream": "/live/board",
        "here": reverse("still_here"),
        "limits": limits.monitored,
        "call_s": limits.call,
        "trend_s": int(live.TREND.total_seconds()),
        "skew_s": int(BELIEVED.total_seconds()),
        "watch_silent_s": WATCH_SILENT_AFTER_S,
        "words": words,
    }


def _chairs_for_the_script(
    here: Sequence[Encounter], chairs: Sequence[ChairShown], limits: Limits
) -> dict[str, dict[str, object]]:
    """By session: what the patient is called there, and when a typed reading is old."""
    return {
        str(each.pk): {"given": chair.given, "stale": limits.typed[each.protocol_id]}
        for each, chair in zip(here, chairs, strict=True)
    }


def _page(request: HttpRequest, pages: int) -> int:
    asked = request.GET.get("page", "1")
    return min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1


def _natural(name: str) -> list[tuple[int, str]]:
    """Chair 2 before chair 10."""
    return [(int(part), "") if part.isdigit() else (0, part.casefold()) for part in re.split(r"([0-9]+)", name)]


# --- one tap ---


def _answered(request: HttpRequest, refusals: Sequence[str]) -> HttpResponse:
    """The script is told in JSON; a page without one comes back to the board."""
    status = 409 if refusals else 200
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"said": " ".join(refusals)}, status=status)
    if not refusals:
        return redirect("console:board")
    return render(request, "console/board/refused.html", {"reasons": refusals}, status=status)


def _session(scope: ClinicPage, encounter_id: int) -> Encounter:
    """A session of the board. Its alarms are answered whoever may read the record."""
    return one_row(Encounter, encounter_id).get()


@clinic_page("session.alarm", methods=POST)
@opens(_session)
def seen(request: Request, scope: ClinicPage, session: Encounter) -> HttpResponse:
    """Somebody has seen the alarms that the board showed: just those, not what rose since."""
    refusals = []
    for each in dict.fromkeys(request.POST.getlist("alarm")):
        rule_id, bar, code = each.partition("|")
        if not bar:
            raise Http404
        try:
            alarms_actions.acknowledge(by=scope.actor, encounter_id=session.pk, rule_id=rule_id, code=code)
        except ActionRefused as refused:
            if "not-open" not in refused.codes:  # it ended by itself in the meantime: nothing is left to do
                refusals += [str(reason) for reason in refused.reasons]
    return _answered(request, list(dict.fromkeys(refusals)))


@clinic_page("session.observe", methods=POST)
@opens(_session)
def going(request: Request, scope: ClinicPage, session: Encounter) -> HttpResponse:
    """Somebody goes to the patient who called, or has seen the call. A second tap finds it done."""
    act = call_actions.see_call if request.POST.get("do") == "seen" else call_actions.go_to_patient
    try:
        act(by=scope.actor, encounter_id=session.pk)
    except ActionRefused as refused:
        return _answered(request, [str(reason) for reason in refused.reasons])
    return _answered(request, [])
