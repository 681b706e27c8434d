// What a chair shows of a session.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Session } from "../src/live";
import { View } from "../src/board/view";
import { alarm, board, NOW, session } from "./people";

const view = new View(board());
const here = { now: NOW, lost: false };
const figure = (key: string, given: Partial<Session>, moment = here) => view.figure(key, session(given), moment);

describe("a figure", () => {
  it("shows value, age and no more while all is well", () => {
    assert.deepEqual(figure("spo2", { signals: { spo2: [97, NOW - 2, ""] } }), {
      key: "spo2", label: null, hidden: false, value: "97", age: "2 s ago", says: "", priority: "", stale: false,
    });
  });
  it("says so where nothing was read, and is not crossed", () => {
    const { value, age, stale } = figure("rr", {}, { now: NOW, lost: true });
    assert.deepEqual({ value, age, stale }, { value: "–", age: "no reading yet", stale: false });
  });
  it("names the pulse where the heart rate cannot be believed", () => {
    const { label, value, priority } = figure("hr", { signals: { hr: [999, NOW - 1, "implausible"], pr: [72, NOW - 1, ""] } });
    assert.deepEqual({ label, value, priority }, { label: "Pulse", value: "72", priority: "" });
  });
  it("is crossed, low and says why where it cannot be believed", () => {
    const { label, says, priority, stale } = figure("hr", { signals: { hr: [999, NOW - 1, "implausible"] } });
    assert.deepEqual({ label, says, priority, stale }, { label: "Heart", says: "Not believable", priority: "low", stale: true });
  });
  it("leaves the place of a diastolic of another moment empty", () => {
    assert.equal(figure("bp", { signals: { nibp_sys: [158, NOW - 5, ""], nibp_dia: [80, NOW - 300, ""] } }).value, "158/–");
  });
  it("is empty at once where its sensor has no value", () => {
    const { value, says, priority, stale } = figure("spo2", { signals: { spo2: [97, NOW - 1, "no-value"] } });
    assert.deepEqual({ value, says, priority, stale }, { value: "–", says: "No value", priority: "low", stale: false });
  });
  it("names a mean", () => {
    const { label, value } = figure("bp", { signals: { nibp_map: [62, NOW - 5, ""] } });
    assert.deepEqual({ label, value }, { label: "Mean pressure", value: "62" });
  });
  it("says how breaths are counted", () => {
    const label = (signals: Session["signals"]) => figure("rr", { signals }).label;
    assert.equal(label({ rr: [14, NOW - 1, ""] }), "Breathing");
    assert.equal(label({ rr: [14, NOW - 1, "", "impedance"] }), "Breathing, impedance");
    assert.equal(label({ rr: [14, NOW - 1, "", "some word"] }), "Breathing");
    assert.equal(label({ rr: [14, NOW - 1, ""], co2_rr: [9, NOW - 1, ""] }), "Breathing, CO₂");
  });
  it("has a place for carbon dioxide only where a capnograph is", () => {
    assert.equal(figure("etco2", {}).hidden, true);
    assert.equal(figure("etco2", { signals: { etco2: [38, NOW - 1, ""] } }).hidden, false);
  });
  it("shows the pulse of which the alarm speaks", () => {
    const { label, value, says } = figure("hr", {
      signals: { hr: [72, NOW - 1, ""], pr: [0, NOW - 1, ""] },
      alarms: [alarm({ rule: "heart.no_pulse", code: "pr", priority: "medium" })],
    });
    assert.deepEqual({ label, value, says }, { label: "Pulse", value: "0", says: "No pulse" });
  });
  it("is old by the rule of silence where a monitor is on", () => {
    const { age, stale } = figure("spo2", { signals: { spo2: [97, NOW - 61, ""] } });
    assert.deepEqual({ age, stale }, { age: "Old: 1 min ago", stale: true });
  });
  it("is old by the protocol where none is on", () => {
    const of = (age: number) => figure("spo2", { monitors: 0, signals: { spo2: [97, NOW - age, ""] } }).stale;
    assert.deepEqual([of(61), of(900), of(901)], [false, false, true]);
  });
  it("is crossed while the board hears nothing", () => {
    const { age, stale } = figure("spo2", { signals: { spo2: [97, NOW - 2, ""] } }, { now: NOW, lost: true });
    assert.deepEqual({ age, stale }, { age: "2 s ago", stale: true });
  });
  it("says the gravest open alarm of its codes", () => {
    const given = {
      signals: { hr: [140, NOW - 1, ""] as [number, number, string] },
      alarms: [
        alarm({ rule: "silent", code: "pr", priority: "medium" }), alarm({ rule: "hr.high", code: "hr" }),
        alarm({ rule: "spo2.low", code: "spo2" }),
      ],
    };
    const { says, priority } = figure("hr", given);
    assert.deepEqual({ says, priority }, { says: "High", priority: "high" });
  });
  it("says nothing of an alarm that is over", () => {
    const { says, priority } = figure("spo2", { signals: { spo2: [97, NOW, ""] }, alarms: [alarm({ phase: "recovered" })] });
    assert.deepEqual({ says, priority }, { says: "", priority: "" });
  });
  it("keeps its age plain beside an alarm", () => {
    assert.equal(figure("spo2", { signals: { spo2: [88, NOW - 100, ""] }, alarms: [alarm()] }).age, "1 min ago");
  });
});

