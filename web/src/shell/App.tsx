import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { type ReactNode } from "react";
import { I18nProvider, RouterProvider } from "react-aria-components";
import { Router } from "wouter";
import { BASE, isServerAddress, useGo } from "./address";
import { Shell } from "./Shell";

export function App({ client }: { client: QueryClient }) {
  return (
    <QueryClientProvider client={client}>
      <I18nProvider locale="en-US">
        <Router base={BASE}>
          <Links>
            <Shell />
          </Links>
        </Router>
      </I18nProvider>
    </QueryClientProvider>
  );
}

/** Links of the component library go through the router, and are written as the browser shall see them. */
function Links({ children }: { children: ReactNode }) {
  const go = useGo();
  return (
    <RouterProvider navigate={(to) => go(to)} useHref={(to) => (isServerAddress(to) ? to : BASE + to)}>
      {children}
    </RouterProvider>
  );
}
