/** Where what a person says goes when a provider answers: told by the address alone, before anything is sent. */

export type Reach = "machine" | "network" | "internet";

/** `machine` for loopback, `network` for private addresses and names of the local network, `internet` for all others. Null when it is no address. */
export function reachOf(baseUrl: string): { reach: Reach; host: string; isEncrypted: boolean } | null {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return { reach: reachOfHost(host), host: url.host, isEncrypted: url.protocol === "https:" };
}

function reachOfHost(host: string): Reach {
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return "machine";
  if (/^127(\.\d+){3}$/.test(host)) return "machine";
  const parts = /^\d+(\.\d+){3}$/.test(host) ? host.split(".").map(Number) : null;
  if (parts) {
    const [a, b] = parts as [number, number];
    const isPrivate = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254);
    return isPrivate ? "network" : "internet";
  }
  if (/^f[cd][0-9a-f]{2}:/.test(host) || /^fe[89ab][0-9a-f]:/.test(host)) return "network";
  // A name without a dot, and those reserved for local networks (RFC 6762, RFC 8375), are not looked up outside.
  if (!host.includes(":") && (!host.includes(".") || /\.(local|lan|internal|home\.arpa)$/.test(host))) return "network";
  return "internet";
}

/** What that means for the person, in one sentence. */
export function consequence(baseUrl: string): string {
  const found = reachOf(baseUrl);
  if (!found) return "";
  if (found.reach === "machine") return "Runs on this machine: nothing leaves it.";
  const what = "what you write and the passages and memories that are read for the answer";
  if (found.reach === "network") return `Sends ${what} to ${found.host} in your own network.${found.isEncrypted ? "" : " Not encrypted on the way."}`;
  return `Sends ${what} over the internet to ${found.host}.${found.isEncrypted ? "" : " Not encrypted: others on the way can read it, and the key."}`;
}
