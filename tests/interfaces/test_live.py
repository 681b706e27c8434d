"""Streams over a real server: what a browser hears, how soon, and what it never hears."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection as django_connection
from django.db import transaction

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.alarms import store as alarm_store
from sojourn.care.encounter import announcing
from sojourn.care.session import actions as session_actions
from sojourn.care.session.live import cursor_of, cursor_text
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from sojourn.interfaces.live.hub import LOOK_S, Chunk, Hub, Reader, Room, Watcher
from tests.care.ending import end_session
from tests.interfaces.web import Chair, Web, beat_of_the_watch, cookie_of, open_clinic, seat, stream

# Real commits, seen by another process: pytest-django's transaction is not used here.


@pytest.fixture
def web(web_process: Web) -> Web:
    return web_process.running()


@pytest.fixture(autouse=True)
def _committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def chair() -> Chair:
    return seat(open_clinic("live"))


def one(event: Any, encounter_id: int) -> dict[str, Any]:
    sessions = event.data["sessions"] if event.kind == "snapshot" else event.data
    return next(each for each in sessions if each["id"] == encounter_id)


def with_reading(encounter_id: int, code: str, value: float) -> Any:
    return lambda event: any(
        each["id"] == encounter_id and each["signals"].get(code, [None])[0] == value for each in event.data
    )


def test_the_board_begins_with_everything_and_hears_of_a_change_within_half_a_second(web: Web, chair: Chair) -> None:
    chair.send(hr=81, spo2=97)
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        assert board.status == 200
        assert board.headers["content-type"] == "text/event-stream"
        assert board.headers["cache-control"] == "no-store"
        session = one(board.next("snapshot"), chair.id)
        assert session["state"] == "dosing"
        assert session["monitors"] == 1
        assert session["signals"]["hr"][0] == 81
        assert [point[2] for point in session["trend"] if point[1] == "spo2"] == [98, 97]  # the check, the monitor
        assert session["called"] is None
        board.next("beat")
        took = []
        for value in range(82, 92):
            sent = time.monotonic()
            chair.send(hr=value)
            event = board.next("sessions", where=with_reading(chair.id, "hr", value))
            took.append(event.at - sent)
            assert [point[2] for point in one(event, chair.id)["trend"]] == [value]
        # One in ten may wait for a busy machine.
        assert sorted(took)[-2] < 0.5, took


def test_it_beats_every_second_with_the_age_of_the_watch(web: Web, chair: Chair) -> None:
    beat_of_the_watch(datetime.now(UTC) - timedelta(seconds=42))
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        first, second = board.next("beat"), board.next("beat")
    assert 0.5 < second.at - first.at < 2
    assert 42 <= second.data["watch_age_s"] < 50
    said = datetime.fromisoformat(second.data["now"])
    assert abs((datetime.now(UTC) - said).total_seconds()) < 5


def test_coming_back_brings_only_what_was_missed(web: Web, chair: Chair) -> None:
    cookie = cookie_of(chair.cast, "nurse")
    with stream(web, "/live/board", cookie) as board:
        board.next("snapshot")
        chair.send(hr=70)
        board.next("sessions", where=with_reading(chair.id, "hr", 70))
        last_id = board.last_id
    missed = [71, 72, 73, 74]
    for value in missed:
        chair.send(hr=value)
    chair.send(at=datetime.now(UTC) - timedelta(seconds=50), nibp_sys=131, nibp_dia=79)  # late, and still not lost
    with stream(web, "/live/board", cookie, last_id) as board:
        event = board.next("snapshot")
        assert event.data["resumed"] is True
        trend = one(event, chair.id)["trend"]
        assert [point[2] for point in trend if point[1] == "hr"] == missed
        assert [point[2] for point in trend if point[1] == "nibp_sys"] == [131]
        assert len(trend) == len(missed) + 2
        again = board.last_id
        chair.send(hr=75)
        live = board.next("sessions", where=with_reading(chair.id, "hr", 75))
        assert [point[2] for point in one(live, chair.id)["trend"]] == [75]
    with stream(web, f"/live/board?after={again}", cookie) as board:
        assert [point[2] for point in one(board.next("snapshot"), chair.id)["trend"]] == [75]


@pytest.mark.parametrize("last_id", ["nonsense", "0", "5.x", "-1", "1.2.3", "9" * 400])
def test_a_last_event_id_that_says_nothing_brings_everything(web: Web, chair: Chair, last_id: str) -> None:
    chair.send(hr=66)
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse"), last_id) as board:
        event = board.next("snapshot")
    assert event.data["resumed"] is False
    assert 66 in [point[2] for point in one(event, chair.id)["trend"]]


def test_readings_that_come_out_of_order_are_told_live(web: Web, chair: Chair) -> None:
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        board.next("snapshot")
        chair.send(hr=90)
        board.next("sessions", where=with_reading(chair.id, "hr", 90))
        late = datetime.now(UTC) - timedelta(seconds=100)  # further from its own message it could not be used
        chair.send(at=late, hr=64)
        event = board.next("sessions", where=lambda event: one(event, chair.id)["trend"] != [])
    session = one(event, chair.id)
    assert session["signals"]["hr"][0] == 90  # the figure stays the newest
    (point,) = session["trend"]
    assert point[1:3] == ["hr", 64]
    assert point[3] == pytest.approx(late.timestamp(), abs=0.01)


def test_alarms_acknowledgements_steps_and_calls_are_told(web: Web, chair: Chair) -> None:
    nurse = chair.cast.actor("nurse")
    with stream(web, "/live/board", cookie_of(chair.cast, "prescriber")) as board:
        board.next("snapshot")
        chair.send(spo2=88)  # below 90: stop (facts/vitals_thresholds.json, iv_racemic_defaults.spo2)
        event = board.next("sessions", where=lambda event: bool(one(event, chair.id)["alarms"]))
        (alarm,) = one(event, chair.id)["alarms"]
        assert (alarm["rule"], alarm["priority"], alarm["phase"], alarm["value"]) == ("spo2.low", "high", "raised", 88)
        with acting_as(nurse):
            alarms_actions.acknowledge(by=nurse, encounter_id=chair.id, rule_id="spo2.low", code="spo2")
        event = board.next("sessions")
        (alarm,) = one(event, chair.id)["alarms"]
        assert (alarm["phase"], alarm["by"]) == ("acknowledged", nurse.name)
        with acting_as(nurse):
            session_actions.note_event(by=nurse, encounter_id=chair.id, kind="patient_calls")
        # Written without an announcement: found by the look that happens every few seconds.
        event = board.next("sessions", timeout=15)
        assert one(event, chair.id)["called"] is not None
        with acting_as(nurse):
            session_actions.note_event(by=nurse, encounter_id=chair.id, kind="call_answered")
            announcing.announce(chair.stage.encounter)
        assert one(board.next("sessions"), chair.id)["called"] is None
        with acting_as(nurse):
            chair.stage.step("end_dose")
        event = board.next("sessions")
        assert one(event, chair.id)["state"] == "observing"


def test_an_alarm_that_went_unseen_stays_until_somebody_has_seen_it(web: Web, chair: Chair) -> None:
    chair.send(spo2=88)
    chair.send(spo2=97)
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        (alarm,) = one(board.next("snapshot"), chair.id)["alarms"]
    assert alarm["phase"] == "recovered"


def test_the_next_check_is_the_schedules(web: Web) -> None:
    # iv_racemic_40min: checks at 0, 10, 20 ... minutes (fact base, monitoring_schedule).
    began = datetime.now(UTC) - timedelta(minutes=12)
    chair = seat(open_clinic("due"), at=began)
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        at, minute = one(board.next("snapshot"), chair.id)["due"]
        assert minute == 10
        assert at == pytest.approx((began + timedelta(minutes=10)).timestamp(), abs=1)
        chair.send(nibp_sys=128, nibp_dia=80)
        event = board.next("sessions", where=with_reading(chair.id, "nibp_sys", 128))
        assert one(event, chair.id)["due"][1] == 20


def test_a_session_that_begins_and_one_that_ends_are_told(web: Web, chair: Chair) -> None:
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        assert len(board.next("snapshot").data["sessions"]) == 1
        second = seat(chair.cast, 2, dosing=False)
        event = board.next("sessions", where=lambda event: any(each["id"] == second.id for each in event.data))
        assert one(event, second.id)["state"] == "arrived"
        by = chair.cast.actor("nurse")
        with acting_as(by):
            second.stage.step("stop_early", reason="went home")
            second.stage.step("leave_without_dose")
        event = board.next(
            "sessions",
            where=lambda event: any(each["id"] == second.id and each["state"] == "left" for each in event.data),
        )
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        assert [each["id"] for each in board.next("snapshot").data["sessions"]] == [chair.id]


def test_what_comes_while_a_stream_opens_is_told_whole(chair: Chair) -> None:
    """And not only the lowest and the highest of it: the stream's own beginning may have held those already."""

    async def met() -> list[Any]:
        reader = Reader()
        async with reader.asking(chair.cast.clinic.pk) as cursor:
            found = await Hub._meet(cursor, Room(), [chair.id], datetime.now(UTC))
        await reader.close()
        _known, points = found[chair.id]
        return [point[2] for point in points if point[1] == "hr"]

    values = [110, 60, 75, 74]
    for value in values:
        chair.send(hr=value)
    assert asyncio.run(met())[-len(values) :] == values


