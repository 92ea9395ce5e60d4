import { createRoot } from "react-dom/client";
import { createQueryClient } from "@/api/query";
import { followWorkspace } from "@/api/sync";
import "@/design/tokens.css";
import "@/design/base.css";
import { App } from "@/shell/App";

const client = createQueryClient();
followWorkspace(client);
createRoot(document.getElementById("root")!).render(<App client={client} />);
