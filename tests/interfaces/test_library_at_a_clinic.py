"""A clinic's library as its readers see it: its patient, its staff and who follows its link see what it adds, hides and
says beside ours; who reads elsewhere sees nothing of it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.clock import page_today
from sojourn.foundation.library import article_actions, evidence_actions, own_check
from sojourn.foundation.library.article import library
from sojourn.foundation.library.evidence import Study, entries
from sojourn.foundation.library.models import EvidenceEntry
from sojourn.interfaces.portal.pages import TO_KEEP
from tests.care.people import make_patient
from tests.care.test_library import WHOLE
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_portal import signed_in
from tests.rows import OWN_ARTICLE

OURS = "how-it-works"
DEVICE = {TO_KEEP: "1"}


@pytest.fixture
def editor(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Actor:
    monkeypatch.setattr(own_check, "clinic_today", lambda _by: date(2026, 1, 10))
    return clinic.actor("prescriber")


def followed(cast: Cast) -> Client:
    client = Client()
    assert client.get(f"/library/at/{cast.clinic.slug}/").status_code == 302
    return client


READERS: dict[str, Callable[[Cast], Client]] = {
    "patient": lambda cast: signed_in(cast, make_patient(cast)),
    "staff": lambda cast: cast.client("nurse"),
    "stranger": followed,
}


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest, clinic: Cast) -> Client:
    return READERS[request.param](clinic)


@pytest.fixture
def elsewhere(clinic: Cast, other_clinic: Cast) -> list[Client]:
    """Who reads what ships alone, and who reads at another clinic."""
    return [Client(), followed(other_clinic), other_clinic.client("nurse")]


def text(client: Client, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, address
    main = answer.content.decode().split("<main", 1)[1].split("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def slugs(client: Client, address: str = "/library/") -> list[str]:
    return re.findall(r'class="card-title"><a href="/library/([\w-]+)/"', client.get(address).content.decode())


def approved(by: Actor, **more: str) -> EvidenceEntry:
    with acting_as(by):
        entry = evidence_actions.propose(by=by, values={**WHOLE, **more})
        until = page_today() + timedelta(days=90)
        evidence_actions.approve(by=by, number=entry.number, seen=entry.pk, review_by=until)
    return entry


def publish(by: Actor, body: str = OWN_ARTICLE, language: str = "en") -> None:
    with acting_as(by):
        version = article_actions.write_article(by=by, slug="your-visit", language=language, body=body)
        article_actions.publish_article(by=by, article_id=version.pk)


# ---------------------------------------------------------------- articles


def test_what_the_clinic_hides_is_nowhere(reader: Client, elsewhere: list[Client], editor: Actor):
    with acting_as(editor):
        article_actions.set_hidden(by=editor, slug=OURS, hidden=True, reason="We explain it ourselves.")
    title = library()[OURS]["en"].title
    assert OURS not in slugs(reader)
    assert OURS not in slugs(reader, "/library/?q=glutamate")
    page = text(reader, f"/library/{OURS}/", 404)
    assert "This page is not here" in page
    assert title not in page
    assert "We explain it ourselves" not in page
    for name in ("ask", "clear", "answers"):
        assert reader.get(f"/library/{OURS}/{name}/").status_code == 404
    kept = reader.get(f"/library/{OURS}/", headers=DEVICE)
    assert (kept.status_code, "X-May-Stay" in kept) == (404, False)
    assert f'href="/library/{OURS}/"' not in reader.get("/library/", headers=DEVICE).text
    # Nor is it quoted where it rested on something.
    assert title not in text(reader, "/library/evidence/EV062/")
    for other in elsewhere:
        assert OURS in slugs(other)
        assert title in text(other, f"/library/{OURS}/")


def test_the_clinics_own_article_stands_beside_ours_and_says_whose_it_is(
    clinic: Cast, reader: Client, elsewhere: list[Client], editor: Actor
):
    entry = approved(editor)
    publish(editor, f"{OWN_ARTICLE}\n## What to bring\n\nIt may help you sleep. [{entry.called}, EV001]\n")
    name = str(clinic.clinic.name)
    assert "your-visit" in slugs(reader)
    assert slugs(reader, "/library/?q=whom you meet")[0] == "your-visit"
    assert f"From {name}" in text(reader, "/library/")
    page = text(reader, "/library/your-visit/")
    assert f"Written by {name}. It does not come with the library." in page
    assert f"Added by {name}" in page.split("What this rests on")[-1]
    assert "12 of 20 responded" in page
    assert "Ask about this" in page
    assert reader.get("/library/your-visit/ask/").status_code == 200
    assert "It may help you sleep." in text(reader, f"/library/evidence/{entry.called}/")
    assert f"Written by {name}" not in text(reader, f"/library/{OURS}/")
    reader.cookies["django_language"] = "es"
    if (spanish := reader.get("/library/your-visit/")).status_code == 404:  # staff and patients have their own language
        assert "Read in English" in spanish.text
    for other in elsewhere:
        assert "your-visit" not in slugs(other)
        assert other.get("/library/your-visit/").status_code == 404


def test_what_holds_at_the_clinic_stands_beside_our_article(
    clinic: Cast, reader: Client, elsewhere: list[Client], editor: Actor
):
    with acting_as(editor):
        article_actions.write_rule(by=editor, slug=OURS, language="en", text="Eat nothing for 8 hours before.")
        article_actions.write_rule(by=editor, slug="is-it-safe", language="es", text="No coma nada antes.")
    page = text(reader, f"/library/{OURS}/")
    assert f"At {clinic.clinic.name} Eat nothing for 8 hours before. The clinic’s own words" in page
    assert editor.name not in page
    assert 'aria-labelledby="clinic-rule" lang="es"' in reader.get("/library/is-it-safe/").text  # better than nothing
    kept = text(reader, f"/library/{OURS}/", **DEVICE)
    assert "Eat nothing for 8 hours before." in kept
    assert "Kept on this device on" in kept
    for other in elsewhere:
        assert "Eat nothing" not in text(other, f"/library/{OURS}/")


# ---------------------------------------------------------------- evidence


def test_its_entries_are_found_together_with_ours(clinic: Cast, reader: Client, elsewhere: list[Client], editor: Actor):
    entry = approved(editor, null="yes")
    with acting_as(editor):
        waits = evidence_actions.propose(by=editor, values={**WHOLE, "title": "A trial that waits", "doi": ""})
    found = reader.get("/library/evidence/?q=ketamine midazolam").text
    named = re.findall(r'href="/library/evidence/(\w+)/"', found)
    assert entry.called in named
    assert len([each for each in named if each.startswith("EV")]) > 2
    assert waits.called not in named
    assert f"Added by {clinic.clinic.name}" in text(reader, "/library/evidence/")  # all of them: its own first
    page = text(reader, f"/library/evidence/{entry.called}/")
    for said in (
        WHOLE["title"], "Trial: chance decided who got which treatment (RCT)", "How many people 40",
        "Who they were adults",
        "Compared with midazolam", "12 of 20 responded, and 6 of 20 with midazolam.",
        "Money behind it none stated",
        "How we checked it read whole. The clinic approved it on", "Found no effect, or not the one it looked for",
        "https://doi.org/10.5555/sleep.40", f"Added by {clinic.clinic.name}.",
    ):  # fmt: skip
        assert said in page
    assert editor.name not in page
    assert reader.get(f"/library/evidence/{waits.called}/").status_code == 404
    for other in elsewhere:
        assert other.get(f"/library/evidence/{entry.called}/").status_code == 404
        assert entry.called not in other.get("/library/evidence/?q=ketamine midazolam").text


def test_what_was_taken_back_says_so_on_its_page_and_behind_every_sentence(
    reader: Client, elsewhere: list[Client], editor: Actor
):
    article = library()[OURS]["en"]
    cited = next(each for each in article.evidence if each.startswith("EV"))
    entry = approved(editor)
    publish(editor, f"{OWN_ARTICLE}\nIt may help you sleep. [{entry.called}]\n")
    with acting_as(editor):
        evidence_actions.mark_retracted(by=editor, about=cited, reason="Made up.")
        evidence_actions.withdraw(by=editor, number=entry.number, reason="We read it again.")
    number = article.evidence.index(cited) + 1
    page = text(reader, f"/library/{OURS}/")
    behind = f"Do not rely on this: the journal has taken source {number} back."
    assert page.count(behind) == sum(1 for _each in article.resting_on(cited)) > 0
    assert page.split("What this rests on")[-1].count("Its journal has taken this study back.") == 1
    own = text(reader, "/library/your-visit/")
    assert "It may help you sleep. 1 Do not rely on this: the clinic has taken source 1 back." in own
    for entry_id, said in (
        (cited, "Its journal has taken this study back."),
        (entry.called, "The clinic has taken this"),
    ):
        page = text(reader, f"/library/evidence/{entry_id}/")
        assert said in page
        assert "Noted on" in page
        assert "Made up" not in page  # written for colleagues
    study = entries()[cited]
    assert isinstance(study, Study)
    assert "Its journal has taken this study back." in text(reader, f"/library/evidence/?q={study.title}")
    for other in elsewhere:
        assert "has taken" not in text(other, f"/library/{OURS}/")


def test_a_review_of_the_clinics_that_is_due_is_said(reader: Client, editor: Actor, monkeypatch: pytest.MonkeyPatch):
    entry = approved(editor)
    page = f"/library/evidence/{entry.called}/"
    assert "wanted to look at this again" not in text(reader, page)
    late = page_today() + timedelta(days=91)
    monkeypatch.setattr("sojourn.interfaces.portal.library.evidence.page_today", lambda: late)
    assert "wanted to look at this again" in text(reader, page)


# ---------------------------------------------------------------- few queries, however much there is


PAGES = {"/library/": 4, "/library/?q=ketamine": 4, f"/library/{OURS}/": 4, "/library/your-visit/": 4,
         "/library/evidence/": 3, "/library/evidence/?q=ketamine": 4, "/library/evidence/EV001/": 4}  # fmt: skip


def asked(client: Client, address: str) -> list[str]:
    """The statements that read the library's own rows."""
    with CaptureQueriesContext(
        connection,
    ) as found:
        client.get(address)
    return [each["sql"] for each in found if 'FROM "library_' in each["sql"] or "unnest" in each["sql"]]


