// Who signs out takes their words with them: what waits is sent or saved first, then the key of this device is gone.
import { saveAsFile } from "./bar";
import { copyOf, type Outbox } from "./outbox";

const SAVING_MS = 1000;

export function atSignOut(box: Outbox, address: string): void {
  let free = false;
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (free || new URL(form.action, location.href).pathname !== address) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const go = async (): Promise<void> => {
      await box.store.destroy();
      free = true;
      form.requestSubmit();
    };
    void leave(box, go);
  }, { capture: true });
}

async function leave(box: Outbox, go: () => Promise<void>): Promise<void> {
  await box.pass();
  const waiting = await box.entries();
  const asks = document.querySelector<HTMLDialogElement>("dialog[data-outbox-leaving]");
  if (!waiting.length || !asks) return go();
  asks.addEventListener("close", () => {
    if (asks.returnValue !== "save") return;
    saveAsFile(copyOf(waiting), asks.dataset.file ?? "sojourn.txt");
    setTimeout(() => void go(), SAVING_MS); // a page that goes at once takes its download with it
  }, { once: true });
  asks.showModal();
}