def test_one_session_alone(web: Web, chair: Chair) -> None:
    other = seat(chair.cast, 2)
    with stream(web, f"/live/session/{chair.id}", cookie_of(chair.cast, "nurse")) as page:
        assert [each["id"] for each in page.next("snapshot").data["sessions"]] == [chair.id]
        other.send(hr=120)
        chair.send(hr=77)
        event = page.next("sessions", where=with_reading(chair.id, "hr", 77))
        assert [each["id"] for each in event.data] == [chair.id]


def test_who_may_listen(web: Web, chair: Chair) -> None:
    other = seat(open_clinic("elsewhere"))
    with stream(web, "/live/board") as answer:
        assert answer.status == 401
    with stream(web, "/live/board", "a" * 32) as answer:
        assert answer.status == 401
    for role in ("front_desk", "clinic_admin", "auditor"):
        with stream(web, "/live/board", cookie_of(chair.cast, role)) as answer:
            assert answer.status == 403
        with stream(web, f"/live/session/{chair.id}", cookie_of(chair.cast, role)) as answer:
            assert answer.status == 403
    for role in ("prescriber", "nurse", "therapist"):
        with stream(web, "/live/board", cookie_of(chair.cast, role)) as answer:
            assert answer.status == 200
    for encounter_id in (other.id, 999999999999999999):
        with stream(web, f"/live/session/{encounter_id}", cookie_of(chair.cast, "nurse")) as answer:
            assert answer.status == 404
    for path in ("/live/", "/live/session/", "/live/session/1/2", "/live/session/٣"):
        with stream(web, path.encode().decode("latin-1"), cookie_of(chair.cast, "nurse")) as answer:
            assert answer.status in {400, 404}


