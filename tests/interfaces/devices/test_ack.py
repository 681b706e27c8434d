"""The answer: in the sender's own terms, readable by an independent reader, even to nonsense."""

from datetime import UTC, datetime

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.interfaces.devices.ack import answer, answers

from .samples import captured

NOW = datetime(2026, 9, 14, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(captured()))
@pytest.mark.parametrize("code", ["AA", "AE", "AR"])
def test_the_answer_names_the_message(name, code):
    raw = captured()[name]
    sent = hl7.parse(raw.decode("latin-1"))
    got = hl7.parse(answer(raw, code, "because", now=NOW, kind="unknown_device").decode("latin-1"))
    assert str(got.segment("MSA")[1]) == code
    assert str(got.segment("MSA")[2]) == str(sent.segment("MSH")[10])
    assert str(got.segment("MSA")[3]) == "because"
    assert got.separators == sent.separators
    head, theirs = got.segment("MSH"), sent.segment("MSH")
    assert str(head[5]) == str(theirs[3])  # back to the sender
    assert str(head[6]) == str(theirs[4])
    assert str(head[3]) in (str(theirs[5]), "SOJOURN")
    assert str(head[11]) == str(theirs[11])
    assert str(head[12]) == str(theirs[12])
    assert str(head[9]).startswith("ACK")
    if code != "AA":
        assert "204" in str(got.segment("ERR"))
    else:
        with pytest.raises(KeyError):
            got.segment("ERR")


@pytest.mark.parametrize(
    ("version", "type_", "err"),
    [
        ("2.2", "ACK^R01", "ERR|^^^207&Application internal error&HL70357"),
        ("2.6", "ACK^R01^ACK", "ERR|||207^Application internal error^HL70357|E||||db \\F\\ down"),
    ],
)
def test_each_version_has_its_own_form(version, type_, err):
    raw = rf"MSH|^~\&|A|B|C|D|2026||ORU^R01|7|P|{version}".encode()
    msh, msa, error, rest = answer(raw, "AE", "db | down", now=NOW).decode().split("\r")
    assert msh == rf"MSH|^~\&|C|D|A|B|20260914153000+0000||{type_}|7|P|{version}"
    assert msa == "MSA|AE|7|db \\F\\ down"
    assert error == err
    assert rest == ""


@pytest.mark.parametrize("raw", [b"", b"hello", b"MSH", b"MSH|", b"MSH||||", b"MSHAAAAAA"])
def test_an_answer_even_to_nonsense(raw):
    got = hl7.parse(answer(raw, "AR", "no message", now=NOW, kind="no_header").decode())
    assert str(got.segment("MSA")[1]) == "AR"
    assert str(got.segment("MSA")[2]) == ""
    assert str(got.segment("MSH")[10])


@given(st.binary(max_size=300), st.sampled_from(["AA", "AE", "AR"]), st.text(max_size=40))
def test_never_raises_and_never_breaks_the_frame(raw, code, reason):
    got = answer(b"MSH" + raw, code, reason, now=NOW)
    assert got.startswith(b"MSH")
    assert f"MSA{chr(got[3])}{code}".encode("latin-1") in got
    assert answer(b"MSH" + raw, code, reason, now=NOW) == got
    if b"\x0b" not in raw and b"\x1c" not in raw:  # a frame never holds them
        assert b"\x0b" not in got
        assert b"\x1c" not in got


@pytest.mark.parametrize(
    ("head", "separators"),
    [
        (b"MSH#^~", b"#^"),
        (b"MSH#^", b"|^"),  # no second character, and no end of it
        (b"MSH#^~\\&!#", b"#^"),
        (b"MSH#^~\\&!?#", b"|^"),  # six of them
        (b"MSH##A#", b"|^"),
        (b"MSH#!~#", b"#!"),
        (b"MSH# ~#", b"|^"),
        (b"MSH#^\x7f#", b"|^"),
        (b"MSH#^^#", b"|^"),
        (b"MSH#^7#", b"|^"),
        (b"MSHA^~A", b"|^"),
        (b"BHS#^~#", b"#^"),
        (b"PID#^~#", b"|^"),
    ],
)
def test_whose_separators_an_answer_has(head, separators):
    assert answer(head, "AR", "no", now=NOW)[3:5] == separators


