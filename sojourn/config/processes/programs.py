"""The processes beside the web: ``python -m sojourn.config.processes NAME``."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import psycopg

from sojourn.config.environment import database, environment

log = logging.getLogger("sojourn")

WATCH_EVERY_S = 1.0
FORGET_EVERY_S = 60.0
FLAGS_EVERY_S = 2.0
TELL_AGAIN_EVERY_S = 30.0
T = TypeVar("T")


def devices(name: str) -> None:
    """Listen to monitors (HL7 v2 over MLLP), beside others of its kind: the system deals the connections out."""
    from sojourn.interfaces.devices.listener import Listener, serve
    from sojourn.interfaces.devices.store import PostgresStore

    env = environment()
    gc.freeze()  # what is loaded by now stays; a batch makes thousands of short-lived objects and no rings
    gc.set_threshold(50_000, 20, 20)
    store = PostgresStore(database("signals").conninfo())

    async def run() -> None:
        stop = _stop_event()
        ports = await asyncio.to_thread(_until_the_database_answers, partial(store.load_ports, env.mllp_port))
        counted: dict[str, object] = {}

        def ready(port: int, listener: Listener) -> None:
            counted["counters"] = listener.counters

        beating = asyncio.create_task(_beat(name, stop, counted))
        await serve(store, env.mllp_host, ports, store.zone_for, stop, ready=ready)
        await beating

    asyncio.run(run())
    store.close()


class _Every:
    """Whether it is time again, by the clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.next_at = seconds, time.monotonic()

    def is_due(self) -> bool:
        if time.monotonic() < self.next_at:
            return False
        self.next_at = time.monotonic() + self.seconds
        return True


def watch() -> None:
    """Notice what time alone does: silence, and alarms, calls and flags that nobody answers. Stamps the heartbeat of
    the pages."""
    from sojourn.foundation.heartbeat.actions import stamp_heartbeat

    stopping = _stop_flag()
    sweep = _sweeper()
    connection: psycopg.Connection[tuple[object, ...]] | None = None
    while not stopping():
        began = time.monotonic()
        try:
            if connection is None:
                connection = psycopg.connect(database("signals").conninfo(), autocommit=True, connect_timeout=5)
            now = datetime.now(UTC)
            sweep(connection, now)
            with connection.cursor() as cursor:
                stamp_heartbeat(cursor, "watch", now)
        except psycopg.Error:
            log.exception("watch lost the database; trying again")
            if connection is not None:
                connection.close()
                connection = None
        time.sleep(max(0.05, WATCH_EVERY_S - (time.monotonic() - began)))


def _sweeper() -> Callable[[psycopg.Connection[tuple[object, ...]], datetime], None]:
    """What the watch does each time: alarms in one transaction, calls and flags in another; neither waits for the
    other."""
    from sojourn.care.safety.watch import sweep_flags, tell_again
    from sojourn.care.session.call_watch import sweep_calls
    from sojourn.care.vitals.watch import forget_strangers, sweep_deadlines

    forget, flags, again = _Every(FORGET_EVERY_S), _Every(FLAGS_EVERY_S), _Every(TELL_AGAIN_EVERY_S)

    def sweep(connection: psycopg.Connection[tuple[object, ...]], now: datetime) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            sweep_deadlines(cursor, now)
            if forget.is_due():
                forget_strangers(cursor, now)
        if flags.is_due():
            with connection.transaction(), connection.cursor() as cursor:
                sweep_calls(cursor, now)  # first: what it raises is told in the same transaction
                sweep_flags(cursor, now)
                if again.is_due():
                    tell_again(cursor, now)

    return sweep


def jobs() -> None:
    """Work off the queue: e-mails and whatever an action left for after its commit."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    assert isinstance(app.connector, DjangoConnector)

    async def run() -> None:
        stop = _stop_event()
        beating = asyncio.create_task(_beat("jobs", stop))
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    install_signal_handlers=False,
                    listen_notify=True,
                    fetch_job_polling_interval=5,
                    delete_jobs="successful",  # a letter holds a link that lets somebody in
                )
            )
            await asyncio.wait({worker, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            if worker.done():
                worker.result()
            worker.cancel()
        stop.set()
        await beating

    with app.replace_connector(app.connector.get_worker_connector()):
        asyncio.run(run())


async def _beat(name: str, stop: asyncio.Event, told: Mapping[str, object] | None = None) -> None:
    """Stamp a heartbeat every two seconds; a database that is away is not this process's end."""
    from sojourn.foundation.heartbeat.actions import stamp_heartbeat
    from sojourn.interfaces.devices.listener import Counters

    role = "signals" if name.startswith("devices") else "app"

    def once() -> None:
        conninfo = database(role).conninfo()
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=5) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                counters = (told or {}).get("counters")
                stamp_heartbeat(
                    cursor, name, datetime.now(UTC), counters.as_dict() if isinstance(counters, Counters) else None
                )
                time.sleep(2)

    while not stop.is_set():
        try:
            await asyncio.to_thread(once)
        except psycopg.Error:
            await asyncio.sleep(2)


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _stop_flag() -> Callable[[], bool]:
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return lambda: asked


def _until_the_database_answers(work: Callable[[], T]) -> T:
    while True:
        try:
            return work()
        except psycopg.OperationalError:
            time.sleep(0.5)


def mail() -> None:
    """The demo's post box: takes every e-mail by SMTP and keeps it where the demo's outbox page finds it."""
    from sojourn.config.processes.postbox import run

    run()


def demo_monitor() -> None:
    """The virtual bedside monitor of the demo's running session."""
    from sojourn.config.demo import run_monitor

    run_monitor()


PROCESSES: dict[str, Callable[[], None]] = {
    **{name: partial(devices, name) for name in environment().listeners},
    "watch": watch, "jobs": jobs, "mail": mail, "demo-monitor": demo_monitor,
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sojourn.config.settings")
    import django

    django.setup()
    PROCESSES[sys.argv[1]]()


if __name__ == "__main__":
    main()