def test_a_page_asks_little_and_as_much_for_many_as_for_one(reader: Client, editor: Actor):
    entry = approved(editor)
    publish(editor, f"{OWN_ARTICLE}\nIt may help you sleep. [{entry.called}]\n")
    for address, most in PAGES.items():
        assert len(asked(reader, address)) <= most, address
    before = {address: len(asked(reader, address)) for address in PAGES}
    more = [approved(editor, title=f"Another trial of ketamine, number {n}", doi=f"10.5555/x.{n}") for n in range(4)]
    with acting_as(editor):
        for n, each in enumerate(more):
            body = f"{OWN_ARTICLE}\nIt may help you sleep. [{each.called}]\n"
            version = article_actions.write_article(by=editor, slug=f"visit-{n}", language="en", body=body)
            article_actions.publish_article(by=editor, article_id=version.pk)
            evidence_actions.withdraw(by=editor, number=each.number, reason="x")
        for slug in list(library())[:5]:
            article_actions.write_rule(by=editor, slug=slug, language="en", text="We meet you at the door.")
        for about in ("EV001", "EV002", "EV003"):
            evidence_actions.mark_retracted(by=editor, about=about, reason="x")
    assert {address: len(asked(reader, address)) for address in PAGES} == before
    with at_most(30):
        reader.get(f"/library/{OURS}/")


