"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "alarm.acknowledged": _("%(who)s answered an alarm of %(patient)s (%(code)s)."),
        "alarm.ended": _("Alarms of %(patient)s ended: %(who)s took the monitor off, or ended the session."),
    },
)
