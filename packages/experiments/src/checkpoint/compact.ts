/** Checkpoints without what an optimizer remembers, two thirds of most: for models that are used more than trained. */

import { parseJson } from "../json.ts";
import type { Checkpoint, Tensor } from "./safetensors.ts";

/** In the metadata: the shapes of the tensors that were left out, by their names. */
const FORGOTTEN = "forgotten";

/** Of an optimizer of a checkpoint, or of a part of it. */
const OF_OPTIMIZER = /(^|\.)optimizer\./;

/** Of the optimizer, only the shapes. */
export function withoutOptimizer({ tensors, metadata }: Checkpoint): Checkpoint {
  const entries = Object.entries(tensors);
  const forgotten = entries.filter(([name]) => OF_OPTIMIZER.test(name)).map(([name, { shape }]) => [name, shape]);
  return {
    tensors: Object.fromEntries(entries.filter(([name]) => !OF_OPTIMIZER.test(name))),
    metadata: { ...metadata, [FORGOTTEN]: JSON.stringify(Object.fromEntries(forgotten)) },
  };
}

/** The same with an optimizer that has seen no step: all of ours begin with zeros. */
export function withFreshOptimizer({ tensors, metadata }: Checkpoint): Checkpoint {
  const { [FORGOTTEN]: forgotten, ...rest } = metadata;
  if (forgotten === undefined) return { tensors, metadata };
  const shapes = Object.entries(parseJson(forgotten) as Readonly<Record<string, readonly number[]>>);
  const zeros = shapes.map(([name, shape]): [string, Tensor] => {
    return [name, { shape, data: new Float32Array(shape.reduce((size, length) => size * length, 1)) }];
  });
  // In one order, in which the trees of the model and of what is remembered of it have the same leaves.
  const all = [...Object.entries(tensors), ...zeros].sort(([a], [b]) => (a < b ? -1 : 1));
  return { tensors: Object.fromEntries(all), metadata: rest };
}
