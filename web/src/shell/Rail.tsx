import { Ellipsis, PanelLeftClose, PanelLeftOpen, Search } from "lucide-react";
import { Button, Link } from "react-aria-components";
import { useApprovals } from "@/api";
import { Count, IconButton, join, Kbd, Menu, NARROW, setLayout, Tooltip, useLayout, useMedia } from "@/components";
import { useGo } from "./address";
import styles from "./Rail.module.css";
import { ROOMS, type Room } from "./rooms";
import { keysOf } from "./shortcuts";

export interface RailProps {
  current: Room | null;
  onPalette: () => void;
  onKeys: () => void;
}

/** The rooms: icon and word; folded, icons alone; on a phone a bar at the bottom. */
export function Rail({ current, onPalette, onKeys }: RailProps) {
  const isNarrow = useMedia(NARROW);
  const { railWide } = useLayout();
  const hasRoom = useMedia("(min-width: 1024px)");
  const isWide = railWide && hasRoom;
  const waiting = useApprovals().items.length;

  if (isNarrow) return <Bar current={current} waiting={waiting} onPalette={onPalette} onKeys={onKeys} />;
  return (
    <nav className={join(styles.rail, isWide && styles.wide)} aria-label="Rooms">
      <div className={styles.head}>
        <span className={styles.mark} aria-hidden>
          <svg viewBox="0 0 32 32" width="22" height="22">
            <circle cx="16" cy="16" r="3.25" fill="currentColor" />
            <ellipse cx="16" cy="16" rx="12" ry="5.2" fill="none" stroke="currentColor" strokeWidth="2" transform="rotate(35 16 16)" />
            <ellipse cx="16" cy="16" rx="12" ry="5.2" fill="none" stroke="currentColor" strokeOpacity=".5" strokeWidth="2" transform="rotate(-35 16 16)" />
          </svg>
        </span>
        {isWide && <span className={styles.name}>Sophon</span>}
      </div>
      <button
        type="button"
        className={styles.find}
        onClick={onPalette}
        aria-label={isWide ? undefined : "Find or do anything"}
        aria-keyshortcuts="Control+K Meta+K"
      >
        <Search aria-hidden />
        {isWide && (
          <>
            <span className={styles.word}>Find</span>
            <Kbd keys={keysOf("palette")} />
          </>
        )}
      </button>
      <ul className={styles.rooms}>
        {ROOMS.filter((one) => one.place === "top").map((one) => (
          <Item key={one.path} room={one} isCurrent={one === current} isWide={isWide} />
        ))}
      </ul>
      <ul className={join(styles.rooms, styles.foot)}>
        {ROOMS.filter((one) => one.place === "foot").map((one) => (
          <Item key={one.path} room={one} isCurrent={one === current} isWide={isWide} waiting={one.path === "/approvals" ? waiting : 0} />
        ))}
      </ul>
      {hasRoom && (
        <IconButton
          className={styles.fold}
          label={isWide ? "Fold the rail" : "Unfold the rail"}
          icon={isWide ? <PanelLeftClose aria-hidden /> : <PanelLeftOpen aria-hidden />}
          onPress={() => setLayout({ railWide: !railWide })}
        />
      )}
    </nav>
  );
}

function Item({ room, isCurrent, isWide, waiting = 0 }: { room: Room; isCurrent: boolean; isWide: boolean; waiting?: number }) {
  const Icon = room.icon;
  const link = (
    <Link
      href={room.path}
      className={styles.item}
      aria-current={isCurrent ? "page" : undefined}
      aria-label={isWide ? undefined : room.name}
      onHoverStart={() => void room.load().catch(() => undefined)}
    >
      <Icon aria-hidden />
      {isWide && <span className={styles.word}>{room.name}</span>}
      <Count of={waiting} label="waiting" />
    </Link>
  );
  return <li>{isWide ? link : <Tooltip text={room.name}>{link}</Tooltip>}</li>;
}

function Bar({ current, waiting, onPalette, onKeys }: RailProps & { waiting: number }) {
  const go = useGo();
  return (
    <nav className={styles.bar} aria-label="Rooms">
      {ROOMS.filter((one) => one.place === "top").map((one) => {
        const Icon = one.icon;
        return (
          <Link key={one.path} href={one.path} className={styles.tab} aria-current={one === current ? "page" : undefined}>
            <Icon aria-hidden />
            <span>{one.name}</span>
          </Link>
        );
      })}
      <Menu
        label="More"
        placement="top end"
        trigger={
          <Button className={join(styles.tab, current?.place === "foot" && styles.here)}>
            <Ellipsis aria-hidden />
            <span>More</span>
            <span className={styles.dot}>
              <Count of={waiting} label="waiting" />
            </span>
          </Button>
        }
        items={[
          { id: "find", label: "Find or do anything", icon: <Search aria-hidden />, onAction: onPalette },
          ...ROOMS.filter((one) => one.place === "foot").map((one) => {
            const Icon = one.icon;
            return {
              id: one.path,
              label: one.path === "/approvals" && waiting ? `${one.name} (${waiting} waiting)` : one.name,
              icon: <Icon aria-hidden />,
              onAction: () => go(one.path),
            };
          }),
          { id: "keys", label: "Keys", icon: <Kbd keys="/" />, onAction: onKeys },
        ]}
      />
    </nav>
  );
}
