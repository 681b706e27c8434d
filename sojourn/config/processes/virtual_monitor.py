"""A bedside monitor that does not exist: a program of its own that speaks real HL7 over TCP.

`readings(episode, seed, t)` is a pure function of time: the same seed tells the same story, for the program, for
tests and for demo history. The stories are scripts for showing and testing software. Their numbers are shaped after
what the fact base says of an infusion (baseline, a rise that peaks at its end, return within the observation) and
are no clinical claim.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from sojourn.interfaces.devices.framing import Deframer, Frame, frame

MAKERS: Final = ("nihon", "mindray", "philips", "northern")
EPISODES: Final = (
    "normal", "hypertensive", "desaturation", "cuff_failure", "silence", "dropouts", "hypotension", "bradycardia",
    "asystole", "no_pulse", "capnography", "apnoea", "probe_off", "moved", "clock_ahead", "clock_behind",
)  # fmt: skip
# For whoever chooses one on the command line.
TOLD: Final = {
    "normal": "an ordinary infusion",
    "hypertensive": "the pressure climbs far above the limit of a pause",
    "desaturation": "the saturation falls twice below 90 %",
    "cuff_failure": "the cuff gives no pressure any more",
    "silence": "the monitor says nothing for five minutes",
    "dropouts": "probes come off, messages are lost",
    "hypotension": "the pressure falls to about 75/40, and comes back",
    "bradycardia": "the heart slows to about 35, and comes back",
    "asystole": "the ECG shows no beat and the oximeter no pulse for half a minute",
    "no_pulse": "the oximeter finds no pulse for half a minute while the ECG counts on",
    "capnography": "an ordinary infusion with a capnograph (mindray and northern)",
    "apnoea": "with a capnograph: no breath for 40 seconds, then too much carbon dioxide (mindray and northern)",
    "probe_off": "the finger probe comes off for two minutes",
    "moved": "the monitor is moved to another patient and says so",
    "clock_ahead": "its clock jumps an hour ahead",
    "clock_behind": "its clock is set an hour back",
}

BASELINE_S: Final = 300.0  # quiet minutes before the infusion
INFUSION_S: Final = 2_400.0  # 40 minutes, the studied IV course (facts, section 3)
CUFF_EVERY_S: Final = 300.0
SILENT_S: Final = (900.0, 1_200.0)  # in the episode "silence": no message between
DESATURATIONS_S: Final = (1_080.0, 1_980.0)
DEVICE: Final = "000F140000000001"  # an EUI-64
CUFF_FAILS_S: Final = 1_200.0  # in the episode "cuff_failure": no good cuff after
LOW_AT_S: Final = 1_500.0  # when the pressure or the heart is lowest
STOPS_S: Final = (1_200.0, 1_230.0)  # no beat on the ECG, or no pulse at the finger
APNOEA_S: Final = (1_200.0, 1_240.0)  # no breath at the capnograph
PROBE_OFF_S: Final = (900.0, 1_020.0)
TURNS_S: Final = 900.0  # when the monitor is moved, or its clock jumps
CLOCK_JUMP_S: Final = 3_600.0
ANOTHER_PATIENT: Final = "SJ-99999"  # the number that a moved monitor sends


@dataclass(frozen=True, slots=True)
class Cuff:
    """One cuff measurement, with the second at which it was made."""

    t: float
    sys: int
    dia: int
    map: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What the monitor shows at one second. None: it has no value (probe off, cuff failed)."""

    t: float
    hr: int | None
    pr: int | None
    spo2: int | None
    rr: int | None
    temp: float | None  # degrees Celsius
    cuff: Cuff | None  # the last cuff measurement
    cuff_failed: bool = False  # the last cuff measurement gave nothing
    silent: bool = False  # the monitor sends nothing now
    capnograph: bool = False  # one is on: then it sends the next two, or says that it has none
    etco2: int | None = None
    co2_rr: int | None = None
    moved: bool = False  # it is on another patient now
    clock_off_s: float = 0.0  # how far its clock is from what it was


