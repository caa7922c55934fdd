/** The lists that are learned from and judged by: pictures of numbers whose digits are drawn at random. */

import { numpy as np, random } from "@jax-js/jax";
import { numbersOf, pictureNumbers, truePlan } from "../data/numbers.ts";
import { pooledPatches } from "../data/patches.ts";
import type { Dataset } from "../data/types.ts";
import { streamKey } from "../nn/keys.ts";
import { streams } from "../training/streams.ts";
import type { Config } from "./method.ts";

/** Pixels each way that the convolutions see at once: pictures come as patches of that size. */
export const KERNEL = 5;

/** Around what a convolution sees, so that it keeps its size. */
export const MARGIN = (KERNEL - 1) / 2;

/** `patches` of all pictures of all lists, as the first convolution takes them, and their true plans `[lists, n, n]`. */
export type Batch = { patches: np.Array; plans: np.Array };

type Shape = Pick<Config, "n" | "digits" | "padded">;

/** The batches of an epoch: every digit is any image of the data set. */
export async function epochBatches(config: Config, training: Dataset, epoch: number) {
  const { n, digits, batch, steps, seed } = config;
  const size = batch * n * digits;
  const rows = await drawnRows(streamKey(seed, streams.order + epoch), steps * size, training);
  return (step: number): Batch => {
    const own = rows.subarray(step * size, (step + 1) * size);
    const numbers = numbersOf(training, own, digits);
    const plans = new Float32Array(batch * n * n);
    for (let list = 0; list < batch; list++) {
      plans.set(truePlan(numbers.subarray(list * n, (list + 1) * n)), list * n * n);
    }
    return { patches: patchesOf(config, training, own), plans: np.array(plans, { shape: [batch, n, n] }) };
  };
}

/** Uniformly drawn rows of a data set (to within its size / 2^32). Consumes the key. */
export async function drawnRows(key: np.Array, count: number, { count: size }: Dataset): Promise<Uint32Array> {
  const bits = await random.bits(key, [count]).data();
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((bits[i]! / 2 ** 32) * size));
}

/** The patches of pictures of numbers, `digits` rows of the data set each. */
export function patchesOf({ digits, padded }: Omit<Shape, "n">, dataset: Dataset, rows: Uint32Array): np.Array {
  const margin = padded ? MARGIN : 0;
  const shape = {
    count: rows.length / digits,
    height: dataset.height + 2 * margin,
    width: digits * dataset.width + 2 * margin,
  };
  return pooledPatches(pictureNumbers(dataset, rows, digits, margin), shape, KERNEL);
}
