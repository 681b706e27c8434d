// What is typed lies sealed in its tab, however long it is, and the newest is what is kept.
import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { it } from "node:test";

const held = new Map<string, string>();
Object.assign(globalThis, {
  sessionStorage: {
    get length() { return held.size; },
    key: (at: number) => [...held.keys()][at] ?? null,
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  },
  document: { documentElement: { dataset: { owner: "d".repeat(32) } } },
});

const { keepText, keptText } = await import("../src/sealed-drafts");

it("a long text comes back as it was, and no word of it lies there", async () => {
  const text = "zanahoria ".repeat(30_000);
  await keepText("/today/messages/#a", text);
  assert.equal(await keptText("/today/messages/#a"), text);
  assert.equal([...held.values()].some((each) => each.includes("zanahoria")), false);
});

it("of one form nothing is opened for another, and what is dropped is gone", async () => {
  await keepText("/a#1", "of the first");
  held.set([...held.keys()].find((each) => each.endsWith("/a#1"))!.replace("/a#1", "/b#1"), held.get([...held.keys()].find((each) => each.endsWith("/a#1"))!)!);
  assert.equal(await keptText("/b#1"), null);
  await keepText("/a#1", null);
  assert.equal(await keptText("/a#1"), null);
});

it("the newest is kept, in whatever order they were sealed", async () => {
  await Promise.all([keepText("/c#1", "x".repeat(200_000)), keepText("/c#1", "newest")]);
  assert.equal(await keptText("/c#1"), "newest");
  const late = keepText("/c#1", "late");
  await Promise.all([late, keepText("/c#1", null)]);
  assert.equal(await keptText("/c#1"), null);
});
