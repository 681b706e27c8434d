"""What every carrier of text messages promises. The fake keeps it; a real one is added to ``CARRIERS``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sojourn.foundation.mail import sms
from sojourn.foundation.mail.sms_file import FileCarrier

NUMBER = "+15550100123"
CARRIERS: list[Callable[[], sms.Carrier]] = [sms.FakeCarrier, FileCarrier]


@pytest.fixture(params=CARRIERS, ids=lambda make: make.__name__)
def carrier(request, settings, tmp_path) -> sms.Carrier:
    settings.SMS_FOLDER = tmp_path / "var" / "sms"  # neither is there yet
    return request.param()


def test_a_message_is_taken_and_gets_a_receipt(carrier: sms.Carrier):
    assert carrier.send(NUMBER, "Appointment: Tuesday", "one").id


def test_the_same_key_sends_once(carrier: sms.Carrier):
    first = carrier.send(NUMBER, "Appointment: Tuesday", "one")
    assert carrier.send(NUMBER, "Appointment: Tuesday", "one") == first
    assert carrier.send(NUMBER, "Appointment: Tuesday", "two") != first


# E.164 ends at fifteen digits; two joined parts of the GSM alphabet hold 2 * 153 letters.
@pytest.mark.parametrize(("number", "text"), [("+" + "1" * 7, "x"), ("+" + "1" * 15, "x"), (NUMBER, "x" * 306)])
def test_what_just_fits_is_taken(carrier: sms.Carrier, number: str, text: str):
    assert carrier.send(number, text, "one").id


@pytest.mark.parametrize(
    "number", ["", "555", "not a number", "+12", "+" + "1" * 6, "+" + "1" * 16, "+1" + "0" * 20, "5550100123"]
)
def test_a_number_that_is_none_is_rejected_for_good(carrier: sms.Carrier, number: str):
    with pytest.raises(sms.Rejected):
        carrier.send(number, "Appointment", "one")


@pytest.mark.parametrize("text", ["", "x" * 307])
def test_an_empty_or_endless_text_is_rejected(carrier: sms.Carrier, text: str):
    with pytest.raises(sms.Rejected):
        carrier.send(NUMBER, text, "one")


def test_letters_of_every_language_are_taken(carrier: sms.Carrier):
    assert carrier.send(NUMBER, "Cita: miércoles 4 de marzo, 10:00 ✓", "one").id


def test_a_file_is_read_by_whoever_opens_it(settings, tmp_path):
    settings.SMS_FOLDER = tmp_path
    receipt = FileCarrier().send(NUMBER, "Cita: miércoles", "one")
    (written,) = tmp_path.iterdir()
    assert receipt.id == f"file-{written.stem}"
    assert "Cita: miércoles" in written.read_text(encoding="utf-8")


def test_a_carrier_that_is_down_says_so_and_takes_the_message_later():
    fake = sms.FakeCarrier(down=True)
    with pytest.raises(sms.Unreachable):
        fake.send(NUMBER, "Appointment", "one")
    fake.down = False
    fake.send(NUMBER, "Appointment", "one")
    assert fake.sent == [(NUMBER, "Appointment")]


def test_without_a_carrier_none_is_offered(settings):
    assert not sms.can_send()
    settings.SMS_CARRIER = "sojourn.foundation.mail.sms.FakeCarrier"
    assert sms.can_send()
    assert isinstance(sms.carrier(), sms.FakeCarrier)
