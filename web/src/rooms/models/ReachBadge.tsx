import { Cloud, HardDrive, Network } from "lucide-react";
import type { Provider } from "@/api";
import { Badge } from "@/components";
import { reachOf, type Reach } from "./reach";

const REACHES: Record<Reach, { words: string; icon: typeof Cloud; meaning?: "notice" | "info" }> = {
  machine: { words: "Stays on this machine", icon: HardDrive },
  network: { words: "Goes to your network", icon: Network, meaning: "info" },
  internet: { words: "Leaves this machine", icon: Cloud, meaning: "notice" },
};

/** Where what is said goes, in three words. Nothing is drawn when nobody can tell. */
export function ReachBadge({ provider, isHere }: { provider: Provider | null; isHere?: boolean }) {
  const reach = isHere ? "machine" : provider ? reachOf(provider.baseUrl)?.reach : null;
  if (!reach) return null;
  const { words, icon: Icon, meaning } = REACHES[reach];
  return (
    <Badge meaning={meaning} icon={<Icon aria-hidden />}>
      {words}
    </Badge>
  );
}
