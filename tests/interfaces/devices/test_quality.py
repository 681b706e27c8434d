"""What OBX-11 and OBX-8 make of a row, and what numbers are believed: the tables, whole, each with its case."""

import re
from zoneinfo import ZoneInfo

import pytest

from sojourn.interfaces.devices import words
from sojourn.interfaces.devices.dialects import shipped
from sojourn.interfaces.devices.message import ParsedMessage, read
from sojourn.interfaces.devices.quality import DOUBTS, STATUSES, Flags, flags_of, rate_doubt, status_of

from .samples import hr, oru

UTC = ZoneInfo("UTC")
SPO2 = "150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1"
PERCENT = "262688^MDC_DIM_PERCENT^MDC"
MSH = r"MSH|^~\&|MON|WARD|||20260914093005||ORU^R01^ORU_R01|42|P|2.5"


def one(raw: bytes) -> ParsedMessage:
    message = read(raw, UTC)
    assert isinstance(message, ParsedMessage), message
    return message


def spo2(value: str, *, flags: str = "", status: str = "R", kind: str = "NM") -> ParsedMessage:
    return one(oru(f"OBX|1|{kind}|{SPO2}|{value}|{PERCENT}||{flags}|||{status}"))


def outcome(message: ParsedMessage) -> str:
    """Where the one row of a message went."""
    if message.readings:
        reading = message.readings[0]
        return f"{reading.comparator}{reading.value:g}" + (f" {reading.doubt}" if reading.doubt else "")
    if message.not_measured:
        return "none: " + message.not_measured[0].reason
    if message.withdrawn:
        return f"withdrawn: {message.withdrawn[0].reason}"
    if message.unmapped:
        return "refused: " + message.unmapped[0].reason
    return "nothing new"


# --- OBX-11, HL7 table 0085 -----------------------------------------------------------------------

# letter -> what a row with a number gives, what a row without one gives
TABLE_0085 = {
    "F": ("79", "none: empty"),
    "R": ("79", "none: empty"),
    "P": ("79", "none: empty"),
    "S": ("79", "none: empty"),
    "B": ("79", "none: empty"),
    "V": ("79", "none: empty"),
    "": ("79", "none: empty"),
    "C": ("79", "none: empty"),
    "A": ("79", "none: empty"),
    "U": ("79", "nothing new"),
    "D": ("withdrawn: deleted", "withdrawn: deleted"),
    "W": ("withdrawn: wrong", "withdrawn: wrong"),
    "X": ("none: cannot_obtain", "none: cannot_obtain"),
    "I": ("none: pending", "none: pending"),
    "N": ("none: not_asked", "none: not_asked"),
    "O": ("refused: status_order", "none: not_asked"),
}


def test_the_table_is_whole():
    """HL7 v2.9 table 0085: A B C D F I N O P R S U V W X; and nothing at all, as many bedside monitors send."""
    assert set(STATUSES) == set("ABCDFINOPRSUVWX") | {""} == set(TABLE_0085)


@pytest.mark.parametrize("letter", sorted(TABLE_0085))
def test_each_status_has_its_meaning(letter):
    with_value, without = TABLE_0085[letter]
    assert outcome(spo2("79", status=letter)) == with_value
    assert outcome(spo2("", status=letter)) == without


@pytest.mark.parametrize("letter", ["f", " F ", "F^Final^HL70085"])
def test_a_status_is_read_as_it_is_meant(letter):
    assert outcome(spo2("79", status=letter)) == "79"
    assert status_of(letter)[0] == "F"


@pytest.mark.parametrize("letter", ["Z", "20260914093000", "FINAL"])
def test_a_status_that_is_none_is_doubted_and_not_thrown_away(letter):
    assert outcome(spo2("79", status=letter)) == "79 status"


@pytest.mark.parametrize("letter", ["C", "A"])
def test_a_correction_says_so(letter):
    assert spo2("79", status=letter).readings[0].status == letter
    assert STATUSES[letter].meaning == "correction"


def test_an_order_row_is_a_value_only_where_its_maker_says_so():
    assert outcome(spo2("79", status="O")) == "refused: status_order"
    kohden = r"MSH|^~\&|NIHON KOHDEN|NIHON KOHDEN|||20260914093005||ORU^R01^ORU_R01|42|P|2.4"
    assert outcome(one(oru("OBX|1|NM|007000^VITAL SpO2|1|79|%|||||O", msh=kohden))) == "79"


def test_what_is_withdrawn_is_named_so_that_it_can_be_found_and_is_no_reading():
    row = f"OBX|1|NM|{SPO2}|79|{PERCENT}|||||"
    sent = one(oru(row + "F|||20260914092900"))
    back = one(oru(row + "W|||20260914092900"))
    assert back.readings == ()
    (withdrawal,), (reading,) = back.withdrawn, sent.readings
    assert (withdrawal.value, withdrawal.reason) == (79.0, "wrong")
    for part in ("code", "identifier", "sub_id", "measured_at", "device_key"):
        assert getattr(withdrawal, part) == getattr(reading, part), part


