{% load portal %}// Keeps the help page, the altered-state screen, a page for no connection and their files. What tells of a person lies
// sealed in another place, for as long as a sign-in that nobody uses (frontend/src/worker/pages.ts).
importScripts({{ worker|as_json }});
const own = new Pages({{ longest_ms|as_json }});
const CACHE = "sojourn-{{ version }}";
const FILES = {{ files|as_json }};
const PAGES = {{ pages|as_json }};
const INSTEAD = {{ instead|as_json }};
const ASKED = {{ asked|as_json }};
// Not needed before something is written: fetched once the rest is there.
const LATER = {{ later|as_json }};
const TO_KEEP = {{ to_keep|as_json }};
const PATIENCE_MS = 4000;

async function keepPage(cache, page) {
  const answer = await fetch(page, { credentials: "same-origin", cache: "no-store", headers: { [TO_KEEP]: "1" } });
  // Signed out, the altered-state screen leads to the sign-in: that is not kept in its place.
  if (answer.ok && !answer.redirected) await cache.put(page, answer.clone());
  return answer;
}

async function keepPages() {
  const cache = await caches.open(CACHE);
  await Promise.allSettled(PAGES.map((page) => keepPage(cache, page)));
}

async function keepLater() {
  const cache = await caches.open(CACHE);
  for (const file of LATER) if (!(await cache.match(file))) await cache.add(file).catch(() => undefined);
}

addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES);
    await keepPages();
    await skipWaiting();
  })());
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("sojourn-") && name !== CACHE) await caches.delete(name);
    }
    await clients.claim();
  })());
});

addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keepPages().then(keepLater));
});

async function fromNetworkFirst(page) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(page);
  const late = kept && new Promise((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE_MS));
  try {
    const fresh = keepPage(cache, page);
    return await (late ? Promise.race([fresh, late]) : fresh);
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

// Any other page that cannot be fetched: what to do, and whom to call.
async function orInstead(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(INSTEAD);
    if (kept) return kept;
    throw error;
  }
}

// A page of a person: from the clinic, else as it was opened last.
async function orKept(event) {
  const { request } = event;
  let answer;
  try {
    answer = await fetch(request);
  } catch (error) {
    const kept = (await own.open(request.url).catch(() => null)) ?? (await caches.match(INSTEAD));
    if (kept) return kept;
    throw error;
  }
  event.waitUntil(own.seen(request.url, answer.clone()).catch(() => undefined));
  return answer;
}

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  // The button that tells the clinic: where it cannot be sent, whom to call.
  if (event.request.method === "POST" && url.pathname === ASKED) event.respondWith(orInstead(event.request));
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (PAGES.includes(url.pathname) && !url.search && event.request.mode === "navigate") {
    event.respondWith(fromNetworkFirst(url.pathname));
  } else if (event.request.mode === "navigate") {
    event.respondWith(orKept(event));
  } else if (FILES.includes(url.pathname) || LATER.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(event.request)));
  }
});
