import { Component, Suspense, useState, type ErrorInfo, type ReactNode } from "react";
import { Redirect, Route, Switch } from "wouter";
import { EmptyState, ErrorNote, LinkButton, setLayout, Skeleton, Toasts, useLayout } from "@/components";
import { useGo, usePath } from "./address";
import { Announcer } from "./Announcer";
import { Keys } from "./Keys";
import { Offline } from "./Offline";
import { Palette } from "./Palette";
import { Rail } from "./Rail";
import { ROOMS } from "./rooms";
import styles from "./Shell.module.css";
import { useShortcuts } from "./shortcuts";

/** Focuses what the person writes into: the room's input, or its search. */
export function focusInput(): void {
  const input =
    document.querySelector<HTMLElement>("[data-main-input]") ?? document.querySelector<HTMLElement>("main input:not([type=checkbox]), main textarea");
  input?.focus();
}

export function Shell() {
  const go = useGo();
  const path = usePath();
  const { listShown } = useLayout();
  const [open, setOpen] = useState<"palette" | "keys" | null>(null);
  useShortcuts({
    palette: () => setOpen("palette"),
    keys: () => setOpen("keys"),
    "new-chat": () => {
      setOpen(null);
      go("/chat/new");
      requestAnimationFrame(focusInput);
    },
    sidebar: () => setLayout({ listShown: !listShown }),
    settings: () => {
      setOpen(null);
      go("/settings");
    },
    "to-input": focusInput,
  });
  const current = ROOMS.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#work" onClick={(event) => (event.preventDefault(), document.getElementById("work")?.focus())}>
        Skip to the work
      </a>
      <Rail current={current ?? null} onPalette={() => setOpen("palette")} onKeys={() => setOpen("keys")} />
      <main id="work" tabIndex={-1} className={styles.main}>
        <Offline />
        <div className={styles.room}>
          <Failing key={current?.path ?? ""}>
            <Suspense fallback={<Skeleton rows={1} label="Opening the room" />}>
              <Switch>
                <Route path="/">
                  <Redirect to="/chat" replace />
                </Route>
                {ROOMS.map((one) => (
                  <Route key={one.path} path={`${one.path}/:id?`}>
                    {({ id }: { id?: string }) => <one.component id={id ? decodeURIComponent(id) : null} />}
                  </Route>
                ))}
                <Route>
                  <EmptyState isPage title="There is no such page" action={<LinkButton href="/chat">Go to your chats</LinkButton>}>
                    The address may be mistyped, or the page moved.
                  </EmptyState>
                </Route>
              </Switch>
            </Suspense>
          </Failing>
        </div>
      </main>
      <Palette isOpen={open === "palette"} onClose={() => setOpen(null)} onKeys={() => setOpen("keys")} />
      <Keys isOpen={open === "keys"} onClose={() => setOpen(null)} />
      <Announcer room={current?.name ?? null} />
      <Toasts />
    </div>
  );
}

/** A room that breaks leaves the others standing. */
class Failing extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidCatch(_error: Error, _info: ErrorInfo) {
    // React has written it to the console already.
  }

  override render() {
    if (!this.state.error) return this.props.children;
    const isStale = /dynamically imported module|module script|preload CSS/i.test(this.state.error.message);
    return (
      <div className={styles.broken}>
        <ErrorNote
          error={this.state.error}
          title={isStale ? "This page is older than the server" : "This room could not be drawn"}
          meaning={isStale ? "The program was updated, or it does not run. Reload the page." : "What you saved is untouched."}
          retry={() => (isStale ? window.location.reload() : this.setState({ error: null }))}
        />
      </div>
    );
  }
}
