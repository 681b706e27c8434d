"""The rows of a session, as the statement hands them over, made into what the snapshot keeps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sojourn.care.session.given import Prepared
from sojourn.care.session.glance import Raw, at_of, maybe_at
from sojourn.care.session.rows import (
    ByHand,
    Check,
    DoseRow,
    Entered,
    ItemAnswer,
    Measured,
    Noted,
    StepRow,
    Strike,
    WasteRow,
)
from sojourn.clinical.protocol import State


def _mg(value: float) -> Decimal:
    return Decimal(str(value))


def _maybe_mg(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _maybe_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def entered_of(row: Raw) -> Entered:
    return Entered(
        row["seq"], State(row["state"]), at_of(row["at"]), row["by"] or "", row["by_id"], row["reason"],
        tuple(row["overridden"]), row["basis"],
    )  # fmt: skip


def strike_of(row: Raw) -> Strike:
    return Strike(row["reason"], at_of(row["at"]), row["by"], row["id"], row["by_id"])


def measured_of(row: Raw) -> Measured:
    return Measured(
        row["code"], row["value"], at_of(row["at"]), row["doubt"], row["id"], row["method"], row["by"] or ""
    )


def answer_of(row: Raw) -> ItemAnswer:
    check = Check(row["id"], row["outcome"], row["value"], row["note"], at_of(row["at"]), row["by"], row["by_id"])
    return ItemAnswer(row["item_id"], check)


def prepared_of(row: Raw) -> Prepared:
    return Prepared(
        row["drug"], row["route"], _mg(row["dose_mg"]), row["lot"], at_of(row["at"]), row["person_id"], row["by"],
        _maybe_mg(row["drawn_mg"]), row["vial"], _maybe_day(row["expires_on"]), _maybe_mg(row["stock_mg_per_ml"]),
        _maybe_mg(row["drawn_ml"]), _maybe_mg(row["total_ml"]), _maybe_mg(row["over_min"]),
        _maybe_mg(row["rate_ml_per_h"]), row["devices"], row["id"], row["by_id"],
    )  # fmt: skip


def dose_of(row: Raw) -> DoseRow:
    return DoseRow(
        row["id"], row["drug"], row["route"], _mg(row["dose_mg"]), _maybe_mg(row["drawn_mg"]),
        _mg(row["duration_min"]), row["lot"], row["vial"], _maybe_mg(row["stock_mg_per_ml"]),
        _maybe_mg(row["total_ml"]), _maybe_mg(row["rate_ml_per_h"]), row["devices"], at_of(row["started_at"]),
        row["by"], row["checked_by"] or "", row["note"], expires_on=_maybe_day(row["expires_on"]),
        plan_version_id=row["plan_version_id"], given_by_id=row["given_by_id"], checked_by_id=row["checked_by_id"],
        checked_at=maybe_at(row["checked_at"]), recorded_at=at_of(row["recorded_at"]),
    )  # fmt: skip


def step_of(row: Raw) -> StepRow:
    return StepRow(
        row["id"], row["dose_id"], row["kind"], _maybe_mg(row["rate_ml_per_h"]), _maybe_mg(row["remaining_ml"]),
        _maybe_mg(row["mg"]), row["note"], at_of(row["at"]), row["by"], recorded_at=at_of(row["recorded_at"]),
        by_id=row["by_id"],
    )  # fmt: skip


def waste_of(row: Raw) -> WasteRow:
    return WasteRow(
        row["id"], _mg(row["mg"]), row["how"], at_of(row["at"]), row["by"], row["by_person"], row["witness_name"] or "",
        row["witness_person"], maybe_at(row["witnessed_at"]), by_id=row["by_id"], witness_by_id=row["witness_by_id"],
    )  # fmt: skip


def by_hand_of(row: Raw) -> ByHand:
    return ByHand(
        row["id"], row["name"], row["ingredient"], _maybe_mg(row["amount"]), row["unit"], row["route"], row["note"],
        tuple(row["warned"]), at_of(row["given_at"]), at_of(row["recorded_at"]), row["by"], row["by_id"],
    )  # fmt: skip


def noted_of(row: Raw) -> Noted:
    return Noted(
        row["id"], row["kind"], row["note"], at_of(row["at"]), row["by"], row["grade"], row["measure"], row["effect"],
        row["about_id"], at_of(row["recorded_at"]), row["by_id"], _maybe_mg(row["amount"]), row["unit"],
    )  # fmt: skip
