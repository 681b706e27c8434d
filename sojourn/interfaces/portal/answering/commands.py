"""What of a questionnaire may be answered without a network. It counts when it has arrived, and not before."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from sojourn.interfaces.shared.commands import Command, Commands

COMMANDS: Final = Commands(
    (
        Command(
            "measure.answer", "portal:question", _("Answer to a question"),
            {
                "value": "the answer's number, or skip", "item": "the question that was read",
                "skip": "a figure that is left out", "to": "review, where one came from there",
            },
            ("request_id", "number"),
        ),
        Command("measure.send", "portal:review", _("Questionnaire, sent"), {}, ("request_id",)),
    )
)  # fmt: skip
