"""Reading one message: values, times, identity, character sets, and agreement with an independent reader."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import hl7
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sojourn.interfaces.devices.dialects import shipped
from sojourn.interfaces.devices.message import Fault, ParsedMessage, Reader, read
from sojourn.interfaces.devices.values import USUAL, Separators, decode, header, instant, unescape, zone_of

from .samples import captured, hr, oru

DENVER = ZoneInfo("America/Denver")
EARLY, LATE = (datetime(year, 1, 1) for year in (1990, 2090))  # noqa: DTZ001 - the zone is what is tested


def one(raw: bytes):
    message = read(raw, DENVER)
    assert isinstance(message, ParsedMessage), message
    return message


def value_of(text: str, kind: str = "NM"):
    message = one(oru(hr(text, kind)))
    if message.readings:
        return message.readings[0].value, message.readings[0].comparator
    if message.not_measured:
        return message.not_measured[0].reason
    return message.unmapped[0].reason


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("72", "NM", (72.0, "")),
        ("+72.50", "NM", (72.5, "")),
        ("72,5", "NM", (72.5, "")),
        (" 72 ", "NM", (72.0, "")),
        ("72.", "NM", (72.0, "")),
        (".5", "NM", (0.5, "")),
        ("2.73x10\\S\\-7", "NM", (2.73e-7, "")),
        ("7.2x10\\S\\1", "NM", (72.0, "")),
        ("7.2E1", "NM", (72.0, "")),
        ("<10", "NM", (10.0, "<")),
        (">300", "NM", (300.0, ">")),
        (">^300", "SN", (300.0, ">")),
        ("=^72", "SN", (72.0, "")),
        ("^72", "SN", (72.0, "")),
        ("^1^:^2", "SN", "ratio"),
        ("72", "ST", (72.0, "")),
        ("72^", "CE", (72.0, "")),
        ("72^Seventy-two^L", "CWE", (72.0, "")),
        ("72~73", "NM", "not_a_number"),
        ("120^80", "NM", "not_a_number"),
        ("seventy", "NM", "not_a_number"),
        ("1_000", "NM", "not_a_number"),
        ("nan", "NM", "sentinel"),
        ("inf", "NM", "out_of_range"),
        ("٧٢", "NM", "not_a_number"),
        ("1e99", "NM", "out_of_range"),
        ("1e15", "NM", (1e15, "")),
        ("-1e15", "NM", (-1e15, "")),
        ("1.1e15", "NM", "out_of_range"),
        ("1e-400", "NM", "out_of_range"),  # a power of ten that leaves nothing
        ("0e-400", "NM", (0.0, "")),
        ("<" + " " * 76 + "72", "NM", (72.0, "<")),  # 79 characters
        ("<" + " " * 77 + "72", "NM", "not_a_number"),
        ("1,408", "NM", "thousands"),
        ("1,40", "NM", (1.4, "")),
        ("^72^", "SN", (72.0, "")),
        ("72", "SN", (72.0, "")),
        ("72^", "SN", (72.0, "")),
        ("x^72", "SN", "not_a_number"),
        ("^1^-^2", "SN", "range"),
        ("^1^/^2", "SN", "ratio"),
        ("^1^+^2", "SN", "not_a_number"),
        ("72^^", "NM", (72.0, "")),
        ("72^73", "CF", (72.0, "")),
        ("", "NM", "empty"),
        ('""', "NM", "empty"),
        ("---", "NM", "sentinel"),
        ("80^88^92", "NA", "waveform"),
    ],
)
def test_values(text, kind, expected):
    assert value_of(text, kind) == expected


@pytest.mark.parametrize("sentinel", ["-100", "-100.00", "-1", "-999", "32767", "65535", "8388607", "16777215"])
def test_sentinels_are_never_readings(sentinel):
    """facts/hl7.md: -100, 32767, 8388607 mean a probe that is off."""
    message = one(oru(hr(sentinel)))
    assert message.readings == ()
    assert [(n.code, n.reason, n.value) for n in message.not_measured] == [("hr", "sentinel", sentinel)]


@pytest.mark.parametrize("value", ["0", "300", "-5"])
def test_implausible_values_are_kept(value):
    """Implausible is for the rules above to say; only what the maker calls no value is none."""
    assert one(oru(hr(value))).readings[0].value == float(value)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("F", "F"), ("R", "R"), ("P", "P"), ("C", "C"), ("", ""), ("S", "S"), ("f", "F"), ("A", "A")],
)
def test_statuses_with_a_value(status, expected):
    assert one(oru(hr("72", rest=f"|||||{status}"))).readings[0].status == expected


@pytest.mark.parametrize(("status", "reason"), [("X", "cannot_obtain"), ("I", "pending"), ("N", "not_asked")])
def test_statuses_without_a_value(status, reason):
    message = one(oru(hr("72", rest=f"|||||{status}")))
    assert message.readings == ()
    assert message.not_measured[0].reason == reason


def test_a_test_takes_nothing_back():
    message = one(oru(hr("72", rest="||TEST|||D"), hr("73", rest="||QUES|||D"), hr("74", rest="|||||D")))
    assert [each.reason for each in message.not_measured] == ["test"]
    assert [each.value for each in message.withdrawn] == [73, 74]


def test_flags():
    message = one(oru(hr("72", rest="||H~QUES|||F"), hr("73", rest="||INV|||F"), hr("74", rest="||TEST|||F")))
    assert [(r.value, r.flags) for r in message.readings] == [(72.0, ("H", "QUES"))]
    assert [n.reason for n in message.not_measured] == ["invalid", "test"]


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260914093000", datetime(2026, 9, 14, 15, 30, tzinfo=UTC)),  # Denver is six hours behind in summer
        ("202609140930", datetime(2026, 9, 14, 15, 30, tzinfo=UTC)),
        ("20260114093000", datetime(2026, 1, 14, 16, 30, tzinfo=UTC)),  # seven in winter
        ("20260912120000.0000+0530", datetime(2026, 9, 12, 6, 30, tzinfo=UTC)),
        ("20260912120000.25-0000", datetime(2026, 9, 12, 12, 0, 0, 250000, tzinfo=UTC)),
        ("20260124131540123+0800", datetime(2026, 1, 24, 5, 15, 40, 123000, tzinfo=UTC)),
        ("202609121200+02", datetime(2026, 9, 12, 10, 0, tzinfo=UTC)),
        ("20260912120000Z", datetime(2026, 9, 12, 12, 0, tzinfo=UTC)),
        ("20161231235960+0000", datetime(2017, 1, 1, 0, 0, tzinfo=UTC)),  # a leap second
        ("2026-09-12T12:00:00+00:00", datetime(2026, 9, 12, 12, 0, tzinfo=UTC)),
        ("2026-09-12T06:00", datetime(2026, 9, 12, 12, 0, tzinfo=UTC)),
        ("20260912120000.123456789Z", datetime(2026, 9, 12, 12, 0, 0, 123456, tzinfo=UTC)),
        ("202609121200-0930", datetime(2026, 9, 12, 21, 30, tzinfo=UTC)),
        ("202609121200-09:30", datetime(2026, 9, 12, 21, 30, tzinfo=UTC)),
        ("202609121200+1400", datetime(2026, 9, 11, 22, 0, tzinfo=UTC)),
    ],
)
def test_times(text, expected):
    assert instant(text, DENVER) == (expected, "")


@pytest.mark.parametrize("text", ["", '""', "00000000000000", "0000"])
def test_no_time(text):
    assert instant(text, DENVER) == (None, "")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("20260914", "imprecise"),
        ("20260914+0100", "imprecise"),
        ("2026", "unreadable"),
        ("20261314093000", "unreadable"),
        ("20260914253000", "unreadable"),
        ("20260914093061", "unreadable"),
        ("x" * 40, "unreadable"),
        ("2026-09-12T1200", "unreadable"),  # less than to the minute in that form
        ("2026.09.12T12:00", "unreadable"),
        ("20260914093000+1401", "unreadable"),
        ("00010101000000+1400", "unreadable"),
    ],
)
def test_unreadable_times_warn(text, warning):
    assert instant(text, DENVER) == (None, f"time_{warning}:{text[:30]}")
    assert zone_of(text) in (None, timezone(timedelta(hours=1)), timezone(timedelta(hours=14)))


@pytest.mark.parametrize(
    ("text", "hours"),
    [("202609121200+02", 2), ("20260912-0930", -9.5), ("20260912120000Z", 0), ("2026-09-12T12:00-05:00", -5),
     ("202609121200", None), ("2026-09-12T12:00", None), ("x", None), ("2026-09-12T25:00-05:00", None)],
)  # fmt: skip
def test_the_zone_that_a_time_states(text, hours):
    assert zone_of(text) == (None if hours is None else timezone(timedelta(hours=hours)))


def test_the_hour_that_comes_twice_is_said():
    at, warning = instant("20261101013000", DENVER)
    assert at == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    assert warning == "time_ambiguous:20261101013000"
    assert instant("20260308023000", DENVER)[1] == "time_ambiguous:20260308023000"  # nor is there this one
    assert instant("20261101013000-0700", DENVER) == (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), "")


@given(st.datetimes(EARLY, LATE), st.integers(-56, 56))
def test_a_zone_in_the_message_wins_over_the_clinic(naive, quarters):
    naive = naive.replace(microsecond=0)
    sign, minutes = ("-" if quarters < 0 else "+"), abs(quarters) * 15
    text = naive.strftime("%Y%m%d%H%M%S") + f"{sign}{minutes // 60:02}{minutes % 60:02}"
    at, warning = instant(text, DENVER)
    assert not warning
    offset = quarters * 15 * 60
    assert at.timestamp() == naive.replace(tzinfo=UTC).timestamp() - offset


OBX14 = "|||||F|||20260914090100"
OBR = "OBR|1||||||20260914090200|||||||20260914090300||||||||20260914090400"
MSH = r"MSH|^~\&|M||||20260914090500||ORU^R01|1|P|2.5"


@pytest.mark.parametrize(
    ("obx", "obr", "msh", "minute"),
    [
        (hr("1", rest=OBX14), OBR, MSH, 1),
        (hr("1"), OBR, MSH, 2),
        (hr("1"), OBR.replace("20260914090200", ""), MSH, 3),
        (hr("1"), OBR.replace("20260914090200", "").replace("20260914090300", ""), MSH, 4),
        (hr("1"), "OBR|1", MSH, 5),
        (hr("1", rest="|||||F|||00000000000000"), OBR, MSH, 2),
        (hr("1", rest="|||||F|||rubbish"), OBR, MSH, 2),
        (hr("1"), "OBR|1", MSH.replace("20260914090500", ""), None),
    ],
)
def test_the_nearest_time_counts(obx, obr, msh, minute):
    message = one(oru(obx, obr=obr, msh=msh))
    at = message.readings[0].measured_at
    assert (at.minute if at else None) == minute
    assert message.tells_time == (minute is not None)


def test_groups_keep_their_own_times():
    raw = oru(hr("1"), "OBR|2||||||20260914093100", hr("2"), "OBR|3", hr("3"))
    assert [r.measured_at.minute for r in one(raw).readings] == [30, 31, 30]


# --- codes and units ------------------------------------------------------------------------------


def test_the_same_vital_twice_stays_two_readings():
    raw = oru(
        "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|66|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
        "OBX|2|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.3.1.149530|65|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
        "OBX|3|NM|149546^MDC_PULS_RATE_NON_INV^MDC|1.1.1.149546|64|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
    )
    assert [(r.code, r.value, r.method) for r in one(raw).readings] == [
        ("hr", 66.0, "ecg"),
        ("pr", 65.0, "pulse oximeter"),
        ("pr", 64.0, "cuff"),
    ]


def test_number_and_name_that_disagree_are_not_believed():
    """150021 is the cuff's systolic; a sender that names it an arterial pressure means one of the two."""
    message = one(oru("OBX||NM|150021^MDC_PRESS_BLD_ART_SYS^MDC|1|132|266016^MDC_DIM_MMHG^MDC|||||F"))
    assert message.readings == ()
    assert [(u.code, u.reason) for u in message.unmapped] == [("150021", "code_and_name_disagree")]


