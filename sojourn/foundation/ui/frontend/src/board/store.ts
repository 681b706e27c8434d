// What the board knows: sessions, readings, the server's time, and whether anybody can still be heard. No page here.
// Times are the server's: the difference to this device's clock is measured at every beat.
import type { Beat, Session, State } from "../live";

/** What comes with the page as #board-data. Words are a flat table with four tables in it. */
export interface BoardData {
  now: number;
  watch_age_s: number | null;
  zone: string;
  stream: string;
  here: string;
  cursor: string;
  sessions: Session[];
  others: number[];
  chairs: Record<string, { given: string; stale: number }>;
  limits: Record<string, number>;
  /** How long a call may wait, in seconds; null where no rule says so. */
  call_s?: number | null;
  trend_s: number;
  skew_s: number;
  watch_silent_s: number;
  words: Record<string, string> & Record<"states" | "priorities" | "rules" | "short" | "doubts", Record<string, string>>;
}

/** Two clocks: the device's own in seconds since 1970, and one in milliseconds that nobody can set. */
export interface Clocks { wallS(): number; steadyMs(): number }

export type Point = [number, number | null];

const OVER = new Set(["left", "did_not_attend", "cancelled"]);
const LOST_AFTER_MS = 4000;
const BEATS_COMPARED = 10;

export const isOver = (session: Session) => OVER.has(session.state);

export class Store {
  readonly sessions = new Map<number, Session>();
  /** Since when the board hears nothing, in the server's time; null while it hears. */
  lost: number | null = null;
  signedOut = false;
  /** Believed readings of the trend's length: session, vital sign, time in seconds, value. */
  private readonly readings = new Map<number, Map<string, Map<number, number>>>();
  private offset: number;
  private offsets: number[] = [];
  private watchAge: number | null;
  private beatAt: number;

  constructor(public data: BoardData, private readonly clocks: Clocks) {
    this.offset = data.now - clocks.wallS();
    this.watchAge = data.watch_age_s;
    this.beatAt = clocks.steadyMs();
  }

  now(): number {
    return this.clocks.wallS() + this.offset;
  }

  /** How long ago the watch gave a sign of life; null where it never did. */
  watchAgeS(): number | null {
    return this.watchAge === null ? null : this.watchAge + this.unheardMs() / 1000;
  }

  /** What the page brought: a session that the stream knows better keeps its newer state. */
  begin(): void {
    for (const session of this.data.sessions) {
      const known = this.sessions.get(session.id);
      this.keep(known && known.seq > session.seq ? { ...known, trend: session.trend } : session);
    }
  }

  /** Keeps what came by the stream; true unless something newer is known already. */
  take(session: Session): boolean {
    const known = this.sessions.get(session.id);
    if (known && known.seq > session.seq) return false;
    this.keep(session);
    return true;
  }

  forget(id: number): void {
    this.sessions.delete(id);
    this.readings.delete(id);
  }

  /** A snapshot names every session that runs. */
  keepOnly(alive: ReadonlySet<number>): void {
    for (const id of [...this.sessions.keys()]) if (!alive.has(id)) this.sessions.delete(id);
  }

  forgetOld(): void {
    const before = this.now() - this.data.trend_s;
    for (const known of this.readings.values()) {
      for (const column of known.values()) for (const at of column.keys()) if (at < before) column.delete(at);
    }
  }

  /** The lines of a trend in the order of time. */
  lines(id: number, codes: readonly string[]): Point[][] {
    const known = this.readings.get(id);
    return codes.map((code) => [...(known?.get(code) ?? [])].sort((a, b) => a[0] - b[0]));
  }

  /** What was read of `codes` at one moment. */
  readAt(id: number, codes: readonly string[], at: number): (number | null)[] {
    const known = this.readings.get(id);
    return codes.map((code) => known?.get(code)?.get(at) ?? null);
  }

  beat(beat: Beat): void {
    this.beatAt = this.clocks.steadyMs();
    this.watchAge = beat.watch_age_s;
    const measured = Date.parse(beat.now) / 1000 - this.clocks.wallS();
    // The least delayed of the last beats is nearest to the truth; a clock that was set shows within ten of them.
    this.offsets = [...this.offsets.slice(1 - BEATS_COMPARED), measured];
    this.offset = Math.max(...this.offsets);
    this.lost = null;
  }

  stream(state: State): void {
    this.signedOut = state === "signed-out";
    const gone = this.signedOut || this.unheardMs() > LOST_AFTER_MS;
    if (state !== "open" && this.lost === null && gone) this.lost = this.now();
  }

  /** Notices that nothing was heard for too long; true at the moment when it notices. */
  noticeSilence(): boolean {
    if (this.lost !== null || this.unheardMs() <= LOST_AFTER_MS) return false;
    this.lost = this.now() - this.unheardMs() / 1000;
    return true;
  }

  /** Sessions that came or went, compared with the chairs on the page. `all`: the store has just heard of every one. */
  changes(onPage: ReadonlySet<number>, asked: ReadonlySet<number>, all: boolean): { come: number[]; gone: number[] } {
    const others = new Set(this.data.others);
    const running = [...this.sessions.values()].filter((each) => !isOver(each) && this.data.words.states[each.state]);
    const come = running.map((each) => each.id).filter((id) => !onPage.has(id) && !others.has(id) && !asked.has(id));
    const gone = [...onPage].filter((id) => {
      const session = this.sessions.get(id);
      return session ? isOver(session) : all;
    });
    return { come, gone };
  }

  private keep(session: Session): void {
    this.sessions.set(session.id, session);
    let known = this.readings.get(session.id);
    if (!known) this.readings.set(session.id, (known = new Map()));
    for (const [, code, value, at] of session.trend ?? []) {
      let column = known.get(code);
      if (!column) known.set(code, (column = new Map()));
      column.set(at, value);
    }
  }

  private unheardMs(): number {
    return this.clocks.steadyMs() - this.beatAt;
  }
}
