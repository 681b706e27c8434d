// A signed-in page warns before it closes. The server ends the session; this only says so in time.
// <body data-idle-seconds="900" data-idle-url="/stay" data-idle-out="/sign-out">.
import { minutesAndSeconds } from "./words";

const WARN_SECONDS = 120;
const SHARED = "sojourn-last-active"; // other tabs of the same session count as activity

export function idle(): void {
  const limit = Number(document.body.dataset.idleSeconds);
  const url = document.body.dataset.idleUrl;
  const dialog = document.getElementById("idle-dialog");
  if (!limit || !url || !(dialog instanceof HTMLDialogElement)) return;
  const left = dialog.querySelector<HTMLElement>("[data-idle-left]");
  let last = Date.now();
  const mark = () => {
    last = Date.now();
    try {
      localStorage.setItem(SHARED, String(last));
    } catch {
      // One tab then speaks for itself.
    }
  };
  mark();
  document.addEventListener("htmx:afterRequest", (event) => {
    const detail = (event as CustomEvent<{ successful?: boolean; elt?: Element }>).detail;
    // A page that refreshes itself is not a person at the keyboard.
    if (detail?.successful && !detail.elt?.closest("[data-background]")) mark();
  });

  const stay = async () => {
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
    const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin" });
    if (answer.ok && !answer.redirected) { // a redirection leads to the door: the sign-in has ended already
      mark();
      if (dialog.open) dialog.close();
    } else {
      location.reload();
    }
  };
  dialog.querySelector("[data-idle-stay]")?.addEventListener("click", () => {
    stay().catch(() => location.reload());
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay().catch(() => location.reload());
  });

  let used = false;
  for (const name of ["pointerdown", "keydown"]) {
    document.addEventListener(name, () => { used = true; }, { passive: true });
  }
  // Typing without a request is activity too: tell the server once a minute, so that its clock agrees.
  setInterval(() => {
    if (used && !dialog.open) {
      used = false;
      stay().catch(() => undefined);
    }
  }, 60_000);

  setInterval(() => {
    try {
      last = Math.max(last, Number(localStorage.getItem(SHARED)) || 0);
    } catch {
      // Nothing shared.
    }
    const remaining = limit - (Date.now() - last) / 1000;
    if (remaining <= 0) {
      location.assign(document.body.dataset.idleOut || location.href);
    } else if (remaining <= WARN_SECONDS) {
      if (!dialog.open) dialog.showModal();
      if (left) left.textContent = minutesAndSeconds(remaining);
    } else if (dialog.open) {
      dialog.close();
    }
  }, 1000);
}
