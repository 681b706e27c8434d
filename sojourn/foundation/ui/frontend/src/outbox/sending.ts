// The way to the clinic's offline door. Nothing but its own receipt, which names the entry, takes an entry out.
import type { Entry, Refusal } from "./store";

const RECEIPT = "X-Sojourn-Receipt";
const PATIENCE_MS = 10_000;

/** `taken`: it has a receipt. `refused`: the clinic says why. `unknown`: somebody answered whom we do not know, or
    nobody in time. `unreached`: there is no way to anybody. */
export type Outcome =
  | { kind: "taken"; leadsTo: string }
  | { kind: "refused"; refusal: Refusal }
  | { kind: "unknown" }
  | { kind: "unreached" };

export interface Way {
  fetch: typeof fetch;
  token: () => string;
  owner: string;
  now: () => Date;
  /** Somebody else is signed in than whose outbox it is: their page is not shown any longer. */
  anothers?: () => void;
}

export async function send(entry: Entry, way: Way): Promise<Outcome> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const answer = await way.fetch(`/sync/commands/${entry.what.command}`, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error", // the page of a hotel's network
      signal: stop.signal,
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-CSRFToken": way.token(),
        "X-Page-Owner": way.owner,
      },
      body: JSON.stringify({
        entry: entry.id,
        made_at: entry.what.made_at,
        sent_at: way.now().toISOString(),
        address: entry.what.address,
        fields: entry.what.fields,
      }),
    });
    return outcome(entry.id, answer.headers.get(RECEIPT), await answer.json().catch(() => null));
  } catch {
    return { kind: stop.signal.aborted ? "unknown" : "unreached" };
  } finally {
    clearTimeout(timer);
  }
}

/** What an answer means. An answer that is not ours means nothing, whatever its status. */
export function outcome(id: string, receipt: string | null, said: unknown): Outcome {
  const { receipt: told, refusal } = (said ?? {}) as { receipt?: Record<string, unknown>; refusal?: Partial<Refusal> };
  if (told?.["stored"] === true && told["entry"] === id && receipt === id) {
    return { kind: "taken", leadsTo: typeof told["leads_to"] === "string" ? told["leads_to"] : "" };
  }
  if (typeof refusal?.code === "string" && Array.isArray(refusal.reasons)) {
    return { kind: "refused", refusal: { code: refusal.code, reasons: refusal.reasons.map(String) } };
  }
  return { kind: "unknown" };
}
