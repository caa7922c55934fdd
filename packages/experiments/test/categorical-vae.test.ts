import { beforeAll, describe, expect, test } from "vitest";
import { categoricalVae } from "../src/categorical-vae/index.ts";
import type { DatasetSplits } from "../src/data/types.ts";
import { type Config, configuration, train } from "./categorical-vae-support.ts";
import { digestOf, expectSameAfterStops, fewDigits, HOOK_TIMEOUT, mean, type Training } from "./support.ts";

let data: DatasetSplits;
/** A training of two epochs of four steps. */
let whole: Training;

beforeAll(async () => {
  data = await fewDigits(80, 20);
  whole = await train(configuration(), data);
}, HOOK_TIMEOUT);

const last = <T>(values: readonly T[]): T => values.at(-1)!;

describe("a training", () => {
  test("lowers its loss, and reports it epoch by epoch", async () => {
    const config = configuration({ epochs: 4 });
    const { events, losses, records } = await train(config, data);
    expect(losses).toHaveLength(16);
    expect(mean(losses.slice(-4))).toBeLessThan(0.7 * mean(losses.slice(0, 4)));
    expect(last(records).test).toBeLessThan(0.7 * records[0]!.test!);
    expect(events.map(({ epoch, step }) => [epoch, step])).toEqual(
      losses.map((_, i) => [1 + Math.floor(i / 4), 1 + (i % 4)]),
    );
    for (const event of events) expect(event).toMatchObject({ epochs: 4, steps: 4, examples: 20, temperature: 1 });
    expect(events.map(({ record }) => record !== undefined)).toEqual(losses.map((_, i) => i % 4 === 3));
  });

  test("a record has every column, finite, and its parts add up", async () => {
    const { variables, classes } = configuration();
    const { events, losses } = whole;
    const records = events.flatMap(({ record }) => record ?? []);
    // Bits per dimension are of likelihoods of whole bytes.
    const columns = categoricalVae.columns.map(({ key }) => key).filter((key) => key !== "bits");
    records.forEach((record, i) => {
      expect(Object.keys(record).sort()).toEqual(["epoch", ...columns].sort());
      for (const value of Object.values(record)) expect(Number.isFinite(value)).toBe(true);
      expect(record.epoch).toBe(i + 1);
      expect(record.optimized).toBeCloseTo(mean(losses.slice(4 * i, 4 * i + 4)), 9);
      expect(record.test).toBeCloseTo(record.reconstruction! + record.divergence!, 9);
      expect(record.gap).toBeCloseTo(record.discrete! - record.relaxed!, 9);
      expect(record.divergence).toBeGreaterThan(0);
      expect(record.divergence).toBeLessThan(variables * Math.log(classes));
      expect(record.imagesPerSecond).toBeGreaterThan(0);
    });
  });

  test("images that do not fill a batch sit an epoch out", async () => {
    const { events } = await train(configuration({ batch: 30, epochs: 1 }), data);
    expect(events.map(({ steps }) => steps)).toEqual([2, 2]);
  });

  test("the first and last results are those of the last record", async () => {
    const records = whole.events.flatMap(({ record }) => record ?? []);
    const results = categoricalVae.results(records);
    expect(results.map(({ name }) => name)).toEqual([
      "discrete test loss",
      "reconstruction",
      "divergence",
      "soft-hard gap, training",
    ]);
    const { test, reconstruction, divergence, gap } = last(records);
    expect(results.map(({ value }) => value)).toEqual([test, reconstruction, divergence, gap]);
    expect(categoricalVae.results([])).toEqual([]);
    for (const { series } of categoricalVae.charts(records)) {
      for (const { points } of series) expect(points.map(({ x }) => x)).toEqual([1, 2]);
    }
  });
});

