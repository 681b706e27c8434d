// What is typed in a form, as a text that can be kept, and put back where the form is the one that it was.
type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
type Typed = [name: string, value: string, checked: boolean | null, base: string];

function fields(form: HTMLFormElement): Field[] {
  return [...form.elements].filter(
    (each): each is Field =>
      (each instanceof HTMLInputElement || each instanceof HTMLTextAreaElement || each instanceof HTMLSelectElement) &&
      Boolean(each.name) &&
      each.name !== "csrfmiddlewaretoken" &&
      !["password", "file", "hidden", "submit"].includes(each.type),
  );
}

function ticks(field: Field): field is HTMLInputElement {
  return field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio");
}

/** What the page came with in this field. */
function base(field: Field): string {
  if (field instanceof HTMLSelectElement)
    return [...field.options].find((each) => each.defaultSelected)?.value ?? field.options[0]?.value ?? "";
  return ticks(field) ? String(field.defaultChecked) : field.defaultValue;
}

/** What differs from the page as it came; null where nothing does. */
export function typedIn(form: HTMLFormElement): string | null {
  const typed = fields(form)
    .map((each): Typed => [each.name, each.value, ticks(each) ? each.checked : null, base(each)])
    .filter(([, value, checked, from]) => (checked === null ? value : String(checked)) !== from);
  return typed.length ? JSON.stringify(typed) : null;
}

/** Put it back, but never over what the server has changed meanwhile. Whether anything was. */
export function typeInto(form: HTMLFormElement, text: string): boolean {
  let put = false;
  for (const [name, value, checked, from] of JSON.parse(text) as Typed[]) {
    for (const field of fields(form).filter((each) => each.name === name)) {
      if (ticks(field) ? field.value !== value || checked === null : base(field) !== from && field.value !== "") continue;
      if (ticks(field)) field.checked = checked === true;
      else field.value = value;
      put = true;
    }
  }
  return put;
}

/** The place of a form: its page, and its own name there, which carries the object's row and revision. */
export function formName(form: HTMLFormElement): string {
  return `${location.pathname}#${form.dataset.draft || form.id || new URL(form.action, location.href).pathname}`;
}
