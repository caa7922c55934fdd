/** What the judges of the tasks share: fresh examples, and the records of epochs. */

import type { numpy as np } from "@jax-js/jax";
import type { Progress } from "../experiment.ts";
import { blocksOf } from "../mathematics/blocks.ts";
import { streamKey } from "../nn/keys.ts";
import type { EpochEnd } from "../training/loop.ts";
import { streams } from "../training/streams.ts";

/** Fresh examples that are judged after the last epoch. */
export const MEASURED_LAST = 10_000;

/** Fresh examples that are judged in one call. */
export const JUDGED_AT_ONCE = 1000;

/** The objectives of the tasks whose classifier is trained beside the explainer. */
export const objectives = {
  discrete: { key: "accuracy", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

/** The record of an epoch: what the loop knows of it, and what was measured after it. */
export function recordOf<Measures>({ epoch, loss, temperature, pace }: EpochEnd, measures: Measures) {
  return { epoch, loss, ...measures, temperature, examplesPerSecond: pace };
}

/** Keys and numbers of `count` fresh examples, some at a time: the same for the same seed. */
export async function* freshBlocks(
  count: number,
  seed: number,
  onProgress?: Progress,
): AsyncGenerator<{ key: np.Array; size: number }, void, void> {
  for (const { first, size } of blocksOf(count, JUDGED_AT_ONCE)) {
    yield { key: streamKey(seed, streams.measuring + first), size };
    await onProgress?.(first + size, count);
  }
}

type HostArray = Float32Array | Int32Array;

/** Arrays on the host, by the same names. Of which types they are, the caller has to know. Consumes the arrays. */
export async function readArrays<Arrays extends Record<keyof Arrays, HostArray>>(
  arrays: Readonly<Record<keyof Arrays, np.Array>>,
): Promise<Arrays> {
  const reading = Object.entries<np.Array>(arrays).map(async ([name, array]) => [name, await array.data()]);
  return Object.fromEntries(await Promise.all(reading)) as Arrays;
}
