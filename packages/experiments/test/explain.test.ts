import { beforeAll, describe, expect, test } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../src/checkpoint/safetensors.ts";
import type { DatasetSplits } from "../src/data/types.ts";
import { experimentFor } from "../src/experiment.ts";
import { explain } from "../src/explain/index.ts";
import { subjects } from "./explain-support.ts";
import { digestOf, fewDigits, HOOK_TIMEOUT, mean, type Training, trainingOf } from "./support.ts";

let data: DatasetSplits;

beforeAll(async () => {
  data = await fewDigits(300, 100);
}, HOOK_TIMEOUT);

const STEPS = 4;

describe.each(subjects)("$task", ({ task, experiment, configuration }) => {
  const trainAny = trainingOf(experiment);
  const train = (values?: object, limit?: Parameters<typeof trainAny>[2]) =>
    trainAny(configuration(values), data, limit);
  const epochs = task === "digits" ? 4 : 2;
  let whole: Training;

  beforeAll(async () => {
    whole = await train();
  }, HOOK_TIMEOUT);

  test("reports epoch by epoch, with the columns that it names and no others", () => {
    const keys = ["epoch", ...experiment.columns.map(({ key }) => key)];
    const records = whole.events.flatMap(({ record }) => record ?? []);
    expect(records.map(({ epoch }) => epoch)).toEqual(Array.from({ length: epochs }, (_, i) => i + 1));
    for (const record of records) {
      expect(keys).toEqual(expect.arrayContaining(Object.keys(record)));
      expect(Object.values(record).every(Number.isFinite)).toBe(true);
    }
    expect(Object.keys(records.at(-1)!).sort()).toEqual(keys.sort());
    records.forEach((record, i) => {
      expect(record.loss).toBeCloseTo(mean(whole.losses.slice(STEPS * i, STEPS * (i + 1))), 9);
    });
  });

  test("a seed gives the same losses, records and checkpoint to the bit; another seed others", async () => {
    const again = await train();
    expect(again.losses).toEqual(whole.losses);
    expect(again.records).toEqual(whole.records);
    expect(digestOf(again.checkpoint)).toBe(digestOf(whole.checkpoint));
    const other = await train({ seed: 6 }, { steps: 2 });
    for (const [i, loss] of other.losses.entries()) expect(loss).not.toBe(whole.losses[i]);
  });

  test("stopping at any step and going on gives the same bits", async () => {
    for (const steps of task === "digits" ? [STEPS + 1, 2 * STEPS, 3 * STEPS + 1] : [1, STEPS]) {
      const stopped = await train({}, { steps });
      const stored = decodeCheckpoint(encodeCheckpoint(stopped.checkpoint), "stopped");
      experiment.check(configuration(), { data, checkpoint: stored });
      const resumed = await train({}, { from: stored });
      expect([...stopped.losses, ...resumed.losses]).toEqual(whole.losses);
      expect([...stopped.records, ...resumed.records]).toEqual(whole.records);
      expect(digestOf(resumed.checkpoint)).toBe(digestOf(whole.checkpoint));
    }
  });

  test("every preset trains", async () => {
    for (const { values } of Object.values(experiment.presets)) {
      const config = experiment.schema.parse({ ...values, batch: 4, steps: 1 });
      expect((await trainAny(config, data, { steps: 2 })).losses.every(Number.isFinite)).toBe(true);
    }
  });

  test("the results are those of the last record, and an evaluation by the same seed finds them again", async () => {
    const records = whole.events.flatMap(({ record }) => record ?? []);
    const results = experiment.results(records);
    expect(results.length).toBeGreaterThan(1);
    const trained = { config: configuration(), checkpoint: whole.checkpoint };
    const evaluated = await experiment.evaluate(trained, data, { seed: 5 });
    expect(evaluated.map(({ name, value }) => [name, value])).toEqual(results.map(({ name, value }) => [name, value]));
    expect(experiment.results([])).toEqual([]);
    for (const { series } of experiment.charts(records)) expect(series.length).toBeGreaterThan(0);
  });

  test("its pictures are whole", async () => {
    const pictures = await experiment.pictures({ config: configuration(), checkpoint: whole.checkpoint }, data);
    expect(pictures).toHaveLength(1);
    for (const { picture, caption, alt, title } of pictures) {
      expect(picture.data).toHaveLength(picture.width * picture.height * picture.channels);
      expect(new Set(picture.data).size).toBeGreaterThan(2);
      for (const text of [caption, alt, title]) expect(text).not.toBe("");
    }
  });

  test("refuses a checkpoint of another task, another model or a longer training", async () => {
    const { checkpoint } = await train({}, { steps: STEPS + 2 });
    const check = (values: object, changes = {}) =>
      experiment.check(configuration(values), { data, checkpoint: { ...checkpoint, ...changes } });
    check({});
    const { position } = checkpoint.metadata;
    expect(() => check({}, { metadata: { experiment: "explain other", position } })).toThrow("is of something else");
    expect(() => check({ steps: 1 })).toThrow("The checkpoint is beyond the training");
    expect(() => check(task === "digits" ? { channels: 8 } : { hidden: 12 })).toThrow("The checkpoint's tensor");
  });
});

