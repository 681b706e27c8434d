// Where a telephone is, by its own clock.
import assert from "node:assert/strict";
import { test } from "node:test";

import { countryOf } from "../src/islands/place-of";

const ZONES = new Map<string, readonly string[]>([
  ["US", ["America/Denver", "US/Mountain"]],
  ["MX", ["America/Tijuana", "America/Mexico_City"]],
  ["JP", ["Asia/Tokyo", "Japan"]],
  ["ZZ", [""]],
]);

test("a clock is of one country", () => {
  assert.equal(countryOf("America/Tijuana", ZONES), "MX");
  assert.equal(countryOf("US/Mountain", ZONES), "US");
  assert.equal(countryOf("Japan", ZONES), "JP");
});

test("a clock of a country that is not known is elsewhere", () => {
  assert.equal(countryOf("Africa/Nairobi", ZONES), "ZZ");
});

test("a clock that tells of no place says nothing", () => {
  for (const zone of ["", "UTC", "GMT", "Etc/UTC", "Etc/GMT+5"]) assert.equal(countryOf(zone, ZONES), "");
});
