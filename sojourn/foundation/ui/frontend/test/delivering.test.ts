// A form on its way through the outbox: on the device before anything else, and danger judged there.
import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { type Danger, Delivery } from "../src/outbox/delivering";
import { Outbox } from "../src/outbox/outbox";
import { Store } from "../src/outbox/store";

let number = 0;
const list: Danger = { read: (text) => (text.includes("kill") ? { kind: "suicidal_thoughts" } : null) };
const never = new Promise<Danger | null>(() => undefined);

interface Given { fetch?: typeof fetch; danger?: () => Promise<Danger | null>; dataset?: Record<string, string> }

async function sent(fields: [string, string][], { fetch: fetcher, danger, dataset }: Given = {}) {
  const store = await Store.open("a".repeat(32), `delivery-${++number}`);
  const box = new Outbox(store, { fetch: fetcher ?? taking, token: () => "t", owner: store.owner, now: () => new Date(0) }, undefined);
  let helped = 0;
  const delivery = new Delivery(box, danger ?? (async () => list), () => helped++);
  const form = { dataset: { command: "message.write", called: "Message", address: "{}", ...dataset } } as unknown as HTMLFormElement;
  const became = await delivery.deliver(form, fields, null, () => undefined);
  const waits = (await box.entries()).map((each) => each.what);
  store.close();
  return { became, helped, waits };
}

const taking = (async (_url: unknown, init: RequestInit) => {
  const { entry } = JSON.parse(String(init.body)) as { entry: string };
  const said = { receipt: { entry, stored: true, leads_to: "/today/messages/" } };
  return new Response(JSON.stringify(said), { headers: { "X-Sojourn-Receipt": entry } });
}) as typeof fetch;
const offline = (() => Promise.reject(new TypeError("no network"))) as typeof fetch;
const refusing = (async () => new Response(JSON.stringify({ refusal: { code: "refused", reasons: ["no"] } }), { status: 409 })) as typeof fetch;

describe("a form", () => {
  it("goes on where it was taken, and nothing waits", async () => {
    assert.deepEqual(await sent([["body", "good morning"]]), { became: { to: "/today/messages/" }, helped: 0, waits: [] });
  });

  it("is taken without waiting for the list of words", async () => {
    const { became } = await sent([["body", "good morning"]], { danger: () => never });
    assert.deepEqual(became, { to: "/today/messages/" });
  });

  it("waits without a network, and shows no help that nobody asked for", async () => {
    const { became, helped, waits } = await sent([["body", "good morning"], ["csrfmiddlewaretoken", "t"]], { fetch: offline });
    assert.deepEqual([became, helped, waits.map((each) => [each.fields, each.danger])], [{ waits: true }, 0, [[{ body: ["good morning"] }, false]]]);
  });

  it("with words of danger shows help at once, and the bar knows", async () => {
    const { helped, waits } = await sent([["body", "I will kill myself"]], { fetch: offline });
    assert.deepEqual([helped, waits[0]!.danger], [1, true]);
  });

  it("with an alarming answer shows help at once, without any list", async () => {
    const given = { fetch: offline, danger: async () => null, dataset: { alarmingFrom: "1" } };
    assert.equal((await sent([["value", "1"]], given)).helped, 1);
    assert.equal((await sent([["value", "0"]], given)).helped, 0);
    assert.equal((await sent([["value", "skip"]], given)).helped, 0);
  });

  it("is kept where the list cannot be had", async () => {
    const { became, waits } = await sent([["body", "good morning"]], { fetch: offline, danger: () => Promise.reject(new Error("gone")) });
    assert.deepEqual([became, waits.length], [{ waits: true }, 1]);
  });

  it("that was refused goes back to the page that holds it", async () => {
    assert.deepEqual(await sent([["body", ""]], { fetch: refusing }), { became: { page: true }, helped: 0, waits: [] });
  });
});
