"""What somebody reads off the pump, or says was given, after the step: as long as nobody has signed the record."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter
from sojourn.care.session import charting, given, snapshot
from sojourn.care.session.models import DoseEvent
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical import administration
from sojourn.clinical.administration import Counted, HistoryRefused, StatedTotal
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import SessionScope, one_row


def against_reading(
    session: SessionSnapshot, *, remaining_ml: Decimal | None = None, given_mg: Decimal | None = None,
    at: datetime | None = None,
) -> ActionRefused | None:  # fmt: skip
    """Why a reading cannot be right ``at`` a moment (now); None where it can. No query.

    ``remaining_ml`` is what the pump or the syringe still holds, ``given_mg`` what was given in all, as base; one of
    the two. Whoever pauses or stops is never held up by it: the step is taken and the reading asked again.
    """
    dose = session.dose
    if dose is None or not session.steps:
        return ActionRefused(_("No dose is recorded as given."), codes=("no-dose-given",))
    event: Counted | StatedTotal
    if remaining_ml is not None and given_mg is None:
        event = Counted(id="reading", at=at or session.now, remaining_ml=Fraction(remaining_ml))
    elif given_mg is not None and remaining_ml is None:
        event = StatedTotal(id="reading", at=at or session.now, given_mg=Fraction(given_mg))
    else:
        return ActionRefused(_("Enter either what is left or what has been given."), codes=("reading-missing",))
    found = administration.accept(given.events_of(dose, session.steps, None), event, now=session.now)
    if isinstance(found, HistoryRefused):
        return ActionRefused(*(_(each.template) % each.values for each in found.reasons), codes=found.codes)
    return None


@action("session.observe", locks=row(Encounter, "encounter_id"), audit="dose.read_off")
def read_off(
    *, by: Actor, encounter_id: int, remaining_ml: Decimal | None = None, given_mg: Decimal | None = None,
    now: datetime | None = None,
) -> DoseEvent:  # fmt: skip
    """Write down a reading; the newest one counts, and every one stays. The same press twice is one reading.

    Refused: no-dose-given, signed, reading-missing, and the codes of clinical.administration.
    """
    now = now or timezone.now()
    encounter, _newest = held_session(SessionScope(encounter_id))
    if encounter.signatures.exists():
        raise ActionRefused(_("The record is signed. Write an addendum instead."), codes=("signed",))
    session = snapshot.load(SessionScope(encounter_id), now)
    refused = against_reading(session, remaining_ml=remaining_ml, given_mg=given_mg)
    if refused is not None:
        raise refused
    kind = "asked" if remaining_ml is None else "counted"
    last = session.steps[-1]
    if (last.kind, last.remaining_ml, last.mg) == (kind, remaining_ml, given_mg):
        return unchanged(one_row(DoseEvent, last.id).get())
    reading = charting.chart(by=by, session=session, kind=kind, at=now, remaining_ml=remaining_ml, mg=given_mg)
    record(by, "dose.read_off", encounter, kind=kind)
    announce(encounter)
    return reading
