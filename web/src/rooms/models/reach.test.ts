import { expect, test } from "vitest";
import { consequence, reachOf } from "./reach";

test.each([
  ["http://127.0.0.1:11434", "machine"],
  ["http://localhost:1234/v1", "machine"],
  ["http://[::1]:8000", "machine"],
  ["http://192.168.1.20:8000/v1", "network"],
  ["http://172.20.0.3", "network"],
  ["http://172.32.0.3", "internet"],
  ["http://nas:8000", "network"],
  ["http://studio.local:1234", "network"],
  ["http://[fd12:3456::1]:80", "network"],
  ["https://api.anthropic.com", "internet"],
  ["https://127.0.0.1.example.com", "internet"],
  ["https://localhost.example.com", "internet"],
])("%s reaches the %s", (address, reach) => {
  expect(reachOf(address)?.reach).toBe(reach);
});

test("what is no web address has no reach", () => {
  expect([reachOf("api.openai.com"), reachOf("file:///etc"), reachOf("")]).toEqual([null, null, null]);
});

test("an address without encryption says so", () => {
  expect(consequence("http://api.example.com/v1")).toContain("Not encrypted");
  expect(consequence("https://api.example.com/v1")).not.toContain("Not encrypted");
  expect(consequence("http://127.0.0.1:11434")).toBe("Runs on this machine: nothing leaves it.");
});
