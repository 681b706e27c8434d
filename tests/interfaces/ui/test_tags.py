import datetime as dt

import pytest
from django.utils import timezone, translation

from sojourn.foundation.ui.charts import Band, Chart, Mark, Point, Series
from sojourn.foundation.ui.templatetags import ui

NOW = dt.datetime(2025, 3, 4, 14, 5, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds ago"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (35 * 3600, "35 hours ago"),
        (36 * 3600 - 1, "35 hours ago"),
        (36 * 3600, "1 day ago"),
        (72 * 3600, "3 days ago"),
        (-1, "in 1 second"),
        (-300, "in 5 minutes"),
        (-7200, "in 2 hours"),
    ],
)
def test_age_in_words(seconds: int, words: str) -> None:
    assert ui.age_in_words(NOW - dt.timedelta(seconds=seconds), NOW) == words


def test_ago_marks_up_the_moment_for_the_page_to_keep() -> None:
    html = ui.ago(NOW - dt.timedelta(minutes=2), stale_after=300, now=NOW)
    assert html == ('<time datetime="2025-03-04T14:03:09+00:00" data-ago data-stale-after="300">2 minutes ago</time>')
    assert ui.ago(None) == ""
    assert "stale" not in ui.ago(NOW, now=NOW)


def test_clock_speaks_in_the_readers_zone() -> None:
    with timezone.override("America/Denver"):
        assert ">07:05<" in ui.clock(NOW)
        assert ">07:05:09<" in ui.clock(NOW, "second")
        assert ">Tue 4 Mar<" in ui.clock(NOW, "day", now=NOW + dt.timedelta(days=200))
        assert ">Tue 4 Mar<" in ui.clock(NOW, "day", now=NOW + dt.timedelta(days=300))
        assert ">4 Mar 2025<" in ui.clock(NOW, "day", now=NOW + dt.timedelta(days=301))
        assert ">Tuesday 4 March 2025, 07:05<" in ui.clock(NOW, "long")
    assert ">19:35<" in ui.clock(NOW, "time", "Asia/Kolkata")
    assert ui.clock(None) == ""


@pytest.mark.parametrize(
    ("value", "digits", "english", "spanish"),
    [(37.5, 1, "37.5", "37,5"), (56, 0, "56", "56"), (None, None, "–", "–"), (0, None, "0", "0")],
)
def test_quantity(value: float | None, digits: int | None, english: str, spanish: str) -> None:
    with translation.override("en"):
        assert f'<span class="figure">{english}</span>\u00a0<span class="unit">mg</span>' in ui.quantity(
            value, "mg", digits
        )
    with translation.override("es"):
        assert f">{spanish}<" in ui.quantity(value, "mg", digits)


def test_quantity_escapes() -> None:
    assert "<b>" not in ui.quantity(1, "<b>")
    assert ui.quantity("", "").startswith('<span class="quantity"><span class="figure">–</span><span')  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "same"), [("1", 1, True), (1, 2, False), ("", "", False), ("None", None, False), (0, "0", True)]
)
def test_what_is_the_same_in_a_form(one: object, other: object, same: bool) -> None:
    assert ui.is_same(one, other) is same


@pytest.mark.parametrize(("days", "more", "written"), [(2, 0, "14:05"), (2, 1, "4 Mar 2025"), (0, 1, "14:05")])
def test_a_chart_of_more_than_two_days_names_the_days(days: int, more: int, written: str) -> None:
    last = NOW + dt.timedelta(days=days, seconds=more)
    chart = Chart(unit="points", zone="UTC", series=[Series("Score", [Point(NOW, 12), Point(last, 13)])])
    assert chart.rows()[0] == [written, "12"]
    assert chart.headings() == ["Time", "Score (points)"]


def test_a_chart_over_numbers() -> None:
    series = [Series("Level", [Point(2.5, 1.26, None, 3), Point(1, 3, 2.04, None)], unit="mg")]
    chart = Chart(unit="points", kind="number", x_label="Dose", series=series, decimals=1)
    assert chart.headings() == ["Dose", "Level (mg)"]
    assert chart.rows() == [["1.0", "3"], ["2.5", "1.3"]]
    assert chart.as_json()["series"][0]["points"] == [[2.5, 1.26], [1.0, 3]]
    assert (chart.as_json()["kind"], chart.as_json()["series"][0]["unit"]) == ("number", "mg")


@pytest.mark.parametrize(
    ("seconds", "words"), [(252, "4:12"), (3661, "1:01:01"), (-125, "overdue by 2:05"), (0, "overdue by 0:00")]
)
def test_countdown(seconds: int, words: str) -> None:
    assert f">{words}<" in ui.countdown(NOW + dt.timedelta(seconds=seconds), now=NOW)


def test_a_chart_knows_a_zone_that_has_no_letters() -> None:
    """Such a zone calls itself "+11", by which nobody finds it again."""
    with timezone.override("Etc/GMT-11"):
        chart = Chart(unit="points", series=[Series("Score", [Point(NOW, 12)])])
        assert chart.rows() == [[(NOW + dt.timedelta(hours=11)).strftime("%H:%M"), "12"]]


def test_a_chart_is_also_a_table() -> None:
    chart = Chart(
        unit="points",
        zone="America/Denver",
        series=[
            Series("Score", [Point(NOW, 12), Point(NOW + dt.timedelta(minutes=5), None)]),
            Series("Trend", [Point(NOW, 11.5, 9.25, 13.75)]),
        ],
        bands=[Band("Mild", 5, 10)],
        marks=[Mark(NOW + dt.timedelta(minutes=1), "Dose")],
    )
    assert chart.headings() == ["Time", "Score (points)", "Trend (points)", "Event"]
    assert chart.rows() == [
        ["07:05", "12", "11.5 (9.2 to 13.8)", ""],
        ["07:06", "–", "–", "Dose"],
        ["07:10", "–", "–", ""],
    ]
    json = chart.as_json()
    assert json["series"][1]["points"] == [[NOW.timestamp(), 11.5, 9.25, 13.75]]
    assert json["marks"] == [{"at": NOW.timestamp() + 60, "label": "Dose", "kind": "dose"}]
    assert json["zone"] == "America/Denver"
