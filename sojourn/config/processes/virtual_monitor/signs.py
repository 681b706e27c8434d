"""What the virtual monitor measures, second by second.

`readings(episode, seed, t)` is a pure function of time: the same seed tells the same scenario, for the program, for
tests and for demo history. The scenarios are scripts for showing and testing software. Their numbers are shaped after
what the fact base says of an infusion (baseline, a rise that peaks at its end, return within the observation) and
are no clinical claim.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

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
CUFF_FAILS_S: Final = 1_200.0  # in the episode "cuff_failure": no good cuff after
LOW_AT_S: Final = 1_500.0  # when the pressure or the heart is lowest
STOPS_S: Final = (1_200.0, 1_230.0)  # no beat on the ECG, or no pulse at the finger
APNOEA_S: Final = (1_200.0, 1_240.0)  # no breath at the capnograph
PROBE_OFF_S: Final = (900.0, 1_020.0)
TURNS_S: Final = 900.0  # when the monitor is moved, or its clock jumps
CLOCK_JUMP_S: Final = 3_600.0


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
    rng = random.Random(seed)  # noqa: S311 - a scenario, not a secret
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
    hr = _heart_of(episode, hr, t)
    rr = p.rr - 0.8 * effect + 0.9 * _wave(p, t, 71, 5) - 6 * dip + 0.6 * _jitter(seed, t, 2)
    spo2 = p.spo2 - 0.5 * effect + 0.4 * _wave(p, t, 113, 6) - 13 * dip
    temp = p.temp + 0.1 * _wave(p, t, 2_700, 7)
    cuff, cuff_failed = _cuff(episode, seed, t)
    probe_off = _is_probe_off(episode, seed, t)
    pulse = round(hr + 0.8 * _jitter(seed, t, 7))
    stopped = _STOPPED.get(episode, ()) if _within(t, STOPS_S) else ()
    etco2, co2_rr = _breath(episode, seed, t, rr)
    return Sample(
        t=t,
        hr=0 if "beat" in stopped else round(hr),
        pr=None if probe_off else 0 if "pulse" in stopped else pulse,
        spo2=None if probe_off else min(100, round(spo2)),
        rr=max(3, round(rr)),
        temp=round(temp, 1),
        cuff=cuff,
        cuff_failed=cuff_failed,
        silent=_is_silent(episode, seed, t),
        capnograph=etco2 is not None,
        etco2=etco2,
        co2_rr=co2_rr,
        moved=moved,
        clock_off_s=_CLOCKS.get(episode, 0.0) if t >= TURNS_S else 0.0,
    )


_CLOCKS: Final = {"clock_ahead": CLOCK_JUMP_S, "clock_behind": -CLOCK_JUMP_S}
_STOPPED: Final = {"asystole": ("beat", "pulse"), "no_pulse": ("pulse",)}  # what is not found any more during STOPS_S


def _heart_of(episode: str, hr: float, t: float) -> float:
    """The heart rate as the episode bends it."""
    if episode == "hypertensive":
        return hr + 14 * math.exp(-(((t - 1_800) / 620) ** 2))
    if episode == "bradycardia":
        return hr - (hr - 35) * _low(t)
    return hr


def _is_probe_off(episode: str, seed: int, t: float) -> bool:
    """In "dropouts" the finger probe is off now and then, for twenty seconds."""
    if episode == "dropouts":
        return _jitter(seed, t // 20, 3) > 0.6
    return episode == "probe_off" and _within(t, PROBE_OFF_S)


def _is_silent(episode: str, seed: int, t: float) -> bool:
    """In "dropouts" single messages are lost."""
    if episode == "dropouts":
        return _jitter(seed, t, 4) > 0.9
    return episode == "silence" and _within(t, SILENT_S)


def _breath(episode: str, seed: int, t: float, rr: float) -> tuple[int | None, int | None]:
    """What a capnograph shows: end-tidal carbon dioxide and breaths. Nothing in most episodes: none is on."""
    if episode not in ("capnography", "apnoea"):
        return None, None
    if episode == "apnoea" and _within(t, APNOEA_S):
        return 0, 0
    after = t - APNOEA_S[1]
    high = 18 * math.exp(-after / 120) if episode == "apnoea" and after >= 0 else 0.0
    return round(38 + high + _jitter(seed, t, 8)), max(3, round(rr))
