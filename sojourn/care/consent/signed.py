"""What of this room is signed by its hash: the audit says the same hash."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.care.consent.models import Consent
from sojourn.foundation.registry import Signed, SignedRows

SIGNED = Signed((SignedRows(Consent, ("consent.signed", "consent.refused"), _("Agreement %(id)s")),))
