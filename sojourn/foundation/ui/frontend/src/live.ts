// Server-sent events of running sessions, with an end to every silence: a stream that says nothing is opened again,
// and goes on after the last reading that it brought.

export interface Session {
  id: number;
  state: string;
  seq: number;
  since: number;
  dose: number | null;
  /** When the next check is due, and its minute of the schedule. */
  due: [number, number] | null;
  /** By vital sign: value, time, doubt; of breathing also how it is measured, where the monitor says it. */
  signals: Record<string, [number, number, string, string?]>;
  alarms: { rule: string; code: string; phase: string; priority: string; since: number | null; by: string; why?: string }[];
  called: number | null;
  /** What has become of the newest call: state, when it was made, when it came to that, by whom. */
  call?: [string, number, number, string] | null;
  monitors: number;
  skew: number | null;
  newest: number;
  /** New readings: id, vital sign, value, time. */
  trend?: [number, string, number, number][];
}
export interface Beat { now: string; watch_age_s: number | null }
export type State = "open" | "lost" | "signed-out";
export interface Listener {
  snapshot?(sessions: Session[]): void;
  sessions?(sessions: Session[]): void;
  beat?(beat: Beat): void;
  state?(state: State): void;
}

const AGAIN_MS = 3000;

/** Listen at `url`, beginning after `cursor`. `again` opens the stream anew when it has gone silent. */
export function listen(url: string, cursor: string, on: Listener): { again(): void } {
  let source: EventSource | null = null;
  let last = cursor;
  let timer = 0;

  function open(): void {
    clearTimeout(timer);
    source?.close();
    const mine = new EventSource(last ? `${url}?after=${encodeURIComponent(last)}` : url);
    source = mine;
    const hear = <T>(name: string, then: (what: T) => void) => mine.addEventListener(name, (event) => {
      if (mine !== source) return;
      last = event.lastEventId || last;
      then(JSON.parse((event as MessageEvent<string>).data) as T);
    });
    mine.addEventListener("open", () => on.state?.("open"));
    hear<{ sessions: Session[] }>("snapshot", (what) => on.snapshot?.(what.sessions));
    hear<Session[]>("sessions", (what) => on.sessions?.(what));
    hear<Beat>("beat", (what) => on.beat?.(what));
    mine.addEventListener("error", () => {
      if (mine !== source) return;
      on.state?.("lost");
      // The browser tries again by itself after a cut line, but not after an answer that was no stream.
      if (mine.readyState === EventSource.CLOSED) void refused();
    });
  }

  async function refused(): Promise<void> {
    try {
      const answer = await fetch(url, { method: "POST", credentials: "same-origin" });
      if (answer.status === 401 || answer.status === 403) on.state?.("signed-out");
    } catch {
      // Nobody answers: lost, as said.
    }
    later();
  }

  function later(): void {
    clearTimeout(timer);
    timer = window.setTimeout(open, AGAIN_MS);
  }

  open();
  return {
    again() {
      source?.close();
      later();
    },
  };
}
