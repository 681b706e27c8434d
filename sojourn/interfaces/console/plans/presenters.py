"""A version of a plan in words and figures: its working, its range as a bar, and how it differs from the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.utils import formats
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.care.patients.models import Patient
from sojourn.care.plan import dose
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.dose import Doses
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.care.plan.parts import KINDS, PERIODS, goals, parts
from sojourn.clinical import dosing, pk
from sojourn.clinical.units import UnknownUnit, unit
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import page_day
from sojourn.interfaces.console.concentration import presenters as concentration
from sojourn.interfaces.console.concentration import words as concentration_words
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.rules.words import SHORT_MARKS
from sojourn.interfaces.console.sessions.words import DRUGS, ROUTES
from sojourn.interfaces.shared.days import day_words

if TYPE_CHECKING:
    from sojourn.interfaces.console.concentration.presenters import ExplorerAnswer

# Label of each step of the working, and the sum in which its figures stand.
STEPS: Mapping[str, tuple[StrPromise, str]] = {
    "dose": (gettext_lazy("Dose by weight"), "{0} × {1} = {r}"),
    "round_nearest": (gettext_lazy("Rounded to the nearest step"), "{0} → {r} ({1})"),
    "round_down": (gettext_lazy("Rounded down to a step"), "{0} → {r} ({1})"),
    "per_kg": (gettext_lazy("That is, for each kilogram"), "{0} ÷ {1} = {r}"),
    "salt": (gettext_lazy("The same as hydrochloride"), "{0} × {2} ÷ {1} = {r}"),
    "volume": (gettext_lazy("Drawn up"), "{0} ÷ {1} = {r}"),
    "dilute": (gettext_lazy("Diluent"), "{0} − {1} = {r}"),
    "concentration": (gettext_lazy("Concentration when made up"), "{0} ÷ {1} = {r}"),
    "rate": (gettext_lazy("Pump"), "{0} ÷ {1} = {r}"),
}
DIRECTIONS: Mapping[str, StrPromise] = {
    "nearest": gettext_lazy("to the nearest step, a half down"),
    "down": gettext_lazy("always down"),
}
_WIDE = 300.0


def number(value: Decimal | Fraction | str | None, places: int = 4) -> str:
    """A number as people read it, without zeros that say nothing."""
    if value is None:
        return "–"
    shown = round(Fraction(value), places)
    text = Decimal(shown.numerator) / Decimal(shown.denominator)
    return str(formats.number_format(text.normalize() if text % 1 else text.quantize(Decimal(1))))


def figure(text: str, code: str) -> str:
    """ "35 mg" from a stored number and its UCUM code."""
    try:
        display = unit(code).display
    except UnknownUnit:
        display = code
    return f"{number(text)} {display}"


@dataclass(frozen=True, slots=True)
class WorkingLine:
    """One line of the working."""

    name: str
    label: str
    words: str
    result: str


def working(version: PlanVersion) -> list[WorkingLine]:
    """The working of a version, as it is stored."""
    found = []
    for each in version.working:
        label, template = STEPS.get(each["step"], (each["step"], "{r}"))
        result = figure(*each["result"])
        found.append(
            WorkingLine(
                each["step"], str(label), template.format(*(figure(*one) for one in each["given"]), r=result), result
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Bar:
    """The studied range on a line from nothing upwards; positions in the units of the drawing (0 to 300)."""

    low_x: float
    wide: float
    at_x: float | None
    ticks: tuple[tuple[float, str], ...]
    words: str
    title: str
    source: str
    mark: str
    verified: bool
    waits: bool


def bar(
    version: PlanVersion, doses: Doses, found: dosing.DoseCalculation | dosing.DoseRefused | None
) -> Bar | None:  # fmt: skip
    """The range studied for the version's drug and route; None where the rulebook holds no numbers for them. ``found``
    is the dose as it was worked out."""
    worked = dose.calculated(found)
    known = doses.known.ranges_of(version.route, version.drug)
    studied = worked.studied if worked is not None and worked.studied is not None else next(iter(known), None)
    if studied is None:
        return None
    rule = studied.rule
    unmarked = Bar(
        low_x=0, wide=0, at_x=None, ticks=(), words=_(rule.statement), title=_(rule.title),
        source="; ".join(rule.sources), mark=str(SHORT_MARKS[rule.verification]),
        verified=rule.verification == "verified", waits=any(each.id == rule.id for each in doses.waiting),
    )  # fmt: skip
    chosen = version.per_kg if studied.basis == "mg/kg" else version.fixed_mg
    return unmarked if studied.low is None or studied.high is None else _marked(unmarked, studied, chosen)


def _marked(unmarked: Bar, studied: dosing.DoseRange, chosen: Decimal | None) -> Bar:
    """The bar with the range on it, what was studied in it, and what is ordered."""
    low, high = studied.low, studied.high
    assert low is not None
    assert high is not None
    end = max(high * Fraction(4, 3), Fraction(chosen or 0) * Fraction(11, 10))
    marks = sorted({low, high, *studied.doses, *([studied.usual] if studied.usual is not None else [])})

    def x(value: Fraction) -> float:
        return round(float(value / end) * _WIDE, 1)

    words = _("Studied: %(low)s to %(high)s %(unit)s.") % {
        "low": number(low), "high": number(high), "unit": studied.basis,
    }  # fmt: skip
    if chosen is not None:
        words += " " + _("Ordered: %(dose)s %(unit)s.") % {"dose": number(chosen), "unit": studied.basis}
    return replace(
        unmarked,
        low_x=x(low),
        wide=round(x(high) - x(low), 1),
        at_x=None if chosen is None else x(Fraction(chosen)),
        ticks=tuple((x(each), number(each)) for each in marks),
        words=words,
    )


def reasons(found: dosing.DoseCalculation | dosing.DoseRefused | None) -> list[tuple[str, bool]]:
    """Why a dose is refused, each with whether a prescriber may order it all the same."""
    if not isinstance(found, dosing.DoseRefused):
        return []
    return [(_(each.template) % each.values, each.override == "prescriber") for each in found.reasons]


def expected(version: PlanVersion, patient: Patient, today: date) -> ExplorerAnswer | None:
    """What the published models expect of the dose; None where the version orders none, or none of them knows it."""
    if version.dose_mg is None or version.drug not in concentration_words.DRUGS:
        return None
    route = pk.model_route(version.route)
    if route not in concentration_words.ROUTES:
        return None
    weight = None if version.weight_kg is None else float(version.weight_kg)
    try:
        given = pk.Dose(
            version.drug, route, float(version.dose_mg), 0.0, float(version.over_min or 0) if route == "iv" else 0.0
        )
        answer = concentration.ask(
            [("a", given)], pk.Person(weight_kg=weight, age_y=float(patient.age_on(today)), ethnicity="other")
        )
    except (pk.ModelRefused, ValueError):
        return None
    return answer if answer.chart is not None else None


def explorer_url(version: PlanVersion) -> str:
    """The explorer with this very dose in it."""
    if version.dose_mg is None:
        return ""
    given = {
        "weight": "" if version.weight_kg is None else format(version.weight_kg, "f"),
        "a-drug": version.drug,
        "a-route": pk.model_route(version.route),
        "a-mg": format(version.dose_mg, "f"),
        "a-minutes": format(version.over_min or 0, "f"),
    }
    return f"{address('console:concentration', version.patient_id)}?{urlencode(given)}"


# ---------------------------------------------------------------- the whole version in words


@dataclass(frozen=True, slots=True)
class PlanVersionView:
    """A version as its page, its paper and a comparison say it."""

    title: str
    dose: str
    standing: str
    kind: str
    facts: list[tuple[str, str]]
    working: list[WorkingLine]
    goals: list[str]
    parts: list[tuple[str, str, str]]


def review_words(version: PlanVersion) -> str:
    said = []
    if version.review_after is not None:
        said.append(
            ngettext("after %(n)d session", "after %(n)d sessions", version.review_after) % {"n": version.review_after}
        )
    if version.review_on is not None:
        said.append(_("on %(day)s") % {"day": day_words(version.review_on)})
    return _(" and ").join(said) or "–"


def spacing_words(version: PlanVersion) -> str:
    if version.sessions is None:
        return "–"
    words = ngettext("%(n)d session", "%(n)d sessions", version.sessions) % {"n": version.sessions}
    if version.min_days is None or version.max_days is None or version.sessions == 1:
        return words
    lasts = (version.sessions - 1) * version.min_days + 1, (version.sessions - 1) * version.max_days + 1
    return _("%(sessions)s, %(low)d to %(high)d days apart: %(first)d to %(last)d days in all") % {
        "sessions": words, "low": version.min_days, "high": version.max_days, "first": lasts[0], "last": lasts[1],
    }  # fmt: skip


def facts(version: PlanVersion) -> list[tuple[str, str]]:
    """What a version orders, label and words, in the order of the page; what it does not say is left out."""
    protocol = plan_queries.protocol(version.protocol_id)
    way = " ".join(str(each) for each in (DRUGS.get(version.drug, version.drug), ROUTES.get(version.route, "")))
    results = {each["step"]: figure(*each["result"]) for each in version.working}
    rows = (
        (_("For"), version.indication or "–"),
        (_("Protocol"), _(protocol.rule.title) if protocol else "–"),
        (_("Drug and route"), way.strip() or "–"),
        (_("Ordered"), _ordered_words(version)),
        (_("Weight"), _weight_words(version)),
        (_("Dose"), "–" if version.dose_mg is None else _("%(mg)s mg as base") % {"mg": number(version.dose_mg)}),
        (_("Rounding"), _rounding_words(version)),
        (_("Solution"), _solution_words(version)),
        (_("Drawn up"), results.get("volume", "")),
        (_("Over"), _over_words(version, results.get("rate", ""))),
        (_("Series"), spacing_words(version)),
        (_("Begins"), day_words(version.starts_on) if version.starts_on else "–"),
        (_("Looked at again"), review_words(version)),
        (_("Intention"), version.intention),
    )
    return [(label, words) for label, words in rows if words]


def _ordered_words(version: PlanVersion) -> str:
    if version.per_kg is not None:
        return _("%(dose)s mg/kg") % {"dose": number(version.per_kg)}
    if version.fixed_mg is not None:
        return _("%(dose)s mg, the same for everybody") % {"dose": number(version.fixed_mg)}
    return "–"


def _weight_words(version: PlanVersion) -> str:
    if version.weight_kg is None:
        return ""
    if version.weight_on is None:
        return _("%(kg)s kg") % {"kg": number(version.weight_kg)}
    return _("%(kg)s kg, weighed on %(day)s") % {
        "kg": number(version.weight_kg), "day": day_words(version.weight_on)
    }  # fmt: skip


def _rounding_words(version: PlanVersion) -> str:
    if version.round_mg is None:
        return ""
    return _("multiples of %(mg)s mg, %(how)s") % {
        "mg": number(version.round_mg), "how": DIRECTIONS[version.round_direction]
    }  # fmt: skip


def _solution_words(version: PlanVersion) -> str:
    if version.stock_mg_per_ml is None:
        return ""
    if version.total_ml is None:
        return _("%(c)s mg/mL in the vial") % {"c": number(version.stock_mg_per_ml)}
    return _("%(c)s mg/mL in the vial, made up to %(ml)s mL") % {
        "c": number(version.stock_mg_per_ml), "ml": number(version.total_ml)
    }  # fmt: skip


def _over_words(version: PlanVersion, rate: str) -> str:
    if version.over_min is None:
        return ""
    if rate:
        return _("%(n)s minutes, pump at %(rate)s") % {"n": number(version.over_min), "rate": rate}
    return _("%(n)s minutes") % {"n": number(version.over_min)}


def standing(version: PlanVersion) -> tuple[str, str]:
    """Where a version stands, in words and as a kind of pill."""
    if version.signed_at is not None:
        words = _("signed by %(name)s on %(day)s") % {
            "name": version.signed_by, "day": day_words(page_day(version.signed_at))
        }  # fmt: skip
        return words, "done"
    if version.discarded_at is not None:
        return _("thrown away"), "off"
    return (_("draft, dose checked"), "active") if plan_queries.standing_check(version) else (_("draft"), "open")


def own_dose(version: PlanVersion, actor: Actor) -> bool:
    """Whether the actor, in whatever role, worked the dose out: then somebody else checks it."""
    return version.dosed_by is not None and version.dosed_by.person_id == actor.person_id


def show(version: PlanVersion) -> PlanVersionView:
    """The whole version in words."""
    words, kind = standing(version)
    return PlanVersionView(
        title=_("Plan, version %(n)d") % {"n": version.number},
        dose="–" if version.dose_mg is None else _("%(mg)s mg") % {"mg": number(version.dose_mg)},
        standing=words,
        kind=kind,
        facts=facts(version),
        working=working(version),
        goals=[each.text for each in goals(version.goals)],
        parts=[
            (str(KINDS.get(each.kind, each.kind)), each.who, often(each.times, each.period)
             + (f". {each.note}" if each.note else ""))
            for each in parts(version.parts)
        ],
    )  # fmt: skip


def often(times: int, period: str) -> str:
    """ "twice a week" as a figure: 2 × a week."""
    if times == 1:
        return _("once %(period)s") % {"period": PERIODS.get(period, period)}
    return _("%(n)d times %(period)s") % {"n": times, "period": PERIODS.get(period, period)}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a version says otherwise than the one before."""

    label: str
    was: str
    now: str


