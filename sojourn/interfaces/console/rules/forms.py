"""What somebody typed for a rule's numbers, and its adoption."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.clinical.rules import Rule
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.ui.numbers import number_words
from sojourn.interfaces.console.fields import WordsField
from sojourn.interfaces.console.rules.words import ALWAYS, in_words
from sojourn.interfaces.shared.pages import ClinicPage


class NarrowForm(forms.Form):
    """What narrows the list: one of SHOWS, and a search."""

    show = WordsField(strip=False)
    q = WordsField(most=120)


class DecisionForm(forms.Form):
    """A decision about a rule. ``hash``: of the text that was read; ``reason``: where it is not used any more."""

    hash = WordsField(strip=False)
    reason = WordsField(strip=False)


def field_name(rule_id: str, name: str) -> str:
    """The form field of a rule's number."""
    return f"number:{rule_id}:{name}"


def typed_numbers(request: HttpRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.POST.items() if name.startswith("number:")}


def _parameters(rule: Rule, typed: Mapping[str, str]) -> dict[str, float]:
    """The numbers that were typed for a rule. Raises Refused for what is no number; what was left empty was not
    typed."""
    found: dict[str, float] = {}
    wrong: list[str] = []
    codes: list[str] = []
    for each in rule.numbers:
        text = typed.get(field_name(rule.id, each.name), "").strip()
        if not text:
            continue
        value = read_amount(text, each.unit)
        if isinstance(value, NumberRefusal):
            wrong.append(f"{_(each.label)}: {number_words(value)}")
            codes.append(value.why)
        else:
            found[each.name] = float(value)
    if wrong:
        raise ActionRefused(*wrong, codes=codes)
    return found


def newest(scope: ClinicPage, rule_id: str) -> Rule:
    """The newest version of a rule that this clinic may decide about, or 404."""
    try:
        return rulebook_queries.newest(rule_id)
    except KeyError:
        raise Http404 from None


def adoptable(scope: ClinicPage, rule_id: str) -> Rule:
    """The same of a rule about which there is something to decide, or 404."""
    rule = newest(scope, rule_id)
    if rule.kind in ALWAYS:
        raise Http404
    return rule


def adopt_as_typed(by: Actor, rule: Rule, typed: Mapping[str, str], seen_hash: str) -> bool:
    """Adopt a rule with what was typed; whether it acts, or waits for a second signature. Raises Refused, in the words
    of the page."""
    try:
        row = rulebook_actions.adopt(by=by, rule_id=rule.id, parameters=_parameters(rule, typed), rule_hash=seen_hash)
    except ActionRefused as refused:
        raise in_words(rule, refused) from refused
    return isinstance(row, RuleAdoption)
