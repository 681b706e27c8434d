// A session, an alarm and a board as they come by the stream; a test names only what it is about.
import type { Alarm } from "../src/board/alarms";
import type { BoardData } from "../src/board/store";
import type { Session } from "../src/live";

export const NOW = 10_000;

export function alarm(given: Partial<Alarm> = {}): Alarm {
  return { rule: "spo2.low", code: "spo2", phase: "raised", priority: "high", since: NOW - 30, by: "", ...given };
}

export function session(given: Partial<Session> = {}): Session {
  return {
    id: 1, state: "dosing", seq: 3, since: NOW - 900, dose: NOW - 300, due: null, signals: {}, alarms: [], called: null,
    monitors: 1, skew: null, newest: 0, ...given,
  };
}

const WORDS: BoardData["words"] = Object.assign(
  {
    just_now: "now", seconds: "{n} s ago", minutes: "{n} min ago", hours: "{n} h ago", none: "no reading yet",
    old: "Old: {age}", doubted: "Not believable", no_value: "No value", silent: "The monitor is silent",
    withdrawn: "Withdrawn, and nobody has seen it", pressure: "Pressure", mean: "Mean pressure", breathing: "Breathing",
    breathing_co2: "Breathing, CO₂", breathing_by: "Breathing, {how}", by_impedance: "impedance", pulse: "Pulse", heart: "Heart", dose: "{n} min since the dose",
    here: "here for {n} min", due: "Next check in {n} min", now: "Next check now", overdue: "Check overdue by {n} min",
    calls: "{who} needs someone", waits: "{call}, {age}", nobody_went: "nobody has gone", clock_ahead: "Clock {n} min ahead", clock_behind: "Clock {n} min behind",
    no_monitor: "No monitor on", seen_by: "seen by {who}", escalated: "nobody has answered",
    over: "It is over, and nobody has seen it", more: "and {n} more", lost: "Lost at {time}",
    signed_out: "Signed out at {time}", asleep: "Last sign {age}", never_awake: "The watch does not run",
    awake: "Watch awake, {age}", watch_silent: "Watch silent", elsewhere: "{what} alarm on another page",
    calls_elsewhere: "Somebody on another page needs someone",
  },
  {
    states: { dosing: "Dose running", paused: "Dose paused", observing: "Being observed" },
    priorities: { high: "High", medium: "Medium", low: "Low" },
    rules: { "spo2.low": "Oxygen saturation is low", "hr.high": "Heart rate is high", "silence.continuous": "No good value comes" },
    short: { "spo2.low": "Low", "hr.high": "High", "heart.no_pulse": "No pulse" },
  },
) as unknown as BoardData["words"];

export function board(given: Partial<BoardData> = {}): BoardData {
  return {
    now: NOW, watch_age_s: 1, zone: "America/Denver", stream: "/live/board", here: "/here/", cursor: "",
    sessions: [session()], others: [], chairs: { 1: { given: "Ana", stale: 900 } },
    limits: { hr: 60, pr: 60, spo2: 60, rr: 60, nibp_sys: 900, nibp_dia: 900 }, trend_s: 1200, skew_s: 120,
    watch_silent_s: 10, words: WORDS, ...given,
  };
}
