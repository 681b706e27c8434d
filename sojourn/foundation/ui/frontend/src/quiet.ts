// The quiet screen: one call, and the truth about it. What it says comes from the clinic by a stream and from nothing
// else, so a reload changes nothing; without a connection it says so, and what else there is to do.

export interface Heard { running: boolean; call: [string, number, number, string] | null }
type Send = (url: string, body: URLSearchParams, accept: string) => Promise<Response>;

const RETRY_MS = 4000;
const LOST_AFTER_MS = 6000;
const LOOK_AGAIN_MS = 15_000;
const COMING_MS = 5 * 60_000; // as long as the server says it (care/session/calls.py)
const AWAKE_MS = 5 * 60_000;

/** Which words a call has come to, and whose name stands in them. `waits`: pressed here, and not received yet. */
export function wordsFor(heard: Heard, waits: boolean): { name: string; who: string } {
  if (!heard.running) return { name: "alone", who: "" };
  const [state, , , who] = heard.call ?? ["", 0, 0, ""];
  if (state === "coming" && !waits) return { name: who ? "coming" : "somebody", who };
  if (state === "known") return { name: "known", who: "" };
  return { name: heard.call && state !== "coming" || waits ? "calling" : "idle", who: "" };
}

export function quietScreen(send: Send): void {
  const form = document.querySelector<HTMLFormElement>("form[data-call]");
  if (form) new QuietScreen(form, send).begin();
}

class QuietScreen {
  private readonly words = document.querySelector<HTMLElement>("[data-call-words]");
  private heard: Heard | null = null;
  private heardAt = performance.now();
  private patience = LOST_AFTER_MS; // longer where there is no stream to hear, but somebody who answers
  private comesAt = -Infinity;
  private waits = false; // a call that the clinic has not received yet
  private busy = false;
  private timer = 0;
  private source: EventSource | null = null;
  private said = ""; // what became of a "Stop": it stands before the rest
  private unsent = ""; // that a "Stop" did not go out: it stands until something is pressed again

  constructor(private readonly form: HTMLFormElement, private readonly send: Send) {}

  begin(): void {
    this.draw();
    this.listen();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.waits = true;
      this.unsent = "";
      this.draw();
      void this.attempt();
    });
    addEventListener("online", () => {
      this.listen();
      if (this.waits) void this.attempt();
    });
    addEventListener("offline", () => this.draw());
    setInterval(() => this.draw(), 1000);
    const stop = document.querySelector<HTMLFormElement>("form[data-stop]");
    if (stop) this.stop(stop);
    // A session is longer than the time after which an unused page signs out: this one stays signed in.
    const awake = document.body.dataset.awake;
    if (awake) {
      setInterval(() => {
        if (!document.hidden) this.send(awake, new URLSearchParams(), "application/json").catch(() => undefined);
      }, AWAKE_MS);
    }
  }

  // ---------------------------------------------------------------- what it says

  private word(name: string, form = this.form): string {
    return form.getAttribute(`data-words-${name}`) ?? "";
  }

  private say(text: string): void {
    if (this.words && text && this.words.textContent !== text) this.words.textContent = text;
  }

  private get lost(): boolean {
    return !navigator.onLine || performance.now() - this.heardAt > this.patience;
  }

  private draw(): void {
    if (this.unsent) this.say(this.unsent);
    else if (this.lost) this.say(this.word("lost"));
    else if (this.heard || this.waits) {
      this.heard ??= { running: true, call: null };
      if (this.heard.call?.[0] === "coming" && performance.now() - this.comesAt > COMING_MS) this.heard.call = null;
      const { name, who } = wordsFor(this.heard, this.waits);
      const text = this.word(name).replace("{name}", who);
      this.say(name === "idle" && this.said ? this.said : [name === "alone" ? "" : this.said, text].filter(Boolean).join(" "));
      this.show(name !== "alone");
    }
  }

  private show(running: boolean): void {
    this.form.hidden = !running;
    for (const each of document.querySelectorAll<HTMLElement>("[data-call-running]")) each.hidden = !running;
    for (const each of document.querySelectorAll<HTMLElement>("[data-call-alone]")) each.hidden = running;
  }

  // ---------------------------------------------------------------- what it hears

  private listen(): void {
    this.source?.close();
    const source = new EventSource(this.form.dataset.stream ?? "");
    this.source = source;
    const heard = () => {
      this.heardAt = performance.now();
      this.patience = LOST_AFTER_MS;
    };
    source.addEventListener("beat", heard);
    source.addEventListener("call", (event) => {
      heard();
      this.heard = JSON.parse((event as MessageEvent<string>).data) as Heard;
      if (this.heard.call && this.heard.call[0] !== "coming") this.waits = false;
      if (this.heard.call?.[0] === "coming") this.comesAt = performance.now();
      if (!this.heard.running) source.close();
      this.draw();
    });
    source.addEventListener("error", () => {
      if (source === this.source && source.readyState === EventSource.CLOSED) void this.refused(source.url);
    });
  }

  /** The answer was no stream: no session runs, or nobody is signed in any more. */
  private async refused(url: string): Promise<void> {
    try {
      const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
      this.heardAt = performance.now();
      this.patience = LOOK_AGAIN_MS + LOST_AFTER_MS;
      if (answer.status === 204) {
        this.heard = { running: false, call: null };
        this.draw();
      } else if (answer.status === 401 || answer.status === 403) {
        this.heard = null;
        this.say(this.word("out"));
      }
      await answer.body?.cancel();
    } catch {
      // Nobody answers: lost, as said.
    }
    window.setTimeout(() => this.listen(), LOOK_AGAIN_MS);
  }

  // ---------------------------------------------------------------- what it sends

  private async attempt(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    window.clearTimeout(this.timer);
    try {
      const answer = await this.send(this.form.action, new URLSearchParams(), "application/json");
      if (answer.status === 204) this.received();
      else if (answer.status === 409) location.assign(((await answer.json()) as { go: string }).go);
      else if (answer.redirected) location.assign(answer.url);
      else throw new Error(String(answer.status));
    } catch {
      this.heardAt = -Infinity;
      this.draw();
      this.timer = window.setTimeout(() => void this.attempt(), RETRY_MS);
    } finally {
      this.busy = false;
    }
  }

  /** The clinic has it: what becomes of it is for the stream to say. */
  private received(): void {
    this.waits = false;
    const now = Date.now() / 1000;
    if ((this.heard?.call?.[0] ?? "coming") === "coming") {
      this.heard = { running: true, call: ["calling", now, now, ""] };
    }
    this.heardAt = performance.now();
    this.draw();
    if (this.source?.readyState !== EventSource.OPEN) this.listen();
  }

  /** Sent once for each press: a stop that comes minutes later, out of the pocket, is no longer what was meant. */
  private stop(form: HTMLFormElement): void {
    let busy = false;
    const attempt = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      this.unsent = "";
      this.say(this.word("stopping", form));
      try {
        const answer = await this.send(form.action, new URLSearchParams(), "application/json");
        if (answer.redirected) location.assign(answer.url); // a sign-in comes first
        else if (answer.status === 409) location.assign(((await answer.json()) as { go: string }).go);
        else if (!answer.ok) throw new Error(String(answer.status));
        else {
          this.said = this.word(((await answer.json()) as { said: string }).said, form);
          this.received();
          form.closest("details")?.removeAttribute("open");
        }
      } catch {
        this.said = "";
        this.unsent = this.word("lost", form);
        this.draw();
      } finally {
        busy = false;
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt();
    });
  }
}
