"""The page that shows the agreement is made from the models, and is the one in the repository."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pk.validation import content, film_rows, nasal_rows
from sojourn.clinical import pk


def test_the_page_and_its_pictures_are_current() -> None:
    for path, text in content().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run python -m benchmarks.pk.validation"


def test_the_page_shows_every_published_row_within_its_tolerance() -> None:
    rows, worst = nasal_rows()
    assert len(rows) == 12
    assert worst < 5
    assert len(film_rows()) == 7


def test_no_file_of_the_package_is_called_as_something_that_it_hands_out():
    """Once such a file was imported, ``pk.shape`` was the file: it depended on who had asked before."""
    files = {path.stem for path in Path(pk.__file__).parent.glob("*.py")}
    assert not files & set(pk.__all__)
