import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Composer, type ComposerProps } from "./Composer";
import type { Attaching, Readiness } from "./useAttached";

const attaching = (readiness: Readiness, ids: string[] = []): Attaching => ({
  items: [],
  readiness,
  add: vi.fn(),
  addIds: vi.fn(),
  remove: vi.fn(),
  retry: vi.fn(),
  take: () => ids,
});

function show(props: Partial<ComposerProps> = {}) {
  const onSend = vi.fn();
  const onStop = vi.fn();
  const made = (more: Partial<ComposerProps>) => (
    <QueryClientProvider client={client}>
      <Composer chatKey="new" attaching={attaching("none")} isRunning={false} said={["first", "second"]} onSend={onSend} onStop={onStop} {...props} {...more} />
    </QueryClientProvider>
  );
  const client = new QueryClient({ defaultOptions: { queries: { enabled: false } } });
  const { rerender } = render(made({}));
  return {
    onSend,
    onStop,
    change: (more: Partial<ComposerProps>) => rerender(made(more)),
    input: screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" }),
  };
}

beforeEach(() => sessionStorage.clear());

describe("the input", () => {
  it("sends on Enter, and breaks the line on Shift+Enter", async () => {
    const { input, onSend } = show();
    await userEvent.type(input, "one{Shift>}{Enter}{/Shift}two{Enter}");
    expect(onSend).toHaveBeenCalledExactlyOnceWith("one\ntwo", []);
    expect(input.value).toBe("");
  });

  it("sends nothing that is empty, and nothing while an answer is written", async () => {
    const { input, onSend, change } = show();
    await userEvent.type(input, "  {Enter}");
    change({ isRunning: true });
    await userEvent.type(input, "later{Enter}");
    expect(onSend).not.toHaveBeenCalled();
    expect(input.value).toBe("  later");
  });

  it("recalls with Up what was said before, and comes back with Down", async () => {
    const { input } = show();
    await userEvent.type(input, "{ArrowUp}");
    expect(input.value).toBe("second");
    await userEvent.type(input, "{ArrowUp}");
    expect(input.value).toBe("first");
    await userEvent.type(input, "{ArrowDown}{ArrowDown}");
    expect(input.value).toBe("");
  });

  it("leaves Up alone in a text that is being written", async () => {
    const { input } = show();
    await userEvent.type(input, "draft{ArrowUp}");
    expect(input.value).toBe("draft");
  });

  it("keeps a draft for when the person comes back", async () => {
    const { input } = show();
    await userEvent.type(input, "half a thought");
    expect(sessionStorage.getItem("sophon.draft.new")).toBe("half a thought");
  });
});

describe("with files", () => {
  it("waits until they are read, then goes by itself, with them", async () => {
    const { input, onSend, change } = show({ attaching: attaching("waiting") });
    await userEvent.type(input, "what is in it{Enter}");
    expect(onSend).not.toHaveBeenCalled();
    expect(screen.getByText("Goes when the files are read")).toBeTruthy();
    change({ attaching: attaching("ready", ["doc_1"]) });
    expect(onSend).toHaveBeenCalledExactlyOnceWith("what is in it", ["doc_1"]);
  });

  it("never goes without one that could not be sent", async () => {
    const { input, onSend } = show({ attaching: attaching("stuck") });
    await userEvent.type(input, "what is in it{Enter}");
    expect(onSend).not.toHaveBeenCalled();
    expect(input.value).toBe("what is in it");
  });
});
