"""Text messages, through whatever carrier a clinic has: the shape of a carrier, and the queue in front of it.

No vendor's code is here. A carrier is a class that keeps ``Carrier``'s promises, which ``tests/contracts/test_sms.py``
asks of every one of them; its dotted path stands in the setting ``SMS_CARRIER``. Without it nothing is offered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from sojourn.foundation import jobs
from sojourn.foundation.accounts import sealing

LONGEST = 306  # two joined parts of the GSM alphabet; a reminder needs no more


class Unreachable(Exception):
    """The carrier cannot be asked now; asking again later is right."""


class Rejected(Exception):
    """The carrier will never take this message: a number that is none, a text too long. Asking again is useless."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The carrier has taken the message. ``id`` is the carrier's own name for it."""

    id: str


class Carrier(Protocol):
    def send(self, to: str, text: str, key: str) -> Receipt:
        """Take one message. The same ``key`` again gives the same receipt and sends nothing twice. Raises Unreachable
        or Rejected."""
        ...


def refuse_what_nobody_carries(to: str, text: str) -> None:
    """Raises Rejected for a number that E.164 does not know, a text that is empty or longer than ``LONGEST``."""
    digits = "".join(letter for letter in to if letter.isdigit())
    if not to.strip().startswith("+") or not 7 <= len(digits) <= 15:
        raise Rejected("a number is written +, country, number")
    if not text or len(text) > LONGEST:
        raise Rejected("an empty text, or one too long")


@dataclass
class FakeCarrier:
    """A carrier that keeps its promises in memory. ``down``: every call raises Unreachable."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    down: bool = False

    def send(self, to: str, text: str, key: str) -> Receipt:
        if self.down:
            raise Unreachable("the carrier is down")
        if key in self.receipts:
            return self.receipts[key]
        refuse_what_nobody_carries(to, text)
        self.sent.append((to, text))
        self.receipts[key] = Receipt(f"fake-{key}")
        return self.receipts[key]


def can_send() -> bool:
    """Whether this house was given a carrier."""
    return bool(getattr(settings, "SMS_CARRIER", ""))


def carrier() -> Carrier:
    made: Carrier = import_string(getattr(settings, "SMS_CARRIER", ""))()
    return made


def post(to: str, text: str, key: str, *, until: datetime | None = None) -> None:
    """Queue one message, sealed; it leaves once the running transaction commits, and not after ``until``."""
    held = {"to": to, "text": text[:LONGEST], "key": key, "until": until.isoformat() if until else ""}
    jobs.defer("mail.text", sealed=sealing.seal(json.dumps(held), "sms"))


def unseal(sealed: str) -> dict[str, str]:
    """What a queued message holds: to, text, key, until. Raises sealing.InvalidToken where the secret key changed."""
    return {str(name): str(value) for name, value in json.loads(sealing.unseal(sealed, "sms")).items()}
