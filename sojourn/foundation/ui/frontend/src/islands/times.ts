// <time datetime data-ago> and <time datetime data-countdown> keep themselves true while the page is open.
import { countdown, distance, word } from "./words";

function tick(): void {
  const now = Date.now();
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-ago]")) {
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    const text = distance(at, now);
    if (element.textContent !== text) element.textContent = text;
    const staleAfter = Number(element.dataset.staleAfter);
    if (staleAfter) element.closest("[data-stales]")?.classList.toggle("is-stale", now - at > staleAfter * 1000);
  }
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-countdown]")) {
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    const left = (at - now) / 1000;
    const box = element.closest<HTMLElement>("[data-countdown-box]");
    box?.classList.toggle("is-due", left <= 0);
    const text = countdown(left, word("overdue", "overdue by"));
    if (element.textContent !== text) element.textContent = text;
  }
}

tick();
setInterval(tick, 1000);
export { tick };
