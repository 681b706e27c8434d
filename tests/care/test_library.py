"""The clinic's library: nothing is relied on that nobody approved, what was retracted is said wherever it is cited, a
file of citations is taken once and as far as it goes, and readers see what they should and no more."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from sojourn.foundation.accounts.actor import NOBODY, Actor, acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.clock import clinic_today
from sojourn.foundation.library import (
    article_actions,
    evidence_actions,
    import_actions,
    jobs,
    own_check,
    queries,
    reader,
)
from sojourn.foundation.library.models import (
    ClinicArticle,
    EvidenceDecision,
    EvidenceEntry,
    EvidenceImport,
    ImportPart,
    NoteKind,
)
from tests.care.people import actor_for, make_patient
from tests.care.stage import adopt_everything
from tests.care.test_isolation import SHARED
from tests.conftest import Cast
from tests.furnished import Furnished
from tests.rows import OWN_ARTICLE

FILES = Path(__file__).parent.parent / "contracts" / "citations"
WHOLE = {
    "title": "An invented trial of ketamine and sleep in forty people", "year": "2024", "design": "RCT",
    "people": "40", "who": "adults", "treatment": "ketamine", "compared_with": "midazolam",
    "result_en": "12 of 20 responded, and 6 of 20 with midazolam.",
    "result_es": "Respondieron 12 de 20, y 6 de 20 con midazolam. La depresión volvió en 4.", "null": "no",
    "money": "none stated", "how_checked": "read whole", "doi": "10.5555/sleep.40",
}  # fmt: skip


@pytest.fixture
def editor(clinic: Cast) -> Actor:
    return clinic.actor("prescriber")


def propose(by: Actor, **more: str) -> EvidenceEntry:
    with acting_as(by):
        return evidence_actions.propose(by=by, values={**WHOLE, **more})


def approved(by: Actor, **more: str) -> EvidenceEntry:
    entry = propose(by, **more)
    with acting_as(by):
        evidence_actions.approve(by=by, number=entry.number, seen=entry.pk, review_by=in_days(by, 90))
    return entry


def in_days(by: Actor, days: int) -> date:
    with acting_as(by):
        return clinic_today(by) + timedelta(days=days)


def found(by: Actor, text: str, language: str = "en") -> list[str]:
    with acting_as(by):
        return [each.id for each in queries.matching(text, language)]


# ---------------------------------------------------------------- entries


def test_nothing_is_relied_on_before_an_editor_approved_it(clinic: Cast, editor: Actor):
    patient = actor_for(clinic, make_patient(clinic))
    entry = propose(editor)
    for who in (editor, patient):
        assert entry.called not in found(who, "invented sleep")
        with acting_as(who):
            assert queries.entry(entry.called) is None
    with acting_as(editor):
        evidence_actions.approve(by=editor, number=entry.number, seen=entry.pk, review_by=in_days(editor, 90))
    for who in (editor, patient):
        assert entry.called in found(who, "invented sleep")
        with acting_as(who):
            shown = queries.entry(entry.called)
            assert isinstance(shown, queries.ClinicEntry)
            assert (shown.state, shown.decision.by_name) == ("approved", editor.name)  # type: ignore[union-attr]
            assert not shown.overdue(in_days(editor, 90))
            assert shown.overdue(in_days(editor, 91))


def test_what_was_approved_stands_until_the_next_version_is_approved_too(editor: Actor):
    entry = approved(editor)
    with acting_as(editor):
        second = evidence_actions.revise(
            by=editor, number=entry.number, seen=entry.pk, values={**WHOLE, "people": "41"}
        )
        assert second.called == entry.called
        assert queries.entry(entry.called).entry.people == "40"  # type: ignore[union-attr]
        assert [each.state for each in queries.entries_in("proposed") if each.id == entry.called] == ["proposed"]
        with pytest.raises(Overtaken):
            evidence_actions.approve(by=editor, number=entry.number, seen=entry.pk, review_by=in_days(editor, 9))
        with pytest.raises(Overtaken):
            evidence_actions.revise(by=editor, number=entry.number, seen=entry.pk, values=WHOLE)
        evidence_actions.approve(by=editor, number=entry.number, seen=second.pk, review_by=in_days(editor, 9))
        assert queries.entry(entry.called).entry.people == "41"  # type: ignore[union-attr]
        assert [each.entry.pk for each in queries.entries_in("approved") if each.id == entry.called] == [second.pk]


def refusal(act: Any, **asked: Any) -> tuple[str, ...]:
    with acting_as(asked["by"]), pytest.raises(ActionRefused) as refused:
        act(**asked)
    return refused.value.codes


def test_an_entry_is_approved_whole_and_for_a_year_at_most(editor: Actor):
    entry = propose(editor, money="", null="")
    asked = {"by": editor, "number": entry.number, "seen": entry.pk, "review_by": in_days(editor, 30)}
    assert refusal(evidence_actions.approve, **asked) == ("incomplete", "money", "null")
    with acting_as(editor):
        whole = evidence_actions.revise(by=editor, number=entry.number, seen=entry.pk, values=WHOLE)
    asked["seen"] = whole.pk
    assert refusal(evidence_actions.approve, **asked | {"review_by": in_days(editor, 0)}) == ("review-past",)
    assert refusal(evidence_actions.approve, **asked | {"review_by": in_days(editor, 367)}) == ("review-far",)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"title": " "}, "no-title"), ({"doi": "jad.2021"}, "no-doi"), ({"pmid": "PMC1"}, "no-pmid"),
        ({"null": "perhaps"}, "no-null"), ({"people": "x" * 501}, "too-long-people"),
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_said(editor: Actor, typed: dict[str, str], code: str):
    assert refusal(evidence_actions.propose, by=editor, values={**WHOLE, **typed}) == (code,)


@pytest.mark.parametrize(
    "typed",
    [
        {"title": "Another name", "doi": "https://doi.org/10.5555/SLEEP.40"},
        {"title": "An invented trial of Ketamine and sleep, in forty people.", "doi": ""},
        {"title": "One that ships", "doi": "10.1001/jamapsychiatry.2025.3019"},
        {"title": "One that ships", "doi": "", "pmid": "41123905"},
    ],
    ids=["by its DOI", "by its title", "ours by its DOI", "ours by its PMID"],
)
def test_a_study_is_there_once(editor: Actor, typed: dict[str, str]):
    approved(editor)
    assert refusal(evidence_actions.propose, by=editor, values={**WHOLE, **typed}) == ("known",)


def test_the_same_title_with_another_doi_is_another_study(editor: Actor):
    approved(editor)
    assert propose(editor, doi="10.5555/sleep.41").pk


def test_what_was_retracted_is_said_wherever_it_is_cited(clinic: Cast, other_clinic: Cast, editor: Actor):
    own, ours = approved(editor), "EV001"
    with acting_as(editor):
        assert queries.retracted([own.called, ours]) == {}
        for about in (own.called, ours):
            evidence_actions.mark_retracted(by=editor, about=about, reason="Retracted on 3 May")
            evidence_actions.mark_retracted(by=editor, about=about, reason="Again")
        evidence_actions.mark_retracted(by=editor, about=ours, reason="Again")
    for who in (editor, actor_for(clinic, make_patient(clinic)), reader.reader(clinic.clinic)):
        with acting_as(who):
            said = queries.retracted([own.called, ours, "EV002"])
            assert {about: each.reason for about, each in said.items()} == {
                own.called: "Retracted on 3 May", ours: "Retracted on 3 May"
            }  # fmt: skip
    with acting_as(other_clinic.actor("prescriber")):
        assert queries.retracted([own.called, ours]) == {}
    asked = {"by": editor, "number": own.number, "seen": own.pk, "review_by": in_days(editor, 30)}
    assert refusal(evidence_actions.approve, **asked) == ("retracted",)
    with acting_as(editor), pytest.raises(EvidenceEntry.DoesNotExist):
        evidence_actions.mark_retracted(by=editor, about="EV9999", reason="x")


def test_what_the_clinic_withdraws_is_found_no_more(editor: Actor):
    entry = approved(editor)
    assert refusal(evidence_actions.withdraw, by=editor, number=entry.number, reason=" ") == ("no-reason",)
    with acting_as(editor):
        evidence_actions.withdraw(by=editor, number=entry.number, reason="We read it again.")
        evidence_actions.withdraw(by=editor, number=entry.number, reason="Twice.")
        assert queries.retracted([entry.called])[entry.called].reason == "We read it again."
        assert [each.id for each in queries.entries_in("withdrawn")] == [entry.called]
    assert entry.called not in found(editor, "invented sleep")


# ---------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("trials sleeping", "en"), ("INVENTED", "en"), ("respondió", "es"), ("volvio", "es"), ("depresion", "es"),
        ("DEPRESIÓN", "es"), ('"invented trial"', "en"), ("midazolam -placebo", "en"),
    ],
)  # fmt: skip
def test_words_are_found_as_the_language_bends_them_and_without_accents(editor: Actor, text: str, language: str):
    assert approved(editor).called in found(editor, text, language)


@pytest.mark.parametrize("text", ["ketamine -invented", '"trial invented"', "", "   ", "'\\:*&|!()", "\x00"])
def test_what_does_not_match_is_not_found(editor: Actor, text: str):
    entry = approved(editor)
    assert entry.called not in found(editor, text)


def test_what_ships_and_what_the_clinic_has_are_one_answer(editor: Actor):
    entry = approved(editor, title="Serial ketamine infusions as adjunctive therapy, invented once more", doi="")
    both = found(editor, "serial ketamine infusions adjunctive")
    assert {entry.called, "EV001"} <= set(both[:5])
    with acting_as(NOBODY):
        assert queries.matching("serial ketamine infusions adjunctive", "en")[0].id == "EV001"
        assert queries.entry("EV001") is not None


# ---------------------------------------------------------------- files


def hand_over(by: Actor, content: bytes, name: str = "export") -> EvidenceImport:
    with acting_as(by):
        return import_actions.hand_over(by=by, name=name, chunks=[content])


def take(taken: EvidenceImport, most: int = 2) -> Any:
    by = import_actions.importer(taken.clinic_id)
    with acting_as(by):
        while not import_actions.take_slice(by=by, import_id=taken.pk, most=most):
            pass
        return queries.progress(taken.pk)


def said(by: Actor, taken: EvidenceImport, kind: NoteKind) -> list[tuple[int, str, str]]:
    with acting_as(by):
        return [(each.number, each.code, each.detail) for each in queries.notes(taken, kind)]


@pytest.mark.alone
@pytest.mark.parametrize("most", [1, 2, 500])
def test_a_file_is_taken_once_whatever_its_format(editor: Actor, most: int):
    first = take(hand_over(editor, (FILES / "pubmed.xml").read_bytes()), most)
    assert (first.read, first.taken, first.known, first.refused, first.retracted) == (4, 3, 0, 1, 2)
    assert first.ended_at is not None
    second = hand_over(editor, (FILES / "export.ris").read_bytes())
    moved = take(second, most)
    assert (moved.read, moved.taken, moved.known) == (2, 1, 1)
    third = hand_over(editor, (FILES / "export.bib").read_bytes())
    moved = take(third, most)
    assert (moved.read, moved.taken, moved.known) == (2, 0, 2)
    assert [(number, code) for number, code, _called in said(editor, third, NoteKind.KNOWN)] == [(1, "doi"), (2, "doi")]
    with acting_as(editor):
        trial = EvidenceEntry.objects.get(pmid="90000001")
        assert (trial.design, trial.doi) == ("RCT", "10.5555/j.invented.2022.001")
        assert queries.retracted([trial.called])  # by the notice in the first file
        assert ImportPart.objects.count() == 0
        assert {each.state for each in queries.entries_in("proposed")} == {"proposed"}


def test_doubles_within_a_file_are_taken_once(editor: Actor):
    entry = b"@article{a%d, title = {Twice in one file, by an invented program}, year = 2001}\n"
    taken = hand_over(editor, entry % 1 + entry % 2)
    moved = take(taken, 500)
    assert (moved.taken, moved.known) == (1, 1)
    ((number, code, called),) = said(editor, taken, NoteKind.KNOWN)
    with acting_as(editor):
        assert (number, code, called) == (2, "title", EvidenceEntry.objects.get(title__startswith="Twice").called)


def test_one_that_ships_is_marked_where_pubmed_says_it_was_retracted(editor: Actor):
    content = (FILES / "pubmed.xml").read_bytes().replace(b"90000002", b"41123905")
    taken = hand_over(editor, content)
    assert take(taken).retracted == 2
    with acting_as(editor):
        assert queries.retracted(["EV001"])["EV001"].reason == "export"
    assert (2, "pmid", "EV001") in said(editor, taken, NoteKind.KNOWN)
    assert take(hand_over(editor, content)).retracted == 0  # it is known already


@pytest.mark.parametrize(("name", "taken"), [("broken.xml", 2), ("broken.ris", 2), ("broken.bib", 2)])
def test_a_broken_file_is_taken_as_far_as_it_goes_and_every_refusal_is_named(editor: Actor, name: str, taken: int):
    file = hand_over(editor, (FILES / name).read_bytes(), name)
    moved = take(file)
    assert moved.taken == taken
    assert moved.read == moved.taken + moved.known + moved.refused
    assert len(said(editor, file, NoteKind.REFUSED)) == moved.refused > 3


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "no-format"), (b"%PDF-1.7", "no-format"), (b"\x1f\x8b\x08", "packed")]
)
def test_what_is_no_file_of_citations_is_not_kept(editor: Actor, content: bytes, code: str):
    assert refusal(import_actions.hand_over, by=editor, name="x", chunks=[content]) == (code,)


@pytest.mark.alone
def test_a_file_is_not_larger_than_it_may_be(editor: Actor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_actions, "LARGEST", 2**21)
    chunks = [b"@article{a, title = {x}}\n", b" " * 2**20, b" " * 2**20]
    assert refusal(import_actions.hand_over, by=editor, name="x", chunks=chunks) == ("too-large",)
    with acting_as(editor):
        assert ImportPart.objects.count() == 0


def test_a_job_takes_a_slice_and_leaves_the_next(editor: Actor, monkeypatch: pytest.MonkeyPatch):
    left: list[dict[str, object]] = []
    monkeypatch.setattr(import_actions.jobs, "defer", lambda task, /, **asked: left.append({"task": task, **asked}))
    taken = hand_over(editor, (FILES / "pubmed.xml").read_bytes())
    assert left == [{"task": "library.import", "clinic_id": taken.clinic_id, "import_id": taken.pk}]
    jobs.take_slice(clinic_id=taken.clinic_id, import_id=taken.pk)
    with acting_as(editor):
        assert queries.progress(taken.pk).ended_at is not None
    jobs.take_slice(clinic_id=taken.clinic_id, import_id=taken.pk)  # once more, after a crash: nothing
    with acting_as(editor):
        assert queries.progress(taken.pk).read == 4


# ---------------------------------------------------------------- articles


def write(by: Actor, body: str = OWN_ARTICLE, slug: str = "your-visit", language: str = "en") -> ClinicArticle:
    with acting_as(by):
        before = queries.own_newest(slug, language)
        return article_actions.write_article(
            by=by, slug=slug, language=language, body=body, seen=before.pk if before else None
        )


@pytest.fixture
def at_new_year(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_check, "clinic_today", lambda _by: date(2026, 1, 10))


def publish(by: Actor, body: str = OWN_ARTICLE) -> ClinicArticle:
    version = write(by, body)
    with acting_as(by):
        article_actions.publish_article(by=by, article_id=version.pk)
    return version


@pytest.mark.alone
def test_readers_see_the_clinics_own_article_once_it_is_published(clinic: Cast, editor: Actor, at_new_year: None):
    readers = (actor_for(clinic, make_patient(clinic)), reader.reader(clinic.clinic))
    version = write(editor)
    for who in (editor, *readers):
        with acting_as(who):
            assert queries.own_articles("en") == []
    with acting_as(editor):
        article_actions.publish_article(by=editor, article_id=version.pk)
    write(editor, OWN_ARTICLE.replace("a friend", "two friends"))
    for who in (editor, *readers):
        with acting_as(who):
            (article,) = queries.own_articles("en")
            assert (article.slug, article.title) == ("your-visit", "Your first visit")
            assert "You may bring a friend." in [each.text for each in article.sentences]
            assert queries.own_articles("es") == []
            assert queries.own_article("your-visit", "en") == article
    with acting_as(readers[0]):
        assert ClinicArticle.objects.count() == 1  # the draft beside it is the editors'
    with acting_as(editor):
        assert [each.state for each in queries.own_for_editor()] == ["changed"]
        article_actions.withdraw_article(by=editor, article_id=version.pk)
        article_actions.withdraw_article(by=editor, article_id=version.pk)
        assert queries.own_articles("en") == []


@pytest.mark.alone
def test_each_answer_is_about_what_was_asked_whatever_stands_beside_it(editor: Actor, at_new_year: None):
    one, other = approved(editor), approved(editor, title="An invented trial of naps", doi="10.5555/naps")
    publish(editor)
    write(editor, OWN_ARTICLE.replace("a friend", "two friends"))
    write(editor, language="es")
    room = write(editor, OWN_ARTICLE.replace("Your first visit", "The room"), slug="the-room")
    with acting_as(editor):
        again = evidence_actions.revise(by=editor, number=one.number, seen=one.pk, values={**WHOLE, "people": "41"})
        evidence_actions.mark_retracted(by=editor, about=other.called, reason="Retracted on 3 May")
        article_actions.publish_article(by=editor, article_id=room.pk)

        for entry, versions, kinds in (
            (one, [again.pk, one.pk], ["approved"]),
            (other, [other.pk], ["retracted", "approved"]),
        ):
            found_versions, decisions = queries.history(entry.number)
            assert [each.pk for each in found_versions] == versions
            assert [each.kind for each in decisions] == kinds
            assert {each.about for each in decisions} == {entry.called}
            assert queries.of_the_clinic([entry.called]).keys() == {entry.called}
            assert queries.newest_decisions([entry.called]).keys() == {entry.called}
            assert queries.newest_decision(entry.called).about == entry.called  # type: ignore[union-attr]
        with pytest.raises(EvidenceEntry.DoesNotExist):
            queries.history(again.pk)  # the number of an entry is its first version's
        assert queries.retracted([one.called]) == {}
        assert queries.approved_ids() == {one.called}

        assert [(each.newest.slug, each.newest.language, each.state) for each in queries.own_for_editor()] == [
            ("the-room", "en", "published"), ("your-visit", "en", "changed"), ("your-visit", "es", "draft"),
        ]  # fmt: skip
        for slug, language in (("the-room", "en"), ("your-visit", "en"), ("your-visit", "es")):
            newest = queries.own_newest(slug, language)
            assert newest is not None
            assert (newest.slug, newest.language) == (slug, language)
            assert queries.own_version(newest.pk).newest == newest
        assert queries.own_article("your-visit", "es") is None
        assert [each.slug for each in queries.own_articles("en")] == ["the-room", "your-visit"]


@pytest.mark.parametrize(
    "wrong",
    [
        "It is a cure.", "Of 10 people 7 felt better.", "It helps. [EV9999]", "It helps. [CL999999999]",
        "{hundred: nothing}", "It is completely safe.",
    ],
)  # fmt: skip
def test_what_would_deceive_a_reader_is_not_published(editor: Actor, at_new_year: None, wrong: str):
    version = write(editor, f"{OWN_ARTICLE}\n{wrong}\n")
    assert set(refusal(article_actions.publish_article, by=editor, article_id=version.pk)) == {"findings"}


def test_an_article_rests_on_what_stands_and_on_nothing_that_was_retracted(editor: Actor, at_new_year: None):
    entry = approved(editor)
    version = write(editor, f"{OWN_ARTICLE}\nIt may help you sleep. [{entry.called}, EV001]\n")
    with acting_as(editor):
        article = queries.parse(version.body, version.slug, "en")
        assert [each for each in own_check.findings_of(article, editor) if each.grave] == []
        evidence_actions.mark_retracted(by=editor, about="EV001", reason="x")
        evidence_actions.withdraw(by=editor, number=entry.number, reason="x")
        named = " ".join(str(each) for each in own_check.findings_of(article, editor) if each.grave)
    assert "EV001" in named
    assert entry.called in named


def test_what_is_only_hard_is_said_and_may_be_published(editor: Actor, at_new_year: None):
    hard = "Notwithstanding multidisciplinary considerations, individualised psychotherapeutic accompaniment matters."
    version = publish(editor, f"{OWN_ARTICLE}\n{hard} {hard} {hard}\n\nThis is rare.\n")
    with acting_as(editor):
        article = queries.parse(version.body, version.slug, "en")
        assert {each.code for each in own_check.findings_of(article, editor)} == {"too-hard", "vague"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"slug": "Your Visit"}, "no-slug"), ({"slug": "../x"}, "no-slug"), ({"slug": "how-it-works"}, "taken"),
        ({"language": "fr"}, "no-language"), ({"body": "no front"}, "invalid"),
        ({"body": OWN_ARTICLE + "<script>"}, ""), ({"body": OWN_ARTICLE + "x" * 60_000}, "too-long"),
        ({"seen": 1}, "overtaken"),
    ],
)  # fmt: skip
def test_an_article_is_written_as_ours_are(editor: Actor, asked: dict[str, Any], code: str):
    whole = {"by": editor, "slug": "your-visit", "language": "en", "body": OWN_ARTICLE, "seen": None} | asked
    if not code:  # what looks like HTML is words
        with acting_as(editor):
            row = article_actions.write_article(**whole)
            assert "&lt;script&gt;" in [*queries.parse(row.body, row.slug, "en").sentences][-1].html
        return
    assert refusal(article_actions.write_article, **whole) == (code,)


def test_an_article_of_ours_is_hidden_and_shown_again(clinic: Cast, other_clinic: Cast, editor: Actor):
    readers = (actor_for(clinic, make_patient(clinic)), reader.reader(clinic.clinic))
    asked = {"by": editor, "slug": "how-it-works", "hidden": True}
    assert refusal(article_actions.set_hidden, **asked) == ("no-reason",)
    assert refusal(article_actions.set_hidden, **asked | {"slug": "none"}) == ("no-article",)
    with acting_as(editor):
        article_actions.set_hidden(**asked, reason="We explain it ourselves.")
        article_actions.set_hidden(**asked, reason="Again.")
    for who in (editor, *readers):
        with acting_as(who):
            assert queries.hidden() == {"how-it-works"}
    for who in (other_clinic.actor("prescriber"), reader.reader(other_clinic.clinic), NOBODY):
        with acting_as(who):
            assert queries.hidden() == frozenset()
    with acting_as(editor):
        article_actions.set_hidden(by=editor, slug="how-it-works", hidden=False)
        assert queries.hidden() == frozenset()


def test_a_rule_of_the_clinic_stands_beside_ours_by_language(clinic: Cast, other_clinic: Cast, editor: Actor):
    asked = {"by": editor, "slug": "how-it-works", "language": "en"}
    assert refusal(article_actions.write_rule, **asked, text="We cure you.") == ("promises",)
    assert refusal(article_actions.write_rule, **asked, text="x" * 1001) == ("too-long",)
    with acting_as(editor):
        article_actions.write_rule(**asked, text="Eat nothing for 6 hours before.")
        article_actions.write_rule(**asked, text="Eat nothing for  8 hours before. ")
        article_actions.write_rule(**asked, text="Eat nothing for 8 hours before.")
    for who in (editor, actor_for(clinic, make_patient(clinic)), reader.reader(clinic.clinic)):
        with acting_as(who):
            rule = queries.beside("how-it-works", "en")
            assert (rule.text, rule.by_name) == (  # type: ignore[union-attr]
                "Eat nothing for 8 hours before.", editor.name
            )  # fmt: skip
            assert queries.beside("how-it-works", "es") is None
    with acting_as(other_clinic.actor("prescriber")):
        assert queries.beside("how-it-works", "en") is None
    with acting_as(editor):
        article_actions.write_rule(**asked | {"slug": "is-it-safe"}, text="Ask the nurse first.")
        beside = {slug: rule.text for (slug, language), rule in queries.rules_beside().items() if language == "en"}
        assert beside == {"how-it-works": "Eat nothing for 8 hours before.", "is-it-safe": "Ask the nurse first."}
        article_actions.write_rule(**asked, text="")
        assert queries.beside("how-it-works", "en") is None
        assert [slug for slug, _language in queries.rules_beside()] == ["is-it-safe"]


# ---------------------------------------------------------------- a stranger


def test_a_link_opens_its_clinics_library_and_nothing_else(
    clinic: Cast, other_clinic: Cast, editor: Actor, at_new_year: None
):
    """Every table of the house, as the database's own role for pages sees it: of a clinic that has rows in nearly all
    of them, whoever follows its link sees its name and what its readers see."""
    adopt_everything(clinic)
    Furnished(clinic, 1, "link").furnish()
    house = [each for each in apps.get_models() if each.__module__.startswith("sojourn.")]
    clinical = [each for each in house if each._meta.label not in SHARED]
    proposed, shown = propose(editor, title="A second invented trial that waits", doi=""), approved(editor)
    write(editor, OWN_ARTICLE + "\nA draft.\n", slug="waits")
    published = publish(editor, OWN_ARTICLE)
    with acting_as(editor):
        article_actions.set_hidden(by=editor, slug="how-it-works", hidden=True, reason="x")
        article_actions.write_rule(by=editor, slug="is-it-safe", language="en", text="Eat nothing before.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("sojourn_app",)
    assert reader.clinic_of_link("no-such-clinic") is None
    found_clinic = reader.clinic_of_link(clinic.clinic.slug)
    assert found_clinic == clinic.clinic
    with acting_as(reader.reader(found_clinic)):
        seen = {model.__name__: model._default_manager.count() for model in clinical}
        assert {name for name, count in seen.items() if count} == {
            "Clinic", "EvidenceEntry", "EvidenceDecision", "ClinicArticle", "ArticleDecision", "ArticleHidden",
            "ClinicRule",
        }  # fmt: skip
        assert [each.pk for each in Clinic.objects.all()] == [found_clinic.pk]
        assert [each.pk for each in EvidenceEntry.objects.all()] == [shown.pk] != [proposed.pk]
        assert [each.pk for each in ClinicArticle.objects.all()] == [published.pk]
    with acting_as(reader.reader(other_clinic.clinic)):
        counts = [model._default_manager.count() for model in clinical]
        assert sum(counts) == 1  # its own name
    with acting_as(clinic.actor("clinic_admin")):
        held = [model for model in clinical if model._default_manager.exists()]
        assert len(held) > 70


def test_nobody_who_reads_writes(clinic: Cast, editor: Actor):
    entry = approved(editor)
    for who in (actor_for(clinic, make_patient(clinic)), reader.reader(clinic.clinic)):
        with acting_as(who), pytest.raises(DatabaseError), transaction.atomic():
            EvidenceDecision.objects.create(
                clinic=clinic.clinic, about=entry.called, kind="retracted", decided_at=entry.written_at, by_name="x"
            )
