"""What is heard although it does not count: an alarming answer that was given while a dose was with the patient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from sojourn.care.measures.queries import scale
from sojourn.care.safety import gravity
from sojourn.care.safety.models import FlagKind, FlagSource, Severity
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.foundation.accounts.asker import Asker


@transaction.atomic
def hear(
    *,
    by: Asker,
    patient_id: int,
    scale_id: str,
    answers: Mapping[str, int | None],
    about: str,
    now: datetime | None = None,
) -> bool:
    """Raise the flag of alarming answers that are refused ("not-now") and kept nowhere else. Whether there were any.

    Danger is heard at every minute; only the questionnaire waits. ``about`` names what they were given to, as
    "not-now:17" (a request).
    """
    asked = scale(scale_id)
    alarming = gravity.alarming(asked, answers)
    for item in alarming:
        raise_flag(
            by=by,
            patient_id=patient_id,
            kind=FlagKind.SUICIDAL_THOUGHTS,
            severity=Severity(gravity.table().of_answers(asked.family, [item]) or Severity.URGENT),
            source=FlagSource.ANSWER,
            about=about,
            detail=f"{scale_id} {item} = {answers[item]} (given under a dose; the questionnaire does not count)",
            now=now,
        )
    return bool(alarming)
