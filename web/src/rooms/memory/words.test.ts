import { expect, test } from "vitest";
import type { Entry } from "@/api";
import { dateOf, dayWord, endOfDay, heldAt, shiftDate, toTags } from "./words";

test("tags keep the person's writing and drop repeats", () => {
  expect(toTags(" Tea, morning;tea,, \n Work ")).toEqual(["Tea", "morning", "Work"]);
});

test("what was known on a day includes all of that day", () => {
  const end = new Date(endOfDay("2026-03-03")!);
  expect([dateOf(end), end.getHours(), end.getMinutes()]).toEqual(["2026-03-03", 23, 59]);
  expect([endOfDay("soon"), endOfDay("")]).toEqual([undefined, undefined]);
});

test("an entry holds from its beginning until another takes its place", () => {
  const entry = { validFrom: "2026-01-01T00:00:00Z", validTo: "2026-02-01T00:00:00Z" } as Entry;
  expect(["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"].map((at) => heldAt(entry, at))).toEqual([false, true, true, false]);
  expect(heldAt({ ...entry, validTo: null }, "2030-01-01T00:00:00Z")).toBe(true);
});

test("days follow one another over months and years", () => {
  expect([shiftDate("2026-03-01", -1), shiftDate("2024-12-31", 1), shiftDate("2026-03-28", 2)]).toEqual(["2026-02-28", "2025-01-01", "2026-03-30"]);
  expect(dayWord("2026-11-21")).toBe("Saturday, 21 November 2026");
});
