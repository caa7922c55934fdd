/**
 * Batch normalization: by the statistics of the batch while training, by running ones afterwards.
 *
 * @module
 */

import { numpy as np } from "@jax-js/jax";
import { alongRows, meanOfRows } from "./parts.ts";

/** All of shape `[channels]`. The statistics are not trained: training returns their next values. */
export type BatchNorm = { scale: np.Array; offset: np.Array };
export type BatchStatistics = { mean: np.Array; variance: np.Array };

/** As in PyTorch: what a batch adds to the running statistics, and what keeps the deviation from 0. */
const MOMENTUM = 0.1;
const EPSILON = 1e-5;

export function initBatchNorm(channels: number): { layer: BatchNorm; statistics: BatchStatistics } {
  return {
    layer: { scale: np.ones([channels]), offset: np.zeros([channels]) },
    statistics: { mean: np.zeros([channels]), variance: np.ones([channels]) },
  };
}

/**
 * `scale (x - mean) / sqrt(variance + 1e-5) + offset` a channel, the last axis, by the batch's own mean and (biased)
 * variance, with the running statistics moved towards them (the variance unbiased). Consumes everything.
 *
 * Ioffe, Szegedy, "Batch Normalization", 2015.
 */
export function batchNormTraining(
  layer: BatchNorm,
  running: BatchStatistics,
  x: np.Array,
): { normalized: np.Array; statistics: BatchStatistics } {
  const count = x.size / x.shape.at(-1)!;
  const mean = meanOfRows(x.ref);
  const variance = meanOfRows(alongRows(x.ref, [mean.ref], (each, [center]) => np.square(each.sub(center!))));
  const towards = (old: np.Array, seen: np.Array) => old.mul(1 - MOMENTUM).add(seen.mul(MOMENTUM));
  const statistics = {
    mean: towards(running.mean, mean.ref),
    variance: towards(running.variance, variance.ref.mul(count / Math.max(1, count - 1))),
  };
  return { normalized: batchNorm(layer, { mean, variance }, x), statistics };
}

/** The same by given statistics. Consumes everything. */
export function batchNorm({ scale, offset }: BatchNorm, { mean, variance }: BatchStatistics, x: np.Array): np.Array {
  const factor = scale.div(np.sqrt(variance.add(EPSILON)));
  return alongRows(x, [mean, factor, offset], (each, [center, times, plus]) =>
    each.sub(center!).mul(times!).add(plus!),
  );
}
