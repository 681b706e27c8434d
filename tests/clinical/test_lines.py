"""The lines of a place: the laws that their data keeps, and what each country's readers are shown first."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sojourn.clinical import lines
from sojourn.clinical.lines import CrisisLine, LinesInvalid, shape
from tests.broken import Legitimate, faults, toml

RAW: dict[str, Any] = tomllib.loads(files("sojourn.clinical.lines").joinpath("lines.toml").read_text("utf-8"))
ROWS: list[dict[str, Any]] = RAW["line"]
EVERY = [line for code in lines.countries() for line in lines.of(code, "en").every]
COUNTRIES = [code for code in lines.countries() if code != lines.ELSEWHERE]


def ids(found: tuple[CrisisLine, ...]) -> list[str]:
    return [each.id for each in found]


# ---------------------------------------------------------------- the laws of the data


def test_every_number_is_a_string_as_it_is_written():
    numbers = {row["id"]: row.get("number", "") for row in ROWS}
    assert all(isinstance(each, str) for each in numbers.values())
    # what a number would have lost, and did in a public package: crisis_lines.md, trap 1
    assert numbers["au-000"] == "000"
    assert numbers["es-024"] == "024"
    assert numbers["nl-0800-0113"] == "0800-0113"
    assert numbers["jp-yorisoi"] == "0120-279-338"
    assert lines.by_id("au-000").href == "tel:000"  # type: ignore[union-attr]
    assert lines.by_id("es-024").href == "tel:024"  # type: ignore[union-attr]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_what_a_tap_opens_follows_from_what_is_written(row: dict[str, Any]):
    line = lines.by_id(row["id"])
    assert line is not None
    digits = re.sub(r"[^0-9]", "", line.number)
    if line.how in {"call", "sms", "whatsapp"}:
        # A number for the whole world ends as the one for the country does, without its leading zero.
        assert re.sub(r"[^0-9]", "", line.dial).endswith(digits.removeprefix("0"))
        if not line.dial.startswith("+") and line.how != "whatsapp":
            assert line.dial == digits
    scheme = {"call": "tel:", "sms": "sms:", "whatsapp": "https://wa.me/", "web": "http"}.get(line.how, "")
    assert line.href.startswith(scheme)
    assert bool(line.href) == bool(scheme)  # what is copied, and what is only words, is no link
    assert "," not in line.href
    assert ";" not in line.href  # no menu digit is ever dialled: it changes


def test_every_line_says_where_it_was_read_and_how_well():
    assert len(ROWS) == 164
    assert sum(row["mark"] == "read" for row in ROWS) == 37
    assert {row["mark"] for row in ROWS} == {"read", "second-hand"}
    assert all(row["source"] and row["read_on"] == date(2026, 11, 29) for row in ROWS)
    assert {row["country"] for row in ROWS} == set(lines.countries())


def test_every_line_is_written_in_both_languages():
    for row in ROWS:
        for part in ("name", "words", "hours"):
            said = row.get(part)
            assert not isinstance(said, dict) or (said["en"] and said["es"]), (row["id"], part)
    assert all(country.names["en"] and country.names["es"] for country in lines.countries().values())


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_line_says_its_hours_in_the_language_that_is_asked(language: str):
    for row in ROWS:
        said, line = row.get("hours", ""), lines.by_id(row["id"], language)
        assert line is not None
        assert line.hours == (said[language] if isinstance(said, dict) else said), row["id"]


@pytest.mark.parametrize(
    ("line_id", "shown"), [("us-988", "988"), ("nl-0800-0113", "0800-0113"), ("zz-findahelpline", "findahelpline.com")]
)
def test_a_line_is_shown_as_people_write_it(line_id: str, shown: str):
    line = lines.by_id(line_id)
    assert line is not None
    assert line.shown == shown


def test_no_number_with_a_star_is_a_link():
    # iOS does not dial a link with * or #: crisis_lines.md, trap 2
    star = lines.by_id("cl-4141", "es")
    assert star is not None
    assert (star.number, star.href) == ("*4141", "")
    assert "asterisco" in star.words
    assert not any("*" in each.href or "#" in each.href for each in EVERY)


def test_what_must_be_registered_beforehand_is_never_offered():
    registered = {row["id"] for row in ROWS if row["how"] == "registered"}
    assert registered == {"gb-999-sms", "nz-111-txt"}
    assert not registered & {each.id for each in EVERY}


def test_what_works_only_with_another_device_or_not_everywhere_is_no_link():
    for line_id in ("us-911-text", "au-106", "us-988-tty", "us-988-video", "ca-988-relay", "us-ctl-whatsapp"):
        line = lines.by_id(line_id)
        assert line is not None
        assert line.href == ""
        assert line.words


def test_the_ended_option_is_nowhere():
    # 988, press 3, ended on 2025-07-17
    text = repr(ROWS)
    assert "press 3" not in text
    assert "oprima 3" not in text
    assert "PRIDE" not in text
    assert not any("2738255" in each.href for each in EVERY)


def test_a_message_begins_with_the_word_that_the_line_reads():
    bodies = {row["id"]: row["body"] for row in ROWS if row.get("body")}
    assert bodies == {
        "us-988-sms-es": "AYUDA", "us-ctl": "HOME", "us-ctl-es": "AYUDA", "gb-shout": "SHOUT", "ie-text": "HELLO",
        "ie-pieta-sms": "HELP", "nz-lifeline-sms": "HELP",
    }  # fmt: skip
    for line_id, body in bodies.items():
        line, spanish = lines.by_id(line_id, "en"), lines.by_id(line_id, "es")
        assert line is not None
        assert spanish is not None
        assert line.href == f"sms:{line.dial}?&body={body}"
        assert body in line.words  # where the telephone does not fill it in, the words say it
        assert body in spanish.words


# ---------------------------------------------------------------- what a place shows


@pytest.mark.parametrize("code", COUNTRIES)
@pytest.mark.parametrize("language", lines.LANGUAGES)
def test_every_country_has_an_emergency_number_and_a_crisis_line_first(code: str, language: str):
    place = lines.of(code, language)
    assert place.buttons
    assert all(each.kind == "emergency" and each.href.startswith("tel:") for each in place.buttons)
    assert any(each.kind == "crisis" for each in place.first)
    assert all(each.country == code for each in place.every)
    assert len(set(ids(place.every))) == len(place.every)
    assert place.name == lines.countries()[code].names[language]
    for kind in (place.crisis, place.text, place.chat, place.deaf, place.poison):  # who speaks as the reader does first
        ranks = [0 if each.lead else 1 if each.speaks(language) else 2 for each in kind]
        assert ranks == sorted(ranks)


def test_the_large_button_is_the_general_number_and_never_a_poison_line():
    for code in COUNTRIES:
        place = lines.of(code, "en")
        general = [each for each in place.emergency if each.service == "general"]
        assert len(general) <= 1
        if general:
            assert ids(place.buttons) == ids(tuple(general))
        else:  # no number for everything is known: each service by its own name
            assert all(each.service in {"ambulance", "police", "fire"} for each in place.buttons)
        assert not {each.id for each in place.poison} & {each.id for each in (*place.buttons, *place.first)}
    poison = {row["id"] for row in ROWS if row["kind"] == "poison"}
    assert poison == {"us-poison", "ca-poison", "ca-poison-qc", "ch-145"}


@pytest.mark.parametrize(
    ("place", "language", "large", "first"),
    [
        ("US-CO", "en", ["tel:911"], ["tel:988", "sms:988"]),
        ("US-CO", "es", ["tel:911"], ["tel:988", "sms:988?&body=AYUDA"]),
        ("MX", "es", ["tel:911"], ["tel:8009112000"]),
        ("ES", "es", ["tel:112"], ["tel:024"]),
        ("ES", "en", ["tel:112"], ["tel:024", "tel:900525100"]),
        ("GB", "en", ["tel:999"], ["tel:116123", "tel:111", "sms:85258?&body=SHOUT"]),
        ("NO", "en", ["tel:113", "tel:112"], ["tel:116123"]),
        ("CL", "es", ["tel:131", "tel:133"], ["", "tel:6003607777"]),
        ("KE", "en", [], ["https://findahelpline.com/"]),
    ],
)
def test_what_is_shown_first(place: str, language: str, large: list[str], first: list[str]):
    found = lines.of(place, language)
    assert [each.href for each in found.buttons] == large
    assert [each.href for each in found.first] == first


def test_spanish_is_offered_to_its_readers_first_and_found_by_the_others():
    spanish, english = lines.of("US", "es"), lines.of("US", "en")
    assert "us-988" not in ids(spanish.every)
    assert "oprima 2" in spanish.first[0].words
    assert "us-988-es" in ids(english.more)


def test_an_unknown_language_reads_english():
    assert lines.of("ES", "de") == lines.of("ES", "en")
    assert lines.of("es", "ES-mx") == lines.of("ES", "es")


def test_every_clock_of_a_country_is_one_and_stands_once():
    zones = [zone for country in lines.countries().values() for zone in country.zones]
    assert len(zones) == len(set(zones))
    assert all(ZoneInfo(zone) for zone in zones)
    assert all(country.zones for code, country in lines.countries().items() if code != lines.ELSEWHERE)
    assert "America/Tijuana" in lines.countries()["MX"].zones
    assert "Asia/Calcutta" in lines.countries()["IN"].zones  # what Chromium still says


# ---------------------------------------------------------------- what is refused

GOOD = next(row for row in ROWS if row["id"] == "us-988")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": 988}, "number is no number"),
        ({"number": "*988"}, "cannot be dialled"),
        ({"kind": "poison", "service": "general"}, "an emergency number, and no other"),
        ({"kind": "emergency"}, "an emergency number, and no other"),
        ({"mark": "believed"}, "mark cannot be 'believed'"),
        ({"source": ""}, "source must be a text"),
        ({"address": "https://x.example"}, "a number, or an address"),
        ({"press": "2"}, "press is not a part of it"),
        ({"body": "HELP"}, "only a text message has a body"),
        ({"languages": []}, "somebody answers in some language"),
        ({"country": "QQ"}, "there is no country QQ"),
        ({"instead_of": "us-989"}, "there is no line us-989 of its country"),
        ({"instead_of": "es-024"}, "there is no line es-024 of its country"),
    ],
)
def test_a_line_that_breaks_a_law_is_refused(change: dict[str, Any], said: str):
    found = _faults([GOOD | change if row is GOOD else row for row in ROWS])
    assert any(each.startswith("lines.toml: us-988") and said in each for each in found)


def test_one_id_is_one_line_and_one_code_one_country():
    assert _faults([*ROWS, GOOD]) == ["lines.toml: two lines have one id: us-988"]
    again = {**RAW["country"][0], "name": {"en": "Again", "es": "Otra vez"}}
    said = [*shape.faults("lines.toml", {**RAW, "country": [*RAW["country"], again]})]
    assert said == [
        f"lines.toml: two countries have one code: {again['code']}",
        *(f"lines.toml: two countries have one zone: {zone}" for zone in again["zones"]),
    ]


def _faults(rows: list[dict[str, Any]]) -> list[str]:
    return [*shape.faults("lines.toml", {**RAW, "line": rows})]


# ---------------------------------------------------------------- single faults, drawn from a short file

_FREE = "free words: nothing can be asked of them but that they are there"
_OWN = "a line may do without it: whom a country has, and how they are reached, is the country's own"
LEGITIMATE = (
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in ("line.*.id", "line.*.name.*", "line.*.words.*", "line.*.hours.*", "line.*.source", "line.*.body",
                     "country.*.name.*")
    ),
    *(
        Legitimate(f"line.*.{each}", ("removed",), _OWN)
        for each in ("words", "hours", "lead", "instead_of", "body", "dial")
    ),
    *(Legitimate(each, ("hole",), _OWN) for each in ("line.*", "line.*.languages.*", "country.*.zones.*")),
    Legitimate("line.*.languages", ("empty",), "a directory on the web speaks whatever its reader does"),
    Legitimate("line.*.languages.*", ("hole",), _OWN),
)  # fmt: skip


def _short() -> dict[str, Any]:
    """Two countries, and as few of their lines as have every key and every way of reaching somebody."""
    own = [row for row in ROWS if row["country"] in ("US", "ZZ")]
    kept, seen = [], set[object]()
    for row in sorted(own, key=len, reverse=True):
        told = {*row, row["how"], ("hours", type(row.get("hours")))}
        if told - seen:
            seen |= told
            kept.append(row)
    stood_in_for = {row.get("instead_of") for row in kept} - {row["id"] for row in kept}
    kept += [row for row in own if row["id"] in stood_in_for]
    countries = [
        each | ({"zones": each["zones"][:2]} if "zones" in each else {})
        for each in RAW["country"]
        if each["code"] in ("US", "ZZ")
    ]
    return {"country": countries, "line": kept}


def refusal(tree: dict[str, Any]) -> str:
    """What is said against a file, "" where it is taken."""
    try:
        lines.read(toml(tree))
    except LinesInvalid as wrong:
        return str(wrong)
    return ""


def test_every_fault_of_a_file_of_lines_is_refused_by_name():
    tree, wrong = _short(), []
    assert refusal(tree) == ""
    for one in (each for each in faults(tree) if isinstance(each.tree, dict)):
        said = refusal(one.tree)
        if not said and not any(each.holds(one) for each in LEGITIMATE):
            wrong.append(f"{one}: taken")
        if said and ("lines.toml" not in said or (one.kind == "misspelt" and str(one.path[-1]) not in said)):
            wrong.append(f"{one}: refused without its name: {said}")
    assert wrong == []


def test_what_is_no_file_is_refused_by_name():
    with pytest.raises(LinesInvalid, match=r"lines\.toml: "):
        lines.read("[[line]\n")
