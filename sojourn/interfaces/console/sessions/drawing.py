"""The dose before it is given: what the plan says, what two people wrote down, and where that stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.utils import formats
from django.utils.translation import gettext as _

from sojourn.care.encounter.actions import said
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session import order
from sojourn.care.session.given import Dose as GivenDose
from sojourn.care.session.given import Prepared
from sojourn.care.session.snapshot import Against
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.clinical.dosing import DRAWN_ROUTES
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.console.medicines import changed as medicines_changed
from sojourn.interfaces.console.plans.limits import notice_words
from sojourn.interfaces.console.sessions.presenters import milligrams
from sojourn.interfaces.console.sessions.standing import is_blind
from sojourn.interfaces.console.sessions.words import drug_word, route_word


@dataclass(frozen=True, slots=True)
class ReadingOff:
    """One thing that somebody read off. ``differs``: the other person read something else."""

    label: str
    value: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class DoseEntryView:
    """One person's entry of the dose, in words."""

    who: str
    at: datetime
    drug: str
    route: str
    dose_mg: str
    lot: str
    facts: tuple[ReadingOff, ...] = ()


@dataclass(frozen=True, slots=True)
class DoseNotice:
    """Something to know beside the dose. It holds nothing up."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Differed:
    """Two entries that differed, by whom and when; ``resolved`` once two people have read the dose again and agree."""

    one: str
    other: str
    at: datetime
    resolved: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """Where the dose stands for whoever looks: "prepare", "waits", "check", "differs", "checked", "given".

    In "check" nothing of the first entry is in here: the second person enters what they see. ``signs``: what a
    prescriber must sign for, in sentences with the dose's own figures.
    """

    stage: str
    planned: str
    drug: str
    route: str
    how: str = ""  # how the plan has it given: volume, rate and minutes
    first: DoseEntryView | None = None
    second: DoseEntryView | None = None
    preparer: str = ""
    signs: tuple[str, ...] = ()
    beside: tuple[DoseNotice, ...] = ()
    drawn_up: bool = True  # from a vial, rather than out of a pack
    differed: Differed | None = None


def dose(picture: Picture, actor: Actor, against: Against | None = None) -> Dose:
    """The dose as whoever looks may see it. Three queries at most, for what is said beside it."""
    version = against.version if against else None
    found = Dose(
        "prepare", milligrams(_planned_mg(picture, version)), drug_word(picture.protocol.drug),
        route_word(picture.protocol.route), how_planned(version), drawn_up=picture.protocol.route in DRAWN_ROUTES,
    )  # fmt: skip
    if picture.doses:
        given = picture.doses[0]
        return replace(found, stage="given", first=_entry(given.by, given.started_at, given))
    found = replace(found, beside=tuple(_beside(picture, against)), differed=_differed(picture))
    if (differ := picture.double_check.differ) is not None:
        one, other = differ.first, differ.second
        return replace(
            found, stage="differs", first=_entry(one.by, one.at, one, other),
            second=_entry(other.by, other.at, other, one),
        )  # fmt: skip
    ready = picture.ready_dose
    if ready is None:
        return found
    if is_blind(picture, actor):
        return replace(found, stage="check", preparer=ready[0].by)
    first, second = ready
    found = replace(found, stage="waits", first=_entry(first.by, first.at, first), signs=tuple(_signs(against)))
    if second is None:
        return found
    return replace(found, stage="checked", second=_entry(second.by, second.at, second))


def _differed(picture: Picture) -> Differed | None:
    read = picture.double_check
    pair = read.unresolved or read.resolved
    if pair is None:
        return None
    return Differed(pair.first.by, pair.second.by, pair.second.at, resolved=read.unresolved is None)


def _planned_mg(picture: Picture, version: PlanVersion | None) -> Decimal:
    if version is not None and version.dose_mg is not None:
        return version.dose_mg
    return picture.encounter.care_plan.dose_mg


def how_planned(version: PlanVersion | None) -> str:
    """ "0.7 mL of 50 mg/mL made up to 50 mL, 75 mL/h for 40 min", as far as the plan says it; else ""."""
    if version is None:
        return ""
    worked = {each["step"]: milligrams(Fraction(each["result"][0])) for each in version.working}
    parts = []
    if version.stock_mg_per_ml is not None and "volume" in worked:
        values = {"ml": worked["volume"], "stock": milligrams(version.stock_mg_per_ml, 3)}
        if version.total_ml is None:
            parts.append(_("%(ml)s mL of %(stock)s mg/mL") % values)
        else:
            values["total"] = milligrams(version.total_ml)
            parts.append(_("%(ml)s mL of %(stock)s mg/mL made up to %(total)s mL") % values)
    if version.over_min is not None:
        minutes = milligrams(version.over_min)
        if "rate" in worked:
            parts.append(_("%(rate)s mL/h for %(minutes)s min") % {"rate": worked["rate"], "minutes": minutes})
        else:
            parts.append(_("over %(minutes)s min") % {"minutes": minutes})
    return ", ".join(parts)


def _signs(against: Against | None) -> Iterator[str]:
    return (said(each) for each in (against.dose if against else ()) if each.override == "prescriber")


def _beside(picture: Picture, against: Against | None) -> Iterator[DoseNotice]:
    """Medicines that are new since the decision, and what the body mass says of the dose."""
    if against is None:
        return
    for each in order.notices(picture, against.version):
        yield DoseNotice(_("Body mass"), notice_words(each))
    for sentence in medicines_changed.sentences(against.changed):
        yield DoseNotice(_("Medicines that changed"), sentence)
    grave, slight = medicines_changed.by_weight(against.notices)
    for one in grave:
        title = f"{_(one.title)}: {', '.join(one.medicines)}" if one.medicines else _(one.title)
        yield DoseNotice(title, " ".join((_(one.statement), _(one.advice))))
    if slight:
        yield DoseNotice(_("Also new"), medicines_changed.in_one_line(slight))


# ---------------------------------------------------------------- an entry in words


def _entry(who: str, at: datetime, one: Prepared | GivenDose, other: Prepared | None = None) -> DoseEntryView:
    facts = tuple(_facts(one, other))
    return DoseEntryView(who, at, drug_word(one.drug), route_word(one.route), milligrams(one.dose_mg), one.lot, facts)


def _facts(one: Prepared | GivenDose, other: Prepared | None) -> Iterator[ReadingOff]:
    for name, label, unit in _read_off():
        value = getattr(one, name, None)
        beside = None if other is None else getattr(other, name, None)
        if value in (None, "") and beside in (None, ""):
            continue
        yield ReadingOff(label, f"{_written(value)} {unit}".strip(), other is not None and _differ(value, beside))


def _read_off() -> Iterator[tuple[str, str, str]]:
    """What is read off, in the order in which it is read: field, label and unit."""
    yield "drug", _("Drug"), ""
    yield "dose_mg", _("Dose"), _("mg as base")
    yield "stock_mg_per_ml", _("Concentration on the vial"), "mg/mL"
    yield "drawn_ml", _("Drawn up"), "mL"
    yield "total_ml", _("Made up to"), "mL"
    yield "over_min", _("Runs over"), "min"
    yield "rate_ml_per_h", _("Pump rate"), "mL/h"
    yield "devices", _("Spray devices"), ""
    yield "lot", _("Lot"), ""
    yield "expires_on", _("Expires on"), ""
    yield "vial", _("Vial or device number"), ""


def _written(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return milligrams(value, 3)
    if isinstance(value, date):
        return str(formats.date_format(value, "j M Y"))
    return drug_word(str(value))


def _differ(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.upper() != other.upper()
    return one != other
