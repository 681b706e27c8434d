"""What waits in the queue: sealed, whole, sent while it is true, and never after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from sojourn.foundation.accounts import sealing
from sojourn.foundation.mail import jobs, letters, sms
from sojourn.foundation.mail.letters import Letter

UNTIL = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LETTER = Letter("ana@example.org", "Tuesday", "At ten.", "<p>At ten.</p>")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """The clock of whoever sends."""
    return lambda moment: monkeypatch.setattr("sojourn.foundation.mail.letters.timezone.now", lambda: moment)


@pytest.fixture
def carrier(settings, monkeypatch: pytest.MonkeyPatch) -> sms.FakeCarrier:
    fake = sms.FakeCarrier()
    monkeypatch.setattr(sms, "carrier", lambda: fake)
    return fake


def queued(task: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'sealed' FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return [sealed for (sealed,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("until", "now", "sent"),
    [
        (None, UNTIL, True),
        (UNTIL, UNTIL - SECOND, True),
        (UNTIL, UNTIL, True),
        (UNTIL, UNTIL + SECOND, False),
    ],
)
@pytest.mark.django_db
def test_a_letter_leaves_while_it_is_true(at, caplog, until: datetime | None, now: datetime, sent: bool):
    letters.post(LETTER, until=until)
    (sealed,) = queued("mail.deliver")
    assert "ana@example.org" not in sealed
    at(now)
    jobs.deliver(sealed)
    assert [each.to for each in mail.outbox] == ([["ana@example.org"]] if sent else [])
    assert ("no longer true" in caplog.text) is not sent


@pytest.mark.parametrize(
    ("until", "now", "sent"),
    [(None, UNTIL, True), (UNTIL, UNTIL, True), (UNTIL, UNTIL + SECOND, False)],
)
@pytest.mark.django_db
def test_a_text_message_leaves_while_it_is_true(at, carrier, caplog, until: Any, now: datetime, sent: bool):
    sms.post("+15550100123", "Tuesday at ten", "one", until=until)
    (sealed,) = queued("mail.text")
    assert "+15550100123" not in sealed
    at(now)
    jobs.text(sealed)
    assert carrier.sent == ([("+15550100123", "Tuesday at ten")] if sent else [])
    assert ("no longer true" in caplog.text) is not sent


def test_a_letter_has_both_forms_and_says_that_a_machine_wrote_it():
    letters.send(LETTER)
    (sent,) = mail.outbox
    assert (sent.subject, sent.body, sent.alternatives) == ("Tuesday", "At ten.", [("<p>At ten.</p>", "text/html")])
    assert sent.message()["Auto-Submitted"] == "auto-generated"


def test_a_letter_of_words_alone_has_one_form():
    letters.send(Letter("ana@example.org", "Tuesday", "At ten."))
    assert mail.outbox[0].alternatives == []


@pytest.mark.django_db
def test_a_long_text_message_is_cut_to_what_a_carrier_takes(carrier):
    sms.post("+15550100123", "x" * 400, "one")
    jobs.text(*queued("mail.text"))
    assert [len(text) for _to, text in carrier.sent] == [2 * 153]  # two joined parts of the GSM alphabet


@pytest.mark.django_db
def test_what_no_carrier_takes_is_told_and_not_tried_again(carrier, caplog):
    sms.post("no number", "Tuesday at ten", "one")
    jobs.text(*queued("mail.text"))
    assert carrier.sent == []
    assert "rejected" in caplog.text


@pytest.mark.django_db
def test_what_cannot_be_sent_now_is_tried_again_for_a_day(carrier, monkeypatch: pytest.MonkeyPatch):
    def down(*_: Any, **__: Any) -> None:
        raise OSError("the mail server is down")

    sms.post("+15550100123", "Tuesday at ten", "one")
    letters.post(LETTER)
    carrier.down = True
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", down)
    for task, queue, failure in ((jobs.text, "mail.text", sms.Unreachable), (jobs.deliver, "mail.deliver", OSError)):
        with pytest.raises(failure):
            task(*queued(queue))
        patience = task.retry_strategy
        waited = sum(patience.exponential_wait**tried for tried in range(1, patience.max_attempts))
        assert timedelta(days=1) < timedelta(seconds=waited) < timedelta(days=2)


def test_a_letter_of_another_key_is_not_read():
    assert letters.unseal(letters.seal(LETTER)) == LETTER
    with pytest.raises(sealing.InvalidToken):
        letters.unseal(sealing.seal("{}", "sms"))
    with pytest.raises(sealing.InvalidToken):
        sms.unseal(letters.seal(LETTER))


def test_a_house_that_was_told_of_a_mail_server_can_send(settings, monkeypatch: pytest.MonkeyPatch):
    class Env:
        email_url = ""

    settings.ENV = Env()
    assert not letters.can_send()
    settings.ENV.email_url = "smtp://localhost:2525"
    assert letters.can_send()