def test_staff_without_a_second_factor_and_idle_sessions_are_strangers(web: Web, chair: Chair) -> None:
    cookie = cookie_of(chair.cast, "nurse")
    for change in ({"second_factor": False}, {"seen": int(time.time()) - 3 * 3600, "idle_s": 1800}):
        session = SessionStore(cookie)
        session.update({"second_factor": True, "seen": int(time.time()), **change})
        session.save()
        with stream(web, "/live/board", cookie) as answer:
            assert answer.status == 401


def test_nothing_of_another_clinic_is_ever_heard(web: Web, chair: Chair) -> None:
    other = seat(open_clinic("elsewhere"))
    heard: list[Any] = []
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        heard += board.next("snapshot").data["sessions"]
        for value in range(5):
            other.send(hr=140 + value, spo2=80)
            chair.send(hr=60 + value)
            heard += board.next("sessions", where=with_reading(chair.id, "hr", 60 + value)).data
        # Another clinic's ids in the cursor open nothing.
        last_id = f"{board.last_id}-{other.id}.0"
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse"), last_id) as board:
        heard += board.next("snapshot").data["sessions"]
    assert {each["id"] for each in heard} == {chair.id}
    values = {point[2] for each in heard for point in each["trend"]}
    assert 64 in values
    assert not values & {80, *range(140, 145)}


