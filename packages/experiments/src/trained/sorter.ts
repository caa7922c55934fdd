/** A trained sorter of numbers. */

import { random, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { initModel, schema, scoreNumbers } from "../sorting/method.ts";
import { configOf, kernelOf, modelIn, type Parts, rowsOf } from "./parts.ts";

/** Of `softdraw train sort`. */
export interface TrainedSorter extends Parts<"sort"> {
  /** Scores of a number: one, or one for each place of the list. */
  readonly scores: number;
  /** Numbers `[count]` to their scores, `[count, scores]`. */
  score(numbers: Float32Array): Promise<Float32Array>;
}

export function loadSorter(checkpoint: Checkpoint, file: string): TrainedSorter {
  const config = configOf(schema, checkpoint, file);
  const model = modelIn(checkpoint, "model", () => initModel(random.key(0), config));
  const scored = kernelOf(model, scoreNumbers);
  return {
    experiment: "sort",
    scores: model.output.bias.size,
    score: async (numbers) => scored(rowsOf("score: numbers", numbers, [])),
    dispose: () => tree.dispose(model),
  };
}
