"""The session record: everything that happened, once, and a hash that notices whatever changes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.alarms import judging
from sojourn.care.alarms import store as alarm_store
from sojourn.care.alarms.models import AlarmEvent
from sojourn.care.chart import actions as chart_actions
from sojourn.care.chart import queries as chart_queries
from sojourn.care.chart.content import content_hash, verify_signature
from sojourn.care.chart.record import SessionRecord
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.session import actions as session_actions
from sojourn.care.session.models import CheckResult, DoseCheck, RecordSignature, SessionEvent
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import ingest
from sojourn.care.vitals.models import DeviceAssociation, Observation
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, check_dose, pass_checks, score, set_stage
from tests.care.stage import arrive as come
from tests.conftest import Cast

BEGINS = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # 8:00 in Denver


def minutes(n: float) -> datetime:
    return BEGINS + timedelta(minutes=n)


def monitor_says(stage: Stage, device_id: int, at: datetime, *, ahead_s: float = 0, **values: float) -> None:
    """Readings as a monitor sends them, whose clock runs ``ahead_s`` ahead."""
    assert stage.encounter is not None
    session = alarm_store.session_of(stage.encounter)
    units = {"hr": "/min", "spo2": "%", "rr": "/min", "nibp_sys": "mm[Hg]", "nibp_dia": "mm[Hg]"}
    rows = [
        judging.NewReading(
            session, code, value, units[code], at, at, at + timedelta(seconds=ahead_s), judging.MONITOR, device_id
        )
        for code, value in values.items()
    ]
    with connection.cursor() as cursor:
        ingest.record_batch(cursor.cursor, rows, at)


def lived_through(cast: Cast, *, number: int = 1, note: str = "Waves of warmth") -> Stage:
    """A whole session: the check at 20 minutes is forgotten, saturation falls at 25, the nurse answers 40 s later,
    the monitor's clock is five minutes fast, and a prescriber sets one reason aside at the end."""
    adopt_everything(cast)
    nurse, prescriber = cast.actor("nurse"), cast.actor("prescriber")
    with acting_as(nurse):
        Membership.objects.filter(pk=nurse.membership_id).update(credentials="RN")
        stage = set_stage(cast, at=BEGINS, number=number)
        QuestionnaireResponse.objects.create(
            clinic=cast.clinic, patient=stage.patient, scale_id="phq-9", scale_version="1", scale_hash="a" * 64,
            language="en", started_at=minutes(-600), completed_at=minutes(-590), score=Decimal(19),
            band="moderately-severe",
        )  # fmt: skip
        come(stage, BEGINS)
    with acting_as(cast.actor("clinic_admin")) as admin:
        device = vitals_actions.add_device(by=admin, name="Monitor 1", key=f"bed:B{number}", maker="Mindray")
    with acting_as(nurse):
        vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=stage.id, now=minutes(2))
        pass_checks(stage, minutes(10))
        check_dose(stage, minutes(14), lot="KX77")
        stage.step("start_dose", now=minutes(15), at=minutes(15))
        usual = {"nibp_sys": 126, "nibp_dia": 80, "hr": 74, "rr": 14, "spo2": 97}
        for n in (0, 10):
            monitor_says(stage, device.pk, minutes(15 + n), ahead_s=300, **usual)
        session_actions.note_event(
            by=nurse, encounter_id=stage.id, kind="nausea", note=note, at=minutes(33), now=minutes(34)
        )
        monitor_says(stage, device.pk, minutes(40), ahead_s=300, spo2=88)
        alarms_actions.acknowledge(
            by=nurse, encounter_id=stage.id, rule_id="spo2.low", code="spo2", note="Oxygen by mask",
            now=minutes(40) + timedelta(seconds=40),
        )  # fmt: skip
        monitor_says(stage, device.pk, minutes(42), ahead_s=300, spo2=97)
        for n in (30, 40):
            monitor_says(stage, device.pk, minutes(15 + n), ahead_s=300, **usual)
        stage.step("end_dose", now=minutes(55))
        for n in (60, 80, 100, 120):
            monitor_says(stage, device.pk, minutes(15 + n), ahead_s=300, **usual)
        late = minutes(137)
        stage.vitals(late, nibp_sys=122, nibp_dia=76, spo2=98, hr=70, rr=14, moaas=5)
        for item in ("walks", "dissociation", "no_crisis", "driving", "companion_here"):
            passed = item != "walks"
            session_actions.check(by=nurse, encounter_id=stage.id, item_id=item, passed=passed, now=late)
        score(stage, "aldrete", now=late)
        score(stage, "padss", now=late, intake_output=1)
    with acting_as(prescriber):
        stage.step(
            "find_ready",
            "prescriber",
            overrides=["check-failed:walks"],
            reason="Walks with a stick since 2019",
            now=late,
        )
    with acting_as(nurse):
        stage.step("leave", now=minutes(140))
    return stage


