"""What was really given, in words: the one line, the steps of the pump, waste, and other medicines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.chart.content import witnessed_later
from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import ByHand, DoseStep, GivenDose, Signature, Strike, Wasted
from sojourn.clinical.administration import ChartingReason, Delivered, Method
from sojourn.clinical.administration.reasons import hundredths
from sojourn.interfaces.console.record.words import TimelineEntry, clock, day_and_clock, mg, who
from sojourn.interfaces.console.sessions.words import ROUTES, drug_word

_UNITS: Final[Mapping[str, StrPromise | str]] = {
    "ug": "µg", "{puff}": gettext_lazy("puffs"), "{tablet}": gettext_lazy("tablets"),
}  # fmt: skip
_MORE_ROUTES: Final[Mapping[str, StrPromise]] = {
    "inhaled": gettext_lazy("inhaled"),
    "skin": gettext_lazy("on the skin"),
}
_ICONS: Final = {
    "rate": "trending-up", "pause": "pause", "resume": "play", "stop": "octagon-pause", "end": "flag", "counted": "eye",
    "part": "syringe", "asked": "message-circle",
}  # fmt: skip
_AT_ONCE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class GivenRow:
    """Planned, given, wasted of one dose. ``line`` is one sentence, ``method`` how it is known, ``waste`` what was
    thrown away by whom."""

    title: str
    line: str
    method: str
    complete: bool
    waste: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(each for each in (self.line, self.method, *self.waste) if each)


@dataclass(frozen=True, slots=True)
class MedicineRow:
    """Another medicine that somebody gave."""

    at: datetime
    name: str
    amount: str
    route: str
    by: str
    notes: str


def given_rows(record: SessionRecord) -> list[GivenRow]:
    """The line of each dose; the waste of a session stands beside its first."""
    waste = tuple(_waste_line(each, record) for each in record.wasted)
    return [_row(each, waste if number == 0 else ()) for number, each in enumerate(record.given)]


def _row(given: GivenDose, waste: tuple[str, ...]) -> GivenRow:
    title = drug_word(given.dose.drug)
    line = given.line
    if line is None or not isinstance(given.delivered, Delivered):
        return GivenRow(title, _("What went in cannot be worked out."), "", False, waste)
    return GivenRow(title, ", ".join(_parts(given)) + ".", _method(given, given.delivered), line.complete, waste)


def _parts(given: GivenDose) -> Iterator[str]:
    line, sums = given.line, given.balance
    assert line is not None
    assert sums is not None
    yield _("Planned %(mg)s mg") % {"mg": mg(line.planned_mg)}
    if sums.drawn_mg is not None and sums.drawn_mg != line.planned_mg:
        yield _("drawn up %(mg)s mg") % {"mg": mg(sums.drawn_mg)}
    yield _("given %(mg)s mg") % {"mg": mg(line.given_mg)}
    yield _("wasted %(mg)s mg") % {"mg": mg(line.wasted_mg)}
    if sums.remaining_mg:
        yield _("still there %(mg)s mg") % {"mg": mg(sums.remaining_mg)}
    if line.unaccounted_mg:
        yield _("not accounted for %(mg)s mg") % {"mg": mg(line.unaccounted_mg)}
    elif line.complete:
        yield _("all accounted for")


def _method(given: GivenDose, found: Delivered) -> str:
    """How it is known. What was read or told counts; what rates and minutes say stands beside it."""
    if found.method is Method.COMPUTED:
        if given.told:
            return _("Worked out from the rates of the pump and the minutes that it ran.")
        return _("No step of this dose was recorded: it is taken to have run evenly until it was over.")
    by_rates = {"mg": mg(hundredths(found.computed_mg))}
    differs = hundredths(found.computed_mg) != hundredths(found.given_mg)
    if found.method is Method.COUNTED:
        if not differs:
            return _("Read off the pump or the syringe; the recorded steps say the same.")
        return _("Read off the pump or the syringe; by the recorded steps it would be %(mg)s mg.") % by_rates
    if differs and found.computed_mg:
        return _("As it was told; by the recorded steps it would be %(mg)s mg.") % by_rates
    return _("As those who gave it wrote it down.")


def _waste_line(wasted: Wasted, record: SessionRecord) -> str:
    words = _waste_words(wasted, record.signature)
    strike = record.struck.get(("waste", wasted.id))
    if strike is None:
        return words
    return " ".join((words, _("Entered in error; it does not count."), struck_words(strike)))


def struck_words(strike: Strike) -> str:
    """Who struck an entry as entered in error, when and why."""
    words = {"who": who(strike.by), "when": day_and_clock(strike.at), "why": strike.reason}
    return _("Struck by %(who)s on %(when)s: %(why)s") % words


def _waste_words(wasted: Wasted, signature: Signature | None) -> str:
    words = {"mg": mg(wasted.mg), "time": clock(wasted.at), "who": who(wasted.by)}
    if wasted.witnessed_at is None:
        return _("%(mg)s mg thrown away at %(time)s by %(who)s. No second person has witnessed it.") % words
    words |= {"witness": who(wasted.witness), "seen": clock(wasted.witnessed_at)}
    if witnessed_later(wasted, signature):
        words["seen"] = day_and_clock(wasted.witnessed_at)
        return (
            _("%(mg)s mg thrown away at %(time)s by %(who)s, witnessed after the signature by %(witness)s on %(seen)s.")
            % words
        )
    return _("%(mg)s mg thrown away at %(time)s by %(who)s, witnessed by %(witness)s at %(seen)s.") % words


def given_mg(given: GivenDose) -> str:
    """The milligrams that went in; "?" where that cannot be worked out."""
    return "?" if given.line is None else mg(given.line.given_mg)


def remarks(record: SessionRecord) -> list[str]:
    """What does not add up, or was never asked, each as a sentence."""
    found = []
    for each in record.given:
        if isinstance(each.delivered, Delivered):
            found += [_("Still to be asked: %(what)s") % {"what": said(one)} for one in each.delivered.needs]
            found += [said(one) for one in (each.balance.discrepancies if each.balance else ())]
        else:
            found += [said(one) for one in each.delivered.reasons]
    return found


def said(reason: ChartingReason) -> str:
    """A reason of the arithmetic in the reader's language."""
    return _(reason.template) % reason.values if reason.values else _(reason.template)


