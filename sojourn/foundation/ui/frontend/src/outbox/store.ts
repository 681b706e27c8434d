// Where the outbox lies: IndexedDB, a key for each person on this device, and their entries sealed with it.
import { type Base, forget, keyOf, NAME, openBase, type Row } from "./base";
import { seal, unseal } from "./sealing";

/** What a person did, as it is sent. `made_at` is by this device's clock; `danger`: it could raise a flag. */
export interface What {
  command: string;
  address: Record<string, string>;
  fields: Record<string, string[]>;
  called: string;
  made_at: string;
  danger: boolean;
}

/** Why the clinic did not take it, in its words; `code` as the offline door says it. */
export interface Refusal {
  code: string;
  reasons: string[];
}

export interface Entry {
  id: string;
  what: What;
  refusal: Refusal | null;
}

export class Store {
  private constructor(
    private readonly base: Base,
    readonly owner: string,
    private readonly key: CryptoKey,
  ) {}

  /** The store of one person. Throws where the browser has none to give. */
  static async open(owner: string, name = NAME): Promise<Store> {
    const base = await openBase(name);
    return new Store(base, owner, await keyOf(base, owner));
  }

  close(): void {
    this.base.close();
  }

  /** On the disk when this returns. Throws where the disk is full. */
  async add(id: string, what: What): Promise<void> {
    const row: Row = { id, owner: this.owner, sealed: await seal(this.key, this.name(id), what), refusal: null };
    const writing = this.base.transaction("entries", "readwrite", { durability: "strict" });
    await Promise.all([writing.store.add(row), writing.done]);
  }

  /** Everything of this person that has no receipt, as it was made. */
  async entries(): Promise<Entry[]> {
    const rows = await this.base.getAllFromIndex("entries", "owner", this.owner);
    rows.sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
    return Promise.all(rows.map((row) => this.read(row)));
  }

  async count(): Promise<number> {
    return this.base.countFromIndex("entries", "owner", this.owner);
  }

  /** It could raise a flag. Where it has a receipt meanwhile, nothing. */
  async couldRaise(id: string): Promise<void> {
    const row = await this.base.getFromIndex("entries", "id", id);
    if (row?.owner !== this.owner) return;
    const { what } = await this.read(row);
    const sealed = await seal(this.key, this.name(id), { ...what, danger: true });
    const writing = this.base.transaction("entries", "readwrite", { durability: "strict" });
    const still = await writing.store.index("id").get(id);
    if (still) await writing.store.put({ ...still, sealed });
    await writing.done;
  }

  /** Why it was refused; null where it is to be sent again. */
  async refused(id: string, refusal: Refusal | null): Promise<void> {
    const kept = refusal && (await seal(this.key, `${this.name(id)}:refusal`, refusal));
    const writing = this.base.transaction("entries", "readwrite", { durability: "strict" });
    const row = await writing.store.index("id").get(id);
    if (row?.owner === this.owner) await writing.store.put({ ...row, refusal: kept });
    await writing.done;
  }

  /** The server has it. */
  async remove(id: string): Promise<void> {
    const writing = this.base.transaction("entries", "readwrite", { durability: "strict" });
    const number = await writing.store.index("id").getKey(id);
    if (number !== undefined) await writing.store.delete(number);
    await writing.done;
  }

  /** The person goes: their key, what it sealed and that they were here are gone from this device. */
  async destroy(): Promise<void> {
    await forget(this.base, this.owner, { waiting: true });
  }

  private async read(row: Row): Promise<Entry> {
    const what = await unseal<What>(this.key, this.name(row.id), row.sealed);
    const refusal = row.refusal && (await unseal<Refusal>(this.key, `${this.name(row.id)}:refusal`, row.refusal));
    return { id: row.id, what, refusal };
  }

  private name(id: string): string {
    return `${this.owner}:${id}`;
  }
}
