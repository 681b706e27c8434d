"""Milligrams that were drawn up and went into nobody: recorded by one person, witnessed by another.

Neither is ever refused because something has lapsed: a lost milligram that cannot be written down is lost twice.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter
from sojourn.care.session.models import StruckKind, Waste, WasteWitness
from sojourn.care.session.queries import strikes_of
from sojourn.clinical.administration.charted import two_people, waste_fault
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, action, row, rows, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import SessionScope, clinic_rows, one_row, rows_of


def _faults() -> dict[str, str]:
    return {
        "not-positive": _("Enter how many milligrams were thrown away."),
        "too-fine": _("Enter milligrams with no more than two decimals."),
    }


@action("session.observe", locks=row(Encounter, "encounter_id"), audit="dose.wasted")
def waste(
    *, by: Actor, encounter_id: int, mg: Decimal, how: str = "", key: UUID, at: datetime | None = None,
    now: datetime | None = None,
) -> Waste:  # fmt: skip
    """Record that milligrams of base were thrown away. ``key`` is the form's own: sent twice, it is one waste.

    Refused: not-positive, too-fine, future, signed.
    """
    now = now or timezone.now()
    encounter, _newest = held_session(SessionScope(encounter_id))
    again = SessionScope(encounter.pk).rows(Waste).filter(key=key).first()
    if again is not None:
        return unchanged(again)
    if fault := waste_fault(mg):
        raise ActionRefused(_faults()[fault], codes=(fault,))
    if at is not None and at > now:
        raise ActionRefused(_("The time is in the future. Correct it."), codes=("future",))
    if encounter.signatures.exists():
        raise ActionRefused(_("The record is signed. Write an addendum instead."), codes=("signed",))
    wasted = Waste.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, mg=mg,
        how=fitting(Waste, "how", how.strip()), key=key,
        at=at or now, by_id=by.member,
    )  # fmt: skip
    record(by, "dose.wasted", encounter, mg=str(mg))
    announce(encounter)
    return wasted


def _session_of_waste(_by: Actor, asked: Arguments) -> QuerySet[Encounter]:
    return rows_of(Encounter, SessionScope, one_row(Waste, asked["waste_id"]).values("encounter_id"))


@action("session.observe", locks=rows(Encounter, "waste_id", where=_session_of_waste), audit="dose.waste_witnessed")
def witness(*, by: Actor, waste_id: int, now: datetime | None = None) -> WasteWitness:
    """A second person, signed in as themselves, saw it. The same press twice is one witness.

    Refused: own-waste (a second role is no second pair of eyes), struck (as entered in error), witnessed (by somebody
    else already).
    """
    wasted = one_row(Waste, waste_id).select_related("by", "encounter").get()
    if not two_people(wasted.by.person_id, by.person_id):
        raise ActionRefused(_("You threw it away yourself. Somebody else must witness it."), codes=("own-waste",))
    if strikes_of(StruckKind.WASTE, wasted.pk).exists():
        raise ActionRefused(_("This was struck as entered in error. There is nothing to witness."), codes=("struck",))
    before = clinic_rows(WasteWitness).filter(waste=wasted).first()
    if before is not None:
        if before.by_id == by.membership_id:
            return unchanged(before)
        raise ActionRefused(_("Somebody has witnessed this already."), codes=("witnessed",))
    witnessed = WasteWitness.objects.create(
        clinic_id=by.own_clinic_id, patient_id=wasted.patient_id, waste=wasted, at=now or timezone.now(),
        by_id=by.member,
    )  # fmt: skip
    record(by, "dose.waste_witnessed", wasted.encounter, mg=str(wasted.mg))
    announce(wasted.encounter)
    return witnessed