@dataclass(frozen=True, slots=True)
class _Person:
    hr: float
    sys: float
    dia: float
    rr: float
    spo2: float
    temp: float
    response: float  # how strongly this person answers the infusion
    phases: tuple[float, ...]


@lru_cache(maxsize=512)
def _person(seed: int) -> _Person:
    rng = random.Random(seed)  # noqa: S311 - a story, not a secret
    return _Person(
        hr=rng.uniform(62, 78),
        sys=rng.uniform(112, 128),
        dia=rng.uniform(68, 80),
        rr=rng.uniform(12.5, 16),
        spo2=rng.uniform(97, 99),
        temp=rng.uniform(36.4, 36.9),
        response=rng.uniform(0.8, 1.2),
        phases=tuple(rng.uniform(0, 2 * math.pi) for _ in range(8)),
    )


def _effect(t: float) -> float:
    """0 before the infusion, near 1 at its end, then falling by half about every 13 minutes."""
    since = t - BASELINE_S
    if since <= 0:
        return 0.0
    full = 1 - math.exp(-INFUSION_S / 900)
    if since <= INFUSION_S:
        return (1 - math.exp(-since / 900)) / full
    return math.exp(-(since - INFUSION_S) / 1_150)


def _wave(p: _Person, t: float, period: float, phase: int) -> float:
    return math.sin(2 * math.pi * t / period + p.phases[phase])


def _jitter(seed: int, t: float, what: int) -> float:
    """Between -1 and 1, the same for the same second."""
    mixed = (seed * 1_000_003 + int(t) * 7_919 + what * 104_729) & 0xFFFFFFFF
    mixed = (mixed ^ (mixed >> 15)) * 0x2C1B3C6D & 0xFFFFFFFF
    mixed = (mixed ^ (mixed >> 12)) * 0x297A2D39 & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 15)) & 0xFFFF) / 0x7FFF - 1


def _pressures(episode: str, p: _Person, t: float) -> tuple[float, float]:
    rise = 18 * p.response * _effect(t)
    if episode == "hypertensive":  # far above what it would be, in the middle of the infusion
        rise += 52 * math.exp(-(((t - 1_800) / 620) ** 2))
    if episode == "hypotension":
        rise -= 62 * _low(t)
    sys = p.sys + rise + 2.5 * _wave(p, t, 97, 0) + 1.5 * _wave(p, t, 31, 1)
    dia = p.dia + 0.62 * rise + 1.8 * _wave(p, t, 97, 0) + 1.0 * _wave(p, t, 41, 2)
    return sys, dia


def _dip(episode: str, t: float) -> float:
    if episode != "desaturation":
        return 0.0
    return sum(math.exp(-(((t - at) / 55) ** 2)) for at in DESATURATIONS_S)


def _low(t: float) -> float:
    """How much of a fall has come: 1 where it is deepest, for some minutes, so that a cuff meets it."""
    return math.exp(-(((t - LOW_AT_S) / 420) ** 4))


def _within(t: float, span: tuple[float, float]) -> bool:
    return span[0] <= t < span[1]


def _cuff(episode: str, seed: int, t: float) -> tuple[Cuff | None, bool]:
    """The last cuff measurement at t, and whether the newest try failed."""
    if t < 0:
        return None, False
    at = math.floor(t / CUFF_EVERY_S) * CUFF_EVERY_S
    failed = episode == "cuff_failure" and at >= CUFF_FAILS_S
    if failed:
        at = math.ceil(CUFF_FAILS_S / CUFF_EVERY_S - 1) * CUFF_EVERY_S
    sys, dia = _pressures(episode, _person(seed), at)
    sys += 2 * _jitter(seed, at, 5)
    dia += 2 * _jitter(seed, at, 6)
    return Cuff(at, round(sys), round(dia), round(dia + (sys - dia) / 3)), failed


