import { permutations } from "@softdraw/testing/numbers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../src/checkpoint/safetensors.ts";
import type { Dataset, DatasetSplits } from "../src/data/types.ts";
import type { EpochRecord, Trained } from "../src/experiment.ts";
import { streamKey } from "../src/nn/keys.ts";
import { relaxations } from "../src/orders.ts";
import { drawnRows, epochBatches } from "../src/ranking/batches.ts";
import { pictureRanking } from "../src/ranking/index.ts";
import { rightPlaces } from "../src/ranking/judge.ts";
import { bestPlaces } from "./best-places.ts";
import {
  type Config,
  configuration,
  neuralSorted,
  numberOf,
  pictureOf,
  referenceNetwork,
  sharesOfPlaces,
  softSorted,
  sortingOrders,
  train,
} from "./ranking-support.ts";
import { digestOf, fewDigits, HOOK_TIMEOUT, indexOfLargest, mean, moved, sum, type Training } from "./support.ts";

const STEPS = 4;

let data: DatasetSplits;
/** A training of two epochs. */
let whole: Training;

beforeAll(async () => {
  data = await fewDigits(60, 40);
  whole = await train(configuration(), data);
}, HOOK_TIMEOUT);

const range = (length: number) => Array.from({ length }, (_, i) => i);
const recordsOf = ({ events }: Training): EpochRecord[] => events.flatMap(({ record }) => record ?? []);

/** Rows of the data set, list by list and picture by picture. */
function listsOf(rows: Uint32Array, { n, digits }: Config): number[][][] {
  return range(rows.length / (n * digits)).map((list) =>
    range(n).map((i) => [...rows.subarray((list * n + i) * digits, (list * n + i + 1) * digits)]),
  );
}

/** The lists of a step of the first epoch. */
async function listsOfStep(config: Config, step: number): Promise<number[][][]> {
  const { batch, n, digits, steps, seed } = config;
  const rows = await drawnRows(streamKey(seed, 1), steps * batch * n * digits, data.train);
  return listsOf(rows, config).slice(step * batch, (step + 1) * batch);
}

describe("a training", () => {
  test("learns to sort pictures of a few digits", async () => {
    // Every digit of its class is the same image, so that a few steps do.
    const { train: digits } = data;
    const firsts = Array.from(digits.labels, (label) => digits.labels.indexOf(label));
    const easy = (dataset: Dataset): Dataset => ({
      ...digits,
      count: dataset.count,
      images: Uint8Array.from(
        firsts.slice(0, dataset.count).flatMap((row) => [...digits.images.subarray(row * 784, (row + 1) * 784)]),
      ),
      labels: digits.labels.subarray(0, dataset.count),
    });
    const config = configuration({ epochs: 2, steps: 45, batch: 8, learningRate: 5e-3 });
    const { losses, records } = await train(config, { ...data, train: easy(data.train), test: easy(data.test) });
    expect(mean(losses.slice(-20))).toBeLessThan(0.8 * mean(losses.slice(0, 10)));
    expect(records.at(-1)!.placesAlike).toBeGreaterThan(85);
  });

  test("reports epoch by epoch, every column", () => {
    const { events, losses } = whole;
    expect(events.map(({ epoch, step }) => [epoch, step])).toEqual(
      losses.map((_, i) => [1 + Math.floor(i / STEPS), 1 + (i % STEPS)]),
    );
    for (const event of events) expect(event).toMatchObject({ epochs: 2, steps: STEPS, examples: 4, temperature: 1 });
    const keys = ["epoch", ...pictureRanking.columns.map(({ key }) => key)].sort();
    expect(recordsOf(whole)).toHaveLength(2);
    recordsOf(whole).forEach((record, i) => {
      expect(Object.keys(record).sort()).toEqual(keys);
      expect(Object.values(record).every(Number.isFinite)).toBe(true);
      expect(record.loss).toBeCloseTo(mean(losses.slice(STEPS * i, STEPS * (i + 1))), 9);
      expect(record.exact!).toBeLessThanOrEqual(record.exactAlike!);
      expect(record.places!).toBeLessThanOrEqual(record.placesAlike!);
    });
  });
});

