/** The tests' sorting of pictures: its configuration, its training, and network and orders again in float64. */

import { permutations, softmax } from "@softdraw/testing/numbers";
import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import type { Dataset } from "../src/data/types.ts";
import { pictureRanking } from "../src/ranking/index.ts";
import { pixelsOf, sum, trainingOf } from "./support.ts";

export type Config = Parameters<typeof pictureRanking.run>[0];

/** All of it spelled out, so that other defaults change no test. */
const SETTINGS = {
  seed: 5,
  n: 3,
  digits: 1,
  epochs: 2,
  steps: 4,
  batch: 4,
  relaxation: "softsort",
  noise: false,
  loss: "cross-entropy",
  temperature: 1,
  schedule: "constant",
  learningRate: 2e-3,
  learningRateDecay: "none",
  channels: 4,
  padded: false,
  hidden: 8,
  initialization: "he",
};

export function configuration(values: object = {}): Config {
  return pictureRanking.schema.parse({ ...SETTINGS, ...values });
}

export const train = trainingOf(pictureRanking);

// Pictures and orders, by definition ----------------------------------------------------------------------------------

const SIDE = 28;

/** The pixels of the digits in these rows, side by side, row by row. */
export function pictureOf(dataset: Dataset, rows: readonly number[]): number[] {
  const digits = rows.map((row) => pixelsOf(dataset, row));
  return Array.from({ length: SIDE }, (_, y) => digits.map((digit) => digit.slice(y * SIDE, (y + 1) * SIDE))).flat(2);
}

export function numberOf({ labels }: Dataset, rows: readonly number[]): number {
  return Number(rows.map((row) => labels[row]).join(""));
}

/** All orders of numbers that sort them, the smallest first. */
export function sortingOrders(numbers: readonly number[]): number[][] {
  return permutations(numbers.length).filter((order) =>
    order.every((i, place) => place === 0 || numbers[order[place - 1]!]! <= numbers[i]!),
  );
}

/** The share of the orders that sort the numbers which put number i into place j. */
export function sharesOfPlaces(numbers: readonly number[]): number[][] {
  const sorting = sortingOrders(numbers);
  return numbers.map((_, i) =>
    numbers.map((_, place) => sorting.filter((order) => order[place] === i).length / sorting.length),
  );
}

/** SoftSort of scores, `[thing][place]`, the smallest first. */
export function softSorted(scores: readonly number[], temperature: number): number[][] {
  const sorted = scores.toSorted((a, b) => a - b);
  const places = sorted.map((own) => softmax(scores.map((score) => -Math.abs(own - score) / temperature)));
  return scores.map((_, i) => places.map((place) => place[i]!));
}

/** NeuralSort of scores, `[thing][place]`, the smallest first. */
export function neuralSorted(scores: readonly number[], temperature: number): number[][] {
  const n = scores.length;
  const places = scores.map((_, place) =>
    softmax(
      scores.map((score) => {
        const spread = sum(scores.map((other) => Math.abs(score - other)));
        return ((2 * place + 1 - n) * score - spread) / temperature;
      }),
    ),
  );
  return scores.map((_, i) => places.map((place) => place[i]!));
}

// The network once more, in float64 and from its definition -----------------------------------------------------------

const KERNEL = 5;

type Numbers = ArrayLike<number>;

/** Numbers `[height][width][channels]` in one list. */
interface Maps {
  readonly height: number;
  readonly width: number;
  readonly values: Numbers;
}

/** The scores that a checkpoint's network gives to a picture of 28 rows. */
export function referenceNetwork({ tensors }: Checkpoint, { padded }: Pick<Config, "padded">) {
  const numbers = (name: string) => Array.from(tensors[`model.${name}`]!.data);
  const layer = (name: string) => ({ weight: numbers(`${name}.weight`), bias: numbers(`${name}.bias`) });
  const [first, second, hidden, output] = ["first", "second", "hidden", "output"].map(layer);
  return (picture: readonly number[]): number[] => {
    const image = { height: SIDE, width: picture.length / SIDE, values: picture };
    const maps = pooledConvolution(pooledConvolution(image, first!, padded), second!, padded);
    const features = dense(hidden!, maps.values).map((x) => Math.max(0, x));
    return dense(output!, features);
  };
}

type Layer = { weight: Numbers; bias: readonly number[] };

function dense({ weight, bias }: Layer, x: Numbers): number[] {
  return bias.map((plus, row) => {
    let total = plus;
    for (let i = 0; i < x.length; i++) total += weight[row * x.length + i]! * x[i]!;
    return total;
  });
}

/** Convolution, 2x2 maximum and ReLU; with zeros around, if `padded`. */
function pooledConvolution({ height, width, values }: Maps, { weight, bias }: Layer, padded: boolean): Maps {
  const channels = values.length / (height * width);
  const margin = padded ? 2 : 0;
  const [down, across] = [height, width].map((side) => (side + 2 * margin - KERNEL + 1) / 2) as [number, number];
  const at = (y: number, x: number, channel: number) =>
    y >= 0 && y < height && x >= 0 && x < width ? values[(y * width + x) * channels + channel]! : 0;
  const convolved = (top: number, left: number, output: number) => {
    let total = bias[output]!;
    for (let i = 0; i < KERNEL; i++) {
      for (let j = 0; j < KERNEL * channels; j++) {
        const value = at(top + i - margin, left + Math.floor(j / channels) - margin, j % channels);
        total += value * weight[(i * bias.length + output) * KERNEL * channels + j]!;
      }
    }
    return total;
  };
  const pooled = Array.from({ length: down * across }, (_, place) => {
    const [y, x] = [2 * Math.floor(place / across), 2 * (place % across)];
    return bias.map((_, output) =>
      Math.max(0, ...[0, 1, 2, 3].map((corner) => convolved(y + (corner >> 1), x + (corner & 1), output))),
    );
  });
  return { height: down, width: across, values: pooled.flat() };
}
