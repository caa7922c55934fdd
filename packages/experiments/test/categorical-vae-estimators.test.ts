/** Every estimator that fits a code trains it, and what does not fit is refused. */

import { numpy as np, random } from "@jax-js/jax";
import { largestDifference } from "@softdraw/testing/numbers";
import { expectation } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import { fitting } from "../src/categorical-vae/estimator.ts";
import { categoricalVae } from "../src/categorical-vae/index.ts";
import { latentOf, latents } from "../src/categorical-vae/latent.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../src/checkpoint/safetensors.ts";
import type { DatasetSplits } from "../src/data/types.ts";
import { type Config, configuration, train } from "./categorical-vae-support.ts";
import { digestOf, fewDigits, HOOK_TIMEOUT } from "./support.ts";

let data: DatasetSplits;

beforeAll(async () => {
  data = await fewDigits(80, 20);
}, HOOK_TIMEOUT);

/** Small, and compiled soon. */
const small: Partial<Config> = { network: "linear", variables: 3, classes: 4, k: 2, learningRate: 0.01 };

/** What an estimator needs beside the defaults. */
const needs: Partial<Record<Config["estimator"], Partial<Config>>> = {
  disarm: { samples: 2 },
  "score-function": { samples: 3, baseline: "leave-one-out" },
  perturbed: { samples: 2, baseline: "leave-one-out" },
};

const pairs = latents.flatMap((latent) => fitting[latent].map((estimator) => ({ latent, estimator })));

test.each(pairs)("$estimator trains $latent choices", { timeout: 60_000 }, async ({ latent, estimator }) => {
  const config = configuration({ ...small, latent, estimator, ...needs[estimator] });
  const { losses, records } = await train(config, data);
  const [first, last] = records as [(typeof records)[0], (typeof records)[0]];
  expect(last.test).toBeLessThan(first.test!);
  expect(last.discrete).toBeLessThan(first.discrete!);
  expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
});

test("those that fit are those that the library takes", () => {
  const names = [...new Set(latents.flatMap((latent) => [...fitting[latent]]))];
  const cost = (value: np.Array) => value.reshape([value.shape[0]!, -1]).sum(-1);
  for (const latent of latents) {
    const { structure, event } = latentOf({ latent, classes: 3, k: 2 });
    const isTaken = (estimator: Config["estimator"]) => {
      try {
        const options = { estimator, samples: 2 };
        expectation(structure, random.key(0), np.zeros([2, ...event]), cost, options as never).dispose();
        return true;
      } catch (error) {
        expect((error as Error).message).toMatch(/"[a-z-]+" (is for|needs a structure)/);
        return false;
      }
    };
    expect(names.filter(isTaken).sort()).toEqual([...fitting[latent]].sort());
  }
});

/** Those whose one draw is that of the step's key, unchanged: their decoders see the same codes. */
test.each(["simple", "gapped-straight-through", "reinmax", "score-function", "imle"] as const)(
  "%s has the decoder's gradient of the exact draw, as straight-through has",
  { timeout: 60_000 },
  async (estimator) => {
    // The deep network at a batch of some size: the engine compiles small products in another way.
    const means = async (values: Partial<Config>) => {
      const { checkpoint } = await train(configuration({ batch: 40, ...values }), data, { steps: 1 });
      return Object.entries(checkpoint.tensors).filter(([name]) => name.startsWith("optimizer.mean.decoder"));
    };
    const expected = new Map(await means({ estimator: "straight-through" }));
    for (const [name, { data: found }] of await means({ estimator })) {
      const right = expected.get(name)!.data as Float32Array;
      const scale = largestDifference(right, new Float32Array(right.length));
      expect(largestDifference(found as Float32Array, right), name).toBeLessThan(1e-5 * scale);
    }
  },
);

describe("an option of an estimator changes what is trained", () => {
  test.each<[string, Partial<Config>, Partial<Config>]>([
    ["samples", {}, { samples: 2 }],
    ["the temperature", { estimator: "reinmax" }, { temperature: 2 }],
    ["the baseline", { estimator: "score-function" }, { baseline: "greedy" }],
    ["conditional samples", { estimator: "gumbel-rao" }, { conditionalSamples: 3 }],
    ["the gap", { estimator: "gapped-straight-through" }, { gap: 0.1 }],
    ["the step of imle", { estimator: "imle" }, { imleStep: 0.1 }],
    ["the optimizer", {}, { optimizer: "radam" }],
    ["the network", {}, { network: "deep" }],
    ["pixels drawn once", {}, { binarize: "static" }],
    ["pixels drawn anew", { binarize: "static" }, { binarize: "dynamic" }],
  ])("%s", { timeout: 60_000 }, async (_, before, change) => {
    const base = { ...small, epochs: 1, ...before };
    const [one, other] = [
      await train(configuration(base), data),
      await train(configuration({ ...base, ...change }), data),
    ];
    expect(one.losses).not.toEqual(other.losses);
  });

  test("hard is straight-through, to the bit", async () => {
    const [hard, named] = [{ hard: true }, { estimator: "straight-through" as const }];
    const trainings = [
      await train(configuration({ ...small, ...hard }), data),
      await train(configuration({ ...small, ...named }), data),
    ];
    expect(trainings[0]!.losses).toEqual(trainings[1]!.losses);
    expect(digestOf(trainings[0]!.checkpoint)).toBe(digestOf(trainings[1]!.checkpoint));
  });
});