def test_a_separator_in_words_is_a_space_where_the_sender_has_no_escape():
    raw = rb"MSH|^~&|A|B|C|D|2026||ORU^R01|7|P|2.5"
    assert b"MSA|AE|7|a b   c &" in answer(raw, "AE", "a|b ^ c  \n &", now=NOW)
    raw = raw.replace(b"^~&", rb"^~\&")
    assert rb"MSA|AE|7|\E\ \F\ \S\ \R\ \T\ ?" in answer(raw, "AE", "\\ | ^ ~ & é", now=NOW)


def test_what_is_sent_back_has_its_bounds():
    raw = b"|".join(
        [
            rb"MSH|^~\&|A|B|C|D|2026|",
            b"ORU^R01X^Y",
            b"7" * 201,
            b"P" * 21,
            b"2." + b"5" * 60,
            b"",
            b"",
            b"",
            b"",
            b"",
            b"U" * 61,
        ]
    )
    msh, msa, error = answer(raw, "AE", "x" * 201, now=NOW).decode("latin-1").split("\r")[:3]
    fields = msh.split("|")
    assert fields[8:12] == ["ACK^R01^ACK", "7" * 200, "P" * 20, "2." + "5" * 58]
    assert fields[17] == "U" * 60
    assert msa == f"MSA|AE|{'7' * 200}|{'x' * 200}"
    assert error.endswith("x" * 200)


def test_an_unnumbered_answer_is_numbered_by_its_bytes():
    raw = rb"MSH|^~\&|A|B|C|D|2026||ORU^R01||P|2.5"
    one, other = (answer(each, "AA", now=NOW).split(b"|")[9] for each in (raw, raw + b"|x"))
    assert len(one) == 16
    assert one != other


# --- MSH-15 and MSH-16: HL7 v2 chapter 2, enhanced mode, table 0155 -------------------------------

ENHANCED = rb"MSH|^~\&|A|B|C|D|20260914||ORU^R01^ORU_R01|7|P|2.6|||%b|%b"

# (MSH-15, MSH-16) -> what is told of a message that was taken, of one kept and not used, of one refused
WANTED = {
    ("", ""): (["AA"], ["AE"], ["AR"]),  # original mode
    ("AL", "AL"): (["CA", "AA"], ["CA", "AE"], ["CR"]),
    ("AL", "NE"): (["CA"], ["CE"], ["CR"]),
    ("AL", "ER"): (["CA"], ["CA", "AE"], ["CR"]),
    ("AL", "SU"): (["CA", "AA"], ["CE"], ["CR"]),
    ("NE", "AL"): (["AA"], ["AE"], ["AR"]),
    ("NE", "NE"): ([], [], []),
    ("NE", "ER"): ([], ["AE"], ["AR"]),
    ("NE", "SU"): (["AA"], [], []),
    ("ER", "AL"): (["AA"], ["AE"], ["CR"]),
    ("ER", "NE"): ([], ["CE"], ["CR"]),
    ("ER", "ER"): ([], ["AE"], ["CR"]),
    ("ER", "SU"): (["AA"], ["CE"], ["CR"]),
    ("SU", "AL"): (["CA", "AA"], ["CA", "AE"], ["AR"]),
    ("SU", "NE"): (["CA"], [], []),
    ("SU", "ER"): (["CA"], ["CA", "AE"], ["AR"]),
    ("SU", "SU"): (["CA", "AA"], [], []),
    ("AL", ""): (["CA"], ["CE"], ["CR"]),
    ("NE", ""): ([], [], []),
    ("", "AL"): (["AA"], ["AE"], ["AR"]),
    ("", "NE"): ([], [], []),
    ("XX", "NE"): (["CA"], ["CE"], ["CR"]),  # no condition of the table: answered
    ("al", "ne"): (["CA"], ["CE"], ["CR"]),
}


