// What is typed lies in its tab sealed, with the key that this browser keeps for its person (outbox/base.ts): whoever
// reads the disk later finds no word of it. Without a safe connection a browser seals nothing, and it lies as it is.
import { drafts } from "./drafts";
import { forget, keyOf, openBase } from "./outbox/base";
import { seal, unseal } from "./outbox/sealing";
import { pageOwner } from "./owner";

const SEALED = "sealed:";
const IV = 12;
const turns = new Map<string, number>(); // a text that took longer to seal is never kept over a newer one

let asked: Promise<CryptoKey | null> | undefined;
/** The key of this page's person. Asked for once, when the page opens: a key pressed must not wait for it. */
function ownKey(): Promise<CryptoKey | null> {
  asked ??= opened().catch(() => null);
  return asked;
}
void ownKey();

/** The person goes, from a page without an outbox: nothing that was typed or opened here can be opened again. What waits
    to be sent is asked about where the bar stands (outbox/leaving.ts); here it stays, for when its person is back. */
export async function forgetKey(): Promise<void> {
  if (!(await ownKey())) return;
  const base = await openBase();
  await forget(base, pageOwner(), { waiting: false });
  base.close();
}

async function opened(): Promise<CryptoKey | null> {
  if (!pageOwner() || !globalThis.crypto?.subtle) return null;
  const base = await openBase();
  try {
    return await keyOf(base, pageOwner());
  } finally {
    base.close();
  }
}

/** Keep what is typed in this form; null drops it, at once. */
export async function keepText(form: string, text: string | null): Promise<void> {
  const turn = (turns.get(form) ?? 0) + 1;
  turns.set(form, turn);
  if (text === null) return drafts().keep(form, null);
  const key = await ownKey();
  const kept = key ? await sealed(key, form, text) : text;
  if (turns.get(form) === turn) drafts().keep(form, kept);
}

/** What was kept for this form, if it is young enough; null where it is sealed with a key that is gone. */
export async function keptText(form: string): Promise<string | null> {
  const kept = drafts().read(form);
  if (kept === null || !kept.startsWith(SEALED)) return kept;
  const key = await ownKey();
  return key && opening(key, form, kept).catch(() => null);
}

async function sealed(key: CryptoKey, form: string, text: string): Promise<string> {
  const { iv, bytes } = await seal(key, form, text);
  const letters = [...iv, ...new Uint8Array(bytes)].map((each) => String.fromCharCode(each)); // one call takes too few
  return SEALED + btoa(letters.join(""));
}

function opening(key: CryptoKey, form: string, kept: string): Promise<string> {
  const all = Uint8Array.from(atob(kept.slice(SEALED.length)), (each) => each.charCodeAt(0));
  return unseal<string>(key, form, { iv: all.slice(0, IV), bytes: all.slice(IV).buffer });
}
