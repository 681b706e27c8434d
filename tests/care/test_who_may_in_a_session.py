"""Step by step, kind by kind, entry by entry: whose it is in a session. What was decided, role by role.

Each action is asked for with nothing but who asks and what: the permission comes first, before anything is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from sojourn.care.encounter.actions import open_session
from sojourn.care.session.actions import note_event
from sojourn.care.session.event_kinds import KINDS
from sojourn.care.session.step_actions import advance_session
from sojourn.care.session.strike_actions import TABLES, strike
from sojourn.clinical.protocol import BY_NAME
from sojourn.foundation.accounts.actor import Actor, NotAllowed, acting_as
from sojourn.foundation.accounts.roles import roles

NOBODY: Final[frozenset[str]] = frozenset()
PRESCRIBES: Final = frozenset({"prescriber"})
TREATS: Final = PRESCRIBES | {"nurse"}
WATCHES: Final = TREATS | {"therapist"}
RECEIVES: Final = TREATS | {"front_desk"}
WATCHES_OR_IS_TREATED: Final = WATCHES | {"patient"}

# Whoever watches lets less in; who treats lets more in.
STEPS: Final[dict[str, frozenset[str]]] = {
    "arrive": NOBODY,  # this and the next open a session, which is another action
    "did_not_attend": NOBODY,
    "complete_checks": TREATS,
    "start_dose": TREATS,
    "pause": WATCHES,
    "lower_rate": WATCHES,
    "resume": TREATS,
    "raise_rate": TREATS,
    "give_part": TREATS,
    "end_dose": WATCHES,
    "find_ready": TREATS,
    "observe_again": TREATS,
    "leave": TREATS,
    "stop_early": WATCHES,
    "say_no": WATCHES_OR_IS_TREATED,
    "observe_after_stop": WATCHES,
    "leave_without_dose": TREATS,
    "cancel": TREATS,
    "no such step": NOBODY,
}
OPENING: Final[dict[str, frozenset[str]]] = {
    "arrive": RECEIVES,
    "did_not_attend": RECEIVES,
    "cancel": TREATS,
    "start_dose": NOBODY,
}
EVENTS: Final = {**dict.fromkeys(KINDS, WATCHES), "patient_calls": WATCHES_OR_IS_TREATED, "no such kind": WATCHES}
# An answer of the checklist is taken back by whoever may give one.
ENTRIES: Final = {**dict.fromkeys(TABLES, WATCHES), "check": TREATS, "no such table": WATCHES}


def _who(act: Callable[..., object], **asked: Any) -> set[str]:
    return {name for name in roles() if _may(act, name, asked)}


def _may(act: Callable[..., object], role: str, asked: dict[str, Any]) -> bool:
    own = {"patient_id": 1} if role in {"patient", "support_person"} else {"membership_id": 1}
    by = Actor(clinic_id=1, role=role, permissions=roles()[role].may, person_id=1, **own)
    try:
        with acting_as(by):
            act(by=by, **asked)
    except NotAllowed:
        return False
    except Exception:  # it went on to what it was not told
        return True
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("step", STEPS)
def test_whose_a_step_is(step: str):
    assert _who(advance_session, transition=step) == STEPS[step]


def test_every_step_was_decided_on():
    assert STEPS.keys() == BY_NAME.keys() | {"no such step"}


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["start_dose", "say_no"])
def test_a_prescriber_alone_sets_a_reason_aside(step: str):
    assert _who(advance_session, transition=step, overrides=("dose:beyond-rounding",)) == PRESCRIBES


@pytest.mark.django_db
@pytest.mark.parametrize("step", OPENING)
def test_who_opens_a_session(step: str):
    assert _who(open_session, transition=step) == OPENING[step]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", EVENTS)
def test_who_notes_an_event(kind: str):
    assert _who(note_event, kind=kind) == EVENTS[kind]


@pytest.mark.django_db
@pytest.mark.parametrize("of", ENTRIES)
def test_who_strikes_an_entry(of: str):
    assert _who(strike, of=of) == ENTRIES[of]
