import { numpy as np } from "@jax-js/jax";
import { isHot, isOnSimplex, softmax } from "@softdraw/testing/numbers";
import { subset } from "softdraw";
import { allHot, COLUMNS, key, logits, order, ROWS, scalar, twoHot } from "../arguments.ts";
import type { Call, Description, Instance } from "../structures.ts";

const RELAXATIONS = ["threshold", "successive"] as const;

/** Two of five. */
const pairs: Omit<Instance, "name" | "verbs" | "isInPolytope"> = {
  event: [5],
  differentiable: {},
  differentiableIfPossible: {
    logProb: (l) => subset.logProb(np.array([3, 1], { dtype: np.int32 }), l),
    setLogProb: (l) => subset.setLogProb(np.array([0, 1, 0, 1, 0]), l, 2),
  },
  impossible: { entries: [1, 3], share: (value, entry) => value[entry]! },
  hopeless: [0, 1, 3, 4],
  implicit: true,
  isVertex: (x) => isHot(x, 2),
  law: (logits) => {
    const p = softmax(logits);
    const bothOrders = (i: number, j: number) => p[i]! * p[j]! * (1 / (1 - p[i]!) + 1 / (1 - p[j]!));
    return p.flatMap((_, i) =>
      p.slice(i + 1).map((_, after) => {
        const j = i + 1 + after;
        return { vertex: p.map((_, m) => (m === i || m === j ? 1 : 0)), probability: bothOrders(i, j) };
      }),
    );
  },
};

const byRelaxation = RELAXATIONS.map(
  (relaxation): Instance => ({
    ...pairs,
    name: `subset, ${relaxation}`,
    ...(relaxation === "successive" && { another: "on a card" as const }),
    verbs: {
      sample: (key, l) => subset.sample(key, l, 2),
      relax: (key, l, options) => subset.relax(key, l, 2, { ...options, relaxation }),
      mode: (l) => subset.mode(l, 2),
      softMode: (l, options) => subset.softMode(l, 2, { ...options, relaxation }),
      logProb: (value, l) => subset.setLogProb(value, l, 2),
      support: (l) => subset.support(l, 2),
      perturbGiven: (key, value, l) => subset.perturbGiven(key, value, l, 2),
      relaxGiven: (key, value, l, options) => subset.relaxGiven(key, value, l, 2, { ...options, relaxation }),
    },
    isInPolytope: (x) => isOnSimplex(x, 2) && (relaxation === "successive" || x.every((y) => y <= 1)),
  }),
);

const ofTwo = subset.of(2);

const column = (x: np.Array) => np.expandDims(x, -1);

const callsOfTwo: Call[] = [
  { name: "subset.of(k).logProb", arrays: () => [twoHot(), logits()], call: (x, l) => ofTwo.logProb(x!, l!) },
  { name: "subset.of(k).mode", arrays: () => [logits()], call: (l) => ofTwo.mode(l!) },
  {
    name: "subset.of(k).relax",
    arrays: () => [key(), logits(), scalar()],
    call: (k, l, temperature) => ofTwo.relax(k!, l!, { temperature }),
  },
  {
    name: "subset.of(k).relax hard",
    arrays: () => [key(), logits(), scalar()],
    call: (k, l, temperature) => ofTwo.relax(k!, l!, { temperature, hard: true }),
  },
  {
    name: "subset.of(k).perturbGiven",
    arrays: () => [key(), twoHot(), logits()],
    call: (k, x, l) => ofTwo.perturbGiven(k!, x!, l!),
  },
  {
    name: "subset.of(k).relaxGiven",
    arrays: () => [key(), twoHot(), logits(), scalar()],
    call: (k, x, l, temperature) => ofTwo.relaxGiven(k!, x!, l!, { temperature }),
  },
  { name: "subset.of(k).sample", arrays: () => [key(), logits()], call: (k, l) => ofTwo.sample(k!, l!) },
  { name: "subset.of(k).sampleOrdered", arrays: () => [key(), logits()], call: (k, l) => ofTwo.sampleOrdered(k!, l!) },
  {
    name: "subset.of(k).softMode",
    arrays: () => [logits(), scalar()],
    call: (l, temperature) => ofTwo.softMode(l!, { temperature }),
  },
  { name: "subset.of(k).support", arrays: () => [logits()], call: (l) => ofTwo.support(l!) },
];

