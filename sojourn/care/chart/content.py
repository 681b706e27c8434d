"""What is signed of a record, and the hash under which it is signed: the same in every language, zone and process.

There are two forms. A session whose rows all have a place in the first (everything that was recorded before pump
steps, waste and other medicines were) keeps it for ever, so that what was signed then still verifies. A column that
comes later is named in ``LATER`` and is signed where a row fills it (docs/how-to/add-a-signed-column.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import GivenDose, Member, Signature, Wasted
from sojourn.clinical.administration import HistoryRefused

FIRST: Final = "sojourn.session-record/1"
SECOND: Final = "sojourn.session-record/2"


def content(record: SessionRecord) -> dict[str, Any]:
    """What is signed: every clinical row of the session, people and things by their numbers, times in UTC.

    Names, addresses and today's state of devices are left out: they may be put right later without touching what
    happened. So are signatures and addenda, and all that follows from the rows (gaps, episodes of alarms), but for one
    thing: what was given, as the signer read it.
    """
    first = _first_form(record)
    return (
        (_second_form(first, record) if _says_more(record) else first)
        | _amounts(record)
        | _struck(record)
        | _later(record)
    )


def _amounts(record: SessionRecord) -> dict[str, Any]:
    """Nothing where no event has an amount, so that what was signed before events could have one stays as signed."""
    measured = [each for each in sorted(record.events, key=lambda row: row.id) if each.amount is not None]
    return {"event_amounts": [[each.id, _plain(each.amount), each.unit] for each in measured]} if measured else {}


def _struck(record: SessionRecord) -> dict[str, Any]:
    """Nothing where nothing was struck, so that what was signed before entries could be struck stays as signed."""
    if not record.struck:
        return {}
    rows = sorted((each.id, of, number, each) for (of, number), each in record.struck.items())
    return {
        "struck": [
            [own, of, number, each.reason, _utc(each.at), _number(each.by)] for own, of, number, each in rows
        ]
    }  # fmt: skip


# Columns that came after the second form, by the rows of SessionRecord in which they stand.
LATER: Final[Mapping[str, tuple[str, ...]]] = {}


def _later(record: SessionRecord) -> dict[str, Any]:
    """Nothing where no row fills such a column, so that what was signed before it came stays as signed."""
    found = {
        rows: [
            [each.id, name, _plain(getattr(each, name))]
            for each in sorted(getattr(record, rows), key=lambda row: row.id)
            for name in names
            if _filled(each, (name,))
        ]
        for rows, names in LATER.items()
    }
    return {"later": said} if (said := {rows: lines for rows, lines in found.items() if lines}) else {}


def _first_form(record: SessionRecord) -> dict[str, Any]:
    by = _number
    return {
        "format": FIRST,
        "clinic": record.clinic_id,
        "encounter": record.encounter_id,
        "patient": record.patient.id,
        "chair": record.chair_id,
        "appointment": record.appointment_id,
        "opened_at": _utc(record.opened_at),
        "plan": [record.plan.id, record.plan.indication, _exact(record.plan.dose_mg)],
        "protocol": [record.protocol.id, record.protocol.version, record.protocol.hash],
        "states": [
            [each.seq, each.state.value, _utc(each.at), by(each.by), each.reason, list(each.overridden)]
            for each in record.states
        ],
        "checks": [
            [each.id, each.item_id, each.passed, each.value, each.note, _utc(each.at), by(each.by)]
            for each in sorted(record.checks, key=lambda row: row.id)
        ],
        "prepared": [
            [each.id, each.drug, each.route, _exact(each.dose_mg), each.lot, _utc(each.at), by(each.by)]
            for each in sorted(record.prepared, key=lambda row: row.id)
        ],
        "doses": [
            [
                each.id, each.drug, each.route, _exact(each.dose_mg), _exact(each.duration_min), each.lot,
                each.expires_on.isoformat() if each.expires_on else None, _utc(each.started_at), by(each.given_by),
                by(each.checked_by), _utc(each.checked_at), _utc(each.recorded_at), each.note,
            ]
            for each in sorted(record.doses, key=lambda row: row.id)
        ],
        "readings": [
            [
                each.id, each.code, float(each.value), each.unit, _utc(each.at), _utc(each.measured_at),
                _utc(each.received_at), each.method, each.device_id, each.message_id, by(each.by), each.status,
                each.doubt, each.supersedes_id,
            ]
            for each in sorted(record.readings, key=lambda row: row.id)
        ],
        "alarms": [
            [
                each.id, each.rule_id, each.rule_version, each.rule_hash, each.code, each.kind, each.priority,
                _utc(each.at), each.why, each.value, each.limit, each.baseline, each.note, by(each.by),
            ]
            for each in sorted(record.alarm_changes, key=lambda row: row.id)
        ],
        "monitors": [
            [each.id, each.device_id, _utc(each.from_at), by(each.from_by), _utc(each.until_at), by(each.until_by)]
            for each in sorted(record.monitors, key=lambda row: row.id)
        ],
        "events": [
            [each.id, each.kind, each.note, _utc(each.at), _utc(each.recorded_at), by(each.by)]
            for each in sorted(record.events, key=lambda row: row.id)
        ],
        "left": None if record.left is None else [
            record.left.id, record.left.escort_id, record.left.escort_name, dict(record.left.criteria),
            _utc(record.left.at), by(record.left.by),
        ],
        "measures": [
            [
                each.id, each.scale_id, each.scale_version, each.scale_hash, _utc(each.completed_at),
                None if each.score is None else _exact(each.score), each.band, each.safety_positive,
            ]
            for each in sorted(record.measures, key=lambda row: row.id)
        ],
    }  # fmt: skip


# What the second form adds at the end of a row of the first.
_OF_PREPARED: Final = (
    *("drawn_mg", "vial", "expires_on", "stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h"),
    "devices",
)
_OF_DOSE: Final = (*("drawn_mg", "vial", "stock_mg_per_ml", "total_ml", "rate_ml_per_h", "devices", "plan_version_id"),)
_OF_EVENT: Final = ("grade", "measure", "effect", "about_id")


def _says_more(record: SessionRecord) -> bool:
    """Whether any row holds what the first form had no place for. A session of then never does, and keeps its hash."""
    longer = ((record.prepared, _OF_PREPARED), (record.doses, _OF_DOSE), (record.events, _OF_EVENT))
    return bool(
        record.steps
        or record.wasted
        or record.by_hand
        or any(each.basis for each in record.states)
        or any(_filled(each, names) for rows, names in longer for each in rows)
    )


def _filled(row: Any, names: Sequence[str]) -> bool:
    return any(getattr(row, name) not in (None, "") for name in names)


def _second_form(first: dict[str, Any], record: SessionRecord) -> dict[str, Any]:
    """The first form, longer rows, and what was given."""
    by = _number

    def longer(key: str, rows: Sequence[Any], names: Sequence[str]) -> list[list[Any]]:
        in_order = sorted(rows, key=lambda row: row.id)
        return [
            [*short, *(_plain(getattr(row, name)) for name in names)]
            for short, row in zip(first[key], in_order, strict=True)
        ]

    return {
        **first,
        "format": SECOND,
        "states": [[*short, dict(each.basis)] for short, each in zip(first["states"], record.states, strict=True)],
        "prepared": longer("prepared", record.prepared, _OF_PREPARED),
        "doses": longer("doses", record.doses, _OF_DOSE),
        "events": longer("events", record.events, _OF_EVENT),
        "dose_events": [
            [
                each.id, each.dose_id, each.kind, _plain(each.rate_ml_per_h), _plain(each.remaining_ml),
                _plain(each.mg), each.note, _utc(each.at), _utc(each.recorded_at), by(each.by),
            ]
            for each in sorted(record.steps, key=lambda row: row.id)
        ],
        "waste": [
            [
                each.id, _exact(each.mg), each.how, _utc(each.at), by(each.by), by(each.witness),
                _utc(each.witnessed_at),
            ]
            for each in sorted(record.wasted, key=lambda row: row.id)
        ],
        "medicines": [
            [
                each.id, each.name, each.ingredient, _plain(each.amount), each.unit, each.route, each.note,
                [dict(one) for one in each.warned], _utc(each.given_at), _utc(each.recorded_at), by(each.by),
            ]
            for each in sorted(record.by_hand, key=lambda row: row.id)
        ],
        "given": [_of_given(each) for each in record.given] if record.over else [],
    }  # fmt: skip


def _of_given(given: GivenDose) -> list[Any]:
    """The line as it was signed: arithmetic that is changed later shows as a change of the record. While the session
    runs it grows with every second and is no content yet."""
    line = given.line
    if line is None:
        codes = given.delivered.codes if isinstance(given.delivered, HistoryRefused) else ()
        return [given.dose.id, "refused", list(codes)]
    return [
        given.dose.id, _exact(line.planned_mg), _exact(line.given_mg), _exact(line.wasted_mg),
        _plain(line.unaccounted_mg), line.method.value, line.complete,
    ]  # fmt: skip


def content_hash(record: SessionRecord) -> str:
    """SHA-256 (hex) of the canonical JSON of ``content``: sorted keys, no spaces, UTF-8."""
    text = json.dumps(content(record), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


Standing = Literal["unsigned", "unchanged", "changed"]


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether what was signed is still what is stored. ``hash`` is of what is stored now."""

    standing: Standing
    hash: str
    signature: Signature | None

    @property
    def named(self) -> str:
        """The hash that names what stands: the one that was signed, as long as nothing has changed since."""
        if self.signature is None or self.standing == "changed":
            return self.hash
        return self.signature.content_hash


