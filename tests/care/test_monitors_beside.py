"""What is done about one monitor of one patient, beside another monitor of theirs, another patient's, and what is over.

Two have arrived. The first wears two monitors, one of which was on the second before; a third was on the first and was
taken off; the second wears a fourth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.alarms import judging, store
from sojourn.care.alarms.models import AlarmEvent, AlarmState, CurrentVital
from sojourn.care.session import strike_actions
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import (
    claiming_actions,
    faults,
    known,
    posted_wrong_actions,
    reading,
    strangers,
    watch,
)
from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.arriving import Arrival, Value
from sojourn.care.vitals.messages import take_messages
from sojourn.care.vitals.models import (
    Device,
    DeviceAssociation,
    HeldReading,
    InboundMessage,
    ListenerPort,
    NotUsed,
    Observation,
    PatientConfirmed,
    PostedWrong,
    Stranger,
    StrangerMessage,
)
from sojourn.care.vitals.withdrawing import TakenBack
from sojourn.clinical.alarms import MONITOR_SIGNAL
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, set_stage
from tests.conftest import Cast

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
EARLIER, LONG_AGO = NOW - timedelta(hours=1), NOW - timedelta(days=8)
SILENT, LOW, WRONG = "silence.continuous", "spo2.low", "monitor.posted_wrong"


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def device(cast: Cast, name: str, **more: Any) -> Device:
    return Device.objects.create(
        **{"clinic": cast.clinic, "name": name, "key": f"serial:{name}", "added_at": EARLIER} | more
    )


@dataclass
class Ward:
    cast: Cast
    nurse: Actor
    first: Stage
    second: Stage
    worn: Device
    beside: Device
    off: Device
    theirs: Device

    def at(self, stage: Stage) -> dict[str, Any]:
        return {"clinic": self.cast.clinic, "patient": stage.patient, "encounter": stage.encounter}

    def on(self, device: Device, stage: Stage, until: datetime | None = None) -> DeviceAssociation:
        nurse = self.cast.members["nurse"]
        ended = {"until_at": until, "until_by": nurse} if until else {}
        return DeviceAssociation.objects.create(
            **self.at(stage), device=device, from_at=EARLIER, from_by=nurse, **ended
        )

    def alarm(self, stage: Stage, rule_id: str, code: str, phase: str = "raised", **more: Any) -> None:
        AlarmState.objects.create(
            **self.at(stage), rule_id=rule_id, code=code, phase=phase, priority="medium", since_at=NOW, **more
        )

    def phases(self, stage: Stage) -> dict[tuple[str, str], str]:
        rows = AlarmState.objects.filter(encounter_id=stage.id)
        return {(each.rule_id, each.code): each.phase for each in rows}

    def send(self, device: Device, at: datetime, *withdrawn: TakenBack, status: str = "", **values: float) -> None:
        units = {"spo2": "%", "temp": "Cel"}
        found = tuple(Value(code, value, units.get(code, "/min"), at, status) for code, value in values.items())
        raw = uuid4().bytes
        arrival = Arrival(raw, raw, at, "10.0.0.4:1", (device.key,), sent_at=at, values=found, withdrawn=withdrawn)
        with connection.cursor() as cursor:
            take_messages(cursor.cursor, [arrival], at)

    def observed(self, stage: Stage, device: Device | None, value: float, at: datetime, **more: Any) -> Observation:
        return Observation.objects.create(
            **self.at(stage), device_id=device and device.pk, code="spo2", value=value, unit="%", effective_at=at,
            measured_at=at, received_at=at, method="monitor", **more,
        )  # fmt: skip

    def current(self, stage: Stage, code: str) -> CurrentVital | None:
        return CurrentVital.objects.filter(encounter_id=stage.id, code=code).first()


@pytest.fixture
def ward(clinic: Cast) -> Iterator[Ward]:
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")) as nurse:
        first, second = (set_stage(clinic, at=NOW, number=number) for number in (1, 2))
        arrive(first, NOW)
        arrive(second, NOW)
        worn, beside, off, theirs = (device(clinic, name) for name in ("worn", "beside", "off", "theirs"))
        ward = Ward(clinic, nurse, first, second, worn, beside, off, theirs)
        ward.on(worn, second, until=NOW)
        ward.on(off, first, until=NOW)
        for monitor, stage in ((worn, first), (beside, first), (theirs, second)):
            ward.on(monitor, stage)
        yield ward


def refused(asked: Any, **arguments: Any) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as caught:
        asked(**arguments)
    return caught.value.codes


def test_a_number_is_confirmed_of_one_monitor_in_one_session(ward: Ward):
    first, second, worn, beside = ward.first, ward.second, ward.worn, ward.beside
    for message, (device, stage, number) in enumerate(
        [(worn, first, "77"), (worn, first, "78"), (beside, first, "78"), (beside, first, "79"), (worn, second, "78")],
        start=10**12,
    ):
        HeldReading.objects.create(
            **ward.at(stage), device=device, message_id=message, identifier=number, code="spo2", value=float(number),
            unit="%", effective_at=NOW, received_at=NOW,
        )  # fmt: skip
    for device, stage, number in ((worn, first, "77"), (beside, first, "78"), (worn, second, "78")):
        PatientConfirmed.objects.create(
            **ward.at(stage), device=device, identifier=number, at=NOW, by=ward.cast.members["nurse"]
        )
    Device.objects.filter(pk__in=(worn.pk, beside.pk)).update(faults="patient:1")
    assert vitals_queries.held(SessionScope(first.id)) == [(worn, 1), (beside, 1)]
    for device in (ward.theirs, ward.off):
        asked = {"by": ward.nurse, "device_id": device.pk, "encounter_id": first.id}
        assert refused(claiming_actions.confirm_patient, **asked) == ("not-on",)
    confirmed = claiming_actions.confirm_patient(
        by=ward.nurse, device_id=worn.pk, encounter_id=first.id, now=after(1)
    )  # fmt: skip
    assert confirmed == 1
    charted = Observation.objects.filter(device_id__in=(worn.pk, beside.pk))
    assert [(each.encounter_id, each.device_id, each.value) for each in charted] == [(first.id, worn.pk, 78)]
    assert vitals_queries.held(SessionScope(first.id)) == [(worn, 0), (beside, 1)]
    assert [Device.objects.get(pk=each.pk).faults for each in (worn, beside)] == ["", "patient:1"]


def test_what_is_taken_off_leaves_the_other_monitor_and_the_other_patient(ward: Ward):
    first, second, worn = ward.first, ward.second, ward.worn
    spare, retired = device(ward.cast, "spare"), device(ward.cast, "retired", retired_at=NOW)
    ours = {ward.worn, ward.beside, ward.off, ward.theirs, spare, retired}
    assert ours & set(vitals_queries.free_monitors()) == {ward.off, spare}
    asked = {"by": ward.nurse, "device_id": retired.pk}
    with pytest.raises(ObjectDoesNotExist):
        vitals_actions.put_on(**asked, encounter_id=first.id, now=after(1))
    with pytest.raises(ObjectDoesNotExist):
        claiming_actions.confirm_line(**asked, host="10.0.0.4")
    with pytest.raises(ObjectDoesNotExist):
        claiming_actions.rekey(**asked, stranger_id=0)
    for stage in (first, second):
        for code in ("spo2", "hr"):
            CurrentVital.objects.create(
                **ward.at(stage), code=code, value=97, unit="%", effective_at=NOW, received_at=NOW, silent_after=NOW
            )
            ward.alarm(stage, SILENT, code)
        ward.alarm(stage, LOW, "spo2")
    Device.objects.update(faults="times:1")

    alarms_actions.acknowledge(by=ward.nurse, encounter_id=first.id, rule_id=SILENT, code="spo2", now=after(1))
    assert ward.phases(first) == {
        (SILENT, "spo2"): "acknowledged", (SILENT, "hr"): "raised", (LOW, "spo2"): "raised",
    }  # fmt: skip

    assert list(vitals_actions._session_of(ward.nurse, {"device_id": worn.pk})) == [first.encounter]
    vitals_actions.take_off(by=ward.nurse, device_id=worn.pk, now=after(2))
    on = DeviceAssociation.objects.filter(device=worn).order_by("pk").values_list("encounter_id", "until_at")
    assert list(on) == [(second.id, NOW), (first.id, after(2))]
    assert ward.current(first, "spo2").silent_after == NOW  # its other monitor is still to be heard
    assert [Device.objects.get(pk=each.pk).faults for each in (worn, ward.theirs)] == ["", "times:1"]
    assert ward.phases(first)[SILENT, "hr"] == "raised"

    vitals_actions.take_off(by=ward.nurse, device_id=ward.beside.pk, now=after(3))
    assert ward.phases(first) == {(SILENT, "spo2"): "quiet", (SILENT, "hr"): "quiet", (LOW, "spo2"): "raised"}
    assert set(ward.phases(second).values()) == {"raised"}
    assert [ward.current(stage, "hr").silent_after for stage in (first, second)] == [None, NOW]


def test_whose_a_value_was_is_answered_of_what_the_page_showed(ward: Ward):
    first, second, worn = ward.first, ward.second, ward.worn

    def asked(device: Device, stage: Stage, **more: Any) -> PostedWrong:
        return PostedWrong.objects.create(
            **ward.at(stage), device=device, observation_id=0, code="spo2", value=97, measured_at=NOW, asked_at=NOW,
            **more,
        )  # fmt: skip

    def answer(device: Device, upto: int, by: Actor = ward.nurse) -> int:
        return posted_wrong_actions.answer_whose(
            by=by, encounter_id=first.id, device_id=device.pk, answer="other-patient", upto=upto, now=after(1)
        )

    answered = {"answer": "this-patient", "answered_at": NOW, "answered_by": ward.cast.members["nurse"]}
    before, shown = asked(worn, first, **answered), asked(worn, first)
    other, theirs = asked(ward.beside, first), asked(worn, second)
    last, newer = asked(worn, first), asked(worn, first)
    for stage in (first, second):
        ward.alarm(stage, WRONG, MONITOR_SIGNAL)
        ward.alarm(stage, LOW, "spo2")
    assert answer(worn, last.pk) == 2
    said = dict(PostedWrong.objects.filter(device__in=(worn, ward.beside)).values_list("pk", "answer"))
    assert said == {
        before.pk: "this-patient", shown.pk: "other-patient", other.pk: "", theirs.pk: "", last.pk: "other-patient",
        newer.pk: "",
    }  # fmt: skip
    assert answer(worn, newer.pk) == 1
    assert ward.phases(first)[WRONG, MONITOR_SIGNAL] == "raised"  # the other monitor's question still waits
    assert answer(ward.beside, other.pk) == 1
    assert ward.phases(first) == {(WRONG, MONITOR_SIGNAL): "recovered", (LOW, "spo2"): "raised"}
    assert set(ward.phases(second).values()) == {"raised"}
    seen = AlarmEvent.objects.filter(encounter_id=first.id, kind="acknowledged")
    assert [(each.rule_id, each.by_id) for each in seen] == [(WRONG, ward.nurse.membership_id)]

    # who may not answer alarms answers the question all the same, and has not seen the alarm; nor is it seen twice
    for phase, by in (
        ("raised", replace(ward.nurse, permissions=ward.nurse.permissions - {"session.alarm"})),
        ("acknowledged", ward.nurse),
    ):
        AlarmState.objects.filter(encounter_id=first.id, rule_id=WRONG).update(phase=phase)
        assert answer(worn, asked(worn, first).pk, by) == 1
        assert seen.all().count() == 1


def test_what_is_struck_or_withdrawn_moves_the_own_value_only(ward: Ward):
    first, second, worn = ward.first, ward.second, ward.worn
    for stage, temp in ((first, 38.1), (second, 36.6)):
        stage.vitals(after(1), temp=temp)
    typed = Observation.objects.get(encounter_id=first.id, code="temp")
    strike_actions.strike(
        by=ward.nurse, encounter_id=first.id, of="reading", row_id=typed.pk, reason="Another's", now=after(2)
    )  # fmt: skip
    assert (ward.current(first, "temp"), ward.current(second, "temp").value) == (None, 36.6)

    ward.send(ward.theirs, after(3), rr=15)
    ward.send(worn, after(3), rr=12)
    ward.send(worn, after(4), TakenBack("rr", after(3)))
    assert [ward.current(stage, "rr").doubt for stage in (first, second)] == ["no-value", ""]

    # of two monitors, and of two patients, at one moment; the second has never had the other monitor
    at = after(5)
    own, other, theirs = (
        ward.observed(stage, device, 91, at) for stage, device in ((first, worn), (first, ward.beside), (second, worn))
    )
    stray = ward.observed(second, ward.beside, 92, at)
    ward.send(ward.beside, after(6), TakenBack("spo2", at))
    struck = Observation.objects.filter(status="withdrawn", code="spo2")
    assert [each.supersedes_id for each in struck] == [other.pk]
    assert stray.pk > other.pk
    ward.send(worn, after(7), TakenBack("spo2", at, 91))
    assert {each.supersedes_id for each in struck.all()} == {own.pk, other.pk, theirs.pk}

    # a correction is of its own patient's and its own monitor's value
    at = after(8)
    mine = ward.observed(first, worn, 93, at)
    ward.observed(second, worn, 94, at)
    ward.observed(first, ward.beside, 95, at)
    ward.send(worn, at, status="C", spo2=96)
    assert Observation.objects.get(status="corrected").supersedes_id == mine.pk
    since = vitals_queries.observations(SessionScope(first.id), since=at)
    assert [each.value for each in since] == [93, 95, 96]


def test_what_is_read_of_some_sessions_and_monitors_is_theirs_alone(ward: Ward):
    first, second = ward.first.id, ward.second.id
    long = after(1000)
    for stage, deadline in ((ward.first, NOW), (ward.second, long)):
        CurrentVital.objects.create(
            **ward.at(stage), code="spo2", value=97, unit="%", effective_at=NOW, received_at=NOW, silent_after=NOW
        )
        ward.alarm(stage, LOW, "spo2", phase="pending", deadline_at=deadline)
    ward.alarm(ward.first, SILENT, "spo2", phase="pending", deadline_at=long)
    ward.on(ward.theirs, ward.first, until=NOW)
    came = [judging.NewReading(store.session_of(ward.second.encounter), "spo2", 97, "%", NOW, NOW, NOW, judging.MONITOR,
                               ward.theirs.pk)]  # fmt: skip
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        assert {each[0] for each in store.load_states(cursor, [first])} == {first}
        assert {each[0] for each in judging.load_current(cursor, [first])} == {first}
        assert set(faults._standing_faults(cursor, [first])) == {first}
        assert set(known.history(cursor, [ward.off.pk])) == {ward.off.pk}
        assert set(reading._left(cursor, came)) == {ward.theirs.pk}
        assert [each[0] for each in watch._claim_silent(cursor, [first], NOW)] == [first]
        watch._forget_deadline(cursor, first, LOW, "spo2")
    left = CurrentVital.objects.exclude(silent_after=None).values_list("encounter_id", flat=True)
    assert set(left) & {first, second} == {second}
    waiting = AlarmState.objects.exclude(deadline_at=None).values_list("encounter_id", "rule_id")
    assert set(waiting) == {(second, LOW), (first, SILENT)}


# ---------------------------------------------------------------- what belongs to no monitor of ours


OF_NOBODY = """
INSERT INTO vitals_stranger (host, name, fault, reason, keys, gateway_keys, codes, count, first_at, last_at)
SELECT %s, name, fault, '', name, '', '{}', 1, now(), now() FROM unnest(%s::text[], %s::text[]) AS n (name, fault)
RETURNING name, id
"""


@pytest.fixture
def nobodys(django_db_setup: None) -> Iterator[dict[str, tuple[str, int]]]:
    """Senders that belong to no clinic, and that every clinic sees: name and number, by what they are here. Committed,
    as the listeners do, and gone before the next test."""
    host = uuid4().hex
    kinds = {"other": f"bed:OTHER-{host}", "claimed": f"bed:CLAIMED-{host}", "known": f"bed:KNOWN-{host}",
             "broken": f"bed:BROKEN-{host}", "nameless": ""}  # fmt: skip
    faults_of = ["garbage" if kind == "broken" else "" for kind in kinds]
    with psycopg.connect(database("signals").conninfo(), autocommit=True) as signals:
        ids = dict(signals.execute(OF_NOBODY, (host, list(kinds.values()), faults_of)).fetchall())
        yield {kind: (name, ids[name]) for kind, name in kinds.items()}
        signals.execute("DELETE FROM vitals_stranger WHERE host = %s", (host,))


def test_only_who_waits_here_is_added_claimed_or_named_anew(nobodys: dict[str, tuple[str, int]], ward: Ward):
    by = ward.nurse

    def stranger(name: str, *, last_at: datetime = NOW, **more: Any) -> int:
        return Stranger.objects.create(
            clinic_id=ward.cast.clinic.pk, host="192.0.2.7", name=name, keys=name, count=1, first_at=LONG_AGO,
            last_at=last_at, **more,
        ).pk  # fmt: skip

    def message(of: int, at: datetime) -> int:
        return StrangerMessage.objects.create(
            clinic_id=ward.cast.clinic.pk, stranger_id=of, received_at=at, peer="192.0.2.7:1", digest=uuid4().bytes,
            raw=b"", ack="AE",
        ).pk  # fmt: skip

    older, own, closer = stranger("bed:OLDER/1"), stranger("bed:OWN/1"), stranger("bed:WIDE/1;room=2")
    broken, nameless, still = (
        stranger("bed:BROKEN/1", fault="garbage"),
        stranger(""),
        stranger("bed:S", last_at=LONG_AGO),
    )
    message(own, EARLIER)
    newest, others = message(own, NOW), message(older, after(1))
    seen = {each.stranger.pk: each.newest_message_id for each in vitals_queries.strangers(after(2))[0]}
    assert {each: seen.get(each, 0) for each in (older, own, closer, still)} == {
        older: others, own: newest, closer: None, still: 0,
    }  # fmt: skip

    wide = device(ward.cast, "wide", key="bed:WIDE/1")
    unheard = device(ward.cast, "unheard", key=nobodys["other"][0])
    device(ward.cast, "heard", key=nobodys["known"][0], address="192.0.2.8")
    device(ward.cast, "retired", key=nobodys["claimed"][0], retired_at=NOW)
    name, claimed = nobodys["claimed"]
    gone = [nobodys["broken"][1], nobodys["nameless"][1]]
    for each in (nobodys["other"][1], broken, nameless):
        assert refused(claiming_actions.register, by=by, stranger_id=each, name="New") == ("gone",)
        assert refused(claiming_actions.rekey, by=by, device_id=wide.pk, stranger_id=each) == ("gone",)
    for each in (own, *gone):
        assert refused(claiming_actions.claim, by=by, stranger_id=each, code="x", name="New") == ("gone",)
    known_name, known_id = nobodys["known"]
    assert refused(
        claiming_actions.claim, by=by, stranger_id=known_id, code=known_name[-4:], name="New"
    ) == ("known-key",)  # fmt: skip

    assert claiming_actions.register(by=by, stranger_id=own, name="New").key == "bed:OWN/1"
    assert claiming_actions.rekey(by=by, device_id=wide.pk, stranger_id=closer).key == "bed:WIDE/1;room=2"
    added = claiming_actions.claim(by=by, stranger_id=claimed, code=name[-4:], name="New")
    assert (added.key, added.retired_at) == (name, None)
    assert Device.objects.get(pk=unheard.pk).address == ""
    theirs = Stranger.objects.filter(pk__in=[each for _name, each in nobodys.values()])
    assert {each.pk for each in theirs if each.clinic_id} == {claimed}


def test_what_a_clinic_is_told_of_its_monitors_and_ports(ward: Ward):
    common = {"clinic": ward.cast.clinic, "device": ward.worn, "kind": "unmapped", "count": 1, "first_at": LONG_AGO}
    NotUsed.objects.create(**common, what="now", last_at=NOW)
    NotUsed.objects.create(**common, what="long ago", last_at=LONG_AGO)
    assert [each.what for each in vitals_queries.not_used([ward.worn.pk], NOW)[ward.worn.pk]] == ["now"]
    for fault in ("", "garbage: x"):
        InboundMessage.objects.create(
            clinic_id=ward.cast.clinic.pk, received_at=NOW, peer="192.0.2.7:1", digest=uuid4().bytes, raw=b"", ack="AE",
            fault=fault,
        )  # fmt: skip
    assert {each.fault for each in vitals_queries.message_faults()} == {"garbage: x"}

    admin = ward.cast.actor("clinic_admin")
    with acting_as(admin):
        kept, dropped = (30_000 + 2 * (ward.cast.clinic.pk % 10_000) + each for each in (0, 1))
        for port in (kept, dropped):
            ListenerPort.objects.create(clinic=ward.cast.clinic, port=port, added_at=NOW)
        vitals_actions.drop_port(by=admin, port=dropped)
        assert refused(vitals_actions.drop_port, by=admin, port=dropped) == ("not-ours",)
        with connection.cursor() as cursor:
            cursor.execute("SELECT port, xmax::text FROM vitals_listenerport")
            assert cursor.fetchall() == [(kept, "0")]  # nor was it held meanwhile


def test_of_one_sender_the_newest_messages_are_kept_whatever_others_send(db: None):
    """The listeners' own connection, which may delete; nothing of it stays."""

    def sent(name: str, at: datetime) -> strangers.Sent:
        return strangers.Sent(
            None, "192.0.2.7", "192.0.2.7:1", name, "", "", (name,), (), {}, at, uuid4().bytes, b"x", "AE", ""
        )  # fmt: skip

    quiet, loud = (f"bed:{uuid4().hex}" for _ in range(2))
    with psycopg.connect(database("signals").conninfo()) as signals, signals.cursor() as cursor:
        strangers.keep(cursor, [sent(quiet, NOW)])
        for second in range(strangers.KEPT_EACH + 2):
            strangers.keep(cursor, [sent(loud, after(10 + second))])
        strangers.keep(cursor, [sent(quiet, after(1))])
        rows = cursor.execute(
            "SELECT s.name, count(*), min(m.received_at) FROM vitals_strangermessage m JOIN vitals_stranger s"
            " ON s.id = m.stranger_id WHERE s.name = ANY(%s) GROUP BY s.name",
            ([quiet, loud],),
        ).fetchall()
        signals.rollback()
    assert {name: (count, oldest) for name, count, oldest in rows} == {
        quiet: (2, NOW), loud: (strangers.KEPT_EACH, after(12)),
    }  # fmt: skip
