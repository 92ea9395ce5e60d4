import { FileText, RotateCcw, X } from "lucide-react";
import { Link } from "react-aria-components";
import { format, IconButton, Status } from "@/components";
import styles from "./Attachments.module.css";
import { useBrief, type Attached, type Attaching } from "./useAttached";

/** What will go with the message, each with its state. */
export function AttachmentTray({ attaching }: { attaching: Attaching }) {
  if (attaching.items.length === 0) return null;
  return (
    <ul className={styles.tray} aria-label="Attached">
      {attaching.items.map((item) => (
        <li key={item.key} className={styles.item}>
          <FileText aria-hidden />
          <span className={styles.words}>
            <span className={styles.name} dir="auto" title={item.name}>
              {item.name}
            </span>
            <State item={item} />
          </span>
          {item.upload?.state === "failed" && (
            <IconButton small label={`Send ${item.name} again`} icon={<RotateCcw aria-hidden />} onPress={() => attaching.retry(item.key)} />
          )}
          <IconButton small label={`Take ${item.name} off`} icon={<X aria-hidden />} onPress={() => attaching.remove(item.key)} />
        </li>
      ))}
    </ul>
  );
}

function State({ item: { upload, document } }: { item: Attached }) {
  if (document) {
    if (document.status === "ready") return <Status meaning="good">Ready</Status>;
    if (document.status === "failed") return <Status meaning="problem">{document.error?.message ?? "It could not be read"}</Status>;
    return <Status meaning="busy">{document.progress > 0 ? `Reading, ${format.percent(document.progress)}` : "Reading"}</Status>;
  }
  if (!upload || upload.state === "waiting") return <Status meaning="idle">Waiting to be sent</Status>;
  if (upload.state === "failed") return <Status meaning="problem">{upload.error?.message ?? "It was not sent"}</Status>;
  if (upload.state === "cancelled") return <Status meaning="idle">Stopped</Status>;
  return (
    <Status meaning="busy">
      {format.bytes(upload.sentBytes)} of {format.bytes(upload.sizeBytes)}
    </Status>
  );
}

/** What went with a message. */
export function AttachedTo({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <ul className={styles.attached} aria-label="Attached">
      {ids.map((id) => (
        <li key={id}>
          <One id={id} />
        </li>
      ))}
    </ul>
  );
}

function One({ id }: { id: string }) {
  const document = useBrief(id);
  if (document.isError) {
    return (
      <span className={styles.gone}>
        <FileText aria-hidden />
        {document.error.status === 404 ? "A document that was deleted" : "A document"}
      </span>
    );
  }
  return (
    <Link href={`/documents/${encodeURIComponent(id)}`} className={styles.link}>
      <FileText aria-hidden />
      <span className="ellipsis" dir="auto">
        {document.data?.filename ?? "…"}
      </span>
    </Link>
  );
}
