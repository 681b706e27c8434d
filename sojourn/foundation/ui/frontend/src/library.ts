// An article of the library: read aloud, shared, its sources opened in place, its drawing moved by steps, and kept on
// the patient's device. Without this script everything is there to be read.

const SENTENCES = "[data-said]";

// ------------------------------------------------------------------ read aloud
function readAloud(article: HTMLElement): void {
  const bar = article.querySelector<HTMLElement>("[data-aloud]");
  if (!bar || !("speechSynthesis" in window) || typeof SpeechSynthesisUtterance === "undefined") return;
  const voice = window.speechSynthesis;
  const part = (name: string) => bar.querySelector<HTMLButtonElement>(`[data-aloud-${name}]`)!;
  const [start, pause, next, stop] = ["start", "pause", "next", "stop"].map(part) as HTMLButtonElement[];
  const parts = [...article.querySelectorAll<HTMLElement>("[data-part]")]
    .map((section) => [...section.querySelectorAll<HTMLElement>(SENTENCES)])
    .filter((sentences) => sentences.length > 0);
  let at: [number, number] | null = null;
  let turn = 0; // an utterance that was cancelled still tells of its end

  const mark = (sentence: HTMLElement | null) => {
    article.querySelector(".is-said")?.classList.remove("is-said");
    sentence?.classList.add("is-said");
  };
  const reads = () => {
    start!.hidden = at !== null;
    for (const button of [pause, next, stop]) button!.hidden = at === null;
    if (at === null) pause!.setAttribute("aria-pressed", "false");
  };
  const halt = () => {
    turn += 1;
    at = null;
    voice.cancel();
    mark(null);
    reads();
  };
  const say = () => {
    const sentence = at && parts[at[0]]?.[at[1]];
    if (!at || !sentence) {
      halt();
      return;
    }
    const mine = ++turn;
    const words = new SpeechSynthesisUtterance(sentence.textContent ?? "");
    words.lang = article.dataset.voice ?? document.documentElement.lang;
    words.onend = words.onerror = () => {
      if (mine !== turn || !at) return;
      const [section, place] = at;
      at = place + 1 < (parts[section]?.length ?? 0) ? [section, place + 1] : [section + 1, 0];
      say();
    };
    mark(sentence);
    // The page follows the voice only as far as it must.
    const box = sentence.getBoundingClientRect();
    if (box.top < 80 || box.bottom > innerHeight - 120) sentence.scrollIntoView({ block: "center" });
    voice.speak(words);
  };

  start!.addEventListener("click", () => {
    at = [0, 0];
    reads();
    say();
    pause!.focus();
  });
  pause!.addEventListener("click", () => {
    const paused = pause!.getAttribute("aria-pressed") === "true";
    pause!.setAttribute("aria-pressed", String(!paused));
    if (paused) voice.resume();
    else voice.pause();
  });
  next!.addEventListener("click", () => {
    if (!at) return;
    turn += 1;
    voice.cancel();
    voice.resume();
    pause!.setAttribute("aria-pressed", "false");
    at = [at[0] + 1, 0];
    say();
  });
  stop!.addEventListener("click", () => {
    halt();
    start!.focus();
  });
  addEventListener("pagehide", halt);

  // Where the device has no voice at all there is nothing to press; some tell their voices late.
  const look = () => { if (voice.getVoices().length > 0) bar.hidden = false; };
  look();
  voice.addEventListener?.("voiceschanged", look);
}

// ------------------------------------------------------------------ share
function share(button: HTMLButtonElement): void {
  const said = document.querySelector<HTMLElement>("[data-share-said]");
  const address = location.origin + location.pathname;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) {
        await navigator.share({ title: button.dataset.shareTitle, url: address });
        return;
      }
      await navigator.clipboard.writeText(address);
      if (said) said.textContent = button.dataset.shareCopied ?? "";
    } catch (error) {
      // Closed without sharing: nothing to say. No clipboard: the address itself, to be copied by hand.
      if (said && (error as Error).name !== "AbortError") said.textContent = address;
    }
  });
}

