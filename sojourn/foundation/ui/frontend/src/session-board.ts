// The session board. The page comes complete from the server; this keeps it true with the events of /live/board,
// says aloud when it cannot, and never shows an old figure as if it were new. What is known (board/store), what of it
// is shown (board/view), where that goes (board/paint, board/trends) and what is heard (board/speech) are tied here.
import { paintChair, show, text } from "./board/paint";
import { soundWanted, Speech } from "./board/speech";
import { Store, type BoardData } from "./board/store";
import { Trends } from "./board/trends";
import { View } from "./board/view";
import { listen, type Session } from "./live";
import { Sound } from "./sound";

const STILL_HERE_MS = 60_000;
const NAME_SHOWN_MS = 12_000;
const CHAIRS_AGAIN_MS = 2000;

const board = document.getElementById("board")!;
const part = (name: string) => board.querySelector<HTMLElement>(`[data-board-${name}]`);
const read = () => JSON.parse(document.getElementById("board-data")!.textContent!) as BoardData;

const store = new Store(read(), { wallS: () => Date.now() / 1000, steadyMs: () => performance.now() });
let view = new View(store.data);
const trends = new Trends(store, () => view);
const speech = new Speech(() => view);
const sound = new Sound();

// ------------------------------------------------------------------------------------------------- the chairs

const boxes = () => [...board.querySelectorAll<HTMLElement>("[data-chair]")];
const onPage = () => new Set(boxes().map((box) => Number(box.dataset.chair)));

/** Each chair on the page whose session is known. */
function* chairs(): Generator<[HTMLElement, Session]> {
  for (const box of boxes()) {
    const session = store.sessions.get(Number(box.dataset.chair));
    if (session) yield [box, session];
  }
}

function drawChair(box: HTMLElement, session: Session): void {
  paintChair(box, view.chair(session, { now: store.now(), lost: store.lost !== null }));
}

function drawElsewhere(): void {
  const said = view.elsewhere(store.sessions.values(), onPage());
  show(part("elsewhere"), said !== "");
  text(part("elsewhere")?.querySelector("span"), said);
}

function begin(): void {
  store.begin();
  for (const box of boxes()) box.dataset.armed = "";
  for (const [box, session] of chairs()) {
    drawChair(box, session);
    trends.draw(box, session);
  }
  drawElsewhere();
  drawState();
}

const asked = new Set<number>();
let fetchedAt = -Infinity;

/** A session came or went: the server draws the chairs anew, and the stream goes on meanwhile. */
function fetchChairs(): boolean {
  if (performance.now() - fetchedAt < CHAIRS_AGAIN_MS) return false;
  fetchedAt = performance.now();
  part("again")?.dispatchEvent(new CustomEvent("board:chairs"));
  return true;
}

function compare(all: boolean): void {
  const { come, gone } = store.changes(onPage(), asked, all);
  if ((come.length || gone.length) && fetchChairs()) for (const id of come) asked.add(id);
}

document.addEventListener("htmx:afterSettle", () => {
  const fresh = boxes().some((box) => !box.dataset.armed) || !boxes().length;
  if (!fresh) return;
  store.data = read();
  view = new View(store.data);
  const here = new Set(store.data.sessions.map((each) => each.id));
  for (const id of trends.ids()) {
    trends.destroy(id);
    if (!here.has(id) && !store.data.others.includes(id)) store.forget(id);
  }
  begin();
});
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  // The server is away or answered badly: ask again once it answers the stream.
  document.addEventListener(name, () => asked.clear());
}

let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = window.setTimeout(() => {
    for (const [box, session] of chairs()) trends.draw(box, session);
  }, 200);
});

// ------------------------------------------------------------------------------------------------- what it says of itself

const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: store.data.zone,
});

function drawState(): void {
  text(part("clock"), clock.format(store.now() * 1000));
  board.classList.toggle("is-stale", store.lost !== null);
  if (store.lost !== null) {
    text(part("lost")?.querySelector("span"), view.lost(clock.format(store.lost * 1000), store.signedOut));
  }
  const watch = view.watch(store.watchAgeS(), store.lost !== null);
  text(part("watch")?.querySelector("span"), watch.word);
  show(part("asleep"), watch.loud !== "");
  text(part("asleep")?.querySelector("span"), watch.loud);
}