# ---------------------------------------------------------------- on the time axis


def step_entry(record: SessionRecord, step: DoseStep, number: str) -> TimelineEntry:
    """A step of the pump, or a part given."""
    details = []
    given = next((each for each in record.given if each.dose.id == step.dose_id), None)
    if step.remaining_ml is not None:
        details.append(_("%(ml)s mL were left.") % {"ml": mg(step.remaining_ml)})
    gone = given.gone_in_by(step.at) if given is not None else None
    if gone is not None and step.kind not in {"part", "asked"}:
        details.append(_("%(mg)s mg had gone in.") % {"mg": mg(gone)})
    if step.note:
        details.append(step.note)
    details.append(_written_down(who(step.by), step.at, step.recorded_at))
    return TimelineEntry(
        step.at, _ICONS.get(step.kind, "syringe"), step_word(step), tuple(details), "dose", number,
        grave=step.kind == "stop",
    )  # fmt: skip


def step_word(step: DoseStep) -> str:
    """What happened to the dose."""
    rate = None if step.rate_ml_per_h is None else mg(step.rate_ml_per_h)
    amount = None if step.mg is None else mg(step.mg)
    words = {
        "start": _("The dose began"),
        "rate": _("Rate set to %(rate)s mL/h") % {"rate": rate},
        "pause": _("Dose paused"),
        "resume": _("Dose resumed at %(rate)s mL/h") % {"rate": rate} if rate else _("Dose resumed"),
        "stop": _("Dose stopped"),
        "end": _("Dose ended"),
        "counted": _("Read off the pump"),
        "part": _("%(mg)s mg given") % {"mg": amount},
        "asked": _("Told: %(mg)s mg given in all") % {"mg": amount},
    }
    return words.get(step.kind, step.kind)


def waste_entry(wasted: Wasted, signature: Signature | None) -> TimelineEntry:
    """What was thrown away."""
    title = _("%(mg)s mg thrown away") % {"mg": mg(wasted.mg)}
    seen = _("No second person has witnessed it.")
    if wasted.witnessed_at is not None:
        words = {"who": who(wasted.witness), "time": clock(wasted.witnessed_at)}
        seen = _("Witnessed by %(who)s at %(time)s") % words
        if witnessed_later(wasted, signature):
            words["time"] = day_and_clock(wasted.witnessed_at)
            seen = _("Witnessed after the signature by %(who)s on %(time)s") % words
    details = tuple(each for each in (wasted.how, who(wasted.by), seen) if each)
    return TimelineEntry(wasted.at, "trash-2", title, details, "waste", grave=wasted.witnessed_at is None)


def medicine_entry(given: ByHand, number: str) -> TimelineEntry:
    """Another medicine that was given."""
    title = _("%(name)s given") % {"name": ", ".join(filter(None, (given.name, _amount(given), _route(given.route))))}
    details = [*_notes(given), _written_down(who(given.by), given.given_at, given.recorded_at)]
    return TimelineEntry(given.given_at, "pill", title, tuple(details), "medicine", number)


def _written_down(person: str, at: datetime, recorded_at: datetime) -> str:
    if recorded_at - at <= _AT_ONCE:
        return person
    return person + " " + _("(written down at %(time)s)") % {"time": clock(recorded_at)}


def medicines(record: SessionRecord) -> list[MedicineRow]:
    """What else was given, by time."""
    return [
        MedicineRow(
            each.given_at, each.name, _amount(each), _route(each.route),
            _written_down(who(each.by), each.given_at, each.recorded_at), " ".join(_notes(each)),
        )
        for each in record.by_hand
    ]  # fmt: skip


def _notes(given: ByHand) -> Iterator[str]:
    if given.note:
        yield given.note
    for each in given.warned:
        title, effect = (_(each[name]) if each.get(name) else "" for name in ("title", "effect"))
        yield _("Warned of: %(what)s") % {"what": ": ".join(filter(None, (title, effect)))}


def _amount(given: ByHand) -> str:
    if given.amount is None:
        return ""
    return f"{mg(Decimal(given.amount))}\u00a0{_UNITS.get(given.unit, given.unit)}"


def _route(code: str) -> str:
    return str({**ROUTES, **_MORE_ROUTES}.get(code, code))
