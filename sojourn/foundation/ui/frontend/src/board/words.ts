// The board's words, filled: templates come with the page, translated by Django. The same as in
// sojourn/interfaces/console/board/words.py, held by tests/golden/board_words.json.
import type { Session } from "../live";

export interface Words {
  states: Record<string, string>;
  priorities: Record<string, string>;
  rules: Record<string, string>;
  short: Record<string, string>;
  doubts: Record<string, string>;
  text: Record<string, string>;
}

/** A template with its {names} filled in. */
export function fill(template: string | undefined, values: Record<string, string | number> = {}): string {
  return (template ?? "").replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** How old a reading is, short enough to stand under it. */
export function ageWord(text: Words["text"], seconds: number): string {
  if (seconds < 1) return fill(text.just_now);
  if (seconds < 60) return fill(text.seconds, { n: Math.floor(seconds) });
  if (seconds < 3600) return fill(text.minutes, { n: Math.floor(seconds / 60) });
  return fill(text.hours, { n: Math.floor(seconds / 3600) });
}

/** When the next check is due, `left` seconds from now, and whether that moment has passed. */
export function dueWord(text: Words["text"], left: number): [string, boolean] {
  if (left >= 60) return [fill(text.due, { n: Math.floor(left / 60) }), false];
  if (left > -60) return [fill(text.now), left <= 0];
  return [fill(text.overdue, { n: Math.floor(-left / 60) }), true];
}

/** That a monitor's clock is wrong, where it is more so than `believed` seconds; else "". */
export function clockWord(text: Words["text"], skew: Session["skew"], believed: number): string {
  if (skew === null || Math.abs(skew) <= believed) return "";
  return fill(skew > 0 ? text.clock_ahead : text.clock_behind, { n: Math.round(Math.abs(skew) / 60) });
}
