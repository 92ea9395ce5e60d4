import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { useAgents, useHealth, useVersion } from "@/api";
import { Button, ErrorNote, Facts, format, Kbd, LinkButton, Scroll, Segmented, setLayout, SplitView, Status, Switch, useLayout, WorkPane } from "@/components";
import { BASE } from "@/shell/address";
import type { RoomProps } from "@/shell/rooms";
import { keysOf } from "@/shell/shortcuts";
import { setTheme, useTheme, type Theme } from "@/shell/theme";
import styles from "./settings.module.css";
import { Soul } from "./Soul";

const THEMES: readonly { id: Theme; label: string }[] = [
  { id: "system", label: "As the system" },
  { id: "light", label: "Light" },
  { id: "dark", label: "Dark" },
];

export default function Settings(_: RoomProps) {
  const theme = useTheme();
  const { railWide } = useLayout();
  const agents = useAgents();
  const agent = agents.data?.find((one) => one.isDefault) ?? agents.data?.[0];
  return (
    <SplitView>
      <WorkPane title={<h1 className={styles.title}>Settings</h1>}>
        <Scroll>
          <Part title="Looks" about="Kept in this browser.">
            <Segmented label="Theme" options={THEMES} value={theme} onChange={setTheme} />
            <Switch isSelected={railWide} onChange={(wide) => setLayout({ railWide: wide })}>
              Show the rooms’ names in the rail
            </Switch>
          </Part>
          <Part title="Character" about="How the agent speaks and what it minds. It is a file, SOUL.md, that any editor may change as well.">
            {agents.isError && <ErrorNote error={agents.error} title="The agent could not be read" retry={() => void agents.refetch()} />}
            <div className={styles.soul}>{agent && <Soul key={agent.id} agent={agent} />}</div>
          </Part>
          <Part title="About">
            <About />
          </Part>
        </Scroll>
      </WorkPane>
    </SplitView>
  );
}

function Part({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <header>
        <h2 className={styles.partTitle}>{title}</h2>
        {about && <p className={styles.about}>{about}</p>}
      </header>
      {children}
    </section>
  );
}

function About() {
  const version = useVersion();
  const health = useHealth();
  return (
    <>
      <div className={styles.facts}>
        <Facts
          facts={[
            ["Version", version.data && [version.data.version, version.data.commit?.slice(0, 8)].filter(Boolean).join(", ")],
            ["Built", version.data?.builtAt && format.longTime(version.data.builtAt)],
            [
              "State",
              health.data && (
                <Status meaning={health.data.status === "healthy" ? "good" : health.data.status === "degraded" ? "notice" : "problem"}>
                  {health.data.status === "healthy" ? "All parts work" : `Not all parts work: ${ill(health.data.services)}`}
                </Status>
              ),
            ],
            ["Your data", "On this machine, in one folder"],
            ["Keys", <Kbd key="keys" keys={keysOf("keys")} />],
          ]}
        />
      </div>
      {health.isError && <ErrorNote error={health.error} title="The state could not be read" retry={() => void health.refetch()} />}
      <div className={styles.links}>
        <LinkButton href="/docs" target="_blank" icon={<ExternalLink aria-hidden />}>
          HTTP interface
        </LinkButton>
        <LinkButton href={`${BASE}/licences.txt`} target="_blank" icon={<ExternalLink aria-hidden />}>
          Licences of its parts
        </LinkButton>
        <Button onPress={() => void health.refetch()} busy={health.isFetching}>
          Check again
        </Button>
      </div>
    </>
  );
}

function ill(services: Record<string, { status: string }>): string {
  return Object.entries(services)
    .filter(([, service]) => service.status !== "healthy")
    .map(([name]) => name)
    .join(", ");
}
