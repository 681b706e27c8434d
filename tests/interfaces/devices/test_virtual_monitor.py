"""The virtual monitor tells coherent scenarios, in dialects that our reader reads, and waits for its answers."""

import argparse
import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.config.processes.virtual_monitor.messages import MAKERS, Bed, message
from sojourn.config.processes.virtual_monitor.program import Settings, register, run
from sojourn.config.processes.virtual_monitor.signs import (
    APNOEA_S,
    CLOCK_JUMP_S,
    EPISODES,
    LOW_AT_S,
    PROBE_OFF_S,
    SILENT_S,
    STOPS_S,
    TOLD,
    TURNS_S,
    readings,
)
from sojourn.interfaces.devices.listener import Limits
from sojourn.interfaces.devices.message import ParsedMessage, read

from .net import MemoryStore, listening

AT = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
times = st.floats(0, 6_000, allow_nan=False)
seeds = st.integers(0, 10_000)


@given(st.sampled_from(EPISODES), seeds, times)
def test_the_same_second_is_told_the_same_way(episode, seed, t):
    assert readings(episode, seed, t) == readings(episode, seed, t)


# In these somebody is in danger for a while: their own tests say what must then be seen.
GRAVE = ("hypotension", "bradycardia", "asystole", "no_pulse", "apnoea")
CALM = tuple(each for each in EPISODES if each not in GRAVE)


@given(st.sampled_from(CALM), seeds, times)
def test_every_second_is_possible(episode, seed, t):
    s = readings(episode, seed, t)
    assert 45 <= s.hr <= 130
    assert s.spo2 is None or 80 <= s.spo2 <= 100
    assert s.pr is None or abs(s.pr - s.hr) <= 2  # the pulse follows the heart
    assert 3 <= s.rr <= 20
    assert 36 <= s.temp <= 37.5
    assert s.cuff.dia < s.cuff.map < s.cuff.sys
    assert t - s.cuff.t >= 0
    assert s.cuff_failed or t - s.cuff.t < 300


@given(seeds)
def test_the_course_of_an_infusion(seed):
    """A quiet baseline, a rise that is highest at the end of the infusion, and the way back (facts, section 3)."""

    def sys(t):
        return readings("normal", seed, t).cuff.sys

    before, end, late = sys(0), sys(2_700), sys(6_000)
    assert end - before >= 5
    assert late < end
    assert all(sys(t) < 165 for t in range(0, 6_000, 300))


@given(seeds)
def test_the_hypertensive_episode_crosses_the_pause_threshold_and_returns(seed):
    """180/110: facts/vitals_thresholds.json, iv_racemic_defaults.during_pause."""
    told = [readings("hypertensive", seed, t).cuff for t in range(0, 6_000, 300)]
    assert max(c.sys for c in told) > 170
    assert told[0].sys < 140
    assert told[-1].sys < 160


@given(seeds)
def test_the_desaturation_goes_below_90(seed):
    lows = [readings("desaturation", seed, t).spo2 for t in (1_080, 1_980)]
    assert max(lows) < 90
    assert readings("desaturation", seed, 1_500).spo2 >= 94


def test_the_cuff_fails():
    s = readings("cuff_failure", 3, 2_000)
    assert s.cuff_failed
    assert s.cuff.t < 1_200


def test_silence():
    assert readings("silence", 3, SILENT_S[0]).silent
    assert not readings("silence", 3, SILENT_S[0] - 1).silent
    assert not readings("silence", 3, SILENT_S[1]).silent


def test_dropouts_lose_some_and_not_all():
    told = [readings("dropouts", 3, t) for t in range(2_000)]
    assert 0.02 < sum(s.silent for s in told) / 2_000 < 0.1
    assert 0.1 < sum(s.spo2 is None for s in told) / 2_000 < 0.35


@given(seeds)
def test_the_pressure_falls_below_the_alarm_and_returns(seed):
    """90 mmHg: NEWS2, 3 points (facts/news2.json)."""
    told = [readings("hypotension", seed, t).cuff for t in range(0, 6_000, 300)]
    assert min(each.sys for each in told) < 90
    assert all(each.dia < each.map < each.sys for each in told)
    assert told[0].sys > 100
    assert told[-1].sys > 100


@given(seeds)
def test_the_heart_slows_below_the_urgent_limit_and_returns(seed):
    """40 a minute: NEWS2, 3 points (facts/news2.json)."""
    assert readings("bradycardia", seed, LOW_AT_S).hr <= 40
    assert readings("bradycardia", seed, 0).hr > 50
    assert readings("bradycardia", seed, 6_000).hr > 50


@given(seeds, st.floats(STOPS_S[0], STOPS_S[1] - 1))
def test_no_beat_and_no_pulse(seed, t):
    stopped, lost = readings("asystole", seed, t), readings("no_pulse", seed, t)
    assert (stopped.hr, stopped.pr) == (0, 0)
    assert (lost.hr > 45, lost.pr) == (True, 0)
    assert readings("asystole", seed, STOPS_S[1]).hr > 45


@given(seeds, st.floats(APNOEA_S[0], APNOEA_S[1] - 1))
def test_no_breath_at_the_capnograph(seed, t):
    """50 mmHg: Deitch 2010 (facts/holds.csv)."""
    gone = readings("apnoea", seed, t)
    assert (gone.capnograph, gone.etco2, gone.co2_rr) == (True, 0, 0)
    assert readings("apnoea", seed, APNOEA_S[1]).etco2 >= 50
    assert 35 <= readings("apnoea", seed, 0).etco2 < 50
    assert not readings("normal", seed, t).capnograph


