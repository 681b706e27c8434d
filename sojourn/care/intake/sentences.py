"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "intake.answered": _("%(who)s answered a question of the intake of %(patient)s (%(question)s)."),
        "intake.line_said": _("%(who)s wrote a line into the intake of %(patient)s (%(list)s)."),
        "intake.line_removed": _("%(who)s took a line out of the intake of %(patient)s (%(list)s)."),
        "intake.sent": _("%(who)s sent the intake of %(patient)s to the clinic."),
        "fact.entered": _("%(who)s entered a finding of %(patient)s (%(fact)s)."),
        "fact.retracted": _("%(who)s took a finding of %(patient)s back (%(fact)s)."),
        "fact.imported": _("%(who)s imported findings of %(patient)s (%(count)s)."),
    },
)