describe("the configuration", () => {
  const variants: [string, object][] = [
    ["relaxed draws", { noise: true }],
    ["entry by entry", { loss: "binary-cross-entropy" }],
    ["the sizes kept", { padded: true }],
    ["another temperature", { temperature: 0.5 }],
    ["a falling learning rate", { learningRateDecay: "linear" }],
    ["another initialization", { initialization: "truncated" }],
    ["an odd-even network", { relaxation: "network", network: "odd-even", sigmoid: "optimal" }],
    ...relaxations
      .filter((relaxation) => relaxation !== "softsort")
      .map((relaxation): [string, object] => [relaxation, { relaxation }]),
  ];

  test.each(variants)("%s trains, and is not the same as without", async (_, values) => {
    const { losses } = await train(configuration(values), data, { steps: 3 });
    expect(losses.filter((loss) => !(loss > 0))).toEqual([]);
    expect(losses).not.toEqual(whole.losses.slice(0, 3));
  });

  test.each([
    ["a score a picture", { n: 4 }, [1, 8]],
    ["a score for every place", { n: 4, relaxation: "gumbel-sinkhorn" }, [4, 8]],
  ])("the network has %s", async (_, values, shape) => {
    const { checkpoint } = await train(configuration(values), data, { steps: 1 });
    expect(checkpoint.tensors["model.output.weight"]!.shape).toEqual(shape);
  });

  test.each(Object.entries(pictureRanking.presets))("the preset %s trains", async (_, { values }) => {
    const small = { n: 2, digits: 1, steps: 1, batch: 1, channels: 4 };
    const config = pictureRanking.schema.parse({ ...values, ...small });
    const { losses } = await train(config, data, { steps: 1 });
    expect(losses[0]).toBeGreaterThan(0);
  });

  test("the presets are the published settings", () => {
    const presetOf = (name: string) => pictureRanking.schema.parse(pictureRanking.presets[name]!.values);
    const both = { digits: 4, channels: 32, padded: true, hidden: 64, noise: false, learningRateDecay: "none" };
    const neuralsort = { relaxation: "neuralsort", loss: "cross-entropy", batch: 20, learningRate: 1e-4 };
    const diffsort = { relaxation: "network", network: "odd-even", sigmoid: "cauchy", loss: "binary-cross-entropy" };
    expect(presetOf("neuralsort")).toMatchObject({ ...both, ...neuralsort, schedule: "constant", temperature: 5 });
    expect(presetOf("diffsort")).toMatchObject({ ...both, ...diffsort, batch: 100, temperature: 0.1 });
    const steps = (name: string) => presetOf(name).epochs * presetOf(name).steps;
    expect([steps("neuralsort"), steps("diffsort")]).toEqual([137_400, 100_000]);
  });

  test.each([{ n: 1 }, { digits: 8 }, { steps: 0 }, { relaxation: "projection" }])("%j is refused", (values) => {
    expect(() => configuration(values)).toThrow(Object.keys(values)[0]);
  });
});

describe("randomness", () => {
  test("a seed gives the same losses, records and checkpoint to the bit; another seed others", async () => {
    const again = await train(configuration(), data);
    expect(again.losses).toEqual(whole.losses);
    expect(again.records).toEqual(whole.records);
    expect(digestOf(again.checkpoint)).toBe(digestOf(whole.checkpoint));
    const other = await train(configuration({ seed: 6 }), data, { steps: 2 });
    for (const [i, loss] of other.losses.entries()) expect(loss).not.toBe(whole.losses[i]);
  });

  test("stopping in the middle of an epoch and going on gives the same bits", async () => {
    const steps = STEPS + 1;
    const moving = { schedule: "linear", temperatureEnd: 0.5, learningRateDecay: "cosine" };
    const config = configuration({ noise: true, n: 2, ...moving });
    const uninterrupted = await train(config, data);
    const stopped = await train(config, data, { steps });
    const stored = decodeCheckpoint(encodeCheckpoint(stopped.checkpoint), "stopped");
    const resumed = await train(config, data, { from: stored });
    expect([...stopped.losses, ...resumed.losses]).toEqual(uninterrupted.losses);
    expect([...stopped.records, ...resumed.records]).toEqual(uninterrupted.records);
    expect(digestOf(resumed.checkpoint)).toBe(digestOf(uninterrupted.checkpoint));
  });
});

describe("what cannot be trained is refused", () => {
  const { check } = pictureRanking;

  test("images that cannot be halved twice, labels that are no digits", () => {
    check(configuration(), { data });
    const withTrain = (values: Partial<Dataset>) => ({ ...data, train: { ...data.train, ...values } });
    expect(() => check(configuration(), { data: withTrain({ height: 26 }) })).toThrow("images of 26 x 28");
    expect(() => check(configuration(), { data: withTrain({ classes: 26 }) })).toThrow("at most 10 classes");
  });

  test("a checkpoint of another relaxation or of another size", () => {
    const checkWith = (values: object) => check(configuration(values), { data, checkpoint: whole.checkpoint });
    checkWith({ relaxation: "neuralsort" });
    expect(() => checkWith({ relaxation: "gumbel-sinkhorn" })).toThrow("expected shape [3,8], got [1,8]");
    expect(() => checkWith({ digits: 2 })).toThrow("model.hidden.weight: expected shape");
  });
});

