"""The states of a session and the one table of transitions between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a session is. From ``stopped_early`` observation follows if a dose was given, else leaving."""

    PLANNED = "planned"
    ARRIVED = "arrived"
    CHECKED = "checked"
    DOSING = "dosing"
    PAUSED = "paused"
    OBSERVING = "observing"
    READY_TO_LEAVE = "ready_to_leave"
    LEFT = "left"
    STOPPED_EARLY = "stopped_early"
    DID_NOT_ATTEND = "did_not_attend"
    CANCELLED = "cancelled"


FINAL: Final = frozenset((State.LEFT, State.DID_NOT_ATTEND, State.CANCELLED))
# The patient is here and somebody answers for the watching.
PRESENT: Final = frozenset(
    (
        *(State.ARRIVED, State.CHECKED, State.DOSING, State.PAUSED),
        *(State.OBSERVING, State.READY_TO_LEAVE, State.STOPPED_EARLY),
    )
)


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from some states to another; ``guards`` name what guards.py asks first."""

    name: str
    origins: tuple[State, ...]
    target: State
    label: str  # message id: what the button says
    guards: tuple[str, ...] = ()


# The dose is in the patient, or going in.
UNDER_WAY: Final = (State.DOSING, State.PAUSED)

# What is asked anew by every step that lets milligrams in: the start, a resume, a higher rate, a further part.
DOSE_STEP: Final = (
    *("adopted", "road", "alarms", "floors", "checklist", "baseline", "hold"),
    *("fresh_vitals", "no_high_alarm", "dose"),
)

TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition("arrive", (State.PLANNED,), State.ARRIVED, "The patient has arrived"),
    Transition(
        *("complete_checks", (State.ARRIVED,), State.CHECKED, "Checks complete"),
        guards=("adopted", "checklist", "baseline", "hold"),
    ),
    Transition(
        *("start_dose", (State.CHECKED,), State.DOSING, "Start the dose"),
        guards=(*DOSE_STEP, "dose_ordered", "second_check"),
    ),
    # Less is always allowed: whatever has lapsed, nobody is kept from pausing, slowing down or stopping.
    Transition("pause", (State.DOSING,), State.PAUSED, "Pause the dose"),
    Transition("lower_rate", (State.DOSING,), State.DOSING, "Lower the rate"),
    Transition(*("resume", (State.PAUSED,), State.DOSING, "Go on with the dose"), guards=DOSE_STEP),
    Transition(*("raise_rate", (State.DOSING,), State.DOSING, "Raise the rate"), guards=DOSE_STEP),
    Transition(*("give_part", (State.DOSING,), State.DOSING, "Give the next part"), guards=DOSE_STEP),
    Transition(
        *("end_dose", UNDER_WAY, State.OBSERVING, "The dose has ended"),
        guards=("dose_given",),
    ),
    Transition(
        *("find_ready", (State.OBSERVING,), State.READY_TO_LEAVE, "Ready to leave"),
        guards=("observed_long_enough", "fresh_vitals", "no_high_alarm", "discharge"),
    ),
    Transition("observe_again", (State.READY_TO_LEAVE,), State.OBSERVING, "Observe again"),
    # What let the patient be found ready must still be so at the door: a score may have been struck or scored again.
    Transition(
        *("leave", (State.READY_TO_LEAVE,), State.LEFT, "The patient has left"),
        guards=("no_high_alarm", "discharge", "escort"),
    ),
    Transition(
        *(
            "stop_early",
            (State.ARRIVED, State.CHECKED, *UNDER_WAY),
            State.STOPPED_EARLY,
            "Stop the session",
        ),
        guards=("reason_unless_dosing",),
    ),
    Transition(
        *(
            "say_no",
            (State.ARRIVED, State.CHECKED, *UNDER_WAY),
            State.STOPPED_EARLY,
            "The patient says no",
        ),
    ),
    Transition(
        *("observe_after_stop", (State.STOPPED_EARLY,), State.OBSERVING, "Observe after stopping"),
        guards=("dose_given",),
    ),
    Transition(
        *("leave_without_dose", (State.STOPPED_EARLY,), State.LEFT, "The patient has left without a dose"),
        guards=("no_dose_given",),
    ),
    Transition(
        *("did_not_attend", (State.PLANNED,), State.DID_NOT_ATTEND, "Did not attend"),
        guards=("appointment_passed",),
    ),
    Transition(
        *("cancel", (State.PLANNED, State.ARRIVED, State.CHECKED), State.CANCELLED, "Cancel the session"),
        guards=("reason",),
    ),
)

BY_NAME: Final = {each.name: each for each in TRANSITIONS}


def allowed(state: State) -> tuple[Transition, ...]:
    """Every transition that begins in this state, in the order of the table."""
    return tuple(each for each in TRANSITIONS if state in each.origins)