/** The synthetic ones differ in their data alone. */
describe.each(subjects.filter(({ task }) => ["sequences", "xor", "digits"].includes(task)))(
  "the configuration of $task",
  ({ experiment, configuration }) => {
    const train = (values: object) => trainingOf(experiment)(configuration(values), data);

    test("what it says changes the training", async () => {
      const variants = [
        ...[{}, { sampler: "concrete-max" }, { sampler: "successive" }, { hard: true }, { k: 1 }],
        ...[{ schedule: "linear", temperatureEnd: 0.1 }, { learningRateDecay: "cosine" }, { weightDecay: 1 }],
      ];
      const trainings: string[] = [];
      for (const values of variants) {
        const { losses } = await train({ epochs: 1, ...values });
        expect(losses.filter((loss) => !Number.isFinite(loss))).toEqual([]);
        trainings.push(losses.join());
      }
      expect(new Set(trainings).size).toBe(variants.length);
    }, 120_000);
  },
);

describe("learning, in a few steps", () => {
  const of = (name: string) => subjects.find(({ task }) => task === name)!;
  const learn = async (name: string, values: object) => {
    const { experiment, configuration } = of(name);
    return trainingOf(experiment)(configuration({ temperature: 0.1, ...values }), data);
  };

  test("orange skin: the four features that decide have the highest scores", async () => {
    const values = { epochs: 1, steps: 200, batch: 500, hidden: 48, learningRate: 5e-3 };
    const { records } = await learn("orange-skin", values);
    // Of four among ten at random, 5.5.
    expect(records.at(-1)!.rank).toBeLessThan(3);
  }, 60_000);

  test("sequences: most of the chosen tokens are equal to the label", async () => {
    const values = { width: 16, feedForward: 32, hidden: 16, dropout: 0, epochs: 1, steps: 250, batch: 64, learningRate: 5e-3 }; // biome-ignore format: one line
    const { records } = await learn("sequences", values);
    expect(records.at(-1)!.precision).toBeGreaterThan(80);
    expect(records.at(-1)!.accuracy).toBeGreaterThan(80);
  }, 60_000);
});

describe("the tasks as one experiment", () => {
  const parse = (values: object) => explain.schema.parse(values);

  test("the first is the default, and each has its own defaults", () => {
    expect(parse({})).toEqual(explain.tasks!.sequences!.schema.parse({}));
    for (const { task, experiment } of subjects) {
      expect(parse({ task })).toEqual(experiment.schema.parse({}));
      expect(experimentFor(explain, parse({ task }))).toBe(explain.tasks![task]);
    }
    expect(parse({ task: "switch" })).toMatchObject({ k: 5 });
  });

  test("a configuration that has been parsed is parsed to the same", () => {
    for (const { task } of subjects) expect(parse(parse({ task, seed: 3 }))).toEqual(parse({ task, seed: 3 }));
  });

  test.each([
    [{ task: "xor", width: 8 }, "width", "The task xor has no such option"],
    [{ task: "xor", data: "mnist" }, "data", "The task xor has no such option"],
    [{ task: "sequences", k: 9 }, "k", "Expected a number of at most 8"],
    [{ task: "nothing" }, "task", "Expected one of sequences"],
  ])("%j is refused, naming %s", (values, name, message) => {
    const { error } = explain.schema.safeParse(values);
    expect(error!.issues[0]!.path).toEqual([name]);
    expect(error!.issues[0]!.message).toContain(message);
  });

  test("more features can be asked for where there are more", () => {
    expect(parse({ task: "xor", k: 9 })).toMatchObject({ k: 9 });
    expect(parse({ task: "digits", k: 48 })).toMatchObject({ k: 48 });
  });
});
