"""The library as a stranger, a clinic's guest and a patient read it, in both languages."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from sojourn.care.companion.stages import STAGES, Course, Facts, Stage, Visit
from sojourn.clinical import jurisdictions as clinical_law
from sojourn.foundation.library import finding
from sojourn.foundation.library.article import LANGUAGES, library, order
from sojourn.foundation.library.evidence import Outcome, Study, entries
from sojourn.foundation.library.pictures import hundreds
from sojourn.interfaces.portal.library import entries as shown_entries
from sojourn.interfaces.portal.library import law, presenters
from sojourn.interfaces.portal.library.law_words import IN_PART, PLAIN, plain
from sojourn.interfaces.portal.pages import TO_KEEP
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.interfaces.test_portal import signed_in

SLUGS = sorted(library())


def words(client: Client, address: str, **more: str) -> str:
    """The text of a page, its spaces made one."""
    response = client.get(address, **more)  # type: ignore[arg-type]
    assert response.status_code == 200, address
    body = response.content.decode()
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body.split("<main", 1)[1].split("<template", 1)[0])).split())


@pytest.fixture
def stranger(db: None) -> Client:
    return Client()


@pytest.fixture
def spanish(db: None) -> Client:
    client = Client()
    client.cookies["django_language"] = "es"
    return client


@pytest.fixture
def patient(clinic: Cast) -> Client:
    return signed_in(clinic, make_patient(clinic))


# ---------------------------------------------------------------- articles


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_every_article_is_whole_before_any_sign_in(slug: str, language: str, db: None):
    client = Client()
    client.cookies["django_language"] = language
    page = words(client, f"/library/{slug}/")
    article = library()[slug][language]
    squeezed = page.replace(" ", "")
    for sentence in article.sentences:
        assert sentence.text.replace(" ", "") in squeezed
    body = client.get(f"/library/{slug}/").content.decode()
    assert body.count('<li id="source-') == len(article.evidence)
    claims = sum(len(each.evidence) for each in article.sentences)
    assert body.count('class="ref"') == claims > 0
    for number in re.findall(r'href="#source-(\d+)"', body):
        assert f'<li id="source-{number}"' in body


def test_a_number_leads_to_its_own_entry(stranger: Client):
    article = library()["how-it-works"]["en"]
    body = stranger.get("/library/how-it-works/").content.decode()
    for number, entry_id in enumerate(article.evidence, 1):
        source = body.split(f'<li id="source-{number}"')[1].split("</li>")[0]
        assert reverse("library:entry", args=[entry_id]) in source


def test_a_study_that_found_nothing_says_so_where_it_is_cited(stranger: Client):
    body = words(stranger, "/library/how-it-works/")
    assert body.count("Found no effect, or not the one it looked for") == sum(
        isinstance(each := entries()[entry_id], Study) and each.null == "yes"
        for entry_id in library()["how-it-works"]["en"].evidence
        if entry_id in entries()
    )


def test_an_overdue_review_is_said(stranger: Client, monkeypatch: pytest.MonkeyPatch):
    article = library()["what-it-is"]["en"]
    assert "review of this article is overdue" not in words(stranger, "/library/what-it-is/")
    reading = finding.Reading(article, ours=True, rule=None, rests_on={}, gone={})
    assert not presenters.article(reading, "en", article.review_by).overdue
    late = date.fromordinal(article.review_by.toordinal() + 1)
    assert presenters.article(reading, "en", late).overdue
    monkeypatch.setattr("sojourn.interfaces.portal.library.views.page_today", lambda: late)
    assert "The review of this article is overdue" in words(stranger, "/library/what-it-is/")


def test_the_language_is_changed_on_the_article(stranger: Client):
    response = stranger.post("/language/", {"language": "es", "next": "/library/what-it-is/"})
    assert response.status_code == 302
    assert response["Location"] == "/library/what-it-is/"
    assert library()["what-it-is"]["es"].title in words(stranger, "/library/what-it-is/")


def test_a_word_in_the_middle_of_another_is_not_found(stranger: Client):
    found = {word: stranger.get("/library/", {"q": word}).content.decode() for word in ("ect", "njection")}
    assert 'first-session-im/"' in stranger.get("/library/", {"q": "injection"}).content.decode()
    assert 'first-session-im/"' not in found["njection"].split("All articles")[0]
    assert found["ect"].index('beside-ect/"') < found["ect"].index("All articles")


def test_what_is_not_there_is_not_found(stranger: Client):
    for address in ("/library/no-such/", "/library/evidence/EV999/", "/library/law/xx/", "/library/at/nowhere/"):
        assert stranger.get(address).status_code == 404, address


# ---------------------------------------------------------------- looking for


@pytest.mark.parametrize(
    ("client_name", "typed", "slug"),
    [("stranger", "bladder", "bladder-dependence-memory"), ("spanish", "VEJIGA", "bladder-dependence-memory"),
     ("spanish", "cuanto dura", "how-long-it-lasts"), ("stranger", "ECT", "beside-ect"),
     ("stranger", "antidep", "beside-antidepressants")],
)  # fmt: skip
def test_words_are_found_without_accents_and_capitals(
    client_name: str, typed: str, slug: str, request: pytest.FixtureRequest
):
    response = request.getfixturevalue(client_name).get("/library/", {"q": typed})
    titles = re.findall(r'class="card-title"><a href="/library/([\w-]+)/"', response.content.decode())
    assert titles[0] == slug


def test_words_that_nothing_has_lead_on(stranger: Client):
    assert "No article has all of these words" in words(stranger, "/library/?q=zzz")
    assert "Nothing that we hold has all of these words" in words(stranger, "/library/evidence/?q=zzz")


def test_evidence_is_found_in_both_languages(stranger: Client, spanish: Client):
    assert "Holmes" in words(stranger, "/library/evidence/?q=synaptic density")
    # A study is written in English; Spanish finds it by what our article says from it.
    assert "Phoumthipphavong" in words(spanish, "/library/evidence/?q=ratones espinas")


# ---------------------------------------------------------------- whose frame


def test_a_stranger_is_offered_everything_in_the_order_of_the_way(stranger: Client):
    page = words(stranger, "/library/")
    assert page.index("To understand it") < page.index("Is it for me?") < page.index("The session")
    assert "This fits where you are" not in page


def test_a_patient_reads_in_the_portal_and_is_offered_first_what_fits(patient: Client):
    body = patient.get("/library/").content.decode()
    assert 'class="bottom-nav' in body
    page = words(patient, "/library/")
    assert page.index("Is it for me?") < page.index("To understand it")
    assert page.count("This fits where you are on your way.") == 1


ZONE = ZoneInfo("UTC")
DOSED = Visit(
    1, datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 3, tzinfo=UTC), dosed_at=datetime(2026, 5, 1, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("stage", "facts", "shelf"),
    [
        ("invited", Facts(ZONE), "candidacy"),
        ("deciding", Facts(ZONE), "candidacy"),
        ("declined", Facts(ZONE), "candidacy"),
        ("agreed", Facts(ZONE), "prepare"),
        ("planned", Facts(ZONE), "prepare"),
        ("week_before", Facts(ZONE), "prepare"),
        ("week_before", Facts(ZONE, course=Course(0, 6), visits=(DOSED,)), "session"),
        ("day", Facts(ZONE), "session"),
        ("between", Facts(ZONE), "session"),
        ("first_evening", Facts(ZONE), "after"),
        ("window", Facts(ZONE), "after"),
        ("after_series", Facts(ZONE), "after"),
        ("paused", Facts(ZONE, visits=(DOSED,)), "after"),
        ("paused", Facts(ZONE), "candidacy"),
        ("staying_well", Facts(ZONE), "well"),
        ("ended", Facts(ZONE), "well"),
    ],
)
def test_where_one_is_on_the_way_says_what_comes_first(stage: Stage, facts: Facts, shelf: str):
    assert presenters.shelf_of(stage, facts) == shelf


def test_every_stage_has_a_shelf():
    assert {presenters.shelf_of(stage, Facts(ZONE)) for stage in STAGES} <= set(presenters.SHELVES)


def test_a_clinics_link_names_it_and_leads_on(clinic: Cast, stranger: Client):
    response = stranger.get(f"/library/at/{clinic.clinic.slug}/is-it-safe/")
    assert response["Location"] == "/library/is-it-safe/"
    head = (
        stranger.get("/library/is-it-safe/")
        .content.decode()
        .split('<header class="portal-head">')[1]
        .split("</header>")[0]
    )
    assert str(clinic.clinic.name) in html.unescape(head)


def test_a_link_changes_whom_to_call_only_where_nobody_was_known(clinic: Cast, other_clinic: Cast, stranger: Client):
    stranger.get(f"/library/at/{clinic.clinic.slug}/")
    known = stranger.cookies["help_clinic"].value
    stranger.get(f"/library/at/{other_clinic.clinic.slug}/")
    assert stranger.cookies["help_clinic"].value == known


def test_what_a_device_keeps_is_nobodys(patient: Client, clinic: Cast):
    body = patient.get("/library/is-it-safe/", headers={TO_KEEP: "1"}).content.decode()
    assert "Signed in as" not in body
    assert "data-owner" not in body
    assert "data-worker-library" not in body
    # What a service worker only hands on comes as if a script had asked for it.
    own = patient.get("/library/is-it-safe/", headers={"Sec-Fetch-Dest": "empty"}).content.decode()
    assert "data-owner" in own
    assert 'data-worker-library="/library/sw.js"' in own
    assert "data-worker-library" not in Client().get("/library/is-it-safe/").content.decode()


# ---------------------------------------------------------------- pictures


def test_a_hundred_people_are_drawn_once_each(stranger: Client):
    body = stranger.get("/library/beside-ect/").content.decode()
    pair = body.split('<div class="hundreds">')[1].split("</section>")[0]
    assert pair.count('<figure class="hundred"') == 2
    for name, figure in zip(("ketamine-elektd", "ect-elektd"), pair.split("<figure")[1:], strict=True):
        drawing = figure.split("</svg>")[0]
        assert drawing.count("<g class=") == 100
        assert drawing.count('class="is-responded"') == hundreds()[name].responded
        assert f"{hundreds()[name].responded} of 100 are much better" in drawing  # for who cannot see it


def test_a_picture_says_who_was_counted_and_who_still_was(stranger: Client):
    page = words(stranger, "/library/how-long-it-lasts/")
    picture = hundreds()["infusions-mcinnes"]
    assert "Counted: 537 of 9,016 people" in page
    assert picture.not_counted["en"] in page
    for each in picture.kept:
        assert f"About {each.of_hundred} of 100 who were much better still are after {each.weeks} weeks" in page


def test_the_drawing_tells_all_its_steps_without_script(spanish: Client):
    body = spanish.get("/library/how-it-works/").content.decode()
    assert body.count("<li data-step ") == 5
    assert "data-steps-move hidden" in body.replace('"', " ").replace("  ", " ") or "data-steps-move" in body


# ---------------------------------------------------------------- entries


@pytest.mark.parametrize("entry_id", ["EV001", "AC001", "PR001", "OC001", "OC007", "jurisdiction.US"])
def test_an_entry_has_its_page(entry_id: str, stranger: Client):
    page = words(stranger, reverse("library:entry", args=[entry_id]))
    assert entry_id in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_can_be_shown(language: str):
    for entry in entries().values():
        shown = shown_entries.shown(entry, language)
        assert shown.title
        assert shown.facts
        recalled = not entry.verified if isinstance(entry, Outcome) else entry.mark == "recalled"
        assert ("from memory" in shown.checked) is recalled, entry.id


def test_an_entry_says_what_we_say_from_it(stranger: Client):
    page = words(stranger, "/library/evidence/EV062/")
    assert "So spines do not start the effect" in page
    assert library()["how-it-works"]["en"].title in page


def test_a_figure_is_read_with_its_denominator(stranger: Client):
    page = words(stranger, "/library/evidence/OC001/")
    assert "53.6 (per cent: at least half of the symptoms were gone)" in page
    assert "Counted as a share of 537" in page


# ---------------------------------------------------------------- the law


def test_texas_is_only_proposed_and_says_so(stranger: Client):
    page = words(stranger, "/library/law/us-tx/")
    assert "We hold nothing about this place beyond the law of its country" in page
    assert "What holds in the whole country: United States" in page
    assert "Proposed: nobody has read this law yet" in words(stranger, "/library/law/")
    assert "We hold nothing about this place" not in words(stranger, "/library/law/us-ca/")


# Shorthand of the trade: a patient knows none of these.
SHORTHAND = re.compile(r"recalled|retrieved|verified|\bC[I]+\b|as US|REMS-only|>=|\bTRD\b|\bHCP\b|\bCD\b|config|; ")


def test_the_law_is_told_in_sentences_without_the_shorthand_of_the_trade():
    for each in law.jurisdictions.jurisdictions():
        page = law.page(each)
        for label, text in (*page.parts, *((one.what, one.what) for one in page.ends)):
            assert not SHORTHAND.search(text), (each.code, str(label), text)
            assert text[0].isupper(), (each.code, str(label), text)
            assert text.endswith("."), (each.code, str(label), text)


def test_every_sentence_on_the_law_stands_for_words_that_a_law_has():
    laws = law.jurisdictions.jurisdictions()
    held = {(part, each.text(part)) for each in laws for part in clinical_law.TEXTS}
    assert set(IN_PART) <= held
    words = {text for _, text in held - set(IN_PART)} | {ending.what for each in laws for ending in each.ends}
    assert words - {clinical_law.NOTHING_SAID} == set(PLAIN)


def test_a_bare_word_says_in_each_column_what_it_means_there():
    assert plain("no", "at_home") == "Not at home."
    assert plain("no", "esketamine") == "no"


def test_a_sentence_on_the_law_keeps_every_number():
    for held, sentence in PLAIN.items():
        if "recalled" not in held:  # what was from memory keeps its year, and says that it is
            assert set(re.findall(r"\d+", held)) <= set(re.findall(r"\d+", str(sentence))), held


@pytest.mark.django_db
def test_shelves_have_their_order():
    slugs = order()
    assert len(set(slugs)) == len(slugs)
    assert set(slugs) == set(library())
    first = next(shelf for shelf in presenters.shelves(finding.articles("es"), "understand"))
    assert [each.slug for each in first.cards[:3]] == ["what-it-is", "afraid-to-ask", "suicide-and-ketamine"]


def test_a_clinics_own_place_comes_first(clinic: Cast, patient: Client):
    titles = re.findall(r'href="/library/law/([\w-]+)/"', patient.get("/library/law/").content.decode())
    own = [each.code.lower() for each in law.jurisdictions.of_code(clinic.clinic.jurisdiction)]
    assert titles[: len(own)] == sorted(own)


def test_stale_law_says_so(stranger: Client, monkeypatch: pytest.MonkeyPatch):
    assert "Do not rely on this page" not in words(stranger, "/library/law/us/")
    monkeypatch.setattr("sojourn.interfaces.portal.library.law.page_today", lambda: date(2027, 1, 1))
    page = words(stranger, "/library/law/us/")
    assert "Do not rely on this page" in page
    assert "Something on this page has ended." in page


def test_what_changed_since_the_version_before_is_told(monkeypatch: pytest.MonkeyPatch):
    from dataclasses import replace
    from types import MappingProxyType

    book = law.released_rulebook()
    old = book.rule("jurisdiction.US-CO")
    new = replace(old, version=2, fixed={**old.fixed, "at_home": "read at last"})
    monkeypatch.setattr(
        law, "released_rulebook",
        lambda: replace(book, versions=MappingProxyType({**book.versions, (old.id, 2): new})),
    )  # fmt: skip
    assert [(each.part, each.after) for each in law.page(clinical_law.read(new)).changes] == [
        ("At home", "read at last")
    ]
    assert law.page(clinical_law.read(old)).changes == ()


def test_a_patient_of_another_place_is_no_reason_to_ask_more(patient: Client, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        patient.get("/library/")
