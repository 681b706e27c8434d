// A page of a person without a connection: theirs alone, for an hour, sealed.
import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";

import { openBase } from "../src/outbox/base";
import { Store } from "../src/outbox/store";
import { Pages } from "../src/worker/pages";

const ALMA = "a".repeat(32), BRUNO = "b".repeat(32);
const HOUR = 3600_000;
const URL_ = "https://clinic.example/today/";
let name = "";
let number = 0;
let now = 0;
const pages = () => new Pages(HOUR, () => now, name);
const page = (owner: string | null, words = "Good morning", headers: Record<string, string> = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "script-src 'self'" }) =>
  new Response(`<!doctype html><html lang="en"${owner === null ? "" : ` data-owner="${owner}"`}><p>${words}</p></html>`, { headers });
const opened = async (url = URL_) => (await pages().open(url))?.text() ?? null;

beforeEach(() => {
  name = `pages-${++number}`;
  now = Date.parse("2026-03-04T10:00:00Z");
});

describe("a page", () => {
  it("opens as it was, says from when it is, and keeps what the clinic said of it", async () => {
    await pages().seen(URL_, page(ALMA));
    now += 60_000;
    const kept = await pages().open(URL_);
    assert.equal(await kept!.text(), `<!doctype html><html data-kept-at="2026-03-04T10:00:00.000Z" lang="en" data-owner="${ALMA}"><p>Good morning</p></html>`);
    assert.equal(kept!.headers.get("Content-Security-Policy"), "script-src 'self'");
    assert.equal(kept!.headers.get("Content-Type"), "text/html; charset=utf-8");
  });
  it("is the newest of its address, and of no other address", async () => {
    await pages().seen(URL_, page(ALMA, "before"));
    await pages().seen(URL_, page(ALMA, "after"));
    assert.match((await opened())!, /after/);
    assert.equal(await opened(`${URL_}visits/`), null);
  });
  it("opens for an hour after the last page, and not where the clock was set back", async () => {
    await pages().seen(URL_, page(ALMA));
    now += HOUR - 1;
    assert.notEqual(await opened(), null);
    now += 1;
    assert.equal(await opened(), null);
    now -= HOUR + 1;
    assert.equal(await opened(), null);
  });
  it("of another person is never opened", async () => {
    await pages().seen(URL_, page(ALMA, "of Alma"));
    await pages().seen(`${URL_}visits/`, page(BRUNO, "of Bruno"));
    assert.equal(await opened(), null);
    assert.match((await opened(`${URL_}visits/`))!, /of Bruno/);
    await pages().seen(`${URL_}plan/`, page(ALMA));
    assert.match((await opened())!, /of Alma/); // she has signed in again
  });
  it("opens no more once nobody is signed in, or a page led elsewhere", async () => {
    for (const last of [page(""), { type: "opaqueredirect" } as Response]) {
      await pages().seen(URL_, page(ALMA));
      assert.notEqual(await opened(), null);
      await pages().seen(`${URL_}visits/`, last);
      assert.equal(await opened(), null);
    }
  });
  it("of nobody in particular, an error and a file change nothing", async () => {
    await pages().seen(URL_, page(ALMA));
    const wrong = new Response(`<html data-owner="${ALMA}">no</html>`, { status: 500, headers: { "Content-Type": "text/html" } });
    for (const each of [page(null, "help"), wrong, page(ALMA, "a copy", { "Content-Type": "application/pdf" })]) await pages().seen(URL_, each);
    assert.match((await opened())!, /Good morning/);
  });
  it("lies sealed", async () => {
    await pages().seen(URL_, page(ALMA, "zanahoria"));
    const base = await openBase(name);
    const [row] = await base.getAll("pages");
    base.close();
    assert.equal(new TextDecoder("latin1").decode(row!.sealed.bytes).includes("zanahoria"), false);
    assert.deepEqual(Object.keys(row!).sort(), ["at", "owner", "sealed", "url"]);
  });
  it("goes with its person's key, and with the sign-out", async () => {
    await pages().seen(URL_, page(ALMA));
    const store = await Store.open(ALMA, name);
    await store.destroy();
    store.close();
    const base = await openBase(name);
    assert.deepEqual([await base.count("pages"), await base.count("seen"), await base.count("keys")], [0, 0, 0]);
    base.close();
    assert.equal(await opened(), null);
  });
  it("makes room: forty of a person, and none that is too old", async () => {
    for (let n = 0; n < 42; n++) {
      now += 1;
      await pages().seen(`${URL_}${n}/`, page(ALMA));
    }
    assert.deepEqual([await opened(`${URL_}0/`), await opened(`${URL_}1/`)], [null, null]);
    assert.notEqual(await opened(`${URL_}2/`), null);
    now += HOUR;
    await pages().seen(`${URL_}last/`, page(BRUNO));
    const base = await openBase(name);
    assert.equal(await base.count("pages"), 1);
    base.close();
  });
});
