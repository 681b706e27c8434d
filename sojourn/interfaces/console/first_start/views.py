"""The first start of a clinic: a prescriber reads what must be decided for a safe day, rule by rule, and decides.

There is no button for a group: each rule stands on a page of its own, and what nobody has read in a source is typed.
The sitting may be left at any time; whoever goes on begins at the first rule that nobody has decided about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from sojourn.care.safety import duty_queries
from sojourn.clinical.protocol import HARD_FLOOR
from sojourn.clinical.rules import Rule
from sojourn.foundation.accounts import readiness
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.first_start import FirstStart, FirstStartGroup, first_start, needs_a_decision
from sojourn.foundation.rulebook.queries import RuleStatus
from sojourn.interfaces.console.clinic.place_presenters import missing_rows
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.first_start import presenters as shown
from sojourn.interfaces.console.rules import details as rules_details
from sojourn.interfaces.console.rules import forms as rules_forms
from sojourn.interfaces.console.rules import presenters as rules_presenters
from sojourn.interfaces.shared.pages import FORM, POST, ClinicPage, clinic_page, opens


def _walk(scope: ClinicPage) -> FirstStart:
    """How far the clinic is. One query."""
    return first_start(rulebook_queries.standings(scope.clinic.pk))


def _group(scope: ClinicPage, group_code: str) -> FirstStartGroup:
    found = _walk(scope).group(group_code)
    if found is None:
        raise Http404
    return found


def _to_decide(scope: ClinicPage, rule_id: str) -> Rule:
    rule = rules_forms.adoptable(scope, rule_id)
    if not needs_a_decision(rule):
        raise Http404
    return rule


@clinic_page("rules.read")
def overview(request: Request, scope: ClinicPage) -> HttpResponse:
    """Every group and how far it is. Whoever only reads sees what is missing."""
    found = _walk(scope)
    context = {
        "parts": shown.parts(found),
        "progress": shown.progress(found),
        "done": found.is_done,
        "withheld": shown.withheld(found, (), decides=True),
        "may_adopt": scope.actor.may("rules.adopt"),
        "missing": missing_rows(readiness.missing(scope.clinic)),
    }
    return render(request, "console/first_start/overview.html", context)


@clinic_page("rules.read")
@opens(_group)
def group(request: Request, scope: ClinicPage, found: FirstStartGroup) -> HttpResponse:
    """One group: what is decided, what is not, and what acts by itself."""
    context = {
        "part": shown.part(found),
        "may_adopt": scope.actor.may("rules.adopt"),
        "duty_suffices": duty_queries.duty().suffices if found.code == "danger" else True,
        "may_name": scope.actor.may("duty.manage"),
    }
    return render(request, "console/first_start/group.html", context)


def _placed(walk: FirstStart, rule_id: str) -> tuple[FirstStartGroup, RuleStatus]:
    """The rule in its group, where it is one that is decided; else 404."""
    for each in walk.groups:
        for standing in each.to_decide:
            if standing.newest.id == rule_id:
                return each, standing
    raise Http404


@clinic_page("rules.adopt", methods=("HEAD", *FORM))
@opens(_to_decide)
def rule(request: Request, scope: ClinicPage, asked: Rule) -> HttpResponse:
    """Read one rule whole, and adopt it with what was typed; then the next."""
    if request.method != "POST":
        return _page(request, scope, asked.id)
    typed = rules_forms.typed_numbers(request)
    try:
        acts = rules_forms.adopt_as_typed(scope.actor, asked, typed, _decision(request)["hash"])
    except ActionRefused as refused:
        return _page(request, scope, asked.id, refused=refused, typed=typed)
    words = _("“%(title)s” acts in this clinic now.") if acts else _("“%(title)s”: a second prescriber must sign too.")
    messages.success(request, words % {"title": _(asked.title)})
    return _onward(scope, asked.id)


@clinic_page("rules.adopt", methods=POST)
@opens(_to_decide)
def decline(request: Request, scope: ClinicPage, asked: Rule) -> HttpResponse:
    """Decide not to use a rule here, with the reason; then the next."""
    decision = _decision(request)
    try:
        rulebook_actions.decline(
            by=scope.actor, rule_id=asked.id, reason=decision["reason"], rule_hash=decision["hash"]
        )  # fmt: skip
    except ActionRefused as refused:
        return _page(request, scope, asked.id, refused=refused, reason=decision["reason"])
    messages.success(request, _("“%(title)s” is not used in this clinic.") % {"title": _(asked.title)})
    return _onward(scope, asked.id)


def _decision(request: Request) -> dict[str, Any]:
    return read(rules_forms.DecisionForm(request.POST))


def _onward(scope: ClinicPage, rule_id: str) -> HttpResponse:
    """To the next open rule of the group, or to the groups where it has none."""
    following = _walk(scope).after(rule_id)
    return redirect("console:first_start" if following is None else shown.rule_url(following.newest.id))


def _page(
    request: Request, scope: ClinicPage, rule_id: str, *, refused: ActionRefused | None = None,
    typed: Mapping[str, str] | None = None, reason: str = "",
) -> HttpResponse:  # fmt: skip
    walk = _walk(scope)
    own, standing = _placed(walk, rule_id)
    newest, following = standing.newest, walk.after(rule_id)
    line = rules_presenters.line(standing, rules_presenters.people_of([standing]), typed, refused=refused)
    context = {
        "part": shown.part(own),
        "progress": shown.progress(walk),
        "place": [each.newest.id for each in own.to_decide].index(rule_id) + 1,
        "rule": line,
        "details": rules_details.details(newest),
        "items": rules_details.items(newest),
        "examples": [
            (_(each.title), rules_details.example(each.given), rules_details.example(each.expect))
            for each in newest.examples
        ],
        "may_decline": newest.kind != HARD_FLOOR,
        "later_url": "" if following is None else shown.rule_url(following.newest.id),
        "reasons": rules_presenters.reasons_of(line.numbers, refused),
        "reason": reason,
    }
    return render(request, "console/first_start/rule.html", context, status=409 if refused else 200)
