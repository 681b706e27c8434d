"""The library that ships has no findings, and the check finds what is wrong: faults are planted in a sound pair."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from sojourn.foundation.library import article as articles
from sojourn.foundation.library import pictures, table
from sojourn.foundation.library.article import library
from sojourn.foundation.library.check import Finding, findings, of_the_library
from sojourn.foundation.library.evidence import Outcome, entries
from sojourn.foundation.rulebook.load import released_rulebook

TODAY = date(2026, 11, 30)
RULES = {rule_id for rule_id, _version in released_rulebook().versions}
PICTURES = {"hundred: infusions-mcinnes": {"en": "One hundred people.", "es": "Cien personas."}}

FRONT = """+++
title = "{title}"
summary = "{summary}"
stage = "understand"
topics = ["J01", "J02", "J03", "J04", "J05", "J06", "J07", "J08"]
reviewed_on = 2026-11-30
review_by = 2027-05-31
+++

"""
EN = (
    FRONT.format(title="What helps", summary="What was seen, and in whom.")
    + """\
We read this so that you can ask. Some people feel much better. [EV002]

## What was counted

Of 537 people, about 54 in 100 felt much better. [OC001]

{hundred: infusions-mcinnes}

- You may bring a friend.
- Drink 2 glasses of water. [ours]
"""
)
ES = (
    FRONT.format(title="Qué ayuda", summary="Qué se vio, y en quiénes.")
    + """\
Lo leímos para que usted pueda preguntar. Algunas personas se sienten mucho mejor. [EV002]

## Qué se contó

De 537 personas, unas 54 de cada 100 se sintieron mucho mejor. [OC001]

{hundred: infusions-mcinnes}