describe("the lists of a step", () => {
  test("are pictures of the drawn rows, with the shares that all orders give them", async () => {
    const config = configuration({ n: 4, digits: 2, batch: 3, steps: 2 });
    const { patches, plans } = (await epochBatches(config, data.train, 1))(1);
    const lists = await listsOfStep(config, 1);
    expect(patches.shape).toEqual([4, 12, 26, 12, 28]);
    const packed = (await patches.jsAsync()) as number[][][][][];
    lists.flat().forEach((rows, picture) => {
      const pixels = pictureOf(data.train, rows);
      // The patch of the second row and third column, whose corner is at pixel (2, 4), and its neighbour on the lower right.
      for (const place of [0, 3]) {
        const corner = (2 + (place >> 1)) * 56 + 4 + (place & 1);
        const patch = range(25).map((i) => pixels[corner + Math.floor(i / 5) * 56 + (i % 5)]!);
        expect(packed[place]![1]![2]![picture]!.slice(0, 25)).toEqual(patch.map((x) => expect.closeTo(x, 6)));
      }
    });
    const truth = (await plans.jsAsync()) as number[][][];
    lists.forEach((list, i) => {
      const shares = sharesOfPlaces(list.map((rows) => numberOf(data.train, rows)));
      expect(truth[i]).toEqual(shares.map((row) => row.map((share) => expect.closeTo(share, 6))));
    });
  });

  test("differ from step to step and from epoch to epoch", async () => {
    const config = configuration();
    const [one, two] = [await epochBatches(config, data.train, 1), await epochBatches(config, data.train, 2)];
    const sums = [];
    for (const { patches, plans } of [one(0), one(1), two(0), two(1)]) {
      plans.dispose();
      sums.push(await patches.sum().jsAsync());
    }
    expect(new Set(sums).size).toBe(4);
  });
});

describe.each([
  ["softsort, place by place", { temperature: 0.7, digits: 2 }, softSorted, placeByPlace],
  ["neuralsort, sizes kept", { relaxation: "neuralsort", padded: true }, neuralSorted, placeByPlace],
  ["softsort, entry by entry", { loss: "binary-cross-entropy" }, softSorted, entryByEntry],
] as const)("the objective with %s", (_, values, orderOf, lossOf) => {
  // Biases of 0 would leave background at the corner of ReLU.
  const config = configuration({ batch: 2, epochs: 1, initialization: "fan-in", ...values });

  test("is that of the network in float64 against all orders that sort, and its gradient is the slope", async () => {
    const { before, after, loss } = await twoSteps(config);
    const lists = await listsOfStep(config, 1);
    const lossAt = (checkpoint: Checkpoint) => {
      const network = referenceNetwork(checkpoint, config);
      const losses = lists.map((list) => {
        const relaxed = orderOf(
          list.map((rows) => network(pictureOf(data.train, rows))[0]!),
          config.temperature,
        );
        return lossOf(relaxed, sharesOfPlaces(list.map((rows) => numberOf(data.train, rows))));
      });
      return mean(losses);
    };
    expect(loss).toBeCloseTo(lossAt(before), 4);
    for (const name of ["first.weight", "second.weight", "second.bias", "hidden.weight", "output.weight"]) {
      const [meanBefore, meanAfter] = [before, after].map(({ tensors }) => tensors[`optimizer.mean.${name}`]!.data);
      const gradient = Array.from(meanAfter!, (m, i) => (m - 0.9 * meanBefore![i]!) / 0.1);
      const at = indexOfLargest(gradient);
      const step = 1e-5;
      const [up, down] = [step, -step].map((by) => lossAt(moved(before, `model.${name}`, at, by))) as [number, number];
      expect(gradient[at]! / ((up - down) / (2 * step)), name).toBeCloseTo(1, 2);
    }
  });
});

function placeByPlace(relaxed: number[][], truth: number[][]): number {
  const terms = truth.flatMap((row, i) => row.map((share, place) => -share * Math.log(relaxed[i]![place]!)));
  return sum(terms) / truth.length;
}

function entryByEntry(relaxed: number[][], truth: number[][]): number {
  const terms = truth.flatMap((row, i) =>
    row.map((share, place) => {
      const entry = relaxed[i]![place]!;
      return -share * Math.log(entry) - (1 - share) * Math.log(1 - entry);
    }),
  );
  return mean(terms);
}

/** Two steps at a learning rate that changes nothing. */
async function twoSteps(config: Config): Promise<{ before: Checkpoint; after: Checkpoint; loss: number }> {
  const checkpoints: Checkpoint[] = [];
  for await (const event of pictureRanking.run({ ...config, learningRate: 1e-35 }, { data })) {
    checkpoints.push(await event.checkpoint());
    if (event.step === 2) return { before: checkpoints[0]!, after: checkpoints[1]!, loss: event.loss };
  }
  throw new Error("The training had no second step.");
}

