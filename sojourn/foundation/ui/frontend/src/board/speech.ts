// What the board says aloud: the words of a screen reader, each once, and the sound that calls somebody.
import type { Session } from "../live";
import { isWaiting, rank } from "./alarms";
import { isOver } from "./store";
import type { View } from "./view";

/** What is to be heard: a priority, "call", or "" for silence. `blind`: the board itself cannot see; `isLate`: a call has
 * waited too long, and sounds like a high alarm. */
export function soundWanted(
  sessions: Iterable<Session>, blind: boolean, isLate: (session: Session) => boolean = () => false,
): string {
  let priority = "";
  let called = false;
  for (const session of sessions) {
    if (isOver(session)) continue;
    called ||= session.called !== null;
    if (isLate(session)) priority = "high";
    for (const alarm of session.alarms.filter(isWaiting)) {
      if (!priority || rank(alarm.priority) > rank(priority)) priority = alarm.priority;
    }
  }
  if (blind && priority !== "high") priority = "medium";
  return priority || (called ? "call" : "");
}

/** Remembers what was said, so that a screen reader hears what is new: alarms, calls. */
export class Speech {
  private readonly spoken = new Set<string>();

  constructor(private readonly view: () => View) {}

  /** What is new of `session`, whose chair is called `who`; "" where nothing is. */
  fresh(session: Session, who: string): string {
    const { priorities, rules } = this.view().words;
    const says = session.alarms.filter(isWaiting)
      .map((each) => `${who}: ${priorities[each.priority] ?? ""}: ${rules[each.rule] ?? each.rule}`);
    if (session.called !== null) says.push(`${who}: ${this.view().call(session)}`);
    const fresh = says.filter((each) => !this.spoken.has(each));
    for (const each of this.spoken) if (each.startsWith(`${who}:`) && !says.includes(each)) this.spoken.delete(each);
    for (const each of fresh) this.spoken.add(each);
    return fresh.join(". ");
  }
}
