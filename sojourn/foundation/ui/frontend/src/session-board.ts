// The session board. The page comes complete from the server; this keeps it true with the events of /live/board,
// says aloud when it cannot, and never shows an old figure as if it were new.
// Times are the server's: the difference to this device's clock is measured at every beat.
import { strip, type Strip, type StripSpec } from "./charts";
import { listen, type Beat, type Session, type State } from "./live";
import { Sound } from "./sound";

interface Data {
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
  trend_s: number;
  skew_s: number;
  watch_silent_s: number;
  words: Record<string, string> & { states: Record<string, string>; priorities: Record<string, string>; rules: Record<string, string>; short: Record<string, string> };
}
type Alarm = Session["alarms"][number];

const FIGURES: Record<string, string[][]> = {
  hr: [["hr"], ["pr"]],
  bp: [["nibp_sys", "nibp_dia"], ["art_sys", "art_dia"]],
  spo2: [["spo2"]],
  rr: [["rr"]],
};
// Where a trend's axis begins and ends at least, so that calm readings look calm.
const SPAN: Record<string, [number, number]> = { hr: [50, 120], bp: [50, 160], spo2: [88, 100], rr: [4, 24] };
const RANK: Record<string, number> = { low: 0, medium: 1, high: 2 };
const OVER = new Set(["left", "did_not_attend", "cancelled"]);
const LOST_AFTER_MS = 4000;

const board = document.getElementById("board")!;
const part = (name: string) => board.querySelector<HTMLElement>(`[data-board-${name}]`);
const read = () => JSON.parse(document.getElementById("board-data")!.textContent!) as Data;

let data = read();
const words = data.words;
const fill = (text: string, values: Record<string, string | number>) =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));

// ------------------------------------------------------------------------------------------------- what is known

const sessions = new Map<number, Session>();
/** Believed readings of the last 20 minutes: session, vital sign, time in seconds, value. */
const readings = new Map<number, Map<string, Map<number, number>>>();
const asked = new Set<number>();
let offset = data.now - Date.now() / 1000;
let offsets: number[] = [];
let watchAge: number | null = data.watch_age_s;
let beatAt = performance.now();
let lost: number | null = null;
let signedOut = false;

const now = () => Date.now() / 1000 + offset;

function keep(session: Session): void {
  sessions.set(session.id, session);
  let known = readings.get(session.id);
  if (!known) readings.set(session.id, (known = new Map()));
  for (const [, code, value, at] of session.trend ?? []) {
    let column = known.get(code);
    if (!column) known.set(code, (column = new Map()));
    column.set(at, value);
  }
}

/** The heart rates of the trend in the order of time, beside the picture for whoever reads the page by program. */
function write(box: HTMLElement, session: Session): void {
  const host = box.querySelector<HTMLElement>("[data-chair-trend]");
  const rates = lines(session, codesOf(session, "hr"))[0] ?? [];
  if (host) host.dataset.hr = JSON.stringify(rates.map(([, value]) => value));
}

function forgetOld(): void {
  const before = now() - data.trend_s;
  for (const known of readings.values()) {
    for (const column of known.values()) for (const at of column.keys()) if (at < before) column.delete(at);
  }
}

// ------------------------------------------------------------------------------------------------- one chair

function text(element: Element | null, value: string): void {
  if (element && element.textContent !== value) element.textContent = value;
}

function show(element: HTMLElement | null, visible: boolean): void {
  if (element && element.hidden === visible) element.hidden = !visible;
}

function mark(element: HTMLElement, priority: string): void {
  for (const each of ["high", "medium", "low"]) element.classList.toggle(`is-${each}`, each === priority);
}

const isOpen = (alarm: Alarm) => alarm.phase !== "recovered";

/** Open before over, unanswered before answered, grave before mild, old before new. */
function graver(a: Alarm, b: Alarm): number {
  return Number(!isOpen(a)) - Number(!isOpen(b))
    || Number(a.phase === "acknowledged") - Number(b.phase === "acknowledged")
    || (RANK[b.priority] ?? 0) - (RANK[a.priority] ?? 0)
    || (a.since ?? 0) - (b.since ?? 0);
}

