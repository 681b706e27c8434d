// What Python must say too: the cases of tests/golden, one test each.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import alarmOrder from "golden/alarm_order.json";
import callCases from "golden/calls.json";
import boardWords from "golden/board_words.json";
import vital from "golden/current_vital.json";
import roundedCases from "golden/rounded.json";
import times from "golden/times.json";

import { moreUrgent, ofFigure } from "../src/board/alarms";
import { currentVital, rounded, TILES } from "../src/board/current";
import { ageWord, clockWord, dueWord } from "../src/board/words";
import { View } from "../src/board/view";
import { countdown, distance } from "../src/islands/words";
import type { Session } from "../src/live";
import { wordsFor } from "../src/quiet";
import { alarm, board, session } from "./people";

describe("the value that is shown", () => {
  const limits: Record<string, number> = vital.stale_after_s;

  it("has the tiles of the rule", () => assert.deepEqual(TILES, vital.tiles));

  for (const each of vital.cases) {
    it(`${each.name}: ${each.why}`, () => {
      const readings = (each.readings as [string, number, number, string][])
        .map(([code, value, at, qualityFlag]) => ({ code, value, at, qualityFlag }));
      const found = currentVital(TILES[each.tile]!, readings, vital.now, (code) => limits[code]!, (each as { alarmed?: string }).alarmed);
      assert.deepEqual(found && {
        codes: found.codes, values: found.values, at: found.at, age_s: found.ageS, quality_flag: found.qualityFlag,
        stale: found.stale,
      }, each.shown);
    });
  }
});

describe("a reading, rounded", () => {
  for (const { value, places, text, why } of roundedCases.cases) {
    it(`${value} is ${text}: ${why}`, () => assert.equal(rounded(value, places), text));
  }
});

type AlarmRow = [string, string, string, string, number | null];
const alarms = (rows: unknown[][]) =>
  (rows as AlarmRow[]).map(([rule, code, phase, priority, since]) => alarm({ rule, code, phase, priority, since }));

describe("the order of alarms", () => {
  for (const { name, why, ordered } of alarmOrder.cases) {
    it(`${name}: ${why}`, () => {
      assert.deepEqual(alarms(ordered).reverse().sort(moreUrgent), alarms(ordered));
    });
  }
  for (const { name, why, alarms: rows, codes, shown } of alarmOrder.of_a_figure) {
    it(`of a figure, ${name}: ${why}`, () => assert.equal(ofFigure(alarms(rows), codes)?.rule ?? null, shown));
  }
});

describe("the words of the board", () => {
  for (const { seconds, text, why } of boardWords.ages) {
    it(`${seconds} s old: ${why}`, () => assert.equal(ageWord(boardWords.words, seconds), text));
  }
  for (const { left, text, overdue, why } of boardWords.due) {
    it(`due in ${left} s: ${why}`, () => assert.deepEqual(dueWord(boardWords.words, left), [text, overdue]));
  }
  for (const { skew, text, why } of boardWords.clock) {
    it(`a clock ${skew} s ahead: ${why}`, () =>
      assert.equal(clockWord(boardWords.words, skew, boardWords.believed), text));
  }
});

describe("a patient's call", () => {
  for (const each of callCases.cases) {
    it(each.why, () => {
      const calls = session({ called: each.called, call: each.call as Session["call"] });
      const found = new View(board({ call_s: each.at_most })).chair(calls, { now: callCases.now, lost: false });
      assert.deepEqual([found.call, found.callNote, found.callLate, found.callUnseen], [each.text, each.note, each.late, each.unseen]);
    });
  }
  const said = (call: Session["call"], waits = false, running = true) => wordsFor({ running, call: call ?? null }, waits);
  it("says nothing of a call that nobody made", () => assert.deepEqual(said(null), { name: "idle", who: "" }));
  it("says calling from the press on", () => assert.equal(said(null, true).name, "calling"));
  it("says calling, they know, who is coming", () => {
    assert.equal(said(["calling", 1, 1, ""]).name, "calling");
    assert.equal(said(["known", 1, 2, "Kim"]).name, "known");
    assert.deepEqual(said(["coming", 1, 3, "Kim"]), { name: "coming", who: "Kim" });
    assert.equal(said(["coming", 1, 3, ""]).name, "somebody");
  });
  it("says calling when pressed anew after somebody came", () => assert.equal(said(["coming", 1, 3, "Kim"], true).name, "calling"));
  it("does not pretend outside a session", () => assert.equal(said(["calling", 1, 1, ""], true, false).name, "alone"));
});

describe("times that keep themselves true", () => {
  for (const { seconds, en, es, why } of times.distance) {
    it(`${seconds} s from now: ${why}`, () => {
      const now = Date.UTC(2026, 2, 4, 14, 5, 9);
      assert.equal(distance(now + seconds * 1000, now, "en"), en);
      assert.equal(distance(now + seconds * 1000, now, "es"), es);
    });
  }
  for (const { left, text, why } of times.countdown) {
    it(`${left} s left: ${why}`, () => assert.equal(countdown(left, "overdue by"), text));
  }
});
