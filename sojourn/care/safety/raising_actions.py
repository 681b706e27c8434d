"""The one way in which a flag is raised, whatever saw the danger."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from sojourn.care.safety.clock_actions import begin_taking
from sojourn.care.safety.models import (
    RANKS,
    Flag,
    FlagAnswer,
    FlagAnswerKind,
    FlagKind,
    FlagReport,
    FlagSource,
    Severity,
)
from sojourn.care.safety.turns import RAISED, of_flag
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import part, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.receipts.arriving import arriving
from sojourn.foundation.scope import FlagScope, clinic_rows

log = logging.getLogger("sojourn")

_RESPONSE = "response"


@part(locks=RAISED, audit=("flag.raised", "flag.raised_again"))
def raise_flag(
    *,
    by: Actor,
    patient_id: int,
    kind: FlagKind,
    severity: Severity,
    source: FlagSource,
    about: str,
    detail: str = "",
    now: datetime | None = None,
) -> Flag:
    """Raise a flag about a patient, as a part of whatever saw the danger. It is never refused for want of an owner.

    ``about`` names the row that raised it, as "message:123", "story:voices:45", "response:9": one flag for a patient,
    a kind and that row, however often it is raised. Said again otherwise, or more gravely, it becomes a FlagReport on
    the same flag, and opens it again where it was closed. ``detail`` is short and clinical (200 characters are kept).
    """
    now = now or timezone.now()
    said = {"severity": Severity(severity), "source": FlagSource(source), "detail": fitting(Flag, "detail", detail)}
    flag, new = clinic_rows(Flag).get_or_create(
        patient_id=patient_id,
        kind=FlagKind(kind),
        about=fitting(Flag, "about", about),
        defaults={"clinic_id": by.own_clinic_id, "raised_at": now, "response_id": _response_of(about), **said,
                  **_both_clocks()},
    )  # fmt: skip
    if new:
        # What it is about is for clinicians: whoever reads the audit trail need not know it.
        record(by, "flag.raised", flag, severity=flag.severity, source=flag.source)
        _begin_taking(flag, Severity(flag.severity), now)
    elif _is_news(flag, said):
        _report(by, flag, said, now)
    else:
        return unchanged(flag)
    return flag


@part(locks=of_flag("flag"), audit="flag.raised_again")
def say_again(
    *, by: Actor, flag: Flag, severity: Severity, source: FlagSource, about: str, now: datetime
) -> FlagReport:
    """What another row, which ``about`` names, says of the same need. Part of another action, which has seen to it that
    the flag is open and that the row has not said it before (the database refuses it twice). Whoever took the flag and
    has reached the patient already is asked anew, and the others with them."""
    about = fitting(FlagReport, "about", about)
    said = {"severity": Severity(severity), "source": FlagSource(source), "detail": "", "about": about}
    return _report(by, flag, said, now, over=(FlagAnswerKind.CLOSED, FlagAnswerKind.CONTACTED))


def _both_clocks() -> dict[str, datetime]:
    """When it was written, by our clock and by the device's, where it waited on a device for a network."""
    arrival = arriving()
    return {} if arrival is None else {"written_at": arrival.written_at, "device_at": arrival.made_at}


def _response_of(about: str) -> int | None:
    """The questionnaire that a flag is about; the database asks for it at completion (migration 0003)."""
    room, _, number = about.partition(":")
    return int(number) if room == _RESPONSE and number.isdecimal() else None


def _is_news(flag: Flag, said: dict[str, str]) -> bool:
    """Whether this was not yet said of the flag, in these words and as gravely."""
    rank = _rank(said["severity"])
    as_grave = [each for each in _said_of(flag) if _rank(each.severity) <= rank]
    return all(each.detail != said["detail"] for each in as_grave)


def _said_of(flag: Flag) -> list[Flag | FlagReport]:
    return [flag, *flag.reports.all()]


def _rank(severity: str) -> int:
    return RANKS.index(Severity(severity))


def _report(
    by: Actor,
    flag: Flag,
    said: dict[str, str],
    now: datetime,
    over: Collection[FlagAnswerKind] = (FlagAnswerKind.CLOSED,),
) -> FlagReport:
    """Write down what was said since. What is graver than before, or comes after the closing (after an answer of the
    kinds ``over``), must be taken anew."""
    newest = FlagScope(flag.pk).rows(FlagAnswer).order_by("-id").first()
    before = min(_rank(each.severity) for each in _said_of(flag))
    graver = _rank(said["severity"]) < before
    anew = graver or (newest is not None and newest.kind in over)
    row = FlagReport.objects.create(
        clinic_id=flag.clinic_id,
        patient_id=flag.patient_id,
        flag=flag,
        at=now,
        reopens=newest if anew else None,
        **said,
        **_both_clocks(),
    )
    record(by, "flag.raised_again", flag, severity=row.severity, anew=anew)
    if anew:
        _begin_taking(flag, RANKS[min(before, _rank(said["severity"]))], now)
    return row


def _begin_taking(flag: Flag, severity: Severity, now: datetime) -> None:
    """Ask somebody to take it. Whatever goes wrong here, the flag stands: the watch tells everybody of a flag for which
    no clock began."""
    try:
        with transaction.atomic():
            begin_taking(flag, severity, now)
    except Exception:
        log.exception("no clock began for flag %s; the watch tells everybody", flag.pk)
