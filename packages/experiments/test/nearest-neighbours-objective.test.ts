/**
 * What a step minimizes, and its gradient, against the network in float64: the draw of a step is known from the key of the
 * checkpoint before it, and its gradient from the velocities before and after.
 */

import { numpy as np } from "@jax-js/jax";
import { softmax } from "@softdraw/testing/numbers";
import { conditionalBernoulli, noise } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import { shuffledOrder } from "../src/data/batches.ts";
import { distortInto, NUMBERS_A_DISTORTION, randomDistortions } from "../src/data/distortions.ts";
import type { Dataset, DatasetSplits } from "../src/data/types.ts";
import { subsetLaw } from "../src/demos/subset-law.ts";
import { nearestNeighbourClassifier } from "../src/nearest-neighbours/index.ts";
import { splitKey, streamKey } from "../src/nn/keys.ts";
import {
  type Config,
  configuration,
  referenceNetwork,
  squaredDistance,
  trainedOn,
  UNDISTORTED,
} from "./nearest-neighbours-support.ts";
import { fewDigits, HOOK_TIMEOUT, indexOfLargest, mean, moved, sum } from "./support.ts";

const BATCH = 3;
const STEPS = 3;
/** The digits without their margins: the network in float64 takes a fifth of the time. */
const SIDE = 20;
let data: DatasetSplits;

beforeAll(async () => {
  const { train, test, ...rest } = await fewDigits(10, 12);
  // Three classes of several digits each: so few images of ten classes would hardly ever be of the same.
  const few = { ...train, labels: train.labels.map((label) => label % 3) };
  data = { ...rest, train: withoutMargins(few), test: withoutMargins(test) };
  expect(Math.floor(trainedOn(10) / BATCH)).toBe(STEPS);
}, HOOK_TIMEOUT);

function withoutMargins({ images, count, width, height, ...rest }: Dataset): Dataset {
  const margin = (width - SIDE) / 2;
  const inner = Array.from({ length: count * SIDE }, (_, row) => {
    const y = Math.floor(row / SIDE) * height + margin + (row % SIDE);
    return [...images.subarray(y * width + margin, y * width + margin + SIDE)];
  });
  return { ...rest, images: Uint8Array.from(inner.flat()), count, width: SIDE, height: SIDE };
}

interface Images {
  readonly queries: number[][];
  readonly candidates: number[][];
  /** 1 where a query and a candidate have the same label and are not the same image of the step. */
  readonly sameClass: number[][];
  /** 1 where they are. */
  readonly isItself: number[][];
}

/** Two steps at a learning rate that changes nothing. */
async function twoSteps(config: Config): Promise<{ before: Checkpoint; after: Checkpoint; loss: number }> {
  const checkpoints: Checkpoint[] = [];
  for await (const event of nearestNeighbourClassifier.run({ ...config, learningRate: 1e-35 }, { data })) {
    checkpoints.push(await event.checkpoint());
    if (event.step === 2) return { before: checkpoints[0]!, after: checkpoints[1]!, loss: event.loss };
  }
  throw new Error("The training had no second step.");
}

/** The images of step 2 of epoch 1: from two orders, each image distorted in a way of its own. */
async function secondBatch(config: Config): Promise<Images> {
  const { train } = data;
  const { seed } = config;
  const count = trainedOn(train.count);
  const orders = [
    await shuffledOrder(streamKey(seed, 1), count),
    await shuffledOrder(streamKey(seed, 2 ** 28 + 1), count),
  ];
  const [queries, candidates] = orders.map((order) => [...order.subarray(BATCH, 2 * BATCH)]) as [number[], number[]];
  const maps = await randomDistortions(streamKey(seed, 2 ** 29 + 1), STEPS * 2 * BATCH, config);
  const image = (row: number, i: number) => {
    const target = new Float32Array(SIDE * SIDE);
    const first = (2 * BATCH + i) * NUMBERS_A_DISTORTION;
    const map = maps.subarray(first, first + NUMBERS_A_DISTORTION);
    distortInto(target, 0, train.images.subarray(row * SIDE * SIDE, (row + 1) * SIDE * SIDE), train, map);
    return [...target];
  };
  const rows = [...queries, ...candidates];
  const places = rows.map((_, place) => place);
  const asking = config.mutual ? places : places.slice(0, BATCH);
  const asked = config.mutual ? places : places.slice(BATCH);
  const table = (entry: (q: number, c: number) => boolean) => asking.map((q) => asked.map((c) => Number(entry(q, c))));
  return {
    queries: asking.map((place) => image(rows[place]!, place)),
    candidates: asked.map((place) => image(rows[place]!, place)),
    sameClass: table((q, c) => q !== c && train.labels[rows[q]!] === train.labels[rows[c]!]),
    isItself: table((q, c) => q === c),
  };
}

