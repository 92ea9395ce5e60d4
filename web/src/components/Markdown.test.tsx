import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Markdown, referenceNumbers, safeAddress } from "./Markdown";

const drawn = (text: string, known: number[] = []) => {
  const { container } = render(<Markdown text={text} reference={(number) => (known.includes(number) ? <a href={`#${number}`}>{number}</a> : null)} />);
  return container;
};

describe("what a model writes", () => {
  it("never becomes HTML of its own", () => {
    const page = drawn('Hello <img src=x onerror="alert(1)"> <script>alert(2)</script>\n\n<div onclick="x()">block</div>\n\n<iframe src="//evil"></iframe>');
    expect(page.querySelector("img, script, iframe, [onclick]")).toBeNull();
    expect(page.textContent).toContain("<script>alert(2)</script>");
    expect(page.textContent).toContain('<div onclick="x()">block</div>');
  });

  it("fetches no picture and leads to no script", () => {
    const page = drawn("![a cat](https://tracker.example/c.png) [run](javascript:alert(1)) [data](data:text/html,x) [fine](https://example.org)");
    expect(page.querySelector("img")).toBeNull();
    expect([...page.querySelectorAll("a")].map((link) => link.getAttribute("href"))).toEqual(["https://tracker.example/c.png", "https://example.org/"]);
    expect([...page.querySelectorAll("a")].every((link) => link.rel === "noopener noreferrer")).toBe(true);
  });

  it("keeps signs as they were meant", () => {
    expect(drawn("5 &lt; 7 &amp; `a &lt; b` \\*not bold\\*").textContent).toBe("5 < 7 & a < b *not bold*");
  });

  it("shows lists, code and tables, each in its own frame", () => {
    const page = drawn("1. one\n2. two\n   - inner\n\n```python\nprint('x')\n```\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n\n- [x] done\n- [ ] open");
    expect(page.querySelectorAll("ol > li")).toHaveLength(2);
    expect(page.querySelector("figure pre")?.textContent).toBe("print('x')");
    expect(page.querySelector("figure figcaption")?.textContent).toContain("python");
    expect(page.querySelector("[role=group] table td[data-align=right]")?.textContent).toBe("2");
    expect([...page.querySelectorAll<HTMLInputElement>("input[type=checkbox]")].map((box) => box.checked)).toEqual([true, false]);
  });

  it("survives being cut anywhere, as it is while it streams", () => {
    const text = "# A **bold** title [1]\n\n| a | b |\n|---|---|\n| `x` | [2] |\n\n```js\nlet a = 1;\n```\n> quote\n";
    for (let end = 0; end <= text.length; end++) expect(() => drawn(text.slice(0, end), [1, 2])).not.toThrow();
  });
});

describe("references", () => {
  it("become what the caller draws, alone and in groups", () => {
    const page = drawn("One [1], both [1, 2], a row [1-3] and a neighbour [2][3].", [1, 2, 3]);
    expect([...page.querySelectorAll("a")].map((link) => link.textContent).join("")).toBe("112123" + "23");
  });

  it("stay text when nobody knows them, and links stay links", () => {
    const page = drawn("See [7] and [1](https://example.org).", [1]);
    expect(page.textContent).toBe("See [7] and 1.");
    expect(page.querySelector("a")?.getAttribute("href")).toBe("https://example.org/");
  });

  it("read ranges, but not absurd ones", () => {
    expect(referenceNumbers("1, 3-5")).toEqual([1, 3, 4, 5]);
    expect(referenceNumbers("1-900")).toEqual([1]);
  });
});

it("follows web and mail addresses only", () => {
  expect(safeAddress("https://a.example/b")).toBe("https://a.example/b");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "/api/agents", "not an address"])
    expect(safeAddress(bad)).toBeNull();
});
