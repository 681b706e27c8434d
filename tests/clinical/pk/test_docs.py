"""The page that shows the agreement is made from the models, and is the one in the repository."""

from __future__ import annotations

from benchmarks.pk.validation import content, film_rows, nasal_rows


def test_the_page_and_its_pictures_are_current() -> None:
    for path, text in content().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run python -m benchmarks.pk.validation"


def test_the_page_shows_every_published_row_within_its_tolerance() -> None:
    rows, worst = nasal_rows()
    assert len(rows) == 12
    assert worst < 5
    assert len(film_rows()) == 7
