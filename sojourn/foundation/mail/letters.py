"""Letters: rendered in their reader's language, queued with the action that causes them.

A letter waits in the job queue of the same database, in the same transaction: no action without its letter, no
letter without its action. It waits sealed, because a letter may carry a one-time link and a copy of the database
must not hold a usable one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from sojourn.foundation import jobs
from sojourn.foundation.accounts import sealing


@dataclass(frozen=True, slots=True)
class Letter:
    """``to`` is one address. ``html`` may be empty; ``text`` may not. ``until``: a moment (ISO 8601) after which it is
    not true any more; "" for never."""

    to: str
    subject: str
    text: str
    html: str = ""
    until: str = ""


def write(to: str, template: str, language: str, **context: Any) -> Letter:
    """A letter from ``mail/<template>.subject.txt``, ``.txt`` and ``.html``, in ``language``."""
    with translation.override(language or settings.LANGUAGE_CODE):
        subject = " ".join(render_to_string(f"mail/{template}.subject.txt", context).split())
        text = render_to_string(f"mail/{template}.txt", context).strip() + "\n"
        html = render_to_string(f"mail/{template}.html", {**context, "language": translation.get_language()})
    return Letter(to, subject, text, html)


def post(letter: Letter, *, until: datetime | None = None) -> None:
    """Queue the letter; it leaves once the running transaction commits, and not after ``until``."""
    jobs.defer("mail.deliver", sealed=seal(replace(letter, until=until.isoformat()) if until else letter))


def send(letter: Letter) -> None:
    """Hand the letter to the mail server now, out of a job. Raises OSError or smtplib's SMTPException."""
    message = EmailMultiAlternatives(subject=letter.subject, body=letter.text, to=[letter.to])
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    message.send()


def too_late(until: str) -> bool:
    """Whether what waited in the queue (a server was down) says nothing true any more."""
    return bool(until) and timezone.now() > datetime.fromisoformat(until)


def seal(letter: Letter) -> str:
    return sealing.seal(json.dumps(asdict(letter)), "mail")


def unseal(sealed: str) -> Letter:
    """Raises sealing.InvalidToken where the secret key has changed since."""
    return Letter(**json.loads(sealing.unseal(sealed, "mail")))


def can_send() -> bool:
    """Whether this house was told of a mail server (EMAIL_URL)."""
    return bool(settings.ENV.email_url)