function limitOf(session: Session, code: string): number {
  const typed = data.chairs[session.id]?.stale ?? 0;
  return session.monitors ? data.limits[code] ?? typed : typed;
}

function codesOf(session: Session, key: string): string[] {
  const known = FIGURES[key]!.filter((each) => session.signals[each[0]!]);
  if (!known.length) return FIGURES[key]![0]!;
  const believed = known.filter((each) => !session.signals[each[0]!]![2]);
  const groups = believed.length ? believed : known;
  const at = (each: string[]) => session.signals[each[0]!]![1];
  const freshest = groups.reduce((best, each) => (at(each) > at(best) ? each : best));
  const heart = session.signals.hr;
  if (key === "hr" && heart && !heart[2] && now() - heart[1] <= limitOf(session, "hr")) return ["hr"];
  return freshest;
}

/** How old a reading is, short enough to stand under it. */
function ago(seconds: number): string {
  if (seconds < 1) return words.just_now!;
  if (seconds < 60) return fill(words.seconds!, { n: Math.floor(seconds) });
  if (seconds < 3600) return fill(words.minutes!, { n: Math.floor(seconds / 60) });
  return fill(words.hours!, { n: Math.floor(seconds / 3600) });
}

function drawFigure(box: HTMLElement, session: Session): void {
  const key = box.dataset.vital!;
  const codes = codesOf(session, key);
  const all = FIGURES[key]!.flat();
  const alarm = session.alarms.filter((each) => isOpen(each) && all.includes(each.code))
    .sort((a, b) => (RANK[b.priority] ?? 0) - (RANK[a.priority] ?? 0))[0];
  const signal = session.signals[codes[0]!];
  mark(box, alarm?.priority ?? (signal?.[2] ? "low" : "")); // what cannot be believed never looks calm
  text(box.querySelector("[data-vital-says]"), alarm ? words.short[alarm.rule] ?? "" : signal?.[2] ? words.doubted! : "");
  if (key === "hr") text(box.querySelector("[data-vital-label]"), codes[0] === "pr" ? words.pulse! : words.heart!);
  const figure = box.querySelector("[data-vital-figure]");
  const age = box.querySelector("[data-vital-age]");
  if (!signal) {
    box.classList.remove("is-stale");
    text(figure, "–");
    text(age, words.none!);
    return;
  }
  const [value, at, doubt] = signal;
  const lower = codes[1] ? session.signals[codes[1]] : undefined;
  text(figure, key === "bp" ? `${value.toFixed(0)}/${lower ? lower[0].toFixed(0) : "–"}` : value.toFixed(0));
  const old = now() - at > limitOf(session, codes[0]!);
  box.classList.toggle("is-stale", old || doubt !== "" || lost !== null);
  const spoken = ago(now() - at);
  text(age, old && !alarm && !doubt ? fill(words.old!, { age: spoken }) : spoken);
}

function dueWords(session: Session): [string, boolean] {
  if (!session.due) return ["", false];
  const left = session.due[0] - now();
  if (left >= 60) return [fill(words.due!, { n: Math.floor(left / 60) }), false];
  if (left > -60) return [words.now!, left <= 0];
  return [fill(words.overdue!, { n: Math.floor(-left / 60) }), true];
}

function notes(session: Session): string {
  const found: string[] = [];
  if (!session.monitors) found.push(words.no_monitor!);
  if (session.skew !== null && Math.abs(session.skew) > data.skew_s) {
    found.push(fill(session.skew > 0 ? words.clock_ahead! : words.clock_behind!, { n: Math.round(Math.abs(session.skew) / 60) }));
  }
  return found.join(" · ");
}

