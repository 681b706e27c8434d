"""What is heard although it does not count: an alarming answer that was given while a dose was with the patient, or to
a questionnaire that was sent or withdrawn before, as from a page that stayed open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_noop

from sojourn.care.measures.queries import scale
from sojourn.care.safety import gravity
from sojourn.care.safety.models import FlagKind, FlagSource, Severity
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, action, either, unchanged

# Why an answer does not count, as its flag says it beside the answer; translated where it is read.
UNDER_A_DOSE: Final = gettext_noop("given under a dose; the questionnaire does not count")
TOO_LATE: Final = gettext_noop("given after the questionnaire was sent or withdrawn; it is not kept there")


@action(
    either("own.answer", "measure.enter"),
    locks=NoLock("a flag is locked where it is raised"),
    through=(raise_flag,),
)
def hear(
    *,
    by: Actor,
    patient_id: int,
    scale_id: str,
    answers: Mapping[str, int | None],
    about: str,
    why: str = UNDER_A_DOSE,
    now: datetime | None = None,
) -> bool:
    """Raise the flag of alarming answers that are refused and kept nowhere else. Whether there were any.

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
            detail=f"{scale_id} {item} = {answers[item]} ({why})",
            now=now,
        )
    return True if alarming else unchanged(False)
