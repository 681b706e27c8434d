"""Faults planted in a copy of a real article, in pictures, in the evidence and in the law: each is refused with the
file, the line and what to do, and nothing else is found. What no fault is planted for is no part of the check."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest

from sojourn.foundation.library import article as articles
from sojourn.foundation.library.article import LANGUAGES, Figure, library
from sojourn.foundation.library.check import TOPICS, findings, held
from sojourn.foundation.library.evidence import Outcome, Practice, Study, entries
from sojourn.foundation.library.faults import FAULTS, Finding
from sojourn.foundation.library.pictures import PICTURES, STEPS
from sojourn.foundation.library.tables_check import of_pictures, of_tables, of_the_law
from sojourn.foundation.rulebook.jurisdictions import jurisdictions

# The real article that faults are planted in: the first with a picture of a hundred people.
SLUG: Final = next(
    slug
    for slug, languages in sorted(library().items())
    if any(each.shows == "hundred" for section in languages["en"].sections for each in section.figures)
)
TODAY: Final = library()[SLUG]["en"].reviewed_on
RECALLED: Final = next(each.id for each in entries().values() if isinstance(each, Outcome) and not each.verified)
HARD: Final = {
    "en": "Notwithstanding considerable methodological heterogeneity, contemporaneous neurobiological investigations"
    " unambiguously necessitate interdisciplinary reinterpretation. ",
    "es": "Considerando la heterogeneidad metodológica extraordinariamente pronunciada, internacionalmente reconocidas"
    " interpretaciones neurobiológicas contemporáneas condicionan interdisciplinariamente. ",
}
OTHER_STAGE: Final = next(each for each in articles.STAGES if each != library()[SLUG]["en"].stage)
BOTH: Final = LANGUAGES
Texts = dict[str, str]


def real() -> Texts:
    return {each: (articles.ARTICLES / f"{SLUG}.{each}.md").read_text(encoding="utf-8") for each in LANGUAGES}


def found_in(folder: Path, texts: Texts, pictures: Mapping[str, Mapping[str, str]] | None = None) -> list[Finding]:
    """What the check says of a folder that holds these texts alone, but for the topics that are not their own."""
    for language, text in texts.items():
        (folder / f"{SLUG}.{language}.md").write_text(text, encoding="utf-8")
    known = held() if pictures is None else replace(held(), pictures=pictures)
    own = library()[SLUG]["en"].topics
    return [
        each
        for each in findings(TODAY, known, folder)
        if not (each.code == "topic-empty" and each.named["topic"] not in own)
    ]


def test_the_real_article_has_no_findings(tmp_path: Path):
    assert found_in(tmp_path, real()) == []


# ---------------------------------------------------------------- planting


@dataclass(frozen=True, slots=True)
class Planted:
    """``change``: a text with the fault in it, by language; ``code``: what must be found in the files of ``languages``,
    on a line that holds ``on``; ``says``: what the finding names; ``also``: what cannot but follow from it."""

    change: Callable[[str, str], str]
    code: str
    languages: tuple[str, ...] = BOTH
    on: str = ""
    says: str = ""
    also: tuple[str, ...] = ()


def adds(**texts: str) -> Callable[[str, str], str]:
    """A paragraph more at the end of the article."""
    return lambda text, language: f"{text.rstrip()}\n\n{texts[language]}\n" if language in texts else text


def swaps(pattern: str, by: str, *languages: str, every: bool = False) -> Callable[[str, str], str]:
    """The first (or every) place that fits the pattern, said otherwise."""

    def change(text: str, language: str) -> str:
        if language not in (languages or BOTH):
            return text
        changed, n = re.subn(pattern, by, text, count=0 if every else 1, flags=re.M)
        assert n, pattern
        return changed

    return change


def field(name: str, value: str, *languages: str) -> Callable[[str, str], str]:
    return swaps(rf"^{name} = .*$", f"{name} = {value}" if value else "", *languages)


FIRST_CLAIM: Final = r"\[(?!ours)([A-Za-z][^\]\n]*)\](?!\()"
NEXT_DAY: Final = TODAY + timedelta(days=1)
PLANTED: Final[Mapping[str, Planted]] = {
    # ---- no source
    "a number without its evidence": Planted(
        adds(en="Of 40 people 7 felt better.", es="De 40 personas, 7 se sintieron mejor."), "number-alone", on="40"
    ),
    "a finding without its evidence": Planted(
        adds(en="Several studies have found that it helps.", es="Varios estudios mostraron que ayuda."),
        "claim-alone", on="studi",
    ),
    "a finding without its evidence, in Spanish alone": Planted(
        adds(es="Los expertos aconsejan lo mismo."), "claim-alone", ("es",), on="expertos"
    ),
    "no evidence at all": Planted(
        swaps(r" *\[(?!ours)[A-Za-z][^\]\n]*\](?!\()", "", every=True), "no-source",
        also=("number-alone", "claim-alone"),
    ),
    # ---- evidence that is none
    "an unknown entry": Planted(swaps(FIRST_CLAIM, "[EV999]"), "dead-id", on="[EV999]", says="EV999"),
    "a dead rule": Planted(swaps(FIRST_CLAIM, "[dose.nowhere]"), "dead-id", on="[dose.nowhere]", says="dose.nowhere"),
    "a recalled row": Planted(swaps(FIRST_CLAIM, rf"[\1, {RECALLED}]"), "recalled", on=RECALLED, says=RECALLED),
    "advice and evidence at once": Planted(swaps(FIRST_CLAIM, r"[\1, ours]"), "ours-and-evidence", on="ours]"),
    "a figure that stands in no row that is named": Planted(
        adds(en="It was seen in 987 people. [EV002]", es="Se vio en 987 personas. [EV002]"), "number-astray",
        on="987", says="987",
    ),
    "evidence named as a link": Planted(
        adds(es="Ayuda. [vea EV002](x)"), "named-as", ("es",), on="EV002](x)", also=("no-language",)
    ),
    # ---- words
    "rare without a number": Planted(adds(en="That is rare."), "vague", ("en",), on="rare", says="rare"),
    "raro without a number": Planted(adds(es="Eso es poco frecuente."), "vague", ("es",), on="poco frecuente"),
    "most people, in a heading": Planted(swaps("^## .*", "## What most people feel", "en"), "vague", ("en",), on="##"),
    "muchos, in a heading": Planted(swaps("^## .*", "## Lo que siente la mayoría", "es"), "vague", ("es",), on="##"),
    "cure": Planted(adds(en="It cures depression."), "promise", ("en",), on="cures", says="cures"),
    "cura": Planted(adds(es="Cura la depresión."), "promise", ("es",), on="Cura", says="Cura"),
    "safe alone": Planted(adds(en="Ketamine is safe."), "promise", ("en",), on="safe", says="is safe"),
    "segura alone": Planted(adds(es="La ketamina es segura."), "promise", ("es",), on="segura", says="es segura"),
    "a promise in the title": Planted(field("title", '"A miracle"', "en"), "promise", ("en",), on="title"),
    "a promise in the summary": Planted(
        field("summary", '"Un avance revolucionario"', "es"), "promise", ("es",), on="summary"
    ),
    "a number in the summary": Planted(field("summary", '"It helped 54 of 100."', "en"), "head-number", ("en",)),
    "a number in a heading": Planted(swaps("^## .*", "## A 54 de cada 100 les ayuda", "es"), "head-number", ("es",)),
    "too hard in English": Planted(adds(en=HARD["en"] * 60), "too-hard", ("en",), says="the limit is 8"),
    "too hard in Spanish": Planted(adds(es=HARD["es"] * 60), "too-hard", ("es",), says="the limit is 55"),
    # ---- one language against the other
    "a claim in one language alone": Planted(
        swaps(FIRST_CLAIM, r"[\1, EV002]", "es"), "claims-differ", ("es",)
    ),
    "other numbers": Planted(
        adds(en="Drink 2 glasses of water. [ours]", es="Beba 3 vasos de agua. [ours]"), "numbers-differ", ("es",),
        says="2",
    ),
    "another number of sections": Planted(adds(es="## Otra parte\n\nDescanse."), "sections-differ", ("es",)),
    "a picture in one language alone": Planted(
        swaps(r"^\{.*\}$", "", "es"), "pictures-differ", ("es",), says="hundred"
    ),
    "another stage": Planted(field("stage", f'"{OTHER_STAGE}"', "es"), "differs", ("es",), on="stage", says="stage"),
    "another day": Planted(
        field("review_by", f"{NEXT_DAY}", "es"), "differs", ("es",), on="review_by", says="review_by"
    ),
    # ---- dates and shelves
    "a review that is past": Planted(
        field("review_by", f"{TODAY - timedelta(days=1)}"), "review-due", on="review_by",
        says=f"{TODAY - timedelta(days=1)}",
    ),
    "a review later than a year": Planted(
        field("review_by", f"{TODAY + timedelta(days=367)}"), "review-too-far", on="review_by"
    ),
    "a review in days to come": Planted(
        field("reviewed_on", f"{NEXT_DAY}"), "review-to-come", on="reviewed_on", says=f"{NEXT_DAY}"
    ),
    "an unknown topic": Planted(swaps(r"^topics = \[", 'topics = ["J99", '), "topic-unknown", on="topics", says="J99"),
    # ---- a picture that is not there
    "a picture that is not there": Planted(
        swaps(r"^\{hundred: .*\}$", "{hundred: nobody}"), "no-picture", on="{hundred: nobody}", says="nobody"
    ),
    # ---- how the file is written; the other language is then alone
    "no day of the next review": Planted(
        field("review_by", "", "en"), "front-field", ("en",), says="review_by", also=("no-language",)
    ),
    "a field too many": Planted(
        swaps("^stage = ", 'author = "me"\nstage = ', "es"), "front-field", ("es",), on="author", says="author",
        also=("no-language",),
    ),
    "an empty field": Planted(
        field("title", '""', "en"), "front-kind", ("en",), on="title", says="title", also=("no-language",)
    ),
    "a day that is none": Planted(
        field("review_by", '"soon"', "es"), "front-kind", ("es",), on="review_by", also=("no-language",)
    ),
    "no front matter": Planted(swaps(r"\A\+\+\+\n", "", "en"), "no-front", ("en",), also=("no-language",)),
    "front matter that is no TOML": Planted(
        field("stage", "understand", "es"), "front-no-toml", ("es",), also=("no-language",)
    ),
    "an unknown stage": Planted(
        field("stage", '"nowhere"', "en"), "stage", ("en",), on="stage", says="nowhere", also=("no-language",)
    ),
    "a heading of the first order": Planted(
        swaps("^## ", "# ", "es"), "heading", ("es",), on="# ", also=("no-language",)
    ),
    "a block of another kind": Planted(
        adds(en="> A quotation."), "block", ("en",), on="> A", says="blockquote", also=("no-language",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_refused_with_file_line_and_what_to_do(fault: str, tmp_path: Path):
    planted = PLANTED[fault]
    texts = {language: planted.change(text, language) for language, text in real().items()}
    assert texts != real()
    found = found_in(tmp_path, texts)
    assert {each.code for each in found} - set(planted.also) == {planted.code}
    own = [each for each in found if each.code == planted.code]
    assert {each.file for each in own} == {f"{SLUG}.{language}.md" for language in planted.languages}
    for each in own:
        line = texts[each.file.split(".")[1]].split("\n")[each.line - 1]
        assert planted.on.lower() in line.lower()
        assert planted.says in each.what
        assert str(each).startswith(f"{each.file}:{each.line}: ")
        assert str(each).endswith(FAULTS[planted.code].do)


OTHERS_PLANTED: Final = {
    "no-language", "topic-empty", "says-nothing", "file-name", "picture-silent", "picture-invalid", "picture-astray",
    "picture-differs", "entry-silent", "entry-differs", "law-lapsed", "law-review",
}  # fmt: skip


def test_everything_that_the_check_can_say_is_planted_somewhere():
    assert {each.code for each in PLANTED.values()} | OTHERS_PLANTED == set(FAULTS)
    assert len(PLANTED) + len(OTHERS_PLANTED) > 50


def test_everything_that_the_check_can_say_says_what_to_do():
    for code, fault in FAULTS.items():
        assert fault.do.endswith("."), code
        assert not fault.what.endswith("."), code


@pytest.mark.parametrize("missing", LANGUAGES)
def test_a_language_that_is_missing_is_named(missing: str, tmp_path: Path):
    (found,) = found_in(tmp_path, {each: text for each, text in real().items() if each != missing})
    assert (found.code, found.named) == ("no-language", {"language": missing})


def test_a_row_of_the_way_that_nothing_is_about_is_named(tmp_path: Path):
    own = library()[SLUG]["en"].topics
    other = next(each for each in TOPICS if each not in own)
    texts = {each: re.sub(r"^topics = .*$", f'topics = ["{other}"]', text, flags=re.M) for each, text in real().items()}
    found = found_in(tmp_path, texts)
    assert [(each.code, each.named["topic"]) for each in found] == [("topic-empty", each) for each in own]


def test_an_article_that_says_nothing_is_named(tmp_path: Path):
    found = found_in(tmp_path, {each: text.split("+++\n\n")[0] + "+++\n" for each, text in real().items()})
    assert [(each.file, each.code) for each in found] == [(f"{SLUG}.{each}.md", "says-nothing") for each in LANGUAGES]


def test_a_file_of_another_name_is_named(tmp_path: Path):
    (tmp_path / f"{SLUG}.fr.md").write_text(real()["en"], encoding="utf-8")
    (found,) = found_in(tmp_path, real())
    assert (found.file, found.code) == (f"{SLUG}.fr.md", "file-name")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_without_words_is_named(language: str, tmp_path: Path):
    drawn = held().pictures
    figure = next(each for section in library()[SLUG][language].sections for each in section.figures)
    name = f"{figure.shows}: {figure.name}"
    (found,) = found_in(tmp_path, real(), {**drawn, name: {**drawn[name], language: ""}})
    assert (found.file, found.code) == (f"{SLUG}.{language}.md", "picture-silent")
    assert real()[language].split("\n")[found.line - 1] == f"{{{name}}}"
    assert isinstance(figure, Figure)


# ---------------------------------------------------------------- pictures

PICTURE: Final = "infusions-mcinnes"
IN_PICTURES: Final[Mapping[str, tuple[str, str, str]]] = {
    "another number counted": ("counted = 537", "counted = 538", "picture-astray"),
    "another number began": ("began = 9016", "began = 9061", "picture-astray"),
    "another number in its words": ("were treated. Only 537", "were treated. Only 573", "picture-astray"),
    "a row that was recalled": ('remitted = "OC002"', f'remitted = "{RECALLED}"', "picture-invalid"),
    "a row that is not there": ('worse = "OC005"', 'worse = "OC999"', "picture-invalid"),
    "groups that do not lie within each other": ('responded = "OC001"', 'responded = "OC005"', "picture-invalid"),
    "no title in Spanish": ("title.es = ", "title.fr = ", "picture-silent"),
    "no words in English": ("not_counted.en = ", "not_counted.fr = ", "picture-silent"),
    "other numbers in Spanish": ("serie de 4 a 8 infusiones y", "serie de 4 a 7 infusiones y", "picture-differs"),
}  # fmt: skip


@pytest.mark.parametrize("fault", IN_PICTURES)
def test_a_fault_in_a_picture_is_refused(fault: str, tmp_path: Path):
    before, after, code = IN_PICTURES[fault]
    text = PICTURES.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "pictures.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    found = list(of_pictures(path, STEPS))
    assert code in {each.code for each in found}
    assert {each.code for each in found} <= {code, "picture-astray", "picture-differs"}
    assert {(each.file, text.split("\n")[each.line - 1]) for each in found} == {("pictures.toml", f"[{PICTURE}]")}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("In 11 healthy people", "In 12 healthy people", "picture-astray"),
        ("En 11 personas sanas", "En 12 personas sanas", "picture-differs"),
        ('evidence = ["AC077"]', 'evidence = ["EV999"]', "picture-invalid"),
        ('says.es = "Bloqueo.', 'says.fr = "Bloqueo.', "picture-silent"),
    ],
)
def test_a_fault_in_a_drawing_by_steps_is_refused(before: str, after: str, code: str, tmp_path: Path):
    text = STEPS.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "steps.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    found = [each for each in of_pictures(PICTURES, path) if each.code == code]
    assert [each.file for each in found] == ["steps.toml"]


# ---------------------------------------------------------------- the evidence, and the law


@pytest.mark.parametrize("kind", [Study, Practice])
@pytest.mark.parametrize(("said", "code"), [("", "entry-silent"), ("En 987 personas.", "entry-differs")])
def test_an_entry_says_the_same_in_both_languages(kind: type[Study | Practice], said: str, code: str):
    entry = next(
        each for each in entries().values() if isinstance(each, kind) and "es" in _told(each) and _told(each)["en"]
    )
    name = "result" if kind is Study else "says"
    wrong = replace(entry, **{name: {**_told(entry), "es": said}})  # type: ignore[arg-type]
    (found,) = of_tables({entry.id: wrong})
    assert (found.code, found.named["id"]) == (code, entry.id)
    lines = (articles.ARTICLES.parent / "evidence" / found.file).read_text(encoding="utf-8").split("\n")
    assert lines[found.line - 1].startswith(f"{entry.id},")


def _told(entry: Study | Practice) -> Mapping[str, str]:
    return entry.result if isinstance(entry, Study) else entry.says


def test_a_law_that_has_ended_or_was_not_read_again_is_named():
    assert list(of_the_law(min(each.as_of for each in jurisdictions()))) == []
    ends = next(each.on for law in jurisdictions() for each in law.ends)
    assert {each.code for each in of_the_law(ends + timedelta(days=1))} == {"law-lapsed"}
    late = of_the_law(date.max)
    assert {each.code for each in late} == {"law-lapsed", "law-review"}
