import { numpy as np } from "@jax-js/jax";
import { chain } from "softdraw";
import { COLUMNS, key, logits, scalar, squares } from "../arguments.ts";
import type { Call, Description, Instance } from "../structures.ts";

const [LENGTH, LABELS] = [4, 3];

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** All sequences of labels, in lexicographic order. */
const sequences = range(LABELS ** LENGTH).map((number) =>
  range(LENGTH).map((t) => Math.floor(number / LABELS ** (LENGTH - 1 - t)) % LABELS),
);
const oneHot = (labels: number[]) => labels.flatMap((label) => range(LABELS).map((i) => (i === label ? 1 : 0)));

function law(logits: number[], transitions: number[]) {
  const weights = sequences.map((labels) => {
    const terms = labels.map(
      (i, t) => logits[LABELS * t + i]! + (t > 0 ? transitions[LABELS * labels[t - 1]! + i]! : 0),
    );
    return Math.exp(terms.reduce((a, b) => a + b));
  });
  const total = weights.reduce((a, b) => a + b);
  return sequences.map((labels, s) => ({ vertex: oneHot(labels), probability: weights[s]! / total }));
}

const rowSums = (x: number[]) =>
  range(LENGTH).map((t) => range(LABELS).reduce((sum, i) => sum + x[LABELS * t + i]!, 0));

const LOGITS = [0.3, -0.2, 0.5, 1, 0, -1, 0.2, 0.4, -0.6, 0.1, 0.7, -0.3];
const TRANSITIONS = [0.4, -0.5, 0.1, -1, 0.8, 0.3, 0.2, -0.1, 0.6];
const places = () => np.array(LOGITS, { shape: [LENGTH, LABELS] });
const steps = (labels = LABELS) => np.array(TRANSITIONS.slice(0, labels ** 2), { shape: [labels, labels] });
const first = () => np.array(oneHot([0, 2, 0, 1]), { shape: [LENGTH, LABELS] });

const common = {
  isVertex: (x: number[]) => x.every((y) => y === 0 || y === 1) && rowSums(x).every((sum) => sum === 1),
  isInPolytope: (x: number[]) =>
    x.every((y) => y >= 0 && y <= 1 + 1e-6) && rowSums(x).every((sum) => Math.abs(sum - 1) < 1e-5),
  arranged: true as const,
};

const byLogits: Instance = {
  ...common,
  name: "chain, by its logits",
  event: [LENGTH, LABELS],
  verbs: {
    sample: (key, l) => chain.sample(key, l, steps()),
    mode: (l) => chain.mode(l, steps()),
    softMode: (l, options) => chain.softMode(l, steps(), options),
    logProb: (value, l) => chain.logProb(value, l, steps()),
    marginals: (l) => chain.marginals(l, steps()),
    support: (l) => chain.support(l, steps()),
  },
  differentiable: {
    entropy: (l) => chain.entropy(l, steps()),
    kl: (l) => chain.kl(l, steps()),
    logPartition: (l) => chain.logPartition(l, steps()),
    "pairMarginals, all places together": (l) => chain.pairMarginals(l, steps()).sum(-3),
  },
  differentiableIfPossible: {
    "kl to a prior": (l) => chain.kl(l, steps(), [places(), steps()]),
    "kl of another law to a prior": (l) => chain.kl(places(), steps(), [l, steps()]),
    logProb: (l) => chain.logProb(first(), l, steps()),
  },
  impossible: { entries: [1, 5], share: (value, entry) => value[entry]! },
  hopeless: [0, 1, 2],
  law: (logits) => law(logits, TRANSITIONS),
};

/** The logits, as often as there are transitions. */
const placesFor = (a: np.Array) => np.broadcastTo(places(), [...a.shape.slice(0, -2), LENGTH, LABELS]);

