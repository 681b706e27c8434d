"""The staff page, the door of restricted records, and the audit page."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

import sojourn
from sojourn.care.patients.models import Patient
from sojourn.clinical.protocol.states import TRANSITIONS
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts.actor import NOBODY, acting_as, set_actor
from sojourn.foundation.accounts.models import BreakGlass, Invitation, Membership
from sojourn.foundation.audit.actions import record
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.audit.wording import sentence, sentences
from tests.care.test_accounts import invite, posted
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.written import declared

STAFF, AUDIT = "/clinic/people/", "/clinic/audit/"
FORM = {"name": "Noor Haddad", "email": "new@north.example", "role": "nurse", "credentials": "RN"}


@pytest.fixture(autouse=True)
def _nobody_asks() -> Iterator[None]:
    yield
    set_actor(NOBODY)


def make_patient(cast: Cast, number: str = "1001", *, restricted: bool = True, family_name: str = "Ruiz") -> Patient:
    with acting_as(cast.actor("prescriber")):
        return Patient.objects.create(
            clinic=cast.clinic,
            record_number=number,
            given_name="Ana",
            family_name=family_name,
            birth_date="1980-03-12",
            restricted=restricted,
            created_at=timezone.now(),
        )


def count(cast: Cast, action: str) -> int:
    with acting_as(cast.actor("auditor")):
        return AuditEvent.objects.filter(action=action).count()


# ---------------------------------------------------------------- the staff page


def test_the_list_says_who_is_what_and_how_safely_they_sign_in(clinic: Cast):
    Authenticator.objects.create(user=clinic.members["nurse"].person, type="totp", data={})
    client = clinic.client("clinic_admin")
    with at_most(12):
        page = client.get(STAFF)
    text = re.sub(r"<[^>]+>|\s+", " ", page.content.decode())
    assert page.status_code == 200
    for member in clinic.members.values():
        assert member.name in text
        assert member.person.email in text
    assert len(re.findall("none yet", text)) == len(clinic.members) - 1


def test_an_invitation_is_sent_once(clinic: Cast, settings: Any):
    client = clinic.client("clinic_admin")
    page = client.post(STAFF, FORM)
    assert page.status_code == 200
    assert "new@north.example" in page.content.decode()
    again = client.post(STAFF, FORM)
    assert again.status_code == 409
    assert "open already" in again.content.decode()
    assert 'value="Noor Haddad"' in again.content.decode()
    assert [letter.to for letter in posted()] == ["new@north.example"]


def test_a_house_without_a_mail_server_shows_the_link_once(clinic: Cast):
    client = clinic.client("clinic_admin")
    assert "/invitation/" in client.post(STAFF, FORM).content.decode()
    assert not re.search(r"/invitation/[\w-]{20}", client.get(STAFF).content.decode())


def test_a_house_with_a_mail_server_does_not(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sojourn.foundation.mail.letters.can_send", lambda: True)
    page = clinic.client("clinic_admin").post(STAFF, FORM).content.decode()
    assert "on its way" in page
    assert not re.search(r"/invitation/[\w-]{20}", page)


@pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"name": ""}, {"role": "patient"}, {"role": ""}])
def test_what_is_wrong_stands_beside_the_field(clinic: Cast, wrong: dict[str, str]):
    page = clinic.client("clinic_admin").post(STAFF, {**FORM, **wrong})
    assert page.status_code == 422
    assert "field-error" in page.content.decode()
    assert not posted()


def test_send_again_and_withdraw(clinic: Cast):
    client, found = clinic.client("clinic_admin"), invite(clinic).invitation
    assert client.post(f"{STAFF}invitations/{found.pk}/again/").status_code == 200
    assert len(posted()) == 2
    assert client.post(f"{STAFF}invitations/{found.pk}/withdraw/").status_code == 302
    assert client.post(f"{STAFF}invitations/{found.pk}/withdraw/").status_code == 409
    assert client.post(f"{STAFF}invitations/{found.pk}/again/").status_code == 409
    with acting_as(clinic.actor("clinic_admin")):
        assert Invitation.objects.get(pk=found.pk).withdrawn_at


def test_a_patients_invitation_is_not_the_administrators_affair(clinic: Cast):
    found = invite(clinic, "ana@home.example", "patient", patient_id=77).invitation
    client = clinic.client("clinic_admin")
    assert "ana@home.example" not in client.get(STAFF).content.decode()
    assert client.post(f"{STAFF}invitations/{found.pk}/withdraw/").status_code == 404


def test_access_ends_after_a_question(clinic: Cast):
    client, nurse = clinic.client("clinic_admin"), clinic.members["nurse"]
    path = f"{STAFF}staff/{nurse.pk}/end/"
    assert "signed out at once" in client.get(path).content.decode()
    with acting_as(clinic.actor("clinic_admin")):
        assert Membership.objects.get(pk=nurse.pk).ended_at is None
    assert client.post(path).status_code == 302
    assert client.post(path).status_code == 409
    assert "1 person has left" in client.get(STAFF).content.decode()


def test_nobody_ends_their_own_access(clinic: Cast):
    own = clinic.members["clinic_admin"]
    page = clinic.client("clinic_admin").post(f"{STAFF}staff/{own.pk}/end/")
    assert page.status_code == 409
    assert "your own" in page.content.decode()


# ---------------------------------------------------------------- restricted records


def test_the_door_of_a_restricted_record(clinic: Cast):
    patient = make_patient(clinic)
    path = f"/clinic/patients/{patient.pk}/restricted/"
    client = clinic.client("nurse")
    with at_most(12):
        page = client.get(path)
    assert page.status_code == 200
    assert "Ruiz" not in page.content.decode()
    short = client.post(path, {"reason": "because"})
    assert short.status_code == 422
    assert ">because<" in re.sub(r"\s", "", short.content.decode())
    opened = client.post(path, {"reason": "Found unresponsive in room 2", "next": "/clinic/?x=1"})
    assert (opened.status_code, opened["Location"]) == (302, "/clinic/?x=1")
    assert client.get(path)["Location"] == f"/clinic/patients/{patient.pk}/"
    assert client.get(f"/clinic/patients/{patient.pk}/").status_code == 200
    assert count(clinic, "record.glass_broken") == 1


def test_after_an_hour_the_door_is_shut(clinic: Cast):
    patient, by = make_patient(clinic), clinic.actor("nurse")
    with acting_as(by):
        accounts_actions.open_restricted(
            by=by,
            patient_id=patient.pk,
            reason="Found unresponsive in room 2",
            now=timezone.now() - timedelta(minutes=61),
        )
    assert clinic.client("nurse").get(f"/clinic/patients/{patient.pk}/restricted/").status_code == 200


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_door_leads_nowhere_else(clinic: Cast, onward: str):
    patient = make_patient(clinic)
    done = clinic.client("nurse").post(
        f"/clinic/patients/{patient.pk}/restricted/", {"reason": "Found unresponsive in room 2", "next": onward}
    )
    assert done["Location"] == f"/clinic/patients/{patient.pk}/"


@pytest.mark.alone
def test_the_front_desk_is_told_whom_to_ask(clinic: Cast):
    patient = make_patient(clinic)
    path = f"/clinic/patients/{patient.pk}/restricted/"
    client = clinic.client("front_desk")
    assert "Ask a prescriber" in client.get(path).content.decode()
    assert client.post(path, {"reason": "I am simply curious"}).status_code == 403
    with acting_as(clinic.actor("prescriber")):
        assert not BreakGlass.objects.exists()


# ---------------------------------------------------------------- the audit page


def test_rows_read_as_sentences_newest_first(clinic: Cast):
    patient, by = make_patient(clinic), clinic.actor("nurse")
    with acting_as(by):
        with declared("patient.opened"):
            record(by, "patient.opened", patient)
        accounts_actions.open_restricted(by=by, patient_id=patient.pk, reason="Found unresponsive in room 2")
    client = clinic.client("auditor")
    with at_most(12):
        page = client.get(AUDIT)
    text = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())
    name = clinic.members["nurse"].name
    opened = f"{name} (Nurse) opened the restricted record of Ana Ruiz (1001)."
    assert opened in text
    assert "Reason: Found unresponsive in room 2" in text
    assert text.index(opened) < text.index(f"{name} (Nurse) opened the record of Ana Ruiz (1001).")


def test_filters(clinic: Cast):
    one, two = make_patient(clinic), make_patient(clinic, "1002", family_name="Stone")
    nurse, doctor = clinic.actor("nurse"), clinic.actor("prescriber")
    for by, patient in ((nurse, one), (doctor, two)):
        with acting_as(by), declared("patient.opened"):
            record(by, "patient.opened", patient)
    client = clinic.client("auditor")
    today = timezone.localdate(timezone=clinic.clinic.zone)

    def seen(**query: object) -> str:
        return re.sub(r"<option.*?</option>", "", client.get(AUDIT, query).content.decode(), flags=re.DOTALL)

    for query in ({"patient": "1002"}, {"patient": "ana sto"}, {"person": doctor.person_id}):
        assert "Stone" in seen(**query), query
        assert "Ruiz" not in seen(**query), query
    assert "Stone" in seen(day=today.isoformat(), action="patient.opened")
    assert "Nothing to show" in seen(day=(today - timedelta(days=1)).isoformat())
    assert "Nothing to show" in seen(action="patient.added")
    assert client.get(AUDIT, {"day": "someday"}).status_code == 422


def test_paging_walks_the_whole_chain(clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by), declared("patient.opened"):
        for _row in range(120):
            record(by, "patient.opened")
    client, path, seen = clinic.client("auditor"), AUDIT, []
    while path:
        page = client.get(path).content.decode()
        seen += [int(number) for number in re.findall(r'id="row-(\d+)"', page)]
        older = re.search(r'href="(\?before=\d+)"', page)
        path = AUDIT + older[1] if older else ""
    assert seen == list(range(120, 0, -1))


def test_the_auditor_sees_the_chain_verified(clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by), declared("patient.opened"):
        record(by, "patient.opened")
    page = clinic.client("auditor").get(AUDIT, {"verify": "1"}).content.decode()
    assert "1 row was walked" in page


def test_the_file_holds_the_same_rows_and_no_formula(clinic: Cast):
    by = clinic.actor("nurse")
    patient = make_patient(clinic, "=1+1")
    with acting_as(by), declared("patient.opened"):
        record(by, "patient.opened", patient, note="=HYPERLINK()")
    answer = clinic.client("auditor").post(f"{AUDIT}export.csv", {"patient": "=1+1"})
    assert answer["Content-Type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["action"], row["record_number"]) == ("patient.opened", "'=1+1")
    assert len(row["hash"]) == 64
    assert count(clinic, "audit.exported") == 1


def test_another_clinics_rows_are_not_there(clinic: Cast, other_clinic: Cast):
    by = other_clinic.actor("nurse")
    with acting_as(by), declared("patient.opened"):
        record(by, "patient.opened", make_patient(other_clinic, family_name="Elsewhere"))
    assert "Elsewhere" not in clinic.client("auditor").get(AUDIT).content.decode()


def recorded_actions() -> dict[str, str]:
    """Every action code that the source records, by where. A code made of parts that nobody knows fails."""
    found: dict[str, str] = {}
    root = Path(sojourn.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"record", "write_audit"} and len(node.args) >= 2:
                for code in codes_of(node.args[1]):
                    found[code] = f"{path.relative_to(root)}:{node.lineno}"
    return found


# What people do to their own sign-in is written through one action; entry/signals.py and the action name the verbs.
DOOR = ("person.signed_in", "person.signed_out", "password.changed", "password.reset", "second_factor.added",
        "second_factor.removed", "second_factor.codes_renewed")  # fmt: skip


def codes_of(written: ast.expr) -> list[str]:
    """The codes that an argument can be: itself, or one for each transition of a session."""
    if isinstance(written, ast.Constant):
        return [str(written.value)]
    if isinstance(written, ast.IfExp):
        return [*codes_of(written.body), *codes_of(written.orelse)]
    text = ast.unparse(written)
    if text == "f'session.{transition}'":
        return [f"session.{each.name}" for each in TRANSITIONS]
    return list(DOOR) if text == "verb" else [text]


def test_every_recorded_action_has_its_sentence():
    known = sentences()
    missing = {
        code: f"{where}: say it in sojourn/{where.rpartition('/')[0]}/sentences.py"
        for code, where in recorded_actions().items()
        if code not in known
    }
    assert not missing


@pytest.mark.parametrize("code", sorted(sentences()))
def test_a_sentence_is_whole_even_without_its_details(code: str):
    said = sentence(code, who="Dana Cruz", patient="", detail={})
    assert said.endswith(".")
    assert "%" not in said
