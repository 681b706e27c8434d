"""The check of the library over an article of a clinic's own."""

from __future__ import annotations

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import clinic_today
from sojourn.foundation.library import queries
from sojourn.foundation.library.article import Article
from sojourn.foundation.library.check import Finding, of_own
from sojourn.foundation.library.evidence import entries
from sojourn.foundation.rulebook.load import released_rulebook


def findings_of(article: Article, by: Actor) -> list[Finding]:
    """What the library's check finds in an article of the clinic's own, which may rest on what ships and on its
    approved entries, but on nothing that was retracted or withdrawn. Two queries."""
    gone = queries.retracted(entries())
    known = {id_: each for id_, each in entries().items() if id_ not in gone}
    rules = {rule_id for rule_id, _version in released_rulebook().versions} | queries.approved_ids()
    return of_own(article, clinic_today(by), known, rules)
