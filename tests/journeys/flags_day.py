"""The bad day that test_kill_flags.py runs: grave words while watch, jobs and PostgreSQL are killed (-9)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))


def _free_port(first: int) -> int:
    """Of a house that disturbs no other: its pages, its monitors and its mail."""
    for port in range(first, first + 130, 3):
        try:
            for each in (port, port - 6000, port - 5999):
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", each))
        except OSError:
            continue
        return port
    raise RuntimeError("no port is free")


from tests.environment import RunSettings  # noqa: E402

replace(RunSettings.read(), demo_port=_free_port(RunSettings.read().demo_port)).hand_on()

import psycopg  # noqa: E402 - the port is chosen before the house reads it

from benchmarks.house import MAIL_PORT, House, house  # noqa: E402

if TYPE_CHECKING:
    from sojourn.foundation.accounts.actor import Actor

VICTIMS = ("watch", "jobs", "postgres")
LONG_AGO = timedelta(minutes=6)  # an emergency's first deadline has passed: the watch has something to do at once
SECONDS = 90


def kill(found: House, name: str) -> None:
    print(f"kill -9 {name}", flush=True)
    os.kill(int((found.home / "run" / f"{name}.pid").read_text()), signal.SIGKILL)


class Letters:
    """A mail server that counts."""

    def __init__(self) -> None:
        self.to: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.to += envelope.rcpt_tos
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[Letters]:
    from aiosmtpd.controller import Controller

    letters = Letters()
    controller = Controller(letters, hostname="127.0.0.1", port=MAIL_PORT)
    controller.start()
    try:
        yield letters
    finally:
        controller.stop()


def until_kept(work: Callable[[], None]) -> None:
    """As a person or a browser does: what was not answered is sent again."""
    from django.db import Error, close_old_connections, connections

    deadline = time.monotonic() + 60
    while True:
        try:
            return work()
        except (Error, psycopg.Error):
            connections.close_all()
            close_old_connections()
            assert time.monotonic() < deadline, "the database did not come back"
            time.sleep(0.3)


@dataclass
class People:
    """Who is asked, and who says something."""

    staff: list[Actor]
    patients: list[Actor]


def people() -> People:
    """A clinic with a nurse and a prescriber on duty, who agreed to e-mail, and three patients."""
    from django.db import connection

    from sojourn.care.patients.models import Patient
    from sojourn.care.safety import duty_actions
    from sojourn.care.safety.models import DutyContact, DutyList
    from sojourn.clinical import deadlines
    from sojourn.foundation.accounts.actor import Actor, acting_as
    from sojourn.foundation.accounts.models import Clinic, Membership, Person
    from sojourn.foundation.accounts.queries import actor_of
    from sojourn.foundation.rulebook import actions as rulebook_actions
    from sojourn.foundation.rulebook.queries import ids_of
    from tests.care.adopting import as_typed
    from tests.confirmed import casts_are_confirmed

    casts_are_confirmed()
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    with acting_as(Actor(clinic_id=clinic_id, role="house", name="test")):
        clinic = Clinic.objects.create(id=clinic_id, name="Flags", slug="flags")

        def join(name: str, role: str, patient_id: int | None = None) -> Actor:
            person = Person.objects.create_user(f"{name}@flags.example")
            member = Membership.objects.create(
                clinic=clinic, person=person, role=role, name=name, patient_id=patient_id
            )
            return actor_of(member)

        staff = [join(role, role) for role in ("nurse", "prescriber")]
        listed = DutyList.objects.create(clinic=clinic, decided_at=now)
        for place, each in enumerate(staff, start=1):
            DutyContact.objects.create(clinic=clinic, list=listed, member_id=each.member, place=place)
        patients = [
            Patient.objects.create(
                clinic=clinic, record_number=f"F-{name}", given_name=name, family_name="Reyes",
                birth_date=now.date() - timedelta(days=15000), created_at=now,
            ) for name in ("Alma", "Bruno", "Carla")
        ]  # fmt: skip
        found = People(staff, [join(each.given_name, "patient", each.pk) for each in patients])
    with acting_as(staff[1]):
        for rule_id in sorted(ids_of(deadlines.KIND)):
            rulebook_actions.adopt(
                by=staff[1], rule_id=rule_id, parameters=as_typed(rule_id), now=now - timedelta(hours=1)
            )
    for each in staff:
        with acting_as(each):
            duty_actions.choose_channels(by=each, by_email=True)
    return found


def the_day(found: House, patients: list[Actor]) -> list[str]:
    """Every victim dies once between a word and its flag, and once between the flag and its notice."""
    from sojourn.care.safety.models import FlagKind, FlagSource, Severity
    from sojourn.foundation.accounts.actor import acting_as
    from tests.care.raising import raise_flag

    names = []

    def say(by: Actor, about: str, before_the_commit: Callable[[], None]) -> Callable[[], None]:
        def work() -> None:
            with acting_as(by):
                raise_flag(
                    by=by, patient_id=by.patient_id or 0, kind=FlagKind.SELF_HARM, severity=Severity.EMERGENCY,
                    source=FlagSource.WORDS, about=about, now=datetime.now(UTC) - LONG_AGO,
                )  # fmt: skip
                before_the_commit()

        return work

    for number, victim in enumerate(VICTIMS * 2):
        patient = patients[number % len(patients)]
        between_word_and_flag = number < len(VICTIMS)
        once = [victim] if between_word_and_flag else []

        def before_the_commit(once: list[str] = once) -> None:
            if once:
                kill(found, once.pop())
                time.sleep(0.3)

        about = f"message:{1000 + number}"
        until_kept(say(patient, about, before_the_commit))
        until_kept(say(patient, about, lambda: None))  # the browser did not hear the answer, and sends it again
        names.append(about)
        if not between_word_and_flag:
            kill(found, victim)
        time.sleep(3)
        found.until_well(60)
    return names


def seen_from() -> str:
    """The house's own database: one that began from a kept copy has another name for it."""
    database = os.environ.get("SOJOURN_DATABASE", "sojourn")
    return f"host={os.environ['SOJOURN_HOME']}/postgres/socket user=postgres dbname={database}"


