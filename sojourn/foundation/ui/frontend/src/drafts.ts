// What somebody typed and the server has not received: kept in this tab, in the name of the person whose page it is.
// A page says whose it is (<html data-owner>, an opaque name); "" is nobody, and a page without it is nobody's in
// particular (help, and whatever stays on the device). Nothing of one person is ever read for another.

/** One sign-in lasts no longer (SESSION_COOKIE_AGE); what is older is of another day. */
export const KEPT_HOURS = 12;
const DRAFT = "draft:";
const SENT = "sent:";
const RECEIVED = "draft_received=";

export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;
interface Draft {
  at: number;
  text: string;
}

export class Drafts {
  constructor(
    private readonly shelf: () => Shelf, // reading it throws where the browser has closed its storage to us
    readonly owner: string | null,
    private readonly now: () => number = Date.now,
  ) {}

  /** Keep `text` for this form of this owner; null drops it. Kept for nobody: nothing. */
  keep(form: string, text: string | null): void {
    if (!this.owner) return;
    this.quietly((shelf) => {
      if (text === null) shelf.removeItem(this.key(form));
      else shelf.setItem(this.key(form), JSON.stringify({ at: this.now(), text } satisfies Draft));
    });
  }

  /** What was kept for this form of this owner, if it is young enough. */
  read(form: string): string | null {
    if (!this.owner) return null;
    let found: string | null = null;
    this.quietly((shelf) => {
      found = this.young(shelf.getItem(this.key(form)));
    });
    return found;
  }

  /** The form is on its way under this number; the server's answer carries it back. */
  sent(form: string, number: string): void {
    if (this.read(form) !== null) this.keep(SENT + form, number);
  }

  /** What the server has received under this number is kept no longer. */
  settle(number: string): void {
    if (!this.owner || !number) return;
    const marks = this.key(SENT);
    this.quietly((shelf) => {
      for (const mark of this.keys(shelf).filter((key) => key.startsWith(marks))) {
        if (this.young(shelf.getItem(mark)) !== number) continue;
        shelf.removeItem(this.key(mark.slice(marks.length)));
        shelf.removeItem(mark);
      }
    });
  }

  /** Take away whatever is not of the present owner, and what is too old. Before the page is shown. */
  sweep(): void {
    if (this.owner === null) return;
    const own = DRAFT + this.owner + ":";
    this.remove((key, value) => !this.owner || !key.startsWith(own) || this.young(value) === null);
  }

  /** Take away everything: the person goes. */
  clear(): void {
    this.remove(() => true);
  }

  private key(form: string): string {
    return `${DRAFT}${this.owner}:${form}`;
  }

  private keys(shelf: Shelf): string[] {
    return Array.from({ length: shelf.length }, (_, at) => shelf.key(at)).filter((key) => key !== null);
  }

  private young(value: string | null): string | null {
    try {
      const draft = JSON.parse(value ?? "null") as Draft | null;
      const age = this.now() - Number(draft?.at);
      return typeof draft?.text === "string" && age >= 0 && age < KEPT_HOURS * 3600_000 ? draft.text : null;
    } catch {
      return null;
    }
  }

  private remove(gone: (key: string, value: string | null) => boolean): void {
    this.quietly((shelf) => {
      for (const key of this.keys(shelf)) if (gone(key, shelf.getItem(key))) shelf.removeItem(key);
    });
  }

  private quietly(work: (shelf: Shelf) => void): void {
    try {
      work(this.shelf());
    } catch {
      // Full or closed storage: the page itself still holds what was typed.
    }
  }
}

/** The number of the form that the server has received last, which it tells once; "" for none. */
export function received(): string {
  const found = document.cookie.split("; ").find((each) => each.startsWith(RECEIVED));
  if (found) document.cookie = `${RECEIVED}; Max-Age=0; Path=/; SameSite=Lax`;
  return found?.slice(RECEIVED.length) ?? "";
}

/** The drafts of the page that is shown. */
export function drafts(): Drafts {
  return new Drafts(() => sessionStorage, document.documentElement.dataset.owner ?? null);
}
