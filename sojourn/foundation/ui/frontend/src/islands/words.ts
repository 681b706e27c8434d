// Texts for the islands come with the page, translated by Django (templates/ui/words.html).
export function word(key: string, fallback: string): string {
  const source = document.getElementById("words");
  return source?.getAttribute(`data-${key}`) || fallback;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number, number][] = [
  ["second", 1, 60],
  ["minute", 60, 60 * 60],
  ["hour", 3600, 36 * 3600],
  ["day", 86400, Infinity],
];

/** The distance between a moment and now in words: "2 minutes ago", "in 5 minutes". Milliseconds in, text out. */
export function distance(at: number, now: number, language = document.documentElement.lang || "en"): string {
  const seconds = (at - now) / 1000;
  const size = Math.abs(seconds);
  const [unit, length] = STEPS.find(([, , below]) => size < below) ?? STEPS[3]!;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  // This moment is past, and -0 says so: "0 seconds ago".
  return format.format(Math.floor(size / length) * (seconds <= 0 ? -1 : 1), unit);
}

export function minutesAndSeconds(seconds: number): string {
  const size = Math.max(0, Math.round(seconds));
  const hours = Math.floor(size / 3600);
  const pad = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor((size % 3600) / 60);
  return hours ? `${hours}:${pad(minutes)}:${pad(size % 60)}` : `${minutes}:${pad(size % 60)}`;
}

/** What is left of a countdown, in seconds; from the moment itself `overdue` and what has passed. */
export function countdown(left: number, overdue: string): string {
  return left > 0 ? minutesAndSeconds(left) : `${overdue} ${minutesAndSeconds(-left)}`;
}
