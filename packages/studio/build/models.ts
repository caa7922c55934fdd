/** The trained models of the page as files of it: those that `npm run models` has made, and none where it has not. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import type { Judged, ShippedModels } from "../src/lab/shipped.ts";

/** Where they are kept. No part of the repository. */
export const MODELS = fileURLToPath(new URL("../models/", import.meta.url));

export const EXTENSION = ".safetensors";

/** In a model's metadata: what it depends on, as a hash, and how it was judged. */
export const MADE_OF = "made of";
export const JUDGED = "judged";

const INDEX = "index.json";

/** Serves the models in a folder at `models/`, with an index of them. */
export function models(folder = MODELS): Plugin {
  return {
    name: "models",
    async generateBundle() {
      for (const [name, source] of Object.entries(await modelFiles(folder))) {
        this.emitFile({ type: "asset", fileName: `models/${name}`, source });
      }
    },
    configureServer({ middlewares }) {
      middlewares.use("/models", async (request, response, next) => {
        const source = (await modelFiles(folder))[request.url!.slice(1)];
        if (source === undefined) return next();
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(source);
      });
    },
  };
}

/** The files by their names: the models, and the index that says which there are. */
export async function modelFiles(folder: string): Promise<Record<string, Uint8Array | string>> {
  const { decodeCheckpoint } = await import("@softdraw/experiments/checkpoint/safetensors");
  const files: Record<string, Uint8Array | string> = {};
  const index: Record<string, ShippedModels[string]> = {};
  for (const file of await filesIn(folder)) {
    const bytes = await readFile(join(folder, file));
    const { metadata } = decodeCheckpoint(bytes, file);
    files[file] = bytes;
    index[metadata.experiment!] = { file, judged: JSON.parse(metadata[JUDGED]!) as Judged };
  }
  return { ...files, [INDEX]: JSON.stringify(index) };
}

/** None where there is no folder. */
async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(EXTENSION)).sort();
}
