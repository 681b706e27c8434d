"""Read what a person wrote for words of danger, and raise a flag where they stand.

What reads is ``sojourn.clinical.danger``; here is the one place that turns its finding into a flag. Whatever keeps a
text calls ``heed`` in its own transaction, so that no text is kept without its flag (writing_actions.py has the rooms
that lie below this one). What was sent and could not be kept is heeded as well: ``heed_unkept``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils import timezone

from sojourn.care.safety.models import Flag, FlagKind, FlagSource, Severity
from sojourn.care.safety.queries import open_with
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.clinical.danger import Danger, dangers
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, When, action, part, unchanged
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import PatientScope

FLAGS_LOCKED: Final = NoLock("a flag is locked where it is raised")


@part(locks=FLAGS_LOCKED, through=(raise_flag,))
def heed(*, by: Actor, patient_id: int, text: str, about: str, now: datetime | None = None) -> Danger | None:
    """Raise the flags that a text calls for, one of a kind for the row that ``about`` names ("message:123"); the worst
    that was found, or None. The text itself is the caller's to keep: nothing here refuses it."""
    found = dangers(text)
    for each in found:  # a voice that commands a death is a voice and a thought of suicide
        _raise(by, patient_id, each, about, now)
    return found[0] if found else unchanged(None)


@part(locks=FLAGS_LOCKED, through=(heed,))
def heed_each(
    *, by: Actor, patient_id: int, texts: Iterable[str], about: str, now: datetime | None = None
) -> Danger | None:
    """The same for a row of several texts; the first danger that was found."""
    found = [heed(by=by, patient_id=patient_id, text=each, about=about, now=now) for each in texts if each]
    return unchanged(next(filter(None, found), None))


@action(
    When("own.read", lambda by, _asked: by.patient_id is None),  # whatever a patient sends is read
    locks=NoLock("two presses within a minute are one flag, which the database keeps; and two are no danger"),
    through=(raise_flag,),
)
def heed_unkept(
    *, by: Actor, patient_id: int, texts: Iterable[str], where: str, now: datetime | None = None
) -> Danger | None:
    """Heed what was sent from the page ``where`` and may stand in no row: a form that was refused, a piece that was
    thrown away. Silent where a flag with these words is open already, as after a form that was kept."""
    now = now or timezone.now()
    found = [danger for text in texts for danger in dangers(text)]
    for danger in found:
        if not open_with(PatientScope(patient_id), FlagKind(danger.kind), fitting(Flag, "detail", danger.phrase)):
            # The minute makes two presses of one button one flag, and a later day another.
            _raise(by, patient_id, danger, f"unkept:{where}:{now:%Y%m%d%H%M}", now)
    return unchanged(next(iter(found), None))


def _raise(by: Actor, patient_id: int, found: Danger, about: str, now: datetime | None) -> None:
    raise_flag(
        by=by,
        patient_id=patient_id,
        kind=FlagKind(found.kind),
        severity=Severity(found.severity),
        source=FlagSource.WORDS,
        about=about,
        detail=found.phrase,
        now=now,
    )
