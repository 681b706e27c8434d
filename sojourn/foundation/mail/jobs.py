"""The jobs that hand a letter to the mail server and a text message to the carrier."""

from __future__ import annotations

import logging

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from sojourn.foundation.mail import sms
from sojourn.foundation.mail.letters import send, too_late, unseal

log = logging.getLogger("sojourn")

# 4, 16, 64, 256 ... seconds, 24 hours in all: a mail server that is down for long delays a letter, and loses none.
PATIENCE = RetryStrategy(max_attempts=9, exponential_wait=4)


@app.task(name="mail.deliver", queue="mail", retry=PATIENCE)
def deliver(sealed: str) -> None:
    """Send one sealed letter over SMTP. Raises what smtplib raises; the queue tries again, until it is too late."""
    letter = unseal(sealed)
    if too_late(letter.until):
        log.warning("a letter waited until it was no longer true; it is not sent")
        return
    send(letter)


@app.task(name="mail.text", queue="mail", retry=PATIENCE)
def text(sealed: str) -> None:
    """Hand one sealed text message to the carrier. A message that it will never take is logged and left."""
    message = sms.unseal(sealed)
    if too_late(message.get("until", "")):
        log.warning("a text message waited until it was no longer true; it is not sent (%s)", message["key"])
        return
    try:
        sms.carrier().send(message["to"], message["text"], message["key"])
    except sms.Rejected:
        log.warning("the carrier rejected a text message (%s)", message["key"])
