{% load portal %}// Keeps articles that were opened, as anybody would see them, and the page for no connection. Nothing that tells of a person.
const KEPT = "library-{{ version }}";
const FILES = {{ files|as_json }};
const INSTEAD = {{ instead|as_json }};
const INDEX = {{ index|as_json }};

// Asked for by a script, a page comes in the frame of nobody.
async function keepPage(page) {
  const answer = await fetch(page, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok || answer.redirected) return false;
  await (await caches.open(KEPT)).put(page, answer);
  return true;
}

addEventListener("install", (event) => {
  event.waitUntil((async () => {
    await (await caches.open(KEPT)).addAll(FILES);
    await Promise.allSettled([keepPage(INSTEAD), keepPage(INDEX)]);
    await skipWaiting();
  })());
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (!name.startsWith("library-") || name === KEPT) continue;
      // What was opened under an older version is asked for again.
      const before = await (await caches.open(name)).keys();
      await Promise.allSettled(before.map((each) => new URL(each.url).pathname).filter((path) => path.startsWith(INDEX)).map(keepPage));
      await caches.delete(name);
    }
    await clients.claim();
  })());
});

addEventListener("message", (event) => {
  const page = event.data?.keep;
  if (typeof page !== "string" || !page.startsWith(INDEX)) return;
  event.waitUntil(keepPage(page).then((kept) => { if (kept) event.source?.postMessage({ kept: page }); }));
});

async function orKept(request, path) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = (await caches.match(path)) ?? (await caches.match(INSTEAD));
    if (kept) return kept;
    throw error;
  }
}

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(orKept(event.request, url.pathname));
  else if (FILES.includes(url.pathname)) event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(event.request)));
});
