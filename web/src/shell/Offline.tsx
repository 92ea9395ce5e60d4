import { PlugZap } from "lucide-react";
import { useEffect, useState } from "react";
import { live, useConnection } from "@/api";
import { Button } from "@/components";
import styles from "./Offline.module.css";

/** Says calmly that the server is gone, keeps trying, and goes when it is back. */
export function Offline() {
  const isLost = useConnection() === "lost";
  const [isShown, setShown] = useState(false);
  // A restart of a second or two is not worth a word.
  useEffect(() => {
    if (!isLost) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), 1500);
    return () => clearTimeout(timer);
  }, [isLost]);
  return (
    <div role="status">
      {isLost && isShown && (
        <div className={styles.banner}>
          <PlugZap aria-hidden />
          <span className={styles.words}>
            <strong>Sophon does not answer.</strong> It may be stopped or restarting. What you see may be old; nothing you saved is lost. This page connects again by itself.
          </span>
          <Button small onPress={() => live.hurry()}>
            Try now
          </Button>
        </div>
      )}
    </div>
  );
}
