"""Row-level security: the database itself keeps clinics apart, whatever the code forgets."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from sojourn.foundation.accounts.actor import NOBODY, acting_as
from sojourn.foundation.accounts.backend.hidden import RowsHidden, say_what_is_hidden
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.audit.actions import record
from sojourn.foundation.audit.models import AuditEvent
from tests.conftest import Cast
from tests.written import declared

SHARED = {"accounts.Person", "heartbeat.Heartbeat"}


def our_models() -> list[type]:
    return [m for m in apps.get_models() if m.__module__.startswith("sojourn.")]


@pytest.mark.parametrize("model", our_models(), ids=lambda m: m._meta.label)
def test_every_clinical_table_forces_row_level_security(model, db):
    if model._meta.label in SHARED:
        pytest.skip("belongs to no clinic")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner) <> current_user"
            " FROM pg_class c WHERE c.oid = %s::regclass",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True, True, True)


@pytest.mark.parametrize("model", our_models(), ids=lambda m: m._meta.label)
def test_every_field_has_a_privacy_class(model):
    assert set(model.privacy) == {field.name for field in model._meta.concrete_fields}


@pytest.mark.parametrize(
    "model", [m for m in our_models() if getattr(m, "append_only", False)], ids=lambda m: m._meta.label
)
def test_append_only_is_a_trigger_even_for_the_owner(model, db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'append_only%%'",
            [model._meta.db_table],
        )
        assert cursor.fetchone()[0] == 2


def test_nobody_sees_nothing(clinic: Cast):
    with acting_as(NOBODY):
        assert Membership.objects.count() == 0


def test_a_shell_says_that_rows_are_hidden(clinic: Cast):
    with connection.execute_wrapper(say_what_is_hidden):
        with acting_as(NOBODY), pytest.warns(RowsHidden, match="accounts_membership: every row is hidden"):
            assert Membership.objects.count() == 0
        with acting_as(clinic.actor("nurse")):
            assert Membership.objects.count() > 0


def test_an_asker_outside_a_transaction_is_told_as_well(clinic: Cast):
    """Who asks is said where a transaction begins: without one the database hears of nobody."""
    database = SimpleNamespace(in_atomic_block=False, settings_dict={"USER": "sojourn_app"})
    sql = 'SELECT 1 FROM "accounts_membership"'
    with acting_as(clinic.actor("nurse")), pytest.warns(RowsHidden):
        say_what_is_hidden(lambda *_: None, sql, (), False, {"connection": database})


@pytest.mark.parametrize("typing", [True, False])
def test_only_a_shell_is_told(typing: bool, monkeypatch: pytest.MonkeyPatch, db):
    if typing:
        monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    fresh = connection.copy()
    fresh.connect()
    try:
        assert (say_what_is_hidden in fresh.execute_wrappers) == typing
    finally:
        fresh.close()


def test_a_clinic_sees_its_own_rows_only(clinic: Cast, other_clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        assert {m.clinic_id for m in Membership.objects.all()} == {clinic.clinic.pk}
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM accounts_membership WHERE clinic_id = %s", [other_clinic.clinic.pk])
            assert cursor.fetchone()[0] == 0


def test_a_row_cannot_be_written_into_another_clinic(clinic: Cast, other_clinic: Cast):
    member = clinic.members["nurse"]
    with acting_as(clinic.actor("nurse")), pytest.raises(DatabaseError), transaction.atomic():
        Membership.objects.create(clinic=other_clinic.clinic, person=member.person, role="clinic_admin", name="x")


def test_audit_rows_are_chained_and_cannot_be_changed(clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by):
        with declared("test.one", "test.two"):
            record(by, "test.one")
            record(by, "test.two")
        first, second = AuditEvent.objects.order_by("seq")[:2]
        assert second.prev_hash == first.hash
        with pytest.raises(DatabaseError), transaction.atomic():
            AuditEvent.objects.filter(pk=first.pk).update(action="test.lie")
