import { Ellipsis, Pencil, Plus, Radar, Trash2 } from "lucide-react";
import { useState } from "react";
import { useAddProvider, useDeleteProvider, useModelFromFile, usePatchProvider, useProviders, useTestProvider, type Model, type Provider, type ProviderKind, type ProviderTest } from "@/api";
import { Badge, Button, Confirm, ErrorNote, format, IconButton, Menu, Note, Segmented, Status, TextField, toast } from "@/components";
import { useParam } from "@/shell/address";
import { ModelRow } from "./ModelRow";
import styles from "./models.module.css";
import { consequence, reachOf } from "./reach";
import { ReachBadge } from "./ReachBadge";

const KINDS: Record<ProviderKind, { label: string; address: string; about: string }> = {
  openai: { label: "OpenAI-compatible", address: "https://api.openai.com/v1", about: "OpenAI, OpenRouter, vLLM, llama.cpp and all others that speak the same" },
  anthropic: { label: "Anthropic", address: "https://api.anthropic.com", about: "Claude" },
  ollama: { label: "Ollama", address: "http://127.0.0.1:11434/v1", about: "" },
  lmstudio: { label: "LM Studio", address: "http://127.0.0.1:1234/v1", about: "" },
};

const CHOICES = [
  { id: "openai", label: "OpenAI-compatible" },
  { id: "anthropic", label: "Anthropic" },
] as const;

