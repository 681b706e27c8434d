"""Hide one of our articles, say what holds in the clinic beside it, and write articles of the clinic's own."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.library import queries
from sojourn.foundation.library.article import LANGUAGES, Article, ArticleInvalid, parse
from sojourn.foundation.library.check import promises
from sojourn.foundation.library.models import ArticleDecision, ArticleHidden, ClinicArticle, ClinicRule
from sojourn.foundation.library.own_check import findings_of

LONGEST_RULE: Final = 1000
LONGEST_ARTICLE: Final = 60_000
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@action("library.edit", locks=turn("library"), audit=("article.hidden", "article.shown_again"))
def set_hidden(
    *, by: Actor, slug: str, hidden: bool, reason: str = "", now: datetime | None = None
) -> ArticleHidden | None:
    """Hide one of our articles from the clinic's readers, or show it again. The same again changes nothing. Refused:
    no-article; no-reason, where it is hidden without one."""
    _must_be_ours(slug)
    if (slug in queries.hidden()) == hidden:
        return unchanged(queries.hiding(slug))
    told = reason.strip()[:1000]
    if hidden and not told:
        raise ActionRefused(_("Say why the clinic does not show it, for whoever reads it later."), codes=("no-reason",))
    row = ArticleHidden.objects.create(
        clinic_id=by.own_clinic_id, slug=slug, hidden=hidden, reason=told, at=now or timezone.now(), by_id=by.member,
        by_name=by.name,
    )  # fmt: skip
    record(by, "article.hidden" if hidden else "article.shown_again", row, slug=slug)
    return row


def _must_be_ours(slug: str) -> None:
    if slug not in queries.ours():
        raise ActionRefused(_("The library has no such article."), codes=("no-article",))


@action("library.edit", locks=turn("library"), audit="article.rule_written")
def write_rule(*, by: Actor, slug: str, language: str, text: str, now: datetime | None = None) -> ClinicRule | None:
    """Say what holds in the clinic beside one of our articles, or with an empty text that nothing does any more. The
    same again changes nothing. Refused: no-article, no-language, too-long, promises."""
    _must_be_ours(slug)
    _must_be_language(language)
    told = " ".join(text.split())
    before = queries.beside(slug, language)
    if told == (before.text if before is not None else ""):
        return unchanged(before)
    if len(told) > LONGEST_RULE:
        raise ActionRefused(_("This is longer than %(n)d characters.") % {"n": LONGEST_RULE}, codes=("too-long",))
    if promise := promises(told, language):
        raise ActionRefused(
            _("“%(word)s” promises what nobody can. Say it without that word.") % {"word": promise}, codes=("promises",)
        )
    row = ClinicRule.objects.create(
        clinic_id=by.own_clinic_id, slug=slug, language=language, text=told, at=now or timezone.now(), by_id=by.member,
        by_name=by.name,
    )  # fmt: skip
    record(by, "article.rule_written", row, slug=slug, language=language)
    return row


def _must_be_language(language: str) -> None:
    if language not in LANGUAGES:
        raise ActionRefused(_("Choose English or Spanish."), codes=("no-language",))


# ---------------------------------------------------------------- articles of the clinic's own


@action("library.edit", locks=turn("library"), audit="article.written")
def write_article(
    *, by: Actor, slug: str, language: str, body: str, seen: int | None = None, now: datetime | None = None
) -> ClinicArticle:
    """Keep an article of the clinic's own as a draft: Markdown as ours is written. Readers see what was published until
    this is published too. ``seen``: the version that the editor had before them, None for a new article.

    Refused: no-slug, no-language, taken (one of ours is called so), too-long, invalid with what is wrong. Overtaken
    ("overtaken") where there is another version.
    """
    _must_be_language(language)
    if not _SLUG.fullmatch(slug) or len(slug) > 80:
        raise ActionRefused(
            _("An article's address has small letters, digits and hyphens, for example: your-first-visit."),
            codes=("no-slug",),
        )
    if slug in queries.ours():
        raise ActionRefused(_("One of the library's articles has this address already."), codes=("taken",))
    text = body.replace("\r\n", "\n").strip() + "\n"
    if len(text) > LONGEST_ARTICLE:
        raise ActionRefused(_("This is longer than %(n)d characters.") % {"n": LONGEST_ARTICLE}, codes=("too-long",))
    before = queries.own_newest(slug, language)
    if (before.pk if before is not None else None) != seen:
        raise Overtaken(_("Somebody has written this article meanwhile. Look first."), codes=("overtaken",))
    if before is not None and before.body == text:
        return unchanged(before)
    article = _parsed(text, slug, language)
    row = ClinicArticle.objects.create(
        clinic_id=by.own_clinic_id, slug=slug, language=language, title=article.title[:200], body=text,
        written_at=now or timezone.now(), written_by_id=by.member, by_name=by.name,
    )  # fmt: skip
    record(by, "article.written", row, slug=slug, language=language)
    return row


def _parsed(text: str, slug: str, language: str) -> Article:
    try:
        return parse(text, slug, language)
    except ArticleInvalid as error:
        raise ActionRefused(error.finding.told, codes=("invalid",)) from error


@action("library.edit", locks=turn("library"), audit="article.published")
def publish_article(*, by: Actor, article_id: int, now: datetime | None = None) -> ArticleDecision:
    """Let readers see this version. Twice changes nothing.

    Refused: findings, with everything that would deceive a reader. Overtaken ("overtaken") where there is a newer
    version. Raises ClinicArticle.DoesNotExist.
    """
    own = queries.own_version(article_id)
    if own.newest.pk != article_id:
        raise Overtaken(_("Somebody has written this article meanwhile. Look first."), codes=("overtaken",))
    if own.state == "published" and own.published is not None:
        return unchanged(own.published)
    article = parse(own.newest.body, own.newest.slug, own.newest.language)
    if grave := [each for each in findings_of(article, by) if each.grave]:
        raise ActionRefused(*(each.told for each in grave), codes=["findings"] * len(grave))
    decision = _decide(by, own.newest, published=True, now=now)
    record(by, "article.published", decision, slug=own.newest.slug, language=own.newest.language)
    return decision


@action("library.edit", locks=turn("library"), audit="article.withdrawn")
def withdraw_article(*, by: Actor, article_id: int, now: datetime | None = None) -> ArticleDecision | None:
    """Show an article of the clinic's own no longer. Twice changes nothing. Raises ClinicArticle.DoesNotExist."""
    own = queries.own_version(article_id)
    if own.published is None:
        return unchanged(None)
    decision = _decide(by, own.published.version, published=False, now=now)
    record(by, "article.withdrawn", decision, slug=own.newest.slug, language=own.newest.language)
    return decision


def _decide(by: Actor, version: ClinicArticle, *, published: bool, now: datetime | None) -> ArticleDecision:
    return ArticleDecision.objects.create(
        clinic_id=by.own_clinic_id, slug=version.slug, language=version.language, version=version, published=published,
        at=now or timezone.now(), by_id=by.member, by_name=by.name,
    )  # fmt: skip
