"""What was read about the law of a place, and whether it may still be relied on."""

from __future__ import annotations

from datetime import date

from sojourn.clinical import jurisdictions as law
from sojourn.clinical.jurisdictions import Jurisdiction
from sojourn.foundation.rulebook.load import released_rulebook


def jurisdictions() -> tuple[Jurisdiction, ...]:
    """Every place, in the order of the file."""
    return tuple(law.read(each) for each in released_rulebook().of_kind(law.KIND))


def of_code(code: str) -> tuple[Jurisdiction, ...]:
    """The pages of law for a code, the nearest first: "US-CA" gives California and the United States. Empty where the
    fact base has nothing."""
    found = {each.code: each for each in jurisdictions()}
    names = [code, code.partition("-")[0]]
    return tuple(found[name] for name in dict.fromkeys(names) if name in found)


def stale(code: str, day: date) -> bool:
    """Whether the law of a place must be read again before it is relied on. A place without a page always must."""
    pages = of_code(code)
    return not pages or any(each.stale(day) for each in pages)
