import { STANDARD_ERRORS } from "@softdraw/testing/numbers";
import { isThorough } from "@softdraw/testing/thorough";
import { beforeAll, describe, expect, test } from "vitest";
import { shuffledOrder } from "../src/data/batches.ts";
import type { Dataset, DatasetSplits } from "../src/data/types.ts";
import type { EpochRecord, NamedPicture, Trained } from "../src/experiment.ts";
import { nearestNeighbourClassifier } from "../src/nearest-neighbours/index.ts";
import { streamKey } from "../src/nn/keys.ts";
import {
  accuracyOf,
  type Config,
  configuration,
  nearestRows,
  pointsOf,
  referenceNetwork,
  train,
  trainedOn,
  UNDISTORTED,
} from "./nearest-neighbours-support.ts";
import { digestOf, expectSameAfterStops, fewDigits, HOOK_TIMEOUT, mean, sum, type Training } from "./support.ts";

/** 8 of these are held out; 8 of the other 88 do not fill a batch. */
const IMAGES = 96;
const TRAINED_ON = trainedOn(IMAGES);

let data: DatasetSplits;
/** A training of two epochs of four steps. */
let whole: Training;

beforeAll(async () => {
  data = await fewDigits(IMAGES, 20);
  whole = await train(configuration(), data);
}, HOOK_TIMEOUT);

const last = <T>(values: readonly T[]): T => values.at(-1)!;

const recordsOf = ({ events }: Training): EpochRecord[] => events.flatMap(({ record }) => record ?? []);

function rowsOf(dataset: Dataset, from: number, to: number): Dataset {
  const pixels = dataset.height * dataset.width;
  const images = dataset.images.subarray(from * pixels, to * pixels);
  return { ...dataset, count: to - from, images, labels: dataset.labels.subarray(from, to) };
}

