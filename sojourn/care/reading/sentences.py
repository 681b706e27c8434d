"""What the audit says of this room's actions. None of these rows says who read, nor what they wrote."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "reading.asked": _("A reader of the library asked the clinic a question without their name."),
        "reading.said": _("A reader of the library said whether a part was clear."),
        "reading.answered": _("%(who)s answered a reader's question for everybody."),
        "reading.set_aside": _("%(who)s set a reader's question aside."),
        "voice.drafted": _("%(who)s wrote on a story or view of their own."),
        "voice.sent": _("%(who)s sent their story or view to be read."),
        "voice.proposed": _("%(who)s proposed how a story or view would be shown."),
        "voice.agreed": _("%(who)s agreed to the wording of their story or view, and it was shown."),
        "voice.set_aside": _("%(who)s gave a story or view back to its writer."),
        "voice.withdrawn": _("%(who)s withdrew their story or view, and it was deleted."),
        "voice.taken_down": _("%(who)s took a story or view down, and it was deleted."),
        "reading.taken_back": _("%(who)s took back a published answer."),
    },
)
