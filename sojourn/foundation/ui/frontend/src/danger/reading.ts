// Reads a text for words of danger on the person's own device, as sojourn/clinical/danger/reading.py does at the clinic.
// Both read the one list; tests/golden/danger_words.json holds them together. The outbox loads it
// once something is written (outbox/page.ts).
import list from "../../../../../clinical/danger/words.json";

import { ends, firstWords, Grammar, type Row, vocabulary } from "./patterns";
import { type Sentence, Speller } from "./spelling";

export const SEVERITIES = ["emergency", "urgent", "soon"];
export const KINDS = ["suicidal_thoughts", "self_harm", "voices"];
const HARMLESS = "none";
const [BEFORE, AROUND] = [20, 40];

export type Danger = { kind: string; severity: string; phrase: string; because: string; rule: string };

const PLACES = ["before", "after", "inside", "saved_at", "saved_before", "saved_after", "saved_inside"] as const;
type Exempting = { groups: string[]; effect: string; asked?: boolean } & Record<(typeof PLACES)[number], Row[]>;
type Rule = { name: string; kind: string; severity: string; because: string; beside: Row[]; exceptions: Exempting[] };
type Pattern = { number: number; rule: Rule; row: Row; first: ReturnType<typeof firstWords> };
type Found = Pattern & { sentence: Sentence; start: number; end: number };

const split = (words: string) => words.split(" ");

function prepare() {
  const grammar = new Grammar(list.classes);
  const exceptions = list.exceptions.map((each): Exempting => {
    const rows = (place: string) =>
      ((each as unknown as Record<string, string[]>)[place] ?? []).map((one) => grammar.row(one));
    return { ...each, ...(Object.fromEntries(PLACES.map((place) => [place, rows(place)])) as Record<(typeof PLACES)[number], Row[]>) };
  });
  const patterns: Pattern[] = [];
  for (const { groups, ...each } of list.rules) {
    const beside = ((each as { beside?: string[] }).beside ?? []).map((one) => grammar.row(one));
    const rule = { ...each, beside, exceptions: exceptions.filter((one) => one.groups.some((group) => groups.includes(group))) };
    for (const row of each.patterns.map((one) => grammar.row(one))) {
      patterns.push({ number: patterns.length, rule, row, first: firstWords(row) });
    }
  }
  const known = vocabulary(patterns.flatMap((each) => [each.row, ...each.rule.beside]), new Set());
  const other = vocabulary(exceptions.flatMap((each) => PLACES.flatMap((place) => each[place])), new Set(split(list.other)));
  return { patterns, speller: new Speller(known, other, split(list.forgiven), list.written, new Set(split(list.breaking))) };
}

let prepared: ReturnType<typeof prepare> | undefined;

// The worst words of danger in the text, in either language, or null.
export const read = (text: string): Danger | null => dangers(text)[0] ?? null;

// The worst of each kind, the worst first.
export function dangers(text: string): Danger[] {
  const { patterns, speller } = (prepared ??= prepare());
  const worst = new Map<string, Danger>();
  for (const sentence of speller.sentences(text)) {
    for (const found of foundIn(sentence, patterns)) {
      const { kind, because, name } = found.rule;
      const known = worst.get(kind);
      if (known?.severity === SEVERITIES[0]) continue;
      const severity = severityOf(found);
      if (severity === HARMLESS || (known && rank(severity) >= rank(known.severity))) continue;
      const phrase = text.slice(sentence.spans[found.start]![0], sentence.spans[found.end - 1]![1]);
      worst.set(kind, { kind, severity, phrase, because, rule: name });
    }
  }
  return [...worst.values()].sort((a, b) => rank(a.severity) - rank(b.severity) || KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

const rank = (severity: string) => SEVERITIES.indexOf(severity);

function foundIn(sentence: Sentence, patterns: Pattern[]): Found[] {
  const found: Found[] = [];
  sentence.words.forEach((word, start) => {
    for (const each of patterns) {
      if (each.first && !each.first.whole.has(word) && !each.first.stems.some((stem) => word.startsWith(stem))) continue;
      const places = ends(each.row, sentence, new Set([start]), 0, sentence.words.length);
      if (!places.size) continue;
      const one = { ...each, sentence, start, end: Math.max(...places) };
      if (each.rule.beside.every((row) => inside([row], one))) found.push(one);
    }
  });
  return found;
}

function severityOf(found: Found): string {
  let severity = found.rule.severity;
  for (const each of found.rule.exceptions) {
    if (!holds(each, found)) continue;
    if (each.effect === HARMLESS) return HARMLESS;
    severity = each.effect;
  }
  return severity;
}

function holds(each: Exempting, found: Found): boolean {
  if (each.asked && !found.sentence.asked) return false;
  if ((each.before.length || each.after.length) && !before(each.before, found) && !after(each.after, found)) return false;
  if (each.inside.length && !inside(each.inside, found)) return false;
  return !at(each.saved_at, found) && !before(each.saved_before, found) && !after(each.saved_after, found) && !inside(each.saved_inside, found);
}

function before(rows: Row[], { sentence, start }: Found): boolean {
  const low = Math.max(0, ...[...sentence.breaks].filter((at) => at <= start));
  const places = span(Math.max(low, start - BEFORE), start + 1);
  return rows.some((row) => ends(row, sentence, places, low, start).has(start));
}

const at = (rows: Row[], { sentence, start, end }: Found) =>
  rows.some((row) => ends(row, sentence, new Set([start]), start, end).size > 0);

function after(rows: Row[], { sentence, end }: Found): boolean {
  const high = Math.min(sentence.words.length, ...[...sentence.breaks].filter((at) => at >= end));
  return rows.some((row) => ends(row, sentence, new Set([end]), end, high).size > 0);
}

function inside(rows: Row[], { sentence, start, end }: Found): boolean {
  const high = sentence.words.length;
  const places = span(Math.max(0, start - AROUND), Math.min(high, end + AROUND));
  return rows.some((row) => ends(row, sentence, places, 0, high).size > 0);
}

const span = (from: number, to: number) => new Set(Array.from({ length: to - from }, (_, at) => from + at));
