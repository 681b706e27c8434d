// The dose explorer: sliders beside their number fields, and a picture that follows them. Curves are computed at the
// server (docs/decisions/0103). While a value moves, the newest figures are asked for as JSON, one request at a time,
// and only the picture and its sentences change; once it rests, htmx fetches the whole answer. Without this script
// the fields and "Show" do the same.
import type { Spec } from "./charts";

interface Moving { chart: Spec | null; said: Record<string, string>; short: string }
type Charts = typeof import("./charts");

const form = document.querySelector<HTMLFormElement>("form[data-explorer]");
let busy = false;
let again = false;

// A slider has no name: what is sent is the field. In the capturing phase, before anything reads the form.
form?.addEventListener("input", (event) => {
  const moved = event.target;
  if (!(moved instanceof HTMLInputElement)) return;
  if (moved.dataset.slides) {
    const field = document.getElementById(moved.dataset.slides);
    if (field instanceof HTMLInputElement) field.value = moved.value;
  } else {
    const slider = form.querySelector<HTMLInputElement>(`[data-slides="${CSS.escape(moved.id)}"]`);
    if (slider) {
      const typed = moved.value.replace(",", "."); // a slider knows the point alone
      if (Number(typed) > Number(slider.max)) slider.max = typed;
      slider.value = typed || "0";
    }
  }
  void follow();
}, { capture: true });

async function follow(): Promise<void> {
  again = true;
  if (busy || !form) return;
  busy = true;
  while (again) {
    again = false;
    try {
      const asked = performance.now();
      const typed = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
      const answer = await fetch(`${form.action}?${typed}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) break; // what is wrong with it stands in the whole answer
      const moving = (await answer.json()) as Moving;
      const came = performance.now();
      await show(moving);
      document.dispatchEvent(new CustomEvent("explorer:drawn", {
        detail: { answer_ms: came - asked, redraw_ms: performance.now() - came },
      }));
    } catch {
      break; // no connection: the page says so by itself
    }
  }
  busy = false;
}

function forget(old: ParentNode): void {
  for (const canvas of old.querySelectorAll("canvas")) canvas.width = canvas.height = 0;
}

async function show({ chart, said, short }: Moving): Promise<void> {
  const inView = document.getElementById("in-view");
  if (inView) inView.textContent = short;
  const data = document.getElementById("concentration");
  const host = document.querySelector<HTMLElement>('[data-chart="concentration"]');
  const lines = [...document.querySelectorAll<HTMLElement>("[data-said]")];
  if (!chart || !data || !host || lines.some((line) => !(line.dataset.said! in said))) return;
  data.textContent = JSON.stringify(chart);
  for (const line of lines) line.textContent = said[line.dataset.said!]!;
  const fresh = host.cloneNode(false) as HTMLElement;
  delete fresh.dataset.armed;
  forget(host);
  host.replaceWith(fresh);
  const charts = (await import(document.body.dataset.chartsSrc!)) as Charts;
  charts.attach(fresh.parentElement!);
}

// The whole answer replaces the old one: what was opened stays open, and the old picture's memory goes at once.
let wasOpen: boolean[] = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const old = (event as CustomEvent<{ target?: Element }>).detail?.target;
  if (old?.id !== "answer") return;
  wasOpen = [...old.querySelectorAll("details")].map((each) => each.open);
  forget(old);
});
document.addEventListener("htmx:afterSwap", () => {
  const now = document.getElementById("answer")?.querySelectorAll("details") ?? [];
  if (now.length === wasOpen.length) now.forEach((each, i) => { each.open = wasOpen[i]!; });
});