def what_stands(names: list[str]) -> bool:
    """Whether every flag is there once, is owned, was passed on once, and every notice has its one final proof."""
    with psycopg.connect(seen_from()) as seen:
        flags = seen.execute("SELECT id, about FROM safety_flag").fetchall()
        assert Counter(about for _id, about in flags) == Counter(names), flags
        asked = seen.execute("SELECT flag_id, count(*), count(asked_id) FROM safety_flagclock GROUP BY 1").fetchall()
        turns = seen.execute("SELECT flag_id, array_agg(reach ORDER BY id) FROM safety_flagturn GROUP BY 1").fetchall()
        open_ = seen.execute(
            "SELECT count(*) FROM safety_flagturn t WHERE NOT EXISTS"
            " (SELECT FROM safety_flagnotice n WHERE n.turn_id = t.id)"
        ).fetchone()
        final = seen.execute(
            "SELECT n.id, n.channel, count(y.id) FROM safety_flagnotice n LEFT JOIN safety_flagnoticetry y"
            " ON y.notice_id = n.id AND y.outcome = 'sent' GROUP BY 1, 2"
        ).fetchall()
    assert all(row[1:] == (1, 1) for row in asked), asked
    assert len(asked) == len(flags)
    done = (
        len(turns) == len(flags)
        and all("owner" in reach and len(reach) > 1 for _flag, reach in turns)
        and open_ == (0,)
        and all(count == 1 for *_notice, count in final)
    )
    assert all(len(set(reach)) == len(reach) for _flag, reach in turns), turns
    if done:
        mails = sum(channel == "email" for _id, channel, _count in final)
        print(
            f"{len(flags)} flags, {sum(len(reach) for _f, reach in turns)} turns, {len(final)} notices, {mails} by mail"
        )
    return done


def what_is_there() -> dict[str, list[Any]]:
    """For whoever reads why it failed."""
    tables = {
        "turns": "SELECT id, flag_id, reach FROM safety_flagturn ORDER BY id",
        "notices": "SELECT id, turn_id, member_id, channel FROM safety_flagnotice ORDER BY id",
        "tries": "SELECT notice_id, outcome, detail FROM safety_flagnoticetry ORDER BY id",
        "jobs": "SELECT id, status, attempts, args::text, scheduled_at::text FROM procrastinate_jobs ORDER BY id",
    }
    with psycopg.connect(seen_from()) as seen:
        return {name: seen.execute(statement).fetchall() for name, statement in tables.items()}


def main() -> None:
    with mail_server() as letters, house() as found:
        os.environ["SOJOURN_DEMO"] = "0"
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{MAIL_PORT}"
        from django.db import connections

        from sojourn.config.environment import environment
        from sojourn.config.processes import postgres

        cast = people()
        connections.close_all()
        postgres.stop_running()
        environment.cache_clear()
        with (found.home / "up.log").open("wb") as log:
            up = subprocess.Popen([sys.executable, "-m", "sojourn.config.cli", "up"], stdout=log, stderr=log)
        try:
            found.until_well(60)
            names = the_day(found, cast.patients)
            deadline = time.monotonic() + SECONDS
            while not what_stands(names):
                assert time.monotonic() < deadline, f"not everybody was told: {what_is_there()}"
                time.sleep(2)
            assert set(letters.to) == {"nurse@flags.example", "prescriber@flags.example"}, letters.to
            print(f"{len(letters.to)} letters; one owned flag each, every notice proved once")
        except BaseException:
            print((found.home / "up.log").read_text())
            for log in sorted((found.home / "log").glob("*.log")):
                print(f"== {log.name}\n{log.read_text()[-2000:]}")
            raise
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(40)


if __name__ == "__main__":
    main()
