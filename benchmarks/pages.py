"""Workload (b): latency and statements of the main pages with the demo's data times 100.

Latency is measured over HTTP against the running house, one request after the other, beside /healthz (the floor of the
same server and network) in the same run. Statements are counted by Django's test client on the same database.
"""

from __future__ import annotations

import http.client
import time
from typing import Any

from benchmarks.house import PORT, House
from benchmarks.monitors.__main__ import percentile

REPEATS = 60
_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")  # of a transaction: no query


def _sign_in(email: str) -> tuple[str, Any]:
    """A session cookie of a demo person, and a test client with the same session."""
    from django.conf import settings
    from django.test import Client

    from sojourn.foundation.accounts.models import Person

    client = Client(headers={"host": f"127.0.0.1:{PORT}"})
    client.force_login(Person.objects.get(email=email), backend=settings.AUTHENTICATION_BACKENDS[0])
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}", client


def pages() -> list[tuple[str, str, str]]:
    """(name, sign-in, address) of the main pages."""
    from sojourn.care.encounter.models import Encounter
    from sojourn.care.encounter.queries import running
    from sojourn.care.measures.models import MeasureRequest
    from sojourn.config.demo.people import HARBOR
    from sojourn.config.demo.today import _clinic_id
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.queries import system_actor

    with acting_as(system_actor(_clinic_id(HARBOR), "bench")):
        live = running().filter(chair__name="Chair 1").first()
        assert live is not None
        over = Encounter.objects.filter(patient_id=live.patient_id).exclude(pk=live.pk).order_by("-pk").first() or live
        patient = live.patient_id
        MeasureRequest.objects.filter(patient_id=patient).count()
    nurse, patient_login = "nurse@harbor.demo", "patient@harbor.demo"
    return [
        ("clinic home, nurse", nurse, "/clinic/"),
        ("clinic home, prescriber", "prescriber@harbor.demo", "/clinic/"),
        ("patients, search", nurse, "/clinic/patients/?q=reyes"),
        ("patient", nurse, f"/clinic/patients/{patient}/"),
        ("patient's measures", nurse, f"/clinic/patients/{patient}/measures/"),
        ("appointments of the day", "front_desk@harbor.demo", "/clinic/appointments/"),
        ("session", nurse, f"/clinic/sessions/{live.pk}/"),
        ("session board", nurse, "/clinic/board/"),
        ("session record", nurse, f"/clinic/sessions/{over.pk}/record/"),
        ("patient's Today", patient_login, "/today/"),
        ("patient's intake, clinic", nurse, f"/clinic/patients/{patient}/intake/"),
        ("candidacy of all", "prescriber@harbor.demo", "/clinic/candidacy/"),
        ("candidacy", "prescriber@harbor.demo", f"/clinic/patients/{patient}/candidacy/"),
        ("plan", "prescriber@harbor.demo", f"/clinic/patients/{patient}/plan/"),
        ("calendar of the week", "front_desk@harbor.demo", "/clinic/appointments/week/"),
        ("patient's intake, phone", patient_login, "/today/intake/"),
    ]


def _timed(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[float, int, int]:
    began = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    size = len(answer.read())
    return time.perf_counter() - began, answer.status, size


def run(found: House) -> list[dict[str, object]]:
    """Every page; the house must run with the demo loaded."""
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    http_connection = http.client.HTTPConnection("127.0.0.1", PORT)
    floor = percentile([_timed(http_connection, "/healthz", "")[0] for _ in range(REPEATS)], 0.5)
    rows: list[dict[str, object]] = []
    for name, who, path in pages():
        cookie, client = _sign_in(who)
        client.get(path)
        with CaptureQueriesContext(database) as captured:
            client.get(path)
        _timed(http_connection, path, cookie)
        took = [_timed(http_connection, path, cookie) for _ in range(REPEATS)]
        statuses = {status for _, status, _ in took}
        assert statuses == {200}, (name, path, statuses)
        times = [each[0] for each in took]
        rows.append({
            "page": name, "p50_ms": round(percentile(times, 0.5) * 1000, 1),
            "p95_ms": round(percentile(times, 0.95) * 1000, 1), "queries": sum(not each["sql"].startswith(_CONTROL) for each in captured), "html_kb": round(took[0][2] / 1000, 1),
            "of_floor": round(percentile(times, 0.5) / floor, 1),
        })  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def assets_kb() -> dict[str, float]:
    """Compressed size of what each kind of page loads of ours (styles, scripts, fonts, icons)."""
    import gzip
    from pathlib import Path

    import sojourn.foundation.ui as ui

    built = Path(ui.__file__).parent / "static" / "built"
    sizes = {
        str(path.relative_to(built)): len(path.read_bytes())
        if path.suffix == ".woff2"
        else len(gzip.compress(path.read_bytes(), 9))
        for path in built.rglob("*")
        if path.is_file() and path.suffix in {".css", ".js", ".woff2", ".svg"}
    }
    return {name: round(size / 1000, 1) for name, size in sorted(sizes.items())}


def load_demo(scale: int) -> float:
    """Load the demo times ``scale``; seconds."""
    from sojourn.config import demo

    began = time.perf_counter()
    demo.load(lambda _: None, scale=scale)
    return time.perf_counter() - began