/** The key of the draw of the step after a checkpoint. */
function drawKeyAfter({ tensors }: Checkpoint): np.Array {
  const [next, drawKey] = splitKey(np.array(tensors.key!.data as Uint32Array<ArrayBuffer>), 2);
  next.dispose();
  return drawKey;
}

/** What the step after a checkpoint adds to the logits, `[query][candidate]`: Gumbel noise, where there is any. */
async function noiseAfter(checkpoint: Checkpoint, { mutual, sampler, noise: isNoisy }: Config): Promise<number[][]> {
  const images = mutual ? 2 * BATCH : BATCH;
  const gumbel = (await noise.gumbel(drawKeyAfter(checkpoint), [images, images]).jsAsync()) as number[][];
  return isNoisy && sampler !== "conditional-bernoulli" ? gumbel : gumbel.map((row) => row.map(() => 0));
}

const exact = (keys: number[], k: number) => {
  const bound = keys.toSorted((a, b) => b - a)[k - 1]!;
  return keys.map((key) => Number(key >= bound));
};

/** The first k rows of NeuralSort's relaxed order of the keys that are possible, summed. */
function neuralSort(keys: number[], k: number, temperature: number): number[] {
  const possible = keys.filter(Number.isFinite);
  const far = possible.map((key) => sum(possible.map((other) => Math.abs(key - other))));
  const rows = Array.from({ length: k }, (_, r) =>
    softmax(possible.map((key, j) => ((possible.length - 1 - 2 * r) * key - far[j]!) / temperature)),
  );
  let next = 0;
  return keys.map((key) => {
    if (!Number.isFinite(key)) return 0;
    const at = next++;
    return sum(rows.map((row) => row[at]!));
  });
}

/** The mean of sets of k, each with a probability in proportion to the product of its weights. */
function meanOfSets(logits: number[], k: number): number[] {
  const sets = subsetLaw(
    logits.map(() => 1),
    k,
  ).map(({ subset }) => subset);
  const p = softmax(sets.map((set) => sum(set.map((i) => logits[i]!))));
  return logits.map((_, i) => sum(sets.map((set, s) => (set.includes(i) ? p[s]! : 0))));
}

const relaxations = {
  /** The sigmoids of the keys above a bound, found by halving, that makes them sum to k. */
  threshold(keys: number[], k: number, temperature: number): number[] {
    const above = (bound: number) => keys.map((key) => 1 / (1 + Math.exp((bound - key) / temperature)));
    const possible = keys.filter(Number.isFinite);
    let [low, high] = [Math.min(...possible) - 50 * temperature, Math.max(...possible) + 50 * temperature];
    for (let i = 0; i < 200; i++) {
      const middle = (low + high) / 2;
      if (sum(above(middle)) > k) low = middle;
      else high = middle;
    }
    return above(low);
  },
  /** The sum of k softmaxes, each of the keys less what those before have taken. */
  successive(keys: number[], k: number, temperature: number): number[] {
    let [left, taken] = [keys, keys.map(() => 0)];
    for (let i = 0; i < k; i++) {
      const p = softmax(left.map((key) => key / temperature));
      taken = taken.map((t, j) => t + p[j]!);
      left = left.map((key, j) => key + Math.log1p(-p[j]!));
    }
    return taken;
  },
};

/**
 * The loss as a function of the parameters. Exact subsets stay at those of `origin` and move with the relaxed ones from
 * there: the function whose slope a straight-through gradient is.
 */
async function referenceLoss(
  { k, temperature, sampler, relaxation, hard, loss }: Config,
  origin: Checkpoint,
  images: Images,
  gumbel: number[][],
) {
  const keysOf = (checkpoint: Checkpoint) => {
    const pointOf = referenceNetwork(checkpoint, SIDE);
    const candidates = images.candidates.map(pointOf);
    return images.queries.map((query, q) => {
      const point = pointOf(query);
      return candidates.map((candidate, c) =>
        images.isItself[q]![c] ? Number.NEGATIVE_INFINITY : gumbel[q]![c]! - squaredDistance(point, candidate),
      );
    });
  };
  const tempered = (keys: number[]) => keys.map((key) => key / temperature);
  const relax = {
    subset: (keys: number[]) => relaxations[relaxation](keys, k, temperature),
    neuralsort: (keys: number[]) => neuralSort(keys, k, temperature),
    "conditional-bernoulli": (keys: number[]) => meanOfSets(tempered(keys), k),
  }[sampler];
  const keysBefore = keysOf(origin);
  // Sets by products of weights are drawn by the library's own sampler, whose law is its own tests'.
  const draws =
    sampler === "conditional-bernoulli"
      ? ((await conditionalBernoulli
          .sample(drawKeyAfter(origin), np.array(keysBefore.map(tempered)), k)
          .jsAsync()) as number[][])
      : keysBefore.map((keys) => exact(keys, k));
  const shifts = keysBefore.map((keys, q) => {
    const soft = relax(keys);
    return draws[q]!.map((x, c) => (hard ? x - soft[c]! : 0));
  });
  return (checkpoint: Checkpoint): number => {
    const right = keysOf(checkpoint).map((keys, q) =>
      sum(relax(keys).map((y, c) => (y + shifts[q]![c]!) * images.sameClass[q]![c]!)),
    );
    if (loss === "count") return -mean(right);
    return -mean(right.map((own, q) => (images.sameClass[q]!.includes(1) ? Math.log(own / k) : 0)));
  };
}