def readings(episode: str, seed: int, t: float) -> Sample:
    """What the monitor of person `seed` shows `t` seconds after the session began. Pure."""
    if episode not in EPISODES:
        raise ValueError(f"{episode!r} is no episode; there are {', '.join(EPISODES)}")
    moved = episode == "moved" and t >= TURNS_S
    seed = seed + 1 if moved else seed
    p = _person(seed)
    effect = _effect(t)
    dip = _dip(episode, t)
    breath = _wave(p, t, 60 / p.rr, 3)  # the heart quickens with each breath
    hr = p.hr + 9 * p.response * effect + 2.2 * breath + 1.5 * _wave(p, t, 83, 4) + 8 * dip + _jitter(seed, t, 1)
    if episode == "hypertensive":
        hr += 14 * math.exp(-(((t - 1_800) / 620) ** 2))
    if episode == "bradycardia":
        hr -= (hr - 35) * _low(t)
    rr = p.rr - 0.8 * effect + 0.9 * _wave(p, t, 71, 5) - 6 * dip + 0.6 * _jitter(seed, t, 2)
    spo2 = p.spo2 - 0.5 * effect + 0.4 * _wave(p, t, 113, 6) - 13 * dip
    temp = p.temp + 0.1 * _wave(p, t, 2_700, 7)
    cuff, cuff_failed = _cuff(episode, seed, t)
    # dropouts: now and then the finger probe is off for twenty seconds, and single messages are lost
    probe_off = episode == "dropouts" and _jitter(seed, t // 20, 3) > 0.6
    probe_off |= episode == "probe_off" and _within(t, PROBE_OFF_S)
    lost = episode == "dropouts" and _jitter(seed, t, 4) > 0.9
    pulse = round(hr + 0.8 * _jitter(seed, t, 7))
    stops = _within(t, STOPS_S)
    etco2, co2_rr = _breath(episode, seed, t, rr)
    return Sample(
        t=t,
        hr=0 if stops and episode == "asystole" else round(hr),
        pr=None if probe_off else 0 if stops and episode in ("asystole", "no_pulse") else pulse,
        spo2=None if probe_off else min(100, round(spo2)),
        rr=max(3, round(rr)),
        temp=round(temp, 1),
        cuff=cuff,
        cuff_failed=cuff_failed,
        silent=lost or (episode == "silence" and SILENT_S[0] <= t < SILENT_S[1]),
        capnograph=etco2 is not None,
        etco2=etco2,
        co2_rr=co2_rr,
        moved=moved,
        clock_off_s=_CLOCKS.get(episode, 0.0) if t >= TURNS_S else 0.0,
    )


_CLOCKS: Final = {"clock_ahead": CLOCK_JUMP_S, "clock_behind": -CLOCK_JUMP_S}


def _breath(episode: str, seed: int, t: float, rr: float) -> tuple[int | None, int | None]:
    """What a capnograph shows: end-tidal carbon dioxide and breaths. Nothing in most episodes: none is on."""
    if episode not in ("capnography", "apnoea"):
        return None, None
    if episode == "apnoea" and _within(t, APNOEA_S):
        return 0, 0
    after = t - APNOEA_S[1]
    high = 18 * math.exp(-after / 120) if episode == "apnoea" and after >= 0 else 0.0
    return round(38 + high + _jitter(seed, t, 8)), max(3, round(rr))


# --- the makers' messages ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bed:
    """Where the monitor stands and whom it knows."""

    name: str = "BED-1"
    patient_number: str = ""
    facility: str = ""
    device: str = DEVICE


def message(maker: str, bed: Bed, sample: Sample, at: datetime, control_id: str) -> bytes:
    """One ORU^R01 as that maker writes it. `at` is the monitor's own clock, in its own zone, for `sample.t`."""
    cuff_at = at - timedelta(seconds=sample.t - sample.cuff.t) if sample.cuff else at
    return "\r".join([*_MAKERS[maker](bed, sample, at, cuff_at, control_id), ""]).encode()


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S")


def _nihon(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    now, then = _stamp(at), _stamp(cuff_at)
    yield (
        f"MSH|^~\\&|NIHON KOHDEN|NIHON KOHDEN|CLIENT APP|{bed.facility or 'CLIENT FACILITY'}|{now}||ORU^R01^ORU_R01|"
        f"{control_id}|P|2.4|||NE|AL||ASCII||ASCII"
    )
    yield f"PID|||{bed.patient_number}"
    yield f"PV1||I|^^{bed.name}"
    yield "ORC|RE"
    yield f"OBR|1|||VITAL|||{now}||||||||||||||||||A"
    shown = [
        ("001000^VITAL HR", s.hr, "bpm"),
        ("007001^VITAL PR(spo2)", s.pr, "/min"),
        ("007000^VITAL SpO2", s.spo2, "%"),
    ]
    number = 0
    for code, value, unit in [*shown, ("^VITAL RESP", s.rr, "/min")]:
        if value is not None:  # this maker leaves out what it does not know
            number += 1
            yield f"OBX|{number}|NM|{code}|1|{value}|{unit}|||||F|||{now}|||"
    if s.cuff and not s.cuff_failed:
        yield f"OBR|2|||NIBP|||{then}||||||||||||||||||A"
        values = [("009000^NIBP SYS", s.cuff.sys), ("009001^NIBP DIAS", s.cuff.dia), ("009002^NIBP MEAN", s.cuff.map)]
        for number, (code, value) in enumerate(values, 1):
            yield f"OBX|{number}|NM|{code}|1|{value}|mmHg|||||F|||{then}|||"


def _mdc(s: Sample, absent: str) -> Iterator[tuple[str, str, str, str, bool]]:
    """Code, containment, value, unit, whether it is the cuff's."""
    rate, percent = "264864^MDC_DIM_BEAT_PER_MIN^MDC", "262688^MDC_DIM_PERCENT^MDC"
    pressure = "266016^MDC_DIM_MMHG^MDC"

    def shown(value: float | None) -> str:
        return absent if value is None else str(value)

    yield "150456^MDC_PULS_OXIM_SAT_O2^MDC", "1.3.1.150456", shown(s.spo2), percent, False
    yield "149530^MDC_PULS_OXIM_PULS_RATE^MDC", "1.3.1.149530", shown(s.pr), rate, False
    yield "147842^MDC_ECG_HEART_RATE^MDC", "1.7.4.147842", shown(s.hr), rate, False
    yield "151562^MDC_RESP_RATE^MDC", "1.7.1.151562", shown(s.rr), "264928^MDC_DIM_RESP_PER_MIN^MDC", False
    if s.capnograph:
        yield "151708^MDC_CONC_AWAY_CO2_ET^MDC", "1.8.1.151708", shown(s.etco2), pressure, False
        yield "151594^MDC_CO2_RESP_RATE^MDC", "1.8.1.151594", shown(s.co2_rr), "264928^MDC_DIM_RESP_PER_MIN^MDC", False
    yield "150344^MDC_TEMP^MDC", "1.2.1.150344", shown(s.temp), "268192^MDC_DIM_DEGC^MDC", False
    if s.cuff:
        values = (None, None, None) if s.cuff_failed else (s.cuff.sys, s.cuff.dia, s.cuff.map)
        names = ("150301^MDC_PRESS_CUFF_SYS", "150302^MDC_PRESS_CUFF_DIA", "150303^MDC_PRESS_CUFF_MEAN")
        for name, value in zip(names, values, strict=True):
            yield f"{name}^MDC", f"1.1.9.{name[:6]}", shown(value), pressure, True


def _mindray(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    def zoned(t: datetime) -> str:
        return _stamp(t) + ".0000" + t.strftime("%z")

    now, then = zoned(at), zoned(cuff_at)
    gateway = "MINDRAY_EGATEWAY^00A0370027000001^EUI-64"
    yield (
        f"MSH|^~\\&|{gateway}|MINDRAY||{bed.facility}|{now}||ORU^R01^ORU_R01|{control_id}|P|2.6|||AL|NE||"
        "UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
    )
    yield f"PID|||{bed.patient_number}^^^Hospital^PI"
    yield f"PV1||I|^^{bed.name}"
    yield f"OBR|1|{control_id}^{gateway}|{control_id}^{gateway}|182777000^monitoring of patient^SCT|||{now}"
    equipment = f"||||{bed.device}^CHAIR^{bed.device}^EUI-64"
    for number, (code, where, value, unit, cuff) in enumerate(_mdc(s, "-1"), 1):
        time = then if cuff else now
        yield f"OBX|{number}|NM|{code}|{where}|{value}|{unit}|||||R|||{time}{equipment if number == 1 else ''}"


def _northern(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    yield f"MSH|^~\\&|northern|patient monitor^||{bed.facility}|{_stamp(at)}||ORU^R01^ORU_R01|{control_id}|P|2.6|"
    yield f"PID|||{bed.patient_number}"
    yield f"PV1||I|^^{bed.name}"
    yield f"OBR|1||||||{_stamp(at)}|"
    for number, (code, where, value, unit, cuff) in enumerate(_mdc(s, "-100"), 1):
        time = f"APERIODIC|{_stamp(cuff_at)}|" if cuff else "|"
        yield f"OBX|{number}|NM|{code}|{where}|{value}|{unit}|||||F||{time}"


def _philips(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    yield f"MSH|^~\\&||||{bed.facility}|||ORU^R01|HP{control_id}|P|2.3||||||8859/1"
    yield f"PID|||{bed.patient_number}"
    yield f"PV1||I|^^{bed.name}&1&1"
    yield f"OBR|||||||{_stamp(at)}"
    for code, value, unit in (
        ("0002-4bb8^SpO2", s.spo2, "0004-0220^%"),
        ("0002-4822^Pulse", s.pr, "0004-0aa0^bpm"),
        ("0002-4182^HR", s.hr, "0004-0aa0^bpm"),
        ("0002-500a^RR", s.rr, "0004-0ae0^rpm"),
        ("0002-4b60^Tcore", s.temp, "0004-17a0^°C"),
    ):
        if value is not None or code != "0002-4b60^Tcore":
            yield f"OBX||NM|{code}^MDIL|0|{'' if value is None else value}|{unit}^MDIL|||||F"
    if s.cuff and not s.cuff_failed:
        yield f"OBR|||||||{_stamp(cuff_at)}"
        values = (("0002-4a05^NBPs", s.cuff.sys), ("0002-4a06^NBPd", s.cuff.dia), ("0002-4a07^NBPm", s.cuff.map))
        for code, value in values:
            yield f"OBX||NM|{code}^MDIL|0|{value}|0004-0f20^mmHg^MDIL|||||F"


_MAKERS: dict[str, Callable[[Bed, Sample, datetime, datetime, str], Iterator[str]]] = {
    "nihon": _nihon,
    "mindray": _mindray,
    "northern": _northern,
    "philips": _philips,
}


# --- the program ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settings:
    host: str
    port: int
    bed: Bed
    maker: str = "nihon"
    episode: str = "normal"
    speed: float = 1.0  # minutes of the story in one minute
    seed: int = 1
    every_s: float = 1.0  # between messages
    clock_skew_s: float = 0.0  # how far the monitor's clock is ahead
    zone: tzinfo = UTC
    start_at_s: float = 0.0  # where in the story to begin
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
                control_id = f"{_stamp(at.astimezone(UTC))}{number:06}"
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
    """In a story told faster, a cuff measurement is younger on the wall clock."""
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
    parser.add_argument("--speed", type=float, default=1.0, help="minutes of the story in one minute")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between messages")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another person")
    parser.add_argument("--start-at", type=float, default=0.0, metavar="SECONDS", help="where in the story to begin")
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


if __name__ == "__main__":
    sys.exit(main())