def test_a_withdrawal_of_an_unknown_code_stays_visible():
    message = one(oru("OBX|1|NM|77^Odd^99X||1|u|||||W"))
    assert (message.withdrawn, [u.code for u in message.unmapped]) == ((), ["77"])


# --- OBX-8 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("QUES", "79 questionable"),
        ("ques", "79 questionable"),
        ("EARLY", "79 early"),
        ("BUSY", "79 ongoing"),
        ("H~QUES", "79 questionable"),
        ("QCF", "79 questionable"),
        ("IND", "79 questionable"),
        ("<", "<79 bound"),
        (">", ">79 bound"),
        ("L", "79"),
        ("HH~A", "79"),
        ("N", "79"),
        ("ALACT~PH", "79"),
        ("INV", "none: invalid"),
        ("QUES~INV", "none: invalid"),
        ("NAV", "none: cannot_obtain"),
        ("CAL", "none: calibrating"),
        ("TEST", "none: test"),
        ("DEMO", "none: test"),
    ],
)
def test_flags(flags, expected):
    assert outcome(spo2("79", flags=flags)) == expected


def test_zero_that_is_invalid_is_no_zero():
    assert outcome(spo2("0", flags="INV")) == "none: invalid"
    assert outcome(spo2("0", status="X")) == "none: cannot_obtain"
    assert outcome(spo2("0")) == "0"


def test_the_gravest_flag_counts():
    assert flags_of(("H", "QUES", "INV", "<")) == Flags("invalid", "questionable", "<")
    assert flags_of(()) == Flags()


@pytest.mark.parametrize(
    ("msh_11", "training"), [("P", False), ("T", True), ("D", True), ("T^A", True), ("P^T", False)]
)
def test_training_is_of_the_whole_message(msh_11, training):
    """MSH-11: T training, D debugging; its second component is a mode of transmission, in which T is no training."""
    assert one(oru(hr("72"), msh=MSH.replace("|P|", f"|{msh_11}|"))).training == training


# --- sentinels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["-100", "32767", "8388607", "-1", "---", "NaN", "leads off", "INF", "-inf", "1e99"])
def test_no_value_is_never_a_reading_and_the_sensor_is_silent(value):
    message = spo2(value)
    assert message.readings == ()
    assert message.not_measured[0].sensor_silent


@pytest.mark.parametrize(("status", "silent"), [("X", True), ("I", False), ("N", False)])
def test_only_a_sensor_that_measures_nothing_is_silent(status, silent):
    assert spo2("", status=status).not_measured[0].sensor_silent == silent
    assert not spo2("79", flags="DEMO").not_measured[0].sensor_silent


def test_a_cuff_that_shows_nothing_is_no_silent_sensor():
    """Philips, Efficia CM Series Data Export Guide, page 3-17: an empty value, no measurement on the screen."""
    cuff = "OBX|1|NM|150301^MDC_PRESS_CUFF_SYS^MDC|1.1.9|{}|266016^MDC_DIM_MMHG^MDC|||||F"
    assert spo2("").not_measured[0].sensor_silent
    assert not one(oru(cuff.format(""))).not_measured[0].sensor_silent
    assert one(oru(cuff.format("-100"))).not_measured[0].sensor_silent


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("<50", "NM", "<50 bound"),
        ("<=50", "NM", "<=50 bound"),
        ("≤50", "NM", "<=50 bound"),
        ("> 97", "NM", ">97 bound"),
        ("<^50", "SN", "<50 bound"),
        (">=^50", "SN", ">=50 bound"),
        ("=^50", "SN", "50"),
        ("^50", "SN", "50"),
        ("50", "SN", "50"),
        ("50^", "SN", "50"),
        ("<>^50", "SN", "refused: not_a_number"),
        ("^30^-^40", "SN", "refused: range"),
        ("^1^:^128", "SN", "refused: ratio"),
        ("^1^/^128", "SN", "refused: ratio"),
        ("^3^+", "SN", "refused: not_a_number"),
        ("", "SN", "none: empty"),
        ("1,024", "NM", "refused: thousands"),
        ("12,345,678", "NM", "refused: thousands"),
        ("1,024.5", "NM", "refused: thousands"),
        ("<1,024", "NM", "refused: thousands"),
        ("97,5", "NM", "97.5"),
        ("0,500", "NM", "0.5"),
        ("97.500000000000014", "NM", "97.5"),
        ("97.", "NM", "97"),
        ("+5", "NM", "5"),
        ("  97 ", "NM", "97"),
        ("9.7E1", "NM", "97"),
        ("9.7x10\\S\\1", "NM", "97"),
        ("1E999", "NM", "none: out_of_range"),
        ("1E-999", "NM", "none: out_of_range"),
        ("9" * 40, "NM", "refused: not_a_number"),
        ("97~", "NM", "97"),
        ("97~98", "NM", "refused: not_a_number"),
        ("97%", "NM", "refused: not_a_number"),
        ("9 7", "NM", "refused: not_a_number"),
        ("20260914", "TS", "refused: not_a_number"),
        ("97", "ST", "97"),
    ],
)
def test_numbers(value, kind, expected):
    assert outcome(spo2(value, kind=kind)) == expected