describe("a training", () => {
  test("lowers its loss, and reports it epoch by epoch", async () => {
    // At a temperature of the size of the distances, whose slopes are large from the first step.
    const config = configuration({ epochs: 4, temperature: 30, learningRate: 2e-2, shift: 0 });
    const { events, losses } = await train(config, data);
    expect(losses).toHaveLength(16);
    expect(mean(losses.slice(-4))).toBeLessThan(1.3 * mean(losses.slice(0, 4)));
    expect(events.map(({ epoch, step }) => [epoch, step])).toEqual(
      losses.map((_, i) => [1 + Math.floor(i / 4), 1 + (i % 4)]),
    );
    for (const event of events) expect(event).toMatchObject({ epochs: 4, steps: 4, examples: 40, temperature: 30 });
    expect(events.map(({ record }) => record !== undefined)).toEqual(losses.map((_, i) => i % 4 === 3));
  });

  test("a record has every column, of the test set only after the last epoch", () => {
    const { k } = configuration();
    const keys = ["epoch", ...nearestNeighbourClassifier.columns.map(({ key }) => key)];
    const [first, second] = recordsOf(whole) as [EpochRecord, EpochRecord];
    expect(Object.keys(first).sort()).toEqual(keys.filter((key) => key !== "test").sort());
    expect(Object.keys(second).sort()).toEqual(keys.sort());
    [first, second].forEach((record, i) => {
      expect(Object.values(record).every(Number.isFinite)).toBe(true);
      expect(record.epoch).toBe(i + 1);
      expect(record.loss).toBeCloseTo(mean(whole.losses.slice(4 * i, 4 * i + 4)), 9);
      expect(record.relaxed).toBeCloseTo((-100 * record.loss!) / k, 9);
      // So many neighbours were drawn, each right or wrong.
      expect((record.discrete! / 100) * 4 * 20 * k).toBeCloseTo(Math.round((record.discrete! / 100) * 4 * 20 * k), 4);
      expect((record.validation! / 100) * 8).toBeCloseTo(Math.round((record.validation! / 100) * 8), 9);
      expect(record.imagesPerSecond).toBeGreaterThan(0);
    });
  });

  test.each(["subset", "conditional-bernoulli"] as const)(
    "of as many neighbours as candidates, the loss needs no draw: how often classes meet (%s)",
    async (sampler) => {
      const config = configuration({ sampler, batch: TRAINED_ON, k: TRAINED_ON, epochs: 1 });
      const { losses, records } = await train(config, data);
      const counts = Array.from({ length: 10 }, (_, label) => {
        return data.train.labels.subarray(0, TRAINED_ON).filter((other) => other === label).length;
      });
      const expected = sum(counts.map((count) => count ** 2)) / TRAINED_ON;
      expect(losses).toHaveLength(1);
      expect(-losses[0]!).toBeCloseTo(expected, 4);
      expect(records[0]!.discrete).toBeCloseTo((100 * expected) / TRAINED_ON, 4);
    },
  );

  test("of as many neighbours as other images, the logarithm of the share is of how often classes meet", async () => {
    const [batch, k] = [44, 87];
    const config = configuration({ batch, k, mutual: true, loss: "log-share", epochs: 1 });
    const { losses, records } = await train(config, data);
    const orders = await Promise.all(
      [1, 2 ** 28 + 1].map((stream) => shuffledOrder(streamKey(config.seed, stream), TRAINED_ON)),
    );
    const shares = [0, 1].map((step) => {
      const rows = orders.flatMap((order) => [...order.subarray(step * batch, (step + 1) * batch)]);
      const labels = rows.map((row) => data.train.labels[row]);
      // No image is its own neighbour.
      return labels.map((label) => (labels.filter((other) => other === label).length - 1) / k);
    });
    shares.forEach((some, step) => {
      const worth = some.map((share) => (share === 0 ? 0 : Math.log(share)));
      expect(losses[step]).toBeCloseTo(-mean(worth), 4);
    });
    expect(records[0]!.relaxed).toBeCloseTo(100 * mean(shares.flat()), 4);
    expect(records[0]!.discrete).toBeCloseTo(100 * mean(shares.flat()), 4);
  });

  test("a query without a candidate of its class has no say in the logarithm of the share", async () => {
    const { train: digits, ...rest } = data;
    // One image of a class of its own: as query it has no candidate, in the step where it is no candidate too.
    const labels = digits.labels.map((_, row) => Number(row === 0));
    const config = configuration({ batch: 8, k: 8, loss: "log-share", shift: 0, epochs: 1 });
    const { losses } = await train(config, { ...rest, train: { ...digits, labels } });
    expect(losses).toHaveLength(11);
    // With as many neighbours as candidates, a step's shares are its counts: 1, or 7/8 where the image is a candidate.
    const possible = [0, -Math.log(7 / 8), (-7 * Math.log(7 / 8) - Math.log(1 / 8)) / 8];
    for (const loss of losses) expect(Math.min(...possible.map((value) => Math.abs(value - loss)))).toBeLessThan(1e-4);
    expect(losses.filter((loss) => Math.abs(loss) < 1e-4).length).toBeGreaterThan(8);
  });

  test("exact neighbours are what is minimized with `hard`, and only then", async () => {
    const [record] = (await train(configuration({ hard: true, epochs: 1 }), data)).records;
    expect(record!.relaxed).toBeCloseTo(record!.discrete!, 4);
    const [soft] = whole.records;
    expect(Math.abs(soft!.relaxed! - soft!.discrete!)).toBeGreaterThan(1e-3);
  });
});