function speak(session: Session): void {
  const fresh = speech.fresh(session, board.querySelector(`#chair-${session.id}`)?.textContent ?? "");
  if (fresh) text(part("says"), fresh);
}

const soundButton = part("sound");
/** Nobody is to think that a board would call them when it cannot: a silent one says so until it is switched on. */
function drawSound(on: boolean): void {
  if (!soundButton) return;
  soundButton.setAttribute("aria-pressed", String(on));
  text(soundButton.querySelector("[data-sound-word]"), (on ? view.words.text.sound_on : view.words.text.sound_off) ?? "");
  show(soundButton.querySelector<HTMLElement>("[data-sound-on]"), on);
  for (const each of soundButton.querySelectorAll<HTMLElement>("[data-sound-off]")) show(each, !on);
}
soundButton?.addEventListener("click", () => {
  void sound.toggle().then(drawSound).then(ring);
});
sound.onLost = () => drawSound(false);

/** What waits for somebody, over all chairs of the clinic: the gravest alarm, a call, or our own blindness. */
function ring(): void {
  const unwatched = (store.watchAgeS() ?? Infinity) > store.data.watch_silent_s;
  const blind = boxes().length > 0 && (store.lost !== null || unwatched);
  const wanted = soundWanted(store.sessions.values(), blind, (each) => view.callIsLate(each, store.now()));
  sound.wants(wanted);
  soundButton?.classList.toggle("is-missed", wanted !== "");
}

// ------------------------------------------------------------------------------------------------- the stream

function take(found: Session[]): void {
  for (const session of found) {
    if (!store.take(session)) continue;
    const box = board.querySelector<HTMLElement>(`[data-chair="${session.id}"]`);
    if (!box) continue;
    drawChair(box, session);
    trends.extend(box, session);
    trends.write(box, session);
    speak(session);
  }
  drawElsewhere();
  ring();
}

const stream = listen(store.data.stream, store.data.cursor, {
  snapshot(found) {
    take(found);
    store.keepOnly(new Set(found.map((each) => each.id)));
    compare(true);
  },
  sessions(found) {
    take(found);
    compare(false);
  },
  beat: (each) => store.beat(each),
  state: (state) => store.stream(state),
});

// While somebody is being watched, the board holds its sign-in open: one that signs itself out endangers.
setInterval(() => {
  if (!boxes().length || store.lost !== null) return;
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  void fetch(store.data.here, { method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin" })
    .then((answer) => {
      if (answer.ok && !answer.redirected) localStorage.setItem("sojourn-last-active", String(Date.now()));
    })
    .catch(() => undefined);
}, STILL_HERE_MS);

setInterval(() => {
  if (store.noticeSilence()) stream.again();
  store.forgetOld();
  compare(false);
  for (const [box, session] of chairs()) {
    drawChair(box, session);
    trends.move(box, session);
  }
  drawElsewhere();
  drawState();
  ring();
}, 1000);

// ------------------------------------------------------------------------------------------------- one tap

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-board-form]")) return;
  event.preventDefault();
  const button = ((event as SubmitEvent).submitter ?? form.querySelector("button")) as HTMLButtonElement;
  const body = new FormData(form, (event as SubmitEvent).submitter); // before the button that was pressed is switched off
  button.disabled = true;
  const say = (said: string) => document.dispatchEvent(new CustomEvent("toast", { detail: { text: said, stay: true } }));
  const failed = () => say(view.words.text.failed ?? "");
  fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error" })
    .then(async (answer) => {
      if (answer.status === 409) say(((await answer.json()) as { said: string }).said);
      else if (!answer.ok) failed();
    })
    .catch(failed)
    .finally(() => { button.disabled = false; });
});

// A name is opened by a tap and closes by itself: a wall keeps no record number on show.
document.addEventListener("toggle", (event) => {
  const details = event.target as HTMLDetailsElement;
  if (!details.matches?.(".chair-who") || !details.open) return;
  setTimeout(() => { details.open = false; }, NAME_SHOWN_MS);
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
