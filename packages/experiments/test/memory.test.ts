/** A training holds the same memory from step to step, and gives it all back. */

import type { numpy } from "@jax-js/jax";
import { watchEngineMemory } from "@softdraw/testing/engine-memory";
import { beforeAll, describe, expect, test } from "vitest";
import type { DatasetSplits } from "../src/data/types.ts";
import type { BaseConfig, Experiment } from "../src/experiment.ts";

const { block, growth, growthToTheNumber } = await watchEngineMemory();
const { categoricalVae } = await import("../src/categorical-vae/index.ts");
const { nearestNeighbourClassifier } = await import("../src/nearest-neighbours/index.ts");
const { jigsaw } = await import("../src/jigsaw/index.ts");
const { sorting } = await import("../src/sorting/index.ts");
const { subjects } = await import("./explain-support.ts");
const vae = await import("./categorical-vae-support.ts");
const neighbours = await import("./nearest-neighbours-support.ts");
const pieces = await import("./jigsaw-support.ts");
const numbers = await import("./sorting-support.ts");
const { fewDigits, HOOK_TIMEOUT, trainingOf } = await import("./support.ts");
let data: DatasetSplits;

beforeAll(async () => {
  data = await fewDigits(100, 20);
}, HOOK_TIMEOUT);

const WARM_UP = 3;

const ROUNDS = 3;

const rounds = (work: () => Promise<unknown>) => async () => {
  for (let round = 0; round < ROUNDS; round++) await work();
};

/** What every experiment's configuration has and these tests set. */
interface Values {
  readonly epochs?: number;
  readonly batch?: number;
  readonly learningRate?: number;
  readonly schedule?: "linear";
  readonly hard?: boolean;
}

/** An experiment whose configuration's type the tests need not know. */
function subjectOf<Config extends BaseConfig>(
  experiment: Experiment<Config>,
  configuration: (values: Values) => Config,
) {
  const train = trainingOf(experiment);
  return {
    name: experiment.name,
    run: (values: Values) => experiment.run(configuration(values), { data }),
    train: (values: Values, limit?: { steps: number }) => train(configuration(values), data, limit),
    async look(values: Values, checkpoint: Awaited<ReturnType<typeof train>>["checkpoint"]) {
      const trained = { config: configuration(values), checkpoint };
      experiment.check(trained.config, { data, checkpoint });
      await experiment.pictures(trained, data);
      await experiment.evaluate(trained, data, { examples: 20, seed: 0 });
    },
  };
}

describe.each([
  { ...subjectOf(categoricalVae, vae.configuration), batch: 5, measured: 5 },
  // A row of 18 numbers takes more than the smallest block, of which a step is then content with few.
  { ...subjectOf(nearestNeighbourClassifier, neighbours.configuration), batch: 18, measured: 8 },
  {
    ...subjectOf(nearestNeighbourClassifier, ({ hard: _, ...values }) =>
      neighbours.configuration({ ...values, mutual: true, loss: "log-share" }),
    ),
    name: "dknn of all images and the logarithm of the share",
    batch: 18,
    measured: 8,
  },
  // These two have no exact draws with a gradient to turn on.
  { ...subjectOf(jigsaw, ({ hard: _, ...values }) => pieces.configuration(values)), batch: 5, measured: 5 },
  {
    ...subjectOf(sorting, ({ hard: _, ...values }) => numbers.configuration({ ...values, steps: 20 })),
    batch: 18,
    measured: 5,
  },
  // The synthetic tasks differ in their data alone.
  ...subjects
    .filter(({ task }) => ["sequences", "xor", "digits"].includes(task))
    .map(({ task, experiment, configuration }) => ({
      ...subjectOf(experiment, (values) => configuration({ ...values, steps: 20 })),
      name: `explain ${task}`,
      batch: 18,
      // A step of sequences takes as many small blocks as its many small parameters, for which there is to be room.
      measured: task === "sequences" ? 15 : 5,
    })),
])("$name:", ({ run, train, look, batch, measured }) => {
  test("epochs after the first few need no more memory", async () => {
    // The last epoch, which may measure more than others, is not reached.
    const events = run({ epochs: WARM_UP + measured + 1, batch, schedule: "linear", hard: true });
    let steps = 0;
    const epochs = async (count: number) => {
      for (let done = 0; done < count; steps++) {
        const { value } = await events.next();
        if (steps % 7 === 0) await value!.checkpoint();
        if (value!.record) done++;
      }
    };
    await epochs(WARM_UP);
    expect(await growthToTheNumber((measured * steps) / WARM_UP, () => epochs(measured))).toBe(0);
    await events.return();
  });

  test("a training that is abandoned, or that is over, leaves nothing behind", async () => {
    const abandon = (steps: number) => () => train({ epochs: 1, batch: 45 }, { steps });
    for (const steps of [1, 2]) {
      await abandon(steps)();
      expect(await growth(rounds(abandon(steps)))).toBe(0);
    }
  });

  test("a training that fails leaves nothing behind", async () => {
    const fail = () =>
      expect(train({ learningRate: 1e38, batch: 40 })).rejects.toThrow("The training diverged: the loss is");
    await fail();
    expect(await growth(rounds(fail))).toBe(0);
  });

  test("looking at a model leaves nothing behind", async () => {
    const { checkpoint } = await train({ epochs: 1 });
    await look({ epochs: 1 }, checkpoint);
    expect(await growth(rounds(() => look({ epochs: 1 }, checkpoint)))).toBe(0);
  });
});

test("more samples of the bound take no more memory", async () => {
  const config = vae.configuration({ epochs: 1 });
  const { checkpoint } = await vae.train(config, data);
  const evaluate = (importanceSamples: number) =>
    categoricalVae.evaluate({ config, checkpoint }, data, { own: { importanceSamples }, examples: 20, seed: 0 });
  await evaluate(100);
  expect(await growth(async () => void (await evaluate(ROUNDS * 100)))).toBe(0);
});

test("a leak of one number a step would show", async () => {
  const steps = 40;
  const leaked: numpy.Array[] = [];
  const leak = async () => {
    for (let step = 0; step < steps; step++) leaked.push(block());
  };
  expect(await growthToTheNumber(steps, leak)).toBeGreaterThan(0);
});
