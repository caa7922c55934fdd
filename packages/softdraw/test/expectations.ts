/** Calls of `expectation` and its companions, one for each estimator, for the tests of ownership. */

import { numpy as np } from "@jax-js/jax";
import {
  bernoulli,
  categorical,
  chain,
  conditionalBernoulli,
  type ExpectationOptions,
  expectation,
  fenchelYoung,
  permutation,
  prepareExpectation,
  ranking,
  scoreFunction,
  vimco,
} from "softdraw";
import { inside, key, logits, oneHot, squares } from "./arguments.ts";
import type { Call } from "./structures.ts";

type Array = np.Array;

const square = (value: Array) => np.square(value).sum(-1);

const ofCategorical: ExpectationOptions<typeof categorical>[] = [
  { estimator: "exact", batchAxes: 1 },
  { estimator: "score-function" },
  { estimator: "score-function", samples: 2, baseline: "leave-one-out" },
  { estimator: "score-function", baseline: "greedy" },
  { estimator: "score-function", baseline: 0.5 },
  { estimator: "unordered-set", samples: 3 },
  { estimator: "unordered-set", samples: 1 },
  { estimator: "simple" },
  { estimator: "rebar" },
  { estimator: "relax", variate: square },
  { estimator: "relaxed" },
  { estimator: "relaxed", backwardTemperature: 2 },
  { estimator: "straight-through" },
  { estimator: "gumbel-rao", conditionalSamples: 2 },
  { estimator: "gapped-straight-through" },
  { estimator: "reinmax" },
  { estimator: "imle" },
  { estimator: "perturbed" },
];

const ofBernoulli: ExpectationOptions<typeof bernoulli>[] = [
  { estimator: "disarm" },
  { estimator: "reinmax" },
  { estimator: "rebar" },
  { estimator: "perturbed" },
];

const pairs = conditionalBernoulli.of(2);

const ofPairs: ExpectationOptions<typeof pairs>[] = [
  { estimator: "exact", batchAxes: 1 },
  { estimator: "score-function", baseline: "greedy" },
  { estimator: "simple", samples: 2 },
];

const ofRanking: ExpectationOptions<typeof ranking>[] = [
  { estimator: "score-function", samples: 2, baseline: "leave-one-out" },
  { estimator: "rebar" },
  { estimator: "straight-through", relaxation: "neuralsort" },
  { estimator: "gumbel-rao", conditionalSamples: 2 },
  { estimator: "perturbed" },
];

const ofChain: ExpectationOptions<typeof chain>[] = [
  { estimator: "score-function", samples: 2, baseline: "leave-one-out" },
  { estimator: "score-function", baseline: "greedy" },
  { estimator: "simple", samples: 2 },
];

const ofPerturbedChain: ExpectationOptions<typeof chain.perturbed>[] = [
  { estimator: "relaxed", samples: 2, noise: 0.5 },
  { estimator: "relaxed", backwardTemperature: 2 },
  { estimator: "straight-through", samples: 2 },
];

const transitions = () =>
  np.array(
    Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
    { shape: [4, 4] },
  );

const words = (options: object) =>
  Object.values(options)
    .filter((value) => typeof value !== "function")
    .join(" ");

export const expectations: Call[] = [
  ...ofCategorical.map(
    (options): Call => ({
      name: `expectation of categorical by ${words(options)}`,
      arrays: () => [key(), logits()],
      call: (k, l) => expectation(categorical, k!, l!, square, options),
    }),
  ),
  ...ofBernoulli.map(
    (options): Call => ({
      name: `expectation of bernoulli by ${words(options)}`,
      arrays: () => [key(), logits()],
      call: (k, l) => expectation(bernoulli, k!, l!, square, options),
    }),
  ),
  ...ofPairs.map(
    (options): Call => ({
      name: `expectation of conditionalBernoulli.of(2) by ${words(options)}`,
      arrays: () => [key(), logits()],
      call: (k, l) => expectation(pairs, k!, l!, square, options),
    }),
  ),
  ...ofRanking.map(
    (options): Call => ({
      name: `expectation of ranking by ${words(options)}`,
      arrays: () => [key(), logits()],
      call: (k, l) => expectation(ranking, k!, l!, (value) => square(value).sum(-1), options),
    }),
  ),
  ...ofChain.map(
    (options): Call => ({
      name: `expectation of chain by ${words(options)}`,
      arrays: () => [key(), squares(), transitions()],
      call: (k, l, a) => expectation(chain, k!, [l!, a!], (value) => square(value).sum(-1), options),
    }),
  ),
  {
    name: "expectation of chain by exact",
    arrays: () => [key(), squares(), transitions()],
    call: (k, l, a) =>
      expectation(chain, k!, [l!, a!], (value) => square(value).sum(-1), { estimator: "exact", batchAxes: 1 }),
  },
  ...ofPerturbedChain.map(
    (options): Call => ({
      name: `expectation of chain.perturbed by ${words(options)}`,
      arrays: () => [key(), squares(), transitions()],
      call: (k, l, a) => expectation(chain.perturbed, k!, [l!, a!], (value) => square(value).sum(-1), options),
    }),
  ),
  {
    name: "expectation of what the cost captures",
    arrays: () => [key(), logits(), inside()],
    call: (k, l, w) =>
      expectation(categorical, k!, l!, (value) => value.mul(w!).sum(-1), { estimator: "rebar", samples: 2 }),
  },
  ...(["straight-through", "imle", "perturbed"] as const).map(
    (estimator): Call => ({
      name: `prepareExpectation of permutation by ${estimator}`,
      arrays: () => [key(), squares()],
      onHost: true,
      call: async (k, l) => {
        const options = { estimator, samples: 2 };
        const cost = (value: Array) => np.square(value).sum([-1, -2]);
        const draws = await prepareExpectation(permutation, k!, l!.ref, options, cost);
        return expectation(permutation, draws, l!, cost, options);
      },
    }),
  ),
  {
    name: "fenchelYoung",
    arrays: () => [key(), logits(), oneHot()],
    call: (k, l, target) => fenchelYoung(categorical, k!, l!, target!, { samples: 2 }),
  },
  {
    name: "scoreFunction",
    arrays: () => [inside(), inside()],
    call: (logProb, costs) => scoreFunction(logProb!, costs!, { baseline: "leave-one-out" }),
  },
  { name: "vimco", arrays: () => [inside(), inside()], call: (weights, logProb) => vimco(weights!, logProb!) },
];
