"""The clinical rules: what they say, where they come from, whether they act here, and who decided it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sojourn.clinical import dosing
from sojourn.clinical.protocol import HARD_FLOOR
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.rulebook import actions, queries
from sojourn.interfaces.console.rules.details import compared, details, example, items
from sojourn.interfaces.console.rules.forms import adopt_as_typed, newest, typed_numbers
from sojourn.interfaces.console.rules.presenters import (
    is_shown,
    line,
    people_of,
    reasons_of,
    says,
    sections,
    waiting_of,
    waits,
)
from sojourn.interfaces.console.rules.words import ALWAYS, SHOWS, in_words


def _clinic(request: Request) -> int:
    assert request.asker.clinic_id is not None
    return request.asker.clinic_id


@allowed("rules.read")
@require_GET
def rules(request: Request) -> HttpResponse:
    """Every rule of the book with what this clinic has decided about it; ``show`` and ``q`` narrow it."""
    standings = queries.standings(_clinic(request))
    show = request.GET.get("show", "all")
    show = show if show in SHOWS else "all"
    text = request.GET.get("q", "").strip()[:120]
    found = [each for each in standings if is_shown(each, show) and (not text or says(each.newest, text))]
    newest = {each.newest.id: each.newest for each in standings}
    raised = {
        rule_id: waiting_of(row, newest[rule_id], request.asker)
        for rule_id, row in queries.raises(_clinic(request)).items()
        if rule_id in newest
    }
    context = {
        "sections": sections(found, people_of(found), raised),
        "raised": [(_(newest[rule_id].title), reverse("console:rule", args=[rule_id])) for rule_id in raised],
        "waiting": sum(waits(each) for each in standings),
        "total": len(standings),
        "found": len(found),
        "narrowed": show != "all" or bool(text),
        "show": show,
        "shows": [(code, words, code == show) for code, words in SHOWS.items()],
        "text": text,
        "acting": sum(each.acting is not None or each.newest.kind in ALWAYS for each in standings),
        "may_adopt": request.asker.may("rules.adopt"),
    }
    return render(request, "console/rules/list.html", context)


def _one(
    request: Request, rule_id: str, *, refused: Refused | None = None, typed: Mapping[str, str] | None = None,
    reason: str = "",
) -> HttpResponse:  # fmt: skip
    standing = next(iter(queries.standings(_clinic(request), only={rule_id})), None)
    if standing is None:
        raise Http404
    rule = standing.newest
    raised = queries.raises(_clinic(request), {rule_id}).get(rule_id) if rule.loosened_by_two else None
    waiting = None if raised is None else waiting_of(raised, rule, request.asker)
    shown = line(standing, people_of([standing]), typed, waiting, refused)
    context = {
        "rule": shown,
        "examples": [(_(each.title), example(each.given), example(each.expect)) for each in rule.examples],
        "items": items(rule),
        "details": details(rule),
        "compared": compared(standing),
        "versions": sorted(number for name, number in queries.known_rules() if name == rule_id),
        "effective_from": rule.effective_from,
        "may_adopt": request.asker.may("rules.adopt"),
        "reasons": reasons_of(shown.numbers, refused),
        "reason": reason,
    }
    return render(request, "console/rules/rule.html", context, status=409 if refused else 200)


@allowed("rules.read")
@require_GET
def one(request: Request, rule_id: str) -> HttpResponse:
    """One rule whole: its statement, numbers, sources, examples, and what the clinic has decided."""
    return _one(request, rule_id)


@allowed("rules.adopt")
@require_POST
def adopt(request: Request, rule_id: str) -> HttpResponse:
    """Adopt one rule, with stricter numbers if typed. Looser ones are refused with the reason."""
    typed = typed_numbers(request)
    try:
        rule, acts = adopt_as_typed(request, rule_id, typed, request.POST.get("hash", ""))
    except Refused as refused:
        return _one(request, rule_id, refused=refused, typed=typed)
    if acts:
        words = _("“%(title)s” acts in this clinic now.")
    elif rule.kind == dosing.CEILING:
        words = _("“%(title)s”: your signature is kept. The higher dose acts once a second prescriber has signed.")
    else:
        words = _("“%(title)s”: your signature is kept. The looser limit acts once a second prescriber has signed.")
    messages.success(request, words % {"title": _(rule.title)})
    return redirect("console:rule", rule_id)


@allowed("rules.adopt")
@require_POST
def second_sign(request: Request, raise_id: int) -> HttpResponse:
    """Give the second signature under a higher ceiling."""
    rule_id = queries.raised_rule(raise_id)
    if rule_id is None:
        raise Http404
    rule = newest(rule_id)
    try:
        actions.second_sign(by=request.asker, raise_id=raise_id)
    except Refused as refused:
        return _one(request, rule_id, refused=in_words(rule, refused))
    messages.success(request, _("“%(title)s” acts in this clinic now.") % {"title": _(rule.title)})
    return redirect("console:rule", rule_id)


@allowed("rules.adopt")
@require_POST
def retire(request: Request, rule_id: str) -> HttpResponse:
    """Stop using a rule, with a reason."""
    rule = newest(rule_id)
    reason = request.POST.get("reason", "")
    try:
        actions.retire(by=request.asker, rule_id=rule_id, reason=reason)
    except Refused as refused:
        return _one(request, rule_id, refused=refused, reason=reason)
    if rule.acts_without_adoption:
        words = _("“%(title)s” acts with its released numbers again.")
    elif rule.kind == HARD_FLOOR:
        words = _("“%(title)s” is retired: no dose is given here until it is stated again.")
    elif rule.kind == dosing.CEILING:
        words = _("“%(title)s” is retired: this drug is not given by this route here.")
    else:
        words = _("“%(title)s” no longer acts in this clinic.")
    messages.success(request, words % {"title": _(rule.title)})
    return redirect("console:rule", rule_id)
