"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "consent.adopted": _("%(who)s adopted a text that patients agree to (%(text)s, version %(version)s)."),
        "clinic.jurisdiction_set": _("%(who)s noted where the clinic is (%(place)s)."),
        "consent.requested": _("%(who)s asked %(patient)s for agreement (%(route)s)."),
        "consent.question_asked": _("%(patient)s asked about a text before signing (%(document)s)."),
        "consent.question_answered": _("%(who)s answered a question of %(patient)s about a text."),
        "consent.question_waived": _("%(who)s left a question of %(patient)s about a text unanswered, with a reason."),
        "consent.signed": _("%(patient)s signed (%(document)s, version %(version)s)."),
        "consent.refused": _("%(patient)s said no (%(document)s, version %(version)s)."),
        "consent.countersigned": _("%(who)s countersigned for %(patient)s (%(document)s)."),
        "consent.withdrawn": _("An agreement of %(patient)s was withdrawn (%(document)s), noted by %(who)s."),
        "consent.opened": _("%(who)s opened a signed agreement of %(patient)s (%(document)s)."),
    },
)
