"""What the pages say of times, readings and alarms: the cases that the browser answers too."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import translation

from sojourn.foundation.ui.templatetags import ui
from sojourn.interfaces.console.board import presenters as board_presenters
from sojourn.interfaces.console.board import words as board_words
from tests.golden import golden

NOW = dt.datetime(2026, 3, 4, 14, 5, 9, tzinfo=dt.UTC)
BOARD = golden("board_words")
TIMES = golden("times")
WORDS = BOARD["words"]


def test_the_words_are_those_of_the_board() -> None:
    with translation.override("en"):
        words = board_words.board_words()
    assert {name: words[name] for name in WORDS} == WORDS


@pytest.mark.parametrize("case", BOARD["ages"], ids=lambda case: str(case["seconds"]))
def test_how_old_a_reading_is(case: dict[str, Any]) -> None:
    assert board_words.age_word(WORDS, case["seconds"]) == case["text"], case["why"]


@pytest.mark.parametrize("case", BOARD["due"], ids=lambda case: str(case["left"]))
def test_when_the_next_check_is_due(case: dict[str, Any]) -> None:
    assert board_words.due_word(WORDS, case["left"]) == (case["text"], case["overdue"]), case["why"]


@pytest.mark.parametrize("case", BOARD["clock"], ids=lambda case: str(case["skew"]))
def test_that_a_monitors_clock_is_wrong(case: dict[str, Any]) -> None:
    assert board_words.clock_word(WORDS, case["skew"], BOARD["believed"]) == case["text"], case["why"]


@pytest.mark.parametrize("case", golden("alarm_order")["of_a_figure"], ids=lambda case: case["name"])
def test_the_alarm_of_a_figure(case: dict[str, Any]) -> None:
    names = ("rule", "code", "phase", "priority", "since")
    found = board_presenters.alarm_of(case["codes"], [dict(zip(names, each, strict=True)) for each in case["alarms"]])
    assert (found and found["rule"]) == case["shown"], case["why"]


@pytest.mark.parametrize("case", golden("calls")["cases"], ids=lambda case: case["why"])
def test_how_a_call_is_said(case: dict[str, Any]) -> None:
    with translation.override("en"):
        words = board_words.board_words()
    session = {"called": case["called"], "call": case["call"]}
    found = board_presenters.call_of(words, session, "Ana", case["at_most"], golden("calls")["now"])
    assert (found.text, found.note, found.late) == (case["text"], case["note"], case["late"])
    assert found.unseen == case["unseen"]


@pytest.mark.parametrize("case", TIMES["distance"], ids=lambda case: str(case["seconds"]))
@pytest.mark.parametrize("language", ["en", "es"])
def test_how_far_a_moment_is(case: dict[str, Any], language: str) -> None:
    with translation.override(language):
        assert ui.age_in_words(NOW + dt.timedelta(seconds=case["seconds"]), NOW) == case[language], case["why"]


@pytest.mark.parametrize("case", TIMES["countdown"], ids=lambda case: str(case["left"]))
def test_what_is_left(case: dict[str, Any]) -> None:
    with translation.override("en"):
        assert f">{case['text']}<" in ui.countdown(NOW + dt.timedelta(seconds=case["left"]), now=NOW), case["why"]
