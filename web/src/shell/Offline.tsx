import { PlugZap } from "lucide-react";
import { live, useConnection } from "@/api";
import { Button, useLate } from "@/components";
import styles from "./Offline.module.css";

/** Says calmly that the server is gone, keeps trying, and goes when it is back. */
export function Offline() {
  const isLost = useConnection() === "lost";
  return <div role="status">{isLost && <Banner />}</div>;
}

function Banner() {
  // A restart of a second or two is not worth a word.
  const isLate = useLate(1500);
  if (!isLate) return null;
  return (
    <div className={styles.banner}>
      <PlugZap aria-hidden />
      <span className={styles.words}>
        <strong>Sophon does not answer.</strong> It may be stopped or restarting. What you see may be old; nothing you saved is lost. This page connects again
        by itself.
      </span>
      <Button small onPress={() => live.hurry()}>
        Try now
      </Button>
    </div>
  );
}