function drawChair(box: HTMLElement, session: Session): void {
  const alarms = [...session.alarms].sort(graver);
  const gravest = alarms[0];
  const open = gravest && isOpen(gravest) ? gravest : undefined;
  mark(box, open?.priority ?? "");
  const head = box.querySelector<HTMLElement>("[data-chair-alarm]")!;
  if (head.dataset.shown !== (open?.priority ?? "")) {
    head.dataset.shown = open?.priority ?? "";
    const shape = open && box.querySelector(`.vital-word .shape-${open.priority}`)?.cloneNode(true);
    head.replaceChildren(...(open && shape ? [shape, words.priorities[open.priority] ?? ""] : []));
  }
  const says = box.querySelector<HTMLElement>("[data-chair-says]");
  show(says, Boolean(gravest));
  if (gravest && says) {
    const said: string[] = [];
    if (gravest.phase === "acknowledged") said.push(fill(words.seen_by!, { who: gravest.by }));
    if (gravest.phase === "escalated") said.push(words.escalated!);
    if (gravest.phase === "recovered") said.push(words.over!);
    if (alarms.length > 1) said.push(fill(words.more!, { n: alarms.length - 1 }));
    for (const each of says.querySelectorAll("[data-says]")) text(each, words.rules[gravest.rule] ?? gravest.rule);
    for (const each of says.querySelectorAll("[data-says-note]")) text(each, said.join(", "));
  }
  const waiting = alarms.filter((each) => each.phase !== "acknowledged").map((each) => `${each.rule}|${each.code}`);
  const seen = box.querySelector<HTMLElement>("[data-chair-seen]");
  show(seen, waiting.length > 0);
  show(box.querySelector<HTMLElement>("[data-chair-answered]"), !seen || !waiting.length);
  show(box.querySelector<HTMLElement>("[data-chair-acts]"), Boolean(gravest) || session.called !== null);
  const inputs = box.querySelector("[data-chair-waiting]");
  if (inputs && [...inputs.children].map((each) => (each as HTMLInputElement).value).join() !== waiting.join()) {
    inputs.replaceChildren(...waiting.map((value) => Object.assign(document.createElement("input"), { type: "hidden", name: "alarm", value })));
  }
  const given = data.chairs[session.id]?.given ?? "";
  text(box.querySelector("[data-chair-call]"), session.called !== null ? fill(words.calls!, { who: given }) : "");
  show(box.querySelector<HTMLElement>("[data-chair-going]"), session.called !== null);
  text(box.querySelector("[data-chair-state]"), words.states[session.state] ?? session.state);
  const minutes = Math.max(0, Math.floor((now() - (session.dose ?? session.since)) / 60));
  text(box.querySelector("[data-chair-when]"), fill(session.dose ? words.dose! : words.here!, { n: minutes }));
  const [due, overdue] = dueWords(session);
  const dueBox = box.querySelector<HTMLElement>("[data-chair-due]");
  show(dueBox, due !== "");
  text(dueBox, due);
  dueBox?.classList.toggle("font-bold", overdue);
  const noted = notes(session);
  const noteBox = box.querySelector<HTMLElement>("[data-chair-notes]");
  show(noteBox, noted !== "");
  text(noteBox, noted);
  for (const each of box.querySelectorAll<HTMLElement>("[data-vital]")) drawFigure(each, session);
}

// ------------------------------------------------------------------------------------------------- the trends

interface Drawn { strip: Strip; codes: Record<string, string[]>; height: number }
const drawn = new Map<number, Drawn>();

function lines(session: Session, codes: string[]): [number, number | null][][] {
  const known = readings.get(session.id);
  return codes.map((code) => [...(known?.get(code) ?? [])].sort((a, b) => a[0] - b[0]));
}

const name = (box: HTMLElement, key: string, what: string) =>
  box.querySelector(`[data-vital="${key}"] ${what}`)?.textContent ?? "";

