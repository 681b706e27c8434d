"""K9: end-tidal carbon dioxide and its breathing rate on the board, typed, charted, in the record."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from sojourn.care.chart.queries import session_record, verify_signature
from sojourn.care.vitals.models import Observation
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.record.figure import figure_of
from sojourn.interfaces.console.record.presenters import RecordView
from tests.cases.monitored import Monitored, monitored, port

__all__ = ["monitored", "port"]

pytestmark = pytest.mark.slow


def test_it_has_a_tile_where_a_capnograph_is(monitored: Monitored):
    assert monitored.figure("etco2").hidden
    monitored.send(etco2=38, co2_rr=13)
    figure, breaths = monitored.figure("etco2"), monitored.figure("rr")
    assert (figure.hidden, figure.label, figure.value, figure.unit) == (False, "EtCO₂", "38", "mmHg")
    assert (breaths.label, breaths.value) == ("Breathing, CO₂", "13")
    trend = {point[1] for point in monitored.session()["trend"]}
    assert {"etco2", "co2_rr"} <= trend


def test_kilopascals_are_millimetres_of_mercury(monitored: Monitored):
    """5.1 kPa are 38.25 mmHg: 1 mmHg is 0.133322 kPa."""
    code = "151708^MDC_CONC_AWAY_CO2_ET^MDC"
    monitored.send(f"OBX|1|NM|{code}|1.1|5.1|265987^MDC_DIM_KILO_PASCAL^MDC|||||R")
    assert monitored.figure("etco2").value == "38"


def test_it_can_be_typed_at_the_chair(monitored: Monitored):
    client = monitored.cast.client("nurse")
    url = reverse("console:session_values", args=[monitored.stage.id])
    form = html.unescape(client.get(url).content.decode())
    assert "EtCO₂" in form
    assert 'name="etco2"' in form
    assert 'name="co2_rr"' in form
    client.post(url, {"etco2": "52", "co2_rr": "9", "seen": "1"})
    assert monitored.alarms()["etco2.high etco2"] == ("raised", "medium")
    assert monitored.alarms()["rr.low co2_rr"] == ("raised", "medium")
    assert "EtCO₂" in monitored.session_page()


def test_it_is_charted_and_stands_in_the_record(monitored: Monitored):
    monitored.send(etco2=38, co2_rr=13)
    with acting_as(monitored.cast.actor("nurse")):
        charted = dict(
            Observation.objects.filter(encounter_id=monitored.stage.id, code__in=("etco2", "co2_rr"))
            .values_list("code", "value")
        )  # fmt: skip
        record = session_record(SessionScope(monitored.stage.id))
        shown = RecordView(record, verify_signature(record))
    assert charted == {"etco2": 38, "co2_rr": 13}
    assert ("End-tidal CO₂", "mmHg") in shown.vitals_columns
    assert ("Breathing, CO₂", "/min") in shown.vitals_columns
    page = monitored.cast.client("nurse").get(reverse("console:record", args=[monitored.stage.id]))
    assert "End-tidal CO₂" in html.unescape(page.content.decode())
    for value in (40, 41, 42):
        monitored.send(etco2=value, co2_rr=value - 28)
    with acting_as(monitored.cast.actor("nurse")):
        record = session_record(SessionScope(monitored.stage.id))
        panels = {panel.name for panel in figure_of(RecordView(record, verify_signature(record))).panels}
    assert {"End-tidal CO₂", "Breathing, CO₂"} <= panels