test("a configuration from before there were estimators is that of relaxed choices, and goes on", async () => {
  const { estimator, latent, optimizer, network, binarize, samples, baseline, ...before } = configuration({
    epochs: 1,
  });
  const { conditionalSamples, gap, imleStep, k, ...old } = before;
  expect(categoricalVae.schema.parse(old)).toEqual(configuration({ epochs: 1 }));
  expect({ estimator, latent, optimizer, network, binarize, samples, baseline }).toEqual({
    estimator: "relaxed",
    latent: "categorical",
    optimizer: "adam",
    network: "deep",
    binarize: "none",
    samples: 1,
    baseline: "none",
  });
  expect([conditionalSamples, gap, imleStep, k]).toEqual([10, 1, 1, 3]);
});

test.each<[string, Partial<Config>]>([
  ["pixels drawn anew, rectified Adam", { binarize: "dynamic", optimizer: "radam", estimator: "reinmax" }],
  ["subsets, pixels drawn once", { latent: "subset", binarize: "static", samples: 2 }],
  [
    "sets by products of weights",
    { latent: "conditional-bernoulli", estimator: "score-function", samples: 2, baseline: "leave-one-out" },
  ],
])("stopping and going on gives the same bits: %s", { timeout: 60_000 }, async (_, values) => {
  const config = configuration({ ...small, ...values });
  const whole = await train(config, data);
  const stopped = await train(config, data, { steps: 3 });
  const resumed = await train(config, data, {
    from: decodeCheckpoint(encodeCheckpoint(stopped.checkpoint), "stopped"),
  });
  expect([...stopped.losses, ...resumed.losses]).toEqual(whole.losses);
  expect([...stopped.records, ...resumed.records]).toEqual(whole.records);
  expect(digestOf(resumed.checkpoint)).toBe(digestOf(whole.checkpoint));
});

describe("what cannot be trained is refused", () => {
  test.each<[Partial<Config>, string]>([
    [
      { estimator: "disarm", samples: 2 },
      "estimator must be one of those for categorical choices, relaxed, straight-through, simple, gumbel-rao, " +
        "gapped-straight-through, reinmax, rebar, score-function, imle, perturbed, got disarm.",
    ],
    [{ latent: "subset", estimator: "simple" }, "estimator must be one of those for subset choices, relaxed"],
    [{ latent: "bernoulli", estimator: "gapped-straight-through" }, "got gapped-straight-through."],
    [{ latent: "bernoulli", estimator: "disarm", samples: 3 }, "samples must be even for the estimator disarm"],
    [{ estimator: "perturbed", baseline: "greedy" }, 'baseline must be "none" or "leave-one-out"'],
    [{ estimator: "score-function", baseline: "leave-one-out" }, "samples must be at least 2 for the baseline"],
    [{ hard: true, estimator: "reinmax" }, "hard is the estimator straight-through: leave it out beside"],
    [{ latent: "subset", k: 5 }, "k must be less than the 5 classes that a subset is of, got 5."],
    [
      { latent: "conditional-bernoulli" },
      "estimator must be one of those for conditional-bernoulli choices, simple, score-function, got relaxed.",
    ],
    [
      { latent: "conditional-bernoulli", hard: true, estimator: "simple" },
      "hard is the estimator straight-through: leave it out beside the estimator simple.",
    ],
    [{ latent: "conditional-bernoulli", estimator: "simple", k: 5 }, "k must be less than the 5 classes"],
  ])("%o", (values, message) => {
    expect(() => categoricalVae.check(configuration(values), { data })).toThrow(message);
  });

  test("a checkpoint of another code", async () => {
    const { checkpoint } = await train(configuration({ ...small, latent: "bernoulli" }), data, { steps: 1 });
    expect(() => categoricalVae.check(configuration(small), { data, checkpoint })).toThrow(
      "The checkpoint's tensor model.encoder.0.weight: expected shape [12,784], got [3,784].",
    );
  });
});
