"""Other medicines that somebody gives in a session: oxygen, something against nausea, something for the pressure.

An interaction is shown and kept. It never prevents giving or writing down: in need the medicine comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import protocol_of
from sojourn.care.session.models import GivenMedicine
from sojourn.clinical import interactions
from sojourn.clinical.interactions import Interaction, together
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.foundation.rulebook.queries import interaction_rules
from sojourn.foundation.scope import SessionScope

UNITS: Final = ("mg", "ug", "g", "mL", "L/min", "{puff}", "{tablet}")
ROUTES: Final = ("iv", "im", "sc", "in", "sl", "oral", "inhaled", "skin")


def warnings(encounter: Encounter, name: str) -> Sequence[Interaction]:
    """What the clinic's rules say of a medicine beside the drug of this session. One query."""
    own = protocol_of(encounter)
    found = interactions.check(
        shipped.taken(name), interaction_rules(encounter.clinic_id), drug=own.drug, route=own.route
    )
    return [each for each in found if isinstance(each, Interaction) and each.severity != "none"]


@action("session.observe", locks=row(Encounter, "encounter_id"), audit="medicine.given")
def give_medicine(
    *, by: Actor, encounter_id: int, name: str, amount: Decimal | None, unit: str, route: str, note: str = "",
    key: UUID, given_at: datetime | None = None, now: datetime | None = None,
) -> GivenMedicine:  # fmt: skip
    """Chart a medicine as given, with its dose and route, by who gave it; also late, with both times.

    ``key`` is the form's own: sent twice, it is one medicine. Refused: name-missing, amount, unit, route, future,
    signed.
    """
    now = now or timezone.now()
    encounter, _newest = held_session(SessionScope(encounter_id))
    again = SessionScope(encounter.pk).rows(GivenMedicine).filter(key=key).first()
    if again is not None:
        return unchanged(again)
    name = fitting(GivenMedicine, "name", " ".join(name.split()))
    wrong = _faults(name, amount, unit, route, given_at, now)
    if encounter.signatures.exists():
        wrong["signed"] = _("The record is signed. Write an addendum instead.")
    if wrong:
        raise ActionRefused(*wrong.values(), codes=tuple(wrong))
    known = shipped.taken(name)
    warned = warnings(encounter, name)
    given = GivenMedicine.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, name=name,
        ingredient=fitting(GivenMedicine, "ingredient", together(tuple(each for each in known if each.known))),
        amount=amount, unit=unit, route=route, note=note.strip(),
        warned=[plain(each) for each in warned], key=key, given_at=given_at or now, recorded_at=now, by_id=by.member,
    )  # fmt: skip
    record(by, "medicine.given", encounter, ingredient=given.ingredient, warned=[each.rule_id for each in warned])
    announce(encounter)
    return given


def _faults(
    name: str, amount: Decimal | None, unit: str, route: str, given_at: datetime | None, now: datetime
) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not name:
        wrong["name-missing"] = _("Enter which medicine it was.")
    if amount is not None and amount <= 0:
        wrong["amount"] = _("An amount is more than nothing.")
    if amount is not None and unit not in UNITS:
        wrong["unit"] = _("Choose the unit of the amount.")
    if route not in ROUTES:
        wrong["route"] = _("Choose how it was given.")
    if given_at is not None and given_at > now:
        wrong["future"] = _("The time is in the future. Correct it.")
    return wrong


def plain(found: Interaction) -> dict[str, Any]:
    """A warning as it is kept beside the medicine that it spoke of."""
    return {
        "rule": found.rule_id, "medicine": found.medicine.shown, "version": found.version,
        "hash": found.rule_hash, "severity": found.severity,
        "title": found.title, "effect": found.effect, "action": found.action, "adopted": found.adopted,
        "verification": found.verification,
    }  # fmt: skip
