"""Who says something of a flag and who closes it take turns: no answer closes what it has not seen."""

from __future__ import annotations

from sojourn.care.safety.answering_actions import answer_flag
from sojourn.care.safety.models import Flag, FlagKind, FlagSource, Severity
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from tests.care.at_once import meanwhile
from tests.care.flagged import MONDAY, Flagged, flagged
from tests.care.people import actor_for
from tests.care.raising import raise_flag

__all__ = ["flagged"]


def taken(found: Flagged) -> tuple[Flag, int]:
    """A flag that a nurse has taken, and the answer that says so."""
    flag, nurse = found.say(Severity.SOON), found.cast.actor("nurse")
    with acting_as(nurse):
        return flag, answer_flag(by=nurse, flag_id=flag.pk, kind="seen", after=None, now=MONDAY).pk


def close(found: Flagged, flag: Flag, after: int) -> None:
    nurse = found.cast.actor("nurse")
    with acting_as(nurse):
        answer_flag(
            by=nurse, flag_id=flag.pk, kind="closed", outcome="safe", note="Called; safe.", after=after, now=MONDAY
        )


def say_worse(found: Flagged) -> None:
    """The patient says it more gravely."""
    by = actor_for(found.cast, found.patient)
    with acting_as(by):
        raise_flag(
            by=by, patient_id=found.patient.pk, kind=FlagKind.SELF_HARM, severity=Severity.EMERGENCY,
            source=FlagSource.WORDS, about="message:123", detail="tonight", now=MONDAY,
        )  # fmt: skip


def test_what_is_said_while_it_is_closed_opens_it_again(flagged: Flagged):
    flag, seen = taken(flagged)
    assert meanwhile(lambda: close(flagged, flag, seen), lambda: say_worse(flagged)) is None
    assert flagged.standing(flag).waiting


def test_what_is_closed_while_it_is_said_more_gravely_must_be_taken_first(flagged: Flagged):
    flag, seen = taken(flagged)
    refused = meanwhile(lambda: say_worse(flagged), lambda: close(flagged, flag, seen))
    assert isinstance(refused, ActionRefused)
    assert refused.codes == ("take_first",)
    assert flagged.standing(flag).waiting
