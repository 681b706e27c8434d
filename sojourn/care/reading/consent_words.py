"""What the writer of a story or a view is told before it is sent, and again before it is shown.

Each sending and each yes keeps the ``VERSION`` that stood on the page. Whoever changes a sentence gives it a new one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

VERSION: Final = "2026-11-30"
SHOWN_FOR: Final = timedelta(days=365)

STORY: Final[tuple[StrPromise, ...]] = (
    _("Until you send it, only you can read it."),
    _(
        "Then somebody of the clinic’s team reads it. Your name does not stand beside it, but they may know you by what"
        " you tell."
    ),
    _(
        "A program marks names, places, dates and work. It changes nothing. A person proposes a wording, and you see"
        " every change."
    ),
    _(
        "It is shown only if you say yes to exactly that text: without your name, to everybody who reads this clinic’s"
        " library, also without signing in."
    ),
    _("It is shown for one year from your yes. After that only if you say yes again."),
    _(
        "You can take it back at any time, with one press and no reason. It is then gone from every page at once, and"
        " its text is deleted. If you cannot sign in, the clinic takes it down for you."
    ),
    _(
        "What cannot be called back: what somebody has copied, photographed or remembers. Somebody who knows you may"
        " know you by it."
    ),
    _("Your treatment does not depend on it, and nobody pays you for it."),
    _("Do not decide on the day of a session."),
)

VIEW: Final[tuple[StrPromise, ...]] = (
    _("A colleague reads it and proposes a wording. You see every change."),
    _(
        "It is shown only if you say yes to exactly that text: as the view of one professional, without your name, to"
        " everybody who reads this clinic’s library, also without signing in."
    ),
    _("It is shown for one year from your yes. After that only if you say yes again."),
    _(
        "You can take it back at any time. It is then gone from every page at once, and its text is deleted. A copy"
        " that somebody made cannot be called back."
    ),
)