# ---------------------------------------------------------------- what a device keeps


def test_only_articles_and_their_list_may_stay_on_a_device(clinic: Cast, reader: Client, editor: Actor):
    entry = approved(editor)
    publish(editor)
    stay = ("/library/", f"/library/{OURS}/", "/library/your-visit/")
    never = ("/library/voices/", f"/library/{OURS}/ask/", f"/library/{OURS}/clear/", f"/library/{OURS}/answers/",
             "/library/evidence/", "/library/evidence/EV001/", f"/library/evidence/{entry.called}/", "/library/law/",
             "/library/law/us/", "/library/no-such/")  # fmt: skip
    assert {each for each in (*stay, *never) if "X-May-Stay" in reader.get(each, headers=DEVICE)} == set(stay)
    assert not any("X-May-Stay" in reader.get(each) for each in stay)  # as its reader sees it, it is not for keeping
    kept = reader.get(f"/library/{OURS}/", headers=DEVICE).text
    for gone in ("Was this clear?", "Ask about this", "Signed in as"):
        assert gone not in kept
    worker = reader.get("/library/sw.js").text
    assert 'const MAY_STAY = "X-May-Stay";' in worker


# ---------------------------------------------------------------- asking where one reads


def test_every_part_can_be_asked_about_where_there_is_a_clinic_to_ask(reader: Client):
    body = reader.get(f"/library/{OURS}/").text
    headings = [each.number for each in library()[OURS]["en"].sections if each.heading]
    assert re.findall(rf'<a [^>]*href="/library/{OURS}/ask/\?part=(\d+)"', body) == [str(each) for each in headings]
    assert body.count("Was this clear?") == len(headings)
    assert f'hx-get="/library/{OURS}/answers/"' in body
    assert "/library/voices/" in reader.get("/library/").text
    alone = Client().get(f"/library/{OURS}/").text
    assert "Was this clear?" not in alone
    assert "/library/voices/" not in Client().get("/library/").text
