"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "reading.typed": _("%(who)s typed vital signs of %(patient)s."),
        "monitor.added": _("%(who)s added a monitor (%(key)s)."),
        "monitor.claimed": _("%(who)s claimed a monitor that belonged to no clinic, by a code read at the bedside."),
        "monitor.line_confirmed": _("%(who)s confirmed the address of a monitor (%(address)s)."),
        "monitor.patient_confirmed": _("%(who)s said that a monitor's values are of %(patient)s."),
        "monitor.port_dropped": _("%(who)s took a port of the monitors' listener from the clinic (%(port)s)."),
        "monitor.port_given": _("%(who)s gave the clinic a port of the monitors' listener (%(port)s)."),
        "monitor.rekeyed": _("%(who)s gave a monitor a closer name (%(key)s)."),
        "monitor.whose_answered": _("%(who)s said whose a value was that a monitor took back (%(patient)s)."),
        "monitor.renamed": _("%(who)s renamed a monitor: %(name)s."),
        "monitor.retired": _("%(who)s retired a monitor."),
        "monitor.put_on": _("%(who)s put a monitor on %(patient)s."),
        "monitor.taken_off": _("%(who)s took a monitor off %(patient)s."),
        "monitor.told_patient": _("The monitor %(who)s asked for its patients and was told the number of %(patient)s."),
    },
)