describe("the configuration", () => {
  const variants: [string, Partial<Config>][] = [
    ["the tutorial's", { ...categoricalVae.presets.tutorial!.values, batch: 20 }],
    ["exact choices", { hard: true }],
    ["a decaying learning rate", { learningRateDecay: "linear" }],
    ["a warm-up of the divergence", { divergenceWarmup: 0.5 }],
    ["another temperature", { temperature: 0.3 }],
    ["another initialization", { initialization: "fan-in" }],
    ["ReLU on the logits", { encoderRelu: true }],
    ["another code", { variables: 7, classes: 3 }],
  ];

  test.each(variants)("%s trains, and is not the same as without", async (_, values) => {
    const { losses, records } = await train(configuration(values), data);
    expect(last(losses)).toBeLessThan(losses[0]!);
    expect(Object.values(last(records)).every(Number.isFinite)).toBe(true);
    expect(losses).not.toEqual(whole.losses);
  });

  test.each([
    ["constant", [1, 1, 1, 1, 1, 1, 1, 1]],
    ["exponential", [1, 1, 1, 0.5, 0.5, 0.5, 0.3, 0.3]],
    ["linear", [1, 0.9125, 0.825, 0.7375, 0.65, 0.5625, 0.475, 0.3875]],
    ["cosine", Array.from({ length: 8 }, (_, i) => 0.3 + 0.35 * (1 + Math.cos((Math.PI * i) / 8)))],
  ] as const)("the temperature of the %s schedule is each step's", async (schedule, expected) => {
    const falling = { temperature: 1, temperatureEnd: 0.3, temperatureRate: Math.log(2) / 3, temperatureHold: 3 };
    const { events, losses } = await train(configuration({ schedule, ...falling }), data);
    expect(last(losses) === last(whole.losses)).toBe(schedule === "constant");
    events.forEach(({ temperature, record }, i) => {
      expect(temperature).toBeCloseTo(expected[i]!, 9);
      if (record) expect(record.temperature).toBe(temperature);
    });
  });

  test("the tutorial's preset is the tutorial's settings", () => {
    const values = categoricalVae.presets.tutorial!.values;
    expect(categoricalVae.schema.parse(values)).toMatchObject({
      variables: 30,
      classes: 10,
      batch: 100,
      epochs: 10,
      learningRate: 1e-3,
      learningRateDecay: "none",
      temperature: 1,
      schedule: "constant",
      hard: false,
      encoderRelu: true,
      divergenceWarmup: 0,
      initialization: "fan-in",
    });
  });

  test("a key that is none is refused", () => {
    expect(() => categoricalVae.schema.parse({ epoch: 3 })).toThrow("epoch");
  });
});

describe("randomness", () => {
  test("a seed gives the same losses, records and checkpoint to the bit; another seed others", async () => {
    const again = await train(configuration(), data);
    expect(again.losses).toEqual(whole.losses);
    expect(again.records).toEqual(whole.records);
    expect(digestOf(again.checkpoint)).toBe(digestOf(whole.checkpoint));
    const other = await train(configuration({ seed: 6 }), data);
    for (const [i, loss] of other.losses.entries()) expect(loss).not.toBe(whole.losses[i]);
  });

  test.each<[string, Partial<Config>, number[]]>([
    ["with plain settings", {}, [1, 4, 6, 8]],
    ["with exact choices", { hard: true, encoderRelu: true }, [3]],
    ["with all settings moving", { schedule: "linear", learningRateDecay: "linear", divergenceWarmup: 1 }, [4, 7]],
  ])("stopping at any step and going on gives the same bits, %s", async (_, values, stops) => {
    const config = configuration(values);
    await expectSameAfterStops((how) => train(config, data, how), 8, stops);
  });

  test("a checkpoint does not depend on which other steps were saved", async () => {
    let final = "";
    for await (const event of categoricalVae.run(configuration(), { data })) final = digestOf(await event.checkpoint());
    expect(final).toBe(digestOf(whole.checkpoint));
  });
});

describe("what cannot be trained is refused", () => {
  test("a batch larger than the data set", async () => {
    const message = "batch must be at most the 80 images of digits train, got 81.";
    const config = configuration({ batch: 81 });
    expect(() => categoricalVae.check(config, { data })).toThrow(message);
    await expect(train(config, data)).rejects.toThrow(message);
    expect(() => categoricalVae.check(configuration({ batch: 80 }), { data })).not.toThrow();
  });

  test("a loss that is no number any more, saying where", async () => {
    await expect(train(configuration({ learningRate: 1e38 }), data)).rejects.toThrow(
      /^The training diverged: the loss is (NaN|-?Infinity) at epoch 1, step \d\. A lower learning rate or a higher temperature may train\.$/,
    );
  });

  test("a checkpoint of another model, another experiment or a longer training", async () => {
    const { checkpoint } = await train(configuration(), data, { steps: 6 });
    const check = (values: Partial<Config>, metadata = {}) => {
      const changed = { ...checkpoint, metadata: { ...checkpoint.metadata, ...metadata } };
      categoricalVae.check(configuration(values), { data, checkpoint: changed });
    };
    check({});
    expect(() => check({ classes: 6 })).toThrow(
      "The checkpoint's tensor model.encoder.2.weight: expected shape [24,256], got [20,256].",
    );
    expect(() => check({}, { experiment: "jigsaw" })).toThrow("The checkpoint is of something else");
    expect(() => check({ epochs: 1 })).toThrow("expected at most epoch 1, step 4, got epoch 2, step 2");
    const { "optimizer.count": _, ...tensors } = checkpoint.tensors;
    expect(() => categoricalVae.check(configuration(), { data, checkpoint: { ...checkpoint, tensors } })).toThrow(
      "The checkpoint has no tensor optimizer.count.",
    );
  });
});
