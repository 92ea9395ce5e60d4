import { FileUp } from "lucide-react";
import { useRef, useState, type DragEvent, type ReactNode } from "react";
import styles from "./FileDrop.module.css";
import { join } from "./join";

/** Opens the system's file dialog. */
export function chooseFiles(options: { accept?: string; multiple?: boolean } = {}): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = options.multiple ?? true;
    if (options.accept) input.accept = options.accept;
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.oncancel = () => resolve([]);
    input.click();
  });
}

export interface FileDropProps {
  onFiles: (files: File[]) => void;
  /** What happens when files are let go here: "Add to your documents". */
  label: string;
  children: ReactNode;
  isDisabled?: boolean;
  className?: string;
}

/** Takes files that are dropped anywhere on its children. A button for the same must be near: not everybody drags. */
export function FileDrop({ onFiles, label, children, isDisabled, className }: FileDropProps) {
  const [isOver, setOver] = useState(false);
  const depth = useRef(0);
  const hasFiles = (event: DragEvent) => !isDisabled && event.dataTransfer.types.includes("Files");
  const leave = () => {
    depth.current = 0;
    setOver(false);
  };
  return (
    <div
      className={join(styles.drop, className)}
      onDragEnter={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth.current += 1;
        setOver(true);
      }}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDragLeave={(event) => {
        if (!hasFiles(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) leave();
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        leave();
        // A folder has no bytes of its own; what is inside would have to be walked.
        const files = [...event.dataTransfer.items]
          .filter((item) => item.kind === "file" && !item.webkitGetAsEntry?.()?.isDirectory)
          .flatMap((item) => item.getAsFile() ?? []);
        if (files.length > 0) onFiles(files);
      }}
    >
      {children}
      {isOver && (
        <div className={styles.over}>
          <FileUp aria-hidden />
          <span>{label}</span>
        </div>
      )}
    </div>
  );
}
