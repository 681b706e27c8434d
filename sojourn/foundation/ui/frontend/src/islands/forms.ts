// What is typed is never lost, a button is pressed once, and errors are the first thing that one meets.
const DRAFT = "draft:";

function fields(form: HTMLFormElement): (HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement)[] {
  return [...form.elements].filter(
    (e): e is HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement =>
      (e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement) &&
      Boolean(e.name) &&
      e.name !== "csrfmiddlewaretoken" &&
      !["password", "file", "hidden", "submit"].includes(e.type),
  );
}

// Drafts live in this tab only (sessionStorage) and go when the form is sent: a shared device keeps nothing.
function draft(form: HTMLFormElement): void {
  const key = DRAFT + location.pathname + "#" + (form.dataset.draft || form.id);
  const save = () => {
    const values: [string, string, boolean | null][] = fields(form).map((e) => [
      e.name,
      e.value,
      e instanceof HTMLInputElement && (e.type === "checkbox" || e.type === "radio") ? e.checked : null,
    ]);
    try {
      sessionStorage.setItem(key, JSON.stringify(values));
    } catch {
      // Full or closed storage: the form still works.
    }
  };
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null") as [string, string, boolean | null][] | null;
    for (const [name, value, checked] of kept ?? []) {
      for (const element of fields(form).filter((e) => e.name === name)) {
        if (checked === null) {
          if (!element.value) element.value = value;
        } else if (element.value === value && element instanceof HTMLInputElement) {
          element.checked = checked;
        }
      }
    }
  } catch {
    sessionStorage.removeItem(key);
  }
  form.addEventListener("input", save);
  form.addEventListener("submit", () => {
    try {
      sessionStorage.removeItem(key);
    } catch {
      // Nothing kept.
    }
  });
}

export function forms(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-draft]:not([data-armed])")) {
    form.dataset.armed = "";
    draft(form);
  }
  root.querySelector<HTMLElement>("[data-error-summary]")?.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented) return;
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
