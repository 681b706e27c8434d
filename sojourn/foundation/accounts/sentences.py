"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.registry import Sentences


def _role(code: str) -> str:
    return str(roles()[code].label) if code in roles() else code


SENTENCES = Sentences(
    {
        "person.signed_in": _("%(who)s signed in."),
        "person.signed_out": _("%(who)s signed out."),
        "person.sign_in_failed": _("A sign-in failed."),
        "password.changed": _("%(who)s chose a new password."),
        "password.reset": _("%(who)s chose a new password by e-mail."),
        "second_factor.added": _("%(who)s added a second factor."),
        "second_factor.removed": _("%(who)s removed a second factor."),
        "second_factor.codes_renewed": _("%(who)s made new recovery codes."),
        "person.invited": _("%(who)s invited somebody as: %(role)s."),
        "person.invited_again": _("%(who)s sent an invitation again (%(role)s)."),
        "person.invitation_withdrawn": _("%(who)s withdrew an invitation (%(role)s)."),
        "person.confirmed": _("%(who)s confirmed %(name)s (%(role)s)."),
        "person.joined": _("%(who)s joined the clinic as: %(role)s."),
        "person.access_ended": _("%(who)s ended somebody's access (%(role)s)."),
        "record.glass_broken": _("%(who)s opened the restricted record of %(patient)s."),
        "clinic.details_set": _("%(who)s wrote how patients reach the clinic."),
        "clinic.visit_words_written": _("%(who)s wrote what patients read before they come."),
        "clinic.line_checked": _("%(who)s checked a line of this place (%(number)s)."),
        "clinic.made": _("%(who)s set up the clinic."),
    },
    words={"role": _role},
)
