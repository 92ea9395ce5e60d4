import { useEffect } from "react";

/** Names the page after the room, for the tab and for screen readers; a room may put more before it with `usePageTitle`. */
export function Announcer({ room }: { room: string | null }) {
  useEffect(() => {
    document.title = room ? `${room} · Sophon` : "Sophon";
  }, [room]);
  return (
    <p className="aside-voice" aria-live="polite">
      {room}
    </p>
  );
}

/** The page's title while the caller is shown: "Trip to Oslo · Chat · Sophon". */
export function usePageTitle(title: string | null | undefined): void {
  useEffect(() => {
    if (!title) return;
    const before = document.title;
    const rest = before.split(" · ").slice(-2).join(" · ");
    document.title = `${title} · ${rest}`;
    return () => {
      document.title = rest;
    };
  }, [title]);
}
