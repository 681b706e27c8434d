// Which of several alarms is said first; in Python sojourn/clinical/alarms/order.py, held by
// tests/golden/alarm_order.json.
import type { Session } from "../live";

export type Alarm = Session["alarms"][number];

const RANK: Record<string, number> = { low: 0, medium: 1, high: 2 };
export const rank = (priority: string) => RANK[priority] ?? 0;
// That no heart beats or no breath comes.
const FIRST = new Set(["breathing.apnoea", "heart.asystole", "heart.no_pulse"]);
export const isOpen = (alarm: Alarm) => alarm.phase !== "recovered";
export const isWaiting = (alarm: Alarm) => isOpen(alarm) && alarm.phase !== "acknowledged";

/** The gravest alarm that is not over of a figure's codes, whether or not somebody has seen it. */
export function ofFigure(alarms: readonly Alarm[], codes: readonly string[]): Alarm | undefined {
  return alarms.filter((each) => isOpen(each) && codes.includes(each.code))
    .sort((a, b) => rank(b.priority) - rank(a.priority) || moreUrgent(a, b))[0];
}

/** The priority of a chair: that of its gravest alarm that is not over, answered or not, as its tiles show it. */
export function gravestOpen(alarms: readonly Alarm[]): string {
  return alarms.filter(isOpen).reduce((found, { priority }) =>
    !found || rank(priority) > rank(found) ? priority : found, "");
}

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Open before over, unanswered before answered, grave before mild, a stopped heart or breath before all else, old
 * before new; then by name. */
export function moreUrgent(a: Alarm, b: Alarm): number {
  return Number(!isOpen(a)) - Number(!isOpen(b))
    || Number(a.phase === "acknowledged") - Number(b.phase === "acknowledged")
    || rank(b.priority) - rank(a.priority)
    || Number(FIRST.has(b.rule)) - Number(FIRST.has(a.rule))
    || (a.since ?? 0) - (b.since ?? 0)
    || byName(a.rule, b.rule)
    || byName(a.code, b.code);
}
