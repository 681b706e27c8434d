"""What of this room is signed by its hash: the audit says the same hash."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.care.plan.models import PlanVersion
from sojourn.foundation.registry import Signed, SignedRows

SIGNED = Signed((SignedRows(PlanVersion, ("plan.signed",), _("The signed version %(id)s of a plan")),))
