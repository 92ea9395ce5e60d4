/** Files on their way into a message: uploaded to the documents at once, attached when the server has them. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, uploads, useLiveEvents, useUploads, type Document, type Upload } from "@/api";

const brief = (id: string) => ["documents", "brief", id] as const;

function readBrief(id: string, signal?: AbortSignal): Promise<Document> {
  return api.get<Document>(`/documents/${encodeURIComponent(id)}`, { query: { maxChars: 1 }, signal });
}

/** A document without its text, kept up to date by events. */
export function useBrief(id: string | null) {
  const client = useQueryClient();
  useLiveEvents((event) => {
    if (event.topic === "document.updated" && event.document.id === id) client.setQueryData(brief(event.document.id), event.document);
  });
  return useQuery({
    queryKey: brief(id ?? ""),
    queryFn: ({ signal }) => readBrief(id!, signal),
    enabled: Boolean(id),
  });
}

export interface Attached {
  key: number;
  name: string;
  upload: Upload | null;
  document: Document | null;
}

export type Readiness = "none" | "ready" | "waiting" | "stuck";

export interface Attaching {
  items: readonly Attached[];
  /** "waiting" while a file is sent or read; "stuck" when one can't be used. */
  readiness: Readiness;
  add: (files: readonly File[]) => void;
  /** Documents that the server has already. */
  addIds: (ids: readonly string[]) => void;
  remove: (key: number) => void;
  retry: (key: number) => void;
  /** Takes all away and answers the ids of those that can be used. */
  take: () => string[];
}

export function useAttaching(): Attaching {
  const client = useQueryClient();
  const all = useUploads();
  const next = useRef(-1);
  const [chosen, setChosen] = useState<readonly { key: number; document: Document | null }[]>([]);
  useLiveEvents((event) => {
    if (event.topic === "document.updated") {
      const { document } = event;
      setChosen((had) =>
        had.some((one) => one.document?.id === document.id) ? had.map((one) => (one.document?.id === document.id ? { ...one, document } : one)) : had,
      );
    } else if (event.topic === "document.deleted") {
      setChosen((had) => had.filter((one) => one.document?.id !== event.documentId));
    }
  });

  const items = chosen.map(({ key, document }): Attached => {
    const upload = all.find((one) => one.key === key) ?? null;
    return { key, name: document?.filename ?? upload?.name ?? "File", upload, document: document ?? upload?.document ?? null };
  });
  const stateOf = ({ upload, document }: Attached): Readiness => {
    if (document) return document.status === "ready" ? "ready" : document.status === "failed" ? "stuck" : "waiting";
    return upload && (upload.state === "failed" || upload.state === "cancelled") ? "stuck" : "waiting";
  };
  const states = items.map(stateOf);

  return {
    items,
    readiness: items.length === 0 ? "none" : states.includes("waiting") ? "waiting" : states.includes("stuck") ? "stuck" : "ready",
    add: (files) => {
      const keys = uploads.add(files, {
        onDocument: (document) =>
          setChosen((had) => {
            // The same file twice is one document.
            const isHere = had.some((one) => one.document?.id === document.id);
            const at = had.find(
              (one) => one.document === null && keys.includes(one.key) && uploads.list().find((item) => item.key === one.key)?.document?.id === document.id,
            );
            if (!at) return had;
            return isHere ? had.filter((one) => one !== at) : had.map((one) => (one === at ? { ...one, document } : one));
          }),
      });
      setChosen((had) => [...had, ...keys.map((key) => ({ key, document: null }))]);
    },
    addIds: (ids) => {
      for (const id of ids) {
        void client
          .fetchQuery({ queryKey: brief(id), queryFn: () => readBrief(id) })
          .then((document) => setChosen((had) => (had.some((one) => one.document?.id === id) ? had : [...had, { key: next.current--, document }])))
          .catch(() => undefined); // deleted meanwhile
      }
    },
    remove: (key) => {
      const one = items.find((item) => item.key === key);
      if (one?.upload && !one.document) uploads.dismiss(key);
      setChosen((had) => had.filter((item) => item.key !== key));
    },
    retry: (key) => uploads.retry(key),
    take: () => {
      const ids = items.filter((one) => stateOf(one) === "ready").flatMap((one) => one.document?.id ?? []);
      setChosen([]);
      return ids;
    },
  };
}
