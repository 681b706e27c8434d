"""What the session pages say: labels of states, steps, events, and what to do about a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.vitals.clock import BELIEVED
from sojourn.clinical.protocol import State
from sojourn.foundation.clock import page_local

Words = Mapping[str, StrPromise]

STATES: Final[Mapping[State, StrPromise]] = {
    State.PLANNED: gettext_lazy("expected"),
    State.ARRIVED: gettext_lazy("being checked"),
    State.CHECKED: gettext_lazy("ready for the dose"),
    State.DOSING: gettext_lazy("the dose is running"),
    State.PAUSED: gettext_lazy("the dose is paused"),
    State.OBSERVING: gettext_lazy("being observed"),
    State.READY_TO_LEAVE: gettext_lazy("ready to leave"),
    State.LEFT: gettext_lazy("has left"),
    State.STOPPED_EARLY: gettext_lazy("stopped early"),
    State.DID_NOT_ATTEND: gettext_lazy("did not attend"),
    State.CANCELLED: gettext_lazy("cancelled"),
}

DRUGS: Final[Words] = {
    "ketamine": gettext_lazy("Ketamine"),
    "esketamine": gettext_lazy("Esketamine"),
}

ROUTES: Final[Words] = {
    "iv": gettext_lazy("into a vein (IV)"),
    "im": gettext_lazy("into a muscle (IM)"),
    "sc": gettext_lazy("under the skin (SC)"),
    "in": gettext_lazy("into the nose (IN)"),
    "sl": gettext_lazy("under the tongue (SL)"),
    "oral": gettext_lazy("by mouth"),
    "film": gettext_lazy("film in the mouth"),
}

# How the items of a checklist are laid out; an item that is not named here comes under the last heading.
GROUPS: Final[tuple[tuple[StrPromise, tuple[str, ...]], ...]] = (
    (gettext_lazy("The right person, who still wants it"), ("identity", "consent")),
    (
        gettext_lazy("Safe today"),
        ("fasting", "allergies", "medicines", "intoxication", "pregnancy", "suicide_risk"),
    ),
    (gettext_lazy("Measured"), ("weight", "blood_pressure", "saturation")),
    (gettext_lazy("The room and the ride home"), ("emergency", "staff", "escort", "no_driving")),
    (gettext_lazy("Also"), ()),
)

# The figures that every page of a session keeps in sight, by the board's tiles.
TILE_NAMES: Final[Words] = {
    "hr": gettext_lazy("Heart rate"),
    "bp": gettext_lazy("Blood pressure"),
    "spo2": gettext_lazy("Saturation"),
    "rr": gettext_lazy("Breathing"),
    "etco2": gettext_lazy("EtCO₂"),
}

# What an alarm says where no value set it off.
WHY: Final[Words] = {
    "silent": pgettext_lazy("alarm", "no reading"),
    "no-good-value": pgettext_lazy("alarm", "nothing that can be believed"),
    "withdrawn-by-monitor": pgettext_lazy("alarm", "withdrawn by the monitor"),
    "not-acknowledged-in-time": pgettext_lazy("alarm", "nobody has answered"),
}


def drug_word(code: str) -> str:
    return str(DRUGS.get(code, code))


def route_word(code: str) -> str:
    return str(ROUTES.get(code, code))


def time_word(at: datetime) -> str:
    """14:05 in the clinic's zone."""
    return formats.date_format(page_local(at), "H:i")


