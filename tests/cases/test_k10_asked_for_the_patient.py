"""K10: a monitor that asks for its patient is answered from today's sessions, on a line that is bound to its device."""

from __future__ import annotations

import socket
from dataclasses import replace

import psycopg
import pytest
from django.urls import reverse

from sojourn.care.vitals import asking
from sojourn.care.vitals.models import Device
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from tests.cases.bedside import ELSEWHERE, HERE, Bedside, bedside, spo2
from tests.interfaces.web import open_clinic

__all__ = ["bedside"]

A19 = r"MSH|^~\&|MON|W|||20260914||QRY^A19|12|P|2.4" + "\rQRD|20260914|R|I|Q-5|||9^RD|{}|DEM\r"
Q22 = r"MSH|^~\&|MON|W|||20260914||QBP^Q22^QBP_Q21|13|P|2.5" + "\rQPD|IHE PDQ Query|T-9|{}\r"


def ask(bedside: Bedside, text: str, host: str = HERE) -> str:
    with socket.create_connection((HERE, bedside.port), 5, source_address=(host, 0)) as line:
        line.sendall(b"\x0b" + text.encode() + b"\x1c\r")
        return line.recv(65536).decode()


def bind(bedside: Bedside):
    """A patient in a chair, whose monitor's address a nurse has confirmed."""
    stage, device = bedside.seat()
    bedside.send(spo2(97))
    url = reverse("console:monitor_line", args=[device.pk])
    assert bedside.cast.client("nurse").post(url, {"address": HERE}).status_code == 302
    with acting_as(bedside.cast.actor("nurse")):
        return stage, device, stage.encounter.patient.record_number


def test_a_bound_line_is_told_todays_patients_by_number(bedside: Bedside):
    _, _, number = bind(bedside)
    answer = ask(bedside, A19.format(""))
    assert "|ADR^A19|" in answer
    assert f"\rPID|||{number}\r" in answer
    assert "\rPV1||O|^^QA1" in answer
    answer = ask(bedside, Q22.format(f"@PID.3.1^{number}"))
    assert "|RSP^K22^RSP_K21|" in answer
    assert "\rQAK|T-9|OK" in answer


def test_who_is_not_treated_today_is_not_found(bedside: Bedside):
    bind(bedside)
    assert "\rQAK|T-9|NF" in ask(bedside, Q22.format("@PID.3.1^XX-99999"))


@pytest.mark.parametrize("host", [HERE, ELSEWHERE])
def test_a_line_that_nobody_confirmed_is_told_nothing(bedside: Bedside, host: str):
    bedside.seat()
    bedside.send(spo2(97))
    answer = ask(bedside, A19.format(""), host)
    assert "MSA|AR|12|" in answer
    assert "This line may not ask for patients" in answer
    assert "\rPID" not in answer


def test_another_address_than_the_bound_one_is_told_nothing(bedside: Bedside):
    bind(bedside)
    assert "\rPID" not in ask(bedside, A19.format(""), ELSEWHERE)


def test_every_patient_that_a_monitor_is_told_of_stands_in_the_audit(bedside: Bedside):
    """Those of another clinic are none of them, which has a monitor at the same address, and a patient on it today."""
    stage, device, _ = bind(bedside)
    next_door = replace(bedside, cast=open_clinic("next-door"))
    _, theirs = next_door.seat()
    with acting_as(next_door.cast.actor("nurse")):
        Device.objects.filter(pk=theirs.pk).update(address=HERE, address_confirmed_at=bedside.clock.at)
    ask(bedside, A19.format(""))
    with psycopg.connect(database("owner").conninfo()) as connection:
        rows = connection.execute(
            "SELECT patient_id, entity_id FROM audit_auditevent WHERE action = %s AND clinic_id = %s",
            (asking.TOLD, bedside.cast.clinic.pk),
        ).fetchall()
    assert rows == [(stage.encounter.patient_id, device.pk)]
