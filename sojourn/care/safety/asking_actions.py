"""A patient presses "Tell the clinic that I need help", outside a session: what is pressed in one is a call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db.models import Q
from django.utils import timezone

from sojourn.care.safety.models import Flag, FlagAnswerKind, FlagKind, FlagReport, FlagSource, Severity
from sojourn.care.safety.queries import still_open
from sojourn.care.safety.raising_actions import raise_flag, say_again
from sojourn.care.safety.turns import by_key
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import action, unchanged
from sojourn.foundation.scope import PatientScope

# Presses within it are one need. It spares people letters and clears nothing: whoever reached the patient in between
# is asked anew (say_again), and what was closed is a new flag.
_ONE_NEED: Final = timedelta(hours=1)


@action("own.read", locks=by_key("asked for help", "patient_id"), through=(raise_flag, say_again))
def ask_for_help(*, by: Actor, patient_id: int, form: UUID, now: datetime | None = None) -> Flag:
    """The patient asks the clinic for help: one flag, to be answered now. ``form`` is the key of the form that was on
    the page: sent twice it is one press, as long as nobody has reached the patient and the hour lasts. Another press
    within the hour is a report on the open flag. Nothing refuses it but whose it is."""
    now = now or timezone.now()
    about = f"asked:{form}"
    pressed, standing = _asked_by(PatientScope(patient_id), about), _lately(PatientScope(patient_id), now - _ONE_NEED)
    if pressed is not None:
        if pressed == standing and not _reached(pressed):
            return unchanged(pressed)
        about = f"asked:{uuid4()}"  # the page stayed open, and it is another press
    if standing is not None:
        say_again(by=by, flag=standing, severity=Severity.EMERGENCY, source=FlagSource.BUTTON, about=about, now=now)
        return standing
    return raise_flag(
        by=by, patient_id=patient_id, kind=FlagKind.ASKED_FOR_HELP, severity=Severity.EMERGENCY,
        source=FlagSource.BUTTON, about=about, now=now,
    )  # fmt: skip


def _asked_by(of: PatientScope, about: str) -> Flag | None:
    """The flag that this form raised, or joined."""
    report = of.rows(FlagReport).select_related("flag").filter(about=about).first()
    return report.flag if report is not None else of.rows(Flag).filter(about=about).first()


def _reached(flag: Flag) -> bool:
    newest = flag.answers.order_by("-id").first()
    return newest is not None and newest.kind == FlagAnswerKind.CONTACTED


def _lately(of: PatientScope, since: datetime) -> Flag | None:
    """The open flag that the patient's button raised, or that it was pressed for again, since a moment. What asks for
    help is that button and nothing else."""
    pressed = Q(raised_at__gte=since) | Q(reports__at__gte=since)
    flags = still_open(of).filter(pressed, kind=FlagKind.ASKED_FOR_HELP)
    return flags.order_by("-id").first()
