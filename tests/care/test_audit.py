"""The audit chain: whatever is done to it behind the trigger's back, the first broken row is named."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.actions import record
from sojourn.foundation.audit.queries import Verdict, _against_head, _first_broken, verify, verify_clinic
from tests import postgres_server
from tests.conftest import Cast
from tests.written import declared

ROWS = 6

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@contextmanager
def superuser() -> Iterator[psycopg.Connection]:
    """The cluster's administrator, past every trigger: the worst that can happen to a database."""
    host = (
        str(postgres_server.HOME / "server")
        if postgres_server.SERVER
        else str(postgres_server.HOME / "postgres" / "socket")
    )
    with psycopg.connect(host=host, user="postgres", dbname=database("app").name, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.fixture
def chain() -> Iterator[int]:
    """A committed chain of six rows, written by the role that the product uses; gone after the test."""
    clinic_id = 900_000_000 + random.randrange(90_000_000)
    with psycopg.connect(database("app").conninfo()) as app:
        app.execute("SELECT set_config('sojourn.clinic', %s, false)", [str(clinic_id)])
        for number in range(1, ROWS + 1):
            app.execute(
                "INSERT INTO audit_auditevent (clinic_id, seq, at, name, role, action, entity, detail, prev_hash, hash)"
                " VALUES (%s, 0, clock_timestamp(), 'Nurse', 'nurse', %s, '', '{\"dose_mg\": 35}', '', '')",
                [clinic_id, f"test.{number}"],
            )
    yield clinic_id
    with superuser() as admin:
        admin.execute("DELETE FROM audit_auditevent WHERE clinic_id = %s", [clinic_id])
        admin.execute("DELETE FROM audit_head WHERE clinic_id = %s", [clinic_id])


def verdict(clinic_id: int) -> Verdict:
    return next(each for each in verify() if each.clinic_id == clinic_id)


def test_a_whole_chain_is_whole(chain: int):
    found = verdict(chain)
    assert (found.whole, found.rows) == (True, ROWS)
    assert len(found.head) == 64


@pytest.mark.parametrize(
    "change",
    [
        "action = 'test.lie'",
        "detail = '{\"dose_mg\": 350}'",
        "at = at + interval '1 minute'",
        "name = 'Somebody else'",
        "person_id = 1",
        "patient_id = 1",
        "entity_id = 1",
        "role = 'prescriber'",
        "entity = 'x'",
    ],
)
def test_a_changed_row_is_named(chain: int, change: str):
    with superuser() as admin:
        admin.execute(f"UPDATE audit_auditevent SET {change} WHERE clinic_id = %s AND seq = 3", [chain])
    found = verdict(chain)
    assert (found.broken_seq, found.reason) == (3, "the row was changed after it was written")


def test_a_deleted_row_is_missed_at_the_next(chain: int):
    with superuser() as admin:
        admin.execute("DELETE FROM audit_auditevent WHERE clinic_id = %s AND seq = 4", [chain])
    found = verdict(chain)
    assert (found.broken_seq, found.reason) == (5, "a row before this one is missing")


def test_the_first_row_is_missed_too(chain: int):
    with superuser() as admin:
        admin.execute("DELETE FROM audit_auditevent WHERE clinic_id = %s AND seq = 1", [chain])
    assert verdict(chain).broken_seq == 2


def test_a_cut_tail_is_missed(chain: int):
    with superuser() as admin:
        admin.execute("DELETE FROM audit_auditevent WHERE clinic_id = %s AND seq > 4", [chain])
    found = verdict(chain)
    assert (found.broken_seq, found.reason) == (5, "the newest rows are missing")


def test_a_chain_that_is_gone_altogether_is_missed(chain: int):
    with superuser() as admin:
        admin.execute("DELETE FROM audit_auditevent WHERE clinic_id = %s", [chain])
    found = verdict(chain)
    assert (found.rows, found.broken_seq) == (0, 1)


def _rewritten(admin: psycopg.Connection, clinic_id: int, seq: int) -> None:
    admin.execute("UPDATE audit_auditevent SET action = 'test.lie' WHERE clinic_id = %s AND seq = %s", [clinic_id, seq])
    admin.execute(
        "UPDATE audit_auditevent a SET hash = sojourn_audit_hash(a) WHERE clinic_id = %s AND seq = %s", [clinic_id, seq]
    )


def test_the_newest_row_with_its_hash_made_anew_is_named(chain: int):
    """No row follows that could tell: the chain's head does."""
    with superuser() as admin:
        _rewritten(admin, chain, ROWS)
    found = verdict(chain)
    assert (found.broken_seq, found.reason) == (ROWS, "the row was changed after it was written")


def test_only_the_newest_row_is_cut(chain: int):
    with superuser() as admin:
        admin.execute("DELETE FROM audit_auditevent WHERE clinic_id = %s AND seq = %s", [chain, ROWS])
    found = verdict(chain)
    assert (found.broken_seq, found.reason) == (ROWS, "the newest rows are missing")


def test_a_cut_tail_whose_last_hash_is_made_to_be_that_of_the_head_is_missed(chain: int):
    """The hash alone would fit: the number does not."""
    with superuser() as admin:
        admin.execute("DELETE FROM audit_auditevent WHERE clinic_id = %s AND seq = %s", [chain, ROWS])
        admin.execute(
            "UPDATE audit_head SET hash = (SELECT hash FROM audit_auditevent WHERE clinic_id = %s AND seq = %s)"
            " WHERE clinic_id = %s",
            [chain, ROWS - 1, chain],
        )
    assert verdict(chain).broken_seq == ROWS


def test_a_head_that_was_set_back_is_missed(chain: int):
    with superuser() as admin:
        admin.execute("UPDATE audit_head SET seq = %s WHERE clinic_id = %s", [ROWS - 2, chain])
    found = verdict(chain)
    assert (found.broken_seq, found.reason) == (ROWS - 1, "the row does not follow the one before it")


def test_a_chain_without_a_head_is_broken_from_its_first_row(chain: int):
    with superuser() as admin:
        admin.execute("DELETE FROM audit_head WHERE clinic_id = %s", [chain])
    assert verdict(chain).broken_seq == 1


@pytest.mark.parametrize("seq", range(1, ROWS))
def test_every_row_that_is_rewritten_with_its_hash_breaks_the_one_after_it(chain: int, seq: int):
    with superuser() as admin:
        _rewritten(admin, chain, seq)
    found = verdict(chain)
    assert (found.broken_seq, found.reason) == (seq + 1, "the row does not follow the one before it")


def test_who_rewrites_the_head_too_is_found_only_beside_a_hash_written_down_elsewhere(chain: int):
    """What the chain cannot know: docs/operations tells to keep the newest hash, and here is why."""
    kept = verdict(chain).head
    with superuser() as admin:
        _rewritten(admin, chain, ROWS)
        admin.execute(
            "UPDATE audit_head SET hash = (SELECT hash FROM audit_auditevent WHERE clinic_id = %s AND seq = %s)"
            " WHERE clinic_id = %s",
            [chain, ROWS, chain],
        )
    found = verdict(chain)
    assert found.whole
    assert found.head != kept


def test_two_rows_that_changed_places_are_found(chain: int):
    with superuser() as admin:
        for old, new in ((2, 100), (3, 2), (100, 3)):
            admin.execute("UPDATE audit_auditevent SET seq = %s WHERE clinic_id = %s AND seq = %s", [new, chain, old])
    assert verdict(chain).broken_seq == 2


def test_one_broken_chain_leaves_the_others_whole(chain: int):
    before = {each.clinic_id for each in verify() if not each.whole}
    with superuser() as admin:
        admin.execute("UPDATE audit_auditevent SET action = 'test.lie' WHERE clinic_id = %s AND seq = 1", [chain])
    assert {each.clinic_id for each in verify() if not each.whole} == before | {chain}


def test_a_clinic_verifies_its_own_chain_with_its_own_eyes(clinic: Cast, other_clinic: Cast):
    for cast in (clinic, other_clinic):
        by = cast.actor("nurse")
        with acting_as(by), declared("test.one", "test.two"):
            record(by, "test.one")
            record(by, "test.two")
    with acting_as(clinic.actor("auditor")):
        mine = verify_clinic(clinic.clinic.pk)
        assert (mine.whole, mine.rows) == (True, 2)
        assert verify_clinic(other_clinic.clinic.pk).rows == 0


@pytest.mark.parametrize(
    ("gap", "unchained", "changed", "broken"),
    [
        (None, None, None, None),
        (3, None, None, (3, "a row before this one is missing")),
        (None, 3, None, (3, "the row does not follow the one before it")),
        (3, 3, 3, (3, "the row was changed after it was written")),  # the row itself before what is around it
        (3, 3, None, (3, "a row before this one is missing")),
        (4, 3, 5, (3, "the row does not follow the one before it")),
    ],
)
def test_the_first_broken_row_counts(gap: int | None, unchained: int | None, changed: int | None, broken: object):
    assert _first_broken(gap, unchained, changed) == broken


@pytest.mark.parametrize(
    ("last", "own", "wanted", "said", "broken"),
    [
        (7, "a", 7, "a", None),
        (7, "a", 7, "b", (7, "the row was changed after it was written")),
        (5, "a", 7, "a", (6, "the newest rows are missing")),
        (7, "a", 5, "a", (6, "the row does not follow the one before it")),
        (0, "", 7, "a", (1, "the newest rows are missing")),
    ],
)
def test_a_chain_ends_as_its_head_says(last: int, own: str, wanted: int, said: str, broken: object):
    assert _against_head((last, own), (wanted, said)) == broken
