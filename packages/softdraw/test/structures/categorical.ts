import { numpy as np } from "@jax-js/jax";
import { isHot, isOnSimplex, softmax } from "@softdraw/testing/numbers";
import { type CategoricalOptions, categorical } from "softdraw";
import { inside, key, logits, oneHot, scalar } from "../arguments.ts";
import type { Description, Instance } from "../structures.ts";

/** One of five. */
const ofFive: Omit<Instance, "name" | "verbs"> = {
  event: [5],
  differentiable: {},
  differentiableIfPossible: {},
  impossible: { entries: [1, 3], share: (value, entry) => value[entry]! },
  hopeless: [0, 1, 2, 3, 4],
  isVertex: (x) => isHot(x, 1),
  isInPolytope: (x) => isOnSimplex(x, 1),
  law: (logits) =>
    softmax(logits).map((probability, i) => ({ vertex: logits.map((_, j) => (i === j ? 1 : 0)), probability })),
};

const SPARSE: Record<string, CategoricalOptions> = {
  sparsemax: { relaxation: "sparsemax" },
  "entmax of 1.25": { relaxation: "entmax", alpha: 1.25 },
};

const sparse = Object.entries(SPARSE).map(
  ([name, onto]): Instance => ({
    ...ofFive,
    name: `categorical by ${name}`,
    another: true,
    smooth: [21, 22, 23],
    verbs: {
      ...categorical,
      relax: (key, l, options) => categorical.relax(key, l, { ...options, ...onto }),
      relaxGiven: (key, value, l, options) => categorical.relaxGiven(key, value, l, { ...options, ...onto }),
      softMode: (l, options) => categorical.softMode(l, { ...options, ...onto }),
    },
  }),
);

export const description: Description = {
  columns: { categorical: { shape: "[..., n]", verbs: categorical } },
  instances: [
    {
      name: "categorical",
      ...ofFive,
      verbs: categorical,
      differentiable: {
        entropy: categorical.entropy,
        kl: categorical.kl,
      },
      differentiableIfPossible: {
        "kl to a prior": (l) => categorical.kl(l, np.array([1, 0, -1, 0.5, 0])),
        logProb: (l) => categorical.logProb(np.array([0, 0, 1, 0, 0]), l),
        relaxedLogProb: (l) =>
          categorical.relaxedLogProb(np.array([0.1, 0.3, 0.2, 0.25, 0.15]), l, { temperature: 0.5 }),
      },
    },
    ...sparse,
  ],
  calls: [
    { name: "categorical.entropy", arrays: () => [logits()], call: (l) => categorical.entropy(l!) },
    {
      name: "categorical.fromProbabilities",
      arrays: () => [inside()],
      call: (p) => categorical.fromProbabilities(p!),
    },
    { name: "categorical.kl", arrays: () => [logits()], call: (l) => categorical.kl(l!) },
    { name: "categorical.kl to a prior", arrays: () => [logits(), logits()], call: (l, q) => categorical.kl(l!, q!) },
    { name: "categorical.logProb", arrays: () => [oneHot(), logits()], call: (x, l) => categorical.logProb(x!, l!) },
    { name: "categorical.marginals", arrays: () => [logits()], call: (l) => categorical.marginals(l!) },
    { name: "categorical.mode", arrays: () => [logits()], call: (l) => categorical.mode(l!) },
    {
      name: "categorical.perturbGiven",
      arrays: () => [key(), oneHot(), logits()],
      call: (k, x, l) => categorical.perturbGiven(k!, x!, l!),
    },
    {
      name: "categorical.relax",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => categorical.relax(k!, l!, { temperature }),
    },
    {
      name: "categorical.relax at a number",
      arrays: () => [key(), logits()],
      call: (k, l) => categorical.relax(k!, l!, { temperature: 0.5 }),
    },
    {
      name: "categorical.relax onto sparsemax, with part of the noise",
      arrays: () => [key(), logits(), scalar(), scalar()],
      call: (k, l, temperature, noise) => categorical.relax(k!, l!, { temperature, noise, relaxation: "sparsemax" }),
    },
    {
      name: "categorical.relax hard",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => categorical.relax(k!, l!, { temperature, hard: true }),
    },
    {
      name: "categorical.relaxGiven",
      arrays: () => [key(), oneHot(), logits(), scalar()],
      call: (k, x, l, temperature) => categorical.relaxGiven(k!, x!, l!, { temperature }),
    },
    {
      name: "categorical.relaxedLogProb",
      arrays: () => [inside(), logits(), scalar()],
      call: (x, l, temperature) => categorical.relaxedLogProb(x!, l!, { temperature }),
    },
    { name: "categorical.sample", arrays: () => [key(), logits()], call: (k, l) => categorical.sample(k!, l!) },
    {
      name: "categorical.sampleIndices",
      arrays: () => [key(), logits()],
      call: (k, l) => categorical.sampleIndices(k!, l!),
    },
    {
      name: "categorical.softMode onto entmax",
      arrays: () => [logits(), scalar()],
      call: (l, temperature) => categorical.softMode(l!, { temperature, relaxation: "entmax" }),
    },
    {
      name: "categorical.softMode",
      arrays: () => [logits(), scalar()],
      call: (l, temperature) => categorical.softMode(l!, { temperature }),
    },
    { name: "categorical.support", arrays: () => [logits()], call: (l) => categorical.support(l!) },
  ],
};
