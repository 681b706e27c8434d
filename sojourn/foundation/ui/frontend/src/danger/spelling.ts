// Text into sentences of plain words, as sojourn/clinical/danger/spelling.py does it.
import type { Passage } from "./patterns";

export type Sentence = Passage & { spans: [number, number][]; asked: boolean };

const IN_WORD = "\\p{L}\\p{N}_*@$!'\\u2018\\u2019\\u02bc\\u00b4`\\u0300-\\u036f\\u00ad\\u200b-\\u200d\\u2060";
const PIECES = new RegExp(
  `(?<word>[\\p{L}\\p{N}](?:[${IN_WORD}]*[\\p{L}\\p{N}_*\\u0300-\\u036f])?)|(?<end>[.!?;\\u2026\\u00bf\\u00a1]+)` +
    "|(?<brk>[,:()\\n\\r\\u2013\\u2014]| - )|(?<sign>[\\u2600-\\u27bf\\u{1f300}-\\u{1faff}])",
  "gu",
);
const IGNORED = /[_\u02bc]|[^\p{L}\p{N}*@$!]/gu;
const LIKE_LETTERS: Record<string, string> = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t", "@": "a", $: "s", "!": "i" };
const [LONG, LONGEST] = [6, 24];

const likeLetters = (word: string) => word.replace(/[013457@$!]/g, (sign) => LIKE_LETTERS[sign]!);
const withoutOne = (word: string) => [...word].map((_, at) => word.slice(0, at) + word.slice(at + 1));

export class Speller {
  private slips = new Map<string, string[]>();
  private kept = new Map<string, string[]>();
  private sorted: string[];

  constructor(
    private known: Set<string>, private other: Set<string>, forgiven: string[],
    private written: Record<string, string>, private breaking: Set<string>,
  ) {
    this.sorted = [...known].sort();
    for (const word of forgiven.filter((each) => each.length >= LONG).sort()) {
      for (const shorter of new Set([word, ...withoutOne(word)])) {
        this.slips.set(shorter, [...(this.slips.get(shorter) ?? []), word]);
      }
    }
  }

  sentences(text: string): Sentence[] {
    const found: Sentence[] = [];
    const empty = (): Sentence => ({ words: [], breaks: new Set(), spans: [], asked: false });
    let open = empty();
    const close = (sign: string) => {
      if (open.words.length) found.push({ ...open, asked: sign.includes("?") });
      open = empty();
    };
    for (const piece of text.matchAll(PIECES)) {
      if (piece.groups!.end) close(piece[0]);
      else if (piece.groups!.brk) open.breaks.add(open.words.length);
      else {
        const plain = this.plain(piece[0]);
        if (plain[0] !== undefined && this.breaking.has(plain[0])) open.breaks.add(open.words.length);
        for (const word of plain) {
          open.words.push(word);
          open.spans.push([piece.index, piece.index + piece[0].length]);
        }
      }
    }
    close("");
    return found;
  }

  private plain(raw: string): string[] {
    let words = this.kept.get(raw);
    if (!words) this.kept.set(raw, (words = this.spelled(raw)));
    return words;
  }

  private spelled(raw: string): string[] {
    const apart = raw.normalize("NFKD").toLowerCase().normalize("NFKD").replace(/\p{Mn}/gu, "");
    const word = apart.replace(IGNORED, "") || raw;
    if (word.includes("!") && !this.known.has(likeLetters(word))) {
      return word.split("!").flatMap((part) => (part ? this.plain(part) : []));
    }
    const shorter = /(.)\1{2,}/u.test(word) ? ["$1$1", "$1"].map((to) => word.replace(/(.)\1{2,}/gu, to)) : [];
    for (const one of [word, ...shorter, likeLetters(word), word.replaceAll("1", "l")]) {
      if (Object.hasOwn(this.written, one)) return this.written[one]!.split(" ");
      if (this.known.has(one) || this.other.has(one)) return [one];
    }
    if (!/^[\p{L}\p{N}*]+$/u.test(word)) return [];
    return [word.includes("*") ? this.unmasked(word) : this.meant(word)];
  }

  private unmasked(word: string): string {
    const fits = (one: string) => one.length === word.length && one[0] === word[0]
      && [...word].every((sign, at) => sign === "*" || sign === one[at]);
    return this.sorted.find(fits) ?? word;
  }

  private meant(word: string): string {
    if (word.length < LONG - 1 || word.length > LONGEST) return word;
    for (const shorter of [word, ...withoutOne(word)]) {
      const one = this.slips.get(shorter)?.find((each) => each[0] === word[0] && oneSlip(each, word));
      if (one) return one;
    }
    return word;
  }
}

function oneSlip(known: string, word: string): boolean {
  let same = 0;
  while (same < known.length && same < word.length && known[same] === word[same]) same++;
  const [a, b] = [known.slice(same), word.slice(same)];
  const swapped = a.slice(0, 2) === [...b.slice(0, 2)].reverse().join("") && a.slice(2) === b.slice(2);
  return a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1) || swapped;
}
