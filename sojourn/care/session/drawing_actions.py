"""The dose in the hand: written down by who prepares it and, unseen, by a second person; judged where it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import held_session, said
from sojourn.care.encounter.models import Encounter
from sojourn.care.session import snapshot
from sojourn.care.session.given import Prepared
from sojourn.care.session.models import DoseCheck
from sojourn.care.session.road import drawn_reasons
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical.administration import charted
from sojourn.clinical.administration.charted import same_dose, two_people
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import SessionScope


@dataclass(frozen=True, slots=True)
class DrawnDose:
    """What somebody reads off the vial, the syringe or the bag, the pump and the devices. Milligrams are base.

    ``stock_mg_per_ml`` is the concentration on the vial, ``drawn_ml`` what was drawn from it, ``total_ml`` what that
    was made up to (None: nothing was added), ``over_min`` and ``rate_ml_per_h`` what the pump is set to.
    """

    drug: str
    route: str
    dose_mg: Decimal
    lot: str
    vial: str = ""
    expires_on: date | None = None
    stock_mg_per_ml: Decimal | None = None
    drawn_ml: Decimal | None = None
    total_ml: Decimal | None = None
    over_min: Decimal | None = None
    rate_ml_per_h: Decimal | None = None
    devices: int | None = None

    @property
    def drawn_mg(self) -> Decimal:
        """What was taken out of the vial: by concentration and volume where they are known."""
        return charted.drawn_mg(self.dose_mg, self.stock_mg_per_ml, self.drawn_ml)


def _must_be_possible(drawn: DrawnDose, session: SessionSnapshot, by: Actor, now: datetime) -> None:
    """Raise Refused for a dose without milligrams or lot, or that the dosing rules never let pass."""
    if drawn.dose_mg <= 0:
        raise ActionRefused(_("The dose must be more than 0 mg."), codes=("no-dose",))
    if not drawn.lot.strip():
        raise ActionRefused(_("Enter the lot number printed on the vial or the device."), codes=("no-lot",))
    never = [each for each in drawn_reasons(session, _as_prepared(drawn, by, now)) if each.override == "never"]
    if never:
        raise ActionRefused(*map(said, never), codes=[each.code for each in never])


@action("session.second_check", locks=row(Encounter, "encounter_id"), audit="dose.checked")
def check_dose(
    *, by: Actor, encounter_id: int, drawn: DrawnDose, read_again: bool = False, now: datetime | None = None
) -> DoseCheck:  # fmt: skip
    """Write down the dose in the hand: first by who prepares it, then, unseen, by a second person.

    What the dosing rules never let pass is refused here, with the codes of its fields; what a prescriber may sign for
    is asked in the step that gives it. The second entry must match the first. Where it does not, both are kept and
    shown and neither counts: two people read the dose anew, and each says so (``read_again``), because both know the
    other's figures by then. Refused: late, no-dose, no-lot, read-again, plan-missing, and the codes of the dosing
    rules.
    """
    now = now or timezone.now()
    encounter, newest = held_session(SessionScope(encounter_id))
    if State(newest.state) not in {State.ARRIVED, State.CHECKED}:
        raise ActionRefused(_("A dose is prepared before it is given; this session is past that."), codes=("late",))
    session = snapshot.load(SessionScope(encounter_id), now)
    _must_be_possible(drawn, session, by, now)
    read = session.double_check
    if read.unresolved is not None and not read_again:
        raise ActionRefused(_("Two entries differed. Read everything again and say you have."), codes=("read-again",))
    entry = DoseCheck.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, drug=drawn.drug,
        route=drawn.route,
        dose_mg=drawn.dose_mg, drawn_mg=drawn.drawn_mg, lot=drawn.lot.strip(), vial=drawn.vial.strip(),
        expires_on=drawn.expires_on, stock_mg_per_ml=drawn.stock_mg_per_ml, drawn_ml=drawn.drawn_ml,
        total_ml=drawn.total_ml, over_min=drawn.over_min, rate_ml_per_h=drawn.rate_ml_per_h, devices=drawn.devices,
        at=now, by_id=by.member,
    )  # fmt: skip
    other = read.waiting if read.waiting is not None and two_people(read.waiting.person_id, by.person_id) else None
    record(
        by, "dose.checked", encounter, dose_mg=drawn.dose_mg, lot=drawn.lot.strip(),
        agrees=other is None or same_dose(other, entry), read_again=read_again,
    )  # fmt: skip
    return entry


def _as_prepared(drawn: DrawnDose, by: Actor, now: datetime) -> Prepared:
    return Prepared(
        drawn.drug, drawn.route, drawn.dose_mg, drawn.lot, now, by.person_id or 0, by.name, drawn.drawn_mg, drawn.vial,
        drawn.expires_on, drawn.stock_mg_per_ml, drawn.drawn_ml, drawn.total_ml, drawn.over_min, drawn.rate_ml_per_h,
        drawn.devices,
    )  # fmt: skip
