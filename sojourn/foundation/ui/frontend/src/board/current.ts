// Which value of a vital sign is shown. The rule, in words and in Python: sojourn/clinical/current.py; the cases of
// tests/golden/current_vital.json hold both. Seconds throughout, on any one clock.

/** Codes that are read together, the first of which must be there: one code, or systolic and diastolic. */
export type Group = readonly string[];

/** What answers one question, the preferred source first. */
export const TILES: Readonly<Record<string, readonly Group[]>> = {
  hr: [["hr"], ["pr"]],
  bp: [["nibp_sys", "nibp_dia"], ["art_sys", "art_dia"]],
  spo2: [["spo2"]],
  rr: [["rr"]],
};

/** `qualityFlag`: why the value is not believed, or "". */
export interface SignalReading { code: string; value: number; at: number; qualityFlag: string }

/** The reading that is shown. `values` has a place for each of `codes`; null where that half is missing. */
export interface DisplayedVital {
  codes: Group;
  values: (number | null)[];
  at: number;
  ageS: number;
  qualityFlag: string;
  stale: boolean;
}

/** The reading of `groups` (the preferred first) that is shown; null where nothing was read. */
export function currentVital(
  groups: readonly Group[], readings: readonly SignalReading[], now: number, staleAfterS: (code: string) => number,
): DisplayedVital | null {
  let best: DisplayedVital | null = null;
  for (const group of groups) {
    for (const first of readings.filter((each) => each.code === group[0])) {
      const found = measurement(group, first, readings, now, staleAfterS(first.code));
      if (!best || goesBefore(found, best, now)) best = found;
    }
  }
  return best;
}

/** Of equals the one that was found first stays: the groups come in the order of preference. */
function goesBefore(one: DisplayedVital, other: DisplayedVital, now: number): boolean {
  const believed = one.qualityFlag === "";
  if (believed !== (other.qualityFlag === "")) return believed;
  return Math.min(one.at, now) > Math.min(other.at, now);
}

/** What was read of `group` at the moment of its first code. */
function measurement(
  group: Group, first: SignalReading, readings: readonly SignalReading[], now: number, staleAfterS: number,
): DisplayedVital {
  const parts = group.map((code) =>
    code === first.code ? first : readings.filter((each) => each.code === code && each.at === first.at).at(-1));
  const ageS = Math.max(0, now - first.at);
  return {
    codes: group,
    values: parts.map((part) => part?.value ?? null),
    at: first.at,
    ageS,
    qualityFlag: parts.find((part) => part?.qualityFlag)?.qualityFlag ?? "",
    stale: ageS > staleAfterS,
  };
}

/** A reading as a person reads it: a half goes up, of the decimal that is written and not of its binary neighbour. */
export function rounded(value: number, places: number): string {
  return Number(`${Math.round(Number(`${value}e${places}`))}e-${places}`).toFixed(places);
}
