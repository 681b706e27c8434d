// Needs 1 to 4 and 10: the outbox survives, one bad entry never blocks the rest, only a receipt takes an entry out, and
// what lies on the device is read by its person alone.
import "fake-indexeddb/auto";

import { openDB } from "idb";
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { forget, openBase } from "../src/outbox/base";
import { copyOf, Outbox } from "../src/outbox/outbox";
import { outcome, type Way } from "../src/outbox/sending";
import { newKey, seal } from "../src/outbox/sealing";
import { Store, type What } from "../src/outbox/store";

const ALMA = "a".repeat(32);
const BRUNO = "b".repeat(32);
let base: string;
let opened: Store[] = [];
let number = 0;
beforeEach(() => { base = `outbox-${++number}`; });
afterEach(() => { for (const each of opened) each.close(); opened = []; });

async function store(owner = ALMA): Promise<Store> {
  const one = await Store.open(owner, base);
  opened.push(one);
  return one;
}

/** A clinic that answers as `how` says; it keeps what it took, once. */
class Clinic {
  readonly has = new Map<string, Record<string, unknown>>();
  readonly asked: string[] = [];
  constructor(readonly how: (said: Record<string, any>, clinic: Clinic) => Response | Promise<Response> = (said, clinic) => clinic.take(said)) {}

  take(said: Record<string, any>): Response {
    if (!this.has.has(said.entry)) this.has.set(said.entry, said);
    return json({ receipt: { entry: said.entry, stored: true, leads_to: "/today/" } }, said.entry);
  }

  fetch = (async (_url: unknown, init: RequestInit) => {
    const said = JSON.parse(String(init.body));
    this.asked.push(said.fields.body?.[0] ?? "");
    return this.how(said, this);
  }) as typeof fetch;
}

function json(said: unknown, receipt = "", status = 200): Response {
  return new Response(JSON.stringify(said), { status, headers: receipt ? { "X-Sojourn-Receipt": receipt } : {} });
}

const refusal = (code: string, status: number, reason = "no") => json({ refusal: { code, reasons: [reason] } }, "", status);
const offline = (() => Promise.reject(new TypeError("no network"))) as typeof fetch;

function outbox(at: Store, fetcher: typeof fetch, now = "2026-12-02T02:10:00.000Z", anothers?: () => void): Outbox {
  const way: Way = { fetch: fetcher, token: () => "t", owner: at.owner, now: () => new Date(now), anothers };
  return new Outbox(at, way, undefined);
}

const message = (body: string): Omit<What, "made_at"> =>
  ({ command: "message.write", address: {}, fields: { body: [body], key: ["k"] }, called: "Message", danger: false });

