"""Two people's entries of one dose as pairs, and the checks of a session that is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sojourn.clinical.administration.charted import Prepared
from sojourn.clinical.administration.double_check import double_check
from sojourn.clinical.protocol import next_check_due

AT = datetime(2026, 3, 3, 8, tzinfo=UTC)


def entries(text: str) -> list[Prepared]:
    """ "Ax Bx": person A read lot x, then B the same."""
    return [
        Prepared("ketamine", "iv", Decimal(35), lot, AT + timedelta(minutes=number), ord(who), who, id=number)
        for number, (who, lot) in enumerate(text.split())
    ]


@pytest.mark.parametrize(
    ("said", "ready", "unresolved", "pairs"),
    [
        ("", "", False, 0),
        ("Ax", "A", False, 0),
        ("Ax Ax", "A", False, 0),  # one person twice is one person
        ("Ax Bx", "AB", False, 1),
        ("Ax Bx Bx", "AB", False, 1),  # the same press once more
        ("Ax Bx Ay", "A", False, 1),  # another dose begins anew
        ("Ax By", "", True, 1),
        ("Ax By Ay", "A", True, 1),  # the other's figures are one new reading
        ("Ax By Bx", "B", True, 1),
        ("Ax By Ay Ax", "A", True, 1),
        ("Ax By Ay By", "AB", False, 2),
        ("Ax By Ay By By", "AB", False, 2),  # the same press once more, after a difference was settled
        ("Ax By Ax Cx", "AC", False, 2),
        ("Ax Bx Cy Dy", "CD", False, 2),
        ("Ax By Ax By", "", True, 2),
        ("Ax By Ax By Bx", "B", True, 2),
    ],
)
def test_what_the_entries_come_to(said: str, ready: str, unresolved: bool, pairs: int):
    found = double_check(entries(said))
    both = found.ready or ()
    assert "".join(each.by for each in both if each is not None) == ready
    assert (found.unresolved is not None, len(found.pairs)) == (unresolved, pairs)


def test_a_difference_is_shown_until_somebody_enters_again():
    assert double_check(entries("Ax By")).differ is not None
    assert double_check(entries("Ax By Ax")).differ is None
    resolved = double_check(entries("Ax By Ay By")).resolved
    assert resolved is not None
    assert (resolved.first.lot, resolved.second.lot) == ("x", "y")
    assert double_check(entries("Ax Bx")).resolved is None


def test_after_the_end_nothing_is_due_and_what_was_due_is_missed():
    """Checks at 10, 20 and 40 minutes, one made at 10; the session was over at 25 and is looked at next day."""
    done, tomorrow = [AT + timedelta(minutes=10)], AT + timedelta(days=1)
    found = next_check_due((10, 20, 40), AT, done, tomorrow, AT + timedelta(minutes=25))
    assert (found.next, [each.minute for each in found.missed]) == (None, [20])
    early = next_check_due((10, 20, 40), AT, done, tomorrow, AT + timedelta(minutes=15))
    assert (early.next, early.missed) == (None, ())
