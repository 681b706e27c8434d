"""Workload (a): readings ingested durably over MLLP and the latency from monitor to browser event.

Beside the raw multi-row insert and COPY rates of the same PostgreSQL in the same run. ``python -m benchmarks.monitors``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import psycopg

from benchmarks.house import MLLP_PORT, PORT, House, Ward, house, wards
from benchmarks.monitors import sender

CHAIRS = 8
WATCHED = 25
ROWS = ((50, 4), (500, 4), (2000, 1), (2000, 4))  # monitors, readings in each of their messages a second


def raw_rates(seconds: float = 3.0) -> dict[str, float]:
    """Rows a second of the observation's shape, durably, by multi-row insert and by COPY, on one connection."""
    from sojourn.config.environment import database

    found = {}
    with psycopg.connect(database("owner").conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_raw (LIKE vitals_observation INCLUDING DEFAULTS)")
        connection.execute("CREATE SEQUENCE bench_seq; ALTER TABLE bench_raw ALTER id SET DEFAULT nextval('bench_seq')")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        row = (1, 1, 1, "hr", 71.0, "/min", now, now, now, "monitor", 1, 1, None, "final", "", None, "")
        columns = (
            "clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at, received_at, method,"
            " device_id, message_id, by_id, status, doubt, supersedes_id, source"
        )
        values = ", ".join(["(" + ", ".join(["%s"] * len(row)) + ")"] * 100)
        done, began = 0, time.perf_counter()
        with connection.cursor() as cursor:
            while time.perf_counter() - began < seconds:
                cursor.execute(f"INSERT INTO bench_raw ({columns}) VALUES {values}", row * 100)
                done += 100
        found["multi_row_insert_per_s"] = done / (time.perf_counter() - began)
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            with (
                connection.transaction(),
                connection.cursor() as cursor,
                cursor.copy(f"COPY bench_raw ({columns}) FROM STDIN") as copy,
            ):
                for _ in range(5000):
                    copy.write_row(row)
            done += 5000
        found["copy_per_s"] = done / (time.perf_counter() - began)
        connection.execute("DROP TABLE bench_raw; DROP SEQUENCE bench_seq")
    return found


class Watch:
    """Boards in browsers' place: read the stream and find, by its values, when each reading was sent."""

    def __init__(self) -> None:
        self.sent: dict[int, dict[int, float]] = defaultdict(dict)
        self.latencies: list[float] = []
        self.counting = False
        self.streams = 0

    def note(self, number: int, pulse: int, now: float) -> None:
        recent = self.sent[number]
        recent[pulse] = now
        if len(recent) > 28:
            del recent[next(iter(recent))]

    async def board(self, ward: Ward) -> None:
        numbers = {encounter: number for number, encounter in ward.encounters.items()}
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT, limit=1 << 24)
        writer.write(
            f"GET /live/board HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nCookie: {ward.cookie}\r\n"
            "Accept: text/event-stream\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0] + b" ":
            raise RuntimeError(head.decode())
        self.streams += 1
        event = b""
        while line := await reader.readline():
            if line.startswith(b"event:"):
                event = line[6:].strip()
            elif line.startswith(b"data:") and event == b"sessions":
                now = time.perf_counter()
                for one in json.loads(line[5:]):
                    self._seen(numbers.get(one["id"]), one["signals"], now)

    def _seen(self, number: int | None, signals: dict[str, list[object]], now: float) -> None:
        if number is None or "pr" not in signals:
            return
        sent = self.sent[number].pop(int(signals["pr"][0]), None)  # type: ignore[call-overload]
        if sent is not None and self.counting:
            self.latencies.append(now - sent)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def cpu_seconds(found: House) -> dict[str, float]:
    """CPU seconds so far of each process with its children, PostgreSQL in one."""
    tick = os.sysconf("SC_CLK_TCK")
    own: dict[int, tuple[int, float, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        pid, rest = int(stat.parent.name), text.rpartition(")")[2].split()
        own[pid] = (int(rest[1]), (int(rest[11]) + int(rest[12])) / tick, text.split("(", 1)[1].split(")")[0])

    def whole(pid: int) -> float:
        return own.get(pid, (0, 0.0, ""))[1] + sum(whole(child) for child, (p, _, _) in own.items() if p == pid)

    out = {name: whole(process.pid) for name, process in found.processes.items()}
    home = str(found.home)
    for pid, (_, _, name) in own.items():
        if name == "postgres":
            try:
                if home in Path(f"/proc/{pid}/cmdline").read_text():
                    out["postgres"] = whole(pid)
            except OSError:
                continue
    return out


async def _load(monitors: int, readings: int, seconds: float, boards: list[Ward]) -> tuple[dict[str, object], Watch]:
    watch = Watch()
    plain_send = sender.Monitor.send

    def send_and_note(self: sender.Monitor, stamp: bytes, now: float) -> None:
        n = self.count + 1 + self.number
        if self.number < len(boards) * CHAIRS:
            watch.note(self.number, 60 + n % 31, now)
        plain_send(self, stamp, now)

    sender.Monitor.send = send_and_note  # type: ignore[method-assign]
    streams = [asyncio.create_task(watch.board(ward)) for ward in boards]
    while watch.streams < len(boards):
        await asyncio.sleep(0.05)
        for stream in streams:
            if stream.done():
                stream.result()
    asyncio.get_running_loop().call_later(3, lambda: setattr(watch, "counting", True))
    result = await sender.run("127.0.0.1", MLLP_PORT, monitors, seconds, readings=readings)
    await asyncio.sleep(1)
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    sender.Monitor.send = plain_send  # type: ignore[method-assign]
    return result, watch


def stored(since_id: int) -> int:
    from sojourn.config.environment import database

    with psycopg.connect(database("signals").conninfo()) as connection:
        row = connection.execute("SELECT count(*) FROM vitals_observation WHERE id > %s", (since_id,)).fetchone()
        assert row
        return int(row[0])


def newest() -> int:
    from sojourn.config.environment import database

    with psycopg.connect(database("signals").conninfo()) as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM vitals_observation").fetchone()
        assert row
        return int(row[0])


def run(loads: Sequence[tuple[int, int]] = ROWS, seconds: float = 20.0) -> dict[str, object]:
    """Every count in one house, the raw rates in the same run."""
    rows: list[dict[str, object]] = []
    with house() as found:
        raw = raw_rates()
        all_wards = wards(max(monitors for monitors, _ in loads), CHAIRS)
        found.start_all()
        for count, readings in loads:
            boards = all_wards[: min(WATCHED, count // CHAIRS)]
            before_id, cpu = newest(), cpu_seconds(found)
            result, watch = asyncio.run(_load(count, readings, seconds, boards))
            used = {name: round((v - cpu.get(name, 0)) / seconds, 3) for name, v in cpu_seconds(found).items()}
            kept = stored(before_id)
            rows.append({
                **result, "readings": readings, "readings_stored": kept, "readings_per_s": round(kept / float(str(result["seconds"])), 1),
                "lost": int(str(result["accepted"])) * readings - kept, "boards": len(boards),
                "event_p50_ms": round(percentile(watch.latencies, 0.5) * 1000, 1),
                "event_p99_ms": round(percentile(watch.latencies, 0.99) * 1000, 1),
                "events": len(watch.latencies), "cpu": used,
            })  # fmt: skip
            print(json.dumps(rows[-1]), flush=True)
    return {"raw": raw, "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("monitors", type=int, nargs="*", help="instead of the usual loads: so many, four readings each")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    text = json.dumps(run([(each, 4) for each in arguments.monitors] or ROWS, arguments.seconds), indent=1)
    if arguments.out:
        arguments.out.write_text(text)


if __name__ == "__main__":
    main()
