"""The offline door: an entry of an outbox is taken once, or refused with a reason, and nothing in between."""

from __future__ import annotations

import json
import re
import time as clocks
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from sojourn.care.measures.models import Answer, MeasureRequest
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.receipts import taking
from sojourn.foundation.receipts.arriving import Arrival
from sojourn.foundation.receipts.models import Receipt
from sojourn.interfaces.shared.commands import commands
from sojourn.interfaces.sync import openapi
from sojourn.interfaces.sync.door import RECEIPT, WHERE
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast
from tests.interfaces.test_portal import signed_in
from tests.interfaces.test_portal_answering import ask

DANGER = "I am going to kill myself tonight"


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


@pytest.fixture
def client(clinic: Cast, patient: Patient) -> Client:
    return signed_in(clinic, patient)


def entry(fields: dict[str, list[str]] | None = None, *, waited: timedelta = timedelta(0), **more: Any) -> dict:
    """An entry as a device writes it; ``waited``: how long it lay there before it was sent."""
    sent = timezone.now()
    return {
        "entry": str(uuid4()), "made_at": (sent - waited).isoformat(), "sent_at": sent.isoformat(),
        "fields": fields or {},
    } | more  # fmt: skip


def send(client: Client, command: str, what: Any, **headers: str) -> HttpResponse:
    body = what if isinstance(what, str) else json.dumps(what)
    return client.post(f"{WHERE}{command}", body, content_type="application/json", headers=headers)


def message(text: str = "May I eat before?", **more: Any) -> dict:
    return entry({"body": [text], "key": [str(uuid4())]}, **more)


def texts(clinic: Cast) -> list[str]:
    """What the two of this file wrote."""
    with acting_as(clinic.actor("nurse")):
        theirs = Communication.objects.filter(patient__given_name__in=("Alma", "Bodil"))
        return list(theirs.order_by("id").values_list("body", flat=True))


def raised(clinic: Cast, patient: Patient) -> Flag:
    with acting_as(clinic.actor("prescriber")):
        return Flag.objects.get(patient=patient, kind="suicidal_thoughts")


# ---------------------------------------------------------------- once


def test_what_was_taken_has_a_receipt_that_names_it(clinic: Cast, client: Client):
    what = message()
    answer = send(client, "message.write", what)
    assert answer.status_code == HTTPStatus.OK
    assert answer[RECEIPT] == what["entry"]
    receipt = answer.json()["receipt"]
    assert receipt["stored"] is True
    assert (receipt["entry"], receipt["leads_to"]) == (what["entry"], reverse("portal:messages"))
    assert texts(clinic) == ["May I eat before?"]


def test_sent_again_it_is_the_same_receipt_and_nothing_happens_twice(clinic: Cast, client: Client):
    what = message()
    first = send(client, "message.write", what).json()
    again = what | {"sent_at": (timezone.now() + timedelta(hours=3)).isoformat()}
    assert send(client, "message.write", again).json() == first
    # The entry's number makes it one, not what stands in it: the key of the form is another now.
    again["fields"] = {"body": ["May I eat before?"], "key": [str(uuid4())]}
    assert send(client, "message.write", again).json() == first
    assert texts(clinic) == ["May I eat before?"]


def test_the_same_number_of_another_person_is_another_entry(clinic: Cast, client: Client):
    what = message("mine")
    bo = signed_in(clinic, make_patient(clinic, "Bodil"))
    assert send(client, "message.write", what).status_code == HTTPStatus.OK
    assert send(bo, "message.write", what | {"fields": {"body": ["theirs"]}}).status_code == HTTPStatus.OK
    assert texts(clinic) == ["mine", "theirs"]


def test_twenty_entries_arrive_each_once_in_any_order(clinic: Cast, client: Client):
    written = [message(f"word {n}") for n in range(20)]
    for what in [*reversed(written), *written]:
        assert send(client, "message.write", what).status_code == HTTPStatus.OK
    assert sorted(texts(clinic)) == sorted(f"word {n}" for n in range(20))


def test_what_was_refused_has_no_receipt_and_may_come_again(clinic: Cast, client: Client):
    what = message("")
    answer = send(client, "message.write", what)
    assert answer.status_code == HTTPStatus.CONFLICT
    refusal = answer.json()["refusal"]
    assert refusal["code"] == "refused"
    assert refusal["reasons"] == ["Write a message first."]
    assert RECEIPT not in answer
    assert send(client, "message.write", what | {"fields": {"body": ["now"]}}).status_code == HTTPStatus.OK
    assert texts(clinic) == ["now"]


