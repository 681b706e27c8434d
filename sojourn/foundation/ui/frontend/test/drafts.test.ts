// Nothing of one person is ever shown to another: what is kept belongs to one owner, for a time.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";

import { Drafts, KEPT_HOURS, type Shelf } from "../src/drafts";
import { signedIn } from "../src/owner";

class Memory implements Shelf {
  readonly held = new Map<string, string>();
  get length() { return this.held.size; }
  key(at: number) { return [...this.held.keys()][at] ?? null; }
  getItem(key: string) { return this.held.get(key) ?? null; }
  setItem(key: string, value: string) { this.held.set(key, value); }
  removeItem(key: string) { this.held.delete(key); }
}

let tab: Memory;
let now: number;
const as = (owner: string | null) => new Drafts(() => tab, owner, () => now);
beforeEach(() => {
  tab = new Memory();
  now = 1_000_000;
});

describe("a draft", () => {
  it("is read by its owner alone, and for its own form alone", () => {
    as("alma").keep("/intake#a", "I am tired");
    assert.equal(as("alma").read("/intake#a"), "I am tired");
    assert.equal(as("alma").read("/intake#b"), null);
    assert.equal(as("bruno").read("/intake#a"), null);
    assert.equal(as("").read("/intake#a"), null);
    assert.equal(as(null).read("/intake#a"), null);
  });
  it("goes when it is sent", () => {
    as("alma").keep("/intake#a", "I am tired");
    as("alma").keep("/intake#a", null);
    assert.equal(tab.length, 0);
  });
  it("that was sent goes when the server has it, and stays when it has not", () => {
    as("alma").keep("/plan#a", "of a plan");
    as("alma").keep("/plan#b", "another form");
    as("alma").sent("/plan#a", "1-1");
    as("alma").sent("/plan#b", "1-2");
    as("alma").settle(""); // a page that tells of nothing
    as("bruno").settle("1-1");
    assert.equal(as("alma").read("/plan#a"), "of a plan");
    as("alma").settle("1-1");
    assert.equal(as("alma").read("/plan#a"), null);
    assert.equal(as("alma").read("/plan#b"), "another form");
    assert.equal(tab.length, 2);
  });
  it("is not kept for nobody", () => {
    as("").keep("/ride-home", "I come by bus");
    as(null).keep("/help", "text");
    assert.equal(tab.length, 0);
  });
  it("goes after its hours, and where the clock was set back", () => {
    as("alma").keep("/intake#a", "I am tired");
    now += KEPT_HOURS * 3600_000 - 1;
    assert.equal(as("alma").read("/intake#a"), "I am tired");
    now += 1;
    assert.equal(as("alma").read("/intake#a"), null);
    as("alma").sweep();
    assert.equal(tab.length, 0);
    as("alma").keep("/intake#a", "again");
    now -= 60_000;
    assert.equal(as("alma").read("/intake#a"), null);
  });
  it("that cannot be read is none", () => {
    tab.setItem("draft:alma:/intake#a", "{");
    assert.equal(as("alma").read("/intake#a"), null);
  });
});

describe("a page", () => {
  const everybody = () => {
    as("alma").keep("/intake#a", "of Alma");
    as("alm").keep("/intake#a", "of an owner whose name begins alike");
    as("bruno").keep("/intake#a", "of Bruno");
    tab.setItem("kept-form:/today/messages/", "from before drafts had owners");
  };
  it("of a person wipes what is not theirs", () => {
    everybody();
    as("alma").sweep();
    assert.deepEqual([...tab.held.keys()], ["draft:alma:/intake#a"]);
  });
  it("of nobody wipes everything", () => {
    everybody();
    as("").sweep();
    assert.equal(tab.length, 0);
  });
  it("that stays on the device wipes nothing", () => {
    everybody();
    as(null).sweep();
    assert.equal(tab.length, 4);
  });
  it("at the sign-out wipes everything", () => {
    everybody();
    as("alma").clear();
    assert.equal(tab.length, 0);
  });
});

it("a closed storage is no fault", () => {
  const closed = new Drafts(() => { throw new Error("SecurityError"); }, "alma");
  closed.keep("/intake#a", "text");
  assert.equal(closed.read("/intake#a"), null);
  closed.sweep();
  closed.clear();
});

describe("who is signed in", () => {
  it("stands in the cookie of that name alone", () => {
    assert.equal(signedIn("csrftoken=x; page_owner=abc; django_language=es"), "abc");
    assert.equal(signedIn("not_page_owner=abc; csrftoken=page_owner=z"), "");
    assert.equal(signedIn(""), "");
  });
});
