// The database of this browser: a key for each person on this device, and what they did and read, sealed with it.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import { newKey, type Sealed } from "./sealing";

export const NAME = "sojourn-outbox";

export interface Row {
  number?: number; // given by the database: the order in which they were made
  id: string;
  owner: string;
  sealed: Sealed;
  refusal: Sealed | null;
}

/** A page as it was opened; `at` by this device's clock. */
export interface PageRow {
  owner: string;
  url: string;
  at: number;
  sealed: Sealed;
}

/** Whose page was opened last on this device, and when. */
export interface Seen {
  owner: string;
  at: number;
}

interface Schema extends DBSchema {
  keys: { key: string; value: { owner: string; key: CryptoKey } };
  entries: { key: number; value: Row; indexes: { id: string; owner: string } };
  pages: { key: [string, string]; value: PageRow; indexes: { owner: string } };
  seen: { key: string; value: Seen };
}

export type Base = IDBPDatabase<Schema>;

/** Throws where the browser has none to give. */
export async function openBase(name = NAME): Promise<Base> {
  const base = await openDB<Schema>(name, 2, {
    upgrade(made, before) {
      if (before < 1) {
        made.createObjectStore("keys", { keyPath: "owner" });
        const entries = made.createObjectStore("entries", { keyPath: "number", autoIncrement: true });
        entries.createIndex("id", "id", { unique: true });
        entries.createIndex("owner", "owner");
      }
      made.createObjectStore("pages", { keyPath: ["owner", "url"] }).createIndex("owner", "owner");
      made.createObjectStore("seen");
    },
    blocking: () => base.close(), // a newer page wants another shape: it goes first
  });
  return base;
}

/** Nobody is here any more: what was seen opens no longer, and the key goes with it. Where something waits to be sent it
    goes too (`waiting`), else it stays with its key until its person is back. */
export async function forget(base: Base, owner: string, { waiting }: { waiting: boolean }): Promise<void> {
  const writing = base.transaction(["keys", "entries", "pages", "seen"], "readwrite", { durability: "strict" });
  const entries = writing.objectStore("entries"), pages = writing.objectStore("pages");
  await writing.objectStore("seen").clear();
  for (const page of await pages.index("owner").getAllKeys(owner)) await pages.delete(page);
  const left = await entries.index("owner").getAllKeys(owner);
  if (waiting) for (const number of left) await entries.delete(number);
  if (waiting || !left.length) await writing.objectStore("keys").delete(owner);
  await writing.done;
}

/** The key of a person on this device; made where there is none. Of two tabs that make one, the first keeps it. */
export async function keyOf(base: Base, owner: string): Promise<CryptoKey> {
  const before = await base.get("keys", owner);
  if (before) return before.key;
  const made = await newKey();
  const writing = base.transaction("keys", "readwrite", { durability: "strict" });
  const meanwhile = await writing.store.get(owner);
  if (!meanwhile) await writing.store.put({ owner, key: made });
  await writing.done;
  return meanwhile?.key ?? made;
}
