"""A stretch of time is said as it was: nothing is rounded up, in neither language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from sojourn.interfaces.console.sessions.words import span_word
from sojourn.interfaces.portal.medicine.curve import long
from tests.care.test_chart import lived_through
from tests.conftest import Cast
from tests.interfaces.test_record import at, paper, words


@pytest.mark.parametrize(
    ("length", "english", "spanish"),
    [
        (timedelta(seconds=45), "45 seconds", "45 segundos"),
        (timedelta(seconds=89.9), "89 seconds", "89 segundos"),
        (timedelta(seconds=90), "1 min 30 s", "1 min 30 s"),
        (timedelta(minutes=7), "7 minutes", "7 minutos"),
        (timedelta(minutes=29, seconds=40), "29 min 40 s", "29 min 40 s"),
        (timedelta(minutes=60), "1 hour", "1 hora"),
        (timedelta(minutes=90), "1 h 30 min", "1 h 30 min"),
        (timedelta(minutes=119, seconds=59), "1 h 59 min", "1 h 59 min"),
        (timedelta(hours=2), "2 hours", "2 horas"),
        (timedelta(hours=35, minutes=59), "35 h 59 min", "35 h 59 min"),
        (timedelta(days=2, hours=4), "2 d 4 h", "2 d 4 h"),
        (timedelta(days=3), "3 days", "3 días"),
        (-timedelta(minutes=90), "1 h 30 min", "1 h 30 min"),
    ],
)  # fmt: skip
def test_a_span_says_its_minutes(length: timedelta, english: str, spanish: str):
    with translation.override("en"):
        assert span_word(length) == english
    with translation.override("es"):
        assert span_word(length) == spanish


@pytest.mark.parametrize(
    ("minutes", "says"),
    [(119, "119 minutes"), (120, "2 hours"), (130, "2 hours 10 minutes"), (150, "2 and a half hours")],
)  # fmt: skip
def test_a_patient_reads_how_long_it_really_ran(minutes: int, says: str):
    assert long(minutes) == says


def test_the_record_says_how_long_the_patient_was_observed(clinic: Cast):
    """The dose ended at minute 55 of the session, the patient left at minute 140: 85 minutes."""
    stage = lived_through(clinic)
    nurse = clinic.client("nurse")
    page, pdf = nurse.get(at(stage)).content.decode(), words(paper(nurse, stage))
    for text in (page, pdf):
        assert "1 h 25 min" in text.partition("Observed after the dose")[2][:200]
