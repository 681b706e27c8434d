"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "patient.added": _("%(who)s made a record for %(patient)s."),
        "patient.edited": _("%(who)s changed the record of %(patient)s."),
        "patient.opened": _("%(who)s opened the record of %(patient)s."),
        "patient.person_added": _("%(who)s added a contact of %(patient)s."),
        "patient.person_edited": _("%(who)s changed a contact of %(patient)s."),
        "patient.person_ended": _("%(who)s noted that somebody is no longer a contact of %(patient)s."),
    },
)
