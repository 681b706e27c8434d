"""What the reader's kinds mean to a person. The kinds are stable; these sentences are translated."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAULTS: Final[dict[str, str | Promise]] = {
    "empty": _("An empty message came in."),
    "no_header": _("The message does not begin with its header (MSH)."),
    "no_type": _("The header does not say what kind of message it is."),
    "separators": _("The header names no usable separators."),
    "unsupported_type": _("Another kind of message than results (ORU^R01) came in."),
    "batch": _("A batch file without any message came in."),
    "query": _("A monitor asked for its patient on a line that may not ask."),
    "several_messages": _("Two messages came in one frame."),
    "several_patients": _("One message speaks of several patients."),
    "several_beds": _("One message speaks of several beds."),
    "too_many": _("One message holds too many values."),
    "garbage": _("Bytes came in that are no message."),
    "truncated": _("A message broke off before its end."),
    "unframed": _("A message came without its frame."),
    "oversize": _("A message is too long."),
    "reader_failed": _("Sojourn could not read a message. The bytes were kept."),
}

WARNINGS: Final[dict[str, str | Promise]] = {
    "charset": _("The text is not in the character set that the monitor declares."),
    "encoding_characters": _("The header names its separators incompletely."),
    "no_control_id": _("The message has no number of its own."),
    "no_observations": _("The message holds no values."),
    "nul": _("The message held zero bytes."),
    "stray_line": _("A line of the message is no segment."),
    "system_assumed": _("A code came without its coding system."),
    "time_ambiguous": _("A time falls in the hour that clocks repeat or skip."),
    "time_imprecise": _("A time is less exact than a minute and was not used."),
    "time_unreadable": _("A time could not be read and was not used."),
    "unit_assumed": _("A value came without its unit; the customary unit was taken."),
    "version": _("The message is of another HL7 version than 2.2 to 2.6."),
}

NOT_MEASURED: Final[dict[str, str | Promise]] = {
    "empty": _("no value sent"),
    "sentinel": _("no value (probe off)"),
    "cannot_obtain": _("the monitor cannot obtain a value"),
    "pending": _("not measured yet"),
    "not_asked": _("not measured"),
    "invalid": _("marked invalid by the monitor"),
    "calibrating": _("the sensor is being calibrated"),
    "out_of_range": _("no value (beyond what the monitor can show)"),
    "test": _("training or test data"),
}

UNMAPPED: Final[dict[str, str | Promise]] = {
    "unknown_code": _("unknown code"),
    "waveform": _("waveform"),
    "not_a_number": _("not a number"),
    "thousands": _("a comma that may stand for thousands or for decimals"),
    "range": _("a range instead of one number"),
    "ratio": _("a ratio instead of one number"),
    "unit": _("unit missing or not understood"),
    "code_and_name_disagree": _("code and name mean different things"),
    "status_order": _("marked as an order, not as a result"),
}

DOUBTS: Final[dict[str, str | Promise]] = {
    "questionable": _("marked questionable by the monitor"),
    "early": _("an early value, before the measurement has settled"),
    "ongoing": _("the measurement is still going on"),
    "bound": _("only a bound, not a value"),
    "rate": _("between 0 and 1 a minute"),
    "status": _("sent with a status that is not in the standard"),
}

WITHDRAWN: Final[dict[str, str | Promise]] = {
    "deleted": _("withdrawn by the monitor"),
    "wrong": _("withdrawn by the monitor as wrong, perhaps another patient's"),
}
