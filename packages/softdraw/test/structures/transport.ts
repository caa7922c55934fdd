import { numpy as np } from "@jax-js/jax";
import { transport } from "softdraw";
import { items, key, scalar, squares } from "../arguments.ts";
import type { Call, Description } from "../structures.ts";
import { description as permutations } from "./permutation.ts";

const [square] = permutations.instances;

/** Of two rows and eight columns. */
const rectangles = () => squares().reshape([16, 2, 8]);
const rows = () => np.array(Float32Array.from([1.5, 0.5]));
const columns = () => np.array(Float32Array.from({ length: 8 }, (_, i) => (i + 1) / 18));
const potentials = () => np.array(Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)));

const ofSums = (["auto", "log", "scaling"] as const).flatMap((form) =>
  (["unrolled", "implicit"] as const).map(
    (gradient): Call => ({
      name: `transport.sinkhorn of sums, ${form} ${gradient}`,
      arrays: () => [rectangles(), rows(), columns()],
      call: (l, a, b) => transport.sinkhorn(l!, { rows: a!, columns: b!, iterations: 2, form, gradient }),
    }),
  ),
);

export const description: Description = {
  columns: { transport: { shape: "[..., m, n]", verbs: transport } },
  instances: [
    {
      ...square!,
      name: "transport",
      another: "on a card",
      verbs: transport,
      neverHard: true,
      differentiable: {
        "softMode, of sums": (l) => transport.softMode(l, { rows: [0.5, 1.5], columns: [1.2, 0.8] }),
        "softMode, of penalties": (l) => transport.softMode(l, { rowPenalty: 20_000, columnPenalty: 30_000 }),
        "softMode, implicit": (l) => transport.softMode(l, { iterations: 100, gradient: "implicit" }),
      },
    },
  ],
  // Chromium joins a product and a sum in matrix products, where Node 20 rounds in between.
  tolerance: 1e-6,
  calls: [
    { name: "transport.apply", arrays: () => [squares(), items()], call: (p, x) => transport.apply(p!, x!) },
    {
      name: "transport.applyInverse",
      arrays: () => [squares(), items()],
      call: (p, x) => transport.applyInverse(p!, x!),
    },
    {
      name: "transport.iterationsFor",
      arrays: () => [rectangles(), scalar()],
      call: async (l, temperature) => np.array(await transport.iterationsFor(l!, { temperature, tolerance: 0.1 })),
      onHost: true,
    },
    {
      name: "transport.mode",
      arrays: () => [rectangles(), rows()],
      call: (l, rowSlack) => transport.mode(l!, { rowSlack, columnSlack: 0.1 }),
      onHost: true,
    },
    {
      name: "transport.potentials",
      arrays: () => [rectangles(), scalar(), potentials()],
      call: (l, temperature, start) => {
        const found = transport.potentials(l!, { temperature, start, rowSlack: 0, columnSlack: 0, iterations: 2 });
        found.rows.dispose();
        return found.columns;
      },
    },
    {
      name: "transport.relax",
      arrays: () => [key(), rectangles(), scalar(), scalar()],
      call: (k, l, temperature, noise) => transport.relax(k!, l!, { temperature, noise, iterations: 2 }),
    },
    {
      name: "transport.residual",
      arrays: () => [rectangles(), rows()],
      call: (p, a) => transport.residual(p!, { rows: a! }),
    },
    {
      name: "transport.sample",
      arrays: () => [key(), rectangles()],
      call: (k, l) => transport.sample(k!, l!, { columnSlack: 0 }),
      onHost: true,
    },
    ...ofSums,
    {
      name: "transport.sinkhorn of penalties",
      arrays: () => [rectangles(), scalar(), scalar(), potentials()],
      call: (l, rowPenalty, columnPenalty, start) =>
        transport.sinkhorn(l!, { rowPenalty, columnPenalty, start, iterations: 2 }),
    },
    {
      name: "transport.sinkhorn of penalties, implicit",
      arrays: () => [rectangles(), scalar(), scalar()],
      call: (l, rowPenalty, temperature) =>
        transport.sinkhorn(l!, { rowPenalty, temperature, iterations: 2, gradient: "implicit" }),
    },
    {
      name: "transport.softMode of slack",
      arrays: () => [rectangles(), rows(), columns()],
      call: (l, rowSlack, columnSlack) => transport.softMode(l!, { rowSlack, columnSlack, iterations: 2 }),
    },
  ],
};