describe("the configuration", () => {
  const variants: [string, Partial<Config>][] = [
    ["the successive relaxation", { relaxation: "successive" }],
    ["exact subsets by the successive relaxation", { relaxation: "successive", hard: true }],
    ["more neighbours", { k: 7 }],
    ["a falling temperature", { schedule: "linear" }],
    ["another initialization", { initialization: "fan-in" }],
    ["images as they are", { shift: 0 }],
    ["images that are turned", { rotation: 30 }],
    ["images that are scaled", { scaling: 0.2 }],
    ["images that are slanted", { shear: 0.2 }],
    ["images that are mirrored", { mirror: true }],
    ["images that are moved by whole pixels", { wholePixels: true }],
    ["more weight decay", { weightDecay: 0.1 }],
    ["all images as queries and candidates", { mutual: true }],
    ["the logarithm of the share", { loss: "log-share" }],
    ["the nearest, relaxed without noise", { noise: false }],
    ["NeuralSort's order", { sampler: "neuralsort" }],
    ["exact orders by NeuralSort", { sampler: "neuralsort", hard: true }],
    ["the mean of sets by products of weights", { sampler: "conditional-bernoulli" }],
    ["draws of such sets", { sampler: "conditional-bernoulli", hard: true }],
  ];

  test.each(variants)("%s trains, and is not the same as without", async (_, values) => {
    const { losses } = await train(configuration({ epochs: 1, ...values }), data, { steps: 3 });
    expect(losses.map(Math.sign)).toEqual(losses.map(() => (values.loss === "log-share" ? 1 : -1)));
    expect(losses).not.toEqual(whole.losses.slice(0, 3));
  });

  describe("exactly drawn neighbours", () => {
    /** The record of a training whose network stays as it is. */
    async function measured(values: Partial<Config>): Promise<EpochRecord> {
      // At a temperature of the size of the distances, so that choices are soft.
      const config = configuration({ temperature: 30, ...values, epochs: 1, learningRate: 1e-35 });
      const { records } = await train(config, data);
      return records[0]!;
    }

    test.each(["subset", "neuralsort", "conditional-bernoulli"] as const)(
      "are those that %s trains on with hard",
      async (sampler) => {
        const [soft, hard] = [await measured({ sampler }), await measured({ sampler, hard: true })];
        expect(hard.relaxed).toBeCloseTo(hard.discrete!, 4);
        expect(hard.discrete).toBe(soft.discrete);
        expect(soft.relaxed).not.toBeCloseTo(soft.discrete!, 4);
      },
    );

    test("are the same of a subset and of an order, with noise and without", async () => {
      for (const noise of [true, false]) {
        const [subset, order] = [await measured({ noise }), await measured({ noise, sampler: "neuralsort" })];
        expect(order.discrete).toBe(subset.discrete);
      }
    });

    test("of sets by products of weights have the measured mean", async () => {
      const [batch, k] = [20, 3];
      const { relaxed, discrete } = await measured({ sampler: "conditional-bernoulli", temperature: 1000, batch, k });
      // Entries of a set shun each other: the variance of a query's count is below the sum of theirs, at most k.
      const error = (100 * Math.sqrt(k / (4 * batch))) / k;
      expect(Math.abs(relaxed! - discrete!)).toBeLessThan(STANDARD_ERRORS * error);
    });
  });

  test.each(Object.entries(nearestNeighbourClassifier.presets))("the preset %s trains", async (_, { values }) => {
    const config = nearestNeighbourClassifier.schema.parse({ ...values, batch: 20 });
    const { events, losses } = await train(config, data, { steps: 3 });
    expect(events.map(({ epochs }) => epochs)).toEqual(Array(3).fill(config.epochs));
    for (const loss of losses) expect(config.loss === "count" ? -loss : loss).toBeGreaterThan(0);
  });

  test("the tutorial's preset is the tutorial's settings", () => {
    const values = nearestNeighbourClassifier.presets.tutorial!.values;
    expect(nearestNeighbourClassifier.schema.parse(values)).toMatchObject({
      epochs: 20,
      batch: 100,
      k: 9,
      relaxation: "successive",
      hard: false,
      temperature: 1,
      schedule: "constant",
      learningRate: 1e-3,
      learningRateDecay: "none",
      momentum: 0.9,
      weightDecay: 5e-4,
      ...UNDISTORTED,
      initialization: "fan-in",
      mutual: false,
      loss: "count",
    });
  });

  test("a key that is none is refused", () => {
    expect(() => nearestNeighbourClassifier.schema.parse({ neighbours: 3 })).toThrow("neighbours");
  });

  test.each(["none", "linear", "cosine"] as const)("the learning rate of %s is each step's", async (decay) => {
    const config = configuration({ learningRateDecay: decay, epochs: 1 });
    const total = 4;
    const shares = {
      none: () => 1,
      linear: (done: number) => 1 - done,
      cosine: (done: number) => (1 + Math.cos(Math.PI * done)) / 2,
    };
    let before: Float32Array | undefined;
    let step = 0;
    for await (const event of nearestNeighbourClassifier.run(config, { data })) {
      const { tensors } = await event.checkpoint();
      const [weight, velocity] = ["model", "velocity"].map((part) => tensors[`${part}.linear.bias`]!.data) as [
        Float32Array,
        Float32Array,
      ];
      if (before) {
        const at = velocity.reduce((best, v, i) => (Math.abs(v) > Math.abs(velocity[best]!) ? i : best), 0);
        const rate = (before[at]! - weight[at]!) / velocity[at]!;
        expect(rate / config.learningRate).toBeCloseTo(shares[decay](step / total), 3);
      }
      before = weight;
      step++;
      if (step === total - 1) break;
    }
    expect(step).toBe(total - 1);
  });
});

