"""What was signed, beside what the audit says of it.

A row and its hash can be rewritten together behind the database's back, and then nothing in the row tells. The audit's
row of that signature says the same hash, and its chain holds it: whoever rewrites both breaks the chain.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import QuerySet, Value
from django.db.models.fields.json import KeyTextTransform

from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.registry import Signed, SignedRows, declared
from sojourn.foundation.scope import clinic_rows


@dataclass(frozen=True, slots=True)
class SignedOtherwise:
    """Something signed that is stored otherwise than the audit says. ``id``: the number by which the audit names it."""

    called: str
    id: int


def signed_otherwise(clinic_id: int) -> tuple[SignedOtherwise, ...]:
    """Whatever of the actor's clinic has another hash than the audit says, no row in the audit, or is gone though the
    audit says that it was signed. One query for each kind of what is signed."""
    kinds = (each for room in declared("signed", Signed).values() for each in room.rows)
    return tuple(
        SignedOtherwise(str(kind.called) % {"id": key}, key) for kind in kinds for key in _otherwise(kind, clinic_id)
    )


def _otherwise(kind: SignedRows, clinic_id: int) -> list[int]:
    """Both sides in one statement, since the house goes on signing: of two, the second would see a newer signature."""
    rows = clinic_rows(kind.model).filter(clinic_id=clinic_id).exclude(content_hash="").order_by()
    stored = rows.values_list(kind.named_by, "content_hash", Value("stored"))
    said = of_signatures(kind).filter(clinic_id=clinic_id).order_by()
    both = stored.union(said.values_list("entity_id", hash_of(kind), Value("said")))
    sides: dict[tuple[int, str], int] = Counter((key, signed) for key, signed, _side in both)
    return sorted({key for (key, _signed), on in sides.items() if on == 1})


def of_signatures(kind: SignedRows) -> QuerySet[AuditEvent]:
    """The audit's rows of these signatures."""
    return clinic_rows(AuditEvent).filter(action__in=kind.actions)


def hash_of(kind: SignedRows) -> KeyTextTransform:
    """The hash that such a row of the audit says, for a query."""
    return KeyTextTransform(kind.said_as, "detail")
