"""An acceptance with everything that the rule of the signature asks for."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

from sojourn.care.candidacy import open_eyes
from sojourn.care.candidacy.actions import Answer
from sojourn.care.candidacy.queries import Assessed

WHY = "Weighed and talked over; the benefit is greater."


def reasoned(assessed: Assessed, answer: Answer | None = None) -> Answer:
    """The answer with a reason for everything that asks for one."""
    answer = answer or Answer("accept")
    reasons = {each.short: WHY for each in open_eyes.weighed(assessed) if "reason" in each.needs}
    if open_eyes.unknown(assessed):
        reasons[open_eyes.UNKNOWN] = WHY
    return replace(answer, reasons={**reasons, **answer.reasons}) if answer.accepts else answer


def asked_at(preview: Any) -> dict[str, str]:
    """The reasons that the page of a signature asks for, by the names of their fields, each with a reason typed in."""
    page = html.unescape(preview.content.decode())
    return dict.fromkeys(re.findall(r'<textarea[^>]* name="(why-[^"]+)"', page), WHY)
