"""Read the audit, and walk its chain."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope, clinic_rows


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of walking one clinic's chain: how many rows, the newest hash, and the first broken row."""

    clinic_id: int
    rows: int
    head: str
    broken_seq: int | None = None
    reason: str = ""

    @property
    def whole(self) -> bool:
        return self.broken_seq is None


def events() -> QuerySet[AuditEvent]:
    """The actor's clinic's audit rows, newest first."""
    return clinic_rows(AuditEvent).order_by("-seq")


def events_of(of: PatientScope) -> QuerySet[AuditEvent]:
    """The audit rows of one patient, newest first."""
    return of.within(events())


# One pass over the chain: each row against the row before it, against its number, and against its own hash.
_WALK = """
SELECT clinic_id, count(*), max(seq),
       min(seq) FILTER (WHERE seq <> expected_seq),
       min(seq) FILTER (WHERE prev_hash <> expected_prev),
       min(seq) FILTER (WHERE hash <> expected_hash),
       (array_agg(hash ORDER BY seq DESC))[1]
FROM (
  SELECT clinic_id, seq, hash, prev_hash,
         coalesce(lag(hash) OVER chain, repeat('0', 64)) AS expected_prev,
         row_number() OVER chain AS expected_seq,
         sojourn_audit_hash(a) AS expected_hash
  FROM audit_auditevent a
  WHERE %(clinic)s::bigint IS NULL OR clinic_id = %(clinic)s
  WINDOW chain AS (PARTITION BY clinic_id ORDER BY seq)
) walked
GROUP BY clinic_id
"""


def _first_broken(gap: int | None, unchained: int | None, changed: int | None) -> tuple[int, str] | None:
    """The lowest broken row and why: what is wrong with the row itself comes before what is wrong around it."""
    found = [
        (seq, reason)
        for seq, reason in (
            (changed, _("the row was changed after it was written")),
            (gap, _("a row before this one is missing")),
            (unchained, _("the row does not follow the one before it")),
        )
        if seq is not None
    ]
    return min(found, key=lambda each: each[0], default=None)


def _against_head(newest: tuple[int, str], head: tuple[int, str]) -> tuple[int, str] | None:
    """What is wrong at the end of a chain, by the number and the hash of its newest row and of its head."""
    (last, own), (wanted, said) = newest, head
    if last < wanted:
        return last + 1, _("the newest rows are missing")
    if last > wanted:
        return wanted + 1, _("the row does not follow the one before it")
    return None if own == said else (last, _("the row was changed after it was written"))


# The same beside the heads. One statement, since the house goes on writing: of two, the second would see newer rows.
_BESIDE_HEADS = """
SELECT clinic_id, coalesce(head.seq, 0), coalesce(head.hash, ''), coalesce(walked.n, 0), coalesce(walked.last, 0),
       coalesce(walked.newest, ''), walked.gap, walked.unchained, walked.changed
FROM audit_head head
FULL JOIN (WALK) walked (clinic_id, n, last, gap, unchained, changed, newest) USING (clinic_id)
ORDER BY clinic_id
""".replace("WALK", _WALK)


def verify(using: str = "owner") -> list[Verdict]:
    """Walk every clinic's chain and name the first broken row of each. Needs a connection that sees all rows.

    The head of each chain, which the runtime roles cannot touch, tells a cut tail and a newest row that was rewritten
    with its hash. Who rewrites the head too leaves a chain that is whole: that shows only beside a newest hash that was
    written down elsewhere (docs/operations).
    """
    verdicts: list[Verdict] = []
    with connections[using].cursor() as cursor:
        cursor.execute(_BESIDE_HEADS, {"clinic": None})
        for clinic_id, head_seq, head_hash, rows, last, newest, *faults in cursor.fetchall():
            broken = _first_broken(*faults) or _against_head((last, newest), (head_seq, head_hash))
            seq, reason = broken or (None, "")
            verdicts.append(Verdict(clinic_id, rows, head_hash, seq, reason))
    return verdicts


def verify_clinic(clinic_id: int) -> Verdict:
    """Walk the actor's own clinic's chain with what the actor may see.

    The chain's head is out of the runtime roles' reach, so a cut tail, or a newest row with a new hash, shows only in
    ``verify``, which the command line runs.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(_WALK, {"clinic": clinic_id})
        row = cursor.fetchone()
    if row is None:
        return Verdict(clinic_id, 0, "")
    _clinic, rows, _last, gap, unchained, changed, newest = row
    seq, reason = _first_broken(gap, unchained, changed) or (None, "")
    return Verdict(clinic_id, rows, newest, seq, reason)
