"""Every line of the audit as a sentence.

One entry for each action that the house records; a test finds them in the source and fails where one is missing.
``%(who)s`` and ``%(patient)s`` are filled with names; other words come from the row's own detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from sojourn.foundation.accounts.roles import roles

SENTENCES: Mapping[str, StrPromise] = {
    # at the door
    "person.signed_in": _("%(who)s signed in."),
    "person.signed_out": _("%(who)s signed out."),
    "person.sign_in_failed": _("A sign-in failed."),
    "password.changed": _("%(who)s chose a new password."),
    "password.reset": _("%(who)s chose a new password by e-mail."),
    "second_factor.added": _("%(who)s added a second factor."),
    "second_factor.removed": _("%(who)s removed a second factor."),
    "second_factor.codes_renewed": _("%(who)s made new recovery codes."),
    # people
    "person.invited": _("%(who)s invited somebody as: %(role)s."),
    "person.invited_again": _("%(who)s sent an invitation again (%(role)s)."),
    "person.invitation_withdrawn": _("%(who)s withdrew an invitation (%(role)s)."),
    "person.joined": _("%(who)s joined the clinic as: %(role)s."),
    "person.access_ended": _("%(who)s ended somebody's access (%(role)s)."),
    # records
    "record.glass_broken": _("%(who)s opened the restricted record of %(patient)s."),
    "audit.exported": _("%(who)s exported audit rows (%(rows)s)."),
    "patient.added": _("%(who)s made a record for %(patient)s."),
    "patient.edited": _("%(who)s changed the record of %(patient)s."),
    "patient.opened": _("%(who)s opened the record of %(patient)s."),
    "patient.person_added": _("%(who)s put somebody beside %(patient)s."),
    "patient.person_edited": _("%(who)s changed what is known of somebody beside %(patient)s."),
    "patient.person_ended": _("%(who)s noted that somebody is no longer beside %(patient)s."),
}


def sentence(action: str, *, who: str, patient: str, detail: Mapping[str, Any]) -> str:
    """The row in words. An action without an entry is said plainly, by its code."""
    said = SENTENCES.get(action)
    if said is None:
        return f"{who}: {action}"
    role = detail.get("role", "")
    words = {
        **{name: value for name, value in detail.items() if isinstance(value, str | int | float)},
        "role": str(roles()[role].label) if role in roles() else str(role),
        "who": who or gettext("Somebody"),
        "patient": patient or gettext("a patient"),
    }
    return str(said) % _Filled(words)


class _Filled(dict[str, Any]):
    """A word that an older row does not carry is a dash, not an error."""

    def __missing__(self, key: str) -> str:
        return "–"
