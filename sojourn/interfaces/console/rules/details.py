"""What a rule says beside its numbers: examples, checks, conditions, the law, and what a newer version changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.clinical import eligibility, interactions, jurisdictions
from sojourn.clinical.rules import Rule
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.clock import page_today
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.differences import differences
from sojourn.foundation.rulebook.queries import RuleStatus
from sojourn.interfaces.console.medicines import interaction_words
from sojourn.interfaces.console.rules.words import (
    ACTIONS,
    LAW,
    LEVELS,
    RELATIONS,
    SEVERITIES,
    SHORT_MARKS,
    figure,
    unit_words,
)
from sojourn.interfaces.console.sessions.words import ROUTES


def example(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What goes in or comes out of a worked example, as words and values."""
    return [(key.replace("_", " "), _value(key, value)) for key, value in values.items()]


def _value(key: str, value: Any) -> str:
    """A value of an example. Readings are pairs of seconds and value; the latest ones of value and age in minutes."""
    if isinstance(value, Mapping):
        return "; ".join(f"{_code(name)} {_value(key, each)}" for name, each in value.items()) or "–"
    if isinstance(value, tuple):
        return _several(key, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return figure(float(value)) if isinstance(value, int | float) else str(value).replace("_", " ")


def _several(key: str, value: tuple[Any, ...]) -> str:
    if key == "readings":
        return ", ".join(_("%(value)s at %(s)s s") % {"value": figure(v), "s": figure(s)} for s, v in value)
    if key == "latest" and len(value) == 2:
        return _("%(value)s, %(age)s min old") % {"value": figure(value[0]), "age": figure(value[1])}
    return ", ".join(_value(key, each) for each in value) or "–"


def _code(name: str) -> str:
    if name in eligibility.VOCABULARY:
        return str(_(eligibility.VOCABULARY[name].label))
    return str(_(VITALS[name].short)) if name in VITALS else name.replace("_", " ")


Detail = tuple[str, str]


def details(rule: Rule) -> list[tuple[str, list[Detail]]]:
    """The parts of a rule that are no numbers: (heading, [(what, words)])."""
    if rule.kind == eligibility.KIND:
        return _of_eligibility(eligibility.read(rule))
    if rule.kind == eligibility.evidence.KIND:
        return _of_evidence(eligibility.evidence.read(rule))
    if rule.kind == interactions.KIND:
        return _of_interaction(interactions.read(rule))
    if rule.kind == jurisdictions.KIND:
        return _of_law(jurisdictions.read(rule))
    return []


def _of_eligibility(ready: eligibility.EligibilityRule) -> list[tuple[str, list[Detail]]]:
    found: list[tuple[str, list[Detail]]] = []
    for grade in ready.grades:
        found.append(
            (
                str(SEVERITIES[grade.severity]),
                [
                    (_("When"), condition_words(grade.when, ready.rule)),
                    (_("Then"), str(ACTIONS[grade.action])),
                    (_("What to do"), _(grade.advice)),
                ],
            )
        )
    if ready.never_overridden:
        found.append((_("Override"), [(_("Override"), _("Never, by anybody."))]))
    said = ready.rule.fact("fact_base")
    rows = [(_("Severity"), str(said["severity"])), (_("Action"), str(said["action"])),
            (_("Verification"), str(said["verification"]))]  # fmt: skip
    if note := ready.rule.fixed.get("note"):
        rows.append((_("Note"), str(note)))
    return [*found, (_("In the words of the fact base"), rows)]


def _of_evidence(ready: eligibility.EvidenceRule) -> list[tuple[str, list[Detail]]]:
    facts = ", ".join(_(eligibility.VOCABULARY[name].label) for name in ready.facts)
    rows = [(_("Facts"), facts)]
    if note := ready.rule.fixed.get("note"):
        rows.append((_("Note"), str(note)))
    return [(_("How long evidence counts"), rows)]


def _of_interaction(ready: interactions.InteractionRule) -> list[tuple[str, list[Detail]]]:
    rows = [
        (_("How grave"), str(LEVELS[ready.severity])),
        *((f"{ROUTES.get(route, route)}", str(LEVELS[level])) for route, level in ready.by_route),
        (_("Effect"), _(ready.effect)),
        (_("Evidence"), _(ready.evidence)),
        (_("What to do"), _(ready.action)),
    ]
    said = ready.rule.fact("fact_base")
    return [
        (_("Of which medicines"), list(interaction_words.whom(ready))),
        (_("Interaction"), rows),
        (
            _("In the words of the fact base"),
            [(_("Severity"), str(said["severity"])), (_("Verification"), str(said["verification"]))],
        ),
    ]


def _of_law(ready: jurisdictions.Jurisdiction) -> list[tuple[str, list[Detail]]]:
    rows = [(str(words), ready.text(part)) for part, words in LAW.items()]
    day = page_today()
    stale = ready.stale(day)
    dates = [
        (_("Read on"), formats.date_format(ready.as_of)),
        (_("Read again by"), formats.date_format(ready.review_on)),
        *((_("Ends on %(day)s") % {"day": formats.date_format(each.on)}, each.what) for each in ready.ends),
        (_("Today"), _("Stale: read the law again before relying on it.") if stale else _("Not stale.")),
    ]
    return [(_("What was read"), rows), (_("Dates"), dates)]


def condition_words(condition: eligibility.conditions.Condition, rule: Rule) -> str:
    """A condition as a person reads it."""
    match condition:
        case eligibility.conditions.All(parts):
            return _(" and ").join(f"({condition_words(each, rule)})" for each in parts)
        case eligibility.conditions.AnyOf(parts):
            return _(" or ").join(condition_words(each, rule) for each in parts)
        case eligibility.conditions.Not(part):
            return _("not (%(what)s)") % {"what": condition_words(part, rule)}
        case eligibility.conditions.Is(name, values):
            return _is_words(_label(name), values)
        case eligibility.conditions.Compares() | eligibility.conditions.Multiple():
            limit = _limit_words(condition, rule)
            return RELATIONS[condition.relation] % {"what": _label(condition.fact), "limit": limit}
        case _:
            return _told_words(condition)


def _told_words(condition: eligibility.conditions.Known | eligibility.conditions.Unstated) -> str:
    if isinstance(condition, eligibility.conditions.Known):
        return _("%(what)s is known") % {"what": _label(condition.fact)}
    return _("nobody has stated the number")


def _limit_words(condition: eligibility.conditions.Compares | eligibility.conditions.Multiple, rule: Rule) -> str:
    """What a fact is compared with: a number of the rule, or so many times another fact."""
    number = rule.parameters.get(condition.parameter)
    words = f"{figure(number.value)} {unit_words(number.unit)}".strip() if number else _("what a prescriber states")
    if isinstance(condition, eligibility.conditions.Compares):
        return words
    return _("%(number)s × %(what)s") % {
        "number": figure(number.value) if number else words, "what": _label(condition.of),
    }  # fmt: skip


def _label(name: str) -> str:
    return _(eligibility.VOCABULARY[name].label)


def _is_words(label: str, values: tuple[eligibility.Value, ...]) -> str:
    if values == (True,):
        return label
    if values == (False,):
        return _("%(what)s: no") % {"what": label}
    return f"{label}: {', '.join(str(each) for each in values)}"


def compared(standing: RuleStatus) -> list[tuple[str, str, str]]:
    """What differs between the version that acts here and the newest, where there is a newer one."""
    acting = rulebook_queries.known_rules().get((standing.newest.id, standing.newest.version - 1))
    if standing.outdated and standing.acting is not None:
        acting = rulebook_queries.known_rules().get((standing.acting.id, standing.acting.version))
    if acting is None:
        return []
    return [
        (each.part.replace(".", " · ").replace("_", " "), _whole(each.before), _whole(each.after))
        for each in differences(acting, standing.newest)
    ]


def _whole(value: Any) -> str:
    """A part of a rule, whatever it is."""
    if value is None:
        return "–"
    if isinstance(value, date):
        return formats.date_format(value)
    return _value("", value)


def items(rule: Rule) -> list[tuple[str, list[tuple[str, str, StrPromise]]]]:
    """The checks that a protocol asks for, each with its source and mark."""
    found = []
    for name, heading in (("checklist", _("Before the dose")), ("discharge", _("Before leaving"))):
        rows = [
            (_(str(each["label"])), str(each["source"]), SHORT_MARKS[each["verification"]])
            for each in rule.fixed.get(name, ())
        ]
        if rows:
            found.append((heading, rows))
    return found
