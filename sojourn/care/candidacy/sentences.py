"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "candidacy.decided": _("%(who)s decided whether the treatment fits %(patient)s (%(kind)s, %(drug)s)."),
        "candidacy.override_signed": _("%(who)s signed a reason against a block of %(patient)s (%(rule)s)."),
        "candidacy.clearance_recorded": _("%(who)s recorded who answered to a finding of %(patient)s (%(rule)s)."),
        "candidacy.clearance_struck": _("%(who)s struck an answer to a finding of %(patient)s (%(rule)s)."),
        "candidacy.override_second_signed": _("%(who)s signed second against a block of %(patient)s (%(rule)s)."),
    },
)
