"""Which pressures are one measurement."""

from datetime import UTC, datetime, timedelta

import pytest

from sojourn.interfaces.devices.pairing import measurements

from .samples import hr, oru
from .test_quality import one

AT = datetime(2026, 9, 14, 9, 30, tzinfo=UTC)


def groups(*rows):
    """The places that carry the same text, in order."""
    found = {}
    for place, name in measurements((i, *row) for i, row in enumerate(rows)).items():
        found.setdefault(name, []).append(place)
    return sorted(found.values())


def test_one_time_one_device_one_site_is_one_measurement():
    rows = [("nibp_sys", AT, "1", "d", 1), ("nibp_dia", AT, "2", "d", 1), ("nibp_map", AT, "3", "d", 1)]
    assert groups(*rows) == [[0, 1, 2]]


def test_the_measurement_before_lends_nothing():
    before = AT - timedelta(minutes=5)
    assert groups(("nibp_sys", AT, "", "d", 1), ("nibp_dia", before, "", "d", 1)) == [[0], [1]]


def test_cuff_and_line_are_two():
    assert groups(("nibp_sys", AT, "", "d", 1), ("art_dia", AT, "", "d", 1)) == [[0], [1]]


def test_two_devices_are_two():
    assert groups(("nibp_sys", AT, "", "a", 1), ("nibp_dia", AT, "", "b", 1)) == [[0], [1]]


def test_two_lines_of_one_monitor_are_told_apart_by_their_branch():
    rows = [
        ("art_sys", AT, "1.13.1.1", "d", 1), ("art_dia", AT, "1.13.1.2", "d", 1),
        ("art_sys", AT, "1.13.2.1", "d", 1), ("art_dia", AT, "1.13.2.2", "d", 1),
    ]  # fmt: skip
    assert groups(*rows) == [[0, 1], [2, 3]]


def test_without_a_time_the_group_of_the_message_counts():
    assert groups(("nibp_sys", None, "", "d", 1), ("nibp_dia", None, "", "d", 1)) == [[0, 1]]
    assert groups(("nibp_sys", None, "", "d", 1), ("nibp_dia", None, "", "d", 2)) == [[0], [1]]


@pytest.mark.parametrize(
    ("sub_ids", "channels"),
    [(("1.13.1.1", "1.13.2.1"), ["1.13.1", "1.13.2"]), (("1.13.1", "1.13.2"), ["1.13.1", "1.13.2"]),
     (("a" * 31, "b"), ["a" * 30, "b"]), (("a" * 31 + ".2.3.4", "b"), ["a" * 30, "b"])],
)  # fmt: skip
def test_twice_the_same_is_told_apart_by_the_channel(sub_ids, channels):
    names = measurements((i, "art_sys", AT, sub_id, "", 1) for i, sub_id in enumerate(sub_ids)).values()
    assert list(names) == [f"art {AT.isoformat()} {each}" for each in channels]
    assert list(measurements([(0, "art_sys", None, "x", "d", 7)]).values()) == ["art group 7 d"]


def test_the_name_is_the_same_in_the_next_message():
    (first,) = measurements([(0, "nibp_sys", AT, "1", "d", 1)]).values()
    (again,) = measurements([(4, "nibp_dia", AT, "2", "d", 3)]).values()
    assert first == again


def test_a_device_named_once_is_the_device_of_all_its_rows():
    """As Mindray sends it: OBX-18 stands in the first row only."""
    cuff = "OBX|{0}|NM|{1}^{2}^MDC|1.1.9.{1}|{3}|266016^MDC_DIM_MMHG^MDC|||||R|||20260914093000||||{4}"
    message = one(
        oru(
            cuff.format(1, 150301, "MDC_PRESS_CUFF_SYS", 130, "000F140000000007^CHAIR^000F140000000007^EUI-64"),
            cuff.format(2, 150302, "MDC_PRESS_CUFF_DIA", 80, ""),
        )
    )
    assert len({reading.measurement for reading in message.readings}) == 1


def test_no_other_vital_sign_is_of_a_measurement():
    assert one(oru(hr("72"))).readings[0].measurement == ""
