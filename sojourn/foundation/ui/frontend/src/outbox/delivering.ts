// A form of the patient's pages, on its way through the outbox: written on the device first, then sent.
import type { Outbox, Passed } from "./outbox";

/** Where the page goes: on (`to`), to the server's own page about the form (`page`), or nowhere yet (`waits`). */
export type Delivered = { to: string } | { page: true } | { waits: true };

export interface Danger {
  read(text: string): unknown;
}

export class Delivery {
  private readonly later = new Map<string, (to: string) => void>();

  constructor(
    private readonly box: Outbox,
    private readonly danger: () => Promise<Danger | null>,
    private readonly notSeen: () => void,
  ) {}

  /** Whether this form goes through the outbox. */
  static takes(form: HTMLFormElement): boolean {
    return Boolean(form.dataset.command);
  }

  /** Keep it, send it, and say where the page goes. `arrived` is called where it waits now and is receipted later,
      while the page still stands. Throws where the device cannot keep it. */
  async deliver(form: HTMLFormElement, said: Iterable<[string, string]>, button: HTMLElement | null, arrived: (to: string) => void): Promise<Delivered> {
    const what = { ...this.addressed(form, button), fields: fieldsOf(said) };
    const judged = this.couldRaise(form, what.fields).catch(() => false); // nothing waits for the list
    const id = await this.box.add({ ...what, danger: false });
    this.later.set(id, arrived);
    // From here on it lies on the device: whatever goes wrong with the sending, it waits.
    const became = (await this.box.pass().catch((): Passed => new Map())).get(id) ?? null;
    if (became === null) {
      if (await judged) {
        await this.box.couldRaise(id);
        this.notSeen();
      }
      return { waits: true };
    }
    this.later.delete(id);
    if ("leadsTo" in became) return { to: became.leadsTo };
    await this.box.store.remove(id); // the form on the page holds it, and the server's page says what is wrong
    return { page: true };
  }

  /** A pass that nobody on this page asked for: what it took leads on where its form still stands. */
  passed(passed: Passed): void {
    for (const [id, became] of passed) {
      if (became === null || !("leadsTo" in became)) continue;
      this.later.get(id)?.(became.leadsTo);
      this.later.delete(id);
    }
  }

  private addressed(form: HTMLFormElement, button: HTMLElement | null): { command: string; address: Record<string, string>; called: string } {
    const { command, called, address } = { ...form.dataset, ...(button?.dataset.command ? button.dataset : {}) };
    return { command: command ?? "", called: called ?? "", address: JSON.parse(address ?? "{}") as Record<string, string> };
  }

  /** By the clinic's own list, on the device: an alarming answer, or words of danger. */
  private async couldRaise(form: HTMLFormElement, fields: Record<string, string[]>): Promise<boolean> {
    const from = Number(form.dataset.alarmingFrom ?? NaN);
    if (Number(fields["value"]?.[0]) >= from) return true;
    const texts = Object.entries(fields).filter(([name]) => !NOT_READ.has(name)).flatMap(([, values]) => values).filter((each) => each.length > 3);
    if (!texts.length) return false;
    const list = await this.danger();
    return list !== null && texts.some((each) => list.read(each));
  }
}

// Made by the page (interfaces/portal/danger/listening.py has the same with reasons).
const NOT_READ = new Set(["key", "seen", "to", "item", "confirmed"]);

function fieldsOf(said: Iterable<[string, string]>): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const [name, value] of said) if (name !== "csrfmiddlewaretoken") (fields[name] ??= []).push(value);
  return fields;
}
