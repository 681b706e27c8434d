// What the board shows of what it knows: plain values and words, no page here. Nothing in it looks at a clock.
import type { Session } from "../live";
import { gravestOpen, isWaiting, moreUrgent, ofFigure, type Alarm } from "./alarms";
import { currentVital, NO_VALUE, rounded, TILES, UNDATED, type DisplayedVital } from "./current";
import { isOver, type BoardData } from "./store";
import { ageWord, clockWord, dueWord, fill, type Words } from "./words";

export interface FigureView {
  key: string;
  /** Pulse, pressure and breathing say where they come from; the others keep their name (null). */
  label: string | null;
  /** A tile that is there only where its sensor is. */
  hidden: boolean;
  value: string;
  age: string;
  says: string;
  priority: string;
  stale: boolean;
}
export interface ChairView {
  priority: string;
  priorityWord: string;
  /** What is wrong and how it stands; null while nothing is. */
  alarm: { text: string; note: string } | null;
  /** Alarms that a tap on "Seen" answers. */
  waiting: string[];
  call: string;
  callNote: string;
  /** The call has waited too long. */
  callLate: boolean;
  callUnseen: boolean;
  called: boolean;
  state: string;
  when: string;
  due: string;
  overdue: boolean;
  notes: string;
  figures: FigureView[];
}
export interface WatchView { word: string; loud: string }
/** `lost`: the board hears nothing, and no figure of it may look new. */
export interface Moment { now: number; lost: boolean }

export class View {
  readonly words: Words;

  constructor(private readonly data: BoardData) {
    const { states, priorities, rules, short, doubts, ...text } = data.words;
    this.words = { states, priorities, rules, short, doubts, text: text as Record<string, string> };
  }

  chair(session: Session, moment: Moment): ChairView {
    const { text, priorities, states } = this.words;
    const alarms = [...session.alarms].sort(moreUrgent);
    const gravest = alarms[0];
    const priority = gravestOpen(alarms);
    const late = this.callIsLate(session, moment.now);
    const known = session.call?.[0] === "known" ? session.call[3] : "";
    const minutes = Math.max(0, Math.floor((moment.now - (session.dose ?? session.since)) / 60));
    const [due, overdue] = session.due ? dueWord(text, session.due[0] - moment.now) : ["", false];
    return {
      priority,
      priorityWord: priorities[priority] ?? "",
      alarm: gravest ? { text: this.what(gravest), note: this.standing(gravest, alarms.length) } : null,
      waiting: alarms.filter((each) => each.phase !== "acknowledged").map((each) => `${each.rule}|${each.code}`),
      call: session.called === null ? "" : fill(text.waits, {
        call: this.call(session), age: ageWord(text, Math.max(0, moment.now - session.called)),
      }),
      callNote: [late ? fill(text.nobody_went) : "", known ? fill(text.seen_by, { who: known }) : ""]
        .filter(Boolean).join(", "),
      callLate: late,
      callUnseen: session.called !== null && !known,
      called: session.called !== null,
      state: states[session.state] ?? session.state,
      when: fill(session.dose ? text.dose : text.here, { n: minutes }),
      due,
      overdue,
      notes: this.notes(session),
      figures: Object.keys(TILES).map((key) => this.figure(key, session, moment)),
    };
  }

  /** The reading that a tile shows; null where nothing was read. */
  current(key: string, session: Session, now: number): DisplayedVital | null {
    const readings = Object.entries(session.signals)
      .map(([code, [value, at, qualityFlag]]) => ({ code, value, at, qualityFlag }));
    const alarmed = ofFigure(session.alarms, TILES[key]!.flat())?.code ?? "";
    return currentVital(TILES[key]!, readings, now, (code) => this.staleAfterS(session, code), alarmed);
  }

  /** The codes whose lines a tile's trend draws: those of the reading that is shown. */
  codes(key: string, session: Session, now: number): readonly string[] {
    return this.current(key, session, now)?.codes ?? TILES[key]![0]!;
  }

  figure(key: string, session: Session, { now, lost }: Moment): FigureView {
    const { text } = this.words;
    const shown = this.current(key, session, now);
    const doubted = Boolean(shown?.qualityFlag);
    const empty = shown?.qualityFlag === NO_VALUE;
    const alarm = ofFigure(session.alarms, TILES[key]!.flat());
    return {
      key,
      label: this.label(key, shown, session),
      hidden: key === "etco2" && !shown && !alarm,
      value: empty ? "–" : shown ? shown.values.map((each) => (each === null ? "–" : rounded(each, 0))).join("/") : "–",
      // Beside an alarm's word there is no room for a second one: the figure is crossed all the same.
      age: this.age(shown, Boolean(alarm)),
      says: alarm ? this.short(alarm) : empty ? fill(text.no_value) : doubted ? this.doubt(shown!.qualityFlag) : "",
      priority: alarm?.priority ?? (doubted ? "low" : ""), // what cannot be believed never looks calm
      stale: shown !== null && (shown.stale || (doubted && !empty) || lost),
    };
  }

