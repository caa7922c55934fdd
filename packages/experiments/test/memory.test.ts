/** A training holds the same memory from step to step, and gives it all back. */

import { numpy as np } from "@jax-js/jax";
import { watchArrays } from "@softdraw/testing/live-arrays";
import { isThorough } from "@softdraw/testing/thorough";
import { beforeAll, describe, expect, test } from "vitest";
import { categoricalVae } from "../src/categorical-vae/index.ts";
import type { DatasetSplits } from "../src/data/types.ts";
import type { BaseConfig, Experiment } from "../src/experiment.ts";
import { graphs } from "../src/graphs/index.ts";
import { jigsaw } from "../src/jigsaw/index.ts";
import { nearestNeighbourClassifier } from "../src/nearest-neighbours/index.ts";
import { pictureRanking } from "../src/ranking/index.ts";
import { sorting } from "../src/sorting/index.ts";
import * as vae from "./categorical-vae-support.ts";
import { subjects } from "./explain-support.ts";
import * as motion from "./graphs-support.ts";
import * as pieces from "./jigsaw-support.ts";
import * as neighbours from "./nearest-neighbours-support.ts";
import * as ranked from "./ranking-support.ts";
import * as numbers from "./sorting-support.ts";
import { fewDigits, HOOK_TIMEOUT, trainingOf } from "./support.ts";

let data: DatasetSplits;

beforeAll(async () => {
  data = await fewDigits(100, 20);
}, HOOK_TIMEOUT);

/** The first epochs compile, and what is compiled keeps constants; those of a classifier that is explained come before the others. */
const WARM_UP = 3;
const MEASURED = 1;

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

/** How many more arrays there are after doing it again, when what it compiles is compiled. */
async function kept(work: () => Promise<unknown>): Promise<number> {
  await work();
  const { count } = watchArrays();
  const before = count();
  await work();
  return count() - before;
}

/** Other codes and estimators. */
const vaes = {
  "vae of yes and no by disarm, of pixels drawn anew": {
    latent: "bernoulli",
    estimator: "disarm",
    samples: 2,
    binarize: "dynamic",
    optimizer: "radam",
  },
  "vae of subsets by the score function, of pixels drawn once": {
    latent: "subset",
    estimator: "score-function",
    samples: 2,
    baseline: "leave-one-out",
    binarize: "static",
  },
  "vae of sets by products of weights": { latent: "conditional-bernoulli", estimator: "simple" },
} as const;

/** One of each. */
const experiments = [
  subjectOf(categoricalVae, vae.configuration),
  subjectOf(nearestNeighbourClassifier, neighbours.configuration),
  // These have no exact draws with a gradient to turn on.
  subjectOf(jigsaw, ({ hard: _, ...values }) => pieces.configuration(values)),
  subjectOf(sorting, ({ hard: _, ...values }) => numbers.configuration({ ...values, steps: 20 })),
  subjectOf(pictureRanking, ({ hard: _, ...values }) =>
    ranked.configuration({ ...values, batch: 2, steps: 5, noise: true }),
  ),
  subjectOf(graphs, ({ hard, ...values }) =>
    motion.configuration({ ...values, simulations: 100, estimator: hard ? "straight-through" : "relaxed" }),
  ),
  explained("sequences"),
];

