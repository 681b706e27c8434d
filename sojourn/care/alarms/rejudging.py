"""What a struck reading does to the alarms of its session: they are judged again by the readings that stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg import Cursor

from sojourn.care.alarms import store
from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.models import ENTERED_IN_ERROR, WITHDRAWN, AlarmEventKind
from sojourn.care.alarms.rules import acting_rules
from sojourn.care.alarms.store import Session
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmReason, AlarmRule, Event, Happening, Heard, PutRight, State, Why

_EVENTS = {"ended": Event.RECOVERED, "raised": Event.RAISED, "lowered": Event.PRIORITY_LOWERED}


def judge_again(
    cursor: Cursor[Row], *, session: Session, code: str, standing: Sequence[Heard], now: datetime, by_id: int | None
) -> None:
    """Bring every alarm about a vital sign to where the readings that stand leave it, and write what that changed, with
    who struck the reading. The caller holds the session's lock (store.lock) and the transaction."""
    states = store.load_states(cursor, [session.encounter_id])
    acting = acting_rules(cursor, [session.clinic_id])[session.clinic_id]
    for rule in acting.alarms(session.protocol_id, code):
        if rule.silence is not None:
            continue
        stored = states.get((session.encounter_id, rule.rule_id, code))
        found = alarms.put_right(rule, stored or State(), standing, now)
        if stored is None and found.change == "none" and found.state.phase is alarms.Phase.QUIET:
            continue
        store.store_states(cursor, [(session, rule, found.state, found.judgement if found.state.open else None)])
        if found.change != "none":
            _tell(cursor, session, rule, stored or State(), found, now, by_id)


def judge_withdrawn(
    cursor: Cursor[Row], *, session: Session, code: str, standing: Sequence[Heard], now: datetime
) -> None:
    """The same after a monitor has withdrawn a value (``standing`` are those that remain): an alarm that it alone
    carried is over, and stays on the board as withdrawn by the monitor until a person answers. The caller holds the
    session's lock (store.lock) and the transaction."""
    states = store.load_states(cursor, [session.encounter_id])
    acting = acting_rules(cursor, [session.clinic_id])[session.clinic_id]
    for rule in acting.alarms(session.protocol_id, code):
        stored = states.get((session.encounter_id, rule.rule_id, code))
        if rule.silence is not None or stored is None:
            continue
        found, happening = alarms.withdraw(rule, stored, standing, now)
        if happening is None:
            store.store_states(cursor, [(session, rule, found.state, found.judgement if found.state.open else None)])
            if found.change != "none":
                _tell(cursor, session, rule, stored, found, now, None, WITHDRAWN)
        else:
            store.store_withdrawn(cursor, session, rule, found.state, happening)
            store.insert_events(cursor, [(session, rule, happening)], note=WITHDRAWN)


def _tell(
    cursor: Cursor[Row], session: Session, rule: AlarmRule, before: State, found: PutRight, now: datetime,
    by_id: int | None, note: str = ENTERED_IN_ERROR,
) -> None:  # fmt: skip
    last = found.judgement
    reason = AlarmReason(
        last.why if last else Why.NO_READING, rule.rule_id, rule.version, rule.vital,
        last.value if last else None, last.limit if last else None, last.baseline if last else None,
    )  # fmt: skip
    event = _EVENTS[found.change]
    if found.change == "raised" and before.open:
        event = Event.PRIORITY_RAISED
    priority = found.state.priority if found.state.open else before.priority
    happening = Happening(event, now, priority or alarms.Priority.LOW, reason)
    kind = AlarmEventKind.ENDED.value if found.change == "ended" else ""
    store.insert_events(cursor, [(session, rule, happening)], by_id=by_id, note=note, kind=kind)
