/** The rooms, in the rail's order. A room is loaded when it is first entered; its module's default export gets the `id` of its address. */
import { Boxes, Brain, FileText, MessageSquare, Settings2, ShieldQuestion, type LucideIcon } from "lucide-react";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

/** What a room is given: `id` from `/documents/doc_1`; everything else it reads from the address with `useParam`. */
export interface RoomProps {
  id: string | null;
}

type Loading = () => Promise<{ default: ComponentType<RoomProps> }>;

export interface Room {
  name: string;
  path: `/${string}`;
  icon: LucideIcon;
  /** On the rail's top, at its foot, or behind "More" on a phone. */
  place: "top" | "foot";
  /** One line for the palette. */
  about: string;
  load: Loading;
  component: LazyExoticComponent<ComponentType<RoomProps>>;
}

function room(name: string, path: Room["path"], icon: LucideIcon, place: Room["place"], about: string, load: Loading): Room {
  return { name, path, icon, place, about, load, component: lazy(load) };
}

export const ROOMS: readonly Room[] = [
  room("Chat", "/chat", MessageSquare, "top", "Talk to the agent", () => import("@/rooms/chat")),
  room("Documents", "/documents", FileText, "top", "What the agent has read", () => import("@/rooms/documents")),
  room("Memory", "/memory", Brain, "top", "What the agent remembers", () => import("@/rooms/memory")),
  room("Models", "/models", Boxes, "top", "What answers, and where it runs", () => import("@/rooms/models")),
  room("Approvals", "/approvals", ShieldQuestion, "foot", "Questions that wait for you", () => import("@/rooms/approvals")),
  room("Settings", "/settings", Settings2, "foot", "Looks, keys, about", () => import("@/rooms/settings")),
];
