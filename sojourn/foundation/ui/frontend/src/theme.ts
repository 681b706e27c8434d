// Runs before the first paint: what is not of the person whose page this is goes before anything is shown, and a
// chosen mood is applied without a flash of the other one.
import { drafts, received } from "./drafts";

drafts().sweep();
drafts().settle(received());
try {
  const chosen = localStorage.getItem("theme");
  const fixed = document.documentElement.dataset.theme; // the altered-state screen is dark, always
  if (!fixed && (chosen === "light" || chosen === "dark")) document.documentElement.dataset.theme = chosen;
} catch {
  // Storage can be closed to us; the system's own preference then holds.
}
document.documentElement.classList.add("js");
