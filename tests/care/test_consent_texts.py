"""The texts of agreements: what they say, by route and place, in both languages, and what their hash is bound to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.care.consent import texts
from sojourn.clinical.rules import MARKS

DOCUMENTS = {each.id for each in texts.newest().values() if not each.is_pack}


def test_the_texts_are_sound_and_released():
    assert texts.check() == ()
    assert {"treatment", "off_label", "driving", "privacy", "research"} == DOCUMENTS


def _numbers(text: str) -> list[str]:
    return sorted(each.replace(",", "").replace(".", "") for each in re.findall(r"\d+(?:[.,]\d+)*", text))


@pytest.mark.parametrize("source", texts.newest().values(), ids=lambda each: each.id)
def test_every_figure_has_a_source_and_both_languages_say_the_same(source: texts.Source):
    for clause in source.every_clause:
        figures = _numbers(clause.text["en"])
        assert figures == _numbers(clause.text["es"]), clause.text["en"]
        if figures:
            assert clause.cites, f"a figure without a source: {clause.text['en']}"
        assert all(each.mark in MARKS and each.fact for each in clause.cites)
        assert clause.text["en"] != clause.text["es"]


def _grade(words: str) -> float:
    """Flesch-Kincaid grade level, with syllables as groups of vowels."""
    sentences = max(1, len(re.findall(r"[.?!:]", words)))
    found = re.findall(r"[A-Za-z]+", words)
    syllables = sum(
        max(1, len(re.findall(r"[aeiouy]+", each.lower())) - (each.lower().endswith("e") and len(each) > 3))
        for each in found
    )
    return 0.39 * len(found) / sentences + 11.8 * syllables / max(1, len(found)) - 15.59


@pytest.mark.parametrize("document_id", sorted(DOCUMENTS))
@pytest.mark.parametrize("way", texts.WAYS)
def test_a_text_reads_at_grade_8_or_below(document_id: str, way: str):
    text = texts.compose(texts.newest()[document_id], [texts.newest()["pack:US"]], way, "en")
    for part in text.parts:
        assert _grade(" ".join((*part.paragraphs, *part.local))) <= 8, part.title


def test_the_hash_changes_with_anything_that_is_shown():
    document, pack = texts.newest()["treatment"], texts.newest()["pack:US"]
    base = texts.compose(document, [pack], "in_esketamine", "en")
    others = [
        texts.compose(document, [pack], "iv", "en"),
        texts.compose(document, [pack], "in_esketamine", "es"),
        texts.compose(document, [], "in_esketamine", "en"),
        texts.compose(document, [replace(pack, version=2)], "in_esketamine", "en"),
        texts.compose(document, [replace(pack, review_on=date(2027, 1, 1))], "in_esketamine", "en"),
        texts.compose(replace(document, version=2), [pack], "in_esketamine", "en"),
        texts.compose(replace(document, statements=document.statements[1:]), [pack], "in_esketamine", "en"),
        texts.compose(replace(document, stops=()), [pack], "in_esketamine", "en"),
    ]
    part = base.parts[0]
    for changed in (part.title + ".", part.title.upper()):
        others.append(replace(base, parts=(replace(part, title=changed), *base.parts[1:])))
    hashes = {each.hash for each in (base, *others)}
    assert len(hashes) == len(others) + 1


@given(st.data())
def test_one_letter_anywhere_changes_the_hash_and_the_kept_text_reads_back(data: st.DataObject):
    way = data.draw(st.sampled_from(texts.WAYS))
    document = data.draw(st.sampled_from([each for each in texts.newest().values() if not each.is_pack]))
    text = texts.compose(document, [texts.newest()["pack:US"]], way, data.draw(st.sampled_from(texts.LANGUAGES)))
    assert texts.read_text(text.content) == text
    number = data.draw(st.integers(0, len(text.parts) - 1))
    part = text.parts[number]
    if part.paragraphs:
        at = data.draw(st.integers(0, len(part.paragraphs) - 1))
        told = part.paragraphs[at]
        cut = data.draw(st.integers(0, len(told) - 1))
        paragraphs = (*part.paragraphs[:at], told[:cut] + told[cut + 1 :], *part.paragraphs[at + 1 :])
        parts = (*text.parts[:number], replace(part, paragraphs=paragraphs), *text.parts[number + 1 :])
        assert replace(text, parts=parts).hash != text.hash


def test_a_text_that_says_the_same_by_every_way_is_one_agreement():
    privacy = texts.newest()["privacy"]
    assert len({texts.compose(privacy, [], way, "en").hash for way in texts.WAYS}) == 1
    treatment = texts.newest()["treatment"]
    assert len({texts.compose(treatment, [], way, "en").hash for way in texts.WAYS}) == len(texts.WAYS)


def test_clauses_are_by_route_and_the_labelled_spray_needs_no_off_label_text():
    iv = texts.compose(texts.newest()["treatment"], [], "iv", "en").content
    spray = texts.compose(texts.newest()["treatment"], [], "in_esketamine", "en").content
    assert "40 minutes" in iv
    assert "drips into a vein" in iv
    assert "drips into a vein" not in spray
    # Spravato label, verified: large rises of pressure in 8-19 % against 1-4 %; loss of consciousness 0.3-0.4 %
    assert "8 to 19 of 100" in spray
    assert "3 to 4 of 1,000" in spray
    assert not texts.newest()["off_label"].needed_for("in_esketamine")
    assert texts.newest()["off_label"].needed_for("im")


def test_packs_follow_the_place():
    assert texts.pack_ids("US-CA") == ("pack:US", "pack:US-CA")
    assert texts.pack_ids("US-TX") == ("pack:US",)
    assert texts.pack_ids("GB") == ("pack:GB",)
    assert texts.pack_ids("FR") == ()
    # The flexibility ends on 31 December 2026 (fact base, verified)
    us = texts.newest()["pack:US"]
    assert [each.id for each in us.lapsed(date(2027, 1, 1))] == ["telemedicine"]
    assert us.lapsed(date(2026, 12, 31)) == ()
    assert us.stale(date(2027, 1, 1))
    assert not us.stale(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("id = 3 =", "Expected"),
        ('id = "x"\nversion = 1\neffective_from = 2026-01-01\ntitle = { en = "X" }', "nothing in es"),
        ('id = "x"\nversion = 1\neffective_from = 2026-01-01\nways = ["air"]\ntitle = { en = "X", es = "Y" }', "air"),
    ],
)
def test_a_wrong_file_is_named(text: str, wrong: str):
    with pytest.raises(texts.TextInvalid, match=wrong):
        texts.bind([("documents/x.1.toml", text)])