describe("a chair", () => {
  const chair = (given: Partial<Session>) => view.chair(session(given), here);
  it("says that its dose is paused, and goes on counting from its beginning", () => {
    const paused = chair({ state: "paused", dose: NOW - 300 });
    assert.equal(paused.state, "Dose paused");
    assert.equal(paused.when, chair({ state: "dosing", dose: NOW - 300 }).when);
  });

  it("is calm while nothing is wrong", () => {
    const { priority, alarm: said, waiting, called, notes } = chair({});
    assert.deepEqual({ priority, said, waiting, called, notes }, { priority: "", said: null, waiting: [], called: false, notes: "" });
  });
  it("says the most urgent alarm, and that there are more", () => {
    const found = chair({ alarms: [alarm({ rule: "hr.high", code: "hr", priority: "medium" }), alarm({ phase: "escalated" })] });
    assert.equal(found.priority, "high");
    assert.equal(found.priorityWord, "High");
    assert.deepEqual(found.alarm, { text: "Oxygen saturation is low", note: "nobody has answered, and 1 more" });
    assert.deepEqual(found.waiting, ["spo2.low|spo2", "hr.high|hr"]);
  });
  it("tells a silent monitor from one that has nothing good to say", () => {
    const said = (why: string) => chair({ alarms: [alarm({ rule: "silence.continuous", why })] }).alarm?.text;
    assert.deepEqual([said("silent"), said("no-good-value")], ["The monitor is silent", "No good value comes"]);
  });
  it("keeps what the monitor withdrew until somebody answers", () => {
    const found = chair({ alarms: [alarm({ phase: "recovered", why: "withdrawn-by-monitor" })] });
    assert.equal(found.alarm?.note, "Withdrawn, and nobody has seen it");
    assert.deepEqual(found.waiting, ["spo2.low|spo2"]);
  });
  it("says who has seen it, and asks nobody again", () => {
    const found = chair({ alarms: [alarm({ phase: "acknowledged", by: "Noor" })] });
    assert.equal(found.alarm?.note, "seen by Noor");
    assert.deepEqual(found.waiting, []);
    assert.equal(found.priority, "high");
  });
  it("keeps what is over and was never seen, without colour", () => {
    const found = chair({ alarms: [alarm({ phase: "recovered" })] });
    assert.equal(found.priority, "");
    assert.equal(found.alarm?.note, "It is over, and nobody has seen it");
    assert.deepEqual(found.waiting, ["spo2.low|spo2"]);
  });
  it("counts from the dose, before it from the arrival, and never below zero", () => {
    assert.equal(chair({}).when, "5 min since the dose");
    assert.equal(chair({ dose: null }).when, "here for 15 min");
    assert.equal(chair({ dose: NOW + 20 }).when, "0 min since the dose");
  });
  it("says when the next check is due", () => {
    assert.deepEqual([chair({}).due, chair({}).overdue], ["", false]);
    assert.equal(chair({ due: [NOW + 130, 10] }).due, "Next check in 2 min");
    assert.equal(chair({ due: [NOW - 130, 10] }).overdue, true);
  });
  it("notes a missing monitor and a wrong clock", () => {
    assert.equal(chair({ monitors: 0, skew: -431 }).notes, "No monitor on · Clock 7 min behind");
  });
  it("says who calls", () => {
    assert.equal(chair({ called: NOW - 10 }).call, "Ana needs someone, 10 s ago");
  });
});

describe("what the board says of itself", () => {
  it("names the gravest waiting alarm and a call on another page", () => {
    const others = [
      session({ id: 2, alarms: [alarm({ priority: "medium" }), alarm({ phase: "acknowledged" })], called: NOW }),
      session({ id: 3, state: "left", alarms: [alarm()] }),
      session({ id: 1, alarms: [alarm()] }),
    ];
    assert.equal(view.elsewhere(others, new Set([1])), "Medium alarm on another page · Somebody on another page needs someone");
    assert.equal(view.elsewhere(others, new Set([1, 2])), "");
  });
  it("says whether the watch is awake", () => {
    assert.deepEqual(view.watch(2, false), { word: "Watch awake, 2 s ago", loud: "" });
    assert.deepEqual(view.watch(11, false), { word: "Watch silent", loud: "Last sign 11 s ago" });
    assert.deepEqual(view.watch(null, false), { word: "Watch silent", loud: "The watch does not run" });
    assert.deepEqual(view.watch(11, true), { word: "Watch silent", loud: "" });
  });
});
