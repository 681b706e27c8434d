"""A question at the chair whose answer is a danger raises its flag in the transaction that writes the answer down."""

from __future__ import annotations

from sojourn.care.safety import gravity
from sojourn.care.safety.models import Flag, FlagKind, FlagSource
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.care.session.models import CheckResult
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, part, unchanged
from sojourn.foundation.scope import SessionScope


@part(locks=NoLock("whoever answers the check holds its session"), through=(raise_flag,))
def raise_of_check(*, by: Actor, row: CheckResult) -> Flag | None:
    """The flag of an answer that the rule of raising names; None where it names none.

    A run of the same answer is one flag, whatever notes follow it; an answer that comes back after it was turned is
    another. A flag outlives its answer: whoever turns or strikes that has not yet seen to the patient.
    """
    severity = gravity.severity_of(gravity.table().of_check(row.item_id, passed=row.outcome == "passed"))
    if severity is None:
        return unchanged(None)
    flag = raise_flag(
        by=by,
        patient_id=row.patient_id,
        kind=FlagKind.SUICIDAL_THOUGHTS,
        severity=severity,
        source=FlagSource.CHAIR,
        about=f"check:{_first_of_run(row)}",
        detail=f"{row.item_id}: {row.note}" if row.note else row.item_id,
        now=row.at,
    )
    return unchanged(flag)  # the same answer again is the same flag, of which there is nothing new to write


def _first_of_run(row: CheckResult) -> int:
    """The first of the same answers in a row that ends with this one, the newest."""
    rows = SessionScope(row.encounter_id).rows(CheckResult).filter(item_id=row.item_id)
    turned = rows.exclude(outcome=row.outcome).order_by("-pk").values_list("pk", flat=True).first()
    same = rows if turned is None else rows.filter(pk__gt=turned)
    return same.earliest("pk").pk