function drawTrend(box: HTMLElement, session: Session): void {
  drawn.get(session.id)?.strip.destroy();
  const host = box.querySelector<HTMLElement>("[data-chair-trend]")!;
  // With room, each line has its name and the time stands below; without, the order is that of the figures.
  const bare = host.clientHeight < 190 || host.clientWidth < 560;
  const height = Math.max(9, Math.min(80, Math.floor(((host.clientHeight || 100) - (bare ? 0 : 30)) / 4) - 1));
  const codes: Record<string, string[]> = {};
  const spec: StripSpec = {
    bare, height, x_min: now() - data.trend_s, x_max: now(), zone: data.zone,
    rows: Object.keys(FIGURES).map((key) => {
      codes[key] = codesOf(session, key);
      const [low, high] = SPAN[key]!;
      return { key, label: name(box, key, "[data-vital-label]"), unit: name(box, key, ".unit"), low, high, gap: key === "bp" ? null : 90, lines: lines(session, codes[key]!) };
    }),
  };
  drawn.set(session.id, { strip: strip(host, spec), codes, height: host.clientHeight });
}

/** New readings take their places in time, also those that came late. */
function extend(session: Session): void {
  const trend = drawn.get(session.id);
  const known = readings.get(session.id);
  if (!trend || !known) return;
  for (const [key, codes] of Object.entries(trend.codes)) {
    if (codesOf(session, key)[0] !== codes[0]) {
      const box = board.querySelector<HTMLElement>(`[data-chair="${session.id}"]`);
      if (box) drawTrend(box, session);
      return;
    }
  }
  for (const [, code, , at] of session.trend ?? []) {
    for (const [key, codes] of Object.entries(trend.codes)) {
      if (codes.includes(code)) trend.strip.append(key, at, codes.map((each) => known.get(each)?.get(at) ?? null));
    }
  }
}

function moveTrends(): void {
  for (const box of boxes()) {
    const session = sessions.get(Number(box.dataset.chair));
    const trend = session && drawn.get(session.id);
    if (!session || !trend) continue;
    // An alarm's words take room from the trend, and give it back.
    if (Math.abs(trend.height - box.querySelector("[data-chair-trend]")!.clientHeight) > 6) drawTrend(box, session);
    else trend.strip.window(now() - data.trend_s, now());
  }
}

// ------------------------------------------------------------------------------------------------- the whole board

const boxes = () => [...board.querySelectorAll<HTMLElement>("[data-chair]")];

function drawAll(): void {
  for (const box of boxes()) {
    const session = sessions.get(Number(box.dataset.chair));
    if (session) drawChair(box, session);
  }
  drawElsewhere();
}

/** The gravest alarm that waits for somebody, and whoever calls, among chairs that this page does not show. */
function drawElsewhere(): void {
  const here = new Set(boxes().map((box) => Number(box.dataset.chair)));
  const others = [...sessions.values()].filter((each) => !here.has(each.id) && !OVER.has(each.state));
  const gravest = others.flatMap((each) => each.alarms.filter((alarm) => isOpen(alarm) && alarm.phase !== "acknowledged"))
    .sort(graver)[0];
  const said: string[] = [];
  if (gravest) said.push(fill(words.elsewhere!, { what: words.priorities[gravest.priority] ?? "" }));
  if (others.some((each) => each.called !== null)) said.push(words.calls_elsewhere!);
  const box = part("elsewhere");
  show(box, said.length > 0);
  text(box?.querySelector("span") ?? null, said.join(" · "));
}

/** A session came or went: the server draws the chairs anew, and the stream goes on meanwhile. */
function fetchChairs(): boolean {
  if (performance.now() - fetchedAt < 2000) return false;
  fetchedAt = performance.now();
  part("again")?.dispatchEvent(new CustomEvent("board:chairs"));
  return true;
}
let fetchedAt = -Infinity;

function compare(all: boolean): void {
  const here = new Set(boxes().map((box) => Number(box.dataset.chair)));
  const others = new Set(data.others);
  const running = [...sessions.values()].filter((each) => !OVER.has(each.state) && words.states[each.state]);
  const come = running.filter((each) => !here.has(each.id) && !others.has(each.id) && !asked.has(each.id));
  const gone = [...here].filter((id) => {
    const session = sessions.get(id);
    return session ? OVER.has(session.state) : all;
  });
  if ((come.length || gone.length) && fetchChairs()) for (const each of come) asked.add(each.id);
}

