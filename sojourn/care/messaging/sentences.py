"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "message.written": _("%(who)s wrote a message in the thread of %(patient)s."),
        "message.written_by_link": _(
            "Somebody who held the link of a day wrote a message in the thread of %(patient)s."
        ),
        "message.read": _("%(patient)s read the messages of the clinic."),
        "message.settled": _("%(who)s noted that the messages of %(patient)s need no answer."),
    },
)
