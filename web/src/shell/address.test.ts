import { expect, it } from "vitest";
import { href, isServerAddress } from "./address";

it("leaves empty parameters out and keeps zero", () => {
  expect(href("/documents/doc_1", { page: 2, start: 0, q: "", tab: null, all: false })).toBe("/documents/doc_1?page=2&start=0");
  expect(href("/chat")).toBe("/chat");
});

it("knows what the server answers itself", () => {
  expect(["/api/documents/doc_1/raw", "/docs", "https://example.org", "mailto:a@b.example"].every(isServerAddress)).toBe(true);
  expect(["/documents/doc_1", "/chat", "/apiary"].some(isServerAddress)).toBe(false);
});
