"""Threads as the inbox lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.patients.models import Patient
from sojourn.care.safety.message_queries import WaitingThread
from sojourn.foundation.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A thread in the list. A withheld one does not say whose it is."""

    url: str
    name: str
    at: datetime
    words: str
    risk: str = ""
    first_line: str = ""


def thread_name(patient: Patient, hidden: frozenset[int]) -> str:
    return _("Restricted record") if patient.pk in hidden else patient.name


def waiting_row(each: WaitingThread, hidden: frozenset[int], actor: Actor) -> ThreadRow:
    """A withheld thread says neither whose it is nor what stands in it, and comes in its order of risk all the same."""
    risk = ""
    if each.kind is not None:
        risk = str(each.kind.label) if actor.may("flag.read") else _("Read this first")
    return ThreadRow(
        url=reverse("console:thread", args=[each.patient.pk]),
        name=thread_name(each.patient, hidden),
        at=each.waiting.since,
        words=str(each.waiting.messages),
        risk=risk,
        first_line="" if each.patient.pk in hidden else each.first_line,
    )