@pytest.mark.parametrize(
    ("value", "doubt"),
    [("0", ""), ("1", ""), ("0.99", "rate"), ("2.73x10\\S\\-7", "rate"), ("1E-7", "rate"), ("72.4", ""), ("-5", "")],
)
@pytest.mark.parametrize("code", ["8867-4", "8889-8", "9279-1"])
def test_a_rate_is_nought_or_at_least_one(value, doubt, code):
    """By definition: beats and breaths are counted."""
    (reading,) = one(oru(f"OBX|1|NM|{code}^^LN||{value}|/min|||||F")).readings
    assert reading.doubt == doubt


def test_only_rates_are_counted():
    assert rate_doubt("temp", 0.5) == rate_doubt("spo2", 0.5) == rate_doubt("etco2", 0.5) == ""


# --- units ----------------------------------------------------------------------------------------

WORDS = {
    ("8867-4", "/min"): [
        "beats per minute", "b/min", "min-1", "per min", "BPM", "beats/min", "Beats/Min", "/MIN", "1/min",
        "{beats}/min", "{Beats}/min", "min\\S\\-1", "/min^per minute^UCUM", "264864^MDC_DIM_BEAT_PER_MIN^MDC",
        "^MDC_DIM_BEAT_PER_MIN", "b.p.m.", "per minute",
    ],
    ("9279-1", "/min"): ["br/min", "resp per minute", "rpm", "brpm", "breaths per minute", "breaths/min", "resp/min"],
    ("59408-5", "%"): ["%", "% O2", "pct", "percent", "Percent", "%O2", "PCT"],
    ("8480-6", "mm[Hg]"): ["mmHg", "mm Hg", "MMHG", "mm(Hg)", "torr", "mm[Hg]", "millimeters of mercury"],
    ("8480-6", "kPa"): ["kPa", "KPA", "kilopascal"],
    ("8480-6", "hPa"): ["hPa", "mbar"],
    ("8310-5", "Cel"): ["ºC", "°C", "℃", "C", "Cel", "deg C", "degC", "Celsius", "degrees Celsius", "° C", "˚C"],
    ("8310-5", "[degF]"): ["ºF", "°F", "℉", "F", "degF", "deg F", "Fahrenheit", "[degF]", "degrees F"],
}  # fmt: skip


@pytest.mark.parametrize(("code", "unit", "word"), [(c, u, w) for (c, u), ws in WORDS.items() for w in ws])
def test_unit_words(code, unit, word):
    (reading,) = one(oru(f"OBX|1|NM|{code}^^LN||36|{word}|||||F")).readings
    assert reading.unit == unit
    assert reading.doubt == ""


@pytest.mark.parametrize(
    ("code", "word"),
    [("8867-4", "min"), ("8867-4", "Hz"), ("9279-1", "L/min"), ("8310-5", "%"), ("59408-5", "O2"), ("8480-6", "cmH2O"),
     ("8867-4", "264864^%^MDC"), ("8310-5", "K"), ("59408-5", "1")],
)  # fmt: skip
def test_a_unit_that_is_another_is_refused_and_seen(code, word):
    message = one(oru(f"OBX|1|NM|{code}^^LN||36|{word}|||||F"))
    assert message.readings == ()
    assert [(u.reason, u.unit) for u in message.unmapped] == [("unit", word)]


def test_an_assumed_unit_is_counted_and_named():
    message = one(oru(hr("72", unit=""), hr("73", unit=""), hr("74")))
    assert [(a.code, a.unit, a.count) for a in message.assumed] == [("hr", "/min", 2)]


# --- words ----------------------------------------------------------------------------------------


def test_every_reason_has_words():
    assert set(DOUBTS) == set(words.DOUBTS)
    assert {s.reason for s in STATUSES.values() if s.meaning == "no_value"} <= set(words.NOT_MEASURED)
    assert {s.reason for s in STATUSES.values() if s.meaning == "refused"} <= set(words.UNMAPPED)
    assert {s.reason for s in STATUSES.values() if s.meaning == "withdrawn"} == set(words.WITHDRAWN)
    reasons = {outcome(spo2(v, kind=k)).partition(": ")[2] for v, k in (("1,024", "NM"), ("^1^:^2", "SN"), ("x", "NM"))}
    assert reasons <= set(words.UNMAPPED)
    assert shipped().standard.statuses == {}
    assert not any(
        re.search("cannot be right", str(text)) for table in (words.UNMAPPED, words.DOUBTS) for text in table.values()
    )