describe("right places", () => {
  test.each([[[3, 1, 2]], [[5, 5, 1]], [[2, 2, 2]], [[4, 1, 4, 0]], [[1, 3, 3, 2]]])(
    "of %j are those of the order nearest to what was found, and of the one with the first of equals first",
    (numbers) => {
      const first = range(numbers.length).sort((a, b) => numbers[a]! - numbers[b]! || a - b);
      for (const found of permutations(numbers.length)) {
        const matches = (order: number[]) => order.filter((i, place) => found[i] === place).length;
        expect(rightPlaces(numbers, found)).toEqual({
          first: matches(first),
          any: Math.max(...sortingOrders(numbers).map(matches)),
        });
      }
    },
  );
});

test("a model is judged on as many as after the last epoch unless asked otherwise", async () => {
  const config = configuration();
  const trained = { config, checkpoint: whole.checkpoint };
  const results = await pictureRanking.evaluate(trained, data, { seed: config.seed });
  const { exactAlike, placesAlike, exact, places } = recordsOf(whole).at(-1)!;
  expect(results.map(({ value }) => value)).toEqual([exactAlike, placesAlike, exact, places]);
  expect(pictureRanking.results(recordsOf(whole)).map(({ value }) => value)).toEqual(results.map(({ value }) => value));
});

describe.each(["softsort", "gumbel-sinkhorn"])("a model trained by %s", (relaxation) => {
  const config = configuration({ relaxation, n: 4, digits: 2, epochs: 1 });
  let trained: Trained<Config>;
  let records: EpochRecord[];

  beforeAll(async () => {
    const training = await train(config, data);
    [trained, records] = [{ config, checkpoint: training.checkpoint }, training.records];
  }, HOOK_TIMEOUT);

  test("is judged on lists of test pictures by the exact order of its scores", async () => {
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => void progress.push([done, total]);
    const results = await pictureRanking.evaluate(trained, data, { seed: 3, examples: 20, onProgress });
    const rows = await drawnRows(streamKey(3, 2 ** 31), 20 * config.n * config.digits, data.test);
    const network = referenceNetwork(trained.checkpoint, config);
    const right = listsOf(rows, config).map((list) => {
      const scores = list.map((rows) => network(pictureOf(data.test, rows)));
      const order = range(config.n).sort((a, b) => scores[a]![0]! - scores[b]![0]!);
      const found = relaxation === "softsort" ? range(config.n).map((i) => order.indexOf(i)) : bestPlaces(scores);
      return rightPlaces(
        list.map((rows) => numberOf(data.test, rows)),
        found,
      );
    });
    const percent = (values: boolean[]) => (100 * values.filter(Boolean).length) / values.length;
    const values = Object.fromEntries(results.map(({ name, value }) => [name, value]));
    expect(values["exact match"]).toBeCloseTo(percent(right.map(({ first }) => first === config.n)), 6);
    expect(values["exact match, alike"]).toBeCloseTo(percent(right.map(({ any }) => any === config.n)), 6);
    expect(values["right places"]).toBeCloseTo((100 * sum(right.map(({ first }) => first))) / (20 * config.n), 6);
    expect(values["right places, alike"]).toBeCloseTo((100 * sum(right.map(({ any }) => any))) / (20 * config.n), 6);
    expect(results.find(({ name }) => name === "exact match")!.note).toContain("20 fresh lists");
    expect(progress.at(-1)).toEqual([20, 20]);
  });

  test("is shown by a list, its relaxed order and the order found", async () => {
    const named = await pictureRanking.pictures(trained, data);
    expect(named.map(({ name }) => name)).toEqual(named.length === 1 ? ["order"] : ["order", "mistake"]);
    for (const { title, caption, alt, picture } of named) {
      for (const text of [title, caption, alt]) expect(text).not.toBe("");
      const [across, down] = [2 * 2 * 28 + 8, 2 * 28 + 8];
      expect(picture).toMatchObject({ width: 5 * across, height: 5 * down, channels: 3 });
    }
    const [{ picture }] = named as [(typeof named)[number]];
    // The middle of each cell: of a relaxed order, every column sums to 1.
    const cell = (row: number, column: number) =>
      picture.data[3 * ((row * 64 + 32) * picture.width + column * 120 + 60)]! / 255;
    for (const place of range(4)) expect(sum(range(4).map((row) => cell(row, place + 1)))).toBeCloseTo(1, 1);
    for (const { series } of pictureRanking.charts(records)) {
      for (const { points } of series) expect(points.every(({ y }) => Number.isFinite(y))).toBe(true);
    }
  });
});
