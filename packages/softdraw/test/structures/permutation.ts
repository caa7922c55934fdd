import { numpy as np } from "@jax-js/jax";
import { permutations } from "@softdraw/testing/numbers";
import { permutation } from "softdraw";
import { indices, items, key, scalar, squares } from "../arguments.ts";
import type { Call, Description } from "../structures.ts";

const { gibbs } = permutation;

/** The matrix of each index vector of three, row by row. */
const matricesOfThree = permutations(3).map((order) => order.flatMap((j) => [0, 1, 2].map((i) => (i === j ? 1 : 0))));

const identities = () => np.tile(np.eye(4), [16, 1, 1]);

const relaxed = (
  [
    ["auto", "unrolled"],
    ["auto", "implicit"],
    ["log", "unrolled"],
    ["scaling", "unrolled"],
  ] as const
).map(
  ([form, gradient]): Call => ({
    name: `permutation.relax ${form} ${gradient}`,
    arrays: () => [key(), squares(), scalar()],
    call: (k, l, temperature) => permutation.relax(k!, l!, { temperature, iterations: 2, form, gradient }),
  }),
);

export const description: Description = {
  columns: {
    permutation: { shape: "[..., n, n]", verbs: permutation },
    "permutation.gibbs": { shape: "[..., n, n]", verbs: gibbs },
  },
  instances: [
    {
      name: "permutation",
      event: [2, 2],
      verbs: permutation,
      differentiable: {
        "softMode, implicit": (l) => permutation.softMode(l, { iterations: 100, gradient: "implicit" }),
        "softMode, log": (l) => permutation.softMode(l, { form: "log" }),
      },
      differentiableIfPossible: {},
      impossible: { entries: [1, 2], share: (value, entry) => value[entry]! },
      hopeless: [1, 3],
      isVertex: (x) => ["1,0,0,1", "0,1,1,0"].includes(x.join()),
      // The rows tend to 1 with the iterations, from between 1/n and n.
      isInPolytope: ([a, b, c, d]) =>
        [a, b, c, d].every((x) => x! >= 0 && x! <= 1) &&
        [a! + c!, b! + d!].every((sum) => Math.abs(sum - 1) < 1e-5) &&
        Math.abs(a! + b! - 1) <= 0.5,
      law: ([a, b, c, d]) => {
        // The two sums differ by a constant and two logistic variables: those of the columns.
        const difference = a! + d! - b! - c!;
        const decay = Math.exp(-difference);
        const probability = (1 - decay * (1 + difference)) / (1 - decay) ** 2;
        return [
          { vertex: [1, 0, 0, 1], probability },
          { vertex: [0, 1, 1, 0], probability: 1 - probability },
        ];
      },
      onHost: true,
      iterative: true,
    },
    {
      name: "permutation.gibbs",
      another: "on a card",
      event: [3, 3],
      verbs: gibbs,
      differentiable: {
        entropy: gibbs.entropy,
        kl: (l) => gibbs.kl(l),
        logPartition: gibbs.logPartition,
      },
      differentiableIfPossible: {
        logProb: (l) => gibbs.logProb(np.eye(3), l),
        "kl by the prior": (l) => gibbs.kl(np.zeros([3, 3]), l),
      },
      impossible: { entries: [0, 4], share: (value, entry) => value[entry]! },
      hopeless: [0, 1, 3, 4, 6, 7],
      isVertex: (x) => matricesOfThree.some((matrix) => matrix.join() === x.join()),
      isInPolytope: (x) =>
        x.every((entry) => entry >= 0 && entry <= 1 + 1e-6) &&
        [0, 1, 2].every(
          (i) =>
            Math.abs(x[3 * i]! + x[3 * i + 1]! + x[3 * i + 2]! - 1) < 1e-5 &&
            Math.abs(x[i]! + x[i + 3]! + x[i + 6]! - 1) < 1e-5,
        ),
      law: (logits) => {
        const weights = matricesOfThree.map((matrix) =>
          Math.exp(matrix.reduce<number>((total, one, at) => total + (one === 1 ? logits[at]! : 0), 0)),
        );
        const permanent = weights.reduce((a, b) => a + b);
        return matricesOfThree.map((vertex, i) => ({ vertex, probability: weights[i]! / permanent }));
      },
    },
  ],
  // Chromium joins a product and a sum in matrix products, where Node 20 rounds in between.
  tolerance: 1e-6,
  calls: [
    { name: "permutation.apply", arrays: () => [squares(), items()], call: (p, x) => permutation.apply(p!, x!) },
    {
      name: "permutation.applyInverse",
      arrays: () => [squares(), items()],
      call: (p, x) => permutation.applyInverse(p!, x!),
    },
    {
      name: "permutation.compose",
      arrays: () => [squares(), squares()],
      call: (a, b) => permutation.compose(a!, b!),
    },
    {
      name: "permutation.compose of indices",
      arrays: () => [indices(), indices()],
      call: (a, b) => permutation.compose(a!, b!),
    },
    { name: "permutation.invert", arrays: () => [squares()], call: (p) => permutation.invert(p!) },
    { name: "permutation.invert of indices", arrays: () => [indices()], call: (p) => permutation.invert(p!) },
    { name: "permutation.isPermutation", arrays: () => [squares()], call: (p) => permutation.isPermutation(p!) },
    {
      name: "permutation.isPermutation of indices",
      arrays: () => [indices()],
      call: (p) => permutation.isPermutation(p!),
    },
    {
      name: "permutation.iterationsFor",
      arrays: () => [squares(), scalar()],
      call: async (l, temperature) => np.array(await permutation.iterationsFor(l!, { temperature, tolerance: 0.1 })),
      onHost: true,
    },
    { name: "permutation.mode", arrays: () => [squares()], call: (l) => permutation.mode(l!), onHost: true },
    ...relaxed,
    {
      name: "permutation.relax hard",
      arrays: () => [key(), squares(), scalar()],
      call: (k, l, temperature) => permutation.relax(k!, l!, { temperature, iterations: 2, hard: true }),
    },
    {
      name: "permutation.relax hard with a scale",
      arrays: () => [key(), squares(), scalar()],
      call: (k, l, noise) => permutation.relax(k!, l!, { noise, iterations: 2, hard: true }),
    },
    { name: "permutation.residual", arrays: () => [squares()], call: (p) => permutation.residual(p!) },
    {
      name: "permutation.sample",
      arrays: () => [key(), squares()],
      call: (k, l) => permutation.sample(k!, l!),
      onHost: true,
    },
    {
      name: "permutation.sinkhorn",
      arrays: () => [squares(), scalar()],
      call: (l, temperature) => permutation.sinkhorn(l!, { temperature, iterations: 1 }),
    },
    {
      name: "permutation.softMode",
      arrays: () => [squares()],
      call: (l) => permutation.softMode(l!, { iterations: 0 }),
    },
    { name: "permutation.gibbs.entropy", arrays: () => [squares()], call: (l) => gibbs.entropy(l!) },
    { name: "permutation.gibbs.kl", arrays: () => [squares()], call: (l) => gibbs.kl(l!) },
    {
      name: "permutation.gibbs.kl from a prior",
      arrays: () => [squares(), squares()],
      call: (l, prior) => gibbs.kl(l!, prior!),
    },
    { name: "permutation.gibbs.logPartition", arrays: () => [squares()], call: (l) => gibbs.logPartition(l!) },
    {
      name: "permutation.gibbs.logProb",
      arrays: () => [identities(), squares()],
      call: (x, l) => gibbs.logProb(x!, l!),
    },
    { name: "permutation.gibbs.marginals", arrays: () => [squares()], call: (l) => gibbs.marginals(l!) },
    { name: "permutation.gibbs.mode", arrays: () => [squares()], call: (l) => gibbs.mode(l!) },
    { name: "permutation.gibbs.sample", arrays: () => [key(), squares()], call: (k, l) => gibbs.sample(k!, l!) },
    {
      name: "permutation.gibbs.softMode",
      arrays: () => [squares(), scalar()],
      call: (l, temperature) => gibbs.softMode(l!, { temperature }),
    },
    { name: "permutation.gibbs.support", arrays: () => [squares()], call: (l) => gibbs.support(l!) },
    { name: "permutation.support", arrays: () => [squares()], call: (l) => permutation.support(l!) },
  ],
};
