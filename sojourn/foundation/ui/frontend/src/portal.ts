// The patient's pages: an answer survives a lost connection, keys answer too, the call for help keeps trying,
// and the help pages stay on the device. Everything works without this script, one page load at a time.

import { drafts } from "./drafts";
import { keepTyped } from "./islands/kept";
import { type Delivered, Delivery } from "./outbox/delivering";
import { beginOutbox } from "./outbox/page";
import { HEADER, isAnothers, leave, pageOwner } from "./owner";
import { quietScreen } from "./quiet";
import { keepText, keptText } from "./sealed-drafts";
import { formName, typedIn } from "./typed";

const ANOTHERS = 412; // what was sent is of a page of somebody else than who is signed in now
const RETRY_MS = 4000;
const PATIENCE_MS = 10_000;

function cookie(name: string): string {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** The token of today: a page that was kept on the device carries an old one. */
function token(): string {
  return cookie("csrftoken") || document.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value || "";
}

/** Send it as the person whose page this is. If another is signed in meanwhile it is refused, and the page is left. */
async function send(url: string, body: URLSearchParams, accept: string): Promise<Response> {
  const stop = new AbortController();
  const timer = window.setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      credentials: "same-origin",
      headers: { "X-CSRFToken": token(), Accept: accept, ...(pageOwner() ? { [HEADER]: pageOwner() } : {}) },
      signal: stop.signal,
    });
    if (answer.status === ANOTHERS) {
      leave();
      throw new Error("the page of somebody else");
    }
    return answer;
  } finally {
    window.clearTimeout(timer);
  }
}

let delivery: Delivery | null = null;

/** A form on its way: through the outbox where this page has one, else straight to its page. Throws while nobody can be
    reached and the device keeps nothing; then the page holds it. */
async function hand(form: HTMLFormElement, body: URLSearchParams, button: HTMLButtonElement | null, arrived: (to: string) => void): Promise<Delivered | { reload: true }> {
  if (delivery && Delivery.takes(form)) {
    try {
      return await delivery.deliver(form, body, button, arrived);
    } catch {
      // The disk is full, or closed to us: as without an outbox.
    }
  }
  const answer = await send(button?.hasAttribute("formaction") ? button.formAction : form.action, body, "text/html");
  if (answer.status >= 500 || (answer.status === 403 && !navigator.onLine)) throw new Error(String(answer.status));
  if (answer.status === 403) return { reload: true };
  return answer.redirected ? { to: answer.url } : { page: true };
}

/** Whether an address is a page of the patient's, and not the sign-in. */
const isOurs = (to: string) => new URL(to, location.href).pathname.startsWith("/today/");

/** Not saved yet, and it may be left: the page says so at the form, the bar on every page. */
function inTheOutbox(form: HTMLFormElement): void {
  const said = form.querySelector<HTMLElement>("[data-outbox-note]") ?? document.querySelector<HTMLElement>("[data-outbox]");
  if (!said) return;
  said.hidden = false;
  said.scrollIntoView({ block: "nearest" });
}

// ------------------------------------------------------------------ answers
function answers(form: HTMLFormElement): void {
  const buttons = [...form.querySelectorAll<HTMLButtonElement>("button[name=value]")];
  const choices = buttons.filter((button) => button.hasAttribute("aria-pressed"));
  const note = form.querySelector<HTMLElement>("[data-answer-note]");
  const item = form.querySelector<HTMLInputElement>("input[name=item]")?.value ?? "";
  const name = `answer:${location.pathname}:${item}`; // a branch may have put another question in this place
  let waiting: string | null = null;
  let busy = false;

  // The tab keeps it, so that a reload on the way loses nothing.
  const keep = (value: string | null) => void keepText(name, value);

  const attempt = async (): Promise<void> => {
    if (busy || waiting === null) return;
    busy = true;
    const value = waiting;
    const body = new URLSearchParams({ value });
    if (item) body.set("item", item);
    const to = form.querySelector<HTMLInputElement>("input[name=to]");
    if (to) body.set("to", to.value);
    try {
      const became = await hand(form, body, null, (to) => location.assign(to));
      if (waiting !== value) return; // another answer was tapped meanwhile; it goes next
      waiting = null;
      if ("waits" in became) {
        keep(null); // it lies in the outbox
        inTheOutbox(form);
      } else if ("reload" in became) location.reload();
      else {
        const to = "to" in became ? became.to : form.action;
        if (isOurs(to)) keep(null);
        location.assign(to);
      }
    } catch {
      if (note) note.hidden = false;
      window.setTimeout(() => void attempt(), RETRY_MS);
    } finally {
      busy = false;
      if (waiting !== null && waiting !== value) void attempt();
    }
  };

  const choose = (value: string) => {
    waiting = value;
    keep(value);
    for (const button of choices) button.setAttribute("aria-pressed", String(button.value === value));
    void attempt();
  };

  form.addEventListener("submit", (event) => {
    const button = event.submitter as HTMLButtonElement | null;
    if (!button?.name) return;
    event.preventDefault();
    choose(button.value);
  });
  addEventListener("online", () => void attempt());
  addEventListener("pageshow", (event) => {
    if (event.persisted && !isAnothers()) location.reload(); // back to a question: as it stands on the server
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const at = choices.indexOf(document.activeElement as HTMLButtonElement);
    if (/^[1-9]$/.test(event.key)) {
      const button = choices[Number(event.key) - 1];
      if (!button) return;
      event.preventDefault();
      button.focus();
      button.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = at < 0 ? (step > 0 ? 0 : choices.length - 1) : (at + step + choices.length) % choices.length;
      choices[next]?.focus();
    } else if (event.key === "ArrowLeft") {
      form.querySelector<HTMLAnchorElement>("[data-answer-back]")?.click();
    }
  });

  void keptText(name).then((before) => {
    if (before !== null && waiting === null && buttons.some((button) => button.value === before)) choose(before);
  });
}

