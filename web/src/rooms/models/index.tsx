import { Boxes } from "lucide-react";
import { useModels, useProviders, type Model, type Models as All, type Provider } from "@/api";
import { Button, EmptyState, ErrorNote, format, Note, Scroll, Skeleton, SplitView, WorkPane } from "@/components";
import { useInspect } from "@/shell/address";
import { Fetching, ModelRow, useModelDeeds } from "./ModelRow";
import { OutgoingList } from "./OutgoingList";
import { Providers } from "./Providers";
import { consequence } from "./reach";
import { ReachBadge } from "./ReachBadge";
import styles from "./models.module.css";
import { facts, fit, group, isFetching } from "./words";

/** What answers, and where it runs. */
export default function Models() {
  const inspect = useInspect();
  const { data, error, refetch } = useModels();
  const inspector = inspect.kind === "outgoing" ? { title: "What left this machine", content: <OutgoingList />, onClose: inspect.close } : null;
  return (
    <SplitView inspector={inspector}>
      <WorkPane
        title={<h1>Models</h1>}
        aside={
          data && (
            <span className={styles.machine}>
              This machine: {format.bytes(data.machine.memoryBytes)} of memory, {format.bytes(data.machine.availableBytes)} free, {data.machine.cores} {data.machine.cores === 1 ? "core" : "cores"}
            </span>
          )
        }
      >
        <Scroll wide>
          {error && !data ? (
            <ErrorNote error={error} title="The models could not be listed" meaning="They are untouched." retry={() => void refetch()} />
          ) : !data ? (
            <Skeleton rows={6} rowHeight={84} label="Looking at the models" />
          ) : (
            <Listed models={data} onOutgoing={() => inspect.open("outgoing", "all")} />
          )}
        </Scroll>
      </WorkPane>
    </SplitView>
  );
}

function Listed({ models, onOutgoing }: { models: All; onOutgoing: () => void }) {
  const { chat, embedding, recommended, here, providers, catalogue } = group(models);
  const known = useProviders().data ?? [];
  return (
    <div className={styles.page}>
      <section aria-labelledby="in-use">
        <h2 id="in-use" className={styles.title}>
          In use
        </h2>
        <div className={styles.uses}>
          <Use of="Answers" model={chat} providers={known} none="No model answers yet. Search and quotes work; answers in its own words wait for one." fetching={models.items.find((model) => model.kind === "chat" && isFetching(model))} />
          <Use of="Finds by meaning" model={embedding} providers={known} none="Search goes by words only until the embedding model is here." fetching={models.items.find((model) => model.kind === "embedding" && isFetching(model))} />
        </div>
        <p className={styles.outgoing}>
          <Button small tone="quiet" onPress={onOutgoing}>
            See what left this machine
          </Button>
        </p>
      </section>

      {recommended && <Recommended model={recommended} />}

      <section aria-labelledby="here">
        <h2 id="here" className={styles.title}>
          On this machine
        </h2>
        {here.length > 0 ? (
          <ul className={styles.rows}>
            {here.map((model) => (
              <ModelRow key={model.id} model={model} />
            ))}
          </ul>
        ) : (
          <p className={styles.quiet}>None yet. What is fetched comes here, and stays when the network goes.</p>
        )}
      </section>

      <Providers models={providers} />

      {catalogue.length > 0 && (
        <section aria-labelledby="catalogue">
          <h2 id="catalogue" className={styles.title}>
            More models to fetch
          </h2>
          <p className={styles.quiet}>They run on this machine once fetched. Every file is checked against its published fingerprint before it is used.</p>
          <ul className={styles.rows}>
            {catalogue.map((model) => (
              <ModelRow key={model.id} model={model} />
            ))}
          </ul>
        </section>
      )}
      {models.items.length === 0 && <EmptyState icon={<Boxes aria-hidden />} title="The catalogue is empty" />}
    </div>
  );
}

function Use({ of, model, providers, none, fetching }: { of: string; model: Model | null; providers: readonly Provider[]; none: string; fetching?: Model }) {
  const provider = providers.find((one) => one.id === model?.providerId);
  return (
    <div className={styles.use}>
      <span className={styles.of}>{of}</span>
      {model ? (
        <>
          <bdi className={styles.name}>{model.name}</bdi>
          <span className={styles.where}>
            <ReachBadge provider={provider ?? null} isHere={model.source !== "provider"} />
            {model.source !== "provider" && <span>{model.isLoaded ? "In memory, answers at once" : "Comes into memory with the next question"}</span>}
          </span>
          {provider && <span className={styles.quiet}>{consequence(provider.baseUrl)}</span>}
        </>
      ) : fetching ? (
        <Fetching model={fetching} />
      ) : (
        <span className={styles.quiet}>{none}</span>
      )}
    </div>
  );
}

function Recommended({ model }: { model: Model }) {
  const deeds = useModelDeeds(model);
  const { words } = fit(model);
  return (
    <section aria-labelledby="recommended">
      <h2 id="recommended" className={styles.title}>
        Best for this machine
      </h2>
      <div className={styles.recommended}>
        <div className={styles.words}>
          <bdi className={styles.name}>{model.name}</bdi>
          <p>{model.why || words}</p>
          <p className={styles.quiet}>{facts(model)}</p>
          {model.note && <p className={styles.quiet}>{model.note}</p>}
          {deeds.failure}
        </div>
        {isFetching(model) ? (
          <div className={styles.progress}>
            <Fetching model={model} />
          </div>
        ) : model.status === "installed" ? (
          <Button tone="primary" busy={deeds.use.isPending} onPress={() => deeds.use.mutate(model.id)}>
            Use this one
          </Button>
        ) : (
          <Button tone="primary" busy={deeds.pull.isPending} onPress={() => deeds.pull.mutate(model.id)}>
            Fetch it
          </Button>
        )}
      </div>
      {model.status === "failed" && model.error && (
        <Note meaning="problem" title="The last try failed">
          {model.error}
        </Note>
      )}
    </section>
  );
}
