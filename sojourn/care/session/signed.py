"""What of this room is signed by its hash: the audit says the same hash."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.care.session.models import RecordSignature
from sojourn.foundation.registry import Signed, SignedRows

SIGNED = Signed(
    (
        SignedRows(
            RecordSignature, ("session.signed",), _("The signed record of session %(id)s"), said_as="content_hash",
            named_by="encounter_id",
        ),
    )
)  # fmt: skip