document.addEventListener("htmx:afterSettle", () => {
  const fresh = boxes().some((box) => !box.dataset.armed) || !boxes().length;
  if (!fresh) return;
  data = read();
  const here = new Set(data.sessions.map((each) => each.id));
  for (const [id, trend] of drawn) {
    trend.strip.destroy();
    drawn.delete(id);
    if (!here.has(id) && !data.others.includes(id)) {
      sessions.delete(id);
      readings.delete(id);
    }
  }
  begin();
});
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  // The server is away or answered badly: ask again once it answers the stream.
  document.addEventListener(name, () => asked.clear());
}

function begin(): void {
  for (const session of data.sessions) {
    const known = sessions.get(session.id);
    keep(known && known.seq > session.seq ? { ...known, trend: session.trend } : session);
  }
  for (const box of boxes()) {
    box.dataset.armed = "";
    const session = sessions.get(Number(box.dataset.chair));
    if (session) {
      drawChair(box, session);
      drawTrend(box, session);
    }
  }
  drawElsewhere();
  drawState();
}

let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = window.setTimeout(() => {
    for (const box of boxes()) {
      const session = sessions.get(Number(box.dataset.chair));
      if (session) drawTrend(box, session);
    }
  }, 200);
});

// ------------------------------------------------------------------------------------------------- what it says of itself

const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: data.zone,
});

function drawState(): void {
  text(part("clock"), clock.format(now() * 1000));
  const banner = part("lost")?.querySelector("span");
  board.classList.toggle("is-stale", lost !== null);
  if (lost !== null && banner) {
    const time = clock.format(lost * 1000);
    text(banner, fill(signedOut ? words.signed_out! : words.lost!, { time }));
  }
  const since = (performance.now() - beatAt) / 1000;
  const age = watchAge === null ? null : watchAge + since;
  const spoken = age === null ? "" : ago(age);
  // Of a watch that it cannot hear the board says nothing: its own loss is said already.
  const asleep = lost === null && (age === null || age > data.watch_silent_s);
  text(part("watch")?.querySelector("span") ?? null, asleep || lost !== null ? words.watch_silent! : fill(words.awake!, { age: spoken }));
  show(part("asleep"), asleep);
  text(part("asleep")?.querySelector("span") ?? null, asleep ? (age === null ? words.never_awake! : fill(words.asleep!, { age: spoken })) : "");
}

/** A screen reader hears what is new: alarms, calls. */
const spoken = new Set<string>();
function speak(session: Session): void {
  const who = board.querySelector(`#chair-${session.id}`)?.textContent ?? "";
  const says = session.alarms.filter((each) => isOpen(each) && each.phase !== "acknowledged")
    .map((each) => `${who}: ${words.priorities[each.priority] ?? ""}: ${words.rules[each.rule] ?? each.rule}`);
  if (session.called !== null) says.push(`${who}: ${fill(words.calls!, { who: data.chairs[session.id]?.given ?? "" })}`);
  const fresh = says.filter((each) => !spoken.has(each));
  for (const each of spoken) if (each.startsWith(`${who}:`) && !says.includes(each)) spoken.delete(each);
  for (const each of fresh) spoken.add(each);
  if (fresh.length) text(part("says"), fresh.join(". "));
}

const sound = new Sound();
const soundButton = part("sound");
soundButton?.addEventListener("click", () => {
  void sound.toggle().then((on) => {
    soundButton.setAttribute("aria-pressed", String(on));
    text(soundButton.querySelector("[data-sound-word]"), on ? words.sound_on! : words.sound_off!);
    show(soundButton.querySelector<HTMLElement>("[data-sound-on]"), on);
    show(soundButton.querySelector<HTMLElement>("[data-sound-off]"), !on);
    ring();
  });
});

