import { defineConfig, mergeConfig } from "vitest/config";
import site from "./vite.config";

export default mergeConfig(
  site,
  defineConfig({
    test: {
      environment: "happy-dom",
      isolate: false, // one set of modules for all files: a quarter of the time
      include: ["src/**/*.test.{ts,tsx}"],
      setupFiles: ["src/testing.ts"],
      css: { modules: { classNameStrategy: "non-scoped" } },
    },
  }),
);