describe("randomness", () => {
  test("a seed gives the same losses, records and checkpoint to the bit; another seed others", async () => {
    const again = await train(configuration(), data);
    expect(again.losses).toEqual(whole.losses);
    expect(again.records).toEqual(whole.records);
    expect(digestOf(again.checkpoint)).toBe(digestOf(whole.checkpoint));
    const other = await train(configuration({ seed: 6 }), data, { steps: 3 });
    for (const [i, loss] of other.losses.entries()) expect(loss).not.toBe(whole.losses[i]);
  });

  const carried: [string, Partial<Config>, number[]][] = [
    ["with plain settings", {}, [3, 4]],
    ["with all images as both and the logarithm of the share", { mutual: true, loss: "log-share" }, [3]],
    ["with all settings moving", { schedule: "linear", learningRateDecay: "cosine" }, [5]],
  ];
  // What draws them keeps no state.
  const drawnOtherwise: typeof carried = [
    ["with exact subsets by the successive relaxation", { hard: true, relaxation: "successive" }, [3]],
    ["with NeuralSort's order", { sampler: "neuralsort" }, [3]],
    ["with draws of sets by products of weights", { sampler: "conditional-bernoulli", hard: true }, [3]],
  ];

  test.each(isThorough ? [...carried, ...drawnOtherwise] : carried)(
    "stopping at any step and going on gives the same bits, %s",
    async (_, values, stops) => {
      const config = configuration(values);
      await expectSameAfterStops((how) => train(config, data, how), 8, stops);
    },
  );

  test("a checkpoint does not depend on which other steps were saved", async () => {
    let final = "";
    for await (const event of nearestNeighbourClassifier.run(configuration(), { data })) {
      final = digestOf(await event.checkpoint());
    }
    expect(final).toBe(digestOf(whole.checkpoint));
  });
});

describe("what cannot be trained is refused", () => {
  const { check } = nearestNeighbourClassifier;

  test("a batch larger than what is left to train on", () => {
    const message = `batch must be at most the ${TRAINED_ON} images of digits train, got ${TRAINED_ON + 1}.`;
    expect(() => check(configuration({ batch: TRAINED_ON + 1 }), { data })).toThrow(message);
    expect(() => check(configuration({ batch: TRAINED_ON }), { data })).not.toThrow();
  });

  test("as many neighbours as candidates, or more", () => {
    expect(() => check(configuration({ batch: 20, k: 20 }), { data })).toThrow(
      "k must be less than the 20 candidates of a step, got 20.",
    );
    expect(() => check(configuration({ batch: 20, k: 19 }), { data })).not.toThrow();
    expect(() => check(configuration({ batch: 20, k: 39, mutual: true }), { data })).toThrow(
      "k must be less than the 39 candidates of a step, got 39.",
    );
    expect(() => check(configuration({ batch: 20, k: 38, mutual: true }), { data })).not.toThrow();
    expect(() => check(configuration({ batch: 50, k: 88, mutual: true }), { data })).toThrow(
      "k must be less than the 88 images that are neighbours when it is judged, got 88.",
    );
  });

  test.each(["subset", "neuralsort", "conditional-bernoulli"] as const)(
    "the logarithm of a share that exact subsets may not have, of %s",
    (sampler) => {
      expect(() => check(configuration({ sampler, hard: true, loss: "log-share" }), { data })).toThrow(
        "The loss log-share needs relaxed subsets",
      );
    },
  );

  test.each<[Partial<Config>, string]>([
    [{ sampler: "conditional-bernoulli", noise: false }, "noise must be on for the sampler conditional-bernoulli"],
  ])("an option of another sampler: %o", (values, message) => {
    expect(() => check(configuration(values), { data })).toThrow(message);
  });

  test.each(["count", "log-share"] as const)("a %s that is no number any more, saying where", async (loss) => {
    await expect(train(configuration({ loss, learningRate: 1e38 }), data)).rejects.toThrow(
      /^The training diverged: the loss is (NaN|-?Infinity) at epoch 1, step \d\. A lower learning rate or a higher temperature may train\.$/,
    );
  });

  test("a checkpoint of another model, another experiment or a longer training", () => {
    const { checkpoint } = whole;
    const checkWith = (values: Partial<Config>, changes: Partial<typeof checkpoint> = {}) =>
      check(configuration(values), { data, checkpoint: { ...checkpoint, ...changes } });
    checkWith({});
    const { "velocity.first.bias": _, ...tensors } = checkpoint.tensors;
    expect(() => checkWith({}, { tensors })).toThrow("The checkpoint has no tensor velocity.first.bias.");
    const smaller = { ...checkpoint.tensors, "model.second.bias": { shape: [49], data: new Float32Array(49) } };
    expect(() => checkWith({}, { tensors: smaller })).toThrow(
      "The checkpoint's tensor model.second.bias: expected shape [50], got [49].",
    );
    expect(() => checkWith({}, { metadata: { ...checkpoint.metadata, experiment: "vae" } })).toThrow(
      "The checkpoint is of something else",
    );
    expect(() => checkWith({ epochs: 1 })).toThrow("expected at most epoch 1, step 4, got epoch 2, step 4");
  });
});

