// The language of words.json, as sojourn/clinical/danger/patterns.py explains and reads it.
export type Part =
  | { is: "word"; text: string; stem: boolean }
  | { is: "gap"; most: number }
  | { is: "edge"; sign: string }
  | { is: "choice"; options: Row[]; least: number; most: number; words: Set<string>; others: Row[] };
export type Row = Part[];
export type Passage = { words: string[]; breaks: Set<number> };

const REPEATS = 8;
const PIECES = /\{\w+\}|\.\.\d+|[()|?*^$]|[^\s()|?*{}^$]+/g;

function choice(options: Row[], least = 1, most = 1): Part {
  const words = new Set<string>();
  const others: Row[] = [];
  for (const row of options) {
    const only = row.length === 1 ? row[0]! : undefined;
    if (only?.is === "word" && !only.stem) words.add(only.text);
    else others.push(row);
  }
  return { is: "choice", options, least, most, words, others };
}

export class Grammar {
  private classes = new Map<string, Row[]>();

  constructor(classes: Record<string, string[]>) {
    for (const [name, entries] of Object.entries(classes)) {
      this.classes.set(name, entries.flatMap((entry) => this.alternatives(entry)));
    }
  }

  row(pattern: string): Row {
    const rows = this.alternatives(pattern);
    return rows.length === 1 ? rows[0]! : [choice(rows)];
  }

  private alternatives(pattern: string): Row[] {
    const pieces = (pattern.match(PIECES) ?? []).reverse();
    const rows = this.read(pieces);
    if (pieces.length) throw new Error(`a bracket closes that was not opened: ${pattern}`);
    return rows;
  }

  private read(pieces: string[]): Row[] {
    const rows: Row[] = [[]];
    while (pieces.length && pieces.at(-1) !== ")") {
      const piece = pieces.pop()!;
      const row = rows.at(-1)!;
      if (piece === "|") rows.push([]);
      else if (piece === "?" || piece === "*") row.push(repeated(row.pop()!, piece === "?" ? 1 : REPEATS));
      else row.push(this.part(piece, pieces));
    }
    return rows;
  }

  private part(piece: string, pieces: string[]): Part {
    if (piece === "(") {
      const inner = choice(this.read(pieces));
      if (pieces.pop() === undefined) throw new Error("a bracket is not closed");
      return inner;
    }
    if (piece.startsWith("{")) {
      const rows = this.classes.get(piece.slice(1, -1));
      if (!rows) throw new Error(`a class that is not there: ${piece}`);
      return choice(rows);
    }
    if (piece.startsWith("..")) return { is: "gap", most: Number(piece.slice(2)) };
    if (piece === "^" || piece === "$") return { is: "edge", sign: piece };
    const stem = piece.endsWith("-");
    return { is: "word", text: stem ? piece.slice(0, -1) : piece, stem };
  }
}

const repeated = (part: Part, most: number): Part =>
  part.is === "choice" ? { ...part, least: 0, most } : choice([[part]], 0, most);

// Where the row may end that begins at one of `starts`, with every word of it from `low` to before `high`.
export function ends(row: Row, passage: Passage, starts: Set<number>, low: number, high: number): Set<number> {
  let places = starts;
  for (const part of row) {
    places = step(part, passage, places, low, high);
    if (!places.size) break;
  }
  return places;
}

function step(part: Part, passage: Passage, places: Set<number>, low: number, high: number): Set<number> {
  if (part.is === "choice") return chosen(part, passage, places, low, high);
  const found = new Set<number>();
  for (const at of places) {
    if (part.is === "word") {
      if (at < high && isWord(part, passage.words[at]!)) found.add(at + 1);
    } else if (part.is === "gap") {
      for (let to = at; to <= Math.min(at + part.most, high); to++) found.add(to);
    } else if (at === (part.sign === "^" ? low : high) || passage.breaks.has(at)) found.add(at);
  }
  return found;
}

const isWord = (word: { text: string; stem: boolean }, text: string) =>
  word.stem ? text.startsWith(word.text) : text === word.text;

function chosen(
  part: Extract<Part, { is: "choice" }>, passage: Passage, places: Set<number>, low: number, high: number,
): Set<number> {
  const found = new Set(part.least === 0 ? places : []);
  let current = places;
  for (let turn = 0; turn < part.most; turn++) {
    const following = new Set<number>();
    for (const at of current) if (at < high && part.words.has(passage.words[at]!)) following.add(at + 1);
    for (const row of part.others) for (const at of ends(row, passage, current, low, high)) following.add(at);
    if ([...following].every((at) => found.has(at))) break;
    for (const at of following) found.add(at);
    current = following;
  }
  return found;
}

// The words that a match can begin with, to find the few rows that are worth a try; null: any.
export function firstWords(row: Row): { whole: Set<string>; stems: string[] } | null {
  const whole = new Set<string>();
  const stems: string[] = [];
  for (const part of row) {
    if (part.is === "gap") return null;
    if (part.is === "edge") continue;
    const options = part.is === "word" ? [] : part.options.map(firstWords);
    if (part.is === "word") (part.stem ? stems.push(part.text) : whole.add(part.text));
    for (const first of options) {
      if (!first) return null;
      for (const word of first.whole) whole.add(word);
      stems.push(...first.stems);
    }
    if (part.is === "word" || part.least) return { whole, stems };
  }
  return null;
}

export function vocabulary(rows: Row[], into: Set<string>): Set<string> {
  for (const part of rows.flat()) {
    if (part.is === "word" && !part.stem) into.add(part.text);
    else if (part.is === "choice") vocabulary(part.options, into);
  }
  return into;
}
