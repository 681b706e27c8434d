"""Nothing of English in a page of the library in Spanish: only titles of works and their sources stay as they are."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from sojourn.clinical.rules import Rule
from sojourn.foundation.library.article import library
from sojourn.foundation.library.evidence import Outcome, Practice, Study, entries, spanish
from sojourn.foundation.library.finding import entries_that_match, entry_by_id
from sojourn.foundation.rulebook.jurisdictions import jurisdictions
from sojourn.interfaces.portal.library.entries import shown

# Words that an English sentence cannot do without and a Spanish one does not have.
ENGLISH = re.compile(
    r"\b(the|of|and|with|without|was|were|is|are|for|from|not|by|at|this|that|which|or|in|to|on|it|we|you|people|"
    r"weeks?|days?|than|who|what|read|see|most|few|after|before|during|only|between|found|no longer)\b",
    re.I,
)
ADDRESSES = [
    "/library/", "/library/?q=vejiga", "/library/evidence/", "/library/evidence/?q=vejiga", "/library/law/",
    *(f"/library/{slug}/" for slug in sorted(library())),
    *(f"/library/law/{each.code.lower()}/" for each in jurisdictions()),
]  # fmt: skip


def cited() -> Iterator[str]:
    """Every entry that an article rests on, and every other one that ships."""
    yield from entries()
    found = {each for languages in library().values() for article in languages.values() for each in article.evidence}
    yield from sorted(found - set(entries()))


@pytest.fixture
def spanish_reader(db: None) -> Client:
    client = Client()
    client.cookies["django_language"] = "es"
    return client


def own_words(body: str) -> str:
    """What a page says in its own language: its main part without what it marks as English."""
    main = body.split("<main", 1)[1].split(">", 1)[1].split("<template", 1)[0]
    main = re.sub(r"<(script|style)\b.*?</\1>", " ", main, flags=re.S)
    main = re.sub(r'<(\w+)(?=[^>]*\slang="en")[^>]*>.*?</\1>', " ", main, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def english_in(text: str) -> list[str]:
    """Where a text is English, with what stands around; capitals alone ("OR", a ratio) are no word, and what is quoted
    as a label has it may stand before its Spanish in brackets."""
    text = re.sub(r"«[^»]*»(?= \()", "", text)
    return [
        text[max(0, each.start() - 40) : each.end() + 40]
        for each in ENGLISH.finditer(text)
        if len(each[0]) == 1 or not each[0].isupper()
    ]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_in_spanish_holds_no_english(address: str, spanish_reader: Client):
    response = spanish_reader.get(address)
    assert response.status_code == 200
    assert english_in(own_words(response.content.decode())) == []


def test_an_entry_is_said_in_spanish_but_for_its_title_and_its_sources():
    wrong = []
    for entry_id in cited():
        entry = entry_by_id(entry_id)
        assert entry is not None, entry_id
        with translation.override("es"):
            told = shown(entry, "es")
            facts = [each for each in told.facts if each.label != "Fuentes"]
            said = [told.kind, told.null, told.checked, *(each.value for each in facts)]
            wrong += [f"{entry_id}: {each.label}: {each.value}" for each in facts if each.foreign]
            wrong += [f"{entry_id}: {each}" for text in said for each in english_in(str(text))]
    assert wrong == []


@pytest.mark.parametrize("entry_id", ["EV001", "AC005", "OC007", "RC-SUICIDE-HIGH"])
def test_the_page_of_an_entry_marks_the_rest_as_english(entry_id: str, spanish_reader: Client):
    body = spanish_reader.get(f"/library/evidence/{entry_id}/").content.decode()
    assert english_in(own_words(body)) == []


# ---------------------------------------------------------------- exact in both languages

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def numbers(text: str) -> list[str]:
    """The numbers of a text, each as often as it stands there, however its language writes them."""
    text = re.sub(r"(?<=\d)[.,\u00a0\u202f ](?=\d{3}\b)", "", text)
    return sorted(NUMBER.findall(re.sub(r"(?<=\d),(?=\d)", ".", text)))


def test_every_study_says_its_result_in_both_languages_with_the_same_numbers():
    studies = [each for each in entries().values() if isinstance(each, Study)]
    assert [each.id for each in studies if not each.result["es"]] == []
    assert [each.id for each in studies if numbers(each.result["en"]) != numbers(each.result["es"])] == []


def test_every_practice_says_the_same_numbers_in_both_languages():
    practices = [each for each in entries().values() if isinstance(each, Practice)]
    assert [each.id for each in practices if bool(each.says["en"]) != bool(each.says["es"])] == []
    assert [each.id for each in practices if numbers(each.says["en"]) != numbers(each.says["es"])] == []


def test_the_words_of_the_columns_carry_the_same_numbers():
    assert [english for english, own in spanish().items() if numbers(english) != numbers(own)] == []


def test_every_word_that_is_said_in_spanish_is_still_used():
    used = {value for each in entries().values() if not isinstance(each, Rule) for value in _texts(each)}
    assert set(spanish()) - used == set()


def _texts(entry: Study | Practice | Outcome) -> Iterator[str]:
    for name in entry.__slots__:
        value = getattr(entry, name)
        if isinstance(value, str):
            yield value


@pytest.mark.parametrize(
    ("words", "entry_id"), [("veteranos", "EV004"), ("litio valproato", "EV056"), ("ratones", "AC071")]
)
def test_a_reader_of_spanish_finds_an_entry_by_spanish_words(words: str, entry_id: str, db: None):
    assert entry_id in {each.id for each in entries_that_match(words, "es", 40).entries}


def test_from_the_day_after_a_law_has_ended_its_page_says_so(spanish_reader: Client, monkeypatch: pytest.MonkeyPatch):
    ended = "Algo de lo que dice esta página ya terminó."
    law, last = next((law, each.on) for law in jurisdictions() for each in law.ends)
    address = f"/library/law/{law.code.lower()}/"
    monkeypatch.setattr("sojourn.interfaces.portal.library.law.page_today", lambda: last)
    assert ended not in spanish_reader.get(address).content.decode()
    monkeypatch.setattr("sojourn.interfaces.portal.library.law.page_today", lambda: last + timedelta(days=1))
    late = own_words(spanish_reader.get(address).content.decode())
    assert ended in late
    assert english_in(late) == []
