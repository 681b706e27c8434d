"""The monitor as a program: it sends a message each second and waits for its answer."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from sojourn.config.processes.virtual_monitor.messages import DEVICE, MAKERS, Bed, message, stamp
from sojourn.config.processes.virtual_monitor.signs import EPISODES, TOLD, Cuff, Sample, readings
from sojourn.interfaces.devices.framing import Deframer, Frame, frame

ANOTHER_PATIENT: Final = "SJ-99999"  # the number that a moved monitor sends


@dataclass(frozen=True, slots=True)
class Settings:
    host: str
    port: int
    bed: Bed
    maker: str = "nihon"
    episode: str = "normal"
    speed: float = 1.0  # minutes of the scenario in one minute
    seed: int = 1
    every_s: float = 1.0  # between messages
    clock_skew_s: float = 0.0  # how far the monitor's clock is ahead
    zone: tzinfo = UTC
    start_at_s: float = 0.0  # where in the scenario to begin
    answer_within_s: float = 5.0
    resends: int = 3
    messages: int = 0  # stop after so many; 0 goes on


@dataclass(slots=True)
class Tally:
    sent: int = 0
    accepted: int = 0
    refused: int = 0  # AR, or AE until patience ended
    unanswered: int = 0
    resent: int = 0
    connections: int = 0


async def run(settings: Settings, stop: asyncio.Event, tell: Callable[[str], None] = lambda text: None) -> Tally:
    """Send until `stop`: one message, its answer, the next. Without AA in time the same bytes go again."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    begun, number = loop.time(), 0
    line: _Line | None = None
    try:
        while not stop.is_set() and not (settings.messages and number >= settings.messages):
            t = settings.start_at_s + (loop.time() - begun) * settings.speed
            sample = readings(settings.episode, settings.seed, t)
            if not sample.silent:
                at = datetime.now(settings.zone) + timedelta(seconds=settings.clock_skew_s + sample.clock_off_s)
                control_id = f"{stamp(at.astimezone(UTC))}{number:06}"
                bed = replace(settings.bed, patient_number=ANOTHER_PATIENT) if sample.moved else settings.bed
                body = message(settings.maker, bed, _as_of(sample, settings.speed), at, control_id)
                line = await _deliver(line, settings, body, tally, tell, stop)
                number += 1
            next_at = begun + settings.every_s * (math.floor((loop.time() - begun) / settings.every_s) + 1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), next_at - loop.time())
    finally:
        if line is not None:
            await line.close()
    return tally


def _as_of(sample: Sample, speed: float) -> Sample:
    """In a scenario told faster, a cuff measurement is younger on the wall clock."""
    if speed == 1 or sample.cuff is None:
        return sample
    c = sample.cuff
    return replace(sample, cuff=Cuff(sample.t - (sample.t - c.t) / speed, c.sys, c.dia, c.map))


class _Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.deframer = reader, writer, Deframer()

    async def ask(self, body: bytes, within_s: float) -> str:
        """Send and wait for the answer: "AA", "AE" or "AR", also where the listener answers the commit alone.

        Raises TimeoutError or ConnectionError.
        """
        self.writer.write(frame(body))
        control_id = body.split(b"\r", 1)[0].split(b"|")[9]
        async with asyncio.timeout(within_s):
            await self.writer.drain()
            while True:
                data = await self.reader.read(65_536)
                if not data:
                    raise ConnectionError("the listener closed the line")
                for unit in self.deframer.feed(data):
                    msa = next((s for s in unit.body.split(b"\r") if s.startswith(b"MSA|")), b"").split(b"|")
                    if isinstance(unit, Frame) and len(msa) > 2 and msa[2] == control_id:
                        return msa[1].decode("ascii", "replace").replace("C", "A", 1)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


