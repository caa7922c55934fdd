import { numpy as np } from "@jax-js/jax";
import { noise as noiseBytes } from "@softdraw/testing/bytes";
import { noise } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import { shuffledOrder, shuffledOrders } from "../src/data/batches.ts";
import type { Dataset, DatasetSplits } from "../src/data/types.ts";
import type { EpochRecord, EvaluationOptions, NamedPicture, Trained } from "../src/experiment.ts";
import { jigsaw } from "../src/jigsaw/index.ts";
import { solve as solvePicture } from "../src/jigsaw/solve.ts";
import { splitKey, streamKey } from "../src/nn/keys.ts";
import type { Picture } from "../src/report/pixels.ts";
import { bestPlaces } from "./best-places.ts";
import {
  type Config,
  configuration,
  picturesOf,
  piecesOf,
  referenceNetwork,
  SIDE,
  type Statistics,
  scaled,
  smallDigits,
  train,
} from "./jigsaw-support.ts";
import { digestOf, expectSameAfterStops, HOOK_TIMEOUT, mean, pixelsOf, sum, type Training } from "./support.ts";

const IMAGES = 88;
const TESTS = 20;
/** Of 20 pictures; 8 pictures do not fill a batch. */
const STEPS = 4;

let data: DatasetSplits;
/** A training of two epochs. */
let whole: Training;

beforeAll(async () => {
  data = await smallDigits(IMAGES, TESTS);
  whole = await train(configuration(), data);
}, HOOK_TIMEOUT);

const last = <T>(values: readonly T[]): T => values.at(-1)!;
const range = (length: number) => Array.from({ length }, (_, i) => i);

/** The streams that shuffle the pieces: of an epoch, and of the pictures from `first` on that are measured. */
const epochShuffles = (seed: number, epoch: number) => streamKey(seed, 2 ** 28 + epoch);
const measuredShuffles = (seed: number, first: number) => streamKey(seed, 2 ** 31 + first);

const recordsOf = ({ events }: Training): EpochRecord[] => events.flatMap(({ record }) => record ?? []);

describe("a training", () => {
  test("lowers its loss, and reports it epoch by epoch", async () => {
    const { events, losses } = await train(configuration({ epochs: 4, learningRate: 1e-2 }), data);
    expect(losses).toHaveLength(4 * STEPS);
    expect(mean(losses.slice(-STEPS))).toBeLessThan(0.8 * mean(losses.slice(0, STEPS)));
    expect(events.map(({ epoch, step }) => [epoch, step])).toEqual(
      losses.map((_, i) => [1 + Math.floor(i / STEPS), 1 + (i % STEPS)]),
    );
    for (const event of events)
      expect(event).toMatchObject({ epochs: 4, steps: STEPS, examples: 20, temperature: 0.5 });
    expect(events.map(({ record }) => record !== undefined)).toEqual(losses.map((_, i) => i % STEPS === STEPS - 1));
  });

  test("learns to solve pictures whose pieces tell where they belong", async () => {
    const easy = (dataset: Dataset): Dataset => {
      const grain = noiseBytes(dataset.images.length, 3);
      const images = dataset.images.map((_, i) => {
        const [y, x] = [Math.floor(i / SIDE) % SIDE, i % SIDE];
        const quarter = 2 * Math.floor((2 * y) / SIDE) + Math.floor((2 * x) / SIDE);
        return 70 * quarter + (grain[i]! >> 3);
      });
      return { ...dataset, images };
    };
    const splits = { ...data, train: easy(data.train), test: easy(data.test) };
    const { records } = await train(configuration({ epochs: 6, learningRate: 1e-2 }), splits);
    expect(last(records)).toMatchObject({ tau: 1, solved: 100, pieces: 100, tauAlike: 1, l1: 0, l2: 0 });
  });

  test("a record has every column", () => {
    const keys = ["epoch", ...jigsaw.columns.map(({ key }) => key)].sort();
    recordsOf(whole).forEach((record, i) => {
      expect(Object.keys(record).sort()).toEqual(keys);
      expect(Object.values(record).every(Number.isFinite)).toBe(true);
      expect(record.epoch).toBe(i + 1);
      expect(record.loss).toBeCloseTo(mean(whole.losses.slice(STEPS * i, STEPS * (i + 1))), 9);
      expect(record.temperature).toBe(0.5);
      expect(record.imagesPerSecond).toBeGreaterThan(0);
    });
    expect(recordsOf(whole)).toHaveLength(2);
  });
});

