"""Which signal a row is: numbers, names that contradict them, names alone, and words that nobody listed."""

from zoneinfo import ZoneInfo

import pytest

from sojourn.interfaces.devices.dialects import VITALS, shipped
from sojourn.interfaces.devices.meaning import meaning_of
from sojourn.interfaces.devices.recognising import Recogniser
from sojourn.interfaces.devices.values import USUAL

from .samples import oru
from .test_quality import one

UTC = ZoneInfo("UTC")


def meant(ident: str, dialect: str = "standard") -> str:
    hit = meaning_of(ident, shipped().by_name(dialect), shipped(), USUAL)
    return f"{hit.vital.code} {hit.method}".strip() if hit.vital else hit.reason


@pytest.mark.parametrize(
    "ident",
    [
        "150456^MDC_CO2_ET^MDC",  # a name of the nomenclature that is none of ours
        "150456^MDC_ECG_HEART_RATE^MDC",
        "150456^EtCO2^MDC",
        "150456^CO2^MDC",
        "150456^FiCO2^MDC",
        "147842^RR^MDC",
        "151562^Pulse^MDC",
        "8867-4^SpO2^LN",
        "8480-6^NIBP dia^LN",
        "8480-6^Diastolic^LN",
        "8462-4^MAP^LN",
        "150033^NIBPs^MDC",
        "8310-5^SpO2^LN",
        "150021^MDC_PRESS_BLD_ART_SYS^MDC",
        "151708^FiCO2^MDC",
        "151708^MDC_CONC_AWAY_CO2_INSP^MDC",
        "150456^SpO2^MDC^8867-4^Heart rate^LN",  # the alternate triplet says another vital sign
        "151716^MDC_CONC_AWAY_CO2_ET^MDC",  # the number of what is inspired
        "150388^MDC_TEMP^MDC",  # the number of the skin
    ],
)
def test_a_name_that_contradicts_its_number_disproves_both(ident):
    assert meant(ident) == "code_and_name_disagree"


@pytest.mark.parametrize(
    ("ident", "dialect"),
    [("0002-4bb8^etCO2^MDIL", "philips_mdil"), ("0002-50b0^FiCO2^MDIL", "philips_mdil"),
     ("073001^VITAL FiCO2", "nihon_kohden"), ("250^FiCO2", "mindray_gateway"), ("160^PI", "mindray_gateway"),
     ("327680^SPO2_PR^EHC", "edan")],
)  # fmt: skip
def test_the_same_in_a_makers_own_codes(ident, dialect):
    assert meant(ident, dialect) == "code_and_name_disagree"


@pytest.mark.parametrize(
    ("ident", "expected"),
    [
        ("149522^MDC_PULS_RATE^MDC", "pr"),  # sent by a Comen: a pulse, not an arterial line
        ("149530^MDC_PULS_RATE^MDC", "pr"),
        ("151562^MDC_TTHOR_RESP_RATE^MDC", "rr"),
        ("151578^MDC_RESP_RATE^MDC", "rr"),
        ("150344^MDC_TEMP_CORE^MDC", "temp"),
        ("149522^MDC_BLD_PULS_RATE_INV^MDC", "pr arterial line"),
        ("8867-4^Pulse^LN", "hr"),
        ("147842^Pulse rate^MDC", "hr"),
        ("149530^HR^MDC", "pr"),
    ],
)
def test_the_same_vital_sign_under_another_name_is_of_no_stated_method(ident, expected):
    assert meant(ident) == expected


@pytest.mark.parametrize(
    ("ident", "expected"),
    [
        ("150456^Sättigung^MDC", "spo2 pulse oximeter"),  # a word that nobody knows says nothing
        ("150456^^MDC", "spo2 pulse oximeter"),
        ("147842^MDC_ECG_CARD_BEAT_RATE^MDC", "hr ecg"),
        ("8480-6^Systolic^LN", "nibp_sys cuff"),
        ("76215-3^Systolic blood pressure^LN", "art_sys arterial line"),
        ("999^MDC_ECG_HEART_RATE^MDC", "hr ecg"),
        ("150017^MDC_PRESS_BLD_NONINV_SYS^MDC", "nibp_sys cuff"),
        ("X1^my own^99ZZZ^59408-5^SpO2^LN", "spo2 pulse oximeter"),
    ],
)
def test_what_does_not_contradict_is_taken(ident, expected):
    assert meant(ident) == expected


@pytest.mark.parametrize(
    "ident",
    ["1003^RR^ACME", "HR", "^HR", "RR^Respiratory Rate^DRAEGER", "T1^Temperature", "^SpO2^", "1003^Heart rate^L"],
)
def test_an_english_word_is_never_read_by_itself(ident):
    assert meant(ident) == "unknown_code"