// At He's initialization points lie so far apart that little depends on the noise, and biases of 0 leave background where
// the ReLU has no slope.
const near: Partial<Config> = {
  initialization: "fan-in",
  ...UNDISTORTED,
  momentum: 0,
  weightDecay: 0,
  temperature: 0.7,
};

const cases: { name: string; values: Partial<Config> }[] = [
  { name: "the threshold relaxation", values: near },
  { name: "the successive relaxation", values: { ...near, relaxation: "successive" } },
  { name: "exact subsets", values: { ...near, hard: true } },
  {
    name: "distorted images, momentum and decay",
    values: {
      ...near,
      shift: 2,
      rotation: 20,
      scaling: 0.2,
      shear: 0.1,
      mirror: true,
      momentum: 0.5,
      weightDecay: 0.1,
    },
  },
  { name: "a high temperature and one neighbour", values: { ...near, temperature: 3, k: 1 } },
  { name: "the logarithm of the share", values: { ...near, loss: "log-share" } },
  {
    name: "the logarithm of the share of the successive relaxation",
    values: { ...near, loss: "log-share", relaxation: "successive" },
  },
  { name: "all images as queries and candidates", values: { ...near, mutual: true } },
  {
    name: "all images as both, the logarithm of the share, moves by whole pixels",
    values: { ...near, mutual: true, loss: "log-share", shift: 2, wholePixels: true, mirror: true, momentum: 0.5 },
  },
  { name: "the nearest, relaxed without noise", values: { ...near, noise: false } },
  { name: "NeuralSort's order", values: { ...near, sampler: "neuralsort" } },
  { name: "NeuralSort's order without noise", values: { ...near, sampler: "neuralsort", noise: false } },
  { name: "exact orders by NeuralSort", values: { ...near, sampler: "neuralsort", hard: true } },
  {
    name: "NeuralSort's order of all other images, the logarithm of the share",
    values: { ...near, sampler: "neuralsort", mutual: true, loss: "log-share", temperature: 3 },
  },
  { name: "the mean of sets by products of weights", values: { ...near, sampler: "conditional-bernoulli" } },
  { name: "draws of such sets", values: { ...near, sampler: "conditional-bernoulli", hard: true } },
  {
    name: "the mean of such sets of all other images, the logarithm of the share",
    values: { ...near, sampler: "conditional-bernoulli", mutual: true, loss: "log-share", temperature: 3 },
  },
];

describe.each(cases)("the objective with $name", ({ values }) => {
  const config = configuration({ batch: BATCH, k: 2, epochs: 1, ...values });

  test("is of the neighbours of the own class in the step's own draw, and its gradient is that slope", async () => {
    const { before, after, loss } = await twoSteps(config);
    const lossAt = await referenceLoss(config, before, await secondBatch(config), await noiseAfter(before, config));
    expect(loss).toBeCloseTo(lossAt(before), 4);
    expect(Math.abs(loss)).toBeGreaterThan(0.01);
    for (const name of ["first.weight", "first.bias", "second.weight", "second.bias", "linear.weight", "linear.bias"]) {
      const [v, p] = [before.tensors[`velocity.${name}`]!.data, before.tensors[`model.${name}`]!.data];
      const gradient = Array.from(after.tensors[`velocity.${name}`]!.data, (next, i) => {
        return next - config.momentum * v[i]! - config.weightDecay * p[i]!;
      });
      const at = indexOfLargest(gradient);
      const step = 1e-5;
      const [up, down] = [step, -step].map((by) => lossAt(moved(before, `model.${name}`, at, by))) as [number, number];
      expect(gradient[at]! / ((up - down) / (2 * step)), name).toBeCloseTo(1, 2);
    }
  });
});
