"""A question without a name leads to nobody: no row, no line of the audit or a log, no page joins it to whoever asked.

Asked by a patient who is signed in, which is the hardest case: the request itself knows who it is. Everything here is
committed, as it would be in a clinic, and the whole database is looked through past every policy.
"""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from sojourn.care.patients.models import Patient
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from tests.care.people import actor_for, make_patient
from tests.care.test_audit import superuser
from tests.conftest import Cast

ASK = "/library/is-it-safe/ask/?part=1"
CLEAR = "/library/is-it-safe/clear/?part=1"
WORD = "quillwort"  # in no text of ours
QUESTION = f"Does a {WORD} help against the drip?"
WRITES = {
    "reading_readerquestion": {
        "id", "clinic_id", "slug", "part", "language", "text", "asked_on", "danger", "typed_key",
    },
    "reading_clarity": {
        "id", "clinic_id", "slug", "part", "language", "clear", "paragraph", "word", "danger", "said_on",
    },
}  # fmt: skip
Row = dict[str, Any]
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"


def every_row() -> dict[str, list[Row]]:
    """Every row of every table, with the transaction that wrote it, as nobody but the database's administrator can."""
    with superuser() as admin:
        return {
            table: [json.loads(row) | {"written by": by} for row, by in _rows(admin, table)]
            for (table,) in admin.execute(TABLES).fetchall()
        }


def _rows(admin: psycopg.Connection, table: str) -> list[tuple[str, str]]:
    return admin.execute(f"SELECT to_jsonb(t)::text, t.xmin::text FROM {table} t").fetchall()  # type: ignore[arg-type]


def new_rows(before: dict[str, list[Row]]) -> dict[str, list[Row]]:
    after = every_row()
    return {
        table: new for table, rows in after.items() if (new := [each for each in rows if each not in before[table]])
    }


def keys_of(page: str) -> list[str]:
    return re.findall(r'name="key" value="([0-9a-f-]{36})"', page)


@pytest.fixture
def alma(lasting: Cast) -> Patient:
    return make_patient(lasting)


@pytest.fixture
def signed_in(lasting: Cast, alma: Patient) -> Client:
    client = lasting.client("Alma")
    client.get("/today/")
    return client


def ask_and_say(client: Client) -> str:
    """What is sent without a name, from a page that also asks the care team; the key of the question."""
    team_key, clinic_key = keys_of(client.get(ASK).text)
    sent = client.post(ASK, {"key": clinic_key, "to": "clinic", "text": QUESTION})
    assert (sent.status_code, sent["Location"]) == (302, f"{ASK}&sent=clinic")
    assert client.post(CLEAR, {"clear": "no", "word": f"What is a {WORD}?"}).status_code == 200
    # The same page, gone back to: the two forms must not be known by one key.
    assert client.post(ASK, {"key": team_key, "to": "team", "text": "Is it for me?"}).status_code == 302
    return clinic_key


def test_no_row_that_is_written_leads_to_whoever_asked(lasting: Cast, alma: Patient, signed_in: Client):
    page = signed_in.get(ASK).text
    before = every_row()
    (_team, key) = keys_of(page)
    signed_in.post(ASK, {"key": key, "to": "clinic", "text": QUESTION})
    signed_in.post(CLEAR, {"clear": "no", "word": f"What is a {WORD}?"})
    new = new_rows(before)
    assert set(new) - {"django_session"} == {*WRITES, "audit_auditevent", "audit_head"}
    for table, columns in WRITES.items():
        (row,) = new[table]
        assert set(row) - {"written by"} == columns
        assert not {str(value) for name, value in row.items() if name not in ("id", "part", "written by")} & {
            str(each) for each in (alma.pk, "Alma", lasting.members["Alma"].pk, lasting.members["Alma"].person_id)
            if str(each) != str(row["clinic_id"])
        }  # fmt: skip
    assert [
        (each["action"], each["person_id"], each["patient_id"], each["name"], each["entity"], each["entity_id"],
         each["detail"])
        for each in new["audit_auditevent"]
    ] == [(f"reading.{verb}", None, None, "Sojourn", "", None, {}) for verb in ("asked", "said")]  # fmt: skip


