"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "rule.adopt": _("%(who)s adopted a rule (%(rule)s, version %(version)s)."),
        "rule.decline": _("%(who)s decided not to use the rule %(rule)s."),
        "rule.adopt_set": _("%(who)s adopted %(n)s rules by one signature."),
        "rule.raise_signed": _("%(who)s signed first to raise a highest dose (%(rule)s, version %(version)s)."),
        "rule.raised": _("%(who)s signed second and raised a highest dose (%(rule)s, version %(version)s)."),
        "rule.retire": _("%(who)s retired a rule (%(rule)s)."),
    },
)
