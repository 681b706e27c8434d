// The database of this browser: a key for each person on this device, and what they did, sealed with it.
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

interface Schema extends DBSchema {
  keys: { key: string; value: { owner: string; key: CryptoKey } };
  entries: { key: number; value: Row; indexes: { id: string; owner: string } };
}

export type Base = IDBPDatabase<Schema>;

/** Throws where the browser has none to give. */
export async function openBase(name = NAME): Promise<Base> {
  const base = await openDB<Schema>(name, 1, {
    upgrade(made) {
      made.createObjectStore("keys", { keyPath: "owner" });
      const entries = made.createObjectStore("entries", { keyPath: "number", autoIncrement: true });
      entries.createIndex("id", "id", { unique: true });
      entries.createIndex("owner", "owner");
    },
    blocking: () => base.close(), // a newer page wants another shape: it goes first
  });
  return base;
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
