"""What a monitor would have sent, through the real door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from sojourn.care.alarms import judging
from sojourn.care.alarms import store as alarm_store
from sojourn.care.alarms.models import CurrentVital
from sojourn.care.encounter.models import Encounter
from sojourn.care.vitals import ingest
from sojourn.clinical.alarms import Event, Happening
from sojourn.config.demo.cast import Cast
from sojourn.config.processes.virtual_monitor.signs import BASELINE_S, readings
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.scope import SessionScope


def monitor_readings(
    session: alarm_store.Session, dose_at: datetime, until: datetime, episode: str, seed: int, every_s: int,
    device_id: int | None,
) -> Iterator[judging.NewReading]:  # fmt: skip
    """What a monitor would have sent from five minutes before the dose: rates, saturation, and each cuff once."""
    t, cuff_t = 0.0, -1.0
    begins = dose_at - timedelta(seconds=BASELINE_S)
    while begins + timedelta(seconds=t) <= until:
        sample = readings(episode, seed, t)
        at = begins + timedelta(seconds=t)
        for code, value, unit in (("hr", sample.hr, "/min"), ("spo2", sample.spo2, "%"), ("rr", sample.rr, "/min")):
            if value is not None:
                yield judging.NewReading(session, code, value, unit, at, at, at, judging.MONITOR, device_id)
        if sample.cuff is not None and sample.cuff.t > cuff_t:
            cuff_t = sample.cuff.t
            cuff_at = begins + timedelta(seconds=cuff_t)
            for code, value in (
                ("nibp_sys", sample.cuff.sys),
                ("nibp_dia", sample.cuff.dia),
                ("nibp_map", sample.cuff.map),
            ):
                yield judging.NewReading(
                    session, code, value, "mm[Hg]", cuff_at, cuff_at, cuff_at, judging.MONITOR, device_id
                )
        t += every_s


def vitals(
    cast: Cast, encounter: Encounter, dose_at: datetime, until: datetime, episode: str, seed: int, every_s: int,
    nurse: Membership,
) -> None:  # fmt: skip
    """Readings through the real door, judged by the clinic's rules; what rose was acknowledged and recovered."""
    session = alarm_store.Session(cast.clinic.pk, encounter.pk, encounter.patient_id, encounter.protocol_id)
    device_id = cast.device.pk if cast.device else None
    all_readings = list(monitor_readings(session, dose_at, until, episode, seed, every_s, device_id))
    before = [one for one in all_readings if one.effective_at < dose_at]
    after = [one for one in all_readings if one.effective_at >= dose_at]
    with transaction.atomic(), connection.cursor() as wrapped:
        cursor = wrapped.cursor
        ingest.record_batch(cursor, before, dose_at)
        # The second lot comes at once, hours after the first: nobody was silent in between.
        SessionScope(encounter.pk).rows(CurrentVital).update(baseline=F("value"), silent_after=None)
        outcome = ingest.record_batch(cursor, after, until)
        seen = [
            (
                s,
                rule,
                Happening(
                    Event.ACKNOWLEDGED, happening.at + timedelta(seconds=35), happening.priority, happening.reason
                ),
            )
            for s, rule, happening in outcome.happenings
            if happening.event is Event.RAISED
        ]
        alarm_store.insert_events(cursor, seen, by_id=nurse.pk)
    cast.watched.append(encounter)