def verify_signature(record: SessionRecord) -> Verified:
    """Compare the newest signature's hash with the rows as they are now. A witness who came after the signature stands
    beside what was signed and changes nothing of it."""
    now = content_hash(record)
    signature = record.signature
    if signature is None:
        return Verified("unsigned", now, None)
    return Verified("unchanged" if stands(record, signature) else "changed", now, signature)


def stands(record: SessionRecord, signature: Signature) -> bool:
    """Whether what this signature covers is still what is stored, and what the audit says was signed."""
    return signature.in_audit and signature.content_hash == content_hash(_without_later_witnesses(record, signature))


def _without_later_witnesses(record: SessionRecord, signature: Signature) -> SessionRecord:
    """The record as it was witnessed when it was signed: a dose whose waste nobody had witnessed was not complete."""
    later = {each.id for each in record.wasted if witnessed_later(each, signature)}
    if not later:
        return record
    wasted = [replace(each, witness=None, witnessed_at=None) if each.id in later else each for each in record.wasted]
    given = [each if each.balance is None else replace(each, balance=replace(each.balance, complete=False))
             for each in record.given]  # fmt: skip
    return replace(record, wasted=tuple(wasted), given=tuple(given))


def witnessed_later(wasted: Wasted, signature: Signature | None) -> bool:
    """Whether somebody witnessed this waste after the signature."""
    return signature is not None and wasted.witnessed_at is not None and wasted.witnessed_at > signature.at


def _utc(at: datetime | None) -> str | None:
    if at is None:
        return None
    assert at.tzinfo is not None, "a time without a zone"
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")


def _exact(amount: Decimal) -> str:
    """35, 35.0 and 35.00 are one amount."""
    return format(amount.normalize(), "f")


def _number(member: Member | None) -> int | None:
    return member.id if member else None


def _plain(value: Decimal | date | str | int | None) -> str | int | None:
    if isinstance(value, Decimal):
        return _exact(value)
    return value.isoformat() if isinstance(value, date) else value
