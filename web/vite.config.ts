import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The pages under /docs, /swagger and /redoc are the server's; their scripts come from here, so that nothing is fetched from outside. */
const VENDOR: Record<string, string[]> = {
  "swagger-ui-dist": ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "LICENSE", "NOTICE"],
  "redoc/bundles": ["redoc.standalone.js", "redoc.standalone.js.LICENSE.txt"],
};

function vendor(): Plugin {
  let out = "";
  return {
    name: "vendor",
    apply: "build",
    configResolved: (config) => {
      out = resolve(config.root, config.build.outDir, "vendor");
    },
    closeBundle: () => {
      for (const [folder, files] of Object.entries(VENDOR)) {
        const target = `${out}/${folder.split("/")[0]}`;
        mkdirSync(target, { recursive: true });
        for (const file of files) cpSync(here(`./node_modules/${folder}/${file}`), `${target}/${file}`);
      }
    },
  };
}

/** React Aria speaks thirty languages; this UI speaks one so far. Its other word lists stay out of the build. */
function english(): Plugin {
  const empty = "\0no-words";
  return {
    name: "english-only",
    enforce: "pre",
    resolveId: (source, importer) =>
      importer?.includes("node_modules") &&
      /[/.](?!en-US)[a-z]{2}-[A-Z]{2}(\.m?js)?$/.test(source) &&
      /react-(aria|stately)|@(react-aria|react-stately)/.test(importer)
        ? empty
        : null,
    load: (id) => (id === empty ? "export default {};" : null),
  };
}

/** The licences of everything that ends up in the build, in one text beside it. */
function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle(_options, bundle) {
      const folders = new Set<string>();
      const note = (file: string) => {
        const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file.replaceAll("\\", "/"));
        if (found?.[1]) folders.add(found[1].replace(/^\0/, ""));
      };
      for (const part of Object.values(bundle)) {
        if (part.type === "chunk") part.moduleIds.forEach(note);
        else part.originalFileNames.forEach((name) => note(here(`./${name}`)));
      }
      const texts = [...folders].sort().map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as Record<string, string>;
        const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
        return `${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, "utf8").trim() : ""}`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: `${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n` });
    },
  };
}

/** The text font is asked for together with the page, so that the first picture is already set in it. */
function fontFirst(): Plugin {
  return {
    name: "font-first",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) =>
        Object.keys(bundle ?? {})
          .filter((name) => /inter-latin-wght-normal.*\.woff2$/.test(name))
          .map((name) => ({ tag: "link", injectTo: "head", attrs: { rel: "preload", as: "font", type: "font/woff2", crossorigin: "", href: `/ui/${name}` } })),
    },
  };
}

const server = process.env.SOPHON_URL ?? "http://127.0.0.1:8080";

/** During development the server is another origin, which its guard refuses; the proxy speaks as the server's own page. */
const proxy = Object.fromEntries(
  ["/api", "/openapi.json"].map((path) => [
    path,
    {
      target: server,
      changeOrigin: true,
      configure: (through: {
        on(event: "proxyReq", then: (request: { setHeader(name: string, value: string): void; getHeader(name: string): unknown }) => void): void;
      }) =>
        through.on("proxyReq", (request) => {
          if (request.getHeader("origin")) request.setHeader("origin", server);
        }),
    },
  ]),
);

export default defineConfig({
  base: "/ui/",
  plugins: [english(), react(), vendor(), licences(), fontFirst()],
  resolve: { alias: { "@": here("./src") } },
  server: { proxy },
  preview: { proxy },
  build: {
    target: ["chrome123", "firefox128", "safari17.5"],
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    assetsInlineLimit: 0, // the content policy allows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
});
