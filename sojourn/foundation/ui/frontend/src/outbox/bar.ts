// What waits, on every page of the patient: how much, what became of it, a try, a copy. Never hidden while anything waits.
import { copyOf, type Outbox } from "./outbox";
import type { Entry } from "./store";

const CLOCK: Intl.DateTimeFormatOptions = { weekday: "long", hour: "2-digit", minute: "2-digit" };

export class Bar {
  private readonly say = (name: string) => this.place.getAttribute(`data-${name}`) ?? "";
  private drawn = "";
  private asked = ""; // the entry of which somebody pressed "Delete it" once

  constructor(private readonly place: HTMLElement, private readonly box: Outbox, private readonly save: (text: string) => void) {
    box.onChange(() => void this.draw());
    place.addEventListener("click", (event) => void this.pressed(event));
  }

  async draw(): Promise<void> {
    const entries = await this.box.entries();
    const shape = JSON.stringify(entries.map((each) => [each.id, each.refusal, each.what.danger]));
    if (shape === this.drawn) return;
    this.drawn = shape;
    this.place.hidden = entries.length === 0;
    this.part("count").textContent = this.counted(entries.length);
    this.part("danger").hidden = !entries.some((each) => each.what.danger);
    this.part("list").replaceChildren(...entries.map((each) => this.line(each)));
    void this.askToStay();
  }

  private counted(n: number): string {
    return n === 1 ? this.say("one") : this.say("many").replace("{n}", String(n));
  }

  private line({ id, what, refusal }: Entry): HTMLElement {
    const line = document.createElement("li");
    const name = document.createElement("b");
    name.textContent = `${what.called}, ${new Intl.DateTimeFormat(document.documentElement.lang, CLOCK).format(new Date(what.made_at))}`;
    const state = document.createElement("span");
    state.textContent = ` · ${refusal ? `${this.say("refused")} ${refusal.reasons.join(" ")}` : this.say("waits")}`;
    line.append(name, state);
    if (refusal) line.append(" ", this.button("retry", this.say("again"), id), " ", this.button("delete", this.say(this.asked === id ? "sure" : "delete"), id));
    return line;
  }

  private button(act: string, words: string, id: string): HTMLButtonElement {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn-bare", textContent: words });
    button.dataset.outboxDo = act;
    button.dataset.entry = id;
    return button;
  }

  private part(name: string): HTMLElement {
    return this.place.querySelector<HTMLElement>(`[data-outbox-${name}]`)!;
  }

  private async pressed(event: Event): Promise<void> {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-outbox-do]");
    if (!button) return;
    const act = button.dataset.outboxDo;
    const entry = button.dataset.entry ?? "";
    if (act === "retry") await this.box.retry(entry);
    else if (act === "delete" && this.asked === entry) await this.box.store.remove(entry);
    else if (act === "try") await this.box.pass();
    else if (act === "stay") await navigator.storage.persist();
    else if (act === "save") this.save(copyOf(await this.box.entries()));
    this.asked = act === "delete" ? entry : "";
    this.drawn = "";
    await this.draw();
    this.place.querySelector<HTMLElement>(`[data-entry="${entry}"][data-outbox-do="${act}"]`)?.focus(); // drawn anew
  }

  /** A browser may throw away what lies here when the disk is full. It is asked not to, with the reason beside it. */
  private async askToStay(): Promise<void> {
    const stays = await navigator.storage?.persisted?.().catch(() => true);
    this.part("stay").hidden = stays !== false;
  }
}

/** Let the person keep a text as a file. */
export function saveAsFile(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
