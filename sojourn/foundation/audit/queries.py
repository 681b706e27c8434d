"""Read the audit, and walk its chain."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections
from django.db.models import QuerySet

from sojourn.foundation.audit.models import AuditEvent


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


def events(*, patient_id: int | None = None) -> QuerySet[AuditEvent]:
    """The asker's clinic's audit rows, newest first; of one patient where given."""
    rows = AuditEvent.objects.order_by("-seq")
    return rows.filter(patient_id=patient_id) if patient_id else rows


_WALK = """
SELECT clinic_id, seq, hash, prev_hash,
       coalesce(lag(hash) OVER chain, repeat('0', 64)) AS expected_prev,
       row_number() OVER chain AS expected_seq,
       sojourn_audit_hash(a) AS expected_hash
FROM audit_auditevent a
WINDOW chain AS (PARTITION BY clinic_id ORDER BY seq)
ORDER BY clinic_id, seq
"""


def verify(using: str = "owner") -> list[Verdict]:
    """Walk every clinic's chain and name the first broken row of each. Needs a connection that sees all rows."""
    verdicts: list[Verdict] = []
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT clinic_id, seq, hash FROM audit_head ORDER BY clinic_id")
        heads = {clinic_id: (seq, hash_) for clinic_id, seq, hash_ in cursor.fetchall()}
        cursor.execute(
            f"SELECT clinic_id, count(*), max(seq),"  # noqa: S608 - a constant of this module
            " min(seq) FILTER (WHERE seq <> expected_seq),"
            " min(seq) FILTER (WHERE prev_hash <> expected_prev),"
            " min(seq) FILTER (WHERE hash <> expected_hash),"
            " (array_agg(hash ORDER BY seq DESC))[1]"
            f" FROM ({_WALK}) w GROUP BY clinic_id"
        )
        walked = {row[0]: row[1:] for row in cursor.fetchall()}
    for clinic_id in sorted(heads.keys() | walked.keys()):
        rows, last, gap, unchained, changed, newest = walked.get(clinic_id, (0, 0, None, None, None, ""))
        head_seq, head_hash = heads.get(clinic_id, (0, ""))
        broken = [
            (seq, reason)
            for seq, reason in (
                (changed, "the row was changed after it was written"),
                (unchained, "the row does not follow the one before it"),
                (gap, "a row before this one is missing"),
            )
            if seq is not None
        ]
        if not broken and (last != head_seq or newest != head_hash):
            broken = [((last or 0) + 1, "the newest rows are missing")]
        if broken:
            seq, reason = min(broken)
            verdicts.append(Verdict(clinic_id, rows, head_hash, seq, reason))
        else:
            verdicts.append(Verdict(clinic_id, rows, head_hash))
    return verdicts
