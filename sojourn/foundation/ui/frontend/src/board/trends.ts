// The last minutes of each chair as small lines, drawn once and then extended.
import { strip, type Strip, type StripSpec } from "../charts";
import type { Session } from "../live";
import { TILES } from "./current";
import type { Store } from "./store";
import type { View } from "./view";

// Where a trend's axis begins and ends at least, so that calm readings look calm.
const SPAN: Record<string, [number, number]> = { hr: [50, 120], bp: [50, 160], spo2: [88, 100], rr: [4, 24], etco2: [20, 55] };
// Seconds without a reading after which a line breaks; a cuff measures when it will.
const GAP_S = 90;

interface Drawn { strip: Strip; codes: Record<string, readonly string[]>; height: number }

export class Trends {
  private readonly drawn = new Map<number, Drawn>();

  constructor(private readonly store: Store, private readonly view: () => View) {}

  ids(): number[] {
    return [...this.drawn.keys()];
  }

  draw(box: HTMLElement, session: Session): void {
    this.destroy(session.id);
    const host = box.querySelector<HTMLElement>("[data-chair-trend]")!;
    // With room, each line has its name and the time stands below; without, the order is that of the figures.
    const bare = host.clientHeight < 190 || host.clientWidth < 560;
    const keys = Object.keys(TILES).filter((key) => key !== "etco2" || TILES.etco2!.flat().some((code) => code in session.signals));
    const height = Math.max(9, Math.min(80, Math.floor(((host.clientHeight || 100) - (bare ? 0 : 30)) / keys.length) - 1));
    const now = this.store.now();
    const codes: Record<string, readonly string[]> = {};
    const said = (key: string, what: string) => box.querySelector(`[data-vital="${key}"] ${what}`)?.textContent ?? "";
    const spec: StripSpec = {
      bare, height, x_min: now - this.store.data.trend_s, x_max: now, zone: this.store.data.zone,
      rows: keys.map((key) => {
        const [low, high] = SPAN[key]!;
        const shown = (codes[key] = this.view().codes(key, session, now));
        return {
          key, label: said(key, "[data-vital-label]"), unit: said(key, ".unit"), low, high,
          gap: key === "bp" ? null : GAP_S, lines: this.store.lines(session.id, shown),
        };
      }),
    };
    this.drawn.set(session.id, { strip: strip(host, spec), codes, height: host.clientHeight });
  }

  destroy(id: number): void {
    this.drawn.get(id)?.strip.destroy();
    this.drawn.delete(id);
  }

  /** New readings take their places in time, also those that came late. */
  extend(box: HTMLElement, session: Session): void {
    const trend = this.drawn.get(session.id);
    if (!trend) return;
    const now = this.store.now();
    if (!("etco2" in trend.codes) && "etco2" in session.signals) return this.draw(box, session);
    for (const [key, codes] of Object.entries(trend.codes)) {
      if (this.view().codes(key, session, now)[0] !== codes[0]) return this.draw(box, session);
    }
    for (const [, code, , at] of session.trend ?? []) {
      for (const [key, codes] of Object.entries(trend.codes)) {
        if (codes.includes(code)) trend.strip.append(key, at, this.store.readAt(session.id, codes, at));
      }
    }
  }

  /** Time goes on. An alarm's words take room from the trend, and give it back. */
  move(box: HTMLElement, session: Session): void {
    const trend = this.drawn.get(session.id);
    if (!trend) return;
    const now = this.store.now();
    if (Math.abs(trend.height - box.querySelector("[data-chair-trend]")!.clientHeight) > 6) this.draw(box, session);
    else trend.strip.window(now - this.store.data.trend_s, now);
  }

  /** The heart rates in the order of time, beside the picture for whoever reads the page by program. */
  write(box: HTMLElement, session: Session): void {
    const host = box.querySelector<HTMLElement>("[data-chair-trend]");
    const rates = this.store.lines(session.id, this.view().codes("hr", session, this.store.now()))[0] ?? [];
    if (host) host.dataset.hr = JSON.stringify(rates.map(([, value]) => value));
  }
}
