import { numpy as np } from "@jax-js/jax";
import { permutation } from "softdraw";
import { indices, items, key, scalar, squares } from "../arguments.ts";
import type { Call, Description } from "../structures.ts";

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
  columns: { permutation: { shape: "[..., n, n]", verbs: permutation } },
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
    { name: "permutation.support", arrays: () => [squares()], call: (l) => permutation.support(l!) },
  ],
};