@pytest.mark.parametrize(
    ("ident", "code", "warns"),
    [
        ("8867-4^Heart rate^LOINC", "hr", False),
        ("8867-4", "hr", True),
        ("150456^^MDC", "spo2", False),
        ("150456", "spo2", True),
        ("X1^my own^99ZZZ^59408-5^SpO2^LN", "spo2", False),
        ("999^MDC_ECG_HEART_RATE^MDC", "hr", False),
    ],
)
def test_an_unknown_maker_with_standard_codes_still_works(ident, code, warns):
    message = one(oru(f"OBX|1|NM|{ident}|1|97||||||F"))
    assert [r.code for r in message.readings] == [code]
    assert any(w.startswith("system_assumed") for w in message.warnings) == warns


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("Cel", "Cel"),
        ("°C", "Cel"),
        ("degF", "[degF]"),
        ("F", "[degF]"),
        ("268192^MDC_DIM_DEGC^MDC", "Cel"),
    ],
)
def test_units_become_ucum(unit, expected):
    assert one(oru(f"OBX|1|NM|8310-5^T^LN||36.6|{unit}|||||F")).readings[0].unit == expected


@pytest.mark.parametrize("unit", ["", "mmHg", "furlong"])
def test_a_temperature_without_its_unit_is_not_guessed(unit):
    message = one(oru(f"OBX|1|NM|8310-5^T^LN||36.6|{unit}|||||F"))
    assert message.readings == ()
    assert message.unmapped[0].reason == "unit"


