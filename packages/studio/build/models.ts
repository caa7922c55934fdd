/** The trained models of the page as files of it: those that `npm run models` has made, and none where it has not. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { EpochRecord } from "@softdraw/experiments/experiment";
import type { Plugin } from "vite";
import { FACTS, type Judged, type ShippedModel } from "../src/lab/shipped.ts";
import { hashOf } from "./program.ts";

/** Where they are kept. No part of the repository. */
export const MODELS = fileURLToPath(new URL("../models/", import.meta.url));

export const EXTENSION = ".safetensors";

/** What a model was made with, how it was judged, and how its training went. */
export interface Facts {
  /** Of the experiment. */
  readonly folder: string;
  readonly settings: object;
  /** A hash of the program that made it, and of the settings. */
  readonly madeOf: string;
  readonly judged: Judged;
  readonly records: readonly EpochRecord[];
}

const INDEX = "index.json";

/** Serves the models in a folder at `models/`, with an index of them. */
export function models(folder = MODELS): Plugin {
  return {
    name: "models",
    async generateBundle() {
      for (const [name, source] of Object.entries(await modelFiles(folder, (line) => this.warn(line)))) {
        this.emitFile({ type: "asset", fileName: `models/${name}`, source });
      }
    },
    configureServer({ middlewares, config }) {
      const files = modelFiles(folder, (line) => config.logger.warn(line));
      files.catch(() => {});
      middlewares.use("/models", async (request, response, next) => {
        const source = (await files)[request.url!.slice(1)];
        if (source === undefined) return next();
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(source);
      });
    },
  };
}

/**
 * The files by their names: the models, and the index that says which there are. One that another program made is left out,
 * which might read its numbers otherwise.
 *
 * @param warn is told of what is left out
 */
export async function modelFiles(
  folder: string,
  warn: (line: string) => void,
): Promise<Record<string, Uint8Array | string>> {
  const { decodeCheckpoint } = await import("@softdraw/experiments/checkpoint/safetensors");
  const files: Record<string, Uint8Array | string> = {};
  const index: Record<string, ShippedModel> = {};
  for (const file of await filesIn(folder)) {
    const bytes = await readFile(join(folder, file));
    const checkpoint = decodeCheckpoint(bytes, file);
    const facts = factsIn(checkpoint);
    if (facts === undefined || (await hashOf(facts.folder, facts.settings)) !== facts.madeOf) {
      warn(`models/${file} was made by another program and is left out: npm run models makes it anew.`);
      continue;
    }
    files[file] = bytes;
    const { judged, records } = facts;
    index[file.slice(0, -EXTENSION.length)] = { experiment: checkpoint.metadata.experiment!, file, judged, records };
  }
  return { ...files, [INDEX]: JSON.stringify(index) };
}

/** Undefined for a model that does not say them. */
export function factsIn({ metadata }: Checkpoint): Facts | undefined {
  const text = metadata[FACTS];
  return text === undefined ? undefined : (JSON.parse(text) as Facts);
}

/** None where there is no folder. */
async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(EXTENSION)).sort();
}