def test_nothing_else_is_written_with_it_by_which_it_could_be_known(signed_in: Client):
    """PostgreSQL keeps with each row which transaction wrote it: a sign-in's row must not bear the same number."""
    key = ask_and_say(signed_in)
    rows = every_row()
    (by,) = {each["written by"] for each in rows["reading_readerquestion"] if each["typed_key"] == key}
    together = {table for table, found in rows.items() if any(each["written by"] == by for each in found)}
    assert together <= {"reading_readerquestion", "audit_auditevent", "audit_head"}


def test_its_words_and_its_key_stand_nowhere_else(signed_in: Client):
    key = ask_and_say(signed_in)
    rows = every_row()
    assert {table for table, found in rows.items() if WORD in json.dumps(found)} == set(WRITES)
    assert {table for table, found in rows.items() if key in json.dumps(found)} == {"reading_readerquestion"}


def test_no_role_of_the_clinic_finds_who_asked(lasting: Cast, alma: Patient, signed_in: Client):
    """Whoever may ask the database, asks all of it."""
    ask_and_say(signed_in)
    for who in ("Alma", *(each for each in lasting.members if each != "Alma")):
        by = actor_for(lasting, alma) if who == "Alma" else lasting.actor(who)
        with acting_as(by), connection.cursor() as cursor:
            seen = {}
            for table in WRITES:
                cursor.execute(
                    f"SELECT to_jsonb(t)::text FROM {table} t WHERE to_jsonb(t)::text LIKE %s", [f"%{WORD}%"]
                )
                seen[table] = [json.loads(each) for (each,) in cursor.fetchall()]
            cursor.execute(
                "SELECT count(*) FROM audit_auditevent WHERE action IN ('reading.asked', 'reading.said')"
                " AND (person_id IS NOT NULL OR patient_id IS NOT NULL OR entity_id IS NOT NULL)"
            )
            assert cursor.fetchone()[0] == 0, who
        if who == "Alma":
            assert not any(seen.values())  # not even her own: nothing says that it is
        else:
            assert {table: set(each) for table, found in seen.items() for each in found} == WRITES, who


def test_the_processes_of_the_monitors_do_not_reach_it(signed_in: Client):
    ask_and_say(signed_in)
    with psycopg.connect(database("signals").conninfo()) as signals:
        for table in WRITES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                signals.execute(f"SELECT 1 FROM {table}")  # type: ignore[arg-type]
            signals.rollback()


def test_no_log_holds_a_word_of_it(signed_in: Client, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("DEBUG"):
        key = ask_and_say(signed_in)
    said = " ".join(f"{each.name} {each.getMessage()} {each.__dict__}" for each in caplog.records)
    assert WORD not in said
    assert key not in said


def test_no_page_of_the_patient_shows_it_and_its_own_page_names_nobody(lasting: Cast, alma: Patient, signed_in: Client):
    ask_and_say(signed_in)
    nurse, admin = lasting.client("nurse"), lasting.client("clinic_admin")
    found = re.search(r'href="(/clinic/readers/\d+/)"', nurse.get("/clinic/readers/").text)
    assert found is not None
    page = nurse.get(found[1]).text
    assert WORD in page
    assert "Alma" not in page
    assert "Alma" not in admin.get("/clinic/readers/clarity/").text
    for client, address in (
        (nurse, f"/clinic/patients/{alma.pk}/"), (nurse, f"/clinic/patients/{alma.pk}/messages/"),
        (lasting.client("auditor"), "/clinic/audit/"), (signed_in, "/today/"), (signed_in, "/today/messages/"),
        (signed_in, "/today/record/"),
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert WORD not in answer.text, address
