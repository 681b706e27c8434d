"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "monitor.message_opened": _("%(who)s looked at the bytes of a monitor's message."),
    },
)