const byTransitions: Instance = {
  ...common,
  name: "chain, by its transitions",
  event: [LABELS, LABELS],
  value: [LENGTH, LABELS],
  verbs: {
    sample: (key, a) => chain.sample(key, placesFor(a), a),
    mode: (a) => chain.mode(placesFor(a), a),
    softMode: (a, options) => chain.softMode(placesFor(a), a, options),
    logProb: (value, a) => chain.logProb(value, placesFor(a), a),
    support: (a) => chain.support(placesFor(a), a),
  },
  differentiable: {
    entropy: (a) => chain.entropy(placesFor(a), a),
    kl: (a) => chain.kl(placesFor(a), a),
    logPartition: (a) => chain.logPartition(placesFor(a), a),
    marginals: (a) => chain.marginals(placesFor(a), a),
    "pairMarginals, all places together": (a) => chain.pairMarginals(placesFor(a), a).sum(-3),
  },
  differentiableIfPossible: {
    "kl to a prior": (a) => chain.kl(placesFor(a), a, [places(), steps()]),
    "kl of another law to a prior": (a) => chain.kl(places(), steps(), [placesFor(a), a]),
    logProb: (a) => chain.logProb(first(), placesFor(a), a),
  },
  impossible: {
    entries: [1, 5],
    share: (value, entry) =>
      range(LENGTH - 1).reduce((sum, t) => {
        const [i, j] = [Math.floor(entry / LABELS), entry % LABELS];
        return sum + Math.max(0, value[LABELS * t + i]! + value[LABELS * (t + 1) + j]! - 1);
      }, 0),
  },
  hopeless: range(LABELS ** 2),
  law: (transitions) => law(LOGITS, transitions),
};

/** Two places of two labels, of which the law is an integral over the noise of the first. */
const two: Instance = {
  name: "chain.perturbed",
  event: [2, 2],
  verbs: {
    sample: (key, l) => chain.perturbed.sample(key, l, steps(2)),
    relax: (key, l, options) => chain.perturbed.relax(key, l, steps(2), options),
    mode: (l) => chain.perturbed.mode(l, steps(2)),
    softMode: (l, options) => chain.perturbed.softMode(l, steps(2), options),
    support: (l) => chain.perturbed.support(l, steps(2)),
  },
  differentiable: {},
  differentiableIfPossible: {},
  impossible: { entries: [1, 2], share: (value, entry) => value[entry]! },
  hopeless: [0, 1],
  arranged: true,
  isVertex: (x) => [2, 3].every((i) => [0, 1].includes(x[i]!)) && x[0]! + x[1]! === 1 && x[2]! + x[3]! === 1,
  isInPolytope: (x) =>
    x.every((y) => y >= 0 && y <= 1 + 1e-6) && [0, 2].every((i) => Math.abs(x[i]! + x[i + 1]! - 1) < 1e-5),
  law: ([a, b, c, d]) => {
    const count = 100_000;
    const probabilities = [0, 0, 0, 0];
    const score = (i: number, j: number, first: number) => i * first + TRANSITIONS[2 * i + j]!;
    for (const s of range(count)) {
      // How far the second label of the first place is above the first, at equal steps of its distribution function.
      const first = b! - a! + Math.log((s + 0.5) / (count - s - 0.5));
      const [before, after] = [0, 1].map((j) => (score(1, j, first) > score(0, j, first) ? 1 : 0));
      const least = score(before!, 0, first) - score(after!, 1, first);
      const above = 1 / (1 + Math.exp(least - (d! - c!)));
      probabilities[2 * before!]! += (1 - above) / count;
      probabilities[2 * after! + 1]! += above / count;
    }
    return probabilities.map((probability, s) => {
      const [i, j] = [s >> 1, s & 1];
      return { vertex: [1 - i, i, 1 - j, j], probability };
    });
  },
};

const transitions = () =>
  np.array(
    Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
    { shape: [4, 4] },
  );
const ofColumns = () =>
  np.array(
    Float32Array.from({ length: COLUMNS ** 2 }, (_, i) => Math.sin(i)),
    { shape: [COLUMNS, COLUMNS] },
  );
const byPlace = () =>
  np.array(
    Float32Array.from({ length: 16 * 48 }, (_, i) => Math.cos(i)),
    { shape: [16, 3, 4, 4] },
  );
const lengths = () => np.array(Int32Array.from({ length: 16 }, (_, i) => 1 + (i % 4)));
/** The same label all along. */
const values = () =>
  np.array(
    Float32Array.from({ length: 256 }, (_, i) => (i % 4 === 0 ? 1 : 0)),
    { shape: [16, 4, 4] },
  );

const forms: { name: string; arrays: () => np.Array[] }[] = [
  { name: "", arrays: () => [squares(), transitions()] },
  { name: " by place", arrays: () => [squares(), byPlace()] },
];

