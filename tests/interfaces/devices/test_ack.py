"""The answer: in the sender's own terms, readable by an independent reader, even to nonsense."""

from datetime import UTC, datetime

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.interfaces.devices.ack import answer

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
