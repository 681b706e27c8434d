"""The dose while it goes in, and the line that remains of it: planned, given, wasted, still to account for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.session.given import Wasted
from sojourn.care.session.next_dose import parts_left
from sojourn.care.session.rows import WasteRow
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.clinical import alarms
from sojourn.clinical.administration import ChartingReason, Delivered, HistoryRefused, Means, Method, NeverGiven, Phase
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.clinical.rules import Parameter, Rule
from sojourn.clinical.units import unit
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.rulebook.queries import acting_rules, ids_of
from sojourn.interfaces.console.sessions.forms import LABELS
from sojourn.interfaces.console.sessions.presenters import milligrams, waste_words


def _told(reasons: Iterable[ChartingReason]) -> list[str]:
    return [_(each.template) % each.values for each in reasons]


# ---------------------------------------------------------------- while it runs


@dataclass(frozen=True, slots=True)
class Running:
    """The dose at this moment. Rates are "" where no pump gives it; ``ends_at`` is None while nothing runs.

    ``unknown``: why it cannot be worked out, in sentences; the figures then say nothing.
    """

    planned: str
    given: str
    drug: str
    rate: str
    mg_per_h: str
    ends_at: datetime | None
    paused_since: datetime | None
    empty: bool
    parts: tuple[int, int] | None  # spray devices given, of how many
    part_mg: str
    parts_left: int
    unknown: list[str]


def running(picture: Picture) -> Running | None:
    """None unless a dose is under way. No query."""
    dose, found = picture.dose, picture.delivered
    if dose is None or picture.state not in UNDER_WAY:
        return None
    rate, concentration = picture.rate_ml_per_h, dose.mg_per_ml
    left = parts_left(picture)
    shown = Running(
        planned=milligrams(dose.dose_mg),
        given="–",
        drug=dose.drug,
        rate=_mg_or_none(rate),
        mg_per_h=milligrams(concentration * Fraction(rate), 1) if rate is not None and concentration else "",
        ends_at=None,
        paused_since=picture.current.at if picture.state is State.PAUSED else None,
        empty=False,
        parts=(dose.devices - left, dose.devices) if dose.devices else None,
        part_mg=_mg_or_none(picture.part_mg),
        parts_left=left,
        unknown=_told(found.reasons) if isinstance(found, HistoryRefused) else [],
    )
    if not isinstance(found, Delivered):
        return shown
    empty = found.phase is Phase.EMPTY
    return replace(shown, given=milligrams(found.given_mg), ends_at=found.would_end_at, empty=empty)


def _mg_or_none(amount: Decimal | None) -> str:
    return "" if amount is None else milligrams(amount)


# ---------------------------------------------------------------- what the alarm rules say of pausing


def instructions(picture: Picture) -> dict[str, list[str]]:
    """What the clinic's alarm rules say when to pause and when to stop: by "pause" and "stop", one line each, with the
    clinic's own numbers. One query."""
    acting = acting_rules(picture.encounter.clinic_id, only=ids_of(*alarms.KINDS))
    own, found = picture.protocol, {"pause": list[str](), "stop": list[str]()}
    for rule in acting.values():
        if own.route not in rule.fact("routes") or own.drug not in rule.fixed.get("drugs", (own.drug,)):
            continue
        for step, line in _instructions(rule):
            found[step].append(line)
    return found


def _instructions(rule: Rule) -> Iterator[tuple[str, str]]:
    """A rule's own words: a limit is labelled "Pause above" or "Stop below"; a rise says it in its statement."""
    code = str(rule.fact("vitals")[0])
    name = LABELS.get(code) or _(VITALS[code].label)
    limits = [each for each in rule.parameters.values() if each.label.startswith(("Pause ", "Stop "))]
    for each in limits:
        yield each.label.partition(" ")[0].lower(), _("%(vital)s: %(limit)s") % {"vital": name, "limit": _limit(each)}
    if not limits and rule.statement.startswith("Pause the dose"):
        parts = ", ".join(map(_limit, rule.parameters.values()))
        yield "pause", _("%(vital)s: %(limit)s") % {"vital": _(rule.title), "limit": parts}


def _limit(each: Parameter) -> str:
    display = unit(each.unit).display if each.unit else ""
    label = _(each.label)
    return f"{label[:1].lower()}{label[1:]} {each.value:g} {display}".strip()


# ---------------------------------------------------------------- the line afterwards

METHODS: Final[Mapping[Method, StrPromise]] = {
    Method.COMPUTED: gettext_lazy("computed from pump rate and minutes"),
    Method.COUNTED: gettext_lazy("read off the pump"),
    Method.ASKED: gettext_lazy("as told"),
}


