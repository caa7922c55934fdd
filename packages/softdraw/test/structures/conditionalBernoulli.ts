import { numpy as np } from "@jax-js/jax";
import { isHot, isOnSimplex } from "@softdraw/testing/numbers";
import { conditionalBernoulli } from "softdraw";
import { allHot, COLUMNS, key, logits, scalar, twoHot } from "../arguments.ts";
import type { Call, Description, Instance } from "../structures.ts";

/** The k-hot vectors of n, in lexicographic order of their indices. */
function hotVectors(n: number, k: number): number[][] {
  if (n === 0) return k === 0 ? [[]] : [];
  const beginning = (first: number, left: number) => hotVectors(n - 1, left).map((rest) => [first, ...rest]);
  return [...(k > 0 ? beginning(1, k - 1) : []), ...beginning(0, k)];
}

/** Of n entries k, of which two may be impossible, and all but two of k. */
function instance(name: string, n: number, k: number, hopeless: number[], verbs: Instance["verbs"]): Instance {
  const first = np.array(Array.from({ length: n }, (_, i) => (i % 2 === 0 && i < 2 * k ? 1 : 0)));
  const value = () => first.ref;
  const prior = () => np.array(Array.from({ length: n }, (_, i) => Math.cos(i)));
  return {
    name,
    event: [n],
    verbs,
    differentiable: {
      entropy: (l) => conditionalBernoulli.entropy(l, k),
      kl: (l) => conditionalBernoulli.kl(l, k),
      logPartition: (l) => conditionalBernoulli.logPartition(l, k),
    },
    differentiableIfPossible: {
      "kl to a prior": (l) => conditionalBernoulli.kl(l, k, prior()),
      "kl of another law to a prior": (l) => conditionalBernoulli.kl(prior(), k, l),
      logProb: (l) => conditionalBernoulli.logProb(value(), l, k),
    },
    impossible: { entries: [1, 3], share: (value, entry) => value[entry]! },
    hopeless,
    isVertex: (x) => isHot(x, k),
    isInPolytope: (x) => isOnSimplex(x, k) && x.every((y) => y <= 1),
    law: (logits) => {
      const weight = (vertex: number[]) => Math.exp(vertex.reduce((sum, x, i) => sum + x * logits[i]!, 0));
      const vertices = hotVectors(n, k);
      const total = vertices.reduce((sum, vertex) => sum + weight(vertex), 0);
      return vertices.map((vertex) => ({ vertex, probability: weight(vertex) / total }));
    },
  };
}

const ofK = (k: number): Instance["verbs"] => ({
  sample: (key, l) => conditionalBernoulli.sample(key, l, k),
  mode: (l) => conditionalBernoulli.mode(l, k),
  softMode: (l, options) => conditionalBernoulli.softMode(l, k, options),
  logProb: (value, l) => conditionalBernoulli.logProb(value, l, k),
  marginals: (l) => conditionalBernoulli.marginals(l, k),
  support: (l) => conditionalBernoulli.support(l, k),
});

const ofTwo = conditionalBernoulli.of(2);

const callsOfTwo: Call[] = [
  { name: "conditionalBernoulli.of(k).entropy", arrays: () => [logits()], call: (l) => ofTwo.entropy(l!) },
  {
    name: "conditionalBernoulli.of(k).kl to a prior",
    arrays: () => [logits(), logits()],
    call: (l, q) => ofTwo.kl(l!, q!),
  },
  { name: "conditionalBernoulli.of(k).logPartition", arrays: () => [logits()], call: (l) => ofTwo.logPartition(l!) },
  {
    name: "conditionalBernoulli.of(k).logProb",
    arrays: () => [twoHot(), logits()],
    call: (x, l) => ofTwo.logProb(x!, l!),
  },
  { name: "conditionalBernoulli.of(k).marginals", arrays: () => [logits()], call: (l) => ofTwo.marginals(l!) },
  { name: "conditionalBernoulli.of(k).mode", arrays: () => [logits()], call: (l) => ofTwo.mode(l!) },
  { name: "conditionalBernoulli.of(k).sample", arrays: () => [key(), logits()], call: (k, l) => ofTwo.sample(k!, l!) },
  {
    name: "conditionalBernoulli.of(k).softMode",
    arrays: () => [logits(), scalar()],
    call: (l, temperature) => ofTwo.softMode(l!, { temperature }),
  },
  { name: "conditionalBernoulli.of(k).support", arrays: () => [logits()], call: (l) => ofTwo.support(l!) },
];

/** Those of the logits and a size alone, for all of the sizes that the tree is built in another way for. */
const callsOfSizes: Call[] = [1, 2, 5, COLUMNS].flatMap((k) => [
  {
    name: `conditionalBernoulli.entropy ${k}`,
    arrays: () => [logits()],
    call: (l) => conditionalBernoulli.entropy(l!, k),
  },
  { name: `conditionalBernoulli.kl ${k}`, arrays: () => [logits()], call: (l) => conditionalBernoulli.kl(l!, k) },
  {
    name: `conditionalBernoulli.kl ${k}, to a prior`,
    arrays: () => [logits(), logits()],
    call: (l, q) => conditionalBernoulli.kl(l!, k, q!),
  },
  {
    name: `conditionalBernoulli.logPartition ${k}`,
    arrays: () => [logits()],
    call: (l) => conditionalBernoulli.logPartition(l!, k),
  },
  {
    name: `conditionalBernoulli.marginals ${k}`,
    arrays: () => [logits()],
    call: (l) => conditionalBernoulli.marginals(l!, k),
  },
  {
    name: `conditionalBernoulli.sample ${k}`,
    arrays: () => [key(), logits()],
    call: (key, l) => conditionalBernoulli.sample(key!, l!, k),
  },
  {
    name: `conditionalBernoulli.softMode ${k}`,
    arrays: () => [logits(), scalar()],
    call: (l, temperature) => conditionalBernoulli.softMode(l!, k, { temperature }),
  },
]);

export const description: Description = {
  columns: {
    conditionalBernoulli: { shape: "[..., n]", verbs: conditionalBernoulli },
    "conditionalBernoulli.of(k)": { shape: "[..., n]", verbs: ofTwo },
  },
  instances: [
    { ...instance("conditionalBernoulli.of(2)", 5, 2, [0, 1, 3, 4], ofTwo), another: "on a card" },
    { ...instance("conditionalBernoulli, more than half", 5, 3, [0, 1, 3], ofK(3)), another: true },
    { ...instance("conditionalBernoulli of seven", 7, 3, [0, 1, 2, 3, 4], ofK(3)), another: true },
  ],
  calls: [
    {
      name: "conditionalBernoulli.logProb",
      arrays: () => [twoHot(), logits()],
      call: (x, l) => conditionalBernoulli.logProb(x!, l!, 2),
    },
    {
      name: "conditionalBernoulli.logProb all",
      arrays: () => [allHot(), logits()],
      call: (x, l) => conditionalBernoulli.logProb(x!, l!, COLUMNS),
    },
    { name: "conditionalBernoulli.mode", arrays: () => [logits()], call: (l) => conditionalBernoulli.mode(l!, 2) },
    {
      name: "conditionalBernoulli.support",
      arrays: () => [logits()],
      call: (l) => conditionalBernoulli.support(l!, 2),
    },
    ...callsOfSizes,
    ...callsOfTwo,
  ],
  withoutArrays: ["conditionalBernoulli.of"],
  tolerance: 2e-6,
};
