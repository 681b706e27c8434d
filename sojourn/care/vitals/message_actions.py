"""Open a monitor's message that could not be used."""

from __future__ import annotations

from sojourn.care.vitals.models import InboundMessage, StrangerMessage
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, action
from sojourn.foundation.audit.actions import record


@action("monitor.manage", locks=NoLock("looking changes nothing"), audit="monitor.message_opened")
def open_message(*, by: Actor, message: InboundMessage | StrangerMessage) -> None:
    """Note that ``by`` read a message to the byte: it may name a patient."""
    record(by, "monitor.message_opened", message)
