import { expect, test } from "vitest";
import { backoffMs, FrameParser } from "./sse";

const STREAM = ': hello\r\n\r\nid: run-1\r\nevent: message.delta\r\ndata: {"delta":"a"}\r\n\r\nid: run-2\nevent: task.queued\ndata: {"a":\ndata: 1}\n\n: keep\n\ndata: bare\r\r';

test("frames are the same wherever the text was cut", () => {
  const expected = [
    { id: "run-1", event: "message.delta", data: '{"delta":"a"}' },
    { id: "run-2", event: "task.queued", data: '{"a":\n1}' },
    { id: "run-2", event: "message", data: "bare" },
  ];
  for (let size = 1; size <= STREAM.length; size++) {
    const parser = new FrameParser();
    const frames = [];
    for (let at = 0; at < STREAM.length; at += size) frames.push(...parser.push(STREAM.slice(at, at + size)));
    frames.push(...parser.push("\n")); // whatever follows settles a CR at the end
    expect(frames).toEqual(expected);
  }
});

test("a comment or an id alone is no event", () => {
  expect(new FrameParser().push(": keep\n\nid: run-7\n\n")).toEqual([]);
});

test("waiting doubles up to a limit and is never the same for all tabs", () => {
  const still = () => 0.5;
  expect([1, 2, 3, 4].map((failures) => backoffMs(failures, still))).toEqual([500, 1000, 2000, 4000]);
  expect(backoffMs(40, still)).toBe(15_000);
  expect(backoffMs(1, () => 0)).toBeLessThan(backoffMs(1, () => 1));
});
