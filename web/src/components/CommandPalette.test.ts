import { expect, it } from "vitest";
import { fit } from "./CommandPalette";

const command = (label: string, words = "") => ({ label, words });

it("needs every word, and counts the start of a word more than its middle", () => {
  expect(fit("dark", command("Dark theme"))).toBeGreaterThan(fit("ark", command("Dark theme")));
  expect(fit("theme dark", command("Dark theme"))).toBeGreaterThan(0);
  expect(fit("dark mode", command("Dark theme"))).toBe(0);
  expect(fit("dark appearance", command("Dark theme", "appearance"))).toBeGreaterThan(0);
});

it("takes signs for what they are", () => {
  expect(fit("c++ (", command("Notes on C++ (draft)"))).toBeGreaterThan(0);
});