def span_word(length: timedelta) -> str:
    """A stretch of time as it was: 45 seconds, 7 min 20 s, 2 hours, 1 h 30 min, 3 days, 2 d 4 h.

    Nothing is rounded up: half an hour of observation that is not over is never called one that is.
    """
    seconds = int(abs(length.total_seconds()))
    if seconds < 90:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds < 3600:
        whole = ngettext("%(n)d minute", "%(n)d minutes", seconds // 60)
        return _whole_or_both(divmod(seconds, 60), whole, _("%(n)d min %(rest)d s"))
    if seconds < 36 * 3600:
        whole = ngettext("%(n)d hour", "%(n)d hours", seconds // 3600)
        return _whole_or_both(divmod(seconds // 60, 60), whole, _("%(n)d h %(rest)d min"))
    whole = ngettext("%(n)d day", "%(n)d days", seconds // 86400)
    return _whole_or_both(divmod(seconds // 3600, 24), whole, _("%(n)d d %(rest)d h"))


def _whole_or_both(parts: tuple[int, int], whole: str, both: str) -> str:
    n, rest = parts
    return (both if rest else whole) % {"n": n, "rest": rest}


def skew_word(skew_s: float | None) -> str:
    """What is worth saying about a monitor's clock; "" while it is believed."""
    if skew_s is None or abs(skew_s) <= BELIEVED.total_seconds():
        return ""
    values = {"span": span_word(timedelta(seconds=skew_s))}
    if skew_s > 0:
        return _("This monitor's clock is %(span)s ahead; the chart is corrected.") % values
    return _("This monitor's clock is %(span)s behind; the chart is corrected.") % values


# A guard's reason by its code, or by what stands before the colon: what to do, and where.
TO_DO: Final[Mapping[str, tuple[StrPromise, str]]] = {
    "protocol-not-adopted": (gettext_lazy("A prescriber reads and adopts it on the page of rules."), "console:rules"),
    "weight": (gettext_lazy("Say that you have read the scale, or type it again."), "#item-weight"),
    "alarms-not-adopted": (gettext_lazy("A prescriber decides about it on the page of rules."), "console:rules"),
    "floor-not-stated": (gettext_lazy("A prescriber states it: the first start shows where."), "console:first_start"),
    "below-floor": (
        gettext_lazy("Treat the patient. If the reading is wrong, measure again."),
        "console:session_values",
    ),
    "above-floor": (
        gettext_lazy("Treat the patient. If the reading is wrong, measure again."),
        "console:session_values",
    ),
    # what other rooms say
    "decision": (gettext_lazy("A prescriber decides on the candidacy page."), "console:candidacy"),
    "agreement": (gettext_lazy("Look at the agreements."), "console:patient_consents"),
    "consent-withdrawn": (
        gettext_lazy("No dose is given. Talk with the patient, and look at the agreements."),
        "console:patient_consents",
    ),
    "plan-missing": (gettext_lazy("A prescriber signs a plan."), "console:plan"),
    "plan-other": (gettext_lazy("A prescriber signs a plan for this drug and route."), "console:plan"),
    "plan-ended": (gettext_lazy("A prescriber signs a new plan."), "console:plan"),
    "plan-used-up": (gettext_lazy("A prescriber signs a plan with more sessions."), "console:plan"),
    "plan-review": (gettext_lazy("A prescriber reviews the plan and signs it again."), "console:plan"),
    "plan-review-day": (gettext_lazy("A prescriber reviews the plan and signs it again."), "console:plan"),
    "rule": (gettext_lazy("Look at it on the candidacy page."), "console:candidacy"),
    "allergy": (gettext_lazy("Check what the reaction was, on the candidacy page."), "console:candidacy"),
    "capacity": (gettext_lazy("Assess it again another day, on the candidacy page."), "console:candidacy"),
    "expired": (gettext_lazy("Ask or measure it again, and enter it on the candidacy page."), "console:candidacy"),
    "not-asked": (gettext_lazy("Answer it in the checklist, or enter it on the candidacy page."), "console:candidacy"),
    "interaction": (gettext_lazy("Ask a prescriber to look at the medicines."), "console:candidacy"),
    # the dose in the hand, and the pump
    "dose:beyond-rounding": (gettext_lazy("Ask a prescriber to open this session and sign it."), "#dose"),
    "dose:minutes-shorter": (gettext_lazy("Ask a prescriber to open this session and sign it."), "#dose"),
    "dose:weight-stale": (gettext_lazy("Weigh the patient, and enter it in the checklist."), "#item-weight"),
    "weight-changed": (
        gettext_lazy("A prescriber signs a new version of the plan with the new weight."),
        "console:plan",
    ),
    "dose:no-ceiling": (gettext_lazy("A prescriber adopts a highest dose on the page of rules."), "console:rules"),
    "dose": (gettext_lazy("Look at the dose again."), "#dose"),
    "dose-unknown": (gettext_lazy("Read off the pump what is left, and ask a prescriber."), "#dose"),
    "above-day-now": (gettext_lazy("Nothing more is given today."), "#dose"),
    "rate-missing": (gettext_lazy("Type the rate that is set on the pump."), "#rate"),
    "not-lower": (gettext_lazy("Look at the rate that runs now."), "#rate"),
    "not-higher": (gettext_lazy("Look at the rate that runs now."), "#rate"),
    # the session itself
    "check-missing": (gettext_lazy("Answer it on this page."), "#item"),
    "check-failed:suicide_risk": (
        gettext_lazy("Stay with the patient. A prescriber sees them before anything else."),
        "#item",
    ),
    "check-failed:no_crisis": (
        gettext_lazy("Stay with the patient. A prescriber sees them before anything else."),
        "#item",
    ),
    "check-failed": (gettext_lazy("Put it right and answer again, or ask a prescriber."), "#item"),
    "baseline-missing": (gettext_lazy("Measure the blood pressure."), "console:session_values"),
    "vitals-missing": (gettext_lazy("Measure it now."), "console:session_values"),
    "vitals-old": (gettext_lazy("Measure it again."), "console:session_values"),
    "missing": (gettext_lazy("Enter it now."), "console:session_values"),
    "low": (gettext_lazy("Wait and measure again."), "console:session_values"),
    "hold": (gettext_lazy("Let the patient rest, then measure again."), "console:session_values"),
    "bp-unknown": (gettext_lazy("Measure the blood pressure."), "console:session_values"),
    "bp-outside": (gettext_lazy("Wait and measure again."), "console:session_values"),
    "bp-rising": (gettext_lazy("Wait and measure again."), "console:session_values"),
    "high-alarm-open": (
        gettext_lazy("Look at the patient; it ends with a reading within the limits."),
        "#live",
    ),
    "dose-not-recorded": (gettext_lazy("Prepare the dose and write it down."), "#dose"),
    "entries-differ": (
        gettext_lazy("Each reads the vial, the syringe and the pump again, on their own, and enters what they see."),
        "#dose",
    ),
    "second-check-missing": (gettext_lazy("Ask a second person to sign in and check it."), "#dose"),
    "observation-too-short": (gettext_lazy("Wait; the time that is left is shown above."), "#live"),
    "score-missing": (gettext_lazy("Score it now."), "#scores"),
    "score-too-low": (gettext_lazy("Wait and score again."), "#scores"),
    "aldrete-first": (gettext_lazy("Score Aldrete, then PADSS again."), "#scores"),
    "escort-not-named": (gettext_lazy("Name who takes the patient home."), "console:session_escort"),
    "escort-not-here": (gettext_lazy("Mark it when they have come."), "#escort"),
    "reason-missing": (gettext_lazy("Write it in the field for the reason."), "#reason"),
    "appointment-ahead": (gettext_lazy("Wait until the time of the appointment."), ""),
    "wrong-state": (gettext_lazy("Look at the current state of the session."), "#path"),
    "no-dose-given": (gettext_lazy("No dose was given: the patient may leave without observation."), "#path"),
    "dose-was-given": (gettext_lazy("Go on to observation."), "#path"),
}

# Pages of the clinic, and of the patient, not of the session, among the places of TO_DO.
OF_THE_CLINIC: Final = frozenset(("console:rules", "console:first_start"))
OF_THE_PATIENT: Final = frozenset(("console:candidacy", "console:patient_consents", "console:plan"))