type Verb = (logits: np.Array, transitions: np.Array, options?: { lengths?: np.Array }) => np.Array;
const { entropy, logPartition, marginals, mode, pairMarginals } = chain;
const ofArrays: Record<string, Verb> = { entropy, logPartition, marginals, mode, pairMarginals };

const callsOf = ([verb, f]: [string, Verb]): Call[] => [
  ...forms.map(({ name, arrays }): Call => ({ name: `chain.${verb}${name}`, arrays, call: (l, a) => f(l!, a!) })),
  {
    name: `chain.${verb} with lengths`,
    arrays: () => [squares(), transitions(), lengths()],
    call: (...given) => {
      const [l, a, ends] = inOrder(given);
      return f(l!, a!, { lengths: ends! });
    },
  },
];

/** Integers last: the gradients of calls are given them first. */
const inOrder = (given: np.Array[]) =>
  [...given].sort((a, b) => Number(a.dtype === np.int32) - Number(b.dtype === np.int32));

export const description: Description = {
  columns: {
    chain: { shape: "[..., length, labels]", verbs: chain },
    "chain.perturbed": { shape: "[..., length, labels]", verbs: chain.perturbed },
  },
  instances: [{ ...byLogits, another: "on a card" }, { ...byTransitions, another: true }, two],
  withoutArrays: ["chain.of", "chain.perturbed.of"],
  tolerance: 2e-6,
  calls: [
    ...Object.entries(ofArrays).flatMap(callsOf),
    {
      name: "chain.kl to a prior",
      arrays: () => [squares(), transitions(), squares(), transitions()],
      call: (l, a, p, b) => chain.kl(l!, a!, [p!, b!]),
    },
    { name: "chain.kl", arrays: () => [squares(), transitions()], call: (l, a) => chain.kl(l!, a!) },
    {
      name: "chain.logProb",
      arrays: () => [values(), squares(), transitions()],
      call: (x, l, a) => chain.logProb(x!, l!, a!),
    },
    {
      name: "chain.logPartition of a single place",
      arrays: () => [squares().slice([], [0, 1]).add(0), transitions()],
      call: (l, a) => chain.logPartition(l!, a!),
    },
    ...Object.entries({ logPartition, marginals, mode }).map(
      ([verb, f]: [string, Verb]): Call => ({
        name: `chain.${verb} of many places`,
        arrays: () => [logits(), ofColumns()],
        call: (l, a) => f(l!, a!),
      }),
    ),
    {
      name: "chain.sample",
      arrays: () => [key(), squares(), transitions()],
      call: (k, l, a) => chain.sample(k!, l!, a!),
    },
    {
      name: "chain.sample with lengths",
      arrays: () => [key(), lengths(), squares(), transitions()],
      call: (k, ends, l, a) => chain.sample(k!, l!, a!, { lengths: ends! }),
    },
    {
      name: "chain.softMode",
      arrays: () => [squares(), transitions(), scalar()],
      call: (l, a, temperature) => chain.softMode(l!, a!, { temperature }),
    },
    {
      name: "chain.perturbed.mode",
      arrays: () => [squares(), transitions()],
      call: (l, a) => chain.perturbed.mode(l!, a!),
    },
    {
      name: "chain.perturbed.relax",
      arrays: () => [key(), squares(), transitions(), scalar(), scalar()],
      call: (k, l, a, temperature, noise) => chain.perturbed.relax(k!, l!, a!, { temperature, noise }),
    },
    {
      name: "chain.perturbed.relax hard, with lengths",
      arrays: () => [key(), lengths(), squares(), transitions()],
      call: (k, ends, l, a) => chain.perturbed.relax(k!, l!, a!, { hard: true, lengths: ends }),
    },
    {
      name: "chain.perturbed.sample",
      arrays: () => [key(), squares(), transitions()],
      call: (k, l, a) => chain.perturbed.sample(k!, l!, a!),
    },
    {
      name: "chain.perturbed.softMode",
      arrays: () => [squares(), transitions()],
      call: (l, a) => chain.perturbed.softMode(l!, a!),
    },
    {
      name: "chain.perturbed.support",
      arrays: () => [squares(), transitions()],
      call: (l, a) => chain.perturbed.support(l!, a!),
    },
    { name: "chain.support", arrays: () => [squares(), transitions()], call: (l, a) => chain.support(l!, a!) },
  ],
};