@dataclass(frozen=True, slots=True)
class WasteLine:
    """A waste. ``witness``: who saw it, "" while nobody has. ``mine``: whoever looks threw it away."""

    id: int
    mg: str
    how: str
    at: datetime
    by: str
    witness: str
    mine: bool


@dataclass(frozen=True, slots=True)
class StruckWaste:
    """A waste that was struck as entered in error: it does not count, and is not gone."""

    words: str
    detail: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where the milligrams of a dose are. ``left``: still to account for, "" where nothing is. ``asks``: "remaining"
    (millilitres in the pump) or "given" (milligrams), as it can be told of this dose; "" where nothing can be told."""

    planned: str
    given: str
    method: StrPromise
    wasted: str
    left: str
    left_mg: Decimal
    complete: bool
    needs: list[str]
    discrepancies: list[str]
    wastes: list[WasteLine]
    asks: str
    struck: tuple[StruckWaste, ...] = ()


# What the rows beside the line say already: who has not witnessed, what is still to account for.
_SAID_ELSEWHERE: Final = frozenset(("waste-unwitnessed", "milligrams-missing"))


def accounting(picture: Picture, actor: Actor) -> Accounting | None:
    """Planned, given, wasted and what is left of a dose; of one that was drawn up and never begun, as well. None where
    nothing was prepared and nothing thrown away. No query."""
    found = _accounting(picture, actor)
    return found and replace(found, struck=tuple(_struck(picture)))


def _struck(picture: Picture) -> Iterator[StruckWaste]:
    for each in picture.struck:
        if isinstance(each.what, WasteRow):
            words, detail = waste_words(each.what)
            yield StruckWaste(words, detail, each.strike.reason, each.strike.by, each.strike.at)


def _accounting(picture: Picture, actor: Actor) -> Accounting | None:
    dose, found = picture.dose, picture.delivered
    if dose is None:
        return _never_given(picture, actor)
    if not isinstance(found, Delivered):
        return _not_worked_out(picture, actor, dose.dose_mg, found)
    balance = picture.went_in[0].balance
    assert balance is not None
    left = balance.to_waste_mg
    return Accounting(
        planned=milligrams(found.planned_mg),
        given=milligrams(balance.given_mg),
        method=METHODS[found.method] if picture.steps else gettext_lazy("taken to have run evenly"),
        wasted=milligrams(balance.wasted_mg),
        left=milligrams(left) if left > 0 else "",
        left_mg=left,
        complete=balance.complete,
        needs=_told(found.needs),
        discrepancies=_told(each for each in balance.discrepancies if each.code not in _SAID_ELSEWHERE),
        wastes=[_waste(each, actor) for each in picture.wasted],
        asks="remaining" if found.start.means is Means.PUMP else "given",
    )


def _never_given(picture: Picture, actor: Actor) -> Accounting | None:
    """What was drawn up went into nobody: all of it is to be thrown away before a witness, or given back."""
    entry = picture.drawn_up
    if entry is None and not picture.wasted:
        return None
    found = NeverGiven.of(
        None if entry is None else entry.drawn_mg or entry.dose_mg,
        [each.mg for each in picture.wasted],
        witnessed=all(each.witness for each in picture.wasted),
    )
    return Accounting(
        planned=milligrams(entry.dose_mg) if entry else "0",
        given="0",
        method=gettext_lazy("the dose was never begun"),
        wasted=milligrams(found.wasted_mg),
        left=milligrams(found.left_mg) if found.left_mg > 0 else "",
        left_mg=found.left_mg,
        complete=found.complete,
        needs=[],
        discrepancies=[] if found.too_much_mg is None else [
            _("%(mg)s mg more were thrown away than were drawn up.") % {"mg": milligrams(found.too_much_mg)}
        ],
        wastes=[_waste(each, actor) for each in picture.wasted],
        asks="",
    )  # fmt: skip


def _not_worked_out(
    picture: Picture, actor: Actor, planned_mg: Decimal, found: HistoryRefused | None
) -> Accounting:  # fmt: skip
    """The steps cannot have happened as they were charted: what went in is open, what was thrown away is not."""
    return Accounting(
        planned=milligrams(planned_mg), given="–", method=gettext_lazy("cannot be worked out"),
        wasted=milligrams(_thrown(picture)), left="", left_mg=Decimal(0), complete=False, needs=[],
        discrepancies=_told(found.reasons) if found is not None else [],
        wastes=[_waste(each, actor) for each in picture.wasted], asks="",
    )  # fmt: skip


def _thrown(picture: Picture) -> Decimal:
    return sum((each.mg for each in picture.wasted), Decimal(0))


def _waste(each: Wasted, actor: Actor) -> WasteLine:
    return WasteLine(
        each.id, milligrams(each.mg), each.how, each.at, each.by, each.witness, each.by_person_id == actor.person_id
    )  # fmt: skip