describe("a trained model", () => {
  const config = configuration();
  let trained: Trained<Config>;
  let points: Dataset;
  /** Rows of the training images nearest to each test image, and to each held-out image, by the network in float64. */
  let neighbours: number[][];
  let neighboursOfHeld: number[][];

  beforeAll(() => {
    trained = { config, checkpoint: whole.checkpoint };
    points = rowsOf(data.train, 0, TRAINED_ON);
    const pointOf = referenceNetwork(whole.checkpoint);
    const embedded = pointsOf(data.train, pointOf);
    const [among, held] = [embedded.slice(0, TRAINED_ON), embedded.slice(TRAINED_ON)];
    neighbours = nearestRows(pointsOf(data.test, pointOf), among, config.k);
    neighboursOfHeld = nearestRows(held, among, config.k);
  }, HOOK_TIMEOUT);

  test("is judged by the majority of the exact neighbours among all training images but those held out", async () => {
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => void progress.push([done, total]);
    const results = await nearestNeighbourClassifier.evaluate(trained, data, { seed: 0, onProgress });
    expect(results.map(({ name, unit }) => [name, unit])).toEqual([
      ["test accuracy", "%"],
      ["on pixels", "%"],
    ]);
    const [learned, pixels] = results.map(({ value }) => value);
    expect(learned).toBeCloseTo(accuracyOf(neighbours, data.test, points), 9);
    expect(learned).toBe(last(recordsOf(whole)).test);
    const raw = nearestRows(pointsOf(data.test, (x) => x), pointsOf(points, (x) => x), config.k); // biome-ignore format: one line
    expect(pixels).toBeCloseTo(accuracyOf(raw, data.test, points), 9);
    expect(results[0]!.note).toBe(`20 test images, 3 nearest of ${TRAINED_ON} training images`);
    const done = progress.map(([part]) => part);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(last(progress)).toEqual([2 * 20 * TRAINED_ON, 2 * 20 * TRAINED_ON]);
  });

  test("can be judged on fewer examples, and on no more than there are", async () => {
    const judge = (examples: number) => nearestNeighbourClassifier.evaluate(trained, data, { seed: 0, examples });
    const few = rowsOf(data.test, 0, 7);
    const [learned] = await judge(7);
    expect(learned!.note).toContain("7 test images");
    expect(learned!.value).toBeCloseTo(accuracyOf(neighbours.slice(0, 7), few, points), 9);
    expect((await judge(10_000))[0]!.note).toContain("20 test images");
  });

  test("the validation accuracy is that of the held-out images", () => {
    const held = rowsOf(data.train, TRAINED_ON, IMAGES);
    expect(last(recordsOf(whole)).validation).toBeCloseTo(accuracyOf(neighboursOfHeld, held, points), 9);
  });

  test("results and charts are those of the records", () => {
    const records = recordsOf(whole);
    const { test: accuracy, validation, discrete } = last(records);
    const resultsOf = (some: readonly EpochRecord[]) =>
      nearestNeighbourClassifier.results(some).map(({ name, value }) => [name, value]);
    expect(resultsOf(records)).toEqual([
      ["test accuracy", accuracy],
      ["validation accuracy", validation],
      ["own class", discrete],
    ]);
    expect(resultsOf(records.slice(0, 1)).map(([name]) => name)).toEqual(["validation accuracy", "own class"]);
    expect(resultsOf([])).toEqual([]);
    for (const { series } of nearestNeighbourClassifier.charts(records)) {
      for (const { points } of series) {
        expect(points.map(({ x }) => x)).toEqual([1, 2]);
        expect(points.every(({ y }) => Number.isFinite(y))).toBe(true);
      }
    }
  });

  describe("in the picture of its neighbours", () => {
    /** Of the picture for one of the image; between two images; and around the grid. */
    const [SCALE, GAP, MARGIN, SIDE, ROWS] = [2, 8, 4, 28, 12];
    const wrongMark = [0xd5, 0x5e, 0x00].join();
    let drawn: NamedPicture;
    /** The test images in the order shown. */
    let shown: number[];

    beforeAll(async () => {
      [drawn] = (await nearestNeighbourClassifier.pictures(trained, data)) as [NamedPicture];
      const all = neighbours.map((_, query) => query);
      const mistaken = all.filter((q) => accuracyOf([neighbours[q]!], rowsOf(data.test, q, q + 1), points) === 0);
      const first = mistaken.slice(0, 6);
      shown = [...first, ...all.filter((query) => !first.includes(query))].slice(0, ROWS);
    }, HOOK_TIMEOUT);

    const byteAt = (row: number, column: number, x: number, y: number, channel = 0) => {
      const { width, data } = drawn.picture;
      const [left, top] = [column, row].map((at) => MARGIN + at * (SIDE * SCALE + GAP)) as [number, number];
      return data[((top + y) * width + left + x) * 3 + channel]!;
    };

    /** The image of a place below its label and above its cross. */
    const middleOf = (row: number, column: number) =>
      Array.from({ length: SIDE * 12 }, (_, i) =>
        byteAt(row, column, SCALE * (i % SIDE), SCALE * (8 + Math.floor(i / SIDE))),
      );
    const middleOfImage = (dataset: Dataset, row: number) => [
      ...dataset.images.subarray(row * SIDE * SIDE + 8 * SIDE, row * SIDE * SIDE + 20 * SIDE),
    ];

    test("each row is a test image and its neighbours, nearest first, those classified wrongly before others", () => {
      expect(drawn).toMatchObject({ name: "neighbours", picture: { channels: 3 } });
      expect(drawn.picture.width).toBe((config.k + 1) * (SIDE * SCALE + GAP));
      expect(drawn.picture.height).toBe(ROWS * (SIDE * SCALE + GAP));
      shown.forEach((query, row) => {
        expect(middleOf(row, 0)).toEqual(middleOfImage(data.test, query));
        neighbours[query]!.forEach((point, i) => {
          expect(middleOf(row, i + 1)).toEqual(middleOfImage(points, point));
        });
      });
    });

    test("neighbours of another class are marked, and no others", () => {
      const marks = shown.map((_, row) =>
        Array.from({ length: config.k }, (_, i) => {
          return [0, 1, 2].map((channel) => byteAt(row, i + 1, -1, SIDE, channel)).join() === wrongMark;
        }),
      );
      const wrong = shown.map((query) => neighbours[query]!.map((p) => points.labels[p] !== data.test.labels[query]));
      expect(marks).toEqual(wrong);
      expect(marks.flat()).toContain(true);
      expect(marks.flat()).toContain(false);
    });

    test("its caption says what is shown", () => {
      expect(drawn.caption).toContain(`its 3 nearest neighbours among ${TRAINED_ON} training images`);
      for (const text of [drawn.title, drawn.alt]) expect(text).not.toBe("");
    });
  });
});