describe("an outbox", () => {
  it("keeps twenty entries through a kill, and twenty arrive in their order", async () => {
    const before = outbox(await store(), offline);
    for (let n = 0; n < 20; n++) await before.add(message(`word ${n}`));
    await before.pass();
    assert.equal((await before.entries()).length, 20);
    before.store.close(); // the browser is killed, and opened again
    const clinic = new Clinic();
    const after = outbox(await store(), clinic.fetch);
    await after.pass();
    assert.deepEqual([...clinic.has.values()].map((each: any) => each.fields.body[0]), Array.from({ length: 20 }, (_, n) => `word ${n}`));
    assert.equal(await after.store.count(), 0);
  });

  it("is not held up by one that is refused for good, which says why", async () => {
    const clinic = new Clinic((said, self) => said.fields.body[0] === "word 3" ? refusal("refused", 409, "Too long.") : self.take(said));
    const box = outbox(await store(), clinic.fetch);
    for (let n = 1; n <= 10; n++) await box.add(message(`word ${n}`));
    await box.pass();
    assert.equal(clinic.has.size, 9);
    const [left, ...none] = await box.entries();
    assert.deepEqual(none, []);
    assert.deepEqual([left!.what.fields["body"], left!.refusal], [["word 3"], { code: "refused", reasons: ["Too long."] }]);
    await box.pass();
    assert.equal(clinic.asked.filter((each) => each === "word 3").length, 1); // not again by itself
  });

  it("tries a refused one again when its person says so", async () => {
    let full = true;
    const clinic = new Clinic((said, self) => full ? refusal("refused", 409) : self.take(said));
    const box = outbox(await store(), clinic.fetch);
    const id = await box.add(message("again"));
    await box.pass();
    full = false;
    assert.deepEqual((await box.retry(id)).get(id), { leadsTo: "/today/" });
    assert.equal(await box.store.count(), 0);
  });

  for (const [name, answer] of Object.entries<(said: any) => Response>({
    "200 with success: false": () => json({ success: false }),
    "200 with a receipt that stored nothing": (said) => json({ receipt: { entry: said.entry, stored: false } }, said.entry),
    "the receipt of another entry": () => json({ receipt: { entry: "x", stored: true, leads_to: "" } }, "x"),
    "a receipt without its header, as a proxy kept it": (said) => json({ receipt: { entry: said.entry, stored: true } }),
    "a hotel's page": () => new Response("<html>Welcome. Accept our terms.</html>", { status: 200 }),
    "an empty answer": () => new Response(null, { status: 204 }),
    "an error of the server": () => refusal("later", 503),
    "no JSON": () => new Response("{", { status: 200 }),
    "null": () => json(null),
  })) {
    it(`keeps the entry at ${name}, and goes on with the next`, async () => {
      const clinic = new Clinic((said, self) => said.fields.body[0] === "first" ? answer(said) : self.take(said));
      const box = outbox(await store(), clinic.fetch);
      await box.add(message("first"));
      await box.add(message("second"));
      await box.pass();
      assert.deepEqual((await box.entries()).map((each) => [each.what.fields["body"]![0], each.refusal]), [["first", null]]);
      assert.equal(clinic.has.size, 1);
    });
  }

  it("sends nothing more once nobody, or somebody else, is signed in", async () => {
    for (const [code, status] of [["signed-out", 401], ["anothers", 412]] as const) {
      const clinic = new Clinic(() => refusal(code, status));
      base = `outbox-${++number}`;
      let left = 0;
      const box = outbox(await store(), clinic.fetch, undefined, () => left++);
      await box.add(message("one"));
      await box.add(message("two"));
      await box.pass();
      assert.deepEqual(clinic.asked, ["one"]);
      assert.equal(await box.store.count(), 2);
      assert.equal(left, code === "anothers" ? 1 : 0); // whose page it is, is not who is signed in
    }
  });

  it("waits under a dose, and lets the others go", async () => {
    const clinic = new Clinic((said, self) => said.fields.body[0] === "one" ? refusal("not-now", 423) : self.take(said));
    const box = outbox(await store(), clinic.fetch);
    await box.add(message("one"));
    await box.add(message("two"));
    await box.pass();
    assert.deepEqual((await box.entries()).map((each) => [each.what.fields["body"]![0], each.refusal]), [["one", null]]);
  });

  it("takes once what is sent twice: the server died after it had stored", async () => {
    let died = true;
    const clinic = new Clinic((said, self) => {
      const answer = self.take(said);
      if (died) throw new TypeError("connection reset");
      return answer;
    });
    const box = outbox(await store(), clinic.fetch);
    await box.add(message("once"));
    await box.pass();
    assert.equal(await box.store.count(), 1);
    died = false;
    await box.pass();
    assert.deepEqual([clinic.has.size, await box.store.count()], [1, 0]);
  });

  it("of two tabs both may send, and the clinic has it once", async () => {
    const clinic = new Clinic();
    const one = outbox(await store(), clinic.fetch);
    const two = outbox(await store(), clinic.fetch);
    await one.add(message("in one"));
    await two.add(message("in two"));
    await Promise.all([one.pass(), two.pass(), one.pass()]);
    assert.deepEqual([clinic.has.size, await one.store.count(), await two.store.count()], [2, 0, 0]);
  });

  it("says when it was made and when it is sent, by the device's clock", async () => {
    const clinic = new Clinic();
    const at = await store();
    await outbox(at, offline, "2026-12-02T02:10:00.000Z").add(message("night"));
    await outbox(at, clinic.fetch, "2026-12-02T08:31:00.000Z").pass();
    const [said] = [...clinic.has.values()] as any[];
    assert.deepEqual([said.made_at, said.sent_at], ["2026-12-02T02:10:00.000Z", "2026-12-02T08:31:00.000Z"]);
  });

  it("gives a copy of what waits in words, without what the page made", async () => {
    const box = outbox(await store(), offline);
    await box.add(message("I dreamt of water"));
    const copy = copyOf(await box.entries());
    assert.match(copy, /Message, 2026-12-02T02:10/);
    assert.match(copy, /body: I dreamt of water/);
    assert.doesNotMatch(copy, /key: k/);
  });

  it("tells who listens that it changed", async () => {
    let times = 0;
    const box = outbox(await store(), new Clinic().fetch);
    box.onChange(() => times++);
    await box.add(message("one"));
    await box.pass();
    assert.equal(times, 2);
  });
});