// ------------------------------------------------------------------ what a sentence rests on, in place
function sources(article: HTMLElement): void {
  const dialog = article.querySelector<HTMLDialogElement>("#source-opened");
  const here = dialog?.querySelector<HTMLElement>("[data-source-here]");
  if (!dialog || !here) return;
  article.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-source]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const source = document.getElementById(link.dataset.source ?? "")?.firstElementChild;
    if (!source) return;
    event.preventDefault();
    const copy = source.cloneNode(true) as HTMLDetailsElement;
    copy.open = true;
    here.replaceChildren(copy);
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

// On paper every source says all that it says.
function opened(article: HTMLElement): void {
  const closed = () => article.querySelectorAll<HTMLDetailsElement>(".source:not([open])");
  let opened: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    opened = [...closed()];
    for (const source of opened) source.open = true;
  });
  addEventListener("afterprint", () => { for (const source of opened) source.open = false; });
}

// ------------------------------------------------------------------ a drawing by steps
function stepped(figure: HTMLElement): void {
  const move = figure.querySelector<HTMLElement>("[data-steps-move]");
  const list = figure.querySelector<HTMLElement>("[data-steps-list]");
  const drawn = [...figure.querySelectorAll<SVGElement>("[data-drawn]")];
  const steps = [...figure.querySelectorAll<HTMLElement>("[data-step]")];
  const button = (name: string) => figure.querySelector<HTMLButtonElement>(`[data-steps-${name}]`)!;
  const where = figure.querySelector<HTMLElement>("[data-steps-where]");
  if (!move || !list || steps.length === 0) return;
  let at = 0;

  const show = () => {
    const shown = new Set((steps[at]?.dataset.shows ?? "").split(" "));
    for (const each of drawn) each.classList.toggle("is-off", !shown.has(each.dataset.drawn ?? ""));
    steps.forEach((step, number) => step.classList.toggle("is-now", number === at));
    button("back").disabled = at === 0;
    button("on").disabled = at === steps.length - 1;
    if (where) where.textContent = `${at + 1} / ${steps.length}`;
  };
  const go = (by: number) => {
    at = Math.min(steps.length - 1, Math.max(0, at + by));
    figure.classList.add("is-stepping");
    show();
  };

  move.hidden = false;
  list.setAttribute("aria-live", "polite");
  button("back").addEventListener("click", () => { go(-1); if (button("back").disabled) button("on").focus(); });
  button("on").addEventListener("click", () => { go(1); if (button("on").disabled) button("back").focus(); });
  button("all").addEventListener("click", () => {
    figure.classList.remove("is-stepping");
    for (const each of drawn) each.classList.remove("is-off");
    at = 0;
    button("back").disabled = true;
    button("on").disabled = false;
    if (where) where.textContent = "";
  });
  move.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else return;
    event.preventDefault();
  });
  go(0);
}

// ------------------------------------------------------------------ kept on the patient's device
async function kept(article: HTMLElement): Promise<void> {
  const worker = article.dataset.workerLibrary;
  if (!worker || !("serviceWorker" in navigator)) return;
  try {
    navigator.serviceWorker.addEventListener("message", (event) => {
      if (event.data?.kept !== location.pathname) return;
      for (const note of document.querySelectorAll<HTMLElement>("[data-kept-here]")) note.hidden = false;
    });
    const registered = await navigator.serviceWorker.register(worker);
    await navigator.serviceWorker.ready;
    registered.active?.postMessage({ keep: location.pathname });
  } catch {
    // Without it everything works that has a connection.
  }
}

for (const article of document.querySelectorAll<HTMLElement>("[data-article]")) {
  readAloud(article);
  sources(article);
  opened(article);
  void kept(article);
}
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-share]")) share(button);
for (const figure of document.querySelectorAll<HTMLElement>("[data-steps]")) stepped(figure);
