"""What is wrong with what a monitor sends now, and the alarms that say so.

A fault stands for a while after the last message that showed it, so that good and bad messages in turn make one alarm.
The alarms are technical: they hold no limit of medicine, and speak in every clinic, adopted or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from psycopg import Cursor

from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.rules import Acting
from sojourn.care.alarms.store import Session
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, Happening, State
from sojourn.clinical.alarms.prepare import MONITOR_SIGNAL

TIMES, PATIENT, LINE, MOVED, WRONG = "times", "patient", "line", "moved", "wrong"
RULES: Final = {
    TIMES: "monitor.times",
    PATIENT: "monitor.patient",
    LINE: "monitor.line",
    MOVED: "monitor.clock_moved",
    WRONG: "monitor.posted_wrong",  # stands as long as the question waits (PostedWrong), not for a while
}
STANDS: Final = timedelta(seconds=30)

Changes = list[tuple[Session, AlarmRule, State, alarms.AlarmEvaluation | None]]
Happenings = list[tuple[Session, AlarmRule, Happening]]


def kept(text: str, shown: Collection[str], now: datetime) -> str:
    """A device's faults after a message that showed ``shown``: "times:1764435000 line:1764434990", each with the last
    second at which it was shown (to five seconds, so that a row is not rewritten by every message)."""
    at = int(now.timestamp())
    at -= at % 5
    found = {kind: last for kind, last in _parts(text) if at - last < STANDS.total_seconds()}
    found.update((each, at) for each in shown)
    return " ".join(f"{kind}:{last}" for kind, last in sorted(found.items()))


def without(text: str, kind: str) -> str:
    """The faults of a device less one that a person has answered."""
    return " ".join(each for each in text.split() if each.partition(":")[0] != kind)


def standing(text: str) -> tuple[str, ...]:
    """The faults of a device, as ``kept`` wrote them."""
    return tuple(kind for kind, _ in _parts(text))


def _parts(text: str) -> list[tuple[str, int]]:
    found = [each.partition(":") for each in text.split()]
    return [(kind, int(last)) for kind, _, last in found if kind in RULES and last.isdigit()]


_STANDING = """
SELECT w.encounter_id, string_agg(d.faults, ' '), EXISTS (SELECT FROM vitals_postedwrong q
  WHERE q.encounter_id = w.encounter_id AND q.answered_at IS NULL) FROM vitals_deviceassociation w
JOIN vitals_device d ON d.id = w.device_id
WHERE w.encounter_id = ANY(%s) AND w.until_at IS NULL GROUP BY w.encounter_id
"""


def _standing_faults(cursor: Cursor[Row], encounter_ids: list[int]) -> dict[int, set[str]]:
    """Which faults stand in each session; that somebody is asked about a withdrawn value among them."""
    cursor.execute(_STANDING, (encounter_ids,))
    return {
        encounter_id: {*standing(text), *((WRONG,) if asked else ())} for encounter_id, text, asked in cursor.fetchall()
    }


def judge_faults(
    cursor: Cursor[Row], sessions: Iterable[Session], acting: Mapping[int, Acting],
    states: Mapping[tuple[int, str, str], State], now: datetime,
) -> tuple[Changes, Happenings]:  # fmt: skip
    """What the faults of their monitors do to the technical alarms of ``sessions``. The caller holds their locks, and
    has written the devices' faults."""
    by_id = {session.encounter_id: session for session in sessions}
    if not by_id:
        return [], []
    stand = _standing_faults(cursor, sorted(by_id))
    changed: Changes = []
    happened: Happenings = []
    for encounter_id, session in sorted(by_id.items()):
        faults = stand.get(encounter_id, set())
        for rule in acting[session.clinic_id].alarms(session.protocol_id, MONITOR_SIGNAL):
            state = states.get((encounter_id, rule.rule_id, MONITOR_SIGNAL)) or State()
            present = any(RULES[each] == rule.rule_id for each in faults)
            judgement = alarms.evaluate_alarm(rule, (alarms.Reading(now, float(present)),), state, now)
            if judgement.changed:
                changed.append((session, rule, judgement.state, judgement))
                happened += [(session, rule, each) for each in judgement.happenings]
    return changed, happened
