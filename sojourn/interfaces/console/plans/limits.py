"""What bounds the dose of a plan, in words: the highest dose and the part of it, the pump, the first dose, devices; and
what is said beside a dose without refusing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.plan import dose
from sojourn.clinical import dosing
from sojourn.clinical.rules import Rule
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.plans.presenters import number
from sojourn.interfaces.console.rules.words import SHORT_MARKS

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound of a dose. ``mark`` says where the numbers of its rule come from, ``url`` is the rule's page."""

    label: str
    words: str
    mark: str = ""
    url: str = ""


def notice_words(notice: dosing.Notice) -> str:
    """What is said beside a dose; and that its numbers were not read in a source, where they were not."""
    words = _(notice.template) % notice.values
    if notice.verified:
        return words
    mark = SHORT_MARKS[notice.mark]
    return _("%(words)s This rule is unverified: %(mark)s.") % {"words": words, "mark": mark}


def notices(found: dosing.DoseCalculation | dosing.DoseRefused | None) -> list[str]:
    """Everything that is said beside a dose."""
    worked = dose.calculated(found)
    return [] if worked is None else [notice_words(each) for each in worked.notices]


def limits(
    found: dosing.DoseCalculation | dosing.DoseRefused | None, rules: dosing.DoseRules, first: dosing.FirstDose | None
) -> list[Limit]:
    """Everything that bounds a dose under the rules that act today; nothing until one can be worked out. ``first`` says
    that the plan begins a course, for whom and where."""
    worked = dose.calculated(found)
    if worked is None:
        return []
    return [*_ceiling(worked), *_pump(worked, rules), *_first(worked, rules, first), *_devices(worked)]


def _ceiling(worked: dosing.DoseCalculation) -> Iterator[Limit]:
    """The highest dose for this person by this route, and which part of it this dose is."""
    ceiling = worked.ceiling
    if ceiling is None:
        return  # said as the reason why there is no dose
    paces = ceiling.paces(worked.order.kilograms)
    if not paces:
        return
    if ceiling.by_minutes:
        words = "; ".join(
            _("%(mg)s mg over %(n)s minutes or more") % {"mg": number(most.value, 2), "n": number(minutes.value)}
            for most, minutes in paces
        )
    else:
        words = _("%(mg)s mg") % {"mg": number(paces[-1][0].value, 2)}
    yield _of(ceiling.rule, _("Highest dose today"), words)
    yield from _share(worked, ceiling)


def _share(worked: dosing.DoseCalculation, ceiling: dosing.DoseCeiling) -> Iterator[Limit]:
    """Nothing where the minutes are missing or too few for any dose, which is refused."""
    over = worked.order.over
    if worked.share is None or worked.limit is None or (ceiling.by_minutes and over is None):
        return
    part = str(-(-worked.share * _PERCENT // 1))  # upwards: 100.4 is more than 100
    words = _("%(percent)s %% of the highest dose") % {"percent": part}
    if ceiling.by_minutes and over is not None:
        values = {"percent": part, "n": number(over.value)}
        words = _("%(percent)s %% of the highest dose in %(n)s minutes") % values
    yield Limit(_("This dose"), words)


def _pump(worked: dosing.DoseCalculation, rules: dosing.DoseRules) -> Iterator[Limit]:
    if worked.rate is not None and rules.pump is not None:
        values = {"low": number(rules.pump.low.value), "high": number(rules.pump.high.value)}
        yield _of(rules.pump.rule, _("Limits of the pump"), _("%(low)s to %(high)s mL/h") % values)


def _first(
    worked: dosing.DoseCalculation, rules: dosing.DoseRules, first: dosing.FirstDose | None
) -> Iterator[Limit]:  # fmt: skip
    start = None if first is None else rules.start_of(worked.order.route, worked.order.drug, first)
    if first is None or start is None:
        return
    values = {"mg": number(start.most.value), "age": number(start.from_age), "place": first.jurisdiction}
    words = _("at most %(mg)s mg from %(age)s years on, by the label that applies here (%(place)s)") % values
    yield _of(start.rule, _("First dose"), words)


def _devices(worked: dosing.DoseCalculation) -> Iterator[Limit]:
    """How many spray devices the dose is; nothing where it is no whole number of them, which is refused."""
    device = None if worked.studied is None else worked.studied.device
    if device is None or (worked.dose.value / device.value).denominator != 1:
        return
    count = int(worked.dose.value / device.value)
    words = ngettext("%(n)d device of %(mg)s mg", "%(n)d devices of %(mg)s mg", count)
    yield Limit(_("Spray devices"), words % {"n": count, "mg": number(device.value)})


def _of(rule: Rule, label: str, words: str) -> Limit:
    return Limit(label, words, str(SHORT_MARKS[rule.verification]), address("console:rule", rule.id))