/** Other steps and other models of theirs. How they end is the same, and asked of the others. */
const variants = [
  ...Object.entries(vaes).map(([name, own]) => ({
    ...subjectOf(categoricalVae, ({ hard: _, ...values }) => vae.configuration({ ...own, ...values })),
    name,
  })),
  {
    ...subjectOf(nearestNeighbourClassifier, ({ hard: _, ...values }) =>
      neighbours.configuration({ ...values, mutual: true, loss: "log-share" }),
    ),
    name: "dknn of all images and the logarithm of the share",
  },
  ...(["neuralsort", "conditional-bernoulli"] as const).map((sampler) => ({
    ...subjectOf(nearestNeighbourClassifier, (values) => neighbours.configuration({ ...values, sampler })),
    name: `dknn by ${sampler}`,
  })),
  {
    ...subjectOf(sorting, ({ hard: _, ...values }) =>
      numbers.configuration({ ...values, steps: 20, relaxation: "softsort", iterations: 20 }),
    ),
    name: "sort by one score a number",
  },
  {
    ...subjectOf(graphs, ({ hard, ...values }) =>
      motion.configuration({
        ...values,
        simulations: 100,
        system: "layout",
        graph: "tree",
        decoder: "recurrent",
        estimator: hard ? "straight-through" : "relaxed",
      }),
    ),
    name: "graphs that are trees, by a recurrent decoder",
  },
  {
    // Nothing is drawn, so there is no temperature to schedule.
    ...subjectOf(graphs, ({ hard: _, schedule: __, ...values }) =>
      motion.configuration({ ...values, simulations: 100, system: "layout", graph: "none", decoder: "lstm" }),
    ),
    name: "graphs by a decoder of all particles at once",
  },
  explained("xor"),
  explained("digits"),
];

/** The synthetic tasks differ in their data alone, so one stands for them. */
function explained(name: string) {
  const { experiment, configuration } = subjects.find(({ task }) => task === name)!;
  return { ...subjectOf(experiment, (values) => configuration({ ...values, steps: 20 })), name: `explain ${name}` };
}

describe.each([...experiments, ...variants])("$name:", ({ run }) => {
  test("an epoch after the first few leaves nothing behind", async () => {
    // The last epoch, which may measure more than others, is not reached.
    const events = run({ epochs: WARM_UP + MEASURED + 1, batch: 18, schedule: "linear", hard: true });
    let steps = 0;
    const epochs = async (count: number) => {
      for (let done = 0; done < count; steps++) {
        const { value } = await events.next();
        if (steps % 7 === 0) await value!.checkpoint();
        if (value!.record) done++;
      }
    };
    await epochs(WARM_UP);
    const { count } = watchArrays();
    const before = count();
    await epochs(MEASURED);
    expect(count() - before).toBe(0);
    await events.return();
  });
});

describe.each(isThorough ? [...experiments, ...variants] : experiments)("$name:", ({ train, look }) => {
  test("looking at a model leaves nothing behind", async () => {
    const { checkpoint } = await train({ epochs: 1 });
    expect(await kept(() => look({ epochs: 1 }, checkpoint))).toBe(0);
  });
});

describe.each(experiments)("$name:", ({ train }) => {
  test.each([1, 2])(
    "a training that is abandoned, or that is over, leaves nothing behind (after %i)",
    async (steps) => {
      expect(await kept(() => train({ epochs: 1, batch: 45 }, { steps }))).toBe(0);
    },
  );

  test("a training that fails leaves nothing behind", async () => {
    const fail = () =>
      expect(train({ learningRate: 1e38, batch: 40 })).rejects.toThrow("The training diverged: the loss is");
    expect(await kept(fail)).toBe(0);
  });
});

test("more samples of the bound take no more memory", async () => {
  const config = vae.configuration({ epochs: 1 });
  const { checkpoint } = await vae.train(config, data);
  const { mostBytes } = watchArrays();
  const evaluate = (importanceSamples: number) => () =>
    categoricalVae.evaluate({ config, checkpoint }, data, { own: { importanceSamples }, examples: 20, seed: 0 });
  await evaluate(100)();
  expect((await mostBytes(evaluate(300))) / (await mostBytes(evaluate(100)))).toBeCloseTo(1, 4);
});

test("an array that is left behind would show", async () => {
  const { count, mostBytes } = watchArrays();
  const before = count();
  const leak = async () => np.array(Float32Array.of(1, 2));
  expect(await mostBytes(leak)).toBe(8);
  expect(count() - before).toBe(1);
});
