/**
 * What a row gives in a batch is what it gives alone, value and gradient, at sizes of which the engine computes four numbers at a time:
 * there it was seen to read constant arrays, which have no batch, from the wrong place.
 */

import { defaultDevice, grad, jit, numpy as np } from "@jax-js/jax";
import { device, values } from "@softdraw/testing/device";
import { largestDifference, normals } from "@softdraw/testing/numbers";
import {
  arborescence,
  bernoulli,
  categorical,
  chain,
  conditionalBernoulli,
  permutation,
  ranking,
  spanningTree,
  subset,
  transport,
} from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";

type Array = np.Array;

beforeAll(() => {
  defaultDevice(device);
});

const BATCH = 3;

/** Of logits `[..., n]`. */
const ofRows: Record<string, (logits: Array) => Array> = {
  "bernoulli.entropy": (l) => bernoulli.entropy(l),
  "categorical.softMode": (l) => categorical.softMode(l, { temperature: 0.7 }),
  "categorical.softMode, sparsemax": (l) => categorical.softMode(l, { relaxation: "sparsemax" }),
  "categorical.softMode, entmax": (l) => categorical.softMode(l, { relaxation: "entmax", alpha: 1.25 }),
  "categorical.entropy": (l) => categorical.entropy(l),
  "categorical.kl": (l) => categorical.kl(l),
  "subset.softMode, threshold": (l) => subset.softMode(l, 2),
  "subset.softMode, successive": (l) => subset.softMode(l, 2, { relaxation: "successive" }),
  "conditionalBernoulli.marginals": (l) => conditionalBernoulli.marginals(l, 2),
  "conditionalBernoulli.logPartition": (l) => conditionalBernoulli.logPartition(l, 2),
  "conditionalBernoulli.entropy": (l) => conditionalBernoulli.entropy(l, 2),
  "conditionalBernoulli.kl": (l) => conditionalBernoulli.kl(l, 2),
  "ranking.softMode, softsort": (l) => ranking.softMode(l),
  "ranking.softMode, neuralsort": (l) => ranking.softMode(l, { relaxation: "neuralsort" }),
  "ranking.softMode, bitonic": (l) => ranking.softMode(l, { relaxation: "network" }),
  "ranking.softMode, odd-even": (l) => ranking.softMode(l, { relaxation: "network", network: "odd-even" }),
  "ranking.softMode, sinkhorn": (l) => ranking.softMode(l, { relaxation: "sinkhorn" }),
  "ranking.softRank, projection": (l) => ranking.softRank(l, { relaxation: "projection" }),
  "ranking.softSort, bitonic": (l) => ranking.softSort(l, { relaxation: "network" }),
};

const transitions = () => np.array(normals(3, 16), { shape: [4, 4] });
const three = () => np.array(3, { dtype: np.int32 });

/** Of logits `[..., n, n]`. */
const ofSquares: Record<string, (logits: Array) => Array> = {
  "permutation.sinkhorn": (l) => permutation.sinkhorn(l, { iterations: 5 }),
  "permutation.sinkhorn, log": (l) => permutation.sinkhorn(l, { iterations: 5, form: "log" }),
  "permutation.sinkhorn, implicit": (l) => permutation.sinkhorn(l, { iterations: 30, gradient: "implicit" }),
  "permutation.gibbs.marginals": (l) => permutation.gibbs.marginals(l),
  "permutation.gibbs.logPartition": (l) => permutation.gibbs.logPartition(l),
  "permutation.gibbs.entropy": (l) => permutation.gibbs.entropy(l),
  "spanningTree.marginals": spanningTree.marginals,
  "spanningTree.logPartition": spanningTree.logPartition,
  "spanningTree.entropy": spanningTree.entropy,
  "spanningTree.kl": (l) => spanningTree.kl(l),
  "arborescence.marginals": arborescence.marginals,
  "arborescence.logPartition": arborescence.logPartition,
  "arborescence.entropy": arborescence.entropy,
  "arborescence.kl": (l) => arborescence.kl(l),
  "chain.logPartition": (l) => chain.logPartition(l, transitions()),
  "chain.logPartition with lengths": (l) => chain.logPartition(l, transitions(), { lengths: three() }),
  "chain.marginals": (l) => chain.marginals(l, transitions()),
  "chain.entropy": (l) => chain.entropy(l, transitions()),
  "chain.kl": (l) => chain.kl(l, transitions()),
  "transport.sinkhorn": (l) => transport.sinkhorn(l, { iterations: 5 }),
  "transport.sinkhorn with slack": (l) => transport.sinkhorn(l, { iterations: 5, rowSlack: 0, columnSlack: 0 }),
};

const cases = [
  ...Object.entries(ofRows).flatMap(([name, f]) => [4, 8].map((n) => ({ name, f, event: [n] }))),
  ...Object.entries(ofSquares).flatMap(([name, f]) => [4].map((n) => ({ name, f, event: [n, n] }))),
];

describe("in a batch as alone", () => {
  test.each(cases)("$name of $event", async ({ f, event }) => {
    const size = event.reduce((a, b) => a * b, 1);
    const logits = normals(1, BATCH * size);
    const row = (i: number) => np.array(logits.slice(i * size, (i + 1) * size), { shape: event });
    const batch = () => np.array(logits, { shape: [BATCH, ...event] });
    const alone = await Promise.all(Array.from({ length: BATCH }, (_, i) => values(f(row(i)))));
    const cotangents = alone.map((value, i) => normals(7 + i, value.length));
    expect(largestDifference(await values(f(batch())), alone.flat())).toBeLessThan(1e-5);
    expect(largestDifference(await values(jit(f)(batch())), alone.flat())).toBeLessThan(1e-5);

    const lossOf = (cotangent: number[]) => (l: Array) => {
      const value = f(l);
      const { shape } = value;
      return value.mul(np.array(cotangent, { shape })).sum();
    };
    const gradients = await Promise.all(cotangents.map((cotangent, i) => values(grad(lossOf(cotangent))(row(i)))));
    const inBatch = lossOf(cotangents.flat());
    expect(largestDifference(await values(grad(inBatch)(batch())), gradients.flat())).toBeLessThan(1e-4);
    expect(largestDifference(await values(jit(grad(inBatch))(batch())), gradients.flat())).toBeLessThan(1e-4);
  });
});
