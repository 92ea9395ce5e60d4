import { FileText, Keyboard, LoaderCircle, MessageSquare, Monitor, Moon, PanelLeft, Plus, Quote, Sun } from "lucide-react";
import { useMemo, useState } from "react";
import { useActiveTasks, useDocuments, usePassages, useSessions } from "@/api";
import { CommandPalette, fit, format, setLayout, useLayout, type Command } from "@/components";
import { href, useGo } from "./address";
import { ROOMS } from "./rooms";
import { keysOf } from "./shortcuts";
import { focusInput } from "./Shell";
import { setTheme } from "./theme";
import { useSettled } from "./useSettled";

/** Rooms, deeds, chats, documents and the passages in them, in one field. */
export function Palette({ isOpen, onClose, onKeys }: { isOpen: boolean; onClose: () => void; onKeys: () => void }) {
  return isOpen ? <Opened onClose={onClose} onKeys={onKeys} /> : null;
}

function Opened({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const go = useGo();
  const { listShown } = useLayout();
  const [query, setQuery] = useState("");
  const q = useSettled(query.trim(), 160);
  const tasks = useActiveTasks();
  const chats = useSessions(q ? { q } : {});
  const documents = useDocuments(q ? { q } : {});
  const passages = usePassages({ q: q.length > 2 ? q : "", limit: 5 });

  const deeds = useMemo<Command[]>(
    () => [
      {
        id: "new-chat",
        group: "Do",
        label: "New chat",
        icon: <Plus aria-hidden />,
        keys: keysOf("new-chat"),
        run: () => {
          go("/chat/new");
          requestAnimationFrame(focusInput);
        },
      },
      ...ROOMS.map((room): Command => {
        const Icon = room.icon;
        return {
          id: `room-${room.name}`,
          group: "Go to",
          label: room.name,
          hint: room.about,
          icon: <Icon aria-hidden />,
          keys: room.path === "/settings" ? keysOf("settings") : undefined,
          run: () => go(room.path),
        };
      }),
      {
        id: "sidebar",
        group: "Do",
        label: listShown ? "Hide the list" : "Show the list",
        words: "sidebar panel",
        icon: <PanelLeft aria-hidden />,
        keys: keysOf("sidebar"),
        run: () => setLayout({ listShown: !listShown }),
      },
      { id: "light", group: "Do", label: "Light theme", words: "appearance colour", icon: <Sun aria-hidden />, run: () => setTheme("light") },
      { id: "dark", group: "Do", label: "Dark theme", words: "appearance colour night", icon: <Moon aria-hidden />, run: () => setTheme("dark") },
      {
        id: "system",
        group: "Do",
        label: "Theme of the system",
        words: "appearance colour automatic",
        icon: <Monitor aria-hidden />,
        run: () => setTheme("system"),
      },
      { id: "keys", group: "Do", label: "List of keys", words: "shortcuts keyboard help", icon: <Keyboard aria-hidden />, keys: keysOf("keys"), run: onKeys },
    ],
    [go, listShown, onKeys],
  );

  const going: Command[] = tasks.items.slice(0, 3).map((task) => ({
    id: task.id,
    group: "Under way",
    label: task.description.replace(/\s+/g, " ").slice(0, 120) || "A task",
    hint: task.status === "queued" ? "waits its turn" : "is being worked on",
    icon: <LoaderCircle aria-hidden />,
    run: () => go(task.sessionId ? `/chat/${encodeURIComponent(task.sessionId)}` : "/chat"),
  }));

  const found: Command[] = [
    ...chats.items.slice(0, q ? 6 : 5).map((chat): Command => ({
      id: chat.id,
      group: q ? "Chats" : "Recent chats",
      label: chat.title || "Untitled chat",
      hint: format.shortTime(chat.lastMessageAt ?? chat.createdAt),
      icon: <MessageSquare aria-hidden />,
      run: () => go(`/chat/${encodeURIComponent(chat.id)}`),
    })),
    ...(q ? documents.items.slice(0, 4) : []).map((document): Command => ({
      id: document.id,
      group: "Documents",
      label: document.filename,
      icon: <FileText aria-hidden />,
      run: () => go(`/documents/${encodeURIComponent(document.id)}`),
    })),
    ...(passages.data?.items ?? []).map((passage): Command => ({
      id: passage.chunkId,
      group: "In your documents",
      label: passage.text.replace(/\s+/g, " ").slice(0, 160),
      hint: passage.page ? `${passage.filename}, page ${passage.page}` : passage.filename,
      icon: <Quote aria-hidden />,
      run: () => go(href(`/documents/${encodeURIComponent(passage.documentId)}`, { page: passage.page, start: passage.start, end: passage.end })),
    })),
  ];

  const fitting = query.trim()
    ? deeds
        .map((command) => ({ command, score: fit(query, command) }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score)
        .map(({ command }) => ({ ...command, group: "Commands" }))
    : [...deeds].sort((a, b) => (a.group === b.group ? 0 : a.group === "Go to" ? -1 : 1));
  const commands = query.trim() ? [...fitting, ...found] : [...going, ...found.slice(0, 5), ...fitting];

  return (
    <CommandPalette
      isOpen
      onClose={onClose}
      query={query}
      onQuery={setQuery}
      commands={commands}
      isSearching={chats.isFetching || passages.isFetching || q !== query.trim()}
    />
  );
}
