"""The library that ships has no findings, and what its pages of law say when their day has passed. That the check finds
what is wrong: test_library_faults.py."""

from __future__ import annotations

import argparse
from datetime import date, timedelta

import pytest

from sojourn.clinical.jurisdictions import Jurisdiction
from sojourn.config.cli import library as commands
from sojourn.foundation.library import article as articles
from sojourn.foundation.library import check, evidence, numbers, table
from sojourn.foundation.library.article import Article, library
from sojourn.foundation.library.check import GRACE, TOPICS, failing, of_the_library
from sojourn.foundation.library.evidence import EvidenceInvalid
from sojourn.foundation.rulebook.jurisdictions import jurisdictions


def newest_review() -> date:
    return max(each.reviewed_on for languages in library().values() for each in languages.values())


def test_the_library_that_ships_has_no_findings():
    assert [str(each) for each in of_the_library(newest_review())] == []


def test_the_table_is_up_to_date():
    assert table.PAGE.read_text(encoding="utf-8") == table.written()


def test_the_table_leads_from_each_row_to_articles_claims_and_evidence():
    written = table.written()
    for topic in (*TOPICS, "J91"):
        assert f"| {topic} " in written, topic
    for languages in library().values():
        assert f"`{languages['en'].slug}`" in written


# ---------------------------------------------------------------- when a day has come


def test_a_year_on_every_article_is_overdue():
    found = of_the_library(newest_review() + timedelta(days=366))
    overdue = {each.file for each in found if each.code == "review-due"}
    assert overdue == {article.file for languages in library().values() for article in languages.values()}


def ending() -> tuple[Jurisdiction, date]:
    """A law of which something ends, and the last day on which it holds."""
    return next((law, each.on) for law in jurisdictions() for each in law.ends)


def test_a_law_that_has_ended_is_named_at_once_and_fails_no_build_before_its_grace():
    law, last = ending()
    assert not [each for each in of_the_library(last) if each.code == "law-lapsed"]
    found = [each for each in of_the_library(last + timedelta(days=1)) if each.code == "law-lapsed"]
    assert [(each.file, each.due) for each in found] == [("jurisdictions.toml", last)]
    assert f"ended on {last}" in str(found[0])
    assert law.code in str(found[0])
    assert failing(found, last + GRACE) == []
    assert failing(found, last + GRACE + timedelta(days=1)) == found


def test_a_review_that_is_overdue_fails_no_build_before_its_grace_and_anything_else_does():
    first = min(each.review_by for languages in library().values() for each in languages.values())
    day = first + timedelta(days=1)
    found = of_the_library(day)
    assert {each.code for each in found} <= {"review-due", "law-lapsed", "law-review"}
    assert any(each.code == "review-due" for each in found)
    assert not [each for each in failing(found, day) if each.code == "review-due"]
    late = first + GRACE + timedelta(days=1)
    assert "review-due" in {each.code for each in failing(of_the_library(late), late)}


@pytest.mark.parametrize(("after", "ends_with"), [(timedelta(days=1), 0), (GRACE + timedelta(days=1), 1)])
def test_the_command_names_what_is_overdue_and_ends_with_1_only_after_the_grace(
    after: timedelta, ends_with: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    _law, last = ending()
    found = [each for each in of_the_library(last + after) if each.code == "law-lapsed"]
    monkeypatch.setattr(check, "of_the_library", lambda _today: found)
    monkeypatch.setattr(commands, "today", lambda: last + after)
    assert commands.run_check(argparse.Namespace()) == ends_with
    assert f"ended on {last}" in capsys.readouterr().out


# ---------------------------------------------------------------- what was worked out


@pytest.mark.parametrize(
    ("row", "why"),
    [("OC025,88,195 - 108", "is 87, not 88"), ("OC025,87,196 - 109", "196 does not stand there")],
)
def test_a_number_is_worked_out_of_what_stands_in_its_entry(row: str, why: str, tmp_path):
    (tmp_path / "worked.csv").write_text(f"id,number,how\n{row}\n", encoding="utf-8")
    with pytest.raises(EvidenceInvalid, match=why):
        numbers.worked(tmp_path)


def test_a_word_is_said_in_spanish_once(tmp_path):
    (tmp_path / "spanish.csv").write_text("en,es\nnone,ninguno\nnone,nada\n", encoding="utf-8")
    with pytest.raises(EvidenceInvalid, match="stands there twice"):
        evidence.spanish(tmp_path)


@pytest.mark.parametrize(
    ("text", "held", "astray"),
    [
        ("Of 537 people, about 54 in 100 felt better.", {537.0, 53.6}, []),
        ("Of 9,016 people 537 were counted.", {9016.0, 537.0}, []),
        ("Se contó a 9016 personas: el 53,6 %.", {9016.0, 53.6}, []),
        ("About 46 did not.", {53.6}, []),
        ("About 3 in 1,000.", {0.3}, []),
        ("About 3 of them.", {0.3}, ["3"]),
        ("About 70 of 100 were still well.", {0.695}, []),
        ("It was 53.7 %.", {53.6}, ["53.7"]),
        ("It was 55 %.", {53.6}, ["55"]),
    ],
)
def test_a_number_stands_in_an_entry_or_is_one_of_its_numbers_said_another_way(
    text: str, held: set[float], astray: list[str]
):
    assert numbers.astray(text, frozenset(held)) == astray


# ---------------------------------------------------------------- what is no html, and what promises nothing


def test_html_is_read_as_words_and_never_as_html():
    article = sound("You may <script>alert(1)</script> bring a <b>friend</b>.")
    html = "".join(each.html for each in article.sentences)
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


FRONT = """+++
title = "What helps"
summary = "What was seen, and in whom."
stage = "understand"
topics = ["J01"]
reviewed_on = 2026-11-30
review_by = 2027-05-31
+++

Some people feel much better. [EV002]

"""


def sound(text: str, language: str = "en") -> Article:
    return articles.parse(f"{FRONT}{text}\n", "helps", language)


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("This is safe for most adults? Ask.", "en"), ("No trial has shown a cure.", "en"),
        ("It is not risk-free.", "en"), ("Nobody can say that it is safe.", "en"),
        ("We know of no study that found it.", "en"),
        ("Here is what trials with ketamine found.", "en"), ("The label says that it must not be given with:", "en"),
        ("Ningún ensayo demostró una cura.", "es"), ("No conocemos ningún estudio que lo haya hallado.", "es"),
        ("Nadie puede decir que es seguro.", "es"),
    ],
)  # fmt: skip
def test_what_promises_and_claims_nothing_is_left_alone(said: str, language: str):
    found = [each.code for each in check.of_article(sound(said, language), date(2026, 11, 30), check.held())]
    assert not {"promise", "claim-alone"} & set(found)
