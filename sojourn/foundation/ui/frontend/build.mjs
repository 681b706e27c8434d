// Builds everything that the pages load into ../static/built: fonts, icons, scripts, styles.
// `node build.mjs` is what `npm run build` and sojourn/foundation/ui/build.py call.
import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { build } from "esbuild";
import subsetFont from "subset-font";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "static", "built");
const out = join(here, "node_modules", ".sojourn", "built"); // swapped in whole, once everything has worked
const src = (...parts) => join(here, "src", ...parts);
const modules = (...parts) => join(here, "node_modules", ...parts);
const require = createRequire(import.meta.url);
const say = (what) => console.log(what);

// Latin-1 for English and Spanish (and their neighbours), typographic signs, and the signs of measurement.
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join("");
const SIGNS = "–—‘’“”•…←↑→↓−×≤≥≈€™";
const LETTERS = range(0x20, 0x7e) + range(0xa0, 0xff) + SIGNS;
const FIGURES = range(0x20, 0x7e) + "\u00a0°±²³µ·½×ñÑáéíóúü" + SIGNS;

async function fonts() {
  await mkdir(join(out, "fonts"), { recursive: true });
  // Text has its two weights; figures have one, which spares every page a third of their face.
  for (const [family, text, wght] of [["next", LETTERS, { min: 400, max: 700 }], ["mono", FIGURES, 500]]) {
    const name = `atkinson-hyperlegible-${family}`;
    const file = modules("@fontsource-variable", name, "files", `${name}-latin-wght-normal.woff2`);
    const subset = await subsetFont(await readFile(file), text, {
      targetFormat: "woff2",
      variationAxes: { wght },
    });
    await writeFile(join(out, "fonts", `${family}.woff2`), subset);
  }
  const licence = modules("@fontsource-variable", "atkinson-hyperlegible-next", "LICENSE");
  await writeFile(join(out, "fonts", "LICENSE.txt"), await readFile(licence));
}

async function icons() {
  const wanted = JSON.parse(await readFile(src("icons.json"), "utf8"));
  const symbols = [];
  for (const name of wanted.lucide) {
    const svg = await readFile(modules("lucide-static", "icons", `${name}.svg`), "utf8");
    const inner = svg.replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace("</svg>", "").replace(/\s*\n\s*/g, "");
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`);
  }
  for (const [name, inner] of Object.entries(wanted.own)) {
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`);
  }
  await writeFile(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

// The mark as a phone puts it on its first screen: with round corners of its own; without any, for a phone that cuts its
// own shape out of it ("maskable": four fifths of it are always seen).
const PAPER_OF_MARK = 24;
async function marks() {
  await initWasm(await readFile(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  const mark = await readFile(join(here, "..", "static", "ui", "mark.svg"), "utf8");
  const ground = /<rect [^>]*fill="([^"]+)"/.exec(mark)[1];
  const drawn = mark.replace(/<svg[^>]*>/, "").replace("</svg>", "").replace(/<rect [^>]*\/>/, "");
  const whole = (share) =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PAPER_OF_MARK} ${PAPER_OF_MARK}"><rect width="100%" height="100%" fill="${ground}"/>` +
    `<g transform="translate(${(PAPER_OF_MARK * (1 - share)) / 2} ${(PAPER_OF_MARK * (1 - share)) / 2}) scale(${share})">${drawn}</g></svg>`;
  const png = async (name, svg, size) => {
    const picture = new Resvg(svg, { fitTo: { mode: "width", value: size } }).render();
    await writeFile(join(out, `${name}.png`), picture.asPng());
  };
  await png("mark-192", mark, 192);
  await png("mark-512", mark, 512);
  await png("mark-maskable-512", whole(0.8), 512);
  await png("mark-apple-180", whole(1), 180);
}

// One list of colours, written out for both moods: following the system, or chosen with data-theme.
async function themes() {
  const { light, dark } = JSON.parse(await readFile(src("tokens.json"), "utf8"));
  const body = (tokens, scheme) =>
    `color-scheme:${scheme};` + Object.entries(tokens).map(([k, v]) => `--${k}:${v};`).join("");
  const names = Object.keys(light);
  const css = [
    "/* Written by build.mjs from tokens.json. */",
    `:root,[data-theme="light"]{${body(light, "light")}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme="light"]){${body(dark, "dark")}}}`,
    `[data-theme="dark"]{${body(dark, "dark")}}`,
    `@media print{:root,:root:not([data-theme="light"]),[data-theme]{${body(light, "light")}}}`,
    `@theme inline{${names.map((name) => `--${name}:var(--${name});`).join("")}}`,
  ];
  await mkdir(join(here, "node_modules", ".sojourn"), { recursive: true });
  await writeFile(join(here, "node_modules", ".sojourn", "themes.css"), css.join("\n"));
}

async function scripts() {
  const common = { bundle: true, minify: true, target: ["es2022", "safari16.4"], legalComments: "none", logLevel: "warning" };
  await build({
    ...common,
    format: "esm",
    entryPoints: Object.fromEntries(["app", "charts", "board", "session-live", "portal", "explorer", "agreement", "library"].map((name) => [name, src(`${name}.ts`)])),
    outdir: out,
  });
  await build({ ...common, format: "esm", entryPoints: { danger: src("danger", "reading.ts") }, outdir: out });
  await build({ ...common, format: "iife", entryPoints: { theme: src("theme.ts"), worker: src("worker", "worker.ts") }, outdir: out });
}

function styles() {
  const cli = join(dirname(require.resolve("@tailwindcss/cli/package.json")), "dist", "index.mjs");
  execFileSync(process.execPath, [cli, "--input", src("app.css"), "--output", join(out, "app.css"), "--minify"], {
    cwd: here,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
say("fonts");
await fonts();
say("icons");
await icons();
await marks();
say("scripts");
await scripts();
say("styles");
await themes();
styles();
await rm(built, { recursive: true, force: true });
await cp(out, built, { recursive: true });
say("done");
