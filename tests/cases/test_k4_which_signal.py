"""K4: which signal a row is: a name that contradicts its number, another name of the same, a word nobody listed."""

from __future__ import annotations

import pytest

pytest.importorskip("tests.cases.monitored", reason="the monitor at a chair comes with the cases of alarms")

from tests.cases.monitored import Monitored, monitored, port

__all__ = ["monitored", "port"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "row",
    [
        "OBX|1|NM|150456^MDC_CO2_ET^MDC||35|",
        "OBX|1|NM|150456^EtCO2^MDC||35|",
        "OBX|1|NM|150456^FiCO2^MDC||35|262688^MDC_DIM_PERCENT^MDC",
        "OBX|1|NM|8867-4^SpO2^LN||35|/min",
        "OBX|1|NM|1003^RR^ACME||2|/min",
        "OBX|1|NM|^HR||20|/min",
        "OBX|1|NM|RR^Respiratory Rate^DRAEGER||2|/min",
        "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||35|264864^%^MDC",
    ],
)
def test_what_may_be_another_signal_is_not_believed(monitored: Monitored, row: str):
    """An end-tidal carbon dioxide of 35 was taken for a saturation of 35 %, with a high alarm."""
    monitored.send(spo2=97, rr=14, hr=70)
    assert monitored.send(row + "|||||F") in ("AA", "CA")
    assert monitored.alarms() == {}
    assert [monitored.figure(key).value for key in ("spo2", "rr")] == ["97", "14"]


def test_the_same_vital_sign_under_another_name_is_taken(monitored: Monitored):
    """A Comen sends its pulse under the number of an arterial line's."""
    monitored.send("OBX||NM|149522^MDC_PULS_RATE^MDC|1.0.0.149522|61|264864^MDC_DIM_BEAT_PER_MIN^MDC|50^120||||F")
    assert monitored.session()["signals"]["pr"][0] == 61
