// Whether the page on the screen is still of the person who is signed in. The server keeps a cookie with the owner's
// opaque name; every tab reads it, so a sign-out in one of them empties all of them.
import { drafts } from "./drafts";

const COOKIE = "page_owner=";
const LOOK_MS = 1000;
export const HEADER = "X-Page-Owner";

/** Who is signed in, out of the page's cookies; "" for nobody. */
export function signedIn(cookies: string): string {
  return cookies.split("; ").find((each) => each.startsWith(COOKIE))?.slice(COOKIE.length) ?? "";
}

/** Whose page this is; "" where it is nobody's. */
export function pageOwner(): string {
  return document.documentElement.dataset.owner ?? "";
}

/** Whether somebody else, or nobody, is signed in now. */
export function isAnothers(): boolean {
  return pageOwner() !== "" && signedIn(document.cookie) !== pageOwner();
}

let left = false;

/** Nothing of this page stays: neither on the screen nor beside it. */
export function leave(): void {
  if (left) return;
  left = true;
  drafts().clear();
  document.documentElement.hidden = true;
  for (const form of document.forms) form.reset();
  location.replace(location.pathname); // not what was typed into the address: a search, a weight
}

/** Look after the cookie. A browser that gives us none is left alone: the server still refuses what is another's. */
export function watch(): void {
  if (pageOwner() === "" || isAnothers() || document.getElementById("board")) return; // the board says it by itself
  const look = () => {
    if (isAnothers()) leave();
  };
  for (const name of ["pageshow", "focus", "online"]) addEventListener(name, look);
  for (const name of ["visibilitychange", "pointerdown", "keydown"]) document.addEventListener(name, look, true);
  setInterval(look, LOOK_MS);
}

/** A sign-out takes everything with it before the request leaves; `also` what a page has besides. */
export function forgetAtSignOut(address: string, also: () => void): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (new URL(form.action, location.href).pathname !== address) return;
    drafts().clear();
    also();
  });
}
