"""Take an entry once: through a resend, two tabs, two phones, and a server that died before it answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import connection

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.receipts.arriving import Arrival, of
from sojourn.foundation.receipts.models import Receipt
from sojourn.foundation.scope import MemberScope

_LONGEST: Final = 500  # an address of ours; a longer one leads nowhere, and the entry is taken all the same
_LOCKS: Final = 0x5EC1  # the first of an advisory lock's two numbers: ours are of entries


def taken(arrival: Arrival, by: Actor) -> Receipt | None:
    """The receipt of an entry that was taken before. Waits for whoever takes it now. Two queries."""
    with connection.cursor() as cursor:
        name = f"{by.member}:{arrival.entry}"
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCKS, name])
    return MemberScope(by.member).rows(Receipt).filter(entry=arrival.entry).first()


def take(arrival: Arrival, by: Actor, act: Callable[[], str | None]) -> Receipt | None:
    """Do what the entry asks for, unless it was done before. ``act`` returns where it leads to, or None where it was
    refused: then there is no receipt, and it may be sent again. Within the request's transaction."""
    before = taken(arrival, by)
    if before is not None:
        return before
    with of(arrival):
        leads_to = act()
    if leads_to is None:
        return None
    receipt = Receipt(
        clinic_id=by.own_clinic_id, patient_id=by.patient_id, membership_id=by.member, entry=arrival.entry,
        command=arrival.command, leads_to=leads_to if len(leads_to) <= _LONGEST else "",
        made_at=arrival.made_at, sent_at=arrival.sent_at, received_at=arrival.received_at,
    )  # fmt: skip
    receipt.save(force_insert=True)
    return receipt
