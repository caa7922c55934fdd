/**
 * Checkpoints that say themselves which configuration they were trained with. Pure: the same code runs in Node and in a page.
 *
 * @module
 */

import { parseJson } from "../json.ts";
import type { Checkpoint } from "./safetensors.ts";

const CONFIG = "config";

export function describeCheckpoint({ tensors, metadata }: Checkpoint, config: unknown): Checkpoint {
  return { tensors, metadata: { ...metadata, [CONFIG]: JSON.stringify(config) } };
}

/** Undefined where the checkpoint says nothing that could be one. */
export function configurationIn({ metadata }: Checkpoint): object | undefined {
  try {
    const config: unknown = parseJson(metadata[CONFIG] ?? "");
    return typeof config === "object" && config !== null ? config : undefined;
  } catch {
    return undefined;
  }
}
