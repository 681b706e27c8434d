"""A monitor asks who its patient is: the question read, the answer composed from what it may know."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import hl7
import pytest

from sojourn.interfaces.devices.message import read
from sojourn.interfaces.devices.query import matching, reply
from sojourn.interfaces.devices.results import Answered, Fault, Query

NOW = datetime(2026, 9, 14, 15, 30, tzinfo=UTC)
ZONE = ZoneInfo("America/Denver")
ANA = Answered("CA-00007", "Rivera", "Ana", date(1988, 2, 13), "F", "CHAIR-02")
BEN = Answered("CA-00008", "Peña|Ruiz", "Ben")

# As a Mindray gateway asks (the shape of facts/hl7.md: "the patient ... asked by QRY")
A19 = (
    rb"MSH|^~\&|Mindray|Gateway|||20260914093000||QRY^A19|12|P|2.3.1" + b"\r"
    rb"QRD|20260914093000|R|I|Q-55|||1^RD|%b|DEM|MindrayGateway" + b"\r"
)
Q22 = (
    rb"MSH|^~\&|MON|W|||20260914093000||QBP^Q22^QBP_Q21|13|P|2.5" + b"\r"
    rb"QPD|IHE PDQ Query|T-9|%b" + b"\rRCP|I|5^RD\r"
)


def asked(raw: bytes) -> Query:
    query = read(raw, ZONE)
    assert isinstance(query, Query), query
    return query


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (b"CA-00007", ("CA-00007", "", "")),
        (b"^Rivera^Ana", ("", "Rivera", "Ana")),
        (b"", ("", "", "")),
    ],
)
def test_a19_is_read(who, expected):
    query = asked(A19 % who)
    assert (query.event, query.tag, query.most) == ("A19", "Q-55", 1)
    assert (query.record_number, query.family, query.given) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"@PID.3.1^CA-00007", ("CA-00007", "", "", "")),
        (b"@PID.5.1.1^Rivera~@PID.5.2^Ana", ("", "Rivera", "Ana", "")),
        (b"@PV1.3.3^CHAIR-02", ("", "", "", "CHAIR-02")),
        (b"@PID.8^F", ("", "", "", "")),
        (b"", ("", "", "", "")),
    ],
)
def test_q22_is_read(fields, expected):
    query = asked(Q22 % fields)
    assert (query.event, query.tag, query.most) == ("Q22", "T-9", 5)
    assert (query.record_number, query.family, query.given, query.bed) == expected


def test_a_query_is_a_fault_to_a_line_that_may_not_ask():
    query = asked(A19 % b"")
    assert isinstance(query, Fault)
    assert (query.kind, query.ack_code) == ("query", "AR")
    assert "bind it" in query.reason


@pytest.mark.parametrize(
    ("raw", "who"),
    [
        (A19 % b"ca 00007", [ANA]),  # folded, as people write it
        (A19 % b"CA00008", [BEN]),
        (A19 % b"CA-0000", []),
        (A19 % b"^RIVERA", [ANA]),
        (A19 % b"^Rivera^Ben", []),
        (A19 % b"", [ANA]),  # 1^RD: one at most
        ((A19 % b"").replace(b"1^RD", b"0^RD"), [ANA, BEN]),
        ((A19 % b"").replace(b"1^RD", b"0001"), [ANA]),
        ((A19 % b"").replace(b"1^RD", b"00001"), [ANA, BEN]),
        ((A19 % b"").replace(b"1^RD", b"-1"), [ANA, BEN]),
        (Q22 % b"@PV1.3.3^chair 02", [ANA]),
        (Q22 % b"", [ANA, BEN]),
    ],
)
def test_only_who_matches_is_told(raw, who):
    assert matching(asked(raw), [ANA, BEN]) == who


@pytest.mark.parametrize(("most", "told"), [(b"49", 49), (b"51", 50), (b"0", 50), (b"9999", 50)])
def test_no_more_than_fifty_are_told(most, told):
    query = asked((A19 % b"").replace(b"1^RD", most))
    assert len(matching(query, [ANA] * 60)) == told


def test_what_is_asked_has_its_bounds():
    long = b"x" * 101
    a19 = asked((A19 % b"^".join([long] * 3)).replace(b"Q-55", long))
    assert [len(each) for each in (a19.tag, a19.record_number, a19.family, a19.given)] == [80, 100, 80, 80]
    q22 = asked(
        (Q22 % b"~".join(each + b"^" + long for each in (b"@PID.3", b"@PID.5", b"@PID.5.2", b"@PV1.3.3"))).replace(
            b"T-9", long
        )
    )
    assert [len(each) for each in (q22.tag, q22.record_number, q22.family, q22.given, q22.bed)] == [
        80,
        100,
        100,
        100,
        100,
    ]
    assert asked(Q22 % b"@PID.3^A~@PID.3.1^B").record_number == "A"  # the first counts


def test_the_answer_to_a19():
    raw = A19 % b"CA-00007"
    got = hl7.parse(reply(raw, asked(raw), [ANA, BEN], now=NOW).decode())
    assert str(got.segment("MSH")[9]) == "ADR^A19"
    assert [str(x) for x in got.segment("MSA")[1:]] == ["AA", "12"]
    assert str(got.segment("QRD")) == (raw.split(b"\r")[1]).decode()
    assert (str(got.segment("PID")[3]), str(got.segment("PID")[5]), str(got.segment("PID")[7])) == (
        "CA-00007", "Rivera^Ana", "19880213",
    )  # fmt: skip
    assert str(got.segment("PV1")[3]) == "^^CHAIR-02"
    assert len(got.segments("PID")) == 1


def test_the_answer_to_q22():
    raw = Q22 % b"@PID.3.1^CA-00007"
    got = hl7.parse(reply(raw, asked(raw), [ANA, BEN], now=NOW).decode())
    assert str(got.segment("MSH")[9]) == "RSP^K22^RSP_K21"
    assert [str(x) for x in got.segment("QAK")[1:]] == ["T-9", "OK"]
    assert str(got.segment("QPD")) == raw.split(b"\r")[1].decode()


def test_nobody_found_is_an_answer_and_no_error():
    raw = Q22 % b"@PID.3.1^X"
    got = hl7.parse(reply(raw, asked(raw), [ANA], now=NOW).decode())
    assert str(got.segment("MSA")[1]) == "AA"
    assert str(got.segment("QAK")[2]) == "NF"
    with pytest.raises(KeyError):
        got.segment("PID")


def test_a_name_cannot_break_the_message():
    raw = A19 % b"CA-00008"
    text = reply(raw, asked(raw), [BEN], now=NOW).decode()
    assert r"Peña\F\Ruiz^Ben" in text
    assert hl7.parse(text).unescape(str(hl7.parse(text).segment("PID")[5])) == "Peña|Ruiz^Ben"


def test_a_sender_is_answered_in_its_own_characters():
    raw = (A19 % b"CA-00008").replace(b"|2.3.1", b"|2.3.1||||||8859/1")
    assert "Peña".encode("latin-1") in reply(raw, asked(raw), [BEN], now=NOW)


@pytest.mark.parametrize(
    "raw", [A19[:60], b"MSH|^~\\&|||||||QRY^A19|1|P|2.3\rQRD", b"MSH|^~\\&|||||||QBP^Q22|1|P|2.5\r"]
)
def test_a_broken_query_asks_for_nobody_in_particular(raw):
    query = read(raw, ZONE)
    assert isinstance(query, Query)
    assert matching(query, [ANA, BEN]) == [ANA, BEN]
