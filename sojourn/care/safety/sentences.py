"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "flag.raised": _("%(who)s raised a flag for %(patient)s."),
        "flag.raised_again": _("%(who)s reported again what raised a flag of %(patient)s."),
        "flag.read": _("%(who)s read a flag of %(patient)s."),
        "flag.passed_on": _("Nobody had answered a flag of %(patient)s: it was passed on (%(reach)s)."),
        "flag.told": _("People were told of a flag of %(patient)s (%(reach)s, %(people)s people)."),
        "flag.notice_tried": _("Sojourn tried to tell somebody of a flag of %(patient)s %(channel)s: %(outcome)s."),
        "duty.named": _("%(who)s named who is asked when a patient may be in danger (%(people)s people)."),
        "duty.channels_chosen": _("%(who)s chose how to be told of a flag."),
        "flag.answered": _("%(who)s answered a flag of %(patient)s (%(kind)s)."),
    },
)
