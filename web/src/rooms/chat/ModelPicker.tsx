import { Boxes, Check } from "lucide-react";
import { useModelAction, useModels, useProviders, type Model, type Provider } from "@/api";
import { Button, Menu, toastError, type MenuAction } from "@/components";
import { reachOf } from "@/rooms/models/reach";
import { Place } from "./Composer";
import styles from "./ModelPicker.module.css";

/** Whether what is said to this model stays here. A provider whose address is unknown counts as elsewhere. */
export function staysHere(model: Model, providers: readonly Provider[]): boolean {
  if (model.source !== "provider") return true;
  const provider = providers.find((one) => one.id === model.providerId);
  return provider !== undefined && reachOf(provider.baseUrl)?.reach === "machine";
}

/** Which model will answer, and where it runs; a press chooses another one that is ready. */
export function ModelPicker() {
  const models = useModels();
  const providers = useProviders();
  const use = useModelAction("use");
  const chats = models.data?.items.filter((one) => one.kind === "chat") ?? [];
  const ready = chats.filter((one) => one.status === "installed");
  const known = providers.data ?? [];
  const current = chats.find((one) => one.id === models.data?.chat.modelId) ?? null;
  if (!models.data) return null;

  const choices = ready.map((model): MenuAction => ({
    id: model.id,
    label: model.name,
    hint: staysHere(model, known) ? "On this machine" : `Sent to ${known.find((one) => one.id === model.providerId)?.name ?? "a provider"}`,
    icon: model.id === current?.id ? <Check aria-label="In use" /> : <Place isLocal={staysHere(model, known)} />,
    onAction: () => use.mutate(model.id, { onError: (error) => toastError(`${model.name} is not used`, error) }),
  }));
  return (
    <Menu
      label="Which model answers"
      placement="top start"
      trigger={
        <Button tone="quiet" small className={styles.picker}>
          <span className={styles.words}>
            {current ? <Place isLocal={staysHere(current, known)} /> : <Boxes aria-hidden />}
            <span className="ellipsis">{current?.name ?? "No chat model"}</span>
            {current && <span className={styles.where}>{staysHere(current, known) ? "on this machine" : "elsewhere"}</span>}
            <span className="aside-voice">, choose which model answers</span>
          </span>
        </Button>
      }
      groups={[
        ...(choices.length > 0 ? [{ id: "ready", label: "Answers come from", items: choices }] : []),
        { id: "more", items: [{ id: "models", label: "All models", icon: <Boxes aria-hidden />, href: "/models" }] },
      ]}
    />
  );
}
