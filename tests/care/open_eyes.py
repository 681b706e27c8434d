"""An acceptance with everything that the rule of the signature asks for."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sojourn.care.candidacy import clearance_actions, open_eyes
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.actions import DecisionInput
from sojourn.care.candidacy.queries import Assessed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.scope import PatientScope

WHY = "Weighed and talked over; the benefit is greater."


def reasoned(assessed: Assessed, answer: DecisionInput | None = None) -> DecisionInput:
    """The answer with a reason for everything that asks for one."""
    answer = answer or DecisionInput("accept")
    reasons = {each.short: WHY for each in open_eyes.weighed(assessed) if "reason" in each.needs}
    if open_eyes.unknown(assessed):
        reasons[open_eyes.UNKNOWN] = WHY
    return replace(answer, reasons={**reasons, **answer.reasons}) if answer.accepts else answer


def clear(by: Actor, assessed: Assessed, *, now: datetime) -> None:
    """Record every answer that the findings want: of the day, by somebody."""
    for each in open_eyes.weighed(assessed, candidacy_queries.clearances(PatientScope(assessed.patient.pk))):
        for kind in each.lacks:
            clearance_actions.record_clearance(
                by=by, patient_id=assessed.patient.pk, drug=assessed.drug, finding=each.key, kind=kind, who="Dr. Lund",
                on=assessed.on, document="letter 12", now=now,
            )  # fmt: skip


def cleared_at(preview: Any, on: date) -> dict[str, str]:
    """What the page of a signature wants recorded, typed in."""
    page = html.unescape(preview.content.decode())
    typed = {"who": "Dr. Lund", "on": on.isoformat(), "document": "letter 12"}
    fields = re.findall(r' name="((?:clearance|seen)-[0-9a-f]+-(who|on|document))"', page)
    return {name: typed[what] for name, what in fields}


def asked_at(preview: Any) -> dict[str, str]:
    """The reasons that the page of a signature asks for, by the names of their fields, each with a reason typed in."""
    page = html.unescape(preview.content.decode())
    return dict.fromkeys(re.findall(r'<textarea[^>]* name="(why-[^"]+)"', page), WHY)
