"""Sentences of danger: no near-copies, in a file or across the two, so that what tests the list did not tune it.

A near-copy shares five words in a row or 60 % of its words (Jaccard, over words without case, accents and apostrophes).
A failure names rows, never words: whoever tunes the list must not read the sentences that test it.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = ("test_sentences.csv", "tuning_sentences.csv")
SHARED = 0.6
IN_A_ROW = 5


def _rows() -> list[tuple[str, list[str]]]:
    """Where each sentence stands, and its words."""
    found = []
    for name in FILES:
        path = HERE / name
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            found += [(f"{name}: {row['id']}", _words(row["text"])) for row in csv.DictReader(file)]
    return found


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(one for one in plain if not unicodedata.combining(one) and one not in "'’`"))


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + IN_A_ROW]) for start in range(len(words) - IN_A_ROW + 1)}


def _near_copies(rows: list[tuple[str, list[str]]]) -> list[tuple[str, str]]:
    sets = [(where, set(words), _runs(words)) for where, words in rows]
    return [
        (one, other)
        for (one, words, runs), (other, others, other_runs) in combinations(sets, 2)
        if not runs.isdisjoint(other_runs) or len(words & others) >= SHARED * len(words | others)
    ]


def test_no_sentence_is_a_near_copy_of_another():
    near = _near_copies(_rows())
    assert near == []


def test_every_row_has_its_own_id():
    counted = Counter(where for where, _ in _rows())
    assert counted
    assert [where for where, times in counted.items() if times > 1] == []


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("The bus was late again today", "so THE BUS was LATE again, sorry", True),  # five in a row
        ("¿Mañana dan café?", "manana, cafe... dan", True),  # the same words in another order, without accents
        ("I can't park here", "i cant park", True),  # three words of four
        ("I can't park here", "where does one park?", False),
        ("The bus was late, so sorry", "Late? The bus was not late last Friday, the driver says", False),
    ],
)
def test_a_near_copy_is_told_from_another_sentence(one: str, other: str, near: bool):
    assert bool(_near_copies([("one", _words(one)), ("other", _words(other))])) is near
