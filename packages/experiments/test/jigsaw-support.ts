/** The tests' jigsaw: small pictures, its configuration, its training, and the network again in float64. */

import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import type { Dataset, DatasetSplits } from "../src/data/types.ts";
import { jigsaw } from "../src/jigsaw/index.ts";
import { fewDigits, sum, trainingOf } from "./support.ts";

export type Config = Parameters<typeof jigsaw.run>[0];

/** All of it spelled out, so that other defaults change no test. */
const SETTINGS = {
  seed: 5,
  pieces: 2,
  epochs: 2,
  batch: 20,
  channels: 4,
  hidden: 16,
  exchanges: 1,
  initialization: "he",
  temperature: 0.5,
  schedule: "constant",
  iterations: 5,
  learningRate: 2e-3,
  learningRateDecay: "none",
};

export function configuration(values: object = {}): Config {
  return jigsaw.schema.parse({ ...SETTINGS, ...values });
}

export const train = trainingOf(jigsaw);

/** Side of the small pictures. */
export const SIDE = 12;

/** Digits of every other pixel from the middle; the lower half of every third is blank, so that pieces are alike. */
export async function smallDigits(train: number, test: number): Promise<DatasetSplits> {
  const digits = await fewDigits(train, test);
  return { ...digits, train: reduced(digits.train), test: reduced(digits.test) };
}

function reduced(dataset: Dataset): Dataset {
  const images = Uint8Array.from({ length: dataset.count * SIDE * SIDE }, (_, i) => {
    const [row, y, x] = [Math.floor(i / SIDE ** 2), Math.floor(i / SIDE) % SIDE, i % SIDE];
    if (row % 3 === 2 && y >= SIDE / 2) return 0;
    return dataset.images[(row * dataset.height + 2 + 2 * y) * dataset.width + 2 + 2 * x]!;
  });
  return { ...dataset, height: SIDE, width: SIDE, images };
}

/** The pictures of a data set that are given. */
export function picturesOf(dataset: Dataset, rows: readonly number[]): Dataset {
  const pixels = dataset.height * dataset.width;
  const images = rows.flatMap((row) => [...dataset.images.subarray(row * pixels, (row + 1) * pixels)]);
  return { ...dataset, count: rows.length, images: Uint8Array.from(images) };
}

// Pieces, by definition -----------------------------------------------------------------------------------------------

/** The pieces of a picture of `side * side` numbers, row by row. */
export function piecesOf(picture: readonly number[], side: number, across: number): number[][] {
  const length = side / across;
  return Array.from({ length: across ** 2 }, (_, piece) => {
    const [top, left] = [Math.floor(piece / across) * length, (piece % across) * length];
    return Array.from({ length: length ** 2 }, (_, i) => {
      return picture[(top + Math.floor(i / length)) * side + left + (i % length)]!;
    });
  });
}

/** MNIST's mean and deviation, by which the tutorial scales pixels. */
export const scaled = (piece: readonly number[]) => piece.map((pixel) => (pixel - 0.1307) / 0.3081);

// The network once more, in float64 and from its definition -----------------------------------------------------------

const KERNEL = 5;

/** Mean and variance of every channel. */
export interface Statistics {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** What a checkpoint's network says of pieces of `side * side` numbers. */
export function referenceNetwork({ tensors }: Checkpoint) {
  const numbers = (name: string) => Array.from(tensors[name]?.data ?? []);
  const [weight, bias] = ["convolution.weight", "convolution.bias"].map((name) => numbers(`model.${name}`));
  const [scale, offset] = ["norm.scale", "norm.offset"].map((name) => numbers(`model.${name}`));
  const [hidden, hiddenBias, scores] = ["hidden.weight", "hidden.bias", "scores"].map((n) => numbers(`model.${n}`));
  const [mean, variance] = ["mean", "variance"].map((name) => numbers(`statistics.${name}`));

  /** Before normalization: `[place][channel]` of a piece. */
  const mapsOf = (piece: readonly number[]) => pooledConvolution(scaled(piece), weight!, bias!);

  /** Of the maps of one piece alone. */
  const featuresOf = (maps: readonly number[][], statistics: Statistics) => {
    const normalized = maps.flatMap((place) =>
      place.map((x, c) => {
        return (scale![c]! * (x - statistics.mean[c]!)) / Math.sqrt(statistics.variance[c]! + 1e-5) + offset![c]!;
      }),
    );
    return hiddenBias!.length > 0 ? rectified(product(hidden!, normalized), hiddenBias!) : normalized;
  };

  const exchanged = (features: number[][], round: number) => {
    const [own, ownBias, mean] = ["own.weight", "own.bias", "mean"].map((n) =>
      numbers(`model.exchanges.${round}.${n}`),
    );
    const together = features[0]!.map((_, i) => sum(features.map((piece) => piece[i]!)) / features.length);
    const heard = product(mean!, together).map((x, i) => x + ownBias![i]!);
    return features.map((piece) => rectified(product(own!, piece), heard));
  };

  /** `[piece][place]` of the maps of all pieces of a picture. */
  const scoresOf = (pieces: readonly number[][][], statistics: Statistics) => {
    const alone = pieces.map((maps) => featuresOf(maps, statistics));
    const rounds = Object.keys(tensors).filter((name) => /^model\.exchanges\.\d+\.mean$/.test(name)).length;
    const features = Array.from({ length: rounds }, (_, round) => round).reduce(exchanged, alone);
    return features.map((piece) => product(scores!, piece));
  };
  return { mapsOf, scoresOf, running: { mean: mean!, variance: variance! } };
}

/** Convolution that keeps the size, 2x2 maximum of whole squares, ReLU: `[place][output]`. */
function pooledConvolution(piece: readonly number[], weight: readonly number[], bias: readonly number[]) {
  const side = Math.sqrt(piece.length);
  const pooled = Math.floor(side / 2);
  const pixel = (y: number, x: number) => (y >= 0 && y < side && x >= 0 && x < side ? piece[y * side + x]! : 0);
  const convolved = (y: number, x: number, output: number) => {
    let total = bias[output]!;
    for (let i = 0; i < KERNEL; i++) {
      for (let j = 0; j < KERNEL; j++) {
        total += pixel(y + i - 2, x + j - 2) * weight[(i * bias.length + output) * KERNEL + j]!;
      }
    }
    return total;
  };
  return Array.from({ length: pooled ** 2 }, (_, place) => {
    const [y, x] = [2 * Math.floor(place / pooled), 2 * (place % pooled)];
    return bias.map((_, output) => {
      const at = (down: number, right: number) => convolved(y + down, x + right, output);
      return Math.max(0, at(0, 0), at(0, 1), at(1, 0), at(1, 1));
    });
  });
}

function rectified(x: readonly number[], bias: readonly number[]): number[] {
  return x.map((value, i) => Math.max(0, value + bias[i]!));
}

/** A matrix, row by row, times a vector. */
function product(matrix: readonly number[], vector: readonly number[]): number[] {
  return Array.from({ length: matrix.length / vector.length }, (_, row) =>
    sum(vector.map((x, i) => x * matrix[row * vector.length + i]!)),
  );
}
