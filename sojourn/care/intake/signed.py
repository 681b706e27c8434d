"""What of this room is signed by its hash: the audit says the same hash."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.care.intake.models import IntakeSubmission
from sojourn.foundation.registry import Signed, SignedRows

SIGNED = Signed((SignedRows(IntakeSubmission, ("intake.sent",), _("The intake sent as number %(id)s")),))
