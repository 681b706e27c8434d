// Help now goes by where the telephone is: its own clock says so, nobody is asked for leave, and nothing leaves the
// device. Whoever is elsewhere chooses. The lines of the clinic's country stay on the page.

import { countryOf } from "./place-of";

function clock(): string {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  } catch {
    return "";
  }
}

function attachTo(box: HTMLElement): void {
  const kept = new Map([...box.querySelectorAll<HTMLTemplateElement>("template[data-place]")].map(
    (each) => [each.dataset.place ?? "", each] as const,
  ));
  const part = <T extends HTMLElement>(name: string) => box.querySelector<T>(`[data-help-${name}]`);
  const there = part("there");
  const where = part("where");
  const lines = part("lines");
  const choice = part<HTMLSelectElement>("choice");
  if (!there || !where || !lines || kept.size === 0) return;
  const clinics = box.dataset.country ?? "";

  const show = (code: string, why: string | undefined) => {
    const found = kept.get(code);
    const other = found !== undefined && code !== clinics;
    there.hidden = !other;
    const own = part("own");
    const unknown = part("unknown");
    if (own) own.hidden = !other;
    if (unknown) unknown.hidden = other;
    if (!found || !other) return;
    where.textContent = `${why ?? ""} ${found.dataset.name ?? ""}`.trim();
    lines.replaceChildren(found.content.cloneNode(true));
  };

  const zones = new Map([...kept].map(([code, each]) => [code, (each.dataset.zones ?? "").split(" ")] as const));
  const here = countryOf(clock(), zones);
  if (here && !choice?.value) show(here, box.dataset.here); // what was chosen without script, the page shows

  choice?.addEventListener("change", () => {
    if (choice.value) show(choice.value, box.dataset.chosen);
    else show(here, box.dataset.here);
  });
  part("go")?.setAttribute("hidden", "");
}

export function place(root: ParentNode): void {
  for (const box of root.querySelectorAll<HTMLElement>("[data-help]:not([data-attached])")) {
    box.dataset.attached = "yes";
    attachTo(box);
  }
}

// A number that no link can dial is copied.
document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
  if (!button) return;
  void navigator.clipboard?.writeText(button.dataset.copy ?? "").then(() => {
    const words = button.querySelector("span");
    if (words) words.textContent = button.dataset.copied ?? words.textContent;
  });
});
