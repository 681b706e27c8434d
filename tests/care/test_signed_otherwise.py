"""What was signed and is stored otherwise is named, also where the row was rewritten together with its hash."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sojourn.care.chart import actions as chart_actions
from sojourn.care.chart.content import content_hash, verify_signature
from sojourn.care.encounter.models import Encounter
from sojourn.care.intake import actions as intake_actions
from sojourn.care.plan import actions as plan_actions
from sojourn.care.session.models import CheckResult, RecordSignature
from sojourn.config.cli.upkeep import signed_otherwise_lines
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.actions import record
from sojourn.foundation.audit.signed_queries import of_signatures, signed_otherwise
from sojourn.foundation.registry import Signed, SignedRows, declared
from sojourn.interfaces.console.record.presenters import RecordView
from tests import written
from tests.care.people import actor_for, make_patient
from tests.care.stage import Stage
from tests.care.test_audit import superuser
from tests.care.test_chart import composed, lived_through
from tests.care.test_way import by_the_actions
from tests.conftest import Cast

KINDS = tuple(each for room in declared("signed", Signed).values() for each in room.rows)


@pytest.fixture
def signed(lasting: Cast) -> Stage:
    """A session that its nurse has signed."""
    stage = lived_through(lasting)
    with acting_as(lasting.actor("nurse")) as nurse:
        chart_actions.sign_record(by=nurse, encounter_id=stage.id, seen_hash=content_hash(composed(lasting, stage)))
    return stage


def otherwise(cast: Cast) -> list[str]:
    with acting_as(cast.actor("auditor")):
        return [each.called for each in signed_otherwise(cast.clinic.pk)]


def rewrite(model: type, change: str, key: str, value: int) -> None:
    with superuser() as admin:
        admin.execute(f"UPDATE {model._meta.db_table} SET {change} WHERE {key} = %s", [value])


def records(cast: Cast) -> list[str]:
    """Those of the records: the stage writes decisions, agreements and plans as rows, of which the audit knows none."""
    return [each for each in otherwise(cast) if "record of session" in each]


def named(stage: Stage) -> list[str]:
    return [f"The signed record of session {stage.id}"]


def change_the_last_check(stage: Stage) -> None:
    with superuser() as admin:
        admin.execute(
            f"UPDATE {CheckResult._meta.db_table} SET outcome = 'failed' WHERE id = ("
            f"SELECT max(id) FROM {CheckResult._meta.db_table} WHERE encounter_id = %s)",
            [stage.id],
        )


def change_it_with_its_hash(cast: Cast, stage: Stage) -> str:
    """The hash that is made anew."""
    change_the_last_check(stage)
    made_anew = content_hash(composed(cast, stage))
    rewrite(RecordSignature, f"content_hash = '{made_anew}'", "encounter_id", stage.id)
    return made_anew


def test_content_that_is_rewritten_alone_shows_on_the_record(lasting: Cast, signed: Stage):
    assert verify_signature(composed(lasting, signed)).standing == "unchanged"
    change_the_last_check(signed)
    assert verify_signature(composed(lasting, signed)).standing == "changed"
    assert records(lasting) == []


def test_content_that_is_rewritten_together_with_its_hash_is_named(lasting: Cast, signed: Stage):
    """The newest row of the session, and the hash under it: the record alone would call itself unchanged."""
    made_anew = change_it_with_its_hash(lasting, signed)
    assert records(lasting) == named(signed)
    record = composed(lasting, signed)
    assert record.signature is not None
    assert record.signature.content_hash == made_anew == content_hash(record)
    assert verify_signature(record).standing == "changed"
    with acting_as(lasting.actor("nurse")):
        shown = RecordView(record, verify_signature(record))
        assert shown.standing_title == "Signed, but the record has changed since"
        assert "the signature is not the one that the audit trail recorded" in shown.standing[0]


def test_who_signs_again_after_that_signs_anew(lasting: Cast, signed: Stage):
    made_anew = change_it_with_its_hash(lasting, signed)
    with acting_as(lasting.actor("nurse")) as nurse:
        chart_actions.sign_record(by=nurse, encounter_id=signed.id, seen_hash=made_anew)
    record = composed(lasting, signed)
    assert len(record.signatures) == 2
    assert verify_signature(record).standing == "unchanged"
    assert records(lasting) == named(signed)  # the audit still says what was signed first


def test_what_was_signed_of_another_session_says_nothing_of_this_one(lasting: Cast, signed: Stage):
    """The audit of another session of the same patient happens to know the hash that was made anew."""
    made_anew = change_it_with_its_hash(lasting, signed)
    other = Encounter(pk=signed.id + 10**6, patient_id=signed.patient.pk)
    with acting_as(lasting.actor("nurse")) as nurse, written.declared("session.signed"):
        record(nurse, "session.signed", other, content_hash=made_anew)
    assert verify_signature(composed(lasting, signed)).standing == "changed"


def test_a_signature_that_is_gone_is_named(lasting: Cast, signed: Stage):
    with superuser() as admin:
        admin.execute(f"DELETE FROM {RecordSignature._meta.db_table} WHERE encounter_id = %s", [signed.id])
    assert records(lasting) == named(signed)


def test_a_signature_that_nobody_gave_is_named(clinic: Cast):
    """A row put in beside the action: the audit has none of it."""
    stage = lived_through(clinic)
    with acting_as(clinic.actor("nurse")):
        RecordSignature.objects.create(
            clinic=clinic.clinic, patient=stage.patient, encounter_id=stage.id,
            content_hash=content_hash(composed(clinic, stage)), at=timezone.now(), by=clinic.members["nurse"],
        )  # fmt: skip
    assert records(clinic) == named(stage)
    assert verify_signature(composed(clinic, stage)).standing == "changed"


def test_the_command_line_names_it(lasting: Cast, signed: Stage):
    clinics = (0, lasting.clinic.pk)
    before = signed_otherwise_lines(clinics)
    rewrite(RecordSignature, f"content_hash = '{'0' * 64}'", "encounter_id", signed.id)
    (line,) = set(signed_otherwise_lines(clinics)) - {*before}
    assert line.startswith(f"clinic {lasting.clinic.pk}: The signed record of session {signed.id}: ")


def test_a_clinic_sees_only_its_own(clinic: Cast, other_clinic: Cast):
    stage = lived_through(clinic)
    with acting_as(clinic.actor("nurse")):
        RecordSignature.objects.create(
            clinic=clinic.clinic, patient=stage.patient, encounter_id=stage.id, content_hash="0" * 64,
            at=timezone.now(), by=clinic.members["nurse"],
        )  # fmt: skip
    assert otherwise(other_clinic) == []
    with acting_as(other_clinic.actor("auditor")):
        assert signed_otherwise(clinic.clinic.pk) == ()


def test_what_nobody_has_signed_yet_is_not_missed(other_clinic: Cast):
    patient = make_patient(other_clinic)
    with acting_as(other_clinic.actor("prescriber")) as by:
        assert plan_actions.draft(by=by, patient_id=patient.pk).content_hash == ""
    assert otherwise(other_clinic) == []


# ---------------------------------------------------------------- every kind of what is signed


def test_a_kind_is_compared_in_one_statement(clinic: Cast):
    """The house goes on signing: what was signed between two statements would be on one side alone."""
    with acting_as(clinic.actor("auditor")), CaptureQueriesContext(connection) as asked:
        signed_otherwise(clinic.clinic.pk)
    compared = [each["sql"] for each in asked if "audit_auditevent" in each["sql"]]
    assert len(compared) == len(KINDS)
    assert all("content_hash" in each for each in compared)


def test_every_table_with_a_hash_of_its_content_is_compared():
    bear = {each for each in apps.get_models() if any(one.name == "content_hash" for one in each._meta.fields)}
    assert bear == {each.model for each in KINDS}


def everything_signed(cast: Cast) -> None:
    """By the actions: an intake, a decision, agreements and a plan; a record."""
    stage = lived_through(cast)
    with acting_as(cast.actor("nurse")) as nurse:
        chart_actions.sign_record(by=nurse, encounter_id=stage.id, seen_hash=content_hash(composed(cast, stage)))
    patient = make_patient(cast)
    with acting_as(actor_for(cast, patient)) as speaker:
        intake_actions.say_line(by=speaker, patient_id=patient.pk, of="medicines", name="Lithium", current=True)
        intake_actions.send(by=speaker, patient_id=patient.pk)
    by_the_actions(cast, patient, "iv_racemic_40min", Decimal(35), timezone.now())


def test_every_kind_that_is_rewritten_is_named(lasting: Cast):
    everything_signed(lasting)
    told = set(otherwise(lasting))  # what the test's stage wrote as rows
    for kind in KINDS:
        key = _newest(lasting, kind)
        rewrite(kind.model, f"content_hash = '{'0' * 64}'", kind.named_by, key)
        assert set(otherwise(lasting)) == told | {str(kind.called) % {"id": key}}
        told = set(otherwise(lasting))


def _newest(cast: Cast, kind: SignedRows) -> int:
    """The newest that the audit knows as well."""
    with acting_as(cast.actor("auditor")):
        row = of_signatures(kind).filter(clinic_id=cast.clinic.pk).latest("id")
        stored = {kind.named_by: row.entity_id, "content_hash": row.detail[kind.said_as]}
        assert kind.model._default_manager.filter(**stored).exists()
        return row.entity_id
