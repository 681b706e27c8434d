"""What of the intake may be told without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from sojourn.care.intake.forms import FORMS
from sojourn.interfaces.shared.commands import Command, Commands

_LINE: Final[Mapping[str, str]] = {
    **{name: "as the form of this list asks" for form in FORMS.values() for name in form.base_fields},
    "seen": "the line as it was shown",
    "sure": "yes, where it was asked back",
    "remove": "anything: the line is taken off",
}

COMMANDS: Final = Commands(
    (
        Command(
            "intake.answer", "portal:intake_question", _("Answer of your intake"),
            {
                "value": "the answer, or several", "press": "unsure, skip, none or done", "unit": "of a number",
                "rest_unsure": "of a list of ticks", "seen": "the answer as it was shown",
                "confirmed": "doubts that were answered with yes", "to": "review, where one came from there",
            },
            ("topic",),
        ),
        Command("intake.add", "portal:intake_add", _("Line of your intake"), _LINE, ("topic",)),
        Command("intake.line", "portal:intake_line", _("Line of your intake"), _LINE, ("topic", "line_id")),
        Command("intake.end_person", "portal:intake_person", _("Person of your intake"), {}, ("related_person_id",)),
        Command("intake.send", "portal:intake_review", _("Intake, sent"), {}),
    )
)  # fmt: skip
