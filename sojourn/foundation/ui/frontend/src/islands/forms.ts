// What is typed is never lost, a button is pressed once, and errors are the first thing that one meets.
import { drafts } from "../drafts";
import { pageOwner } from "../owner";
import { keepText } from "../sealed-drafts";
import { formName } from "../typed";
import { keepTyped } from "./kept";

// Drafts live in this tab only (sessionStorage), in the name of their person, and go when the server has them.
function draft(form: HTMLFormElement): void {
  keepTyped(form);
  form.addEventListener("submit", () => {
    const number = form.querySelector<HTMLInputElement>("input[name=draft_number]") ?? document.createElement("input");
    Object.assign(number, { type: "hidden", name: "draft_number", value: `${Date.now()}-${Math.floor(Math.random() * 1e9)}` });
    form.append(number);
    drafts().sent(formName(form), number.value);
  });
  form.addEventListener("htmx:beforeOnLoad", (event) => { // the answer may take this very form away
    const { elt, xhr } = (event as CustomEvent<{ elt?: Element; xhr?: XMLHttpRequest }>).detail;
    if (elt === form && xhr && xhr.status < 400) void keepText(formName(form), null);
  });
}

export function forms(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-draft]:not([data-armed])")) {
    form.dataset.armed = "";
    draft(form);
  }
  // The browser's own memory of what was typed is not the person's: the next one at this device would be offered it.
  if (pageOwner() !== "")
    for (const form of root.querySelectorAll<HTMLFormElement>("form:not([autocomplete])")) form.autocomplete = "off";
  root.querySelector<HTMLElement>("[data-error-summary]")?.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method === "dialog") return; // a dialog closes, and may be opened again
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
  waiting(true);
});

// A page that comes back from the history is not busy any more.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
  waiting(false);
});

// Number keys choose an answer; Enter sends it.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key)) return;
  const at = event.target as HTMLElement;
  if (at.matches("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const group = at.closest<HTMLElement>("[data-choices]") ?? document.querySelector<HTMLElement>("[data-choices]");
  const choice = group?.querySelectorAll<HTMLInputElement>("input[type=radio]")[Number(event.key) - 1];
  if (choice && !choice.disabled) {
    event.preventDefault();
    choice.checked = true;
    choice.focus();
    choice.dispatchEvent(new Event("input", { bubbles: true }));
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

let timer = 0;
/** Shows the thin line at the top of the page once something takes more than half a second. */
export function waiting(on: boolean): void {
  window.clearTimeout(timer);
  if (on) timer = window.setTimeout(() => document.body.classList.add("is-waiting"), 500);
  else document.body.classList.remove("is-waiting");
}
