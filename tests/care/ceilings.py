"""The ceilings that a clinic has adopted: without one, a drug is not given by a route."""

from __future__ import annotations

from sojourn.clinical import dosing
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import released_rulebook
from tests.care.adopting import typed_each
from tests.conftest import Cast


def adopt_ceilings(cast: Cast) -> None:
    """Every ceiling of the rulebook, at its bound, by the prescriber of a clinic."""
    by = cast.actor("prescriber")
    with acting_as(by):
        shown = {each.id: each.hash for each in released_rulebook().of_kind(dosing.CEILING)}
        rulebook_actions.adopt_set(by=by, shown=shown, signature=by.name, parameters=typed_each(shown))
