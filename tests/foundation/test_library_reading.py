"""How the library reads: words by syllables, sentences with their evidence, pictures whose groups are nested."""

from __future__ import annotations

from pathlib import Path

import pytest

from sojourn.foundation.library import article, finding, pictures, reading_level
from sojourn.foundation.library.article import ArticleInvalid, Figure, Paragraph, Points, Table
from sojourn.foundation.library.evidence import Outcome, entries
from sojourn.foundation.library.pictures import PictureInvalid, hundreds

# ---------------------------------------------------------------- how hard it is to read


@pytest.mark.parametrize(
    ("word", "count"),
    [("cat", 1), ("safe", 1), ("table", 2), ("people", 2), ("asked", 1), ("wanted", 2), ("being", 2), ("ketamine", 3),
     ("depression", 3), ("medicine", 3), ("science", 2), ("something", 2), ("doctor's", 2), ("area", 3), ("a", 1),
     ("feel", 1), ("window", 2), ("suicide", 3), ("idea", 3)],
)  # fmt: skip
def test_syllables_of_english(word: str, count: int):
    assert reading_level.syllables(word, "en") == count


@pytest.mark.parametrize(
    ("word", "count"),
    [("sol", 1), ("casa", 2), ("bien", 1), ("día", 2), ("ketamina", 4), ("medicamento", 5), ("que", 1), ("guerra", 2),
     ("quiero", 2), ("vergüenza", 3), ("todavía", 4), ("cuidado", 3), ("leer", 2), ("y", 1)],
)  # fmt: skip
def test_syllables_of_spanish(word: str, count: int):
    assert reading_level.syllables(word, "es") == count


def test_the_grade_is_that_of_the_formula():
    # 6 words, 6 syllables, 1 sentence
    assert reading_level.level(["The cat sat on the mat."], "en") == pytest.approx(0.39 * 6 + 11.8 * 1 - 15.59)
    # 10 words in two sentences, 13 syllables
    two = ["My doctor will call today.", "You can ask me then."]
    assert sum(reading_level.syllables(each, "en") for each in ("My", "doctor", "will", "call", "today")) == 7
    assert reading_level.level(two, "en") == pytest.approx(0.39 * 5 + 11.8 * 12 / 10 - 15.59)


def test_inflesz_is_that_of_the_formula():
    # 4 words, 6 syllables, 1 sentence: la ca-sa es blan-ca
    assert reading_level.level(["La casa es blanca."], "es") == pytest.approx(206.835 - 62.3 * 6 / 4 - 4)


def test_numbers_are_no_words_and_nothing_has_no_level():
    said = reading_level.level(["You can call us."], "en")
    assert reading_level.level(["You can call us 24."], "en") == said
    with pytest.raises(ValueError, match="without words"):
        reading_level.level(["24 7."], "en")


@pytest.mark.parametrize(
    ("points", "language", "easy"), [(8.0, "en", True), (8.1, "en", False), (55.0, "es", True), (54.9, "es", False)]
)
def test_the_limit_itself_is_still_easy(points: float, language: str, easy: bool):
    assert reading_level.easy(points, language) is easy


# ---------------------------------------------------------------- articles

FRONT = (
    '+++\ntitle = "T"\nsummary = "S"\nstage = "well"\ntopics = ["J01"]\nreviewed_on = 2026-11-30\n'
    "review_by = 2027-05-31\n+++\n\n"
)


def read(body: str) -> article.Article:
    return article.parse(FRONT + body, "t", "en")


def test_sentences_carry_their_own_evidence():
    found = read("It was 53.6 %. [OC001] Dr. Lee agreed? [EV001, AC002] Nobody knows.\n")
    assert [(each.text, each.evidence) for each in found.sentences] == [
        ("It was 53.6 %.", ("OC001",)),
        ("Dr.", ()),
        ("Lee agreed?", ("EV001", "AC002")),
        ("Nobody knows.", ()),
    ]
    assert found.evidence == ("OC001", "EV001", "AC002")


def test_what_is_ours_is_no_evidence():
    (sentence,) = read("Drink 2 glasses. [ours]\n").sentences
    assert sentence.ours
    assert sentence.evidence == ()
    assert sentence.text == "Drink 2 glasses."


def test_blocks_are_read_in_their_order():
    found = read(
        "First.\n\n## A part\n\n- one. [EV001]\n- two.\n\n1. first.\n\n{hundred: infusions-mcinnes}\n\n"
        "| what | how many |\n|---|---|\n| better | 54. [OC001] |\n"
    )
    opening, part = found.sections
    assert (opening.number, opening.heading, part.number, part.heading) == (0, "", 1, "A part")
    points, ordered, figure, table = part.blocks
    assert isinstance(points, Points)
    assert not points.ordered
    assert [each.sentences[0].evidence for each in points.items] == [("EV001",), ()]
    assert isinstance(ordered, Points)
    assert ordered.ordered
    assert figure == Figure("hundred", "infusions-mcinnes")
    assert isinstance(table, Table)
    assert [each.sentences[0].text for each in table.head] == ["what", "how many"]
    assert table.rows[0][1].sentences[0].evidence == ("OC001",)
    assert found.evidence == ("EV001", "OC001")


