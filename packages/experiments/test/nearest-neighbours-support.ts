/** The tests' nearest-neighbour classifier: its configuration, its training, and the network again in float64. */

import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import type { Dataset } from "../src/data/types.ts";
import { nearestNeighbourClassifier } from "../src/nearest-neighbours/index.ts";
import { pixelsOf, sum, trainingOf } from "./support.ts";

export type Config = Parameters<typeof nearestNeighbourClassifier.run>[0];

/** Images as they are. */
export const UNDISTORTED = { shift: 0, wholePixels: false, rotation: 0, scaling: 0, shear: 0, mirror: false };

/** All of it spelled out, so that other defaults change no test. The network is the experiment's. */
const SETTINGS = {
  seed: 5,
  epochs: 2,
  batch: 20,
  k: 3,
  mutual: false,
  loss: "count",
  sampler: "subset",
  relaxation: "threshold",
  noise: true,
  hard: false,
  temperature: 1,
  schedule: "constant",
  learningRate: 2e-3,
  learningRateDecay: "none",
  momentum: 0.9,
  weightDecay: 5e-4,
  ...UNDISTORTED,
  shift: 1,
  initialization: "he",
};

export function configuration(values: Partial<Config> = {}): Config {
  return nearestNeighbourClassifier.schema.parse({ ...SETTINGS, ...values });
}

export const train = trainingOf(nearestNeighbourClassifier);

/** Training images that are not held out: one in twelve is, and at least one. */
export const trainedOn = (count: number): number => count - Math.max(1, Math.floor(count / 12));

// The network once more, in float64 and from its definition -----------------------------------------------------------

const KERNEL = 5;

/**
 * The points that a checkpoint's network gives to images of `side * side` numbers. Its loops are the longest of these tests: arrays
 * of one type, written in place, make them several times as fast.
 */
export function referenceNetwork({ tensors }: Checkpoint, side = 28) {
  const layer = (name: string) => ({
    weight: Float64Array.from(tensors[`model.${name}.weight`]!.data),
    bias: Float64Array.from(tensors[`model.${name}.bias`]!.data),
  });
  const [first, second, linear] = [layer("first"), layer("second"), layer("linear")];
  return (image: readonly number[]): number[] => {
    const half = pooledConvolution(Float64Array.from(image), side, first);
    const maps = pooledConvolution(half, (side - KERNEL + 1) / 2, second);
    return Array.from(linear.bias, (bias, output) => {
      return Math.max(0, bias + product(maps, 0, linear.weight, output * maps.length, maps.length));
    });
  };
}

/** Convolution, 2x2 maximum and ReLU of `side` rows of `side` places, the channels of a place beside each other. */
function pooledConvolution(
  maps: Float64Array,
  side: number,
  { weight, bias }: { weight: Float64Array; bias: Float64Array },
): Float64Array {
  const [channels, outputs] = [maps.length / side ** 2, bias.length];
  const [length, pooledSide] = [KERNEL * channels, (side - KERNEL + 1) / 2];
  // Below 0, where the ReLU's values begin, is as good as nothing.
  const pooled = new Float64Array(pooledSide ** 2 * outputs);
  for (let y = 0; y < 2 * pooledSide; y++) {
    for (let x = 0; x < 2 * pooledSide; x++) {
      const place = (Math.floor(y / 2) * pooledSide + Math.floor(x / 2)) * outputs;
      for (let output = 0; output < outputs; output++) {
        let total = bias[output]!;
        for (let i = 0; i < KERNEL; i++) {
          total += product(maps, ((y + i) * side + x) * channels, weight, (i * outputs + output) * length, length);
        }
        if (total > pooled[place + output]!) pooled[place + output] = total;
      }
    }
  }
  return pooled;
}

/** The inner product of two stretches of `length` numbers. */
function product(a: Float64Array, fromA: number, b: Float64Array, fromB: number, length: number): number {
  let total = 0;
  for (let i = 0; i < length; i++) total += a[fromA + i]! * b[fromB + i]!;
  return total;
}

export function squaredDistance(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((x, i) => (x - b[i]!) ** 2));
}

/** The points of all images of a data set. */
export function pointsOf(dataset: Dataset, pointOf: (image: number[]) => number[]): number[][] {
  return Array.from({ length: dataset.count }, (_, row) => pointOf(pixelsOf(dataset, row)));
}

/** Rows of the points nearest to each query, nearest first. */
export function nearestRows(queries: number[][], points: number[][], k: number): number[][] {
  return queries.map((query) => {
    const distances = points.map((point) => squaredDistance(query, point));
    const rows = distances.map((_, row) => row).sort((a, b) => distances[a]! - distances[b]!);
    return rows.slice(0, k);
  });
}

/** The percentage of queries whose label most of their neighbours have, ties to the nearer. */
export function accuracyOf(neighbours: number[][], queries: Dataset, points: Dataset): number {
  const predicted = neighbours.map((rows) => {
    const labels = rows.map((row) => points.labels[row]!);
    const votes = labels.map((label) => labels.filter((other) => other === label).length);
    return labels[votes.indexOf(Math.max(...votes))]!;
  });
  return (100 * predicted.filter((label, query) => label === queries.labels[query]).length) / queries.count;
}