- Puede venir con un amigo.
- Beba 2 vasos de agua. [ours]
"""
)
HARD_EN = (
    "Notwithstanding considerable methodological heterogeneity, contemporaneous investigations unambiguously "
    "demonstrate neurobiological modifications necessitating interdisciplinary reinterpretation. "
) * 3
HARD_ES = (
    "Considerando la heterogeneidad metodológica extraordinariamente pronunciada, investigaciones contemporáneas "
    "internacionalmente reconocidas demuestran modificaciones neurobiológicas interdisciplinariamente interpretables. "
) * 3
RECALLED = next(each.id for each in entries().values() if isinstance(each, Outcome) and not each.verified)


def found_in(folder: Path, **wrong: str) -> list[str]:
    """What the check says of the pair. ``wrong``: another text by language; an empty one is not there at all."""
    for language, sound in {"en": EN, "es": ES}.items():
        text = wrong.get(language, sound)
        if text:
            (folder / f"helps.{language}.md").write_text(text, encoding="utf-8")
    return [str(each) for each in findings(TODAY, entries(), RULES, PICTURES, folder)]


def test_a_sound_pair_has_no_findings(tmp_path: Path):
    assert found_in(tmp_path) == []


def both(before: str, after: str, spanish: tuple[str, str] | None = None) -> dict[str, str]:
    """The same fault in both languages, so that nothing else is found."""
    changed = {"en": EN.replace(before, after), "es": ES.replace(*(spanish or (before, after)))}
    assert changed["en"] != EN
    assert changed["es"] != ES
    return changed


def one(language: str, before: str, after: str) -> dict[str, str]:
    text = {"en": EN, "es": ES}[language]
    assert before in text
    return {language: text.replace(before, after)}


FAULTS: dict[str, tuple[dict[str, str], str]] = {
    "a number without its evidence": (both(" [OC001]", ""), "a number without its evidence"),
    "a dead id": (both("EV002", "EV999"), "EV999 is no evidence that we hold"),
    "a dead rule": (both("EV002", "dose.nowhere"), "dose.nowhere is no evidence that we hold"),
    "a recalled row": (both("[EV002]", f"[{RECALLED}]"), f"{RECALLED} was recalled and not read"),
    "ours, and evidence as well": (both("[ours]", "[ours, EV002]"), "not both"),
    "a promise": (
        both("much better. [EV002]", "cured. [EV002]", ("mucho mejor. [EV002]", "mejor: cura. [EV002]")),
        "promises",
    ),
    "safe alone": (
        both("You may bring a friend", "It is safe", ("Puede venir con un amigo", "Es seguro")), "“is safe” promises"
    ),
    "rare without a number": (
        both("You may bring a friend", "It is rare", ("Puede venir con un amigo", "Es raro")), "“rare” without a number"
    ),
    "raro without a number": (
        both("You may bring a friend", "It is rare", ("Puede venir con un amigo", "Es raro")), "“raro” without a number"
    ),
    "too hard in English": (one("en", "You may bring a friend.", HARD_EN), "helps.en: it is too hard to read"),
    "too hard in Spanish": (one("es", "Puede venir con un amigo.", HARD_ES), "helps.es: it is too hard to read"),
    "no Spanish": ({"es": ""}, "it is not there in es"),
    "no English": ({"en": ""}, "it is not there in en"),
    "a claim in one language alone": (one("es", " [EV002]", ""), "claims differ between the languages: EV002"),
    "other numbers": (one("es", "Beba 2 vasos", "Beba 3 vasos"), "numbers differ between the languages: 2"),
    "another number of sections": (one("es", "## Qué se contó\n\n", ""), "another number of sections"),
    "a picture in one language alone": (
        one("es", "{hundred: infusions-mcinnes}\n\n", ""),
        "pictures differ between the languages: hundred: infusions-mcinnes",
    ),
    "a picture that is not there": (both("infusions-mcinnes", "nobody"), "there is no picture hundred: nobody"),
    "an overdue review": (both("review_by = 2027-05-31", "review_by = 2026-11-29"), "its review was due on 2026-11-29"),
    "a review too far away": (both("review_by = 2027-05-31", "review_by = 2028-05-31"), "more than a year away"),
    "a review in days to come": (
        both("reviewed_on = 2026-11-30", "reviewed_on = 2026-12-01"), "reviewed on a day to come"
    ),
    "reviewed on other days": (one("es", "review_by = 2027-05-31", "review_by = 2027-04-30"), "review_by differs"),
    "an unknown topic": (both('"J08"', '"J08", "J99"'), "J99 is no topic of the library"),
    "a topic that nothing is about": (both(', "J08"', ""), "nothing is about J08"),
    "no front matter": (one("en", "+++\n", ""), "it begins with its front matter"),
    "front matter that is no TOML": (one("en", 'stage = "understand"', "stage = understand"), "is no TOML"),
    "a field too many": (one("en", 'stage = "understand"', 'stage = "understand"\nauthor = "me"'), "look at author"),
    "an empty field": (one("en", 'title = "What helps"', 'title = ""'), "title must be a str, and not empty"),
    "an unknown stage": (one("en", '"understand"', '"nowhere"'), "its stage is one of"),
    "a heading of the first order": (one("en", "## What", "# What"), "headings are of the second order"),
    "a picture of another kind of block": (one("en", "- You may", "> You may"), "has no place in an article"),
    "evidence named as a link": (one("en", "[EV002]", "[see EV002](x)"), "evidence is named as"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(fault: str, tmp_path: Path):
    wrong, named = FAULTS[fault]
    found = found_in(tmp_path, **wrong)
    assert any(named in each for each in found), found


def test_a_picture_without_words_is_named(tmp_path: Path):
    found_in(tmp_path)
    silent = {"hundred: infusions-mcinnes": {"en": "One hundred people.", "es": ""}}
    found = findings(TODAY, entries(), RULES, silent, tmp_path)
    assert found == [Finding("helps.es", "the picture infusions-mcinnes has no words for who cannot see it")]


def test_html_is_read_as_words_and_never_as_html():
    text = EN.replace("You may bring a friend.", "You may <script>alert(1)</script> bring a <b>friend</b>.")
    article = articles.parse(text, "helps", "en")
    html = "".join(each.html for each in article.sentences)
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "said",
    ["This is safe for most adults? Ask.", "No trial has shown a cure.", "It is not risk-free.",
     "Nobody can say that it is safe."],
)  # fmt: skip
def test_what_promises_nothing_is_left_alone(said: str, tmp_path: Path):
    found = found_in(tmp_path, en=EN.replace("You may bring a friend.", said))
    assert not any("promises" in each for each in found), found


# ---------------------------------------------------------------- what ships


def newest_review() -> date:
    return max(each.reviewed_on for languages in library().values() for each in languages.values())


def test_the_library_that_ships_has_no_findings():
    assert of_the_library(newest_review()) == []


def test_a_year_on_every_article_is_overdue():
    found = of_the_library(newest_review() + timedelta(days=366))
    overdue = {each.where for each in found if each.what.startswith("its review was due")}
    assert overdue == {f"{slug}.{language}" for slug, languages in library().items() for language in languages}


def test_the_table_is_up_to_date():
    assert table.PAGE.read_text(encoding="utf-8") == table.written()


def test_a_picture_of_a_recalled_row_is_refused(tmp_path: Path):
    told = tmp_path / "pictures.toml"
    told.write_text(
        f'[wrong]\nresponded = "{RECALLED}"\ncounted = 10\ntitle.en = "x"\nnot_counted.en = "x"\n', encoding="utf-8"
    )
    with pytest.raises(pictures.PictureInvalid, match=f"{RECALLED} was recalled and not read"):
        pictures.hundreds(told)
