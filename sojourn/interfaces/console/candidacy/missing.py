"""What the rules ask for and nobody has told: panels to fill in, questions for the patient, what is too old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.care.candidacy.queries import Assessed
from sojourn.clinical.eligibility import VOCABULARY, Missing
from sojourn.clinical.eligibility.panels import PANELS
from sojourn.interfaces.console.candidacy.words import CHOICES, unit_words, value_words
from sojourn.interfaces.shared.days import day_words

# What is entered together, in the order of the page.
_PANEL_TITLES: Mapping[str, StrPromise] = {
    "pressure": gettext_lazy("Blood pressure"),
    "liver": gettext_lazy("Liver panel"),
    "kidney": gettext_lazy("Kidney function"),
    "ecg": gettext_lazy("ECG"),
    "pregnancy": gettext_lazy("Pregnancy"),
    "vitals": gettext_lazy("Vital signs"),
    "body": gettext_lazy("Height and weight"),
    "judged": gettext_lazy("Judged by a clinician"),
}


@dataclass(frozen=True, slots=True)
class Input:
    """One fact in a panel. ``options`` of a choice; ``typed`` what came back; ``known`` the value so far, ``expired``
    that it is too old to count."""

    name: str
    label: str
    kind: str
    unit: str
    options: tuple[tuple[str, str], ...]
    typed: str
    known: str
    expired: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Facts that one enters together. ``missing``: rules ask for one of them, ``why``, and nobody has told it."""

    id: str
    title: str
    inputs: tuple[Input, ...]
    missing: bool
    why: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that the patient can tell. ``told_on``: when it was told before, and no longer counts."""

    label: str
    adopted: bool
    told_on: date | None


@dataclass(frozen=True, slots=True)
class TooOld:
    """A fact that is known and no longer counts, with the rule that says so."""

    label: str
    value: str
    on: date
    limit: str
    rule_url: str


def _input(name: str, assessed: Assessed, typed: Mapping[str, str]) -> Input:
    word, known = VOCABULARY[name], assessed.facts.get(name)
    options: tuple[tuple[str, str], ...] = ()
    if word.kind == "yes_no":
        options = (("yes", _("yes")), ("no", _("no")))
    elif word.kind == "choice":
        options = tuple((each, str(CHOICES.get(each, each))) for each in word.choices)
    return Input(
        name=name,
        label=_(word.label),
        kind=word.kind,
        unit=unit_words(word.unit),
        options=options,
        typed=typed.get(name, ""),
        known=""
        if known is None
        else _("%(value)s on %(day)s") % {"value": value_words(name, known.value), "day": day_words(known.on)},
        expired=any(each.name == name for each in assessed.expired),
    )


def fact_panels(assessed: Assessed, typed: Mapping[str, str], opened: str) -> list[Panel]:
    gaps = {each.fact: each for each in assessed.missing}
    found = []
    for name, facts in PANELS.items():
        wanted = [gaps[each] for each in facts if each in gaps]
        why = dict.fromkeys(_(words) for gap in wanted for words in gap.why)
        found.append(
            Panel(
                id=name,
                title=str(_PANEL_TITLES[name]),
                inputs=tuple(_input(each, assessed, typed) for each in facts),
                missing=bool(wanted),
                why=tuple(why),
                open=opened == name,
            )
        )
    return sorted(found, key=lambda each: not each.missing)


def patient_asks(assessed: Assessed) -> list[Ask]:
    inside = {name for names in PANELS.values() for name in names}
    old = {each.name: each.on for each in assessed.expired}
    gaps: Iterable[Missing] = assessed.missing
    return [Ask(_(each.label), each.adopted, old.get(each.fact)) for each in gaps if each.fact not in inside]


def too_old(assessed: Assessed) -> list[TooOld]:
    """What a rule asks for, was known, and is too old to count."""
    asked = {each.fact for each in assessed.missing}
    return [
        TooOld(
            label=_(each.label),
            value=value_words(each.name, each.fact.value),
            on=each.on,
            limit=ngettext("counts for %(n)d day", "counts for %(n)d days", int(each.limit_days))
            % {"n": int(each.limit_days)},
            rule_url=reverse("console:rule", args=[each.rule_id]),
        )
        for each in assessed.expired
        if each.name in asked
    ]