def test_unknown_codes_are_counted():
    message = one(oru(*["OBX|1|NM|77^Odd^99X||1|u|||||F"] * 3, "OBX|2|ST|78^Mode^99X||on||||||F"))
    assert [(u.code, u.count) for u in message.unmapped] == [("77", 3), ("78", 1)]


# --- who and where --------------------------------------------------------------------------------


def test_equipment_of_a_branch():
    """Each observation belongs to the device whose branch of the tree holds it."""
    raw = oru(
        "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||AAAAAAAAAAAAAAAA^EUI-64",
        "OBX|2||69642^MDC_DEV_ANALY_SAT_O2_VMD^MDC|1.3.0.0|||||||X|||||||BBBBBBBBBBBBBBBB^EUI-64",
        "OBX|3|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|98|262688^MDC_DIM_PERCENT^MDC|||||R",
        "OBX|4|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|66|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
    )
    message = one(raw)
    assert message.structure_rows == 2
    assert [r.device_key for r in message.readings] == ["eui64:" + "B" * 16, "eui64:" + "A" * 16]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("PID|||P2",), "several_patients"),
        (("PV1|1|I|^^A", "PV1|2|I|^^B"), "several_beds"),
        ((r"MSH|^~\&|MON||||20260914093005||ORU^R01|43|P|2.5",), "several_messages"),
    ],
)
def test_two_in_one_message_are_refused(lines, kind):
    fault = read(oru(hr("72"), *lines, hr("73")), DENVER)
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.ack_code) == (kind, "AR")