// ------------------------------------------------------------------ any form that must not be lost
function keptForm(form: HTMLFormElement): void {
  const note = form.querySelector<HTMLElement>("[data-kept-note]");
  const keep = (typed: string | null) => void keepText(formName(form), typed);
  let waiting: { body: URLSearchParams; button: HTMLButtonElement | null } | null = null;
  let busy = false;

  // On its way the form stands still: what would be typed now, or sent again, is not what goes.
  const hold = (busy: boolean) => {
    form.setAttribute("aria-busy", String(busy));
    for (const each of form.elements) {
      if (each instanceof HTMLButtonElement) each.setAttribute("aria-disabled", String(busy));
      else if (each instanceof HTMLInputElement || each instanceof HTMLTextAreaElement) each.readOnly = busy;
    }
  };

  // The answer is a page to read (a question back, another tab's answer): let the browser show it.
  const plainly = (button: HTMLButtonElement | null) => {
    if (button?.name) {
      const carry = document.createElement("input");
      carry.type = "hidden";
      carry.name = button.name;
      carry.value = button.value;
      form.append(carry);
      if (button.hasAttribute("formaction")) form.action = button.formAction;
    }
    form.submit();
  };

  const attempt = async (): Promise<void> => {
    if (busy || waiting === null) return;
    busy = true;
    hold(true);
    const { body, button } = waiting;
    try {
      const became = await hand(form, body, button, (to) => location.assign(to));
      waiting = null;
      if ("waits" in became) {
        cleared();
        hold(false);
      } else if ("reload" in became) location.reload();
      else if ("to" in became) {
        if (isOurs(became.to)) keep(null); // else a sign-in comes first
        location.assign(became.to);
      } else {
        keep(null);
        plainly(button);
      }
    } catch {
      hold(false);
      if (note) note.hidden = false;
      window.setTimeout(() => void attempt(), RETRY_MS);
    } finally {
      busy = false;
    }
  };

  // It lies in the outbox now: the page says so, and another can be written.
  const cleared = () => {
    keep(null);
    inTheOutbox(form);
    if (form.dataset.again !== undefined) {
      form.reset();
      const key = form.querySelector<HTMLInputElement>("input[name=key]");
      if (key) key.value = crypto.randomUUID();
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    const button = event.submitter as HTMLButtonElement | null;
    const empty = [...form.querySelectorAll<HTMLTextAreaElement>("textarea[required]")].find((each) => !each.value.trim());
    if (empty && navigator.onLine) return plainly(button); // its page says what is missing
    if (empty) return empty.focus();
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form, button)) if (typeof value === "string") body.append(name, value);
    waiting = { body, button };
    keep(typedIn(form));
    void attempt();
  });
  addEventListener("online", () => void attempt());
  addEventListener("pageshow", (event) => {
    if (event.persisted && !isAnothers()) location.reload(); // back to a form: as it stands on the server
  });

  // After a reload or a change of language what was typed stands in the form again.
  if (form.dataset.draft === undefined) keepTyped(form);
}

// ------------------------------------------------------------------ what needs the clinic at once
// An agreement, a signature, a link: without a connection it is not sent into nothing. It says so, and stays as it is.
const WAITS_BY_ITSELF = "[data-command], [data-answer], [data-kept], [data-call], [data-stop], [data-asks]";

function needsTheClinic(says: HTMLElement): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const leaves = new URL(form.action, location.href).pathname === document.body.dataset.signOut;
    if (navigator.onLine || form.method !== "post" || leaves || form.matches(WAITS_BY_ITSELF)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    form.append(says);
    says.hidden = false;
    says.scrollIntoView({ block: "nearest" });
  }, { capture: true });
  addEventListener("online", () => { says.hidden = true; });
}

// ------------------------------------------------------------------ kept on the device
/** A page out of the device says from when it is. */
function keptPage(says: HTMLElement, at: string): void {
  const time = says.querySelector("time");
  if (time) {
    time.dateTime = at;
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", hour: "2-digit", minute: "2-digit" }).format(new Date(at));
  }
  says.hidden = false;
}

async function worker(): Promise<void> {
  const address = document.body.dataset.worker;
  if (!address || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(address);
    const ready = await navigator.serviceWorker.ready;
    // Once for each language and sign-in of this tab: the pages that are kept are those that one sees.
    const mark = `pages:${document.documentElement.lang}`;
    if (drafts().read(mark)) return;
    drafts().keep(mark, "kept");
    ready.active?.postMessage("keep");
  } catch {
    // Without it everything works that has a connection.
  }
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-answer]")) answers(form);
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-kept], form[data-command]:not([data-answer])")) keptForm(form);
const says = document.querySelector<HTMLElement>("[data-needs-clinic]");
if (says) needsTheClinic(says);
const keptSays = document.querySelector<HTMLElement>("[data-kept-page]");
const { keptAt } = document.documentElement.dataset;
if (keptSays && keptAt) keptPage(keptSays, keptAt);
quietScreen(send);
void worker();
delivery = await beginOutbox(token);

// A slider beside a typed number: without script only the number is there.
for (const slider of document.querySelectorAll<HTMLInputElement>("input[data-slider]")) {
  const typed = document.getElementById(slider.dataset.slider ?? "");
  if (!(typed instanceof HTMLInputElement)) continue;
  slider.hidden = false;
  slider.addEventListener("input", () => { typed.value = slider.value; });
  typed.addEventListener("input", () => { if (typed.value !== "") slider.value = typed.value; });
}
