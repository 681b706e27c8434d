"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "measure.requested": _("%(who)s asked %(patient)s to answer a questionnaire (%(scale_id)s)."),
        "measure.battery_requested": _("%(who)s asked %(patient)s to answer the questionnaires to begin with."),
        "measure.entered": _("%(who)s entered a score of %(patient)s (%(scale_id)s)."),
        "measure.loaded": _("%(who)s loaded the clinic's own questionnaire %(code)s, version %(version)s."),
        "measure.retired": _("%(who)s retired the clinic's own questionnaire %(code)s."),
        "measure.withdrawn": _("%(who)s withdrew a questionnaire from %(patient)s (%(scale_id)s)."),
        "measure.started": _("%(who)s began a questionnaire of %(patient)s (%(scale_id)s)."),
        "measure.answered": _("%(who)s answered a question in a questionnaire of %(patient)s."),
        "measure.completed": _("%(who)s sent a questionnaire of %(patient)s (%(scale_id)s)."),
    },
)
