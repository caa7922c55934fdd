import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { registerSources } from "@softdraw/lab/sources.js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { digits } from "./build/digits.ts";
import { firstFonts } from "./build/first-fonts.ts";
import { licenses } from "./build/licenses.ts";
import { models } from "./build/models.ts";
import { modules } from "./build/modules.ts";
import { policies } from "./build/policies.ts";
import { previewPicture } from "./build/preview-picture.ts";
import { runs } from "./build/runs.ts";
import { sourceAliases } from "./build/sources.ts";

// What the configuration imports runs in Node, which takes no TypeScript from packages.
await registerSources();
const { isolationHeaders } = await import("@softdraw/lab/server/headers");

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** The embedded digits are those of a package of the lab. */
const digitsPackage = createRequire(import.meta.resolve("@softdraw/lab/package.json")).resolve("mnist/package.json");
const { page: licensesOfPage, threads: licensesOfThreads } = licenses([digitsPackage]);

export default defineConfig({
  root: HERE,
  // From wherever the page is served.
  base: "./",
  plugins: [
    svelte({ configFile: false }),
    digits(),
    models(),
    modules(),
    runs(),
    policies(),
    firstFonts(),
    previewPicture(),
    licensesOfPage,
  ],
  resolve: { alias: sourceAliases },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    // One sheet of some kilobytes, not one for each part of a page.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    // Making the digits takes seconds, as it should.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  // The experiments' thread reads the digits by itself, and runs what is written in the page.
  worker: { format: "es", plugins: () => [digits(), modules(), licensesOfThreads] },
  // The development server injects its styles into the page; the built page keeps the whole policy.
  server: { headers: isolationHeaders },
  // Not those of the development server: see build/policies.ts.
  preview: { headers: {} },
});
