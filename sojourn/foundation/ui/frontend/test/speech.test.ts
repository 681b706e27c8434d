// What is heard.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { soundWanted, Speech } from "../src/board/speech";
import { View } from "../src/board/view";
import { alarm, board, NOW, session } from "./people";

describe("the sound", () => {
  it("is that of the gravest alarm that waits", () => {
    const all = [session({ alarms: [alarm({ priority: "low" })] }), session({ alarms: [alarm({ priority: "medium" })] })];
    assert.equal(soundWanted(all, false), "medium");
  });
  it("does not ring for what is seen or over, nor for whoever has left", () => {
    const seen = session({ alarms: [alarm({ phase: "acknowledged" }), alarm({ phase: "recovered" })] });
    assert.equal(soundWanted([seen, session({ state: "left", alarms: [alarm()], called: NOW })], false), "");
  });
  it("rings for a call, after every alarm", () => {
    assert.equal(soundWanted([session({ called: NOW })], false), "call");
    assert.equal(soundWanted([session({ called: NOW, alarms: [alarm({ priority: "low" })] })], false), "low");
  });
  it("rings medium for its own blindness, and high goes on", () => {
    assert.equal(soundWanted([session({ called: NOW })], true), "medium");
    assert.equal(soundWanted([session({ alarms: [alarm()] })], true), "high");
  });
});

describe("a screen reader", () => {
  const view = new View(board());

  it("hears an alarm and a call once, and again when they come again", () => {
    const speech = new Speech(() => view);
    const wrong = session({ alarms: [alarm()], called: NOW });
    assert.equal(speech.fresh(wrong, "Chair 1"), "Chair 1: High: Oxygen saturation is low. Chair 1: Ana needs someone");
    assert.equal(speech.fresh(wrong, "Chair 1"), "");
    assert.equal(speech.fresh(session(), "Chair 1"), "");
    assert.equal(speech.fresh(session({ alarms: [alarm()] }), "Chair 1"), "Chair 1: High: Oxygen saturation is low");
  });
  it("hears nothing of what somebody has seen", () => {
    assert.equal(new Speech(() => view).fresh(session({ alarms: [alarm({ phase: "acknowledged" })] }), "Chair 1"), "");
  });
  it("keeps chairs apart", () => {
    const speech = new Speech(() => view);
    speech.fresh(session({ alarms: [alarm()] }), "Chair 1");
    speech.fresh(session({ id: 2 }), "Chair 10");
    assert.equal(speech.fresh(session({ alarms: [alarm()] }), "Chair 1"), "");
  });
});
