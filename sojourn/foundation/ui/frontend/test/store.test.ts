// What the board knows, and when it knows that it knows nothing.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";

import { Store } from "../src/board/store";
import { board, NOW, session } from "./people";

/** A device whose clock is five seconds behind the server's. */
const clocks = { wall: 0, steady: 0, wallS: () => clocks.wall, steadyMs: () => clocks.steady };
const beat = (now: number, watch_age_s: number | null = 0) => ({ now: new Date(now * 1000).toISOString(), watch_age_s });
const pass = (seconds: number) => {
  clocks.wall += seconds;
  clocks.steady += seconds * 1000;
};

let store: Store;
beforeEach(() => {
  clocks.wall = NOW - 5;
  clocks.steady = 0;
  store = new Store(board(), clocks);
  store.begin();
});

describe("time", () => {
  it("is the server's", () => {
    pass(3);
    assert.equal(store.now(), NOW + 3);
  });
  it("follows the least delayed of the last ten beats", () => {
    for (const late of [0.5, 0.2, 2]) store.beat(beat(NOW - late));
    assert.ok(Math.abs(store.now() - (NOW - 0.2)) < 0.01);
    for (let n = 0; n < 10; n++) store.beat(beat(NOW - 60)); // the server's clock was set
    assert.ok(Math.abs(store.now() - (NOW - 60)) < 0.01);
  });
  it("makes the watch's sign of life older", () => {
    pass(4);
    assert.equal(store.watchAgeS(), 5);
    store.beat(beat(NOW, null));
    assert.equal(store.watchAgeS(), null);
  });
});

describe("silence", () => {
  it("is noticed once, after four seconds, from the last that was heard", () => {
    pass(4);
    assert.equal(store.noticeSilence(), false);
    pass(0.5);
    assert.equal(store.noticeSilence(), true);
    assert.equal(store.lost, NOW);
    assert.equal(store.noticeSilence(), false);
    store.beat(beat(NOW + 5));
    assert.equal(store.lost, null);
  });
  it("of a broken stream is forgiven for four seconds", () => {
    pass(4);
    store.stream("lost");
    assert.equal(store.lost, null);
    pass(0.5);
    store.stream("lost");
    assert.equal(store.lost, NOW + 4.5);
  });
  it("of somebody who was signed out is said at once", () => {
    store.stream("signed-out");
    assert.equal(store.signedOut, true);
    assert.equal(store.lost, NOW);
  });
});

describe("sessions", () => {
  it("never go back to an older state", () => {
    assert.equal(store.take(session({ seq: 2, state: "checked" })), false);
    assert.equal(store.sessions.get(1)?.state, "dosing");
    assert.equal(store.take(session({ seq: 3, monitors: 0 })), true);
    assert.equal(store.sessions.get(1)?.monitors, 0);
  });
  it("of the page give way to what the stream knows better, but bring their trend", () => {
    store.take(session({ seq: 9, state: "observing" }));
    store.data = board({ sessions: [session({ trend: [[1, "hr", 70, NOW - 5]] })] });
    store.begin();
    assert.equal(store.sessions.get(1)?.state, "observing");
    assert.deepEqual(store.lines(1, ["hr"]), [[[NOW - 5, 70]]]);
  });
  it("that a snapshot does not name are gone", () => {
    store.take(session({ id: 2 }));
    store.keepOnly(new Set([2]));
    assert.deepEqual([...store.sessions.keys()], [2]);
  });
  it("that came or went are told", () => {
    store.take(session({ id: 2 }));
    store.take(session({ id: 3 }));
    store.take(session({ id: 4, state: "left" }));
    store.take(session({ id: 1, seq: 4, state: "left" }));
    store.data = { ...store.data, others: [3] };
    assert.deepEqual(store.changes(new Set([1]), new Set(), false), { come: [2], gone: [1] });
    assert.deepEqual(store.changes(new Set([1]), new Set([2]), false).come, []);
  });
  it("that are not known are gone only when all were told", () => {
    assert.deepEqual(store.changes(new Set([1, 8]), new Set(), false).gone, []);
    assert.deepEqual(store.changes(new Set([1, 8]), new Set(), true).gone, [8]);
  });
});

describe("readings", () => {
  const trend = (...points: [string, number, number][]) =>
    points.map(([code, value, at], id): [number, string, number, number] => [id, code, value, at]);

  it("stand in the order of time, each once, a corrected one in its place", () => {
    store.take(session({ trend: trend(["hr", 72, NOW - 1], ["hr", 70, NOW - 3]) }));
    store.take(session({ trend: trend(["hr", 71, NOW - 2], ["hr", 99, NOW - 1]) }));
    assert.deepEqual(store.lines(1, ["hr", "pr"]), [[[NOW - 3, 70], [NOW - 2, 71], [NOW - 1, 99]], []]);
  });
  it("of one moment stand together", () => {
    store.take(session({ trend: trend(["nibp_sys", 124, NOW - 1]) }));
    assert.deepEqual(store.readAt(1, ["nibp_sys", "nibp_dia"], NOW - 1), [124, null]);
  });
  it("are forgotten when they leave the trend", () => {
    store.take(session({ trend: trend(["hr", 70, NOW - 1199], ["hr", 71, NOW]) }));
    pass(2);
    store.forgetOld();
    assert.deepEqual(store.lines(1, ["hr"]), [[[NOW, 71]]]);
  });
});
