// The one script of every page. Islands attach by data attributes and again after each htmx swap.
import htmx from "htmx.org/dist/htmx.esm.js";

import "./islands/dialogs";
import { forms, waiting } from "./islands/forms";
import { idle } from "./islands/idle";
import { mood } from "./islands/mood";
import { place } from "./islands/place";
import { tick } from "./islands/times";
import { say, toasts } from "./islands/toasts";
import { word } from "./islands/words";
import { forgetAtSignOut, HEADER, leave, pageOwner, watch } from "./owner";
import { forgetKey } from "./sealed-drafts";

// The content security policy forbids evaluated code and inline styles, and pages hold health data:
// nothing of them is kept in the browser's history cache.
Object.assign(htmx.config, {
  allowEval: false,
  includeIndicatorStyles: false,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  selfRequestsOnly: true,
  defaultSwapStyle: "outerHTML",
  scrollBehavior: "instant",
});
// A form that comes back with errors (422) is shown; other errors leave the page as it is.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "422", swap: true },
  { code: "[45]..", swap: false, error: true },
];

function attach(root: ParentNode): void {
  mood(root);
  toasts(root);
  forms(root);
  place(root);
  tick();
  // The board brings its own copy of the chart code.
  if (root.querySelector("[data-chart], [data-strip]") && !document.getElementById("board")) void charts(root);
}

async function charts(root: ParentNode): Promise<void> {
  const address = document.body.dataset.chartsSrc;
  if (!address) return;
  const module = (await import(address)) as typeof import("./charts");
  module.attach(root);
}

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;
  if (token) (event as CustomEvent).detail.headers["X-CSRFToken"] = token;
  if (pageOwner()) (event as CustomEvent).detail.headers[HEADER] = pageOwner();
});
const background = (event: Event) =>
  Boolean(((event as CustomEvent).detail?.elt as Element | undefined)?.closest("[data-background]"));
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!background(event)) waiting(true);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!background(event)) waiting(false);
});
document.addEventListener("htmx:afterSettle", (event) => attach((event as CustomEvent).detail.elt as HTMLElement));
document.addEventListener("htmx:beforeSwap", (event) => {
  if (((event as CustomEvent).detail?.xhr as XMLHttpRequest | undefined)?.status === 412) leave(); // another's page
});
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (background(event)) return;
    const id = ((event as CustomEvent).detail?.xhr as XMLHttpRequest | undefined)?.getResponseHeader("X-Request-ID");
    const text = word("failed", "That did not go through. What you typed is still here.");
    say(id ? `${text} (${id})` : text, true);
  });
}

const online = () => document.body.classList.toggle("is-offline", !navigator.onLine);
addEventListener("online", online);
addEventListener("offline", online);

online();
watch();
forgetAtSignOut(document.body.dataset.signOut ?? "", () => {
  if (!document.querySelector("[data-outbox]")) void forgetKey().catch(() => undefined);
});
idle();
attach(document);
