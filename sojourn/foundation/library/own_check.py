"""The check of the library over an article of a clinic's own."""

from __future__ import annotations

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import clinic_today
from sojourn.foundation.library import queries
from sojourn.foundation.library.article import Article
from sojourn.foundation.library.check import Held, held, of_article
from sojourn.foundation.library.faults import Finding


def findings_of(article: Article, by: Actor) -> list[Finding]:
    """What the library's check finds in an article of the clinic's own, which may rest on what ships and on its
    approved entries, but on nothing that was retracted or withdrawn. Two queries."""
    ships = held()
    gone = queries.retracted(ships.entries)
    known = {id_: each for id_, each in ships.entries.items() if id_ not in gone}
    own = dict.fromkeys(queries.approved_ids())
    return list(of_article(article, clinic_today(by), Held(known, {**own, **ships.rules}, ships.pictures)))