def composed(cast: Cast, stage: Stage) -> SessionRecord:
    with acting_as(cast.actor("nurse")):
        return chart_queries.session_record(SessionScope(stage.id))


def test_the_record_holds_everything_that_happened(clinic: Cast):
    stage = lived_through(clinic)
    record = composed(clinic, stage)
    nurse = clinic.members["nurse"].name
    assert (record.patient.name, record.patient.record_number) == ("Ana Reyes1", "SJ-00001")
    assert (record.chair, record.escort_name) == ("Chair 1", "Luis Reyes")
    assert f"{nurse}, RN" in [str(each) for each in record.staff]
    assert (record.protocol.id, record.protocol.version, record.protocol.intact) == ("iv_racemic_40min", "3", True)
    assert [each.state.value for each in record.states] == [
        "arrived", "checked", "dosing", "observing", "ready_to_leave", "left"
    ]  # fmt: skip
    assert (record.dose_started_at, record.dose_ended_at, record.ended_at) == (minutes(15), minutes(55), minutes(140))
    assert len(record.prepared) == 2
    dose = record.doses[0]
    assert (dose.drug, dose.route, dose.dose_mg, dose.lot) == ("ketamine", "iv", Decimal(35), "KX77")
    assert {dose.given_by.name, dose.checked_by.name} == {nurse, clinic.members["prescriber"].name}  # type: ignore[union-attr]
    assert {each.item_id for each in record.checks} >= {"identity", "consent", "padss", "companion_here", "walks"}
    assert {each.item_id for each in record.checks if not each.passed} == {"walks"}
    assert all(each.counts for each in record.checks)
    assert all(each.counts for each in record.readings)
    assert [each.method for each in record.series["spo2"]] == ["typed", *["monitor"] * 10, "typed"]
    (alarm,) = [each for each in record.alarms if each.first.rule_id == "spo2.low"]
    assert (alarm.first.rule_version, alarm.first.value, alarm.priority) == (2, 88, "high")
    assert (alarm.waited, alarm.taken.note) == (timedelta(seconds=40), "Oxygen by mask")  # type: ignore[union-attr]
    assert alarm.ended_at == minutes(42)
    (event,) = record.events
    assert (event.kind, event.note) == ("nausea", "Waves of warmth")
    assert (event.at, event.recorded_at) == (minutes(33), minutes(34))
    (monitor,) = record.monitors
    assert (monitor.from_at, monitor.until_at, monitor.ahead_s) == (minutes(2), minutes(140), 300)
    assert [(each.overridden, each.reason) for each in record.overrides] == [
        (("check-failed:walks",), "Walks with a stick since 2019")
    ]
    assert record.left is not None
    assert (record.left.escort_name, record.left.criteria["padss"]) == ("Luis Reyes", 9)
    assert [(each.scale_id, each.score, each.during) for each in record.measures] == [("phq-9", Decimal(19), False)]