async def _deliver(
    line: _Line | None,
    settings: Settings,
    body: bytes,
    tally: Tally,
    tell: Callable[[str], None],
    stop: asyncio.Event,
) -> _Line | None:
    answer = ""
    for attempt in range(settings.resends + 1):
        if stop.is_set():
            break
        try:
            if line is None:
                line = _Line(*await asyncio.open_connection(settings.host, settings.port))
                tally.connections += 1
            tally.sent += 1
            tally.resent += attempt > 0
            answer = await line.ask(body, settings.answer_within_s)
            if answer == "AA":
                tally.accepted += 1
                return line
            if answer == "AR":
                break
        except (OSError, TimeoutError) as error:
            answer = ""
            tell(f"no answer from {settings.host}:{settings.port} ({error or 'timed out'})")
            if line is not None:
                await line.close()
                line = None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(0.25 * 2**attempt, settings.answer_within_s))
    if answer:
        tally.refused += 1
        tell(f"answered {answer}: {body.split(chr(13).encode(), 1)[0].decode('utf-8', 'replace')}")
    else:
        tally.unanswered += 1
    return line


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `sojourn monitor` to the command line."""
    parser = subparsers.add_parser(
        "monitor",
        help="a virtual bedside monitor that sends HL7 over TCP",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="episodes:\n" + "\n".join(f"  {name:<13} {what}" for name, what in TOLD.items()),
    )
    parser.add_argument("--host", default="127.0.0.1", help="where the listener is (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=2575, help="its port (default 2575)")
    parser.add_argument("--bed", default="BED-1", help="the bed or chair that the monitor names")
    parser.add_argument("--maker", choices=MAKERS, default="nihon", help="whose dialect it speaks")
    parser.add_argument("--episode", choices=EPISODES, default="normal", help="what happens to the patient: see below")
    parser.add_argument("--speed", type=float, default=1.0, help="minutes of the scenario in one minute")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between messages")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another person")
    parser.add_argument("--start-at", type=float, default=0.0, metavar="SECONDS", help="where in the scenario to begin")
    parser.add_argument("--patient-number", default="", help="the record number that the monitor sends, if any")
    parser.add_argument("--facility", default="", help="the receiving facility (the clinic) that it names")
    parser.add_argument("--device", default=DEVICE, help="its EUI-64, where the dialect carries one")
    parser.add_argument("--clock-skew", type=float, default=0.0, metavar="SECONDS", help="how far its clock is ahead")
    parser.add_argument("--time-zone", default="UTC", help="the zone of its clock, such as America/Denver")
    parser.add_argument("--messages", type=int, default=0, help="stop after so many messages (0: go on)")
    parser.set_defaults(run=command)


def command(arguments: argparse.Namespace) -> int:
    """Run the monitor until interrupted; 0 if every message was accepted."""
    settings = Settings(
        host=arguments.host,
        port=arguments.port,
        bed=Bed(arguments.bed, arguments.patient_number, arguments.facility, arguments.device),
        maker=arguments.maker,
        episode=arguments.episode,
        speed=arguments.speed,
        seed=arguments.seed,
        every_s=arguments.every,
        clock_skew_s=arguments.clock_skew,
        zone=ZoneInfo(arguments.time_zone),
        start_at_s=arguments.start_at,
        messages=arguments.messages,
    )

    def tell(text: str) -> None:
        sys.stderr.write(text + "\n")

    async def until_interrupted() -> Tally:
        return await run(settings, asyncio.Event(), tell)

    tally = asyncio.run(until_interrupted())
    tell(f"{tally.accepted} accepted, {tally.refused} refused, {tally.unanswered} without answer")
    return 0 if tally.accepted and not tally.refused and not tally.unanswered else 1


def main() -> int:
    """`python -m sojourn.config.processes.virtual_monitor monitor ...`, without the rest of Sojourn."""
    parser = argparse.ArgumentParser(prog="python -m sojourn.config.processes.virtual_monitor")
    register(parser.add_subparsers(required=True))
    arguments = parser.parse_args()
    try:
        return command(arguments)
    except KeyboardInterrupt:
        return 130