describe("what lies on the device", () => {
  const WORD = "zanahoria-quetzal";
  const raw = () => new Promise<string>((resolve) => {
    const asked = indexedDB.open(base);
    asked.onsuccess = () => {
      const all = asked.result.transaction("entries").objectStore("entries").getAll();
      all.onsuccess = () => {
        asked.result.close();
        const flat = (value: unknown): string =>
          value instanceof ArrayBuffer ? Buffer.from(value).toString("latin1")
          : ArrayBuffer.isView(value) ? Buffer.from(value.buffer).toString("latin1")
          : value && typeof value === "object" ? Object.values(value).map(flat).join("|") : String(value);
        resolve(flat(all.result));
      };
    };
  });

  it("holds no word of it in clear, nor of why it was refused", async () => {
    const box = outbox(await store(), new Clinic(() => refusal("refused", 409, WORD)).fetch);
    await box.add(message(WORD));
    await box.pass();
    assert.equal((await box.entries())[0]!.refusal!.reasons[0], WORD);
    const lies = await raw();
    assert.doesNotMatch(lies, new RegExp(WORD));
    assert.doesNotMatch(lies, /message\.write|Message/);
  });

  it("is read by its person alone", async () => {
    await outbox(await store(ALMA), offline).add(message(WORD));
    const others = outbox(await store(BRUNO), new Clinic().fetch);
    assert.deepEqual(await others.entries(), []);
    await others.pass();
    assert.equal(await (await store(ALMA)).count(), 1);
  });

  it("has a key that nobody takes out of the browser", async () => {
    await store();
    const asked = indexedDB.open(base);
    const key = await new Promise<CryptoKey>((resolve) => {
      asked.onsuccess = () => {
        const got = asked.result.transaction("keys").objectStore("keys").get(ALMA);
        got.onsuccess = () => { asked.result.close(); resolve(got.result.key); };
      };
    });
    assert.equal(key.extractable, false);
    await assert.rejects(crypto.subtle.exportKey("raw", key));
  });

  it("is gone with the key when its person goes, and that of others stays", async () => {
    await outbox(await store(ALMA), offline).add(message(WORD));
    await outbox(await store(BRUNO), offline).add(message("other"));
    await (await store(ALMA)).destroy();
    assert.equal(await (await store(ALMA)).count(), 0);
    assert.equal(await (await store(BRUNO)).count(), 1);
  });

  it("is not opened by a key that was made anew", async () => {
    const before = await store(ALMA);
    await outbox(before, offline).add(message(WORD));
    const asked = indexedDB.open(base);
    await new Promise<void>((resolve) => {
      asked.onsuccess = () => {
        const writing = asked.result.transaction("keys", "readwrite");
        writing.objectStore("keys").clear();
        writing.oncomplete = () => { asked.result.close(); resolve(); };
      };
    });
    await assert.rejects((await store(ALMA)).entries());
  });
});

describe("an answer", () => {
  it("is a receipt only where it names the entry in both places", () => {
    const receipt = (entry: string, stored: unknown = true) => ({ receipt: { entry, stored, leads_to: "/today/" } });
    assert.deepEqual(outcome("1", "1", receipt("1")), { kind: "taken", leadsTo: "/today/" });
    for (const [header, said] of [["2", receipt("1")], ["1", receipt("2")], [null, receipt("1")], ["1", receipt("1", "true")], ["1", {}], ["1", "x"]] as const) {
      assert.deepEqual(outcome("1", header, said), { kind: "unknown" });
    }
  });
});

it("what the last release kept is still there", async () => {
  const owner = "c".repeat(32), name = "of-the-last-release";
  const before = await openDB(name, 1, {
    upgrade(made) {
      made.createObjectStore("keys", { keyPath: "owner" });
      const entries = made.createObjectStore("entries", { keyPath: "number", autoIncrement: true });
      entries.createIndex("id", "id", { unique: true });
      entries.createIndex("owner", "owner");
    },
  });
  const key = await newKey();
  const what = { command: "message.write", address: {}, fields: { body: ["still here"] }, called: "Message", made_at: "", danger: false };
  await before.put("keys", { owner, key });
  await before.put("entries", { id: "1", owner, sealed: await seal(key, `${owner}:1`, what), refusal: null });
  before.close();
  const store = await Store.open(owner, name);
  assert.deepEqual((await store.entries()).map((each) => each.what.fields), [{ body: ["still here"] }]);
  store.close();
});

it("two entries from one page that was kept are two: each brings its own key", async () => {
  const clinic = new Clinic();
  const box = outbox(await store(), clinic.fetch);
  const ids = [await box.add(message("one")), await box.add(message("two"))];
  await box.pass();
  assert.deepEqual([...clinic.has.values()].map((each: any) => each.fields.key), ids.map((each) => [each]));
});

describe("who signs out on a page without the bar", () => {
  it("leaves what waits, with its key, and nothing that opens", async () => {
    const at = await store(), box = outbox(at, offline);
    await box.add(message("waits"));
    const device = await openBase(base);
    await device.put("seen", { owner: ALMA, at: 0 }, "last");
    await forget(device, ALMA, { waiting: false });
    assert.deepEqual([await device.count("seen"), await device.count("keys"), await device.count("entries")], [0, 1, 1]);
    device.close();
    assert.equal((await box.entries())[0]!.what.fields["body"]![0], "waits");
  });
  it("takes the key where nothing waits", async () => {
    await store();
    const device = await openBase(base);
    await forget(device, ALMA, { waiting: false });
    assert.equal(await device.count("keys"), 0);
    device.close();
  });
});
