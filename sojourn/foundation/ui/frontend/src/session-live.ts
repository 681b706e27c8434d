// One session, kept true: <div data-live-session="12">. Its figures follow at once, and whatever else should follow
// listens with htmx: hx-trigger="sojourn:live from:closest [data-live-session]". The event comes at most once a second.
//   [data-live-vital="spo2"] shows the newest value; a <time data-ago> inside or beside it ([data-live-at="spo2"])
//   takes its time. While nothing is heard the element is marked is-stale, and [data-live-lost] inside it shows.
import { listen, type Session } from "./live";
import { leave } from "./owner";

const LOST_AFTER_MS = 4000;

function follow(host: HTMLElement): void {
  const id = Number(host.dataset.liveSession);
  let heard = performance.now();
  let told = 0;
  let waiting = false;
  let newest: Session | undefined;

  const tell = () => {
    waiting = false;
    told = performance.now();
    host.dispatchEvent(new CustomEvent("sojourn:live", { bubbles: true, detail: newest }));
  };
  const take = (sessions: Session[], quietly = false) => {
    const session = sessions.find((each) => each.id === id);
    if (!session || (newest && newest.seq > session.seq)) return;
    newest = session;
    for (const [code, [value, at]] of Object.entries(session.signals)) {
      for (const figure of host.querySelectorAll(`[data-live-vital="${code}"]`)) {
        const text = value.toFixed(Number((figure as HTMLElement).dataset.places ?? 0));
        if (figure.textContent !== text) figure.textContent = text;
      }
      for (const time of host.querySelectorAll<HTMLTimeElement>(`time[data-live-at="${code}"]`)) {
        time.dateTime = new Date(at * 1000).toISOString();
      }
    }
    if (quietly || waiting) return;
    waiting = true;
    setTimeout(tell, Math.max(0, 1000 - (performance.now() - told)));
  };
  const stream = listen(`/live/session/${id}`, "", {
    // The page was drawn a moment ago: the first snapshot is no news, one after a break is.
    snapshot: (sessions) => take(sessions, newest === undefined),
    sessions: take,
    beat: () => { heard = performance.now(); },
    // The sign-in has ended elsewhere: nothing of the patient stays on this screen. The door says why.
    state: (state) => { if (state === "signed-out") leave(); },
  });
  setInterval(() => {
    const lost = performance.now() - heard > LOST_AFTER_MS;
    if (lost && !host.classList.contains("is-stale")) stream.again();
    host.classList.toggle("is-stale", lost);
    for (const note of host.querySelectorAll<HTMLElement>("[data-live-lost]")) note.hidden = !lost;
  }, 1000);
}

for (const host of document.querySelectorAll<HTMLElement>("[data-live-session]")) follow(host);

// A finger on the glass is never robbed of the button under it: the next picture comes a second later.
let pressed = false;
document.addEventListener("pointerdown", () => { pressed = true; }, { capture: true, passive: true });
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => { setTimeout(() => { pressed = false; }, 50); }, { capture: true, passive: true });
}
for (const name of ["htmx:beforeSwap", "htmx:oobBeforeSwap"]) {
  document.addEventListener(name, (event) => {
    const { elt, shouldSwap } = (event as CustomEvent<{ elt?: Element; shouldSwap: boolean }>).detail;
    const byItself = name !== "htmx:beforeSwap" || elt?.closest("[data-background]");
    if (pressed && shouldSwap && byItself) (event as CustomEvent<{ shouldSwap: boolean }>).detail.shouldSwap = false;
  });
}
