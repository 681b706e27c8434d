"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "course.begun": _("%(who)s began a course of treatment for %(patient)s."),
        "course.ended": _("%(who)s ended a course of treatment of %(patient)s."),
        "plan.drafted": _("%(who)s began version %(number)s of a plan for %(patient)s."),
        "plan.edited": _("%(who)s changed the draft of a plan for %(patient)s (version %(number)s)."),
        "plan.discarded": _("%(who)s threw the draft of a plan for %(patient)s away (version %(number)s)."),
        "plan.checked": _("%(who)s checked the dose in a plan for %(patient)s (%(dose_mg)s mg)."),
        "plan.signed": _("%(who)s signed version %(number)s of the plan for %(patient)s."),
    },
)
