// The live session board's own entry. The pieces that it is built from:
// `strip` draws the last 20 minutes and takes new points, `distance` says the age of a reading in words.
import { attach } from "./charts";

export { strip } from "./charts";
export type { Band, Mark, Strip, StripRow, StripSpec } from "./charts";
export { distance, minutesAndSeconds, word } from "./islands/words";

attach(document);
