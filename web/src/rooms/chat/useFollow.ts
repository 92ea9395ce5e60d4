import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** This close to the bottom counts as being there. */
const NEAR = 48;

export interface Follow {
  frame: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** False once the person has scrolled away. */
  isFollowing: boolean;
  /** Back to the newest, and stay there. */
  follow: () => void;
}

/** Keeps a growing text's end in sight until the person scrolls away from it; never pulls them back. */
export function useFollow(): Follow {
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const wants = useRef(true);
  const last = useRef(0);
  const [isFollowing, setFollowing] = useState(true);

  const decide = useCallback((to: boolean) => {
    wants.current = to;
    setFollowing(to);
  }, []);

  const toEnd = useCallback(() => {
    const box = frame.current;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    last.current = box.scrollTop;
  }, []);

  const follow = useCallback(() => {
    decide(true);
    toEnd();
  }, [decide, toEnd]);

  // A chat opens at its end.
  useLayoutEffect(toEnd, [toEnd]);

  useEffect(() => {
    const box = frame.current;
    const inside = content.current;
    if (!box || !inside) return;
    const onScroll = () => {
      const isUp = box.scrollTop < last.current - 1;
      last.current = box.scrollTop;
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      // Only the person scrolls up; text that grows never does.
      if (isUp && !isNear) decide(false);
      else if (isNear && !wants.current) decide(true);
    };
    const sizes = new ResizeObserver(() => wants.current && toEnd());
    sizes.observe(inside);
    sizes.observe(box);
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      sizes.disconnect();
      box.removeEventListener("scroll", onScroll);
    };
  }, [decide, toEnd]);

  return { frame, content, isFollowing, follow };
}
