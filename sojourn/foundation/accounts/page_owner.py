"""Whose page it is: an opaque name for a person in a clinic, by which a browser tells whose words it keeps.

The page carries it, the browser writes it beside everything that it keeps, and a script sends it back with what it
sends. It tells nothing of the person: it is a keyed digest of row numbers.
"""

from __future__ import annotations

from typing import Final

from django.utils.crypto import salted_hmac

COOKIE: Final = "page_owner"  # readable by scripts: it changes in every tab at the moment of a sign-in or a sign-out
HEADER: Final = "X-Page-Owner"
ENDED: Final = "sign_in_ended"  # for the door, which says so: this browser did not sign out itself
RECEIVED: Final = "draft_received"  # the number of the form that was received last, for the script that kept its text
_LENGTH: Final = 32


def page_owner(person_id: int | None, membership_id: int | None) -> str:
    """The name of a person who is signed in as one of their memberships; "" for nobody."""
    if person_id is None:
        return ""
    return salted_hmac("sojourn.page_owner", f"{person_id}:{membership_id or 0}", algorithm="sha256").hexdigest()[
        :_LENGTH
    ]
