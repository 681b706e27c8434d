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
        "reading.taken_back": _("%(who)s took back a published answer."),
    },
)
