/** What a trained model depends on, as a hash. */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";
import { sourceAliases } from "./sources.ts";

const texts = new Map<string, Promise<readonly string[]>>();

/**
 * A hash of the program that trains a model, the engine included, without comments and what it does not use; and of what for.
 *
 * @param folder of the experiment, in its package
 */
export async function hashOf(folder: string, settings: object): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  if (!texts.has(folder)) texts.set(folder, programOf(folder));
  for (const text of await texts.get(folder)!) hash.update(text);
  return hash.digest("hex");
}

async function programOf(folder: string): Promise<string[]> {
  const bundle = (await build({
    configFile: false,
    logLevel: "warn",
    resolve: { alias: sourceAliases },
    build: {
      target: "es2023",
      write: false,
      rolldownOptions: {
        input: fileURLToPath(import.meta.resolve(`@softdraw/experiments/${folder}/index`)),
        checks: { pluginTimings: false },
      },
    },
  })) as Rolldown.RolldownOutput;
  return bundle.output.flatMap((part) => (part.type === "chunk" ? [part.code] : []));
}
