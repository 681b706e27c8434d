"""Who speaks, and of whom: patients, beds, branches and addresses as senders write them."""

import pytest

from sojourn.interfaces.devices.dialects import FieldPath
from sojourn.interfaces.devices.identity import _at, _own_value, _place, identifiers_of, nearest
from sojourn.interfaces.devices.values import USUAL, Separators


@pytest.mark.parametrize(
    ("segment", "found"),
    [
        ("PID|||P1", ("P1",)),
        ("PID||P2|", ("P2",)),
        ("PID||P2|^^x", ("P2",)),  # nothing is said in it
        ("PID||P2", ("P2",)),
        ("PID||P2|P1^x~P3~~P1", ("P1", "P3")),
        ("PID", ()),
        ("PID|1", ()),
        ("PID|||" + "p" * 101, ("p" * 100,)),
        ("PID|||" + "~".join(map(str, range(21))), tuple(map(str, range(20)))),
    ],
)
def test_whose_it_is(segment, found):
    assert identifiers_of(segment.split("|"), USUAL) == found


@pytest.mark.parametrize(
    ("sub_id", "key"),
    [
        ("1.13.1.5", "line"),
        ("1.13", "line"),
        ("1.1", "whole"),
        ("1", "whole"),
        ("2.13.1", ""),
        ("", "none"),
        ("1.130.1", "whole"),
    ],
)
def test_the_nearest_branch_holds_a_row(sub_id, key):
    equipment = {"none": "", "whole": "1.0.0.0", "line": "1.13.0.0", "later": "1.13"}
    assert nearest(sub_id, equipment) == key


FIRST = {"MSH": "MSH|^~\\&|APP^x|FAC", "PV1": "PV1|1|I|W^R&S^&10&11^F"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("MSH", 3, 1, 0), "APP"), (("MSH", 3, 2, 0), "x"), (("MSH", 3, 3, 0), ""), (("MSH", 4, 0, 0), "FAC"),
        (("MSH", 5, 0, 0), ""), (("PV1", 3, 1, 0), "W"), (("PV1", 3, 2, 1), "R"), (("PV1", 3, 2, 2), "S"),
        (("PV1", 3, 2, 3), ""), (("PV1", 2, 0, 0), "I"), (("PV1", 4, 0, 0), ""), (("OBR", 3, 1, 1), ""),
    ],
)  # fmt: skip
def test_what_stands_at_a_place(path, text):
    assert _at(FIRST, FieldPath(*path), USUAL) == text


@pytest.mark.parametrize(
    ("subcomponent", "separators", "found"),
    [(0, USUAL, "10"), (1, USUAL, "10"), (2, USUAL, "10"), (3, USUAL, "11"), (4, USUAL, ""),
     (0, Separators("|", subcomponent=""), "&10&11"), (2, Separators("|", subcomponent=""), "")],
)  # fmt: skip
def test_the_first_name_of_a_bed_counts(subcomponent, separators, found):
    assert _place(FIRST, FieldPath("PV1", 3, 3, subcomponent), separators) == found


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("ip", "10.0.0.7:2575", "10.0.0.7"), ("ip", "10.0.0.7", "10.0.0.7"), ("ip", "10.0.0", ""),
        ("ip", "3232235777", "192.168.1.1"), ("ip", "16777216", "1.0.0.0"), ("ip", "4294967295", "255.255.255.255"),
        ("ip", "4294967296", ""), ("ip", "9999999", ""), ("ip", "00016777216", ""), ("ip", "٣٢٣٢٢٣٥٧٧٧", ""),
        ("mac", "00-1b:2C-33:44-55", "001B2C334455"), ("mac", "001B2C334455", ""),
        ("eui64", "x^00a0b0c0d0e0f001", "00A0B0C0D0E0F001"), ("eui64", "x", ""),
        ("app", "", "APP/FAC"), ("serial", "S-1", "S-1"),
    ],
)  # fmt: skip
def test_what_names_a_device(kind, value, key):
    assert _own_value(kind, value, FIRST, USUAL) == key
