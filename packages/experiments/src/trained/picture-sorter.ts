/** A trained sorter of pictures of numbers. */

import { random, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { withMargins } from "../data/numbers.ts";
import { pooledPatches } from "../data/patches.ts";
import { KERNEL, MARGIN } from "../ranking/batches.ts";
import { initModel, type Model, numbersLeft, schema, scorePictures } from "../ranking/method.ts";
import { configOf, countOf, kernelOf, modelIn, type Parts, sizesOf } from "./parts.ts";

/** Of `softdraw train rank`. */
export interface TrainedPictureSorter extends Parts<"rank"> {
  /** Digits of a number, side by side in its picture. */
  readonly digits: number;
  /** Scores of a picture: one, by which lists are sorted, the smallest first, or one for each place of the list. */
  readonly scores: number;
  /** Pictures `[count, height, width]`, from 0 to 1, to their scores, `[count, scores]`. */
  score(pictures: Float32Array, size: { readonly height: number; readonly width: number }): Promise<Float32Array>;
}

export function loadPictureSorter(checkpoint: Checkpoint, file: string): TrainedPictureSorter {
  const config = configOf(schema, checkpoint, file);
  const inputs = checkpoint.tensors["model.hidden.weight"]?.shape[1] ?? 0;
  const model = modelIn(checkpoint, "model", () => initModel(random.key(0), config, inputs));
  const scored = kernelOf(model, (model: Model, x) => scorePictures(model, x, config.padded));
  return {
    experiment: "rank",
    digits: config.digits,
    scores: model.output.bias.size,
    async score(pictures, size) {
      const { height, width } = sizesOf("score: size", size, ["height", "width"]);
      const left = numbersLeft(config, { height, width });
      if (left !== inputs) {
        throw new RangeError(
          `score: expected pictures of which both convolutions leave ${inputs} numbers, as of those that were trained on, ` +
            `got ${height} x ${width}, of which they leave ${left}.`,
        );
      }
      const count = countOf("score: pictures", pictures, height * width);
      const margin = config.padded ? MARGIN : 0;
      const padded = { count, height: height + 2 * margin, width: width + 2 * margin };
      return scored(pooledPatches(withMargins(pictures, { height, width }, margin), padded, KERNEL));
    },
    dispose: () => tree.dispose(model),
  };
}