def test_it_goes_on_when_its_connections_are_cut(web: Web, chair: Chair) -> None:
    with stream(web, "/live/board", cookie_of(chair.cast, "nurse")) as board:
        board.next("snapshot")
        board.next("beat")
        with psycopg.connect(database("admin").conninfo(), autocommit=True) as admin:
            cut, deadline = 0, time.monotonic() + 10
            while cut < 3 and time.monotonic() < deadline:  # the listener and the two readers, however late they came
                (found,) = admin.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE application_name = 'sojourn live' AND datname = current_database()"
                ).fetchone() or (0,)
                cut += found
        assert cut >= 3
        chair.send(hr=58)  # said while nobody listened
        event = board.next("sessions", timeout=20, where=with_reading(chair.id, "hr", 58))
        assert 58 in [point[2] for point in one(event, chair.id)["trend"]]
        took = []
        for value in range(59, 69):  # until the listener is back; without it a change waits for the look at everything
            sent = time.monotonic()
            chair.send(hr=value)
            event = board.next("sessions", timeout=LOOK_S + 5, where=with_reading(chair.id, "hr", value))
            took.append(event.at - sent)
            if took[-1] < 1:
                break
        assert took[-1] < 1, took
        board.next("beat")


@pytest.mark.parametrize("what", ["end_session", "set_baseline"])
def test_a_batch_and_a_person_never_wait_for_each_other(chair: Chair, django_db_blocker: Any, what: str) -> None:
    """Who writes a session's signals holds the ledger's lock first: here a batch has it, and a person comes after."""
    chair.send(hr=70, spo2=97)
    nurse, failed = chair.cast.actor("nurse"), list[BaseException]()

    def person() -> None:
        try:
            with django_db_blocker.unblock(), acting_as(nurse), transaction.atomic():
                if what == "end_session":
                    end_session(encounter=chair.stage.encounter, now=datetime.now(UTC), by=nurse)
                else:
                    alarms_actions.set_baseline(encounter=chair.stage.encounter)
        except BaseException as error:
            failed.append(error)
        finally:
            django_connection.close()

    thread = threading.Thread(target=person)
    with psycopg.connect(database("signals").conninfo()) as batch, batch.cursor() as cursor:
        alarm_store.lock(cursor, [chair.id])
        thread.start()
        waiting, deadline = 0, time.monotonic() + 10
        while not waiting and time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted",
                           (chair.id,))  # fmt: skip
            (waiting,) = cursor.fetchone() or (0,)
        assert waiting == 1
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute("UPDATE alarms_currentvital SET value = value WHERE encounter_id = %s", (chair.id,))
        batch.commit()
    thread.join(10)
    assert not failed


def test_health(web: Web) -> None:
    def ask() -> tuple[int, dict[str, Any]]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=5)) as connection:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    beat_of_the_watch()
    status, found = ask()
    assert status == 200
    assert (found["status"], found["database"]) == ("ok", "up")
    assert {"watch_heartbeat_age_s", "devices_heartbeat_age_s", "jobs_heartbeat_age_s", "version"} <= set(found)
    assert 0 <= found["watch_heartbeat_age_s"] < 5
    beat_of_the_watch(datetime.now(UTC) - timedelta(minutes=2))
    status, found = ask()
    assert status == 503
    assert (found["status"], found["database"]) == ("down", "up")
    assert found["watch_heartbeat_age_s"] > 100


def test_a_watcher_that_takes_nothing_is_let_go_and_nothing_is_kept_for_it() -> None:
    watcher = Watcher(clinic_id=1)
    for number in range(10_000):
        watcher.tell(7, "{}", Chunk([[number, "hr", 70, 0.0]], number, number, f'[{number},"hr",70,0.0]'))
    assert watcher.gone
    assert watcher.wake.is_set()
    assert not watcher.readings
    assert watcher.take() == ""


def test_the_cursor_survives_the_way_there_and_back() -> None:
    seen = {4: 17, 12345: 9_999_999_999}
    assert cursor_of(cursor_text(seen)) == seen
    assert cursor_of("") == {}


def test_only_get(web: Web, chair: Chair) -> None:
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie_of(chair.cast, 'nurse')}"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", web.port, timeout=5)) as connection:
        connection.request("POST", "/live/board", headers=cookie)
        assert connection.getresponse().status == 405
