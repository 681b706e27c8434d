"""An entry of an outbox as JSON, read strictly: what is wrong in it is named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import QueryDict

from sojourn.interfaces.shared.commands import Command

MOST_FIELDS: Final = 400
# A clock may be wrong by years (a battery that was out), but not by more than a computer can say.
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class EntryInvalid(ValueError):
    """The entry is none: ``faults`` says what is wrong in it, for whoever writes a client."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Entry:
    """``address``: the numbers of the page's address; ``fields``: as a form sends them."""

    id: UUID
    command: Command
    made_at: datetime
    sent_at: datetime
    address: dict[str, str]
    fields: QueryDict


def read(body: bytes, command: Command) -> Entry:
    """The entry in a request's body. Raises EntryInvalid."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise EntryInvalid("the body is no JSON") from wrong
    if not isinstance(told, dict):
        raise EntryInvalid("an entry is an object")
    if extra := sorted(set(told) - {"entry", "made_at", "sent_at", "address", "fields"}):
        raise EntryInvalid(f"an entry knows no {', '.join(extra)}")
    made_at, sent_at = _moment(told, "made_at"), _moment(told, "sent_at")
    if sent_at < made_at - timedelta(days=366 * 20):
        raise EntryInvalid("sent_at lies decades before made_at")
    return Entry(_uuid(told), command, made_at, sent_at, _address(told, command), _fields(told, command))


def _uuid(told: dict[str, Any]) -> UUID:
    try:
        return UUID(told["entry"])
    except (KeyError, ValueError, AttributeError, TypeError) as wrong:
        raise EntryInvalid("entry must be a UUID") from wrong


def _moment(told: dict[str, Any], name: str) -> datetime:
    value = told.get(name)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not _EARLIEST < found < _LATEST:
        raise EntryInvalid(f"{name} must be a moment with its offset (ISO 8601), by the device's clock")
    return found


def _address(told: dict[str, Any], command: Command) -> dict[str, str]:
    found = told.get("address", {})
    if not isinstance(found, dict) or set(found) != set(command.made_with):
        raise EntryInvalid(f"address must say {', '.join(command.made_with) or 'nothing'}")
    if wrong := sorted(name for name, value in found.items() if not isinstance(value, str | int) or value is True):
        raise EntryInvalid(f"address.{wrong[0]} must be a number or a text")
    return {name: str(value) for name, value in found.items()}


def _fields(told: dict[str, Any], command: Command) -> QueryDict:
    found = told.get("fields", {})
    if not isinstance(found, dict) or len(found) > MOST_FIELDS:
        raise EntryInvalid("fields must be an object, of a form's size")
    if unknown := command.unknown(found):
        raise EntryInvalid(f"{command.name} knows no field {', '.join(unknown)}")
    fields = QueryDict(mutable=True)
    for name, values in found.items():
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise EntryInvalid(f"fields.{name} must be a list of texts")
        fields.setlist(name, values)
    fields._mutable = False
    return fields
