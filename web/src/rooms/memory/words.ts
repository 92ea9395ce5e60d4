/** What kinds of memory are called, and moments of the past. */
import type { Category, Entry, Scope } from "@/api";

export const CATEGORIES: readonly { id: Category; label: string; hint: string }[] = [
  { id: "fact", label: "Fact", hint: "What is so" },
  { id: "preference", label: "Preference", hint: "What someone likes or wants" },
  { id: "observation", label: "Observation", hint: "What was noticed" },
];

export const SCOPES: readonly { id: Scope; label: string; hint: string }[] = [
  { id: "user", label: "All agents", hint: "Every agent of yours may use it" },
  { id: "agent", label: "One agent", hint: "Only the agent that wrote it" },
];

export function categoryWord(category: Category): string {
  return CATEGORIES.find((one) => one.id === category)?.label ?? category;
}

/** "Tea, morning; tea" -> ["tea", "morning"]: as the person wrote them, without repeats. */
export function toTags(text: string): string[] {
  const seen = new Set<string>();
  return text
    .split(/[,;\n]/)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "" && !seen.has(tag.toLowerCase()) && seen.add(tag.toLowerCase()));
}

/** The last moment of a day of the person's calendar, as the server counts time: what was known "on 3 March" includes that day. */
export function endOfDay(date: string): string | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date)?.slice(1).map(Number) as [number, number, number] | undefined;
  if (!parts) return undefined;
  const end = new Date(parts[0], parts[1] - 1, parts[2], 23, 59, 59, 999);
  return Number.isNaN(end.getTime()) ? undefined : end.toISOString();
}

/** Whether an entry held at a moment: it had begun, and nothing had taken its place. */
export function heldAt(entry: Entry, moment: string): boolean {
  const at = Date.parse(moment);
  return Date.parse(entry.validFrom) <= at && (entry.validTo === null || Date.parse(entry.validTo) > at);
}

/** A day as YYYY-MM-DD in the person's own calendar. */
export function dateOf(moment: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** The day some days before or after, across months and clock changes. */
export function shiftDate(date: string, days: number): string {
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  return dateOf(new Date(year, month - 1, day + days, 12));
}

/** "Saturday, 21 November 2026". */
export function dayWord(date: string): string {
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  const noon = new Date(year, month - 1, day, 12);
  if (Number.isNaN(noon.getTime())) return date;
  return `${noon.toLocaleDateString("en", { weekday: "long" })}, ${day} ${noon.toLocaleDateString("en", { month: "long" })} ${year}`;
}

/** 0.82 -> "High": how much it weighs in a search. */
export function importanceWord(importance: number): string {
  if (importance >= 0.8) return "Very high";
  if (importance >= 0.6) return "High";
  if (importance >= 0.4) return "Usual";
  return importance >= 0.2 ? "Low" : "Very low";
}