describe("the configuration", () => {
  const variants: [string, object][] = [
    ["nine pieces", { pieces: 3 }],
    ["pieces that are looked at alone", { exchanges: 0 }],
    ["no hidden layer", { hidden: 0, exchanges: 0 }],
    ["more iterations", { iterations: 10 }],
    ["a falling temperature", { schedule: "linear", temperatureEnd: 0.1 }],
    ["a falling learning rate", { learningRateDecay: "linear" }],
    ["another initialization", { initialization: "fan-in" }],
  ];

  test.each(variants)("%s trains, and is not the same as without", async (_, values) => {
    const { losses } = await train(configuration({ epochs: 1, ...values }), data, { steps: 3 });
    expect(losses.filter((loss) => !(loss > 0))).toEqual([]);
    expect(losses).not.toEqual(whole.losses.slice(0, 3));
  });

  test.each([5, 6])("%i pieces each way train, and are solved", async (pieces) => {
    const config = configuration({ epochs: 1, batch: 44, pieces, iterations: 2, channels: 2 });
    const { losses, records, checkpoint } = await train(config, data);
    expect(losses.filter((loss) => !(loss > 0))).toEqual([]);
    expect(checkpoint.tensors["model.scores"]!.shape).toEqual([pieces ** 2, 16]);
    const [{ pieces: right, piecesAlike }] = records as [EpochRecord];
    expect(right! / 100).toBeLessThanOrEqual(piecesAlike! / 100);
    expect((right! / 100) * TESTS * pieces ** 2).toBeCloseTo(Math.round((right! / 100) * TESTS * pieces ** 2), 6);
  });

  test.each(Object.entries(jigsaw.presets))("the preset %s trains", async (_, { values }) => {
    const config = jigsaw.schema.parse({ ...values, batch: 20, seed: 5 });
    const { events, losses } = await train(config, data, { steps: 2 });
    expect(events.map(({ epochs }) => epochs)).toEqual(Array(2).fill(config.epochs));
    for (const loss of losses) expect(loss).toBeGreaterThan(0);
  });

  test("the tutorial's preset is the tutorial's settings", () => {
    expect(jigsaw.schema.parse(jigsaw.presets.tutorial!.values)).toMatchObject({
      pieces: 2,
      epochs: 5,
      batch: 64,
      channels: 32,
      hidden: 0,
      exchanges: 0,
      initialization: "fan-in",
      temperature: 0.1,
      schedule: "constant",
      iterations: 20,
      learningRate: 1e-4,
      learningRateDecay: "none",
    });
  });

  test.each([{ pieces: 1 }, { pieces: 7 }, { pieces: 2.5 }, { piece: 3 }])("%j is refused", (values) => {
    expect(() => configuration(values)).toThrow(Object.keys(values)[0]);
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

  test.each<[string, object, number[]]>([
    ["with plain settings", {}, [3, 8]],
    [
      "with no hidden layer and all settings moving",
      { hidden: 0, exchanges: 0, schedule: "linear", learningRateDecay: "cosine" },
      [5],
    ],
  ])("stopping at any step and going on gives the same bits, %s", async (_, values, stops) => {
    const config = configuration(values);
    const { uninterrupted, resumed } = await expectSameAfterStops((how) => train(config, data, how), 2 * STEPS, stops);
    for (const { tensors } of resumed) {
      for (const name of ["statistics.mean", "statistics.variance"]) {
        expect(tensors[name]).toEqual(uninterrupted.tensors[name]);
      }
    }
  });

  test("a checkpoint does not depend on which other steps were saved", async () => {
    let final = "";
    for await (const event of jigsaw.run(configuration(), { data })) final = digestOf(await event.checkpoint());
    expect(final).toBe(digestOf(whole.checkpoint));
  });
});

describe("what cannot be trained is refused", () => {
  const { check } = jigsaw;

  test("a batch larger than the training set", () => {
    const message = `batch must be at most the ${IMAGES} images of digits train, got ${IMAGES + 1}.`;
    expect(() => check(configuration({ batch: IMAGES + 1 }), { data })).toThrow(message);
    expect(() => check(configuration({ batch: IMAGES }), { data })).not.toThrow();
  });

  test("exchanges between pieces without a hidden layer", () => {
    expect(() => check(configuration({ hidden: 0 }), { data })).toThrow(
      "exchanges needs a hidden layer: expected 0 where hidden is 0, got 1.",
    );
  });

  test("pictures with fewer pixels than pieces", () => {
    const tiny = { ...data, train: { ...data.train, height: 2, width: 5 } };
    expect(() => check(configuration({ pieces: 3 }), { data: tiny })).toThrow("2 x 5 cannot be cut into 3 x 3 pieces");
  });

  test("a loss that is no number any more, saying where", async () => {
    await expect(train(configuration({ learningRate: 1e38 }), data)).rejects.toThrow(
      /^The training diverged: the loss is (NaN|-?Infinity) at epoch 1, step \d\. A lower learning rate or a higher temperature may train\.$/,
    );
  });

  test("a checkpoint of another model, another experiment or a longer training", async () => {
    const { checkpoint } = await train(configuration(), data, { steps: STEPS + 2 });
    const checkWith = (values: object, changes: Partial<Checkpoint> = {}) =>
      check(configuration(values), { data, checkpoint: { ...checkpoint, ...changes } });
    checkWith({});
    const { "statistics.variance": _, ...tensors } = checkpoint.tensors;
    expect(() => checkWith({}, { tensors })).toThrow("The checkpoint has no tensor statistics.variance.");
    expect(() => checkWith({ pieces: 3 })).toThrow(/^The checkpoint's tensor model\./);
    expect(() => checkWith({ hidden: 0, exchanges: 0 })).toThrow(/The checkpoint/);
    expect(() => checkWith({ exchanges: 0 })).toThrow("The checkpoint has an unknown tensor model.exchanges.0");
    expect(() => checkWith({}, { metadata: { ...checkpoint.metadata, experiment: "vae" } })).toThrow(
      "The checkpoint is of something else",
    );
    expect(() => checkWith({ epochs: 1 })).toThrow(`expected at most epoch 1, step ${STEPS}, got epoch 2, step 2`);
  });
});

/** Mean and variance of the channels of `[place][channel]` maps. */
function statisticsOf(maps: readonly number[][]): Statistics {
  const channels = range(maps[0]!.length).map((c) => maps.map((place) => place[c]!));
  const variance = channels.map((values) => mean(values.map((x) => (x - mean(values)) ** 2)));
  return { mean: channels.map(mean), variance };
}

/** Sinkhorn's iterations by definition: rows, then columns. */
function sinkhorn(logits: number[][], iterations: number): number[][] {
  let plan = logits.map((row) => row.map(Math.exp));
  for (let i = 0; i < iterations; i++) {
    plan = plan.map((row) => row.map((x) => x / sum(row)));
    const columns = range(plan.length).map((c) => sum(plan.map((row) => row[c]!)));
    plan = plan.map((row) => row.map((x, c) => x / columns[c]!));
  }
  return plan;
}

describe.each([
  ["two pieces each way", { exchanges: 0 }],
  ["two pieces each way that hear of each other twice", { exchanges: 2 }],
  ["three pieces each way, without a hidden layer", { hidden: 0, exchanges: 0, pieces: 3 }],
])("a step, %s, against the model in float64", (_, values) => {
  const config = configuration({ ...values, batch: 3, learningRate: 1e-35, epochs: 1 });
  const size = config.pieces ** 2;
  let before: Checkpoint;
  let after: Checkpoint;
  let loss: number;
  /** The three pictures of the second step in pieces, and which of them is in each slot. */
  let pictures: number[][][];
  let orders: number[][];

  beforeAll(async () => {
    const events = jigsaw.run(config, { data });
    before = await (await events.next()).value!.checkpoint();
    const second = (await events.next()).value!;
    [loss, after] = [second.loss, await second.checkpoint()];
    await events.return();
    const rows = (await shuffledOrder(streamKey(config.seed, 1), IMAGES)).subarray(3, 6);
    pictures = Array.from(rows, (row) => piecesOf(pixelsOf(data.train, row), SIDE, config.pieces));
    const steps = Math.floor(IMAGES / 3);
    const all = await shuffledOrders(epochShuffles(config.seed, 1), steps * 3, size);
    orders = [3, 4, 5].map((picture) => [...all.subarray(picture * size, (picture + 1) * size)]);
  }, HOOK_TIMEOUT);

  const shuffledPieces = () => pictures.map((pieces, picture) => orders[picture]!.map((piece) => pieces[piece]!));

  test("what is minimized is the squared error of the picture that the relaxed permutation puts together", async () => {
    const { mapsOf, scoresOf } = referenceNetwork(before);
    const maps = shuffledPieces().map((pieces) => pieces.map(mapsOf));
    const statistics = statisticsOf(maps.flat(2));
    const [, drawKey] = splitKey(np.array(before.tensors.key!.data as Uint32Array<ArrayBuffer>), 2);
    const gumbel = (await noise.gumbel(drawKey!, [3, size, size]).jsAsync()) as number[][][];
    const errors = shuffledPieces().map((pieces, picture) => {
      const scores = scoresOf(maps[picture]!, statistics);
      const logits = scores.map((row, i) => row.map((x, j) => (x + gumbel[picture]![i]![j]!) / config.temperature));
      const plan = sinkhorn(logits, config.iterations);
      return sum(
        pictures[picture]!.map((original, place) => {
          const wanted = scaled(original);
          const found = wanted.map((_, pixel) =>
            sum(pieces.map((piece, i) => plan[i]![place]! * scaled(piece)[pixel]!)),
          );
          return sum(found.map((x, pixel) => (x - wanted[pixel]!) ** 2));
        }),
      );
    });
    expect(loss / mean(errors)).toBeCloseTo(1, 4);
  });

  test("the running statistics move a tenth towards those of the batch", () => {
    const { mapsOf, running } = referenceNetwork(before);
    const maps = shuffledPieces().flatMap((pieces) => pieces.flatMap(mapsOf));
    const seen = statisticsOf(maps);
    const unbiased = maps.length / (maps.length - 1);
    const next = referenceNetwork(after).running;
    next.mean.forEach((x, c) => {
      expect(x).toBeCloseTo(0.9 * running.mean[c]! + 0.1 * seen.mean[c]!, 4);
    });
    next.variance.forEach((x, c) => {
      expect(x).toBeCloseTo(0.9 * running.variance[c]! + 0.1 * unbiased * seen.variance[c]!, 4);
    });
  });
});

/** Kendall's tau of two orders without ties, by counting. */
function tauOf(a: readonly number[], b: readonly number[]): number {
  const pairs = range(a.length).flatMap((i) => range(i).map((j) => Math.sign((a[i]! - a[j]!) * (b[i]! - b[j]!))));
  return mean(pairs);
}

describe("a trained model", () => {
  const config = configuration();
  let trained: Trained<Config>;

  /** A picture's pieces, which of them is in each slot, and the place that the network in float64 finds for it. */
  type Judged = { pieces: number[][]; order: number[]; found: number[] };

  const judge = async (test: Dataset, seed: number): Promise<Judged[]> => {
    const { mapsOf, scoresOf, running } = referenceNetwork(whole.checkpoint);
    const orders = await shuffledOrders(measuredShuffles(seed, 0), test.count, 4);
    return range(test.count).map((picture) => {
      const pieces = piecesOf(pixelsOf(test, picture), SIDE, 2);
      const order = [...orders.subarray(4 * picture, 4 * picture + 4)];
      const scores = scoresOf(
        order.map((piece) => mapsOf(pieces[piece]!)),
        running,
      );
      return { pieces, order, found: bestPlaces(scores) };
    });
  };

  /** The pictures without identical pieces, of which one assignment is the best. */
  let clear: Dataset;
  let judged: Judged[];

  /** What is measured, from its definition. */
  const measuresOf = (some: Judged[]) => {
    const each = some.map(({ pieces, order, found }) => {
      const right = found.filter((place, slot) => place === order[slot]).length / 4;
      const looksRight =
        found.filter((place, slot) => String(pieces[place]) === String(pieces[order[slot]!])).length / 4;
      const errors = found.flatMap((place, slot) => pieces[order[slot]!]!.map((x, i) => x - pieces[place]![i]!));
      const tau = tauOf(order, found);
      return {
        tau,
        right,
        looksRight,
        solved: Number(right === 1),
        looksSolved: Number(looksRight === 1),
        l1: mean(errors.map(Math.abs)),
        l2: mean(errors.map((x) => x * x)),
      };
    });
    const meanOf = (key: keyof (typeof each)[number]) => mean(each.map((measures) => measures[key]));
    return {
      tau: meanOf("tau"),
      solved: 100 * meanOf("solved"),
      pieces: 100 * meanOf("right"),
      solvedAlike: 100 * meanOf("looksSolved"),
      piecesAlike: 100 * meanOf("looksRight"),
      l1: meanOf("l1"),
      l2: meanOf("l2"),
    };
  };

  beforeAll(async () => {
    trained = { config, checkpoint: whole.checkpoint };
    const distinct = (row: number) => new Set(piecesOf(pixelsOf(data.test, row), SIDE, 2).map(String)).size === 4;
    clear = picturesOf(data.test, range(TESTS).filter(distinct));
    judged = await judge(clear, config.seed);
  }, HOOK_TIMEOUT);

  const NAMES = ["tau", "solved", "pieces", "tauAlike", "solvedAlike", "piecesAlike", "l1", "l2", "best"];
  type Measures = Record<string, number>;

  const evaluate = async (test: Dataset, options: Partial<EvaluationOptions> = {}): Promise<Measures> => {
    const results = await jigsaw.evaluate(trained, { ...data, test }, { seed: config.seed, ...options });
    expect(results).toHaveLength(NAMES.length);
    return Object.fromEntries(results.map(({ value }, i) => [NAMES[i], value]));
  };
  const expectMeasures = (measured: Measures, expected: Measures) => {
    for (const [name, value] of Object.entries(expected)) expect(measured[name], name).toBeCloseTo(value, 5);
  };

  test("is judged on the test pictures by the best assignment of its scores", async () => {
    expect(clear.count).toBeGreaterThan(8);
    const measures = await evaluate(clear);
    expectMeasures(measures, { ...measuresOf(judged), tauAlike: measures.tau! });
    expect(measures.pieces).toBeGreaterThan(0);
    expect(measures.solved).toBeLessThan(100);
  });

  test("can be judged on fewer pictures, on no more than there are, and on other shuffles", async () => {
    expectMeasures(await evaluate(clear, { examples: 5 }), measuresOf(judged.slice(0, 5)));
    const others = await judge(clear, 11);
    expectMeasures(await evaluate(clear, { examples: 10_000, seed: 11 }), measuresOf(others));
    expect(others.map(({ order }) => order)).not.toEqual(judged.map(({ order }) => order));
  });

  test("is not judged by which of several identical pieces is where, if they are interchangeable", async () => {
    const { solvedAlike, piecesAlike, l1, l2 } = measuresOf(await judge(data.test, config.seed));
    const measures = await evaluate(data.test);
    expectMeasures(measures, { solvedAlike, piecesAlike, l1, l2 });
    expect(measures.piecesAlike).toBeGreaterThan(measures.pieces!);
  });

  test("of pieces that are all alike, all are right then", async () => {
    const blank = { ...data.test, images: data.test.images.map(() => 7) };
    const measures = await evaluate(blank);
    expect(measures).toMatchObject({ tauAlike: 1, solvedAlike: 100, piecesAlike: 100, l1: 0, l2: 0, best: 0 });
    expect(measures.solved).toBeLessThan(100);
  });

  test("an evaluation of the whole test set is what the last epoch has measured, and tells how far it is", async () => {
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => void progress.push([done, total]);
    const { best, ...measures } = await evaluate(data.test, { onProgress });
    const record = last(recordsOf(whole));
    expect(measures).toEqual(Object.fromEntries(Object.keys(measures).map((name) => [name, record[name]])));
    expect(best).toBeLessThan(1);
    expect(progress).toEqual([[TESTS, TESTS]]);
  });

  test("results and charts are those of the records", () => {
    const records = recordsOf(whole);
    const { tau, solved } = last(records);
    expect(jigsaw.results(records).slice(0, 2)).toMatchObject([
      { name: "Kendall's tau", value: tau },
      { name: "solved", value: solved, unit: "%" },
    ]);
    expect(jigsaw.results([])).toEqual([]);
    for (const { series } of jigsaw.charts(records)) {
      for (const { points } of series) {
        expect(points.map(({ x }) => x)).toEqual([1, 2]);
        expect(points.every(({ y }) => Number.isFinite(y))).toBe(true);
      }
    }
  });

  describe("in pictures", () => {
    /** Of the picture for one of the image; between two images; images in a row. */
    const [SCALE, GAP, COLUMNS] = [3, 2, 10];
    let drawn: Record<string, NamedPicture>;

    beforeAll(async () => {
      const named = await jigsaw.pictures(trained, { ...data, test: clear });
      drawn = Object.fromEntries(named.map((picture) => [picture.name, picture]));
    }, HOOK_TIMEOUT);

    const tile = (row: number, column: number) => {
      const { picture } = drawn.reassembled!;
      const [top, left] = [row, column].map((at) => at * (SIDE * SCALE + GAP)) as [number, number];
      return range(SIDE * SIDE).map((i) => {
        const [y, x] = [top + SCALE * Math.floor(i / SIDE), left + SCALE * (i % SIDE)];
        return picture.data[y * picture.width + x]! / 255;
      });
    };
    const textOf = (pieces: readonly number[][]) => pieces.map((piece) => piece.map((x) => Math.round(255 * x)).join());

    test("ten test pictures: shuffled, put together, original", () => {
      const extent = (tiles: number) => tiles * SIDE * SCALE + (tiles - 1) * GAP;
      expect(drawn.reassembled!.picture).toMatchObject({ width: extent(COLUMNS), height: extent(3), channels: 1 });
      range(COLUMNS).forEach((column) => {
        const { pieces, order, found } = judged[column]!;
        const [shuffled, solved, original] = [0, 1, 2].map((row) => textOf(piecesOf(tile(row, column), SIDE, 2)));
        expect(original).toEqual(textOf(pieces));
        expect(shuffled).toEqual(textOf(order.map((piece) => pieces[piece]!)));
        expect(solved).toEqual(textOf(range(4).map((place) => pieces[order[found.indexOf(place)]!]!)));
      });
      expect(drawn.reassembled!.caption).toContain("2 x 2 pieces of 6 x 6 pixels");
    });

    test("plans from warm to cold: the columns of each sum to 1, and the coldest is nearly a permutation", () => {
      const { picture, caption } = drawn.plan!;
      expect(caption).toContain("temperatures 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02");
      const [scale, gap, plans] = [24, 8, 7];
      expect(picture).toMatchObject({ width: plans * 4 * scale + (plans - 1) * gap, height: 4 * scale, channels: 1 });
      const entry = (plan: number, row: number, column: number) =>
        picture.data[row * scale * picture.width + plan * (4 * scale + gap) + column * scale]! / 255;
      const sharpness = range(plans).map((plan) => {
        const columns = range(4).map((column) => range(4).map((row) => entry(plan, row, column)));
        for (const column of columns) expect(sum(column)).toBeCloseTo(1, 1);
        return mean(columns.map((column) => Math.max(...column)));
      });
      expect(sharpness).toEqual(sharpness.toSorted((a, b) => a - b));
      expect(last(sharpness)).toBeGreaterThan(sharpness[0]!);
    });

    test("every picture says what it is", () => {
      for (const { title, caption, alt } of Object.values(drawn)) {
        for (const text of [title, caption, alt]) expect(text).not.toBe("");
      }
    });
  });

  describe("solving a picture", () => {
    const solve = (picture: Picture, seed: number) => solvePicture(trained, data, picture, { seed });
    const colours: Picture = { width: 31, height: 27, channels: 3, data: noiseBytes(31 * 27 * 3) };

    /** The quarters of a picture in colour, as text. */
    const quarters = ({ width, channels, data }: Picture, side: number, top = 0, left = 0) =>
      range(4).map((quarter) => {
        const [y, x] = [top + (quarter >> 1) * side, left + (quarter & 1) * side];
        return range(side)
          .map((i) => data.subarray(((y + i) * width + x) * channels, ((y + i) * width + x + side) * channels))
          .join(";");
      });

    test("of any size and in colour: crops it, moves its pieces, and counts those in their place", async () => {
      const { shuffled, solved, right, pieces } = await solve(colours, 4);
      // 27 rows leave one over, 31 columns five.
      const original = quarters(colours, 13, 0, 2);
      for (const picture of [shuffled, solved]) {
        expect(picture).toMatchObject({ width: 26, height: 26, channels: 3 });
        expect(quarters(picture, 13).sort()).toEqual(original.toSorted());
      }
      const order = await shuffledOrders(measuredShuffles(4, 0), 1, 4);
      expect(quarters(shuffled, 13)).toEqual(Array.from(order, (piece) => original[piece]));
      expect(pieces).toBe(4);
      expect(right).toBe(quarters(solved, 13).filter((piece, place) => piece === original[place]).length);
    });

    test("of the size that it was trained on: finds the places that the network in float64 finds", async () => {
      const bytes = clear.images.subarray(0, SIDE * SIDE);
      const { solved, right } = await solve({ width: SIDE, height: SIDE, channels: 1, data: bytes }, config.seed);
      const { order, found } = judged[0]!;
      const original = quarters({ width: SIDE, height: SIDE, channels: 1, data: bytes }, SIDE / 2);
      expect(quarters(solved, SIDE / 2)).toEqual(range(4).map((place) => original[order[found.indexOf(place)]!]));
      expect(right).toBe(found.filter((place, slot) => place === order[slot]).length);
    });

    test("a seed shuffles the same again, another seed otherwise", async () => {
      const [first, again, ...others] = await Promise.all([1, 1, 2, 3, 4].map((seed) => solve(colours, seed)));
      expect(again).toEqual(first);
      expect(others.some(({ shuffled }) => Buffer.compare(shuffled.data, first!.shuffled.data) !== 0)).toBe(true);
    });

    test("too small to be cut: refused", async () => {
      const dot: Picture = { width: 1, height: 40, channels: 1, data: new Uint8Array(40) };
      await expect(solve(dot, 0)).rejects.toThrow(
        new RangeError("A picture of 40 x 1 cannot be cut into 2 x 2 pieces."),
      );
    });
  });
});
