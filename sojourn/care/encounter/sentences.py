"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "session.arrive": _("%(who)s noted that %(patient)s arrived."),
        "session.complete_checks": _("%(who)s completed the checks of %(patient)s."),
        "session.start_dose": _("%(who)s started the dose of %(patient)s."),
        "session.pause": _("%(who)s paused the dose of %(patient)s."),
        "session.resume": _("%(who)s went on with the dose of %(patient)s."),
        "session.lower_rate": _("%(who)s lowered the rate of the dose of %(patient)s."),
        "session.raise_rate": _("%(who)s raised the rate of the dose of %(patient)s."),
        "session.give_part": _("%(who)s gave %(patient)s the next part of the dose."),
        "session.end_dose": _("%(who)s noted that the dose of %(patient)s ended."),
        "session.find_ready": _("%(who)s found %(patient)s ready to leave."),
        "session.observe_again": _("%(who)s took %(patient)s back into observation."),
        "session.leave": _("%(who)s noted that %(patient)s left."),
        "session.stop_early": _("%(who)s stopped the session of %(patient)s early."),
        "session.say_no": _("%(patient)s said no, and the session was stopped (%(who)s)."),
        "session.observe_after_stop": _("%(who)s began to observe %(patient)s after stopping."),
        "session.leave_without_dose": _("%(who)s noted that %(patient)s left without a dose."),
        "session.did_not_attend": _("%(who)s noted that %(patient)s did not attend."),
        "session.cancel": _("%(who)s cancelled the session of %(patient)s."),
    },
)
