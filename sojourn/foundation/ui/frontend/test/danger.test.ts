// The words of danger, read on the device as at the clinic: the golden sentences, and the tuning part with its labels.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import golden from "golden/danger_words.json";

import sentences from "../../../../../tests/clinical/danger/tuning_sentences.csv";
import { read } from "../src/danger/reading";

type Case = { text: string; kind: string | null; severity?: string; phrase?: string; why: string };

describe("words of danger", () => {
  for (const { text, kind, severity, phrase, why } of golden.cases as Case[]) {
    it(`${text || "(nothing)"}: ${why}`, () => {
      const found = read(text);
      const wanted = kind && { kind, severity, phrase };
      assert.deepEqual(found && { kind: found.kind, severity: found.severity, phrase: found.phrase }, wanted);
    });
  }

  it("answers the tuning part as Python does", () => {
    const rows = tuning();
    assert.ok(rows.length >= 320);
    const wrong = (danger: boolean) =>
      rows.filter((row) => (row.danger === "yes") === danger && (read(row.text!) !== null) !== danger).map((row) => row.id);
    assert.deepEqual(wrong(true), golden.missed);
    assert.deepEqual(wrong(false), golden.false_alarms);
  });

  it("takes time in proportion to the text", () => {
    const part = "I want to die of laughter and my back is killing me, no quiero morir, ".repeat(35);
    const took = (text: string) => Math.min(...[1, 2, 3].map(() => {
      const started = performance.now();
      read(text);
      return performance.now() - started;
    }));
    took(part);
    assert.ok(took(part.repeat(4)) < 10 * took(part) + 20);
  });
});

function tuning(): Record<string, string>[] {
  const [head, ...lines] = sentences.trim().split("\n").map(cells);
  return lines.map((line) => Object.fromEntries(head!.map((name, at) => [name, line[at]!])));
}

const cells = (line: string) =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
