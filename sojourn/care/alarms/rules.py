"""Which alarm rules act in a clinic now.

Kept in memory by the number of the newest adoption, so a change counts at the next batch and an unchanged rulebook
costs one small query.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Cursor

from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.load import prepared, released_rulebook
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import decide

Row = tuple[Any, ...]


class Acting:
    """The rules that act in one clinic, made ready for judging."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._prepared: dict[str, dict[str, tuple[AlarmRule, ...]]] = {}

    def alarms(self, protocol_id: str, code: str) -> tuple[AlarmRule, ...]:
        """The alarm rules for one vital sign in a session under this protocol."""
        by_code = self._prepared.get(protocol_id)
        if by_code is None:
            by_code = self._prepared[protocol_id] = self._prepare(protocol_id)
        return by_code.get(code, ())

    def rule(self, protocol_id: str, rule_id: str, code: str) -> AlarmRule | None:
        """One rule by id and vital sign: as it acts or, where it acts no longer, as released, so that what it raised
        can still be answered and ended. None where the rulebook has no such rule."""
        found = next((rule for rule in self.alarms(protocol_id, code) if rule.rule_id == rule_id), None)
        if found is None and rule_id in released_rulebook().newest:
            ready = alarms.prepare(released_rulebook().rule(rule_id), None)
            found = next((rule for rule in ready if rule.vital == code), None)
        return found

    def _prepare(self, protocol_id: str) -> dict[str, tuple[AlarmRule, ...]]:
        protocol = released_rulebook().rule(protocol_id)
        route, drug = str(protocol.fact("route")), str(protocol.fact("drug"))
        escalates = next(
            (each for each in self.rules if each.kind == alarms.ESCALATION and route in each.fact("routes")),
            None,
        )
        found: dict[str, tuple[AlarmRule, ...]] = {}
        for rule in prepared(self.rules, escalates, route, drug):
            found[rule.vital] = (*found.get(rule.vital, ()), rule)
        # Faults of a monitor always speak, like what is plausible: a clinic need not have decided about them.
        faults = (
            each for rule in released_rulebook().of_kind(alarms.FAULT) for each in alarms.prepare(rule, escalates)
        )
        return {**found, alarms.MONITOR_SIGNAL: tuple(faults)}


_known: dict[int, tuple[int, date, Acting]] = {}


def acting_rules(cursor: Cursor[Row], clinic_ids: Collection[int]) -> dict[int, Acting]:
    """The acting rules of each clinic on its own day. One query when nothing changed since the last call."""
    now = datetime.now(UTC)
    wanted = list(clinic_ids)
    cursor.execute(
        "SELECT c.id, c.time_zone,"
        " coalesce((SELECT max(a.id) FROM rulebook_ruleadoption a WHERE a.clinic_id = c.id), 0)"
        " FROM accounts_clinic c WHERE c.id = ANY(%s::bigint[])",
        (wanted,),
    )
    newest = {row[0]: (row[2], now.astimezone(ZoneInfo(row[1])).date()) for row in cursor.fetchall()}
    stale = [each for each in wanted if each not in _known or _known[each][:2] != newest[each]]
    if stale:
        decided = _decisions(cursor, stale)
        for clinic_id in stale:
            standings = decide(decided.get(clinic_id, {}), newest[clinic_id][1])
            acting = Acting(tuple(each.acting for each in standings if each.acting is not None))
            _known[clinic_id] = (*newest[clinic_id], acting)
    return {clinic_id: _known[clinic_id][2] for clinic_id in wanted}


def _decisions(cursor: Cursor[Row], clinic_ids: list[int]) -> dict[int, dict[str, RuleAdoption]]:
    cursor.execute(
        "SELECT DISTINCT ON (clinic_id, rule_id) clinic_id, rule_id, version, rule_hash, parameters::text, retired"
        " FROM rulebook_ruleadoption WHERE clinic_id = ANY(%s) ORDER BY clinic_id, rule_id, id DESC",
        (clinic_ids,),
    )
    found: dict[int, dict[str, RuleAdoption]] = {}
    for clinic_id, rule_id, version, rule_hash, parameters, retired in cursor.fetchall():
        found.setdefault(clinic_id, {})[rule_id] = RuleAdoption(
            clinic_id=clinic_id, rule_id=rule_id, version=version, rule_hash=rule_hash,
            parameters=json.loads(parameters),
            retired=retired,
        )  # fmt: skip
    return found
