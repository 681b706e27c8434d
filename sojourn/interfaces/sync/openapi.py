"""The offline door in OpenAPI 3.1, made from the commands that the topics declare."""

from __future__ import annotations

from typing import Any

from sojourn import __version__
from sojourn.interfaces.shared.commands import Command, commands
from sojourn.interfaces.sync.door import RECEIPT, WHERE
from sojourn.interfaces.sync.entries import MOST_FIELDS

_MOMENT = {"type": "string", "format": "date-time", "description": "by the device's clock, with its offset"}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_REFUSALS = {
    400: "malformed: the entry is none; nothing was looked at",
    401: "signed-out: sign in again, and send it again",
    403: "not-allowed: the token is old, or the person may not",
    404: "gone: what it belongs to is not there, or there is no such command",
    409: "refused: the form was read and not taken; the reasons are in the person's language",
    412: "anothers: somebody else is signed in than who wrote it (header X-Page-Owner)",
    422: "refused, like 409",
    423: "not-now: a dose is with the person; send it again later",
    503: "later: send it again",
}


def document() -> dict[str, Any]:
    """The whole description, as JSON says it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sojourn, the offline door",
            "version": __version__,
            "description": (
                "A device that had no network sends what its person did, entry by entry. The same entry again gives "
                "the same receipt and does nothing twice. Only a receipt that names the entry (and says so in "
                f"{RECEIPT}) takes it out of the outbox: whatever else is answered, the entry stays."
            ),
        },
        "paths": {f"{WHERE}{each.name}": {"post": _operation(each)} for each in commands().values()},
        "components": {
            "schemas": {"Receipt": _receipt(), "Refusal": _refusal()},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
                "token": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
            },
        },
        "security": [{"session": [], "token": []}],
    }


def _operation(command: Command) -> dict[str, Any]:
    def answer(words: str, schema: str) -> dict[str, Any]:
        shape = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
        return {"description": words, "content": {"application/json": shape}}

    body = {"required": True, "content": {"application/json": {"schema": _entry(command)}}}
    return {
        "operationId": command.name,
        "summary": str(command.called),
        "requestBody": body,
        "responses": {
            "200": answer("taken, now or before", "Receipt"),
            **{str(status): answer(words, "Refusal") for status, words in _REFUSALS.items()},
        },
    }


def _entry(command: Command) -> dict[str, Any]:
    exact = {name: _TEXTS | {"description": said} for name, said in command.fields.items() if not name.endswith("*")}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["entry", "made_at", "sent_at", *(["address"] if command.made_with else [])],
        "properties": {
            "entry": {"type": "string", "format": "uuid", "description": "the device's own name for it"},
            "made_at": _MOMENT,
            "sent_at": _MOMENT,
            "address": {
                "type": "object",
                "additionalProperties": False,
                "required": list(command.made_with),
                "properties": {name: {"type": ["string", "integer"]} for name in command.made_with},
            },
            "fields": {
                "type": "object",
                "additionalProperties": False,
                "maxProperties": MOST_FIELDS,
                "properties": exact,
            },
        },
    }


def _receipt() -> dict[str, Any]:
    inner = {
        "entry": {"type": "string", "format": "uuid"},
        "stored": {"const": True},
        "received_at": {"type": "string", "format": "date-time"},
        "leads_to": {"type": "string", "description": "the path that the person goes on to; it may offer help first"},
    }
    receipt = {"type": "object", "required": list(inner), "properties": inner}
    return {"type": "object", "required": ["receipt"], "properties": {"receipt": receipt}}


def _refusal() -> dict[str, Any]:
    inner = {"code": {"type": "string"}, "reasons": _TEXTS}
    refusal = {"type": "object", "required": list(inner), "properties": inner}
    return {"type": "object", "required": ["refusal"], "properties": {"refusal": refusal}}
