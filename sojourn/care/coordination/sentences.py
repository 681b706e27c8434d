"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "waiting.joined": _("%(who)s put %(patient)s on the waiting list."),
        "waiting.left": _("%(who)s took %(patient)s off the waiting list."),
        "waiting.offered": _("%(who)s offered an earlier time to %(patient)s."),
        "waiting.gone": _("An earlier time for %(patient)s was no longer free, and no letter was sent."),
        "waiting.accepted": _("%(patient)s took an earlier time."),
        "waiting.declined": _("%(patient)s let an earlier time go."),
        "reminder.sent": _("%(who)s reminded %(patient)s of an appointment."),
        "reminder.put_off": _("%(who)s put off a reminder to %(patient)s until the quiet hours are over."),
        "reminder.dropped": _(
            "%(who)s did not remind %(patient)s of an appointment: it no longer stood, or no reminder could be sent."
        ),
        "reminder.preferred": _("%(patient)s chose how to be reminded."),
        "feed.opened": _("%(who)s opened a calendar feed."),
        "feed.closed": _("%(who)s ended a calendar feed."),
        # The ride home; its codes stand in the chain as they were first written.
        "way_home.asked": _("%(who)s asked who brings %(patient)s home."),
        "way_home.asked_again": _("%(who)s asked for a fresh link about the ride home of %(patient)s."),
        "way_home.answered": _("%(who)s answered about the ride home of %(patient)s."),
        "way_home.named": _("%(who)s named who brings %(patient)s home."),
        "day_link.sent": _("%(who)s sent %(patient)s the link of a day."),
        "day_link.opened": _("The link of a day of %(patient)s was opened on a device."),
        "day_link.ended": _("%(who)s took back the link of a day of %(patient)s."),
        "arrival.said": _("%(patient)s said that they are here for an appointment."),
        "arrival.taken_back": _("%(who)s took back that %(patient)s is here for an appointment."),
    },
)
