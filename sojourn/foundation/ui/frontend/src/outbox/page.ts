// The outbox of the page that is shown: opened for its person, sent when there is a way, told of in the bar.
import { leave, pageOwner } from "../owner";
import { Bar, saveAsFile } from "./bar";
import { type Danger, Delivery } from "./delivering";
import { atSignOut } from "./leaving";
import { Outbox } from "./outbox";
import { Store } from "./store";

const AGAIN_MS = 15_000;

/** Null where this page is nobody's, or the browser has no place that is closed to others. */
export async function beginOutbox(token: () => string): Promise<Delivery | null> {
  const place = document.querySelector<HTMLElement>("[data-outbox]");
  if (!place || !pageOwner() || !globalThis.indexedDB || !globalThis.crypto?.subtle) return null;
  try {
    const store = await Store.open(pageOwner());
    const box = new Outbox(store, { fetch: (...all) => fetch(...all), token, owner: pageOwner(), now: () => new Date(), anothers: leave });
    return await begin(box, place);
  } catch {
    return null; // everything works without, one page load at a time
  }
}

async function begin(box: Outbox, place: HTMLElement): Promise<Delivery> {
  const delivery = new Delivery(box, danger, () => location.assign(`${place.dataset.help ?? ""}#not-seen`));
  const bar = new Bar(place, box, (text) => saveAsFile(text, place.dataset.file ?? "sojourn.txt"));
  await bar.draw();
  atSignOut(box, document.body.dataset.signOut ?? "");
  const pass = async (): Promise<void> => {
    if (await box.store.count()) delivery.passed(await box.pass());
  };
  addEventListener("online", () => void pass());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) void pass(); });
  setInterval(() => { if (!document.hidden) void pass(); }, AGAIN_MS);
  void pass();
  return delivery;
}

let list: Promise<Danger | null> | undefined;

/** The clinic's list of words of danger, fetched once something is written; null where it cannot be had. */
function danger(): Promise<Danger | null> {
  const address = document.body.dataset.danger;
  list ??= address ? (import(address) as Promise<Danger>).catch(() => null) : Promise.resolve(null);
  return list;
}
addEventListener("input", () => void danger(), { once: true, capture: true });
