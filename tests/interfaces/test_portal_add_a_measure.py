"""Follows docs/how-to/add-a-measure.md to the letter: takes its one file, and answers what it makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import queries as measures_queries
from sojourn.clinical.worked import run_scale
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook import scales
from sojourn.foundation.scope import PatientScope
from tests.care.people import make_patient
from tests.conftest import Cast

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-measure.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of definitions with the page's file in it, and nothing else touched."""
    for each in scales._folder().iterdir():
        (tmp_path / each.name).write_text(each.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "rest-2.toml").write_text(block("toml"), encoding="utf-8")
    monkeypatch.setattr(scales, "_folder", lambda: tmp_path)
    scales.ids.cache_clear()
    scales.scale.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    scales.ids.cache_clear()
    scales.scale.cache_clear()


def test_the_worked_examples_come_out(definitions: Path):
    assert "rest-2" in scales.ids()
    assert len(scales.scale("rest-2").rule.examples) == 5
    assert run_scale(scales.scale("rest-2")) == ()


def test_it_is_asked_answered_scored_and_shown(definitions: Path, clinic: Cast):
    patient = make_patient(clinic)
    nurse, staff, client = clinic.actor("nurse"), clinic.client("nurse"), clinic.client("Alma")
    page = f"/clinic/patients/{patient.pk}/measures/"
    assert "Rest in two questions" in staff.get(page).text
    with acting_as(nurse):
        row = measures_actions.request_measure(
            by=nurse, patient_id=patient.pk, scale_id="rest-2", due_at=timezone.now() + timedelta(days=1)
        )
    client.cookies["django_language"] = "es"
    first = client.get(f"/today/measures/{row.pk}/1/").text
    assert "Me desperté con cansancio" in first
    client.cookies["django_language"] = "en"
    for number in (1, 2):
        client.post(f"/today/measures/{row.pk}/{number}/", {"value": "1"})
    client.post(f"/today/measures/{row.pk}/review/")
    with acting_as(nurse):
        newest = measures_queries.latest(PatientScope(patient.pk))["rest-2"]
        assert (newest.total, newest.band_code) == (2, "tired")
    assert "This is your first score: 2 of 2" in client.get("/today/progress/").text
    assert "Tired" in staff.get(page).text


def test_the_page_counts_the_files_rightly(definitions: Path):
    text = PAGE.read_text(encoding="utf-8")
    files = re.findall(r"^\| \d \| `([^`]+)`", text, re.MULTILINE)
    assert text.startswith("# Add a measure\n\nOne file with its worked examples, no code.")
    assert len(files) == 1
    assert (PAGE.parents[2] / files[0].replace("<id>", "phq-9")).exists()
    shipped = {each.name for each in (PAGE.parents[2] / files[0]).parent.iterdir()}
    assert {each.name for each in definitions.iterdir()} - shipped == {"rest-2.toml"}