/** Models that others run: found on this machine, or added with an address and a key. */
export function Providers({ models }: { models: readonly Model[] }) {
  const { data, error, refetch } = useProviders();
  const [open, setOpen] = useParam("add");
  return (
    <section aria-labelledby="providers">
      <header className={styles.sectionHead}>
        <h2 id="providers" className={styles.title}>
          From other programs and services
        </h2>
        <div className={styles.deeds}>
          {open !== "file" && (
            <Button small onPress={() => setOpen("file")}>
              Use a file
            </Button>
          )}
          {open !== "provider" && (
            <Button small icon={<Plus aria-hidden />} onPress={() => setOpen("provider")}>
              Add a provider
            </Button>
          )}
        </div>
      </header>
      {open === "provider" && <Adding onDone={() => setOpen(null)} />}
      {open === "file" && <FromFile onDone={() => setOpen(null)} />}
      {error && !data ? (
        <ErrorNote error={error} title="The providers could not be listed" retry={() => void refetch()} />
      ) : data?.length === 0 ? (
        <p className={styles.quiet}>None. Ollama and LM Studio show here by themselves when they run on this machine; a service is added with its address and a key of yours.</p>
      ) : (
        <ul className={styles.rows}>
          {data?.map((provider) => (
            <ProviderRow key={provider.id} provider={provider} models={models.filter((model) => model.providerId === provider.id)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function stateOf(provider: Provider): { meaning: "good" | "problem" | "idle"; words: string } {
  if (provider.status === "ok") return { meaning: "good", words: `Answers, ${format.count(provider.models.length, "model")}` };
  if (provider.status === "error") return { meaning: "problem", words: provider.error ?? "Does not answer" };
  return { meaning: "idle", words: "Not tried yet" };
}

/** So many of a provider's models stand in the list until the rest is asked for. */
const FEW = 4;

function ProviderRow({ provider, models }: { provider: Provider; models: readonly Model[] }) {
  const test = useTestProvider();
  const remove = useDeleteProvider();
  const [isAsking, setAsking] = useState(false);
  const [editing, setEditing] = useParam("edit");
  const [showsAll, setShowsAll] = useState(false);
  const state = stateOf(provider);
  const sorted = [...models].sort((a, b) => Number(b.isInUse) - Number(a.isInUse) || a.name.localeCompare(b.name));
  return (
    <li className={styles.provider}>
      <div className={styles.row}>
        <div className={styles.words}>
          <span className={styles.head}>
            <bdi className={styles.name}>{provider.name}</bdi>
            {provider.discovered && <Badge icon={<Radar aria-hidden />}>Found on this machine</Badge>}
            <ReachBadge provider={provider} />
          </span>
          <span className={styles.address}>
            {KINDS[provider.kind].label !== provider.name && <span>{KINDS[provider.kind].label}</span>}
            <code dir="ltr">{provider.baseUrl}</code>
            {provider.hasKey && <span aria-label="A key is kept, encrypted">key ••••••••</span>}
          </span>
          {!test.data && <Status meaning={state.meaning}>{state.words}</Status>}
          <span className={styles.quiet}>{consequence(provider.baseUrl)}</span>
          {test.error && <ErrorNote error={test.error} title="It could not be tested" />}
          {test.data && !test.isPending && <Tested result={test.data} />}
        </div>
        <div className={styles.deeds}>
          <Button small busy={test.isPending} onPress={() => test.mutate(provider.id)} aria-label={`Test ${provider.name}`}>
            Test
          </Button>
          {!provider.discovered && (
            <Menu
              label={`More for ${provider.name}`}
              trigger={<IconButton small label={`More for ${provider.name}`} icon={<Ellipsis aria-hidden />} />}
              items={[
                { id: "edit", label: "Edit", icon: <Pencil aria-hidden />, onAction: () => setEditing(provider.id) },
                { id: "delete", label: "Remove", icon: <Trash2 aria-hidden />, tone: "danger", onAction: () => setAsking(true) },
              ]}
            />
          )}
        </div>
      </div>
      {editing === provider.id && <Editing provider={provider} onDone={() => setEditing(null)} />}
      {sorted.length > 0 && (
        <ul className={styles.inner}>
          {(showsAll ? sorted : sorted.slice(0, FEW)).map((model) => (
            <ModelRow key={model.id} model={model} />
          ))}
          {sorted.length > FEW && (
            <li>
              <Button small tone="quiet" onPress={() => setShowsAll(!showsAll)}>
                {showsAll ? "Show fewer" : `Show all ${sorted.length}`}
              </Button>
            </li>
          )}
        </ul>
      )}
      <Confirm
        danger
        isOpen={isAsking}
        onClose={() => {
          setAsking(false);
          remove.reset();
        }}
        title={`Remove ${provider.name}?`}
        verb="Remove this provider"
        error={remove.error}
        onConfirm={async () => {
          await remove.mutateAsync(provider.id);
          setAsking(false);
          toast(`${provider.name} is removed`);
        }}
      >
        <p>Its {provider.hasKey ? "address and key are" : "address is"} erased here, and its models no longer answer. Nothing changes at the provider; a key should be withdrawn there too.</p>
      </Confirm>
    </li>
  );
}

function Tested({ result }: { result: ProviderTest }) {
  return (
    <Note
      meaning={result.ok ? "good" : "problem"}
      role="status"
      title={result.ok ? `It answered${result.latencyMs !== null ? ` in ${format.duration(result.latencyMs)}` : ""}` : "It did not answer as it should"}
    >
      {result.detail && <p dir="auto">{result.detail}</p>}
    </Note>
  );
}

/** What is wrong with an address, before anything is sent. */
function wrongAddress(address: string): string | null {
  if (reachOf(address)) return null;
  return "An address begins with http:// or https://, such as https://api.openai.com/v1.";
}

/** A form that an address opens may lie far down. */
function comeIntoSight(form: HTMLFormElement | null): void {
  form?.scrollIntoView({ block: "nearest" });
}

function Adding({ onDone }: { onDone: () => void }) {
  const add = useAddProvider();
  const test = useTestProvider();
  const [kind, setKind] = useState<"openai" | "anthropic">("openai");
  const [name, setName] = useState("");
  const [address, setAddress] = useState(KINDS.openai.address);
  const [key, setKey] = useState("");
  const [wasTried, setTried] = useState(false);
  const wrong = wrongAddress(address.trim());
  const save = () => {
    setTried(true);
    if (wrong || add.isPending) return;
    add.mutate(
      { kind, name: name.trim() || undefined, baseUrl: address.trim(), apiKey: key || undefined },
      {
        onSuccess: (provider) => {
          // Saved first, then tried: a provider that is down just now is still worth keeping.
          test.mutate(provider.id, {
            onSuccess: (result) => toast(result.ok ? `${provider.name} is added and answers` : `${provider.name} is added, but did not answer: ${result.detail}`, { meaning: result.ok ? "info" : "problem" }),
          });
          onDone();
        },
      },
    );
  };
  return (
    <form
      noValidate
      ref={comeIntoSight}
      className={styles.form}
      aria-label="Add a provider"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onDone()}
    >
      <Segmented
        label="Which language it speaks"
        options={CHOICES}
        value={kind}
        onChange={(next) => {
          if (address === KINDS[kind].address) setAddress(KINDS[next].address);
          setKind(next);
        }}
        hint={KINDS[kind].about}
      />
      <TextField label="Address" type="url" mono spellCheck={false} value={address} onChange={setAddress} error={wasTried ? wrong : null} hint={consequence(address.trim())} autoFocus />
      <TextField label="Key" type="password" autoComplete="off" value={key} onChange={setKey} hint="Kept encrypted on this machine and never shown again. Leave it empty when none is needed." />
      <TextField label="Name" value={name} onChange={setName} placeholder={KINDS[kind].label} hint="What it is called here." />
      {add.error && <ErrorNote error={add.error} title="The provider was not added" meaning="Nothing was sent to it." />}
      <div className={styles.buttons}>
        <Button type="submit" tone="primary" busy={add.isPending}>
          Add and test
        </Button>
        <Button onPress={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

function Editing({ provider, onDone }: { provider: Provider; onDone: () => void }) {
  const patch = usePatchProvider();
  const [name, setName] = useState(provider.name);
  const [address, setAddress] = useState(provider.baseUrl);
  const [key, setKey] = useState("");
  const [takesAway, setTakesAway] = useState(false);
  const [wasTried, setTried] = useState(false);
  const wrong = wrongAddress(address.trim());
  const isElsewhere = provider.hasKey && !key && !takesAway && reachOf(address.trim())?.host !== reachOf(provider.baseUrl)?.host;
  const save = () => {
    setTried(true);
    if (wrong || patch.isPending) return;
    patch.mutate({ id: provider.id, name: name.trim() || provider.name, baseUrl: address.trim(), ...(takesAway ? { apiKey: null } : key ? { apiKey: key } : {}) }, { onSuccess: onDone });
  };
  return (
    <form
      noValidate
      ref={comeIntoSight}
      className={styles.form}
      aria-label={`Edit ${provider.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onDone()}
    >
      <TextField label="Name" value={name} onChange={setName} autoFocus />
      <TextField label="Address" type="url" mono spellCheck={false} value={address} onChange={setAddress} error={wasTried ? wrong : null} hint={consequence(address.trim())} />
      {isElsewhere && <Note meaning="notice">The kept key will be sent to this other address. Give its own key, or take the old one away.</Note>}
      <TextField
        label="Key"
        type="password"
        autoComplete="off"
        value={key}
        onChange={setKey}
        isDisabled={takesAway}
        placeholder={provider.hasKey ? "••••••••" : ""}
        hint={provider.hasKey ? "A key is kept. Write a new one to replace it." : "None is kept."}
      />
      {provider.hasKey && (
        <Button small tone={takesAway ? "primary" : "plain"} className={styles.start} onPress={() => setTakesAway(!takesAway)}>
          {takesAway ? "The key goes when you save" : "Take the key away"}
        </Button>
      )}
      {patch.error && <ErrorNote error={patch.error} title="The change was not saved" meaning="It is as before." />}
      <div className={styles.buttons}>
        <Button type="submit" tone="primary" busy={patch.isPending}>
          Save
        </Button>
        <Button onPress={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

function FromFile({ onDone }: { onDone: () => void }) {
  const pull = useModelFromFile();
  const [path, setPath] = useState("");
  const save = () => path.trim() && !pull.isPending && pull.mutate(path.trim(), { onSuccess: onDone });
  return (
    <form
      noValidate
      ref={comeIntoSight}
      className={styles.form}
      aria-label="Use a model file"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onDone()}
    >
      <TextField
        label="Where the model file is on this machine"
        mono
        spellCheck={false}
        value={path}
        onChange={setPath}
        autoFocus
        placeholder="/home/ann/Downloads/model.gguf"
        hint="A .gguf file. It is copied into the data folder; nothing is fetched."
      />
      {pull.error && <ErrorNote error={pull.error} title="The file was not taken" meaning="It is untouched." />}
      <div className={styles.buttons}>
        <Button type="submit" tone="primary" isDisabled={!path.trim()} busy={pull.isPending}>
          Use this file
        </Button>
        <Button onPress={onDone}>Cancel</Button>
      </div>
    </form>
  );
}
