"""A clinic's worth of monitors in one process: N connections, one message a second each, at little cost.

    python benchmarks/monitors/sender.py --port 2575 --monitors 2000 --seconds 30

Messages are made once and patched (time, control id, heart rate), sent evenly over each second, and never resent.
Every answer is counted by its code, and its latency is the time from write to answer. The report says how much CPU
this sender took, so that it can be subtracted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import deque
from dataclasses import dataclass, field

TICKS = 100  # a second
_BODY = (
    b"\x0bMSH|^~\\&|MINDRAY_EGATEWAY^00A0370027000001^EUI-64|MINDRAY|||%s.0000+0000||ORU^R01^ORU_R01|%d-%d|P|2.6|||AL|NE||"
    b"UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO\r"
    b"PID|||%s^^^Hospital^PI\r"
    b"PV1||I|^^BENCH-%d\r"
    b"OBR|1|||182777000^monitoring of patient^SCT|||%s.0000+0000\r"
    b"OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|%d|262688^MDC_DIM_PERCENT^MDC|||||R|||||||"
    b"%016X^BENCH^%016X^EUI-64\r"
    b"OBX|2|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.3.1.149530|%d|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R\r"
    b"OBX|3|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|%d|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R\r"
    b"OBX|4|NM|151562^MDC_RESP_RATE^MDC|1.7.1.151562|%d|264928^MDC_DIM_RESP_PER_MIN^MDC|||||R\r"
    b"\x1c\r"
)
_LINES = _BODY.split(b"\r")
# The same message with its first reading alone, and that one the pulse: its values tell readings apart for half a minute.
_ONE = b"\r".join([*_LINES[:4], _LINES[4].replace(b"150456^MDC_PULS_OXIM_SAT_O2", b"149530^MDC_PULS_OXIM_PULS_RATE")
                   .replace(b"1.3.1.150456", b"1.3.1.149530")
                   .replace(b"262688^MDC_DIM_PERCENT", b"264864^MDC_DIM_BEAT_PER_MIN"), *_LINES[-2:]])  # fmt: skip
FIRST_DEVICE = 0x000F140000100000  # EUI-64 of monitor 0


def device(number: int) -> str:
    """The EUI-64 of a monitor, as its messages carry it."""
    return f"{FIRST_DEVICE + number:016X}"


@dataclass
class Tally:
    sent: int = 0
    accepted: int = 0
    errors: int = 0
    rejected: int = 0
    lost_lines: int = 0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float | None:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


class Monitor(asyncio.Protocol):
    def __init__(self, number: int, tally: Tally, run: int, readings: int = 4) -> None:
        self.number, self.tally, self.run = number, tally, run
        self.due: deque[float] = deque()
        self.transport: asyncio.Transport | None = None
        self.tail = b""
        eui = FIRST_DEVICE + number
        # all that never changes is written now; two %s for the time and the numbers remain
        self.readings = readings
        body = _BODY if readings == 4 else _ONE
        self.template = body.replace(b"%016X", b"%016X" % eui).replace(b"BENCH-%d", b"BENCH-%d" % number)
        self.template = self.template.replace(b"PID|||%s", b"PID|||")
        self.count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.tally.lost_lines += 1
        self.transport = None

    def send(self, stamp: bytes, now: float) -> None:
        if self.transport is None:
            return
        self.count += 1
        n = self.count + self.number
        pulse = 60 + n % 31
        numbers = (95 + n % 5, pulse, pulse, 12 + n % 6) if self.readings == 4 else (pulse,)
        self.transport.write(self.template % (stamp, self.run + self.number, self.count, stamp, *numbers))
        self.due.append(now)
        self.tally.sent += 1

    def data_received(self, data: bytes) -> None:
        if self.tail:
            data = self.tail + data
        whole, mark, self.tail = data.rpartition(b"\x1c")
        if not mark:
            return
        now, tally = time.perf_counter(), self.tally
        for answer in whole.split(b"\x1c"):
            if b"\rMSA|AA|" in answer or b"\rMSA|CA|" in answer:
                tally.accepted += 1
            elif b"\rMSA|AE|" in answer or b"\rMSA|CE|" in answer:
                tally.errors += 1
            else:
                tally.rejected += 1
            if self.due:
                tally.latencies.append(now - self.due.popleft())


async def run(
    host: str, port: int, monitors: int, seconds: float, *, warm_up: float = 2.0, readings: int = 4
) -> dict[str, object]:
    """Send for so long; the first seconds are sent but not counted in the latencies."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    run_id = int(time.time()) * 10_000
    lines: list[Monitor] = []
    for begin in range(0, monitors, 100):  # in hundreds: a listener's backlog is finite
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda n=n: Monitor(n, tally, run_id, readings), host, port)  # type: ignore[misc]
                for n in range(begin, min(begin + 100, monitors))
            )
        )
        lines += [protocol for _, protocol in made]
    groups = [lines[i::TICKS] for i in range(TICKS)]
    begun, cpu = time.perf_counter(), time.process_time()
    warm: int | None = None
    late = 0.0
    for tick in range(int(seconds * TICKS)):
        due = begun + tick / TICKS
        now = time.perf_counter()
        if now < due:
            await asyncio.sleep(due - now)
            now = time.perf_counter()
        else:
            await asyncio.sleep(0)
        late = max(late, now - due)
        if warm is None and now - begun >= warm_up:
            warm = len(tally.latencies)
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime()).encode()
        for monitor in groups[tick % TICKS]:
            monitor.send(stamp, now)
    took, used = time.perf_counter() - begun, time.process_time() - cpu
    deadline = time.perf_counter() + 10
    while time.perf_counter() < deadline and any(m.due for m in lines):
        await asyncio.sleep(0.02)
    unanswered = sum(len(m.due) for m in lines)
    del tally.latencies[: warm or 0]
    for monitor in lines:
        if monitor.transport is not None:
            monitor.transport.abort()
    await asyncio.sleep(0)
    milliseconds = {
        name: round(value * 1000, 2)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
        if (value := tally.percentile(share)) is not None
    }
    return {
        "monitors": monitors,
        "seconds": round(took, 2),
        "sent": tally.sent,
        "sent_per_s": round(tally.sent / took, 1),
        "accepted": tally.accepted,
        "errors": tally.errors,
        "rejected": tally.rejected,
        "unanswered": unanswered,
        "lost_lines": tally.lost_lines,
        "answer_ms": milliseconds,
        "sender_cpu_share": round(used / took, 3),
        "sender_worst_lag_ms": round(late * 1000, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2575)
    parser.add_argument("--monitors", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = arguments.monitors + 100
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    result = asyncio.run(run(arguments.host, arguments.port, arguments.monitors, arguments.seconds))
    print(json.dumps(result, indent=2))
    return 0 if result["accepted"] == result["sent"] else 1


if __name__ == "__main__":
    sys.exit(main())
