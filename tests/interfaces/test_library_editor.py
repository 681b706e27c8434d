"""The editor's pages of the library: a study from a file to its approval, an article of ours hidden, one of its
own published, in both languages; and nobody else may."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.library import import_actions, own_check, queries
from sojourn.foundation.library.models import EvidenceEntry, EvidenceImport
from sojourn.interfaces.console.library import articles
from tests.care.test_library import WHOLE
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.rows import OWN_ARTICLE

FILES = Path(__file__).parent.parent / "contracts" / "citations"
LIBRARY = "/clinic/library/"


@pytest.fixture
def editor(clinic: Cast) -> Client:
    client = clinic.client("clinic_admin")
    client.get("/clinic/")
    return client


def newest(clinic: Cast) -> EvidenceEntry:
    with acting_as(clinic.actor("clinic_admin")):
        return EvidenceEntry.objects.latest("id")


def test_a_study_is_written_approved_and_withdrawn(clinic: Cast, editor: Client):
    refused = editor.post(f"{LIBRARY}evidence/new/", {"title": " ", "doi": "nonsense", "null": "no"})
    assert refused.status_code == 422
    assert "nonsense" in refused.text
    refused = editor.post(f"{LIBRARY}evidence/new/", {"title": "A study", "doi": "nonsense", "null": "no"})
    assert refused.status_code == 409
    assert "A DOI begins with 10." in refused.text
    assert editor.post(f"{LIBRARY}evidence/new/", WHOLE | {"money": ""}).status_code == 302
    entry = newest(clinic)
    page = f"{LIBRARY}evidence/{entry.number}/"
    with at_most(12):
        shown = editor.get(page).text
    assert "Missing before it can be approved" in shown
    assert "Who paid" in shown
    assert editor.post(page, WHOLE | {"seen": entry.pk}).status_code == 302
    assert editor.post(page, WHOLE | {"seen": entry.pk, "people": "41"}).status_code == 409
    later = newest(clinic)
    review_by = re.search(r'name="review_by" value="([^"]+)"', editor.get(page).text)[1]  # type: ignore[index]
    asked = {"seen": later.pk, "review_by": review_by}
    assert editor.post(f"{page}approve/", asked | {"review_by": "2020-01-01"}).status_code == 409
    assert editor.post(f"{page}approve/", asked).status_code == 302
    found = editor.get(f"{LIBRARY}evidence/?state=approved&q=sleep").text
    assert WHOLE["title"] in found
    assert WHOLE["title"] not in editor.get(f"{LIBRARY}evidence/?state=proposed&q=sleep").text
    assert editor.post(f"{page}end/", {"kind": "retracted", "reason": ""}).status_code == 409
    assert editor.post(f"{page}end/", {"kind": "retracted", "reason": "Since May"}).status_code == 302
    assert "retracted by its journal" in editor.get(page).text


def test_a_file_is_handed_over_and_each_refusal_is_shown(clinic: Cast, editor: Client):
    page = f"{LIBRARY}files/"
    wrong = editor.post(page, {"file": SimpleUploadedFile("x.pdf", b"%PDF-1.7")})
    assert wrong.status_code == 409
    assert "neither PubMed XML nor RIS nor BibTeX" in wrong.text
    content = (FILES / "broken.xml").read_bytes()
    answer = editor.post(page, {"file": SimpleUploadedFile("broken.xml", content)})
    assert answer.status_code == 302
    with acting_as(clinic.actor("clinic_admin")):
        file = EvidenceImport.objects.latest("id")
    waiting = editor.get(answer["Location"]).text
    assert "every 2s" in waiting
    with acting_as(import_actions.importer(clinic.clinic.pk)) as by:
        assert import_actions.take_slice(by=by, import_id=file.pk)
    assert "every 2s" not in editor.get(f"{page}{file.pk}/progress/").text
    with at_most(12):
        shown = editor.get(f"{page}{file.pk}/").text
    assert "Record 2" in shown
    assert "Record 9" in shown
    assert "undefined entity" in shown
    assert "Record 1<" not in shown
    assert "broken.xml" in editor.get(page).text


def test_one_of_ours_is_hidden_and_a_rule_stands_beside_it(clinic: Cast, editor: Client):
    page = f"{LIBRARY}ours/how-it-works/"
    assert editor.post(page, {"what": "hide", "reason": ""}).status_code == 409
    assert editor.post(page, {"what": "hide", "reason": "We explain it"}).status_code == 302
    assert editor.post(page, {"what": "rules", "rule_en": "We cure you.", "rule_es": ""}).status_code == 409
    rules = {"what": "rules", "rule_en": "Eat nothing for 8 hours.", "rule_es": "No coma nada durante 8 horas."}
    assert editor.post(page, rules).status_code == 302
    shown = editor.get(page).text
    assert "We explain it" in shown
    assert "No coma nada durante 8 horas." in shown
    with at_most(12):
        every = editor.get(LIBRARY).text
    assert "with a rule of yours" in every
    assert "hidden" in every
    assert editor.post(page, {"what": "show"}).status_code == 302
    assert editor.get(f"{LIBRARY}ours/none/").status_code == 404


def test_an_article_of_the_clinics_own_is_published_when_the_check_lets_it(
    clinic: Cast, editor: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(own_check, "clinic_today", lambda _by: date(2026, 1, 10))
    new = {"slug": "our-house", "language": "en", "body": "nothing"}
    assert editor.post(f"{LIBRARY}own/new/", new).status_code == 409
    answer = editor.post(f"{LIBRARY}own/new/", new | {"body": f"{OWN_ARTICLE}\nOf 10 people 9 were cured.\n"})
    assert answer.status_code == 302
    page = answer["Location"]
    assert "Mend this before you publish it" in editor.get(page).text
    at = f"our-house.en.md:{OWN_ARTICLE.count(chr(10)) + 2}: “Of 10 people 9 were cured.”"
    assert f"{at} a number without its evidence. Name its evidence" in editor.get(page).text
    assert f"{at} un número sin su prueba. Cite su prueba" in editor.get(page, headers={"Accept-Language": "es"}).text
    refused = editor.post(f"{page}publish/", headers={"Accept-Language": "es"})
    assert refused.status_code == 409
    assert f"{at} un número sin su prueba" in refused.text.split("por cambiar")[1].split("</ul>")[0]
    seen = re.search(r'name="seen" value="(\d+)"', editor.get(page).text)[1]  # type: ignore[index]
    page = editor.post(page, {"body": OWN_ARTICLE, "seen": seen})["Location"]
    assert "Nothing to mend" in editor.get(page).text
    assert editor.post(f"{page}publish/").status_code == 302
    with acting_as(clinic.actor("clinic_admin")):
        assert [each.slug for each in queries.own_articles("en") if each.slug == "our-house"] == ["our-house"]
    assert editor.post(f"{page}withdraw/").status_code == 302
    assert "draft" in editor.get(page).text


def test_an_article_of_ours_whose_review_is_overdue_says_so_to_the_editor(
    editor: Client, monkeypatch: pytest.MonkeyPatch
):
    page = f"{LIBRARY}ours/how-it-works/"
    assert "review overdue" not in editor.get(LIBRARY).text
    assert "The review of this article is overdue" not in editor.get(page).text
    monkeypatch.setattr(articles, "clinic_today", lambda _by: date(2100, 1, 1))
    assert "review overdue" in editor.get(LIBRARY).text
    assert "The review of this article is overdue" in editor.get(page).text


@pytest.mark.parametrize("path", ["", "evidence/", "evidence/new/", "files/", "own/new/", "ours/how-it-works/"])
def test_the_pages_are_editors_pages_in_both_languages(clinic: Cast, editor: Client, path: str):
    assert clinic.client("nurse").get(f"{LIBRARY}{path}").status_code == 403
    english = editor.get(f"{LIBRARY}{path}")
    assert english.status_code == 200
    spanish = editor.get(f"{LIBRARY}{path}", headers={"Accept-Language": "es"})
    assert '<html lang="es"' in spanish.text
    assert "Biblioteca" in spanish.text
