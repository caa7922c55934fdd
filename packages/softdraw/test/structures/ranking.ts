import { numpy as np } from "@jax-js/jax";
import { type RankingRelaxOptions, ranking } from "softdraw";
import { key, logits, orders, scalar, squares } from "../arguments.ts";
import type { Call, Description, Instance } from "../structures.ts";

const SIZE = 3;
const ENTRIES = [0, 1, 2];

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

const matrixOf = (order: number[]) => order.flatMap((entry) => ENTRIES.map((i) => (i === entry ? 1 : 0)));
const sums = (x: number[], along: "rows" | "columns") =>
  ENTRIES.map((i) => ENTRIES.reduce((sum, j) => sum + x[along === "rows" ? SIZE * i + j : SIZE * j + i]!, 0));

/** Three in their order. */
const three: Omit<Instance, "name" | "verbs" | "isInPolytope"> = {
  event: [SIZE],
  value: [SIZE, SIZE],
  differentiable: {},
  differentiableIfPossible: {
    logProb: (l) => ranking.logProb(np.array(matrixOf([2, 0, 1])).reshape([SIZE, SIZE]), l),
  },
  // What is impossible is in the last row alone.
  impossible: { entries: [1], share: (value, entry) => value[entry]! + value[SIZE + entry]! },
  hopeless: [0, 1],
  isVertex: (x) => ORDERS.some((order) => matrixOf(order).join() === x.join()),
  law: (logits) =>
    ORDERS.map((order) => {
      const weights = order.map((entry) => Math.exp(logits[entry]!));
      const left = (rank: number) => weights.slice(rank).reduce((a, b) => a + b);
      return { vertex: matrixOf(order), probability: weights.reduce((p, w, rank) => (p * w) / left(rank), 1) };
    }),
};

type Form = Pick<RankingRelaxOptions, "relaxation" | "network" | "sigmoid" | "iterations">;

const forms: { form: Form; columns?: true; more?: Pick<Instance, "arranged" | "iterative"> }[] = [
  { form: { relaxation: "neuralsort" } },
  { form: { relaxation: "softsort" } },
  { form: { relaxation: "network" }, columns: true, more: { arranged: true } },
  {
    form: { relaxation: "network", network: "odd-even", sigmoid: "cauchy" },
    columns: true,
    more: { arranged: true, iterative: true },
  },
  { form: { relaxation: "sinkhorn" }, columns: true },
];

const nameOf = (form: Form) => Object.values(form).join(", ");

const instances = forms.map(
  ({ form, columns, more }): Instance => ({
    ...three,
    ...more,
    name: `ranking, ${nameOf(form)}`,
    ...(form.relaxation !== "softsort" && { another: true as const }),
    verbs: {
      ...ranking,
      relax: (key, l, options) => ranking.relax(key, l, { ...options, ...form }),
      softMode: (l, options) => ranking.softMode(l, { ...options, ...form }),
      relaxGiven: (key, value, l, options) => ranking.relaxGiven(key, value, l, { ...options, ...form }),
    },
    // Of values that are numbers alone.
    differentiableIfPossible: {
      ...three.differentiableIfPossible,
      softSort: (l) => ranking.softSort(l, { temperature: 0.7, ...form }),
      softRank: (l) => ranking.softRank(l, { temperature: 0.7, ...form }),
    },
    isInPolytope: (x) =>
      x.every((entry) => entry >= 0 && entry <= 1 + 1e-6) &&
      sums(x, form.relaxation === "sinkhorn" ? "columns" : "rows").every((sum) => Math.abs(sum - 1) < 1e-5) &&
      (!columns || sums(x, "columns").every((sum) => Math.abs(sum - 1) < 1e-5)),
  }),
);

const calls = forms.flatMap(({ form }): Call[] => [
  {
    name: `ranking.relax ${nameOf(form)}`,
    arrays: () => [key(), logits(), scalar()],
    call: (k, l, temperature) => ranking.relax(k!, l!, { temperature, ...form }),
  },
  {
    name: `ranking.softSort ${nameOf(form)}`,
    arrays: () => [logits(), scalar()],
    call: (x, temperature) => ranking.softSort(x!, { temperature, ...form }),
  },
  {
    name: `ranking.softRank ${nameOf(form)}`,
    arrays: () => [logits(), scalar()],
    call: (x, temperature) => ranking.softRank(x!, { temperature, ...form }),
  },
]);

export const description: Description = {
  columns: { ranking: { shape: "[..., n]", verbs: ranking } },
  instances,
  // Chromium joins a product and a sum in matrix products, where Node 20 rounds in between.
  tolerance: 1e-6,
  calls: [
    ...calls,
    { name: "ranking.logProb", arrays: () => [orders(), logits()], call: (x, l) => ranking.logProb(x!, l!) },
    { name: "ranking.mode", arrays: () => [logits()], call: (l) => ranking.mode(l!) },
    {
      name: "ranking.perturbGiven",
      arrays: () => [key(), orders(), logits()],
      call: (k, x, l) => ranking.perturbGiven(k!, x!, l!),
    },
    {
      name: "ranking.relax hard",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => ranking.relax(k!, l!, { temperature, hard: true }),
    },
    {
      name: "ranking.relax sinkhorn, hard",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => ranking.relax(k!, l!, { temperature, hard: true, relaxation: "sinkhorn" }),
    },
    {
      name: "ranking.relaxGiven",
      arrays: () => [key(), orders(), logits(), scalar()],
      call: (k, x, l, temperature) => ranking.relaxGiven(k!, x!, l!, { temperature }),
    },
    { name: "ranking.sample", arrays: () => [key(), logits()], call: (k, l) => ranking.sample(k!, l!) },
    { name: "ranking.sampleOrdered", arrays: () => [key(), logits()], call: (k, l) => ranking.sampleOrdered(k!, l!) },
    {
      name: "ranking.softMode",
      arrays: () => [logits(), scalar()],
      call: (l, temperature) => ranking.softMode(l!, { temperature }),
    },
    {
      name: "ranking.softQuantile",
      arrays: () => [logits(), scalar()],
      call: (x, temperature) => ranking.softQuantile(x!, 0.3, { temperature }),
    },
    {
      name: "ranking.softSort projection",
      arrays: () => [logits(), scalar()],
      call: (x, temperature) => ranking.softSort(x!, { temperature, relaxation: "projection" }),
    },
    {
      name: "ranking.softRank projection",
      arrays: () => [logits(), scalar()],
      call: (x, temperature) => ranking.softRank(x!, { temperature, relaxation: "projection" }),
    },
    { name: "ranking.support", arrays: () => [squares()], call: (l) => ranking.support(l!) },
  ],
};
