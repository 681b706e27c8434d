// The board's page: values and words into their places, and nothing decided here. What did not change is not touched.
import type { ChairView, FigureView } from "./view";

export function text(element: Element | null | undefined, value: string): void {
  if (element && element.textContent !== value) element.textContent = value;
}

export function show(element: HTMLElement | null | undefined, visible: boolean): void {
  if (element && element.hidden === visible) element.hidden = !visible;
}

function mark(element: HTMLElement, priority: string): void {
  for (const each of ["high", "medium", "low"]) element.classList.toggle(`is-${each}`, each === priority);
}

/** A line that is there only while it says something. */
function line(element: HTMLElement | null, value: string): void {
  show(element, value !== "");
  text(element, value);
}

export function paintChair(box: HTMLElement, chair: ChairView): void {
  const part = (name: string) => box.querySelector<HTMLElement>(`[data-chair-${name}]`);
  mark(box, chair.priority);
  paintHead(box, chair);
  paintAlarm(box, chair);
  text(part("call"), chair.call);
  text(part("call-note"), chair.callNote);
  show(part("call-seen"), chair.callUnseen);
  box.toggleAttribute("data-call-late", chair.callLate);
  show(part("going"), chair.called);
  show(part("acts"), chair.alarm !== null || chair.called);
  text(part("state"), chair.state);
  text(part("when"), chair.when);
  line(part("due"), chair.due);
  part("due")?.classList.toggle("font-bold", chair.overdue);
  line(part("notes"), chair.notes);
  for (const figure of chair.figures) {
    const tile = box.querySelector<HTMLElement>(`[data-vital="${figure.key}"]`);
    if (tile) paintFigure(tile, figure);
  }
}

/** The priority in shape and word. */
function paintHead(box: HTMLElement, chair: ChairView): void {
  const head = box.querySelector<HTMLElement>("[data-chair-alarm]")!;
  if (head.dataset.shown === chair.priority) return;
  head.dataset.shown = chair.priority;
  const shape = chair.priority && box.querySelector(`.vital-word .shape-${chair.priority}`)?.cloneNode(true);
  head.replaceChildren(...(shape ? [shape, chair.priorityWord] : []));
}

function paintAlarm(box: HTMLElement, { alarm, waiting }: ChairView): void {
  const says = box.querySelector<HTMLElement>("[data-chair-says]");
  show(says, alarm !== null);
  if (alarm && says) {
    for (const each of says.querySelectorAll("[data-says]")) text(each, alarm.text);
    for (const each of says.querySelectorAll("[data-says-note]")) text(each, alarm.note);
  }
  const seen = box.querySelector<HTMLElement>("[data-chair-seen]");
  show(seen, waiting.length > 0);
  show(box.querySelector<HTMLElement>("[data-chair-answered]"), !seen || !waiting.length);
  const inputs = box.querySelector("[data-chair-waiting]");
  if (inputs && [...inputs.children].map((each) => (each as HTMLInputElement).value).join() !== waiting.join()) {
    const hidden = (value: string) =>
      Object.assign(document.createElement("input"), { type: "hidden", name: "alarm", value });
    inputs.replaceChildren(...waiting.map(hidden));
  }
}

function paintFigure(tile: HTMLElement, figure: FigureView): void {
  show(tile, !figure.hidden);
  mark(tile, figure.priority);
  tile.classList.toggle("is-stale", figure.stale);
  if (figure.label !== null) text(tile.querySelector("[data-vital-label]"), figure.label);
  text(tile.querySelector("[data-vital-figure]"), figure.value);
  text(tile.querySelector("[data-vital-age]"), figure.age);
  text(tile.querySelector("[data-vital-says]"), figure.says);
}
