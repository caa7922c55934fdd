/** The batches that the classifier learns from: queries and candidates, distorted anew in every epoch. */

import type { numpy as np } from "@jax-js/jax";
import { gatherLabels } from "../data/batches.ts";
import { type Distortions, NUMBERS_A_DISTORTION, randomDistortions } from "../data/distortions.ts";
import { gatherPatches } from "../data/patches.ts";
import type { Dataset } from "../data/types.ts";
import { streamKey } from "../nn/keys.ts";
import { epochOrder } from "../training/epochs.ts";
import { streams } from "../training/streams.ts";
import type { Config } from "./method.ts";

/** Pixels each way that the first convolution sees at once: images come as patches of that size. */
export const KERNEL = 5;

/** The queries of a step, and behind them as many candidates. */
export type Batch = { patches: np.Array; labels: np.Array };

/** The batches of an epoch: queries and candidates come from two independent orders. */
export async function epochBatches(config: Config, training: Dataset, epoch: number, steps: number) {
  const { seed, batch } = config;
  const queries = await epochOrder(seed, epoch, training);
  const candidates = await epochOrder(seed, epoch, training, "secondOrder");
  const distortions = await distortionsOf(config, streamKey(seed, streams.distortions + epoch), steps * 2 * batch);
  const numbers = 2 * batch * NUMBERS_A_DISTORTION;
  return (step: number): Batch => {
    const part = (order: Uint32Array) => order.subarray(step * batch, (step + 1) * batch);
    const order = Uint32Array.of(...part(queries), ...part(candidates));
    return {
      patches: gatherPatches(training, order, KERNEL, distortions?.subarray(step * numbers, (step + 1) * numbers)),
      labels: gatherLabels(training, order, 0, order.length),
    };
  };
}

/** Random distortions of `count` images, none where images are to stay as they are. Consumes the key. */
async function distortionsOf(config: Config, key: np.Array, count: number): Promise<Distortions | undefined> {
  const { shift, rotation, scaling, shear, mirror } = config;
  if (shift > 0 || rotation > 0 || scaling > 0 || shear > 0 || mirror) return randomDistortions(key, count, config);
  key.dispose();
  return undefined;
}
