"""A house for benchmarks: its own folder and ports, real processes, and clinics full of running sessions."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.environment import RunSettings

if TYPE_CHECKING:
    from sojourn.foundation.accounts.actor import Actor
    from sojourn.foundation.accounts.models import Clinic, Membership

# Two houses may stand side by side: the port that a run was told (tests/environment.py) moves all three.
PORT = RunSettings.read().demo_port
MLLP_PORT, MAIL_PORT = PORT - 6000, PORT - 5999
EMPTY = "template_house"  # in a kept house: the database as it was before the demo came


@dataclass
class House:
    home: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], stdout=log, stderr=log, env=dict(os.environ), start_new_session=True
            )
        self.processes[name] = process
        return process

    def start_all(self) -> None:
        from sojourn.config.processes.house import web_arguments

        self.start("web", *web_arguments())
        from sojourn.config.environment import environment

        for name in (*environment().listeners, "watch", "jobs"):
            self.start(name, "sojourn.config.processes", name)
        self.until_well()

    def until_well(self, seconds: float = 40) -> None:
        import urllib.error
        import urllib.request

        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            if time.monotonic() > deadline:
                raise RuntimeError("the house did not become well")
            time.sleep(0.2)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()


@contextmanager
def house(*, demo: bool = False) -> Iterator[House]:
    """A prepared house in a temporary folder, empty or with the demo. Sets the environment of this process and its
    children. Where a folder for a copy was told, the first demo house is kept there for the next houses to begin from."""
    home = Path(tempfile.mkdtemp(prefix="sb-"))
    kept = RunSettings.read().demo_copy
    _move_in(home)
    os.environ["SOJOURN_OWNER_ALIAS"] = "1"
    from sojourn.config import installation
    from sojourn.config.processes import postgres

    server: subprocess.Popen[bytes] | None = None
    found = House(home)
    try:
        with _in_turn(kept):
            copied = kept is not None and (kept / "house").exists()
            if copied:
                subprocess.run(["cp", "-a", f"{kept}/house/.", str(home)], check=True)
                os.environ["SOJOURN_DATABASE"] = "sojourn" if demo else EMPTY
            server = postgres.start()
            installation.prepare(lambda _: None)
            os.environ.pop("SOJOURN_OWNER_ALIAS")
            if demo and not copied:
                if kept is not None:
                    _copy_database(home, EMPTY)
                from sojourn.config import demo as people

                people.load(lambda _: None)
                if kept is not None and server is not None:
                    _keep(home, kept, server)
                    server = postgres.start()
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        yield found
    finally:
        found.stop()
        from django.db import connections

        connections.close_all()
        if server is not None:
            postgres.stop(server)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def open_house() -> Iterator[House]:
    """A demo house with all its processes and its post box: the one that somebody else keeps open, where this run was
    told of it, or one of our own."""
    if home := RunSettings.read().demo_open:
        _move_in(home)
        import django

        django.setup()
        yield House(home)
        return
    with house(demo=True) as found:
        found.start("mail", "sojourn.config.processes", "mail")
        found.start_all()
        yield found


def _move_in(home: Path) -> None:
    os.environ.update(
        SOJOURN_HOME=str(home), PORT=str(PORT), SOJOURN_MLLP_PORT=str(MLLP_PORT), SOJOURN_MAIL_PORT=str(MAIL_PORT),
        SOJOURN_DEMO="1", DJANGO_SETTINGS_MODULE="sojourn.config.settings",
    )  # fmt: skip
    os.environ.pop("DATABASE_URL", None)


def _copy_database(home: Path, name: str) -> None:
    """The database as it is now, under another name, in the same server."""
    import psycopg
    from django.db import connections

    connections.close_all()
    with psycopg.connect(
        host=str(home / "postgres" / "socket"), user="postgres", dbname="postgres", autocommit=True
    ) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE sojourn OWNER sojourn_owner')


@contextmanager
def _in_turn(folder: Path | None) -> Iterator[None]:
    """One builds, the others wait for it."""
    if folder is None:
        yield
        return
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(home: Path, kept: Path, server: subprocess.Popen[bytes]) -> None:
    """Stop the server, so that its files are at rest, and copy the whole house."""
    from django.db import connections

    from sojourn.config.processes import postgres

    connections.close_all()
    postgres.stop(server)
    subprocess.run(["cp", "-a", str(home), str(kept / "copying")], check=True)
    (kept / "copying").rename(kept / "house")


@dataclass(frozen=True, slots=True)
class Ward:
    """A clinic with running sessions: its nurse's session cookie, and each monitor's session."""

    clinic_id: int
    cookie: str
    encounters: dict[int, int]  # monitor number -> encounter id


def wards(monitors: int, chairs: int) -> list[Ward]:
    """Clinics of ``chairs`` running sessions each, a monitor on every one, all rules adopted."""
    from tests.confirmed import casts_are_confirmed

    casts_are_confirmed()
    return [
        _ward(number, range(first, min(first + chairs, monitors)))
        for number, first in enumerate(range(0, monitors, chairs))
    ]


@dataclass(frozen=True, slots=True)
class _Staff:
    """The clinic and its people, as the way to a course asks for them."""

    clinic: Clinic
    members: dict[str, Membership]

    def actor(self, role: str) -> Actor:
        from sojourn.foundation.accounts.queries import actor_of

        return actor_of(self.members[role])


def _ward(number: int, numbers: range) -> Ward:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    from benchmarks.monitors.sender import device
    from sojourn.care.encounter.models import Encounter, SessionState
    from sojourn.care.patients.models import Patient
    from sojourn.care.plan.models import PlanVersion
    from sojourn.care.scheduling.models import Appointment, Chair
    from sojourn.care.session.models import DoseEvent, MedicationAdministration
    from sojourn.care.vitals.models import Device, DeviceAssociation
    from sojourn.foundation.accounts.actor import Actor, acting_as
    from sojourn.foundation.accounts.models import Clinic, Membership, Person
    from sojourn.foundation.accounts.queries import actor_of
    from sojourn.foundation.rulebook import actions as rulebook_actions
    from sojourn.foundation.rulebook.load import released_rulebook
    from sojourn.foundation.rulebook.queries import standings
    from tests.care.adopting import as_typed
    from tests.care.way import signed_course

    now = datetime.now(UTC)
    rule = released_rulebook().rule("iv_racemic_40min")
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    with acting_as(Actor(clinic_id=clinic_id, role="house", name="bench")):
        clinic = Clinic.objects.create(id=clinic_id, name=f"Ward {number}", slug=f"ward-{number}")
        people = [Person.objects.create(email=f"{role}{number}@bench.example") for role in ("prescriber", "nurse")]
        doctor, nurse = (
            Membership.objects.create(clinic=clinic, person=person, role=role, name=role)
            for person, role in zip(people, ("prescriber", "nurse"), strict=True)
        )
        with acting_as(actor_of(doctor)) as by:
            for standing in standings(clinic_id):
                if standing.waits:
                    name = standing.newest.id
                    rulebook_actions.adopt(by=by, rule_id=name, parameters=as_typed(name))
        common = {"clinic": clinic}
        patients = Patient.objects.bulk_create(
            Patient(**common, record_number=f"B-{n}", given_name="Bench", family_name=f"Patient{n}",
                    birth_date=now.date() - timedelta(days=15000), created_at=now) for n in numbers
        )  # fmt: skip
        chairs = Chair.objects.bulk_create(Chair(**common, name=f"Chair {n}") for n in numbers)
        staff = _Staff(clinic, {"prescriber": doctor, "nurse": nurse})
        plans = [signed_course(staff, each, protocol_id=rule.id, at=now) for each in patients]  # type: ignore[arg-type]
        appointments = Appointment.objects.bulk_create(
            Appointment(**common, patient=p, care_plan=plan, chair=chair, during=(now, now + timedelta(hours=3)),
                        booked_at=now, booked_by=nurse, session_opened_at=now) for p, plan, chair in zip(patients, plans, chairs, strict=True)
        )  # fmt: skip
        encounters = Encounter.objects.bulk_create(
            Encounter(**common, patient=a.patient, care_plan=a.care_plan, appointment=a, chair=a.chair,
                      protocol_id=rule.id, protocol_version=str(rule.version), protocol_hash=rule.hash, opened_at=now)
            for a in appointments
        )  # fmt: skip
        SessionState.objects.bulk_create(
            SessionState(**common, patient_id=e.patient_id, encounter=e, seq=1, state="dosing", at=now, by=nurse)
            for e in encounters
        )  # fmt: skip
        versions = {each.care_plan_id: each for each in PlanVersion.objects.all()}
        doses = MedicationAdministration.objects.bulk_create(
            MedicationAdministration(**common, patient_id=e.patient_id, encounter=e, drug="ketamine", route="iv",
                dose_mg=35, drawn_mg=35, duration_min=40, lot="B", expires_on=now.date() + timedelta(days=400),
                stock_mg_per_ml=50, total_ml=50, rate_ml_per_h=75, plan_version=versions[e.care_plan_id],
                started_at=now, given_by=nurse, checked_by=doctor, checked_at=now, recorded_at=now) for e in encounters
        )  # fmt: skip
        DoseEvent.objects.bulk_create(
            DoseEvent(**common, patient_id=e.patient_id, encounter=e, dose=dose, kind="start", rate_ml_per_h=75, at=now,
                      recorded_at=now, by=nurse) for e, dose in zip(encounters, doses, strict=True)
        )  # fmt: skip
        devices = Device.objects.bulk_create(
            Device(**common, name=f"M{n}", key=f"eui64:{device(n)}", added_at=now) for n in numbers
        )
        DeviceAssociation.objects.bulk_create(
            DeviceAssociation(**common, patient_id=e.patient_id, device=d, encounter=e, from_at=now, from_by=nurse)
            for d, e in zip(devices, encounters, strict=True)
        )
    session = SessionStore()
    session[SESSION_KEY] = str(people[1].pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = people[1].get_session_auth_hash()
    session["second_factor"] = True
    session.save()
    return Ward(
        clinic_id,
        f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
        {n: e.pk for n, e in zip(numbers, encounters, strict=True)},
    )
