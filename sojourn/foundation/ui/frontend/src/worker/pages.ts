// The patient's pages without a connection, for the service worker: each as it was opened last, sealed with its person's
// key, for as long as a sign-in lasts that nobody uses. Whose page was seen last is whose pages open.
import { type Base, keyOf, NAME, openBase, type PageRow } from "../outbox/base";
import { seal, unseal } from "../outbox/sealing";

const MOST = 40;
const OWNER = /<html[^>]*\sdata-owner="([0-9a-f]*)"/;
const HEADERS = ["Content-Type", "Content-Security-Policy", "Content-Language", "Referrer-Policy", "X-Content-Type-Options"];

interface Page {
  html: string;
  headers: [string, string][];
}

export class Pages {
  constructor(
    private readonly longestMs: number,
    private readonly now: () => number = Date.now,
    private readonly name = NAME,
  ) {}

  /** Keep what was opened. A page of nobody, or one that leads elsewhere (to the door?), ends what opens without one. */
  async seen(url: string, answer: Response): Promise<void> {
    if (answer.type === "opaqueredirect") return this.within((base) => base.clear("seen"));
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/html")) return;
    const html = await answer.text();
    const owner = OWNER.exec(html)?.[1];
    if (owner === undefined) return; // help and the like: nobody's in particular
    await this.within(async (base) => {
      if (owner === "") return base.clear("seen");
      const headers = HEADERS.flatMap((each): [string, string][] => {
        const value = answer.headers.get(each);
        return value === null ? [] : [[each, value]];
      });
      const sealed = await seal(await keyOf(base, owner), `${owner}:${url}`, { html, headers } satisfies Page);
      const at = this.now();
      await base.put("pages", { owner, url, at, sealed });
      await base.put("seen", { owner, at }, "last");
      await this.prune(base, owner);
    });
  }

  /** The page as it was opened last by whoever was here last; null where there is none, or nobody was here lately. */
  async open(url: string): Promise<Response | null> {
    return this.within(async (base) => {
      const seen = await base.get("seen", "last");
      if (!seen || !this.isYoung(seen.at)) return null;
      const row = await base.get("pages", [seen.owner, url]);
      const kept = await base.get("keys", seen.owner);
      if (!row || !kept) return null;
      const { html, headers } = await unseal<Page>(kept.key, `${seen.owner}:${url}`, row.sealed);
      return new Response(marked(html, row.at), { headers });
    });
  }

  private isYoung(at: number): boolean {
    const age = this.now() - at;
    return age >= 0 && age < this.longestMs; // a clock that was set back opens nothing
  }

  /** What is too old goes, whoever's it is; of one person the newest stay. */
  private async prune(base: Base, owner: string): Promise<void> {
    const rows = await base.getAll("pages");
    const own = rows.filter((each) => each.owner === owner).sort((a, b) => b.at - a.at);
    const gone = new Set<PageRow>([...rows.filter((each) => !this.isYoung(each.at)), ...own.slice(MOST)]);
    for (const each of gone) await base.delete("pages", [each.owner, each.url]);
  }

  private async within<T>(work: (base: Base) => Promise<T>): Promise<T> {
    const base = await openBase(this.name);
    try {
      return await work(base);
    } finally {
      base.close();
    }
  }
}

/** The page says from when it is. */
function marked(html: string, at: number): string {
  return html.replace(/<html/, `<html data-kept-at="${new Date(at).toISOString()}"`);
}
