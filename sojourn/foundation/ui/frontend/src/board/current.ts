// Which value of a vital sign is shown. The rule, in words and in Python: sojourn/clinical/current.py; the cases of
// tests/golden/current_vital.json hold both. Seconds throughout, on any one clock.

/** A sensor says that it has no value now. */
export const NO_VALUE = "no-value";
/** Words of doubt under which nobody knows when a value was measured (clinical/vitals.py). */
export const UNDATED = ["time", "clock"];
// The mean's own pressure says more than the mean.
const MEAN = ["nibp_map", "art_map"];

/** Codes that are read together, the first of which must be there: one code, or systolic and diastolic. */
export type Group = readonly string[];

/** What answers one question, the preferred source first. */
export const TILES: Readonly<Record<string, readonly Group[]>> = {
  hr: [["hr"], ["pr"]],
  bp: [["nibp_sys", "nibp_dia"], ["art_sys", "art_dia"], ["nibp_map"], ["art_map"]],
  spo2: [["spo2"]],
  rr: [["co2_rr"], ["rr"]],
  etco2: [["etco2"]],
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

/** The reading of `groups` (the preferred first) that is shown; null where nothing was read. `alarmed`: the code of which
 * the tile's open alarm speaks, or "". */
export function currentVital(
  groups: readonly Group[], readings: readonly SignalReading[], now: number, staleAfterS: (code: string) => number,
  alarmed = "",
): DisplayedVital | null {
  if (alarmed && !MEAN.includes(alarmed)) {
    const own = currentVital(groups.filter((each) => each.includes(alarmed)), readings, now, staleAfterS);
    if (own && !own.stale && own.qualityFlag !== NO_VALUE) return own;
  }
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
    values: parts.map((part) => (part && part.qualityFlag !== NO_VALUE ? part.value : null)),
    at: first.at,
    ageS,
    // A half that has no value is missing; it makes the other one no less believed.
    qualityFlag: first.qualityFlag || parts.map((part) => part?.qualityFlag ?? "").find((flag) => flag && flag !== NO_VALUE) || "",
    stale: ageS > staleAfterS,
  };
}

/** A reading as a person reads it: a half goes up, of the decimal that is written and not of its binary neighbour. */
export function rounded(value: number, places: number): string {
  return Number(`${Math.round(Number(`${value}e${places}`))}e-${places}`).toFixed(places);
}
