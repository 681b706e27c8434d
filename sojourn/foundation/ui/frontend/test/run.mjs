// Bundles test/*.test.ts with esbuild and runs them with Node's own test runner. `node test/run.mjs [name ...]` runs
// those files alone.
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "node_modules", ".sojourn", "test");
const wanted = process.argv.slice(2);
const names = (await readdir(here))
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => !wanted.length || wanted.some((each) => name.startsWith(each)));

await rm(out, { recursive: true, force: true });
await build({
  entryPoints: names.map((name) => join(here, name)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  loader: { ".csv": "text" },
  sourcemap: "inline",
  tsconfig: join(here, "tsconfig.json"),
  logLevel: "warning",
});
const files = names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
const done = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...files], { encoding: "utf8" });
const passed = Number(/^ℹ pass (\d+)$/m.exec(done.stdout)?.[1] ?? 0);
if (done.status !== 0 || !passed) {
  console.log(done.stdout + done.stderr);
  console.log(passed ? "TypeScript tests failed" : "no TypeScript test was run");
  process.exit(1);
}
console.log(`${passed} passed`);