def test_an_error_of_ours_keeps_nothing_and_says_later(clinic: Cast, client: Client, monkeypatch):
    def falls_over(**_: Any) -> None:
        raise RuntimeError("a disk is full")

    client.raise_request_exception = False
    what = message()
    with monkeypatch.context() as broken:
        broken.setattr("sojourn.interfaces.portal.messages.views.write_message", falls_over)
        answer = send(client, "message.write", what)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["refusal"]["code"] == "later"
    assert send(client, "message.write", what).status_code == HTTPStatus.OK
    assert texts(clinic) == ["May I eat before?"]


def test_a_receipt_is_never_changed(clinic: Cast, patient: Patient, client: Client):
    send(client, "message.write", message())
    with acting_as(clinic.actor("nurse")):
        (receipt,) = Receipt.objects.all()
        assert (receipt.command, receipt.patient_id) == ("message.write", patient.pk)
        with pytest.raises(DatabaseError), transaction.atomic():
            Receipt.objects.all().update(leads_to="/")
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM receipts_receipt")


# ---------------------------------------------------------------- whose


def test_signed_out_it_is_refused_and_kept(client: Client, clinic: Cast):
    client.logout()
    answer = send(client, "message.write", message())
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (HTTPStatus.UNAUTHORIZED, "signed-out")
    assert texts(clinic) == []


def test_an_entry_of_somebody_else_who_was_signed_in_is_refused(clinic: Cast, client: Client):
    answer = send(client, "message.write", message(), **{"X-Page-Owner": "0" * 32})
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (HTTPStatus.PRECONDITION_FAILED, "anothers")
    assert texts(clinic) == []


def test_without_the_token_nothing_is_taken(clinic: Cast, patient: Patient, client: Client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert send(strict, "message.write", message()).status_code == HTTPStatus.FORBIDDEN
    assert texts(clinic) == []


def test_somebody_who_works_here_sends_no_patients_command(clinic: Cast):
    nurse = clinic.client("nurse")
    nurse.get("/clinic/")
    answer = send(nurse, "message.write", message())
    assert answer.status_code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
    assert texts(clinic) == []


def test_a_patient_reads_no_receipt_of_another(clinic: Cast, client: Client):
    send(client, "message.write", message())
    bo = make_patient(clinic, "Bodil")
    signed_in(clinic, bo)
    with acting_as(clinic.actor("Bodil")):
        assert not Receipt.objects.exists()


def test_an_outbox_that_tries_again_keeps_nobody_signed_in(
    clinic: Cast, client: Client, monkeypatch: pytest.MonkeyPatch, settings
):
    """A phone that was put down with something unsent in it signs out like any other."""
    began, often = clocks.time(), settings.SESSION_IDLE_S["patient"] / 2
    for turn in range(1, 5):
        monkeypatch.setattr("sojourn.config.middleware.time.time", lambda at=began + often * turn: at)
        answer = send(client, "message.write", message(""))
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (HTTPStatus.UNAUTHORIZED, "signed-out")


# ---------------------------------------------------------------- danger, and both clocks


def test_words_of_danger_are_heard_when_they_arrive_with_both_clocks(clinic: Cast, patient: Patient, client: Client):
    """Written at two in the night on a phone whose clock is a day ahead, sent six hours later."""
    ahead, waited = timedelta(days=1), timedelta(hours=6)
    sent = timezone.now() + ahead
    what = message(DANGER) | {"made_at": (sent - waited).isoformat(), "sent_at": sent.isoformat()}
    answer = send(client, "message.write", what)
    assert answer.status_code == HTTPStatus.OK
    assert answer.json()["receipt"]["leads_to"].startswith(reverse("portal:words_sent"))  # help is offered first
    flag = raised(clinic, patient)
    assert flag.device_at == datetime.fromisoformat(what["made_at"])
    assert sent - ahead - waited <= flag.written_at <= timezone.now() - waited
    page = clinic.client("prescriber")
    page.get("/clinic/")
    assert "without a network. It arrived later." in page.get(f"/clinic/flags/{flag.pk}/").text


def test_what_was_sent_at_once_has_one_clock(clinic: Cast, patient: Patient, client: Client):
    client.post("/today/messages/", {"body": DANGER, "key": str(uuid4())})
    flag = raised(clinic, patient)
    assert (flag.written_at, flag.device_at) == (None, None)


def test_danger_in_what_is_refused_is_heard_too(clinic: Cast, patient: Patient, client: Client):
    what = entry({"body": [DANGER * 2000], "key": [str(uuid4())]})
    assert send(client, "message.write", what).status_code == HTTPStatus.CONFLICT
    assert raised(clinic, patient).written_at is not None


def test_an_alarming_answer_leads_to_help(clinic: Cast, patient: Patient, client: Client):
    request: MeasureRequest = ask(clinic, patient)
    what = entry({"value": ["2"], "item": ["9"]}, address={"request_id": request.pk, "number": 9})
    answer = send(client, "measure.answer", what)
    assert answer.json()["receipt"]["leads_to"] == reverse("portal:help_first", args=[request.pk, 9])
    with acting_as(clinic.actor("prescriber")):
        assert Answer.objects.get(link_id="9", response__request=request).value == 2
        assert Flag.objects.filter(patient=patient, source="answer").exists()


@pytest.mark.parametrize(
    ("made", "sent", "before"),
    [(0, 0, 0), (-60, 0, 60), (86_400, 86_460, 60), (-86_460, -86_400, 60), (60, 0, 0)],
)
def test_when_it_was_written_is_right_whatever_the_devices_clock_says(made: int, sent: int, before: int):
    now = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
    arrival = Arrival(uuid4(), "x", now + timedelta(seconds=made), now + timedelta(seconds=sent), now)
    assert arrival.written_at == now - timedelta(seconds=before)


def test_two_entries_of_one_person_are_two(client: Client, clinic: Cast):
    first, second = message("one"), message("two")
    taken = [send(client, "message.write", each).json()["receipt"]["entry"] for each in (first, second, first)]
    assert taken == [first["entry"], second["entry"], first["entry"]]
    assert texts(clinic) == ["one", "two"]


@pytest.mark.parametrize(("length", "kept"), [(500, True), (501, False)])
def test_an_entry_is_taken_however_long_the_address_that_it_leads_to(
    clinic: Cast, patient: Patient, length: int, kept: bool
):
    now, leads_to = timezone.now(), "/".ljust(length, "x")
    with acting_as(actor_for(clinic, patient)) as by:
        receipt = taking.take(Arrival(uuid4(), "message.write", now, now, now), by, lambda: leads_to)
    assert receipt is not None
    assert receipt.leads_to == (leads_to if kept else "")


# ---------------------------------------------------------------- what is none


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "no JSON"),
        ("[]", "is an object"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        (entry(entry="7"), "entry must be a UUID"),
        (entry(entry=None), "entry must be a UUID"),
        (entry(made_at="yesterday"), "made_at must be a moment"),
        (entry(made_at="2026-12-02T08:00:00"), "made_at must be a moment with its offset"),
        (entry(sent_at=5), "sent_at must be a moment"),
        (entry(made_at="0001-01-01T00:00:00+00:00"), "made_at must be a moment"),
        (entry(more=1), "an entry knows no more"),
        (entry(address={"patient": 1}), "address must say nothing"),
        (entry(address=[]), "address must say nothing"),
        (entry({"body": "text"}), "fields.body must be a list of texts"),  # type: ignore[dict-item]
        (entry({"body": [1]}), "fields.body must be a list of texts"),  # type: ignore[list-item]
        (entry({"settle": ["1"]}), "message.write knows no field settle"),
        (entry() | {"fields": []}, "fields must be an object"),
    ],
)
def test_what_is_no_entry_is_named(client: Client, clinic: Cast, body: Any, says: str):
    answer = send(client, "message.write", body)
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (HTTPStatus.BAD_REQUEST, "malformed")
    assert says in " ".join(answer.json()["refusal"]["reasons"])
    assert texts(clinic) == []