/** What waits for somebody, over all chairs of the clinic: the gravest alarm, a call, or our own blindness. */
function ring(): void {
  let priority = "";
  let called = false;
  for (const session of sessions.values()) {
    if (OVER.has(session.state)) continue;
    called ||= session.called !== null;
    for (const alarm of session.alarms) {
      if (alarm.phase === "acknowledged" || alarm.phase === "recovered") continue;
      if (!priority || (RANK[alarm.priority] ?? 0) > RANK[priority]!) priority = alarm.priority;
    }
  }
  const age = watchAge === null ? Infinity : watchAge + (performance.now() - beatAt) / 1000;
  const blind = boxes().length > 0 && (lost !== null || age > data.watch_silent_s);
  if (blind && priority !== "high") priority = "medium";
  sound.wants(priority || (called ? "call" : ""));
}

// ------------------------------------------------------------------------------------------------- the stream

function take(found: Session[]): void {
  for (const session of found) {
    const known = sessions.get(session.id);
    if (known && known.seq > session.seq) continue;
    keep(session);
    const box = board.querySelector<HTMLElement>(`[data-chair="${session.id}"]`);
    if (!box) continue;
    drawChair(box, session);
    extend(session);
    write(box, session);
    speak(session);
  }
  drawElsewhere();
  ring();
}

function beat(each: Beat): void {
  beatAt = performance.now();
  watchAge = each.watch_age_s;
  const measured = Date.parse(each.now) / 1000 - Date.now() / 1000;
  // The least delayed of the last beats is nearest to the truth; a clock that was set shows within ten of them.
  offsets = [...offsets.slice(-9), measured];
  offset = Math.max(...offsets);
  lost = null;
}

const stream = listen(data.stream, data.cursor, {
  snapshot(found) {
    take(found);
    const alive = new Set(found.map((each) => each.id));
    for (const id of [...sessions.keys()]) if (!alive.has(id)) sessions.delete(id);
    compare(true);
  },
  sessions(found) {
    take(found);
    compare(false);
  },
  beat,
  state(state: State) {
    signedOut = state === "signed-out";
    if (state !== "open" && lost === null && (signedOut || performance.now() - beatAt > LOST_AFTER_MS)) lost = now();
  },
});

// While somebody is being watched, the board holds its sign-in open: one that signs itself out endangers.
setInterval(() => {
  if (!boxes().length || lost !== null) return;
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  void fetch(data.here, { method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin" })
    .then((answer) => {
      if (answer.ok && !answer.redirected) localStorage.setItem("sojourn-last-active", String(Date.now()));
    })
    .catch(() => undefined);
}, 60_000);

setInterval(() => {
  if (lost === null && performance.now() - beatAt > LOST_AFTER_MS) {
    lost = now() - (performance.now() - beatAt) / 1000;
    stream.again();
  }
  forgetOld();
  compare(false);
  drawAll();
  moveTrends();
  drawState();
  ring();
}, 1000);

// ------------------------------------------------------------------------------------------------- one tap

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-board-form]")) return;
  event.preventDefault();
  const button = form.querySelector("button")!;
  button.disabled = true;
  const say = (said: string) => document.dispatchEvent(new CustomEvent("toast", { detail: { text: said, stay: true } }));
  fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error" })
    .then(async (answer) => {
      if (answer.status === 409) say(((await answer.json()) as { said: string }).said);
      else if (!answer.ok) say(words.failed!);
    })
    .catch(() => say(words.failed!))
    .finally(() => { button.disabled = false; });
});

// A name is opened by a tap and closes by itself: a wall keeps no record number on show.
document.addEventListener("toggle", (event) => {
  const details = event.target as HTMLDetailsElement;
  if (!details.matches?.(".chair-who") || !details.open) return;
  setTimeout(() => { details.open = false; }, 12_000);
}, { capture: true });

// A tablet on the wall stays awake while it can.
async function stayAwake(): Promise<void> {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
  } catch {
    // Not allowed here: the device's own settings decide.
  }
}
document.addEventListener("visibilitychange", () => void stayAwake());
void stayAwake();

begin();
