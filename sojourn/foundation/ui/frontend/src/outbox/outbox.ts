// What a person did on this device and the clinic has not receipted yet. Written first and sent then: a tab that dies,
// a network that goes, a second tab, a second phone change nothing but the time of the receipt.
import { send, type Way } from "./sending";
import { type Entry, type Refusal, Store, type What } from "./store";

// These come again by themselves; whatever else was refused waits for the person, and is shown with its reason.
const LATER = new Set(["later", "signed-out", "anothers", "not-now"]);
// Nothing of this person can arrive now: the others are not tried either.
const NOBODY = new Set(["signed-out", "anothers"]);

/** What became of an entry in a pass: the receipt, the refusal, or null while it waits. */
export type Passed = Map<string, { leadsTo: string } | { refusal: Refusal } | null>;
type Locks = Pick<LockManager, "request">;

export class Outbox {
  private listeners = new Set<() => void>();
  private passing: Promise<Passed> | null = null;

  constructor(
    readonly store: Store,
    private readonly way: Way,
    private readonly locks: Locks | undefined = globalThis.navigator?.locks,
  ) {}

  /** Keep it. On the disk when this returns; throws where that is not possible, and nothing is kept then. A page that was
      kept on the device comes with the same `key` each time it opens, and by a key two are one: the entry brings its own. */
  async add(what: Omit<What, "made_at">): Promise<string> {
    const id = crypto.randomUUID();
    const fields = "key" in what.fields ? { ...what.fields, key: [id] } : what.fields;
    await this.store.add(id, { ...what, fields, made_at: this.way.now().toISOString() });
    this.changed();
    return id;
  }

  entries(): Promise<Entry[]> {
    return this.store.entries();
  }

  /** Send what waits, in its order; one pass at a time in all tabs. One that is refused never holds up the others. */
  pass(): Promise<Passed> {
    this.passing ??= this.locked(() => this.sendAll()).finally(() => {
      this.passing = null;
    });
    return this.passing;
  }

  /** The person wants it tried again. */
  async retry(id: string): Promise<Passed> {
    await this.store.refused(id, null);
    return this.pass();
  }

  /** It could raise a flag, and the clinic has not seen it. */
  async couldRaise(id: string): Promise<void> {
    await this.store.couldRaise(id);
    this.changed();
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private async sendAll(): Promise<Passed> {
    const passed: Passed = new Map();
    for (const entry of await this.store.entries()) {
      if (entry.refusal) continue;
      const became = await send(entry, this.way);
      if (became.kind === "unreached") break;
      if (became.kind === "taken") {
        await this.store.remove(entry.id);
        passed.set(entry.id, { leadsTo: became.leadsTo });
      } else if (became.kind === "refused") {
        const { refusal } = became;
        passed.set(entry.id, LATER.has(refusal.code) ? null : { refusal });
        if (refusal.code === "anothers") this.way.anothers?.();
        if (NOBODY.has(refusal.code)) break;
        if (!LATER.has(refusal.code)) await this.store.refused(entry.id, refusal);
      } else {
        passed.set(entry.id, null);
      }
      this.changed();
    }
    return passed;
  }

  private async locked<T>(work: () => Promise<T>): Promise<T> {
    return this.locks ? ((await this.locks.request(`outbox:${this.store.owner}`, work)) as T) : work();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Everything that waits, as a text that a person can keep. */
export function copyOf(entries: readonly Entry[]): string {
  return entries
    .map(({ what, refusal }) =>
      [
        `${what.called}, ${what.made_at}`,
        ...Object.entries(what.fields)
          .filter(([name]) => !MADE_BY_PAGE.has(name))
          .map(([name, values]) => `${name}: ${values.join(", ")}`),
        ...(refusal?.reasons ?? []),
      ].join("\n"),
    )
    .join("\n\n");
}

const MADE_BY_PAGE = new Set(["key", "seen", "to", "item", "confirmed"]);