def differences(last: PlanVersion | None, version: PlanVersion) -> list[Difference]:
    """What changed since the last version, in words."""
    if last is None:
        return []

    def rows(each: PlanVersion) -> dict[str, str]:
        shown = show(each)
        return {
            **dict(shown.facts),
            _("Goals"): "; ".join(shown.goals) or "–",
            _("Beside the medicine"): "; ".join(f"{what}, {who}, {how}" for what, who, how in shown.parts) or "–",
        }

    then, now = rows(last), rows(version)
    return [
        Difference(label, then.get(label, "–"), now.get(label, "–"))
        for label in dict.fromkeys((*then, *now))
        if then.get(label, "–") != now.get(label, "–")
    ]


def stamps(version: PlanVersion) -> list[dict[str, Any]]:
    """The rules that the dose was worked out under."""
    return [
        {"id": each["rule"], "version": each["version"], "hash": str(each["hash"])[:12],
         "url": address("console:rule", each["rule"])}
        for each in version.rules
    ]  # fmt: skip


# ---------------------------------------------------------------- a patient's plans


def _holding(rows: Sequence[PlanVersion]) -> dict[int, int]:
    """The newest signed version of each course, of versions that come the newest first."""
    holding: dict[int, int] = {}
    for each in rows:
        if each.signed_at is not None and each.care_plan_id is not None:
            holding.setdefault(each.care_plan_id, each.pk)
    return holding


def version_rows(rows: Sequence[PlanVersion], actor: Actor) -> list[dict[str, object]]:
    """Every version of a patient. ``holds``: it is in force; ``blind``: the actor may check its dose, and so does not
    see it here."""
    holding, may_check = _holding(rows), actor.may("plan.check")
    return [
        {
            "row": each,
            "shown": show(each),
            "holds": holding.get(each.care_plan_id or 0) == each.pk,
            "blind": each.open and may_check and not own_dose(each, actor),
        }
        for each in rows
    ]


def course_rows(courses: Iterable[CarePlan], rows: Sequence[PlanVersion]) -> list[dict[str, object]]:
    """The courses that run. ``drafted``: a new version is open; ``unplanned``: none was ever signed."""
    holding, drafted = _holding(rows), {each.care_plan_id for each in rows if each.open}
    return [
        {
            "course": each,
            "since": day_words(each.started_on),
            "drafted": each.pk in drafted,
            "unplanned": each.pk not in holding,
        }
        for each in courses
    ]