def test_the_same_patient_twice_is_one():
    assert one(oru(hr("72"), "PID|||P1", hr("73"))).patient_identifiers == ("P1",)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "empty"),
        (b"\r\n \r", "empty"),
        (b"hello", "no_header"),
        (b"PID|||1\rMSH|^~\\&|", "no_header"),
        (b"FHS|^~\\&|", "batch"),
        (b"MSH", "separators"),
        (b"MSHA^~\\&Axxx", "separators"),
        (b"MSH|^^^^|||||||ORU^R01|1|P|2.5", "separators"),
        (b"MSH|||||||||ORU^R01|1|P|2.5", "separators"),
        (b"MSH|^~\\&|a|b", "no_type"),
        (b"MSH|^~\\&||||||", "no_type"),
        (b"MSH|^~\\&|||||||", "unsupported_type"),
        (b"MSH|^~\\& |||||||ORU^R01|1|P|2.5", "separators"),
        (b"MSH|^~a&|||||||ORU^R01|1|P|2.5", "separators"),
        (b"MSH|^~\\|||||||||ORU^R01|1|P|2.5", "unsupported_type"),
        (b"MSH|^~\\&|||||||ADT^A08|1|P|2.5", "unsupported_type"),
        (b"MSH|^~\\&|||||||ORU^W01|1|P|2.5", "unsupported_type"),
        (b"MSH|^~\\&|||||||QRY^A19|1|P|2.5", "query"),
        (b"MSH|^~\\&|||||||QRY^R02|1|P|2.5", "unsupported_type"),
    ],
)
def test_faults(raw, kind):
    fault = read(raw, DENVER)
    assert isinstance(fault, Fault)
    assert fault.kind == kind
    assert fault.ack_code in ("AE", "AR")
    assert fault.reason


def test_too_many_observations():
    fault = read(oru(*[hr("72")] * 5001), DENVER)
    assert isinstance(fault, Fault)
    assert fault.kind == "too_many"


