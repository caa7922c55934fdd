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

type Numbers = ArrayLike<number>;

/** The points that a checkpoint's network gives to images of `side * side` numbers. */
export function referenceNetwork({ tensors }: Checkpoint, side = 28) {
  const layer = (name: string) => ({
    weight: tensors[`model.${name}.weight`]!.data,
    bias: Array.from(tensors[`model.${name}.bias`]!.data),
  });
  const [first, second, linear] = [layer("first"), layer("second"), layer("linear")];
  return (image: readonly number[]): number[] => {
    const maps = pooledConvolution(pooledConvolution(image, side, first), (side - KERNEL + 1) / 2, second);
    return linear.bias.map((bias, output) => {
      return Math.max(0, bias + product(maps, 0, linear.weight, output * maps.length, maps.length));
    });
  };
}

/** Convolution, 2x2 maximum and ReLU of `side` rows of `side` places, the channels of a place beside each other. */
function pooledConvolution(
  maps: readonly number[],
  side: number,
  { weight, bias }: { weight: Numbers; bias: number[] },
) {
  const channels = maps.length / side ** 2;
  const [length, pooledSide] = [KERNEL * channels, (side - KERNEL + 1) / 2];
  const convolved = (y: number, x: number, output: number) => {
    let total = bias[output]!;
    for (let i = 0; i < KERNEL; i++) {
      total += product(maps, ((y + i) * side + x) * channels, weight, (i * bias.length + output) * length, length);
    }
    return total;
  };
  return Array.from({ length: pooledSide ** 2 }, (_, place) => {
    const [y, x] = [2 * Math.floor(place / pooledSide), 2 * (place % pooledSide)];
    return bias.map((_, output) => {
      const at = (down: number, right: number) => convolved(y + down, x + right, output);
      return Math.max(0, at(0, 0), at(0, 1), at(1, 0), at(1, 1));
    });
  }).flat();
}

/** The inner product of two stretches of `length` numbers. */
function product(a: Numbers, fromA: number, b: Numbers, fromB: number, length: number): number {
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
