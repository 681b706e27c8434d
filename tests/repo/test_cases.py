"""The page of cases says what the tests hold, and every case of this kind has tests."""

from __future__ import annotations

from tests.repo import cases


def test_the_page_is_current():
    assert cases.PAGE.read_text(encoding="utf-8") == cases.page(), "run python -m tests.repo.cases"


def test_every_case_is_held():
    assert {each.case for each in cases.held()} == set(cases.CASES)
