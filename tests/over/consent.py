"""Rows of consent that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sojourn.care.consent.models import Consent, ConsentReply, ConsentRequest
from tests.furnished import Furnished
from tests.over.copies import again, of


def _question(rows: Furnished, now: datetime) -> None:
    ConsentReply.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, question=again(rows.question, text="When?"), text="Soon",
        replied_at=now, replied_by=rows.cast.members["nurse"], replier_name="N",
    )  # fmt: skip


def _signed(rows: Furnished, document_id: str, **changes: Any) -> Consent:
    return again(rows.consent, document_id=document_id, nonce=uuid4().hex, **changes)


def _signed_beside(rows: Furnished, consent: Consent) -> None:
    again(rows.consent.countersignature, consent_id=consent.pk, patient_id=consent.patient_id)


def _nothing_to_sign(rows: Furnished, now: datetime) -> None:
    _signed(rows, "refused", decision="deny")
    _signed_beside(rows, _signed(rows, "signed"))
    again(rows.consent.withdrawal, consent_id=_signed(rows, "withdrawn").pk, withdrawn_at=now - timedelta(days=9))
    _signed(rows, "renewed")
    _signed_beside(rows, _signed(rows, "renewed"))


def _waits(rows: Furnished, now: datetime) -> None:
    other = rows.booked.patient.pk
    _signed(rows, "waits")
    again(rows.consent.withdrawal, consent_id=_signed(rows, "taken back").pk, withdrawn_at=now)
    for document, whose in (("later", {}), ("waits", {"patient_id": other}), ("taken back", {"patient_id": other})):
        _signed_beside(rows, _signed(rows, document, **whose))


def _another(rows: Furnished, now: datetime) -> None:
    other = rows.booked.patient.pk
    again(of(ConsentRequest, rows), patient_id=other, route="im")
    _signed_beside(rows, _signed(rows, "treatment", patient_id=other))


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a question that was answered": _question,
    "agreements beside which nobody signs any more": _nothing_to_sign,
    "agreements that wait, with later ones of another text and another patient": _waits,
    "what another patient was asked for and signed": _another,
}
TELLS: Final[dict[str, set[str]]] = {
    "a question that was answered": {"care.consent.queries.questions"},
    "agreements beside which nobody signs any more": {
        "care.consent.queries.newest_of", "care.consent.queries.standing",
    },
    "agreements that wait, with later ones of another text and another patient": {
        "care.consent.queries.newest_of", "care.consent.queries.standing", "care.consent.queries.taken_back",
        "care.consent.queries.to_countersign",
    },
}  # fmt: skip