export const description: Description = {
  columns: {
    subset: { shape: "[..., n]", verbs: subset },
    "subset.of(k)": { shape: "[..., n]", verbs: ofTwo },
  },
  instances: [
    ...byRelaxation,
    {
      ...pairs,
      name: "subset.of(2)",
      another: true,
      verbs: ofTwo,
      isInPolytope: (x) => isOnSimplex(x, 2) && x.every((y) => y <= 1),
    },
  ],
  calls: [
    { name: "subset.logProb", arrays: () => [order(), logits()], call: (x, l) => subset.logProb(x!, l!) },
    { name: "subset.mode", arrays: () => [logits()], call: (l) => subset.mode(l!, 2) },
    {
      name: "subset.perturbGiven",
      arrays: () => [key(), twoHot(), logits()],
      call: (k, x, l) => subset.perturbGiven(k!, x!, l!, 2),
    },
    {
      name: "subset.perturbGiven all",
      arrays: () => [key(), allHot(), logits()],
      call: (k, x, l) => subset.perturbGiven(k!, x!, l!, COLUMNS),
    },
    {
      name: "subset.relax all",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => subset.relax(k!, l!, COLUMNS, { temperature }),
    },
    ...RELAXATIONS.map(
      (relaxation): Call => ({
        name: `subset.relax ${relaxation}, hard`,
        arrays: () => [key(), logits(), scalar()],
        call: (k, l, temperature) => subset.relax(k!, l!, 2, { temperature, relaxation, hard: true }),
      }),
    ),
    ...RELAXATIONS.map(
      (relaxation): Call => ({
        name: `subset.relaxGiven ${relaxation}`,
        arrays: () => [key(), twoHot(), logits(), scalar()],
        call: (k, x, l, temperature) => subset.relaxGiven(k!, x!, l!, 2, { temperature, relaxation }),
      }),
    ),
    { name: "subset.sample", arrays: () => [key(), logits()], call: (k, l) => subset.sample(k!, l!, 2) },
    {
      name: "subset.sample in blocks",
      arrays: () => [key(), logits()],
      call: (k, l) => subset.sample(k!, l!.reshape([ROWS * COLUMNS]), 2),
    },
    {
      name: "subset.stochasticBeamSearch",
      arrays: () => [key(), logits()],
      call: (k, l) => {
        const step = (state: np.Array, last: np.Array) => ({
          logits: state.ref,
          state: state.add(column(last.mul(0))),
        });
        const { choices, logProb, perturbed, state } = subset.stochasticBeamSearch(k!, step, l!, ROWS, { length: 2 });
        return np.concatenate([choices.astype(np.float32), state, ...[logProb, perturbed].map(column)], -1);
      },
    },
    { name: "subset.sampleOrdered", arrays: () => [key(), logits()], call: (k, l) => subset.sampleOrdered(k!, l!, 2) },
    {
      name: "subset.sampleOrdered in columns",
      arrays: () => [key(), logits()],
      call: (k, l) => subset.sampleOrdered(k!, np.tile(l!, [20, 1]).reshape([20 * ROWS * COLUMNS]), 1),
    },
    { name: "subset.setLogProb", arrays: () => [twoHot(), logits()], call: (x, l) => subset.setLogProb(x!, l!, 2) },
    {
      name: "subset.softMode",
      arrays: () => [logits(), scalar()],
      call: (l, temperature) => subset.softMode(l!, 2, { temperature }),
    },
    { name: "subset.support", arrays: () => [logits()], call: (l) => subset.support(l!, 2) },
    ...callsOfTwo,
  ],
  withoutArrays: ["subset.of", "subset.reservoir"],
};
