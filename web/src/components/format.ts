/** Numbers, sizes and times in words, each with its unit. */

const LANGUAGE = "en";

/** 1234567 -> "1.2 MB". */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${value.toLocaleString(LANGUAGE, { maximumFractionDigits: at > 0 && value < 9.95 ? 1 : 0 })} ${units[at]}`;
}

export function count(of: number, one: string, many = `${one}s`): string {
  return `${of.toLocaleString(LANGUAGE)} ${of === 1 ? one : many}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** 4210 -> "4.2 s"; 65000 -> "1 min 5 s". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toLocaleString(LANGUAGE, { maximumFractionDigits: 1 })} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return seconds % 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds / 60} min`;
  const minutes = Math.round(seconds / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Days from `then` to `now`, by the calendar and not by the clock. */
function daysBetween(then: Date, now: Date): number {
  return Math.round((startOfDay(now) - startOfDay(then)) / 86_400_000);
}

/** "14:05" today, "Tue" this week, "3 Mar" this year, "3 Mar 2024" before. */
export function shortTime(at: string, now = new Date()): string {
  const then = new Date(at);
  const days = daysBetween(then, now);
  if (days === 0) return then.toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (days > 0 && days < 7) return then.toLocaleDateString(LANGUAGE, { weekday: "short" });
  return shortDate(at, now);
}

export function shortDate(at: string, now = new Date()): string {
  const then = new Date(at);
  const month = then.toLocaleDateString(LANGUAGE, { month: "short" });
  return then.getFullYear() === now.getFullYear() ? `${then.getDate()} ${month}` : `${then.getDate()} ${month} ${then.getFullYear()}`;
}

/** "21 November 2026, 14:05". */
export function longTime(at: string): string {
  const then = new Date(at);
  const month = then.toLocaleDateString(LANGUAGE, { month: "long" });
  const time = then.toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return `${then.getDate()} ${month} ${then.getFullYear()}, ${time}`;
}

/** "just now", "5 minutes ago", "yesterday", "3 Mar". */
export function ago(at: string, now = new Date()): string {
  const seconds = (now.getTime() - new Date(at).getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${count(Math.max(1, Math.round(seconds / 60)), "minute")} ago`;
  const days = daysBetween(new Date(at), now);
  if (days === 0) return `${count(Math.round(seconds / 3600), "hour")} ago`;
  if (days === 1) return "yesterday";
  if (days < 7) return `${days} days ago`;
  return shortDate(at, now);
}

/** Headings for lists by time: "Today", "Yesterday", "Last 7 days", "Last 30 days", then months. */
export function dayGroup(at: string, now = new Date()): string {
  const then = new Date(at);
  const days = daysBetween(then, now);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return "Last 7 days";
  if (days < 30) return "Last 30 days";
  const month = then.toLocaleDateString(LANGUAGE, { month: "long" });
  return then.getFullYear() === now.getFullYear() ? month : `${month} ${then.getFullYear()}`;
}
