/** The scale of the numbers that a model is shown: that of the simulations which it was trained on. */

import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import type { Trained } from "../experiment.ts";
import { parseJson } from "../json.ts";
import { problemOf } from "../problems.ts";
import type { Config } from "./method.ts";
import { type Scale, scaleOf } from "./motion.ts";

/** What particles have in frames, so many numbers each, scaled. */
export function scaled(numbers: Float32Array, scale: Scale, features: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(numbers, (value, i) => {
    const { least, most } = rangeOf(i % features, scale);
    return (2 * (value - least)) / (most - least) - 1;
  });
}

/** The inverse of `scaled`. */
export function unscaled(numbers: Float32Array, scale: Scale, features: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(numbers, (value, i) => {
    const { least, most } = rangeOf(i % features, scale);
    return least + ((value + 1) / 2) * (most - least);
  });
}

function rangeOf(feature: number, { position, velocity }: Scale): Scale["position"] {
  return feature < 2 ? position : velocity!;
}

/** In a checkpoint's metadata, the scale of what the model was trained on. */
const SCALE = "scale";

const range = z
  .strictObject({ least: z.number(), most: z.number() })
  .refine(({ least, most }) => least < most, "expected the least to be below the most");
const storedScale = z.strictObject({ position: range, velocity: range.optional() });

/** A checkpoint that says the scale of its training simulations, so that who uses the model need not make these anew. */
export async function withScale({ config, checkpoint }: Trained<Config>): Promise<Checkpoint> {
  const { tensors, metadata } = checkpoint;
  return { tensors, metadata: { ...metadata, [SCALE]: JSON.stringify(await scaleOf(config)) } };
}

/** As the checkpoint says, or by the training simulations. */
export async function knownScaleOf({ config, checkpoint }: Trained<Config>): Promise<Scale> {
  const stored = checkpoint.metadata[SCALE];
  if (stored === undefined) return scaleOf(config);
  const value = parsed(stored);
  const { data, error } = storedScale.safeParse(value);
  if (data) return { position: data.position, ...(data.velocity && { velocity: data.velocity }) };
  throw new Error(`The checkpoint's scale cannot be read: ${problemOf(error, value)}.`);
}

/** What is no JSON stays text, which is no scale. */
function parsed(json: string): unknown {
  try {
    return parseJson(json);
  } catch {
    return json;
  }
}
