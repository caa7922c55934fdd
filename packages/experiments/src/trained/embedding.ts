/** A trained classifier by nearest neighbours. */

import { random, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { pooledPatches } from "../data/patches.ts";
import { KERNEL } from "../nearest-neighbours/batches.ts";
import { embed, initModel, numbersLeft, schema } from "../nearest-neighbours/method.ts";
import { configOf, countOf, kernelOf, modelIn, type Parts, sizesOf } from "./parts.ts";

/** Of `softdraw train dknn`. */
export interface TrainedEmbedding extends Parts<"dknn"> {
  /** Images `[count, height, width]`, from 0 to 1, to points `[count, 500]`, of which near ones are alike. */
  embed(images: Float32Array, size: { readonly height: number; readonly width: number }): Promise<Float32Array>;
}

export function loadEmbedding(checkpoint: Checkpoint, file: string): TrainedEmbedding {
  const config = configOf(schema, checkpoint, file);
  const inputs = checkpoint.tensors["model.linear.weight"]?.shape[1] ?? 0;
  const model = modelIn(checkpoint, "model", () => initModel(random.key(0), config, inputs));
  const embedded = kernelOf(model, embed);
  return {
    experiment: "dknn",
    async embed(images, size) {
      const { height, width } = sizesOf("embed: size", size, ["height", "width"]);
      const left = numbersLeft({ height, width });
      if (left !== inputs) {
        throw new RangeError(
          `embed: expected images of which both convolutions leave ${inputs} numbers, as of those that were trained on, ` +
            `got ${height} x ${width}, of which they leave ${left}.`,
        );
      }
      const count = countOf("embed: images", images, height * width);
      return embedded(pooledPatches(images, { count, height, width }, KERNEL));
    },
    dispose: () => tree.dispose(model),
  };
}
