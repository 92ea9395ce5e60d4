import { Check, Ellipsis, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useModelAction, type Model } from "@/api";
import { Badge, Button, Confirm, ErrorNote, format, IconButton, Menu, ProgressBar, Status } from "@/components";
import styles from "./models.module.css";
import { facts, fit, isFetching, share, stateOf } from "./words";

/** What can be done with a model, and what went wrong with it. */
export function useModelDeeds(model: Model) {
  const pull = useModelAction("pull");
  const cancel = useModelAction("cancel");
  const use = useModelAction("use");
  const remove = useModelAction("delete");
  const error = pull.error ?? cancel.error ?? use.error;
  const title = pull.error ? `${model.name} is not being fetched` : cancel.error ? "It goes on" : "It is not in use";
  const failure: ReactNode = error ? <ErrorNote error={error} title={title} /> : null;
  return { pull, cancel, use, remove, failure };
}

/** A download with its way out. */
export function Fetching({ model }: { model: Model }) {
  const { cancel, failure } = useModelDeeds(model);
  return (
    <div className={styles.fetching}>
      <ProgressBar label={`Fetching ${model.name}`} value={share(model)} detail={stateOf(model)} className={styles.bar} />
      <Button small busy={cancel.isPending} onPress={() => cancel.mutate(model.id)} aria-label={`Stop fetching ${model.name}`}>
        Stop
      </Button>
      {failure}
    </div>
  );
}

export function ModelRow({ model }: { model: Model }) {
  const deeds = useModelDeeds(model);
  const [isAsking, setAsking] = useState(false);
  const suits = fit(model);
  const isHere = model.status === "installed";
  const isOurs = model.source !== "provider";
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <span className={styles.head}>
          <bdi className={styles.name}>{model.name}</bdi>
          {model.kind === "embedding" && <Badge>Finds by meaning</Badge>}
          {model.recommended && <Badge meaning="accent">Best for this machine</Badge>}
          {model.source === "file" && <Badge>Your own file</Badge>}
        </span>
        <span className={styles.quiet}>{facts(model)}</span>
        {model.note && <span className={styles.quiet}>{model.note}</span>}
        {isOurs && !isHere && (
          <Status meaning={suits.meaning} className={styles.fit}>
            {model.why || suits.words}
          </Status>
        )}
        {model.status === "failed" && (
          <Status meaning="problem" className={styles.failed}>
            {model.error ?? "The last try failed. Try again."}
          </Status>
        )}
        {isFetching(model) ? <Fetching model={model} /> : deeds.failure}
      </div>
      <div className={styles.deeds}>
        {model.isInUse ? (
          <span className={styles.inUse}>
            <Check aria-hidden />
            In use
          </span>
        ) : isHere ? (
          <Button small busy={deeds.use.isPending} onPress={() => deeds.use.mutate(model.id)} aria-label={`Use ${model.name}`}>
            Use
          </Button>
        ) : (
          !isFetching(model) && (
            <Button small busy={deeds.pull.isPending} onPress={() => deeds.pull.mutate(model.id)} aria-label={`${model.status === "failed" ? "Try again to fetch" : "Fetch"} ${model.name}`}>
              {model.status === "failed" ? "Try again" : "Fetch"}
            </Button>
          )
        )}
        {isHere && isOurs && (
          <Menu
            label={`More for ${model.name}`}
            trigger={<IconButton small label={`More for ${model.name}`} icon={<Ellipsis aria-hidden />} />}
            items={[{ id: "delete", label: "Delete its files", icon: <Trash2 aria-hidden />, tone: "danger", onAction: () => setAsking(true) }]}
          />
        )}
      </div>
      <Confirm
        danger
        isOpen={isAsking}
        onClose={() => {
          setAsking(false);
          deeds.remove.reset();
        }}
        title={`Delete ${model.name}?`}
        verb="Delete its files"
        error={deeds.remove.error}
        onConfirm={async () => {
          await deeds.remove.mutateAsync(model.id);
          setAsking(false);
        }}
      >
        <p>
          {model.sizeBytes ? `${format.bytes(model.sizeBytes)} of disk become free. ` : ""}
          {model.isInUse && (model.kind === "chat" ? "It is the one that answers; another takes its place if there is one. " : "It is the one that finds by meaning; search goes by words only without it. ")}
          {model.source === "file" ? "Your own file stays where it is." : "It can be fetched again."}
        </p>
      </Confirm>
    </li>
  );
}
