"""What the dosing rules say against the dose of a session: as it was drawn up, and as more of it is let in.

Sentences of the dosing rules are filled by ``say``, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sojourn.clinical import dosing
from sojourn.clinical.administration import Delivered, HistoryRefused
from sojourn.clinical.administration.charted import Dose, Prepared, ran_minutes
from sojourn.clinical.protocol.guards import GuardReason
from sojourn.clinical.protocol.states import State

Say = Callable[[dosing.DoseReason], str]

DAY: Final = timedelta(hours=24)
UNKNOWN: Final = "What went in so far cannot be worked out from the steps that were recorded. Stop, and ask."
ABOVE_DAY: Final = "With what was given in the last 24 hours this dose is more than the highest dose for a day."
FASTER: Final = "{rate:g} mL/h is faster than the rate that two people checked, {checked:g} mL/h."
WEIGHT_CHANGED: Final = (
    "The newest weight, {new:g} kg, differs by more than {most:g} % from the weight of the plan, {plan:g} kg."
)
PLAN_ANEW: Final = (
    "The newest weight, {new:g} kg, differs by more than {most:g} % from the weight of the plan, {plan:g} kg. Sign the"
    " plan anew with it."
)
SENTENCES: Final = (UNKNOWN, ABOVE_DAY, FASTER, WEIGHT_CHANGED, PLAN_ANEW)


def reason_of(found: dosing.DoseReason, say: Say) -> GuardReason:
    """A reason of the dosing rules as one against a step."""
    return GuardReason(f"dose:{found.code}", "{sentence}", found.override, {"sentence": say(found)})


def given_of(dose: Dose, mg: Decimal | Fraction, weight_kg: Decimal | None) -> dosing.Given:
    """What went in of a dose, in quantities."""
    return dosing.Given(
        dose.drug, dose.route, dosing.Milligrams.of(mg),
        None if weight_kg is None else dosing.Kilograms.of(weight_kg),
        dosing.Minutes.of(dose.duration_min) if dose.duration_min else None,
    )  # fmt: skip


def of_the_last_day(
    dose: Dose, found: Delivered | HistoryRefused, weight_kg: Decimal | None, now: datetime, *, over: bool = True
) -> Iterator[dosing.Given]:
    """What another dose of this person gave, if it had not ended 24 hours ago.

    Where it is not ``over`` all that was planned counts: it may still go in. So it does where the history cannot have
    happened so.
    """
    if not over:
        yield given_of(dose, dose.dose_mg, weight_kg)
        return
    if not isinstance(found, Delivered):
        planned_end = dose.started_at + timedelta(minutes=float(dose.duration_min))
        if now - planned_end <= DAY:
            yield given_of(dose, dose.dose_mg, weight_kg)
        return
    last = found.last_given_at
    if last is not None and now - last <= DAY:
        yield given_of(dose, found.given_mg, weight_kg)


def drawn_of(prepared: Prepared) -> dosing.Drawn:
    """What somebody read off the vial and the syringe, in quantities."""

    def maybe(kind: Any, value: Any) -> Any:
        return None if value is None else kind.of(value)

    return dosing.Drawn(
        drug=prepared.drug, route=prepared.route, dose=dosing.Milligrams.of(prepared.dose_mg), lot=prepared.lot,
        expires_on=prepared.expires_on, stock=maybe(dosing.MgPerMl, prepared.stock_mg_per_ml),
        volume=maybe(dosing.Millilitres, prepared.drawn_ml), total=maybe(dosing.Millilitres, prepared.total_ml),
        over=maybe(dosing.Minutes, prepared.over_min), rate=maybe(dosing.MlPerHour, prepared.rate_ml_per_h),
        devices=prepared.devices,
    )  # fmt: skip


def as_drawn(
    ordered: dosing.Ordered, prepared: Prepared, rules: dosing.DoseRules, *, today: date,
    day: Sequence[dosing.Given] = (), first: dosing.FirstDose | None = None, weighed: dosing.Weight | None = None,
    weighed_on: date | None = None, say: Say,
) -> Iterator[GuardReason]:  # fmt: skip
    """What stands against a dose as it was drawn up, beside what the plan orders and the last ``day`` gave.

    ``weighed`` is the newest weight, whoever told it. Where it is below the plan's, the ceilings are asked of it.
    ``weighed_on`` is when the patient was last weighed: how old the weight is counts from then, not from the weight
    that the plan was signed with. As long as the newest is near the plan's, the signed dose stands.
    """
    ordered = _weighed_since(ordered, weighed_on)
    drawn, known = drawn_of(prepared), ordered.order.weight
    reasons = _refused(ordered, drawn, rules, today, day, first)
    if weighed is not None and known is not None:
        yield from weight_changed(weighed.kilograms, known, rules, by_weight=ordered.order.per_kg is not None)
        if weighed.kilograms < known.kilograms:
            lighter = replace(ordered, order=replace(ordered.order, weight=weighed))
            said = {each.code for each in reasons}
            found = _refused(lighter, drawn, rules, today, day, first)
            reasons += [each for each in found if each.code in _CEILINGS and each.code not in said]
    yield from (reason_of(each, say) for each in reasons)


def _weighed_since(ordered: dosing.Ordered, on: date | None) -> dosing.Ordered:
    known = ordered.order.weight
    if on is None or known is None or on <= known.measured_on:
        return ordered
    return replace(ordered, order=replace(ordered.order, weight=replace(known, measured_on=on)))


_CEILINGS: Final = frozenset(("above-ceiling", "above-day"))


def _refused(
    ordered: dosing.Ordered, drawn: dosing.Drawn, rules: dosing.DoseRules, today: date, day: Sequence[dosing.Given],
    first: dosing.FirstDose | None,
) -> list[dosing.DoseReason]:  # fmt: skip
    found = dosing.at_chair(ordered, drawn, rules, today=today, given_last_24h=day, first=first)
    return list(found.reasons) if isinstance(found, dosing.ChairRefused) else []


def weight_changed(
    weighed: dosing.Kilograms, plan: dosing.Weight, rules: dosing.DoseRules, *, by_weight: bool
) -> Iterator[GuardReason]:
    """Whether the newest weight is too far from the plan's (rule dose.weight_change). A dose ``by_weight`` was worked
    out from the other weight: the plan is signed anew. At any other dose a prescriber looks again."""
    if any(each.code == "changed" for each in dosing.weigh(weighed, plan, rules)):
        assert rules.weight_change is not None
        values = {"new": float(weighed.value), "plan": float(plan.kilograms.value)}
        most = float(rules.weight_change.most * 100)
        values |= {"most": most}
        if by_weight:
            yield GuardReason("weight-changed", PLAN_ANEW, "never", values)
        else:
            yield GuardReason("weight-changed", WEIGHT_CHANGED, "prescriber", values)


def as_it_runs(
    dose: Dose | None, found: Delivered | HistoryRefused | None, rules: dosing.DoseRules, *, state: State,
    wanted: Decimal | None, running: Decimal | None, weight_kg: Decimal | None, day: Sequence[dosing.Given] = (),
    lowered: dosing.Ordered | None = None, say: Say,
) -> Iterator[GuardReason]:  # fmt: skip
    """What stands against letting more of a dose in under the rules of now: a ceiling that was tightened meanwhile
    counts. ``wanted`` and ``running`` are rates in mL/h; ``lowered`` is what the plan orders, where it is another
    version than the one under which this dose was last let in."""
    if dose is None or not isinstance(found, Delivered):
        yield GuardReason("dose-unknown", UNKNOWN, "never")
        return
    if lowered is not None:
        yield from _beyond(dose, lowered, say)
    if wanted is not None and dose.rate_ml_per_h is not None and wanted > dose.rate_ml_per_h:
        rates = {"rate": float(wanted), "checked": float(dose.rate_ml_per_h)}
        yield GuardReason("faster-than-checked", FASTER, "prescriber", rates)
    if not dose.by_pump or wanted is None or found.given_ml is None:
        yield from _by_hand(dose, rules, [*day, given_of(dose, dose.dose_mg, weight_kg)], say)
        return
    rate = Decimal(0) if state is State.PAUSED or running is None else running
    pump = _pump(dose, found, found.given_ml, rate, weight_kg)
    change = dosing.rate_change(pump, dosing.MlPerHour.of(wanted), rules, given_last_24h=day)
    yield from (reason_of(each, say) for each in change.reasons)


def _beyond(dose: Dose, lowered: dosing.Ordered, say: Say) -> Iterator[GuardReason]:
    """Whether the dose is more than the plan orders by now, by more than its rounding."""
    prepared = dosing.Milligrams.of(dose.dose_mg)
    if prepared.value > lowered.dose.value + lowered.order.rounding.step.value:
        values = {"dose": prepared.text, "plan": lowered.dose.text}
        yield reason_of(dosing.DoseReason("beyond-rounding", "prescriber", values), say)


def _pump(dose: Dose, found: Delivered, given_ml: Fraction, rate: Decimal, weight_kg: Decimal | None) -> dosing.Running:
    concentration, volume = dose.mg_per_ml, found.start.volume_ml
    assert concentration is not None
    return dosing.Running(
        drug=dose.drug, route=dose.route, concentration=dosing.MgPerMl(concentration),
        remaining=dosing.Millilitres(volume - given_ml) if volume else dosing.Millilitres.of(0),
        given=dosing.Milligrams(found.given_mg), minutes=dosing.Minutes(ran_minutes(found)),
        rate=dosing.MlPerHour.of(rate), weight=None if weight_kg is None else dosing.Kilograms.of(weight_kg),
    )  # fmt: skip


def _by_hand(dose: Dose, rules: dosing.DoseRules, day: Sequence[dosing.Given], say: Say) -> Iterator[GuardReason]:
    if rules.ceiling_of(dose.route, dose.drug) is None:
        yield reason_of(dosing.DoseReason("no-ceiling", "never", {}), say)
    elif dosing.day_share(day, rules) > 1:
        yield GuardReason("above-day-now", ABOVE_DAY, "never")