def test_a_questionnaire_is_before_the_dose_at_its_start_and_of_the_session_to_its_end(clinic: Cast):
    stage = lived_through(clinic)
    with acting_as(clinic.actor("nurse")):
        for scale, at in (("start", 15), ("later", 16), ("end", 140), ("after", 141)):
            QuestionnaireResponse.objects.create(
                clinic=clinic.clinic, patient=stage.patient, scale_id=scale, scale_version="1", scale_hash="a" * 64,
                language="en", started_at=minutes(0), completed_at=minutes(at), score=Decimal(1),
            )  # fmt: skip
    found = {each.scale_id: each.during for each in composed(clinic, stage).measures}
    assert found == {"phq-9": False, "start": False, "later": True, "end": True}


def test_a_missed_check_is_a_recorded_gap(clinic: Cast):
    record = composed(clinic, lived_through(clinic))
    assert [each.point.minute for each in record.gaps] == [20]
    assert record.gaps[0].point.due_at == minutes(35)


def test_one_time_axis_in_order(clinic: Cast):
    record = composed(clinic, lived_through(clinic))
    times = [each.at for each in record.moments]
    assert times == sorted(times)
    kinds = {each.kind for each in record.moments}
    assert kinds == {
        "state", "check", "prepared", "dose", "dose_step", "event", "alarm", "readings", "monitor_on", "monitor_off",
        "gap",
    }  # fmt: skip


def test_three_queries_however_much_happened(clinic: Cast):
    one, other = lived_through(clinic, number=1), lived_through(clinic, number=2)
    with (
        acting_as(clinic.actor("nurse")),
        CaptureQueriesContext(
            connection,
        ) as caught,
    ):
        found = chart_queries.session_records([one.id, other.id])
    mine = [
        each for each in caught.captured_queries if each["sql"].startswith("SELECT") and "set_config" not in each["sql"]
    ]
    assert len(mine) == 3
    assert set(found) == {one.id, other.id}
    assert found[one.id].readings
    assert {each.id for each in found[one.id].readings}.isdisjoint(each.id for each in found[other.id].readings)


def test_another_clinics_record_does_not_exist(clinic: Cast, other_clinic: Cast):
    stage = lived_through(clinic)
    with acting_as(other_clinic.actor("prescriber")), pytest.raises(Encounter.DoesNotExist):
        chart_queries.session_record(SessionScope(stage.id))


# ---------------------------------------------------------------- the hash


@pytest.mark.alone
def test_the_hash_is_the_same_in_every_language_and_zone(clinic: Cast):
    stage = lived_through(clinic, note="Música — 波 — ola")
    first = content_hash(composed(clinic, stage))
    with translation.override("es"), timezone.override("Asia/Kathmandu"):
        assert content_hash(composed(clinic, stage)) == first
    with acting_as(clinic.actor("nurse")):  # names may be put right without touching what happened
        Membership.objects.filter(clinic=clinic.clinic).update(name="Another name")
        stage.patient.family_name = "Moreno"
        stage.patient.save(update_fields=["family_name"])
    assert content_hash(composed(clinic, stage)) == first


