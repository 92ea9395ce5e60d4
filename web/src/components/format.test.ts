import { describe, expect, it } from "vitest";
import { ago, bytes, count, dayGroup, duration, percent, shortTime } from "./format";

const local = (year: number, month: number, day: number, hour = 12, minute = 0) => new Date(year, month - 1, day, hour, minute);

describe("numbers have their unit", () => {
  it("sizes", () => {
    expect([0, 999, 1000, 1234567, 98_000_000, 491_400_064].map(bytes)).toEqual(["0 B", "999 B", "1 kB", "1.2 MB", "98 MB", "491 MB"]);
    expect(bytes(999_600)).toBe("1 MB");
  });

  it("durations", () => {
    expect([80, 4210, 59_960, 65_000, 3_600_000, 5_400_000].map(duration)).toEqual(["80 ms", "4.2 s", "1 min", "1 min 5 s", "1 h", "1 h 30 min"]);
  });

  it("counts and shares", () => {
    expect(count(1, "passage")).toBe("1 passage");
    expect(count(2100, "memory", "memories")).toBe("2,100 memories");
    expect(percent(0.914)).toBe("91 %");
  });
});

describe("times count days by the calendar", () => {
  const now = local(2026, 11, 21, 0, 30);

  it("an hour ago may be yesterday", () => {
    expect(dayGroup(local(2026, 11, 20, 23, 30).toISOString(), now)).toBe("Yesterday");
    expect(dayGroup(local(2026, 11, 21, 0, 5).toISOString(), now)).toBe("Today");
    expect(shortTime(local(2026, 11, 21, 0, 5).toISOString(), now)).toBe("00:05");
  });

  it("then weeks, then months", () => {
    expect(dayGroup(local(2026, 11, 16).toISOString(), now)).toBe("Last 7 days");
    expect(dayGroup(local(2026, 10, 30).toISOString(), now)).toBe("Last 30 days");
    expect(dayGroup(local(2026, 3, 2).toISOString(), now)).toBe("March");
    expect(dayGroup(local(2025, 3, 2).toISOString(), now)).toBe("March 2025");
  });

  it("in words", () => {
    expect(ago(new Date(now.getTime() - 10_000).toISOString(), now)).toBe("just now");
    expect(ago(new Date(now.getTime() - 60_000).toISOString(), now)).toBe("1 minute ago");
    expect(ago(local(2026, 11, 20, 10).toISOString(), now)).toBe("yesterday");
  });
});
