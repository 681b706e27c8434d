"""The clinical rules: what they say, where they come from, whether they act here, and who decided it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sojourn.clinical.rules import Rule
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.queries import RuleStatus
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.rules.details import compared, details, example, items
from sojourn.interfaces.console.rules.forms import (
    DecisionForm,
    NarrowForm,
    adopt_as_typed,
    adoptable,
    newest,
    typed_numbers,
)
from sojourn.interfaces.console.rules.presenters import (
    acts_here,
    is_shown,
    line,
    people_of,
    raised_of,
    reasons_of,
    says,
    sections,
    waiting_of,
    waits,
)
from sojourn.interfaces.console.rules.words import SHOWS, adopted_words, in_words, retired_words
from sojourn.interfaces.shared.pages import POST, ClinicPage, clinic_page, opens


@allowed("rules.read")
@require_GET
def rules(request: Request) -> HttpResponse:
    """Every rule of the book with what this clinic has decided about it; ``show`` and ``q`` narrow it."""
    standings = rulebook_queries.standings(request.actor.own_clinic_id)
    asked = read(NarrowForm(request.GET))
    show, text = asked["show"] if asked["show"] in SHOWS else "all", asked["q"]
    found = [each for each in standings if is_shown(each, show) and says(each.newest, text)]
    raised = raised_of(rulebook_queries.raises(request.actor.own_clinic_id), standings, request.actor)
    context = {
        "sections": sections(found, people_of(found), raised),
        "raised": [(each.of, reverse("console:rule", args=[rule_id])) for rule_id, each in raised.items()],
        "waiting": sum(waits(each) for each in standings),
        "total": len(standings),
        "found": len(found),
        "narrowed": show != "all" or bool(text),
        "show": show,
        "shows": [(code, words, code == show) for code, words in SHOWS.items()],
        "text": text,
        "acting": sum(acts_here(each) for each in standings),
        "may_adopt": request.actor.may("rules.adopt"),
    }
    return render(request, "console/rules/list.html", context)


def _standing(scope: ClinicPage, rule_id: str) -> RuleStatus:
    """The rule with what the clinic has decided about it. One query."""
    standing = next(iter(rulebook_queries.standings(scope.clinic.pk, only={rule_id})), None)
    if standing is None:
        raise Http404
    return standing


def _raise(scope: ClinicPage, raise_id: int) -> tuple[int, Rule]:
    """A first signature under a higher ceiling, and the rule that holds the ceiling. One query."""
    rule_id = rulebook_queries.raised_rule(raise_id)
    if rule_id is None:
        raise Http404
    return raise_id, newest(scope, rule_id)


def _refused(
    request: Request, scope: ClinicPage, rule: Rule, refused: ActionRefused, *, typed: Mapping[str, str] | None = None,
    reason: str = "",
) -> HttpResponse:  # fmt: skip
    """The page of the rule with what was refused, and what was typed."""
    return _page(request, scope, _standing(scope, rule.id), refused=refused, typed=typed, reason=reason)


def _page(
    request: Request, scope: ClinicPage, standing: RuleStatus, *, refused: ActionRefused | None = None,
    typed: Mapping[str, str] | None = None, reason: str = "",
) -> HttpResponse:  # fmt: skip
    rule = standing.newest
    raised = rulebook_queries.raises(scope.clinic.pk, {rule.id}).get(rule.id) if rule.loosened_by_two else None
    waiting = None if raised is None else waiting_of(raised, rule, scope.actor)
    shown = line(standing, people_of([standing]), typed, waiting, refused)
    context = {
        "rule": shown,
        "examples": [(_(each.title), example(each.given), example(each.expect)) for each in rule.examples],
        "items": items(rule),
        "details": details(rule),
        "compared": compared(standing),
        "versions": sorted(number for name, number in rulebook_queries.known_rules() if name == rule.id),
        "effective_from": rule.effective_from,
        "may_adopt": scope.actor.may("rules.adopt"),
        "reasons": reasons_of(shown.numbers, refused),
        "reason": reason,
    }
    return render(request, "console/rules/rule.html", context, status=409 if refused else 200)


@clinic_page("rules.read")
@opens(_standing)
def one(request: Request, scope: ClinicPage, standing: RuleStatus) -> HttpResponse:
    """One rule whole: its statement, numbers, sources, examples, and what the clinic has decided."""
    return _page(request, scope, standing)


@clinic_page("rules.adopt", methods=POST)
@opens(adoptable)
def adopt(request: Request, scope: ClinicPage, rule: Rule) -> HttpResponse:
    """Adopt one rule, with stricter numbers if typed. Looser ones are refused with the reason."""
    typed = typed_numbers(request)
    try:
        acts = adopt_as_typed(scope.actor, rule, typed, read(DecisionForm(request.POST))["hash"])
    except ActionRefused as refused:
        return _refused(request, scope, rule, refused, typed=typed)
    messages.success(request, adopted_words(rule, acts=acts))
    return redirect("console:rule", rule.id)


@clinic_page("rules.adopt", methods=POST)
@opens(_raise)
def second_sign(request: Request, scope: ClinicPage, raised: tuple[int, Rule]) -> HttpResponse:
    """Give the second signature under a higher ceiling."""
    raise_id, rule = raised
    try:
        rulebook_actions.second_sign(by=scope.actor, raise_id=raise_id)
    except ActionRefused as refused:
        return _refused(request, scope, rule, in_words(rule, refused))
    messages.success(request, adopted_words(rule, acts=True))
    return redirect("console:rule", rule.id)


@clinic_page("rules.adopt", methods=POST)
@opens(newest)
def retire(request: Request, scope: ClinicPage, rule: Rule) -> HttpResponse:
    """Stop using a rule, with a reason."""
    reason = read(DecisionForm(request.POST))["reason"]
    try:
        rulebook_actions.retire(by=scope.actor, rule_id=rule.id, reason=reason)
    except ActionRefused as refused:
        return _refused(request, scope, rule, refused, reason=reason)
    messages.success(request, retired_words(rule))
    return redirect("console:rule", rule.id)
