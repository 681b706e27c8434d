"""The next step of a session that lets milligrams in, and what the other rooms say against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sojourn.care.session.road import stands_against
from sojourn.care.session.snapshot import Against, SessionSnapshot
from sojourn.clinical import protocol
from sojourn.clinical.protocol import State
from sojourn.clinical.protocol.protocol import READ_AS

# The step for which a page asks the other rooms. While the checks are open it is the dose that comes after them, so
# that nobody finds out at the last moment.
_ASKED_FOR: Final = {State.ARRIVED: "start_dose", State.CHECKED: "start_dose", State.PAUSED: "resume"}


def asked_for(session: SessionSnapshot) -> str:
    """The step that lets milligrams in and is the next of the session; "" where there is none."""
    if session.state is State.DOSING and parts_left(session) > 0:
        return "give_part"
    return _ASKED_FOR.get(session.state, "")


def parts_left(session: SessionSnapshot) -> int:
    """How many spray devices of the dose are still to be given."""
    dose = session.dose
    if dose is None or not dose.devices:
        return 0
    return max(0, dose.devices - sum(each.kind == "part" for each in session.steps))


def ask_the_road(session: SessionSnapshot) -> Against | None:
    """What the other rooms say at this moment; None where no step of now lets milligrams in. Ten queries."""
    transition = asked_for(session)
    return stands_against(session, transition) if transition else None


def said_by_the_road(session: SessionSnapshot, against: Against | None) -> tuple[protocol.GuardReason, ...]:
    """What the other rooms say against the next dose step: what stands with them less what stands without, and less
    what an open item of the checklist is about to ask. No query."""
    transition = asked_for(session)
    if against is None or not transition:
        return ()
    state = protocol.BY_NAME[transition].origins[0]

    def found(heard: Against | None) -> tuple[protocol.GuardReason, ...]:
        facts = replace(session.facts(against=heard), state=state)
        answer = protocol.guard(transition, facts, session.protocol)
        return answer.reasons if isinstance(answer, protocol.StepRefusal) else ()

    known = {each.code for each in found(None)} | set(_asked_by_the_checklist(session))
    return tuple(each for each in found(against) if each.code not in known)


def _asked_by_the_checklist(session: SessionSnapshot) -> Iterator[str]:
    """What the rules of the day miss and an open item of the checklist is about to ask: said there."""
    if session.state is not State.ARRIVED:
        return
    for item in session.protocol.checklist:
        if item.id in session.checks:
            continue
        facts = [item.answers.fact] if item.answers else []
        facts += [fact for fact, codes in READ_AS.items() if set(codes) & set(item.vitals)]
        for fact in facts:
            yield from (f"not-asked:{fact}", f"expired:{fact}")
