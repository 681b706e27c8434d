{% load portal %}// Keeps articles that were opened, as anybody would see them, and the page for no connection. Nothing that tells of a person.
const KEPT = "library-{{ version }}";
const FILES = {{ files|as_json }};
const INSTEAD = {{ instead|as_json }};
const INDEX = {{ index|as_json }};
const MAY_STAY = {{ may_stay|as_json }};
const TO_KEEP = {{ to_keep|as_json }};

// One after the other: what was asked for before a clinic took it back is not put down after it was taken away.
let before = Promise.resolve();
function inTurn(work) {
  before = before.then(work, work);
  return before;
}

// Asked for so that it stays, a page comes in the frame of nobody, and says itself whether it may stay on a device: what
// people ask and tell, and what a clinic may take back, never does.
async function keepPage(page) {
  const answer = await fetch(page, { credentials: "same-origin", cache: "no-store", headers: { [TO_KEEP]: "1" } });
  if (answer.status === 404) await forget(page);
  if (!answer.ok || answer.redirected || (page !== INSTEAD && !answer.headers.has(MAY_STAY))) return false;
  await (await caches.open(KEPT)).put(page, answer);
  return true;
}

async function forget(page) {
  await (await caches.open(KEPT)).delete(page);
}

// What the first page does not name any more, the clinic has hidden or taken back: it goes from here too.
async function forgetHidden() {
  if (!(await keepPage(INDEX))) return;
  const first = await (await caches.match(INDEX))?.text();
  for (const each of await (await caches.open(KEPT)).keys()) {
    const path = new URL(each.url).pathname;
    if (path.startsWith(INDEX) && path !== INDEX && !first?.includes(`href="${path}"`)) await forget(path);
  }
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
      const opened = await (await caches.open(name)).keys();
      await Promise.allSettled(opened.map((each) => new URL(each.url).pathname).filter((path) => path.startsWith(INDEX)).map(keepPage));
      await caches.delete(name);
    }
    await clients.claim();
  })());
});

addEventListener("message", (event) => {
  const page = event.data?.keep;
  if (typeof page !== "string" || !page.startsWith(INDEX)) return;
  event.waitUntil(inTurn(async () => {
    if (await keepPage(page)) event.source?.postMessage({ kept: page });
    await forgetHidden();
  }));
});

async function orKept(request, path) {
  try {
    const answer = await fetch(request);
    if (answer.status === 404) await inTurn(() => forget(path));
    return answer;
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