def test_what_is_kept_of_a_message_has_its_bounds():
    """A sender chooses how long its words are."""
    long = "x" * 300
    msh = "|".join([r"MSH|^~\&", long, long, "B", long, "20260914093005", "", "ORU^R01", long, long, "2." + "7" * 30])
    visit = "PV1|1|I|^^" + long + "|" * 16 + long
    flags = "~".join(["QUES" + long, *(f"f{n}" for n in range(9))])
    rows = (
        f"OBX|1|NM|8867-4^Heart rate^LN|{long}|72|/min||{flags}|||F",
        f"OBX|2|NM|59408-5^SpO2^LN|{long}|-{long}|%|||||X",
        f"OBX|3|NM|77^Odd^99X||1|{long}|||||F",
        f"OBX|4|NM|8867-4^Heart rate^LN|{long}||/min|||||D",
    )
    message = one(oru(*rows, visit, msh=msh))
    assert [len(each) for each in (message.sending_app, message.sending_facility, message.receiving_facility)] == [
        180
    ] * 3
    assert [len(each) for each in (message.control_id, message.processing_id, message.version)] == [200, 8, 20]
    assert [len(each) for each in (message.bed, *message.patient_identifiers)] == [100, 2, 100]
    (reading,), (absent,), (withdrawn,) = message.readings, message.not_measured, message.withdrawn
    assert (len(reading.sub_id), reading.flags) == (80, (("QUES" + long)[:20], *(f"f{n}" for n in range(7))))
    assert [len(each) for each in (absent.sub_id, absent.value, withdrawn.sub_id, message.unmapped[0].unit)] == [
        80,
        80,
        80,
        60,
    ]
    assert "version:2." + "7" * 18 in message.warnings
    assert "stray_line:" + "?" * 20 in one(oru(hr("72"), "?" * 30)).warnings
    assert f"this is '{'A' * 40}'." in read(b"MSH|^~\\&|||||||" + b"A" * 50 + b"|1|P|2.5", DENVER).reason


def test_a_segment_is_of_three_signs():
    warnings = one(oru(hr("72"), "ZZ1", "ZZ2|x", "ZZ3x|", "Z4", "1ZZ|", "zz1|", " ")).warnings
    assert [each for each in warnings if each.startswith("stray")] == [
        f"stray_line:{each}" for each in ("ZZ3x|", "Z4", "1ZZ|", "zz1|")
    ]


# --- bytes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("name", sorted(captured()))
def test_segment_ends(name, end):
    raw = captured()[name]
    assert read(raw.replace(b"\r", end), DENVER) == read(raw, DENVER)


def named(charset: str) -> str:
    return rf"MSH|^~\&|Péñ|W|||20260914093005||ORU^R01|42|P|2.5||||||{charset}"


@pytest.mark.parametrize(
    ("charset", "codec", "warning"),
    [
        ("UNICODE UTF-8", "utf-8", None),
        ("", "utf-8", None),
        ("8859/1", "latin-1", None),
        ("8859/15", "iso8859-15", None),
        ("ASCII", "utf-8", "charset:beyond ASCII"),
        ("UNICODE UTF-8", "latin-1", "charset:not UNICODE UTF-8 as declared"),
        ("KLINGON", "utf-8", "charset:unknown KLINGON"),
        ("K" * 40, "utf-8", "charset:unknown " + "K" * 30),
        ("8859/1~UNICODE UTF-8", "latin-1", None),
        ("UNICODE UTF-8", "utf-8-sig", "charset:byte order mark"),
        ("UNICODE UTF-8", "utf-16", "charset:UTF-16"),
    ],
)
def test_character_sets(charset, codec, warning):
    raw = oru(hr("72"), msh=named(charset)).decode().encode(codec)
    message = one(raw)
    assert message.sending_app == "Péñ"
    assert [w for w in message.warnings if w.startswith("charset")] == ([warning] if warning else [])
    assert message.readings[0].value == 72.0


def test_no_nul_reaches_a_database():
    message = one(oru(hr("72"), pid="PID|||P\x001").replace(b"Heart", b"He\x00art"))
    assert message.patient_identifiers == ("P1",)
    assert "nul:" in message.warnings


def test_lost_backslash():
    message = one(oru(hr("72"), msh=r"MSH|^~&|VSP|GE|||20260914093005||ORU^R01|42|P|2.6"))
    assert message.readings[0].value == 72.0
    assert message.warnings == ("encoding_characters:^~&",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"\X41\\X42\x", "ABx"),
        (r"\XC3B1\\XF1\x", "ññx"),
        (r"a\.br\b\H\c\N\d", "a\nbcd"),
        (r"C:\temp", r"C:\temp"),
        ("a\\b\\c", "a\\b\\c"),
        (r"\X4\x", r"\X4\x"),
        ("end\\", "end\\"),
        (r"\F", r"\F"),
        (r"\Zlocal\x", "x"),
        (r"\Cabc\\Mabc\x", "x"),
        ("\\Z" + "l" * 18 + "\\x", "x"),  # longer than any escape: text
        ("\\Z" + "l" * 19 + "\\x", "\\Z" + "l" * 19 + "\\x"),
        (r"\Y\x", r"\Y\x"),
        (r"\X0041\x", "Ax"),
        (r"a\.sk3\b\.in+4\c", "a bc"),
    ],
)
def test_escapes(text, expected):
    assert unescape(text, USUAL) == expected


