"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.care.session.event_kinds import event_word
from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "session.check": _("%(who)s answered a check of %(patient)s (%(item)s)."),
        "session.event": _("%(who)s wrote an event into the session of %(patient)s (%(kind)s)."),
        "session.patient_calls": _("%(patient)s called for help in a session."),
        # The escort; the code stands in the chain as it was first written.
        "session.companion_named": _("%(who)s named who takes %(patient)s home."),
        "session.signed": _("%(who)s signed the session of %(patient)s."),
        "session.addendum": _("%(who)s added to the signed session of %(patient)s."),
        "dose.checked": _("%(who)s checked the dose of %(patient)s (%(dose_mg)s mg)."),
        "session.struck": _("%(who)s struck an entry in a session of %(patient)s as entered in error."),
        "dose.wasted": _("%(who)s threw away part of the dose of %(patient)s (%(mg)s mg)."),
        "dose.waste_witnessed": _("%(who)s witnessed what was thrown away of the dose of %(patient)s (%(mg)s mg)."),
        "medicine.given": _("%(who)s gave %(patient)s another medicine."),
        "dose.read_off": _("%(who)s entered what was left or given of the dose of %(patient)s."),
    },
    words={"kind": event_word},
)