def test_words_are_marked_and_html_is_not_let_in():
    (sentence,) = read("It is **not** <b>sure</b>.\n").sentences
    assert sentence.html == "It is <strong>not</strong> &lt;b&gt;sure&lt;/b&gt;."
    assert sentence.text == "It is not <b>sure</b>."


def test_minutes_follow_from_the_words():
    assert read("One.\n").minutes == 1
    assert read(" ".join(["word"] * 539) + " end.\n").minutes == 3


def test_only_two_languages_are_articles(tmp_path: Path):
    path = tmp_path / "t.fr.md"
    path.write_text(FRONT + "Un.\n", encoding="utf-8")
    with pytest.raises(ArticleInvalid, match=r"<slug>\.en\.md"):
        article.read(path)


def test_a_paragraph_alone_is_a_paragraph():
    assert isinstance(read("One.\n").sections[0].blocks[0], Paragraph)


# ---------------------------------------------------------------- pictures


def drawn(folder: Path, **rows: object) -> pictures.Hundred:
    lines = [f"{name} = {value!r}".replace("'", '"') for name, value in rows.items()]
    told = ["[it]", *lines, 'title.en = "x"', 'title.es = "x"', 'not_counted.en = "x"', 'not_counted.es = "x"']
    path = folder / "pictures.toml"
    path.write_text("\n".join(told), encoding="utf-8")
    return hundreds(path)["it"]


def test_groups_are_nested_and_make_a_hundred():
    for picture in hundreds().values():
        assert (picture.remitted or 0) <= picture.responded
        assert picture.responded + picture.same + (picture.worse or 0) == 100
        assert picture.same >= 0
        for kept in picture.kept:
            assert 0 < kept.of_hundred <= 100


def test_numbers_are_those_of_the_rows():
    picture = hundreds()["infusions-mcinnes"]
    rows = {each.id: each for each in entries().values() if isinstance(each, Outcome)}
    assert picture.responded == round(100 * (rows["OC001"].value or 0) / 100)
    assert [(each.weeks, each.of_hundred) for each in picture.kept] == [
        (4, round(100 * (rows["OC007"].value or 0))), (8, round(100 * (rows["OC008"].value or 0))),
    ]  # fmt: skip


def test_what_cannot_be_nested_is_refused(tmp_path: Path):
    assert drawn(tmp_path, responded="OC001", remitted="OC002", counted=537).remitted == 29


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({"responded": "OC002", "remitted": "OC001", "counted": 1}, "do not lie within each other"),
        ({"remitted": "OC001", "counted": 1}, "say who responded"),
        ({"responded": "EV001", "counted": 1}, "is no row of the outcomes"),
        ({"responded": "OC999", "counted": 1}, "is no row of the outcomes"),
        ({"responded": "OC001", "counted": 537, "began": 100}, "more were counted than began"),
    ],
)
def test_a_picture_that_cannot_be_true_is_refused(rows: dict[str, object], why: str, tmp_path: Path):
    with pytest.raises(PictureInvalid, match=why):
        drawn(tmp_path, **rows)


def test_a_step_rests_on_what_we_hold(tmp_path: Path):
    path = tmp_path / "steps.toml"
    path.write_text(
        '[it]\ntitle.en = "x"\n[[it.step]]\nsays.en = "x"\nevidence = ["EV999"]\nshows = []\n', encoding="utf-8"
    )
    with pytest.raises(PictureInvalid, match="EV999 is no evidence that we hold"):
        pictures.steps(path)


def test_every_part_that_a_step_shows_is_drawn():
    page = (Path(__file__).parents[2] / "sojourn/interfaces/portal/library/templates/steps.html").read_text(
        encoding="utf-8"
    )
    for each in pictures.steps()["how-it-works"].steps:
        for part in each.shows:
            assert f'data-drawn="{part}"' in page


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize(("text", "as_"), [("Vejiga", "vejiga"), ("Ansiedád Ñandú", "ansiedad nandu"), ("ß", "ss")])
def test_words_are_folded(text: str, as_: str):
    assert finding.folded(text) == as_


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_word_must_stand_there(language: str, db: None):
    def found(words: str) -> set[str]:
        return {each.id for each in finding.entries_that_match(words, language, 40).entries}

    assert set() < found("ketamine women") < found("ketamine")
    assert found("") == found("  ") == set(entries())


def test_the_title_counts_most(db: None):
    first = finding.articles_that_match("bladder", "en")[0]
    assert "bladder" in first.title.lower()
    assert finding.articles_that_match("  ", "en") == []
