"""The articles that the clinic's readers find: ours, shown or hidden, with the clinic's rules beside; and its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import clinic_today
from sojourn.foundation.library import article_actions, own_check, queries
from sojourn.foundation.library.article import LANGUAGES, Article, parse
from sojourn.foundation.library.queries import OwnArticle
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.library.forms import OursForm, OwnForm
from sojourn.interfaces.console.library.presenters import FRONT_MATTER, our_rows
from sojourn.interfaces.shared.pages import FORM, POST, ClinicPage, clinic_page, error_list, form_action, opens, sent

FIELDS: Final = {
    "no-slug": "slug", "taken": "slug", "no-language": "language", "invalid": "body", "too-long": "body",
}  # fmt: skip


def _language() -> str:
    language = (get_language() or "en")[:2]
    return language if language in LANGUAGES else "en"


@clinic_page("library.edit")
def every(request: Request, scope: ClinicPage) -> HttpResponse:
    """Our articles and the clinic's own."""
    context = {
        "ours": our_rows(_language(), queries.hidden(), queries.rules_beside(), clinic_today(scope.actor)),
        "own": queries.own_for_editor(),
    }
    return render(request, "console/library/articles.html", context)


def _ours(_scope: ClinicPage, slug: str) -> Mapping[str, Article]:
    if slug not in queries.ours():
        raise ObjectDoesNotExist
    return queries.ours()[slug]


@clinic_page("library.edit", methods=FORM)
@opens(_ours)
def ours(request: Request, scope: ClinicPage, languages: Mapping[str, Article]) -> HttpResponse:
    """One of our articles: whether it is shown here, and what holds beside it."""
    article = languages.get(_language()) or next(iter(languages.values()))
    slug = article.slug
    refused, told = None, read(OursForm(request.POST))
    if request.method == "POST":
        try:
            _decide(scope, slug, told)
        except ActionRefused as wrong:
            refused = wrong
        else:
            messages.success(request, _("Kept. Readers see it from now on."))
            return redirect("console:library_ours", slug)
    rules = {each: queries.beside(slug, each) for each in LANGUAGES}
    context = {
        "article": article,
        "overdue": article.review_by < clinic_today(scope.actor),
        "hiding": queries.hiding(slug),
        "rules": rules,
        "rule_en": told["rule_en"] if refused else getattr(rules["en"], "text", ""),
        "rule_es": told["rule_es"] if refused else getattr(rules["es"], "text", ""),
        "reason": told["reason"],
        "errors": error_list(refused, "#main"),
    }
    return render(request, "console/library/ours.html", context, status=409 if refused else 200)


def _decide(scope: ClinicPage, slug: str, told: dict[str, str]) -> None:
    if told["what"] == "rules":
        for language in LANGUAGES:
            article_actions.write_rule(
                by=scope.actor, slug=slug, language=language, text=told[f"rule_{language}"], now=scope.now
            )
    else:
        article_actions.set_hidden(
            by=scope.actor, slug=slug, hidden=told["what"] == "hide", reason=told["reason"], now=scope.now
        )


# ---------------------------------------------------------------- the clinic's own


@clinic_page("library.edit", methods=FORM)
def new(request: Request, scope: ClinicPage) -> HttpResponse:
    """Write an article of the clinic's own."""

    def show(form: OwnForm, status: int) -> HttpResponse:
        return render(request, "console/library/own_new.html", {"form": form}, status=status)

    form = OwnForm(sent(request), initial={"body": FRONT_MATTER, "language": _language()})
    return form_action(form, lambda each: _write(request, scope, each, None), show, fields=FIELDS)


def _write(request: Request, scope: ClinicPage, form: OwnForm, seen: int | None) -> HttpResponse:
    told = form.cleaned_data
    row = article_actions.write_article(
        by=scope.actor, slug=told["slug"], language=told["language"], body=told["body"], seen=seen
    )
    messages.success(request, _("Kept as a draft. Read what the check found, then publish it."))
    return redirect("console:library_own", row.pk)


def _own(_scope: ClinicPage, article_id: int) -> OwnArticle:
    return queries.own_version(article_id)


@clinic_page("library.edit", methods=FORM)
@opens(_own)
def own(request: Request, scope: ClinicPage, found: OwnArticle) -> HttpResponse:
    """An article of the clinic's own: what the check finds, how readers see it, and the text."""
    data = sent(request)
    if data is not None:
        data = data.copy()
        data["slug"], data["language"] = found.newest.slug, found.newest.language

    def show(form: OwnForm, status: int) -> HttpResponse:
        return _own_page(request, scope, found, form, status=status)

    form = OwnForm(data, initial={"body": found.newest.body})
    return form_action(form, lambda each: _write(request, scope, each, each.cleaned_data["seen"]), show, fields=FIELDS)


def _own_page(
    request: Request, scope: ClinicPage, found: OwnArticle, form: OwnForm | None = None, *,
    refused: ActionRefused | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    article = parse(found.newest.body, found.newest.slug, found.newest.language)
    findings = own_check.findings_of(article, scope.actor)
    context = {
        "found": found,
        "article": article,
        "grave": [each for each in findings if each.grave],
        "others": [each for each in findings if not each.grave],
        "form": form or OwnForm(initial={"body": found.newest.body}),
        "errors": error_list(refused, "#check"),
    }
    return render(request, "console/library/own.html", context, status=status)


@clinic_page("library.edit", methods=POST)
@opens(_own)
def publish(request: Request, scope: ClinicPage, found: OwnArticle) -> HttpResponse:
    """Let readers see the newest version."""
    try:
        article_actions.publish_article(by=scope.actor, article_id=found.newest.pk)
    except ActionRefused as refused:
        return _own_page(request, scope, found, refused=refused, status=409)
    messages.success(request, _("Published. Readers see it from now on."))
    return redirect("console:library_own", found.newest.pk)


@clinic_page("library.edit", methods=POST)
@opens(_own)
def withdraw(request: Request, scope: ClinicPage, found: OwnArticle) -> HttpResponse:
    """Show the article no longer."""
    article_actions.withdraw_article(by=scope.actor, article_id=found.newest.pk)
    messages.success(request, _("Withdrawn. Readers see it no longer."))
    return redirect("console:library_own", found.newest.pk)