  /** How old a figure is. Of one that cannot be dated: that, where its own word does not say so already. */
  private age(shown: DisplayedVital | null, alarmed: boolean): string {
    const { text } = this.words;
    if (!shown) return fill(text.none);
    if (UNDATED.includes(shown.qualityFlag)) return alarmed ? fill(text.undated) : "";
    const age = ageWord(text, shown.ageS);
    return shown.stale && !alarmed && !shown.qualityFlag ? fill(text.old, { age }) : age;
  }

  private doubt(flag: string): string {
    return this.words.doubts[flag] ?? fill(this.words.text.doubted);
  }

  /** Where the figure comes from, in the name of its tile. */
  private label(key: string, shown: DisplayedVital | null, session: Session): string | null {
    const { text } = this.words;
    const code = shown?.codes[0] ?? "";
    if (key === "hr") return fill(code === "pr" ? text.pulse : text.heart);
    if (key === "bp") return fill(code.endsWith("_map") ? text.mean : text.pressure);
    if (key !== "rr") return null;
    if (code === "co2_rr") return fill(text.breathing_co2);
    const how = text[`by_${session.signals[code]?.[3] ?? ""}`];
    return how ? fill(text.breathing_by, { how }) : fill(text.breathing);
  }

  /** What an alarm says. Of a rule of silence, whether the monitor is silent or has nothing good to say. */
  private what(alarm: Alarm): string {
    if (alarm.why === "silent") return fill(this.words.text.silent);
    return this.words.rules[alarm.rule] ?? alarm.rule;
  }

  private short(alarm: Alarm): string {
    if (alarm.why === "no-good-value") return fill(this.words.text.no_value);
    return this.words.short[alarm.rule] ?? "";
  }

  /** Who asks for somebody. */
  call(session: Session): string {
    return fill(this.words.text.calls, { who: this.data.chairs[session.id]?.given ?? "" });
  }

  /** Whether a call that nobody went to has waited longer than the rule lets it; in Python clinical/calls.py. */
  callIsLate(session: Session, now: number): boolean {
    const most = this.data.call_s ?? null;
    return session.called !== null && most !== null && now - session.called >= most;
  }

  /** The gravest alarm that waits for somebody, and whoever calls, among chairs that this page does not show. */
  elsewhere(sessions: Iterable<Session>, onPage: ReadonlySet<number>): string {
    const { text, priorities } = this.words;
    const others = [...sessions].filter((each) => !onPage.has(each.id) && !isOver(each));
    const gravest = others.flatMap((each) => each.alarms.filter(isWaiting)).sort(moreUrgent)[0];
    const said: string[] = [];
    if (gravest) said.push(fill(text.elsewhere, { what: priorities[gravest.priority] ?? "" }));
    if (others.some((each) => each.called !== null)) said.push(fill(text.calls_elsewhere));
    return said.join(" · ");
  }

  /** Whether the watch is awake. Of a watch that it cannot hear the board says nothing: its own loss is said already. */
  watch(ageS: number | null, lost: boolean): WatchView {
    const { text } = this.words;
    const age = ageS === null ? "" : ageWord(text, ageS);
    const asleep = !lost && (ageS === null || ageS > this.data.watch_silent_s);
    return {
      word: asleep || lost ? fill(text.watch_silent) : fill(text.awake, { age }),
      loud: !asleep ? "" : ageS === null ? fill(text.never_awake) : fill(text.asleep, { age }),
    };
  }

  /** That the board hears nothing, since `time`. */
  lost(time: string, signedOut: boolean): string {
    return fill(signedOut ? this.words.text.signed_out : this.words.text.lost, { time });
  }

  private standing(alarm: Alarm, count: number): string {
    const { text } = this.words;
    const said: string[] = [];
    if (alarm.phase === "acknowledged") said.push(fill(text.seen_by, { who: alarm.by }));
    if (alarm.phase === "escalated") said.push(fill(text.escalated));
    if (alarm.phase === "recovered") said.push(fill(alarm.why === "withdrawn-by-monitor" ? text.withdrawn : text.over));
    if (count > 1) said.push(fill(text.more, { n: count - 1 }));
    return said.join(", ");
  }

  private notes(session: Session): string {
    const { text } = this.words;
    const clock = clockWord(text, session.skew, this.data.skew_s);
    return [session.monitors ? "" : fill(text.no_monitor), clock].filter(Boolean).join(" · ");
  }

  /** Where a monitor is on, by the rule of silence; else, and for what no such rule names, by the protocol. */
  private staleAfterS(session: Session, code: string): number {
    const typed = this.data.chairs[session.id]?.stale ?? 0;
    return session.monitors ? this.data.limits[code] ?? typed : typed;
  }
}
