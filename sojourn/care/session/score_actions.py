"""Recovery scores: item by item, added up by the rule. Whoever scores says what is as it was before the dose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.models import Encounter
from sojourn.care.session import snapshot
from sojourn.care.session.models import CheckResult
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical import recovery
from sojourn.clinical.current import rounded
from sojourn.clinical.protocol import FINAL
from sojourn.clinical.recovery import RecoveryScale, RecoveryScore, RecoveryScoreRefusal
from sojourn.clinical.recovery.scores import Item
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.scope import SessionScope

LONGEST_BEFORE: Final = 200  # letters of how it was before the dose


@action("session.check", locks=row(Encounter, "encounter_id"), audit="session.check")
def score(
    *,
    by: Actor,
    encounter_id: int,
    scale_id: str,
    answers: Mapping[str, recovery.Points],
    before: Mapping[str, str] | None = None,
    seen: int | None = None,
    now: datetime | None = None,
) -> CheckResult:
    """Record a recovery score ("padss", "aldrete") of a whole set of answers. The newest counts, all remain.

    ``before``: by item, how it was before the dose, for each that is answered "as before the dose": it stands in the
    record under the name of who scored. ``seen`` is the number of the state that the person looked at. Refused:
    overtaken, over, unknown-scale; "missing:x" and its like for answers that the rule does not take; "before-missing:x"
    where nobody said how it was, "baseline-missing:x" where it was not measured before the dose.
    """
    now = now or timezone.now()
    encounter, _newest = held_session(SessionScope(encounter_id), seen)
    session = snapshot.load(SessionScope(encounter_id), now)
    if session.state in FINAL:
        raise ActionRefused(_("This session is over."), codes=("over",))
    scale = scale_of(scale_id)
    found = scale.score(answers)
    if isinstance(found, RecoveryScoreRefusal):
        raise _not_scored(scale, found)
    parts = _parts(session, scale, found, before or {})
    reached = found.total >= session.protocol.number(f"{scale_id}_at_least")
    scored = CheckResult.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, item_id=scale_id,
        outcome="passed" if reached else "failed", value=str(found.total), note=parts, at=now, by_id=by.member,
    )  # fmt: skip
    record(by, "session.check", encounter, item=scale_id, passed=reached)
    return scored


def scale_of(scale_id: str) -> RecoveryScale:
    """A recovery score in its newest version. Refused: unknown-scale."""
    if scale_id not in recovery.SCALES:
        raise ActionRefused(_("There is no such score."), codes=("unknown-scale",))
    return recovery.read(released_rulebook().rule(scale_id))


def _not_scored(scale: RecoveryScale, found: RecoveryScoreRefusal) -> ActionRefused:
    """Every answer that is missing or that the rule does not take, by the name of its item."""
    labels = {each.id: _(each.label) for each in scale.items}
    said = []
    for reason in found.reasons:
        stem, _colon, item = reason.partition(":")
        words = _("Not answered yet: {item}. A score counts only as a whole.")
        if stem != "missing":
            words = _("This score does not take that answer: {item}.")
        said.append(words.format(item=labels.get(item, item)))
    return ActionRefused(*said, codes=found.reasons)


def _parts(session: SessionSnapshot, scale: RecoveryScale, found: RecoveryScore, before: Mapping[str, str]) -> str:
    """The score in words, item by item."""
    how = {item.id: _how(session, item, before) for item in scale.items if item.id in found.as_before}
    words = []
    for item in scale.items:
        part = f"{_(item.label)} {found.parts[item.id]}"
        if item.id in how:
            part += " (" + _("as before the dose: %(how)s") % {"how": how[item.id]} + ")"
        words.append(part)
    return " · ".join(words)


def _how(session: SessionSnapshot, item: Item, before: Mapping[str, str]) -> str:
    """How it was before the dose: as whoever scores says it, and what was measured then."""
    said = before.get(item.id, "").strip()[:LONGEST_BEFORE]
    if not said:
        words = _("Say how it was before the dose: {item}.").format(item=_(item.label))
        raise ActionRefused(words, codes=(f"before-missing:{item.id}",))
    return "; ".join((said, *(_measured(session, item, code) for code in item.before_reads)))


def _measured(session: SessionSnapshot, item: Item, code: str) -> str:
    vital, known = VITALS[code], session.newest.get(code)
    if known is None or known.baseline is None:
        words = _("It was not measured before the dose, so it cannot be as before: {vital}.")
        raise ActionRefused(words.format(vital=_(vital.label)), codes=(f"baseline-missing:{item.id}",))
    value = number_format(rounded(known.baseline, vital.places), vital.places)
    return _("%(vital)s before the dose %(value)s %(unit)s") % {
        "vital": _(vital.label), "value": value, "unit": vital.unit.display,
    }  # fmt: skip
