"""What of this room is signed by its hash: the audit says the same hash."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.foundation.registry import Signed, SignedRows

SIGNED = Signed((SignedRows(CandidacyDecision, ("candidacy.decided",), _("Decision %(id)s about a treatment")),))