def test_what_nobody_mapped_is_seen_with_all_that_a_person_needs_to_map_it():
    message = one(oru("OBX|1|NM|1003^RR^ACME||14|/min|||||F", "OBX|2|NM|1003^RR^ACME||15|/min|||||F"))
    assert message.readings == ()
    (unmapped,) = message.unmapped
    assert (unmapped.code, unmapped.name, unmapped.system, unmapped.unit, unmapped.count) == (
        "1003", "RR", "ACME", "/min", 2,
    )  # fmt: skip


def test_what_is_shown_of_a_row_has_its_bounds():
    hit = meaning_of("^".join(["c" * 61, "n" * 61, "s" * 41]), shipped().standard, shipped(), USUAL)
    assert hit.label == ("c" * 60, "n" * 60, "s" * 40)
    assert (hit.vital, hit.identifier) == (None, "")
    for ident, identifier in (("150456^SpO2^MDC", "150456^MDC"), ("^MDC_ECG_HEART_RATE", "^MDC_ECG_HEART_RATE")):
        assert meaning_of(ident, shipped().standard, shipped(), USUAL).identifier == identifier


def test_a_sender_is_known_by_its_own_names():
    """One reader, one after the other: nobody is taken for who has one of two names alike."""
    known = shipped()
    recogniser = Recogniser(known)
    signs = [(maker, sign) for maker in known.makers for sign in maker.signs if sign.starts_with]
    assert {sign.place for _, sign in signs} == {"MSH-3", "MSH-4"}
    for maker, sign in signs:
        head = ["MSH", "^~\\&", "A", "B"]
        assert recogniser.recognise("", head, USUAL) is known.standard
        head[{"MSH-3": 2, "MSH-4": 3}[sign.place]] = f"{sign.starts_with} 7"
        assert recogniser.recognise("", head, USUAL) is maker
        assert recogniser.recognise("", ["MSH", "^~\\&", "A", "B"], USUAL) is known.standard


def test_a_makers_word_counts_only_in_its_makers_coding_system():
    assert meant("0002^SpO2^MDIL", "philips_mdil") == "spo2 pulse oximeter"
    assert meant("1003^RR^ACME", "philips_mdil") == "unknown_code"


def test_a_unit_in_a_makers_codes_does_not_make_the_message_that_makers():
    message = one(oru("OBX||NM|40^HR||72|0002-4182^bpm^MDIL|50^120||||F"))
    assert (message.dialect, message.readings) == ("standard", ())


@pytest.mark.parametrize(
    ("ident", "dialect", "expected"),
    [
        ("0002-50b0^etCO2^MDIL", "philips_mdil", "etco2 capnography"),
        ("0002-5012^awRR^MDIL", "philips_mdil", "rr capnography"),
        ("0002-50ba^imCO2^MDIL", "philips_mdil", "unknown_code"),
        ("151728^MDC_AWAY_CO2_ET^MDC", "standard", "etco2 capnography"),
        ("151708^MDC_CONC_AWAY_CO2_ET^MDC", "standard", "etco2 capnography"),
        ("151738^MDC_AWAY_CO2_INSP_MIN^MDC", "standard", "unknown_code"),
        ("151570^MDC_AWAY_RESP_RATE^MDC", "standard", "rr capnography"),
        ("151578^MDC_TTHOR_RESP_RATE^MDC", "standard", "rr impedance"),
        ("149514^MDC_PULS_RATE^MDC", "standard", "pr"),
        ("073001^VITAL EtCO2", "nihon_kohden", "etco2 capnography"),
        ("073000^VITAL RESP(co2)", "nihon_kohden", "rr capnography"),
        ("004073^VITAL rRESP(co2)", "nihon_kohden", "rr capnography"),
        ("220^EtCO2", "mindray_gateway", "etco2 capnography"),
        ("220^CO2", "mindray_gateway", "etco2 capnography"),
        ("280^awRR", "mindray_gateway", "rr capnography"),
        ("280^awRR(AG)", "mindray_gateway", "rr capnography"),
        ("251^FiCO2", "mindray_gateway", "unknown_code"),
        ("^RRa^99MASIMO", "masimo", "rr acoustic"),
        ("RRa", "masimo", "rr acoustic"),
    ],
)
def test_capnography_and_the_source_of_breathing(ident, dialect, expected):
    assert meant(ident, dialect) == expected


def test_a_share_of_the_breath_is_no_pressure():
    message = one(oru("OBX|1|NM|151708^MDC_CONC_AWAY_CO2_ET^MDC||5.1|262688^MDC_DIM_PERCENT^MDC|||||R"))
    assert (message.readings, [u.reason for u in message.unmapped]) == ((), ["unit"])


def test_labels_name_only_vital_signs_of_ours():
    assert all(set(meant) <= set(VITALS) for meant in shipped().labels.values())