# --- an independent reader agrees -----------------------------------------------------------------


def referee(raw: bytes, codec: str = "utf-8"):
    """What the package hl7 reads: control id, and per OBX its identifier, value, unit, status and time."""
    message = hl7.parse(raw.decode(codec).replace("\r\n", "\r").replace("\n", "\r"))
    rows = []
    for segment in message:
        if str(segment[0][0]) == "OBX":
            field = lambda n: str(segment[n]) if len(segment) > n else ""  # noqa: E731, B023
            rows.append((field(3), field(5), field(6), field(11), field(14)))
    control = message.unescape(str(message.segment("MSH")[10])).strip()
    return "" if control == '""' else control, rows


def ours(raw: bytes):
    """The same, through our own splitting."""
    text = decode(raw, {}).replace("\r\n", "\r").replace("\n", "\r")
    seps, msh = header(text, {})
    rows = []
    for segment in text.split("\r"):
        if segment.startswith("OBX"):
            f = segment.split(seps.field)
            f += [""] * 20
            rows.append((f[3], f[5], f[6], f[11], f[14]))
    return seps.plain(msh[9]), rows


@pytest.mark.parametrize("name", sorted(captured()))
def test_the_referee_agrees_on_captured_messages(name):
    raw = captured()[name]
    codec = "latin-1" if name == "philips_mdil" else "utf-8"
    assert ours(raw) == referee(raw, codec)


# characters that a field may hold after escaping; the referee strips nothing and knows no NUL
printable = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x24F, exclude_characters="\x7f\x85\xa0"), max_size=12
)


def escaped(text: str, seps: Separators) -> str:
    out = []
    for char in text:
        letter = {
            seps.field: "F", seps.component: "S", seps.subcomponent: "T", seps.repetition: "R",
            seps.escape: "E",
        }.get(char)  # fmt: skip
        out.append(f"{seps.escape}{letter}{seps.escape}" if letter else char)
    return "".join(out)


separators = st.permutations("|^~\\&#$*!@%").map(lambda c: Separators(c[0], c[1], c[2], c[3], c[4]))


@given(seps=separators, control=printable, names=st.lists(printable, min_size=1, max_size=4), values=st.data())
@example(seps=USUAL, control="a|b^c", names=["x&y"], values=None)
def test_the_referee_agrees_on_generated_messages(seps, control, names, values):
    f, c = seps.field, seps.component
    chars = c + seps.repetition + seps.escape + seps.subcomponent
    lines = [
        f.join(
            [
                "MSH",
                chars,
                "A",
                "B",
                "",
                "",
                "20260914093000",
                "",
                f"ORU{c}R01",
                escaped(control, seps),
                "P",
                "2.5",
            ]
        )
    ]
    for i, name in enumerate(names):
        value = "72" if values is None else str(values.draw(st.integers(0, 300)))
        ident = c.join(["8867-4", escaped(f"no. {i} {name}", seps), "LN"])  # never a word that contradicts the code
        lines.append(f.join(["OBX", str(i), "NM", ident, str(i), value, "/min", "", "", "", "", "F"]))
    raw = ("\r".join(lines) + "\r").encode()
    assert ours(raw) == referee(raw)
    message = one(raw)
    assert message.control_id == referee(raw)[0]
    theirs = [float(row[1]) for row in referee(raw)[1]]
    read_here = [r.value for r in message.readings]
    assert read_here == theirs


@given(printable)
def test_the_referee_agrees_on_escapes(text):
    referee_message = hl7.parse("MSH|^~\\&|\r")
    there = referee_message.escape(text)
    assert unescape(escaped(text, USUAL), USUAL) == text
    if text.isascii():
        assert unescape(there, USUAL) == text


def test_caches_are_bounded():
    reader = Reader(shipped())
    for i in range(3):
        lines = [
            f"OBX|1|NM|{i}-{n}^name{n}^99X||1|unit{i}{n}|||||F|||2026091409{n % 60:02}00|||{n}|{n}^e"
            for n in range(4900)
        ]
        reader.read(oru(*lines), DENVER)
    sizes = [len(reader.units), len(reader.times), len(reader.equipment), len(reader.places)]
    assert max(sizes + [len(h) for h in reader.hits.values()]) <= 4096
