"""Batches: the messages in them, one by one."""

import pytest

from sojourn.interfaces.devices.batch import MOST_MESSAGES, messages_of

from .samples import hr, oru

ONE, TWO = oru(hr("72")), oru(hr("73")).replace(b"|42|", b"|43|")
OPEN, CLOSE = b"FHS|^~\\&|A|B\rBHS|^~\\&|A|B|||||||B1\r", b"BTS|2\rFTS|1\r"


def lines(raw: bytes) -> list[bytes]:
    return [line for line in raw.split(b"\r") if line]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_each_message_is_taken_for_itself(end):
    got = messages_of((OPEN + ONE + TWO + CLOSE).replace(b"\r", end))
    assert [lines(each) for each in got] == [lines(ONE), lines(TWO)]


def test_a_batch_without_a_file_and_without_an_end():
    assert [lines(m) for m in messages_of(b"BHS|^~\\&|\r" + ONE)] == [lines(ONE)]


@pytest.mark.parametrize("raw", [ONE, b"", b"hello", OPEN + CLOSE, b"BTS|1\r" + ONE, b"BHSMSH"])
def test_what_is_no_batch_or_holds_nothing(raw):
    assert messages_of(raw) == []


def test_a_batch_has_its_bounds():
    assert len(messages_of(OPEN + b"MSH|^~\\&\r" * MOST_MESSAGES + CLOSE)) == MOST_MESSAGES
    assert messages_of(OPEN + b"MSH|^~\\&\r" * (MOST_MESSAGES + 1) + CLOSE) == []