def test_the_probe_comes_off_and_goes_back():
    off, on = readings("probe_off", 3, PROBE_OFF_S[0]), readings("probe_off", 3, PROBE_OFF_S[1])
    assert (off.spo2, off.pr) == (None, None)
    assert on.spo2 is not None


def test_the_monitor_is_moved_and_its_clock_jumps():
    before, after = readings("moved", 3, TURNS_S - 1), readings("moved", 3, TURNS_S)
    assert (before.moved, after.moved) == (False, True)
    assert after == replace(readings("normal", 4, TURNS_S), moved=True)
    off = [readings(each, 3, TURNS_S).clock_off_s for each in ("clock_ahead", "clock_behind", "normal")]
    assert off == [CLOCK_JUMP_S, -CLOCK_JUMP_S, 0]


def test_every_episode_is_told_on_the_command_line():
    assert tuple(TOLD) == EPISODES


def test_an_unknown_episode():
    with pytest.raises(ValueError, match="is no episode"):
        readings("party", 1, 0)


@pytest.mark.parametrize("maker", MAKERS)
@given(episode=st.sampled_from(EPISODES), seed=seeds, t=times)
def test_what_is_sent_is_what_is_read(maker, episode, seed, t):
    s = readings(episode, seed, t)
    parsed = read(message(maker, Bed("CHAIR-9", "R7"), s, AT, "55"), ZoneInfo("UTC"))
    assert isinstance(parsed, ParsedMessage)
    assert parsed.warnings == ()
    assert parsed.unmapped == ()
    assert parsed.bed == "CHAIR-9"
    assert parsed.patient_identifiers == ("R7",)
    assert parsed.control_id.endswith("55")
    got = {r.code: r for r in parsed.readings}
    expected = {"hr": s.hr, "pr": s.pr, "spo2": s.spo2, "rr": s.rr}
    if not s.cuff_failed:
        expected |= {"nibp_sys": s.cuff.sys, "nibp_dia": s.cuff.dia, "nibp_map": s.cuff.map}
        cuff_at = AT - timedelta(seconds=t - s.cuff.t)
        assert abs(got["nibp_sys"].measured_at - cuff_at) <= timedelta(seconds=1)
    if maker != "nihon":
        expected["temp"] = s.temp
    if maker in ("mindray", "northern"):
        expected["etco2"] = s.etco2
    if s.capnograph and maker in ("mindray", "northern"):
        assert [r.value for r in parsed.readings if r.code == "rr"] == [s.rr, s.co2_rr]
        expected["rr"] = s.co2_rr  # the reader's name for both; the store tells them apart by method
    assert {c: r.value for c, r in got.items()} == {c: v for c, v in expected.items() if v is not None}
    assert got["hr"].measured_at == AT
    if maker in ("mindray", "northern"):  # these send a sentinel; the others leave it out or empty
        absent = {n.code for n in parsed.not_measured}
        assert absent == {c for c, v in (("spo2", s.spo2), ("pr", s.pr)) if v is None} | (
            {"nibp_sys", "nibp_dia", "nibp_map"} if s.cuff_failed else set()
        )


def settings(port, **more):
    return Settings("127.0.0.1", port, Bed("C1"), every_s=0.01, answer_within_s=0.5, **more)


@pytest.mark.parametrize("maker", MAKERS)
def test_over_the_wire(maker):
    async def session():
        store = MemoryStore()
        async with listening(store) as (port, _):
            tally = await run(settings(port, maker=maker, messages=5, zone=ZoneInfo("America/Denver")), asyncio.Event())
        return store, tally

    store, tally = asyncio.run(session())
    assert (tally.accepted, tally.refused, tally.unanswered, tally.connections) == (5, 0, 0, 1)
    assert len(store.kept) == 5
    for received in (r for batch in store.batches for r in batch):
        skew = received.received_at - max(r.measured_at for r in received.parsed.readings)
        assert timedelta(0) <= skew < timedelta(seconds=5)


def test_it_sends_again_until_it_is_accepted():
    async def session():
        store = MemoryStore()
        store.fail = 6
        async with listening(store, Limits(retries=1, backoff_s=0.001)) as (port, _):
            told = []
            tally = await run(settings(port, messages=2), asyncio.Event(), told.append)
        return store, tally

    store, tally = asyncio.run(session())
    assert tally.accepted == 2
    assert tally.resent == 3  # each try of the listener's is two calls of the store
    assert len(store.kept) == 2  # a resend is the same bytes


def test_nobody_listens():
    async def session():
        told = []
        tally = await run(
            Settings("127.0.0.1", 9, Bed(), messages=1, resends=1, answer_within_s=0.01), asyncio.Event(), told.append
        )
        return tally, told

    tally, told = asyncio.run(session())
    assert (tally.accepted, tally.unanswered) == (0, 1)
    assert told


def test_the_command_line():
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    got = parser.parse_args(["monitor", "--maker", "philips", "--episode", "silence", "--clock-skew", "-90"])
    assert (got.maker, got.episode, got.clock_skew, got.port) == ("philips", "silence", -90.0, 2575)
    assert callable(got.run)


def test_it_needs_no_django():
    code = "import sys, sojourn.config.processes.virtual_monitor.program as v; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
