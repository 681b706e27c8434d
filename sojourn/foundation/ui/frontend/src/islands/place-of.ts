const NOWHERE = "ZZ"; // a country of which nothing is known

/** The country of a clock, by the names of each country's zones; "" where the clock tells of no place (UTC). */
export function countryOf(zone: string, zones: ReadonlyMap<string, readonly string[]>): string {
  const found = zone && [...zones].find(([, names]) => names.includes(zone))?.[0];
  if (found) return found;
  return zone.includes("/") && !zone.startsWith("Etc/") ? NOWHERE : "";
}
