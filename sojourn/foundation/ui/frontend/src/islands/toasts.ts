// Messages that come and go. A server answer can send one with the header HX-Trigger: {"toast": {"text": "…"}}.
const STAY_MS = 8000;

export function toasts(root: ParentNode): void {
  for (const toast of root.querySelectorAll<HTMLElement>("[data-toast]:not([data-armed])")) {
    toast.dataset.armed = "";
    if (toast.dataset.toast === "stay") continue;
    let timer = 0;
    const start = () => {
      timer = window.setTimeout(() => toast.remove(), STAY_MS);
    };
    // A message that somebody reads or has reached by keyboard waits.
    const hold = () => window.clearTimeout(timer);
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("pointerleave", start);
    toast.addEventListener("focusout", start);
    start();
  }
}

export function say(text: string, stay = false): void {
  const pattern = document.getElementById("toast-pattern") as HTMLTemplateElement | null;
  const region = document.getElementById("toasts");
  if (!pattern || !region) return;
  const copy = pattern.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
  if (!copy) return;
  const slot = copy.querySelector("[data-toast-text]");
  if (slot) slot.textContent = text;
  if (stay) copy.dataset.toast = "stay";
  region.append(copy);
  toasts(region);
}

document.addEventListener("toast", (event) => {
  const detail = (event as CustomEvent<{ text?: string; value?: string; stay?: boolean }>).detail;
  const text = detail?.text ?? detail?.value;
  if (text) say(text, detail.stay);
});
