// A form that keeps what is typed until the server has it. What was put back is marked "not saved yet".
import { keepText, keptText } from "../sealed-drafts";
import { formName, typedIn, typeInto } from "../typed";
import { word } from "./words";

/** Say that this form holds what the server has not received, with a way to be rid of it. */
function mark(form: HTMLFormElement): void {
  const note = document.createElement("div");
  note.className = "notice notice-sand";
  note.setAttribute("role", "status");
  note.dataset.draftNote = "";
  const said = document.createElement("p");
  said.textContent = word("unsaved", "Not saved yet: what you typed before is here again.");
  const away = document.createElement("button");
  away.type = "button";
  away.className = "btn btn-bare";
  away.textContent = word("discard", "Discard it");
  away.addEventListener("click", () => {
    void keepText(formName(form), null);
    form.reset();
    note.remove();
  });
  note.append(said, away);
  form.prepend(note);
}

/** Put back what was typed, and keep what is typed from here on. */
export function keepTyped(form: HTMLFormElement): void {
  form.addEventListener("input", () => void keepText(formName(form), typedIn(form)));
  void putBack(form);
}

async function putBack(form: HTMLFormElement): Promise<void> {
  const name = formName(form);
  const before = await keptText(name);
  if (before === null || typedIn(form) !== null) return; // never over what is typed meanwhile
  try {
    if (typeInto(form, before)) mark(form);
  } catch {
    void keepText(name, null);
  }
}