def test_the_hash_is_the_same_in_another_process(clinic: Cast):
    """What is hashed is its canonical JSON, so another program with another hash seed finds the same."""
    record = composed(clinic, lived_through(clinic))
    text = json.dumps(chart_queries.content(record))
    code = (
        "import hashlib, json, sys; d = json.load(sys.stdin); "
        "t = json.dumps(d, sort_keys=True, separators=(',', ':'), ensure_ascii=False); "
        "print(hashlib.sha256(t.encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "LC_ALL": "C", "PYTHONUTF8": "1", "TZ": "Asia/Kathmandu"}
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == content_hash(record)
    assert len(hashlib.sha256().hexdigest()) == len(content_hash(record))


def _late_reading(cast: Cast, stage: Stage) -> None:
    newest = Observation.objects.filter(encounter_id=stage.id).latest("id")
    Observation.objects.create(
        clinic=cast.clinic, patient=stage.patient, encounter_id=stage.id, code="spo2", value=newest.value, unit="%",
        effective_at=newest.effective_at, received_at=newest.received_at, method="monitor", supersedes_id=newest.pk,
    )  # fmt: skip


def _common(cast: Cast, stage: Stage) -> dict[str, object]:
    return {"clinic": cast.clinic, "patient": stage.patient, "encounter_id": stage.id, "by": cast.members["nurse"]}


CHANGES: dict[str, Callable[[Cast, Stage], object]] = {
    "reading": _late_reading,
    "check": lambda c, s: CheckResult.objects.create(
        **_common(c, s), item_id="walks", outcome="passed", at=minutes(141)
    ),
    "dose check": lambda c, s: DoseCheck.objects.create(
        **_common(c, s), drug="ketamine", route="iv_racemic", dose_mg=Decimal(36), lot="X", at=minutes(12)
    ),
    "event": lambda c, s: SessionEvent.objects.create(
        **_common(c, s), kind="nausea", at=minutes(34), recorded_at=minutes(34)
    ),
    "state": lambda c, s: SessionState.objects.create(**_common(c, s), seq=99, state="left", at=minutes(150)),
    "alarm": lambda c, s: AlarmEvent.objects.create(
        **_common(c, s), rule_id="hr.high", rule_version=1, rule_hash="b" * 64, code="hr", kind="raised",
        priority="medium", at=minutes(20), value=131,
    ),
    "monitor": lambda c, s: DeviceAssociation.objects.filter(encounter_id=s.id).update(from_at=minutes(3)),
    "questionnaire": lambda c, s: QuestionnaireResponse.objects.create(
        clinic=c.clinic, patient=s.patient, scale_id="gad-7", scale_version="1", scale_hash="a" * 64, language="en",
        started_at=minutes(-60), completed_at=minutes(-50), score=Decimal(3), band="minimal",
    ),
}  # fmt: skip


def test_the_hash_changes_with_every_clinical_row(clinic: Cast):
    """One session for all of them: each change is taken back before the next."""
    stage = lived_through(clinic)
    before = content_hash(composed(clinic, stage))
    seen = {before}
    for what, change in CHANGES.items():
        with transaction.atomic():
            with acting_as(clinic.actor("nurse")):
                change(clinic, stage)
            found = content_hash(composed(clinic, stage))
            assert found not in seen, what
            seen.add(found)
            transaction.set_rollback(True)
        assert content_hash(composed(clinic, stage)) == before, what


def test_what_comes_after_the_session_does_not_change_what_was_signed(clinic: Cast):
    stage = lived_through(clinic)
    before = content_hash(composed(clinic, stage))
    with acting_as(clinic.actor("nurse")):
        QuestionnaireResponse.objects.create(
            clinic=clinic.clinic, patient=stage.patient, scale_id="phq-9", scale_version="1", scale_hash="a" * 64,
            language="en", started_at=minutes(3000), completed_at=minutes(3001), score=Decimal(8), band="mild",
        )  # fmt: skip
    assert content_hash(composed(clinic, stage)) == before


# ---------------------------------------------------------------- signing


def test_signed_and_unchanged_until_something_changes(clinic: Cast):
    stage = lived_through(clinic)
    nurse = clinic.actor("nurse")
    seen = content_hash(composed(clinic, stage))
    assert verify_signature(composed(clinic, stage)).standing == "unsigned"
    with acting_as(nurse):
        chart_actions.sign_record(by=nurse, encounter_id=stage.id, seen_hash=seen)
        chart_actions.sign_record(by=nurse, encounter_id=stage.id, seen_hash=seen)  # a second click
        assert RecordSignature.objects.count() == 1
        session_actions.add_addendum(by=nurse, encounter_id=stage.id, text="Phoned the next day: well.")
    record = composed(clinic, stage)
    assert verify_signature(record).standing == "unchanged"
    assert record.signature is not None
    assert record.signature.content_hash == seen
    with acting_as(nurse):
        _late_reading(clinic, stage)
    verified = verify_signature(composed(clinic, stage))
    assert (verified.standing, verified.hash == seen) == ("changed", False)
    for role in ("nurse", "prescriber", "nurse"):  # each again, and a click of hers after another's is hers
        with acting_as(clinic.actor(role)) as by:
            signed = chart_actions.sign_record(by=by, encounter_id=stage.id, seen_hash=verified.hash)
        assert (signed.by_id, signed.content_hash) == (by.membership_id, verified.hash)
    assert len(composed(clinic, stage).signatures) == 3  # her second click found her second signature


def test_a_stale_hash_is_refused(clinic: Cast):
    stage = lived_through(clinic)
    nurse = clinic.actor("nurse")
    seen = content_hash(composed(clinic, stage))
    with acting_as(nurse):
        _late_reading(clinic, stage)
        with pytest.raises(Overtaken) as refused:
            chart_actions.sign_record(by=nurse, encounter_id=stage.id, seen_hash=seen)
        assert refused.value.codes == ("changed",)
        assert not RecordSignature.objects.exists()


def test_a_running_session_is_not_signed(clinic: Cast):
    adopt_everything(clinic)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        stage = set_stage(clinic)
        come(stage, timezone.now())
        record = chart_queries.session_record(SessionScope(stage.id))
        assert record.state is State.ARRIVED
        with pytest.raises(ActionRefused) as refused:
            chart_actions.sign_record(by=nurse, encounter_id=stage.id, seen_hash=content_hash(record))
        assert refused.value.codes == ("running",)


def test_an_addendum_only_after_a_signature(clinic: Cast):
    stage = lived_through(clinic)
    nurse = clinic.actor("nurse")
    with acting_as(nurse), pytest.raises(ActionRefused) as refused:
        session_actions.add_addendum(by=nurse, encounter_id=stage.id, text="Too early")
    assert refused.value.codes == ("unsigned",)


def test_an_addendum_pressed_twice_is_one(clinic: Cast):
    stage, now = lived_through(clinic), timezone.now()
    nurse = clinic.actor("nurse")
    add = {"encounter_id": stage.id, "text": "Phoned the next day: well."}
    with acting_as(nurse):
        chart_actions.sign_record(by=nurse, encounter_id=stage.id, seen_hash=content_hash(composed(clinic, stage)))
        first = session_actions.add_addendum(by=nurse, **add, now=now)
        assert session_actions.add_addendum(by=nurse, **add, now=now + timedelta(seconds=119)).pk == first.pk
        later = session_actions.add_addendum(by=nurse, **add, now=now + timedelta(seconds=120))
        other = session_actions.add_addendum(by=clinic.actor("prescriber"), **add, now=now + timedelta(seconds=121))
        assert len({first.pk, later.pk, other.pk}) == 3


def test_reading_is_audited(clinic: Cast):
    stage = lived_through(clinic)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        chart_actions.open_record(by=nurse, record=chart_queries.session_record(SessionScope(stage.id)), form="pdf")
        row = AuditEvent.objects.filter(action="record.opened").latest("id")
    assert (row.patient_id, row.entity_id, row.detail["form"]) == (stage.patient.pk, stage.id, "pdf")


def test_corrected_and_doubted_values_both_remain(clinic: Cast):
    stage = lived_through(clinic)
    with acting_as(clinic.actor("nurse")):
        _late_reading(clinic, stage)
        newest = Observation.objects.filter(encounter_id=stage.id).latest("id")
    record = composed(clinic, stage)
    assert [each.id for each in record.readings if each.superseded] == [newest.supersedes_id]
    assert date(1984, 3, 2) == record.patient.birth_date


def test_the_demos_past_is_signed_as_it_is_stored(clinic: Cast):
    """All but the newest two days; a second run signs nothing anew."""
    from sojourn.config.demo import records
    from sojourn.config.demo.cast import Cast as DemoCast
    from sojourn.foundation.accounts.queries import system_actor

    stage = lived_through(clinic)
    with acting_as(clinic.actor("nurse")):
        today = set_stage(clinic, number=2)
        come(today, timezone.now())
    cast = DemoCast(clinic.clinic, {"prescriber": [clinic.members["prescriber"]]}, [])
    with acting_as(system_actor(clinic.clinic.pk)):
        assert records.sign_past(cast) == 1
        assert records.sign_past(cast) == 0
        assert RecordSignature.objects.get().encounter_id == stage.id
    assert verify_signature(composed(clinic, stage)).standing == "unchanged"
