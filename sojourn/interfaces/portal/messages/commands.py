"""What may be written to the clinic without a network."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from sojourn.interfaces.shared.commands import Command, Commands

COMMANDS: Final = Commands(
    (
        Command(
            "message.write", "portal:messages", _("Message"),
            {"body": "the message", "key": "a UUID by which it is one message", "seen": "the newest message shown"},
        ),
    )
)  # fmt: skip