def test_there_is_no_such_command(client: Client):
    answer = send(client, "consent.sign", entry())
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (HTTPStatus.NOT_FOUND, "no-command")


def test_a_command_is_sent_and_not_opened(client: Client):
    assert client.get(f"{WHERE}message.write").status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_what_it_belongs_to_is_gone(client: Client):
    what = entry({"value": ["1"], "item": ["1"]}, address={"request_id": 10**9, "number": 1})
    answer = send(client, "measure.answer", what)
    assert (answer.status_code, answer.json()["refusal"]["code"]) == (HTTPStatus.NOT_FOUND, "gone")


# ---------------------------------------------------------------- every command, and its description


def test_every_command_is_a_page_that_a_form_is_sent_to():
    known = get_resolver().reverse_dict
    for each in commands().values():
        assert known or each.page
        wanted = dict.fromkeys(each.made_with, "1") | ({"line_id": str(uuid4())} if "line_id" in each.made_with else {})
        assert reverse(each.page, kwargs=wanted).startswith("/today/")


def _schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in openapi.document()["paths"].items():
        yield path, item["post"]["requestBody"]["content"]["application/json"]["schema"]


def test_the_description_knows_every_command_and_what_it_takes():
    found = dict(_schemas())
    assert set(found) == {f"{WHERE}{name}" for name in commands()}
    for name, each in commands().items():
        schema = found[f"{WHERE}{name}"]
        assert set(schema["properties"]["fields"]["properties"]) == set(each.fields)
        assert schema["properties"]["address"]["required"] == list(each.made_with)


@pytest.mark.django_db
def test_a_stranger_may_read_the_description():
    answer = Client().get("/sync/openapi.json")
    assert answer.json()["openapi"] == "3.1.0"
    assert "message.write" in re.findall(r'"operationId": "([^"]+)"', answer.text)