def told(raw: bytes, code: str, **kind) -> list[str]:
    return [body.split(b"\r")[1].split(b"|")[1].decode() for body in answers(raw, code, "because", now=NOW, **kind)]


@pytest.mark.parametrize(("accept", "application"), sorted(WANTED))
def test_the_sender_says_which_answers_it_wants(accept, application):
    raw = ENHANCED % (accept.encode(), application.encode())
    assert tuple(told(raw, code) for code in ("AA", "AE", "AR")) == WANTED[accept, application]


@pytest.mark.parametrize(
    ("accept", "application", "expected"),
    [("AL", "AL", ["CE"]), ("AL", "NE", ["CE"]), ("NE", "AL", ["AE"]), ("", "", ["AE"])],
)
def test_what_was_not_stored_is_never_committed(accept, application, expected):
    raw = ENHANCED % (accept.encode(), application.encode())
    assert told(raw, "AE", stored=False) == expected


def test_every_answer_names_the_message():
    for body in answers(ENHANCED % (b"AL", b"AL"), "AE", "because", now=NOW, kind="unknown_device"):
        assert body.split(b"\r")[1].split(b"|")[2] == b"7"


@pytest.mark.parametrize("sort", [b"ACK", b"ACK^R01", b"ACK^R01^ACK", b"MCF"])
def test_an_answer_is_never_answered(sort):
    """Two listeners that acknowledge each other's acknowledgements never end."""
    raw = rb"MSH|^~\&|A|B|C|D|2026||%b|7|P|2.5" % sort + b"\rMSA|AA|6\r"
    assert answers(raw, "AR", "because", now=NOW, kind="unsupported_type") == []


# --- what a sender could not match ----------------------------------------------------------------


def test_an_empty_control_id_is_answered_in_words_that_name_the_message():
    raw = rb"MSH|^~\&|A|B|C|D|20260914093005||ORU^R01||P|2.6"
    msa, error = answer(raw, "AA", now=NOW).decode().split("\r")[1:3]
    assert msa == "MSA|AA||MSH-10 is empty; this answers the message of MSH-7 20260914093005"
    assert error.startswith("ERR|||101^Required field missing^HL70357|W|")
    assert "MSH-7" not in answer(raw.replace(b"20260914093005", b""), "AA", now=NOW).decode()


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16"])
def test_two_byte_characters_are_answered_in_two_byte_characters(codec):
    raw = "MSH|^~\\&|A|B|C|D|2026||ORU^R01^ORU_R01|Ñ-7|P|2.5|||||||UNICODE UTF-16\r".encode(codec)
    wide = "utf-16-be" if codec.endswith("be") else "utf-16-le"
    text = answer(raw, "AA", now=NOW).decode(wide)
    assert "MSA|AA|" in text
    assert hl7.parse(text).segment("MSA")[1][0] == "AA"
    assert "7" in str(hl7.parse(text).segment("MSA")[2])


def test_a_batch_that_holds_nothing_is_answered_by_its_own_number():
    """FHS-11 and BHS-11 are the control ids of a file and of a batch."""
    for tag in (b"FHS", b"BHS"):
        raw = tag + rb"|^~\&|MON|WARD|EMR|CLINIC|20260914||batch.hl7|comment|B-77|" + b"\rBTS|0\r"
        got = hl7.parse(answer(raw, "AR", "empty", now=NOW, kind="batch").decode())
        assert str(got.segment("MSA")[2]) == "B-77"
        assert (str(got.segment("MSH")[5]), str(got.segment("MSH")[6])) == ("MON", "WARD")
