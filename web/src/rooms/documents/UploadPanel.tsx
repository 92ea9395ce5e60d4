import { RotateCcw, X } from "lucide-react";
import { Link } from "wouter";
import { uploads, useUploads, type Upload } from "@/api";
import { Button, format, IconButton, ProgressBar, Status } from "@/components";
import { href } from "@/shell/address";
import { hasFailed, isOpen, lineOf } from "./states";
import styles from "./UploadPanel.module.css";

/** So many lines are drawn; of the rest only the number is told. */
const SHOWN = 40;

function order(upload: Upload): number {
  if (hasFailed(upload)) return 0;
  if (upload.state === "waiting") return 2;
  return isOpen(upload) ? 1 : 3;
}

/** Files on their way, from the drop to being found. Nothing is drawn when there are none. */
export function UploadPanel() {
  const list = useUploads();
  if (list.length === 0) return null;
  const open = list.filter(isOpen).length;
  const failed = list.filter(hasFailed).length;
  const sorted = [...list].sort((a, b) => order(a) - order(b) || a.key - b.key);
  const title = open > 0 ? `${format.count(open, "file")} on the way` : failed > 0 ? `${format.count(failed, "file")} could not be added` : "All files are in";
  return (
    <section className={styles.panel} aria-label="Files on their way">
      <header className={styles.header}>
        <h2 className={styles.title} role="status">
          {title}
        </h2>
        {open < list.length && (
          <Button small tone="quiet" onPress={() => uploads.dismissFinished()}>
            Clear
          </Button>
        )}
      </header>
      <ul className={styles.lines}>
        {sorted.slice(0, SHOWN).map((upload) => (
          <UploadLine key={upload.key} upload={upload} />
        ))}
      </ul>
      {sorted.length > SHOWN && <p className={styles.more}>and {format.count(sorted.length - SHOWN, "more file")}</p>}
    </section>
  );
}

function UploadLine({ upload }: { upload: Upload }) {
  const { meaning, words, progress } = lineOf(upload);
  const name = <bdi className="ellipsis">{upload.name}</bdi>;
  const canStop = upload.state === "waiting" || upload.state === "sending";
  return (
    <li className={styles.line}>
      <div className={styles.words}>
        {upload.document ? (
          <Link href={href(`/documents/${upload.document.id}`)} className={styles.name}>
            {name}
          </Link>
        ) : (
          <span className={styles.name}>{name}</span>
        )}
        <Status meaning={meaning} className={styles.state}>
          {words}
        </Status>
        {progress !== undefined && <ProgressBar label={`Progress of ${upload.name}`} hideLabel value={progress} />}
      </div>
      {upload.state === "failed" && <IconButton small label="Try again" icon={<RotateCcw aria-hidden />} onPress={() => uploads.retry(upload.key)} />}
      {canStop ? (
        <IconButton small label={`Stop ${upload.name}`} icon={<X aria-hidden />} onPress={() => uploads.cancel(upload.key)} />
      ) : (
        !isOpen(upload) && <IconButton small label="Take off this list" icon={<X aria-hidden />} onPress={() => uploads.dismiss(upload.key)} />
      )}
    </li>
  );
}
