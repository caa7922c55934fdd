/** Chains against float64: all sequences of short ones, and the recursion in logarithms of long ones. */

import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { device, values } from "@softdraw/testing/device";
import { differences, largestDifference, normals, STANDARD_ERRORS } from "@softdraw/testing/numbers";
import { isThorough } from "@softdraw/testing/thorough";
import { categorical, chain, expectation, noise } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;
type Matrix = number[][];

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);
const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const logSumExp = (x: number[]) => {
  const largest = Math.max(...x);
  return largest === NEGATIVE_INFINITY ? largest : largest + Math.log(sum(x.map((y) => Math.exp(y - largest))));
};
const inRows = (x: number[], columns: number): Matrix =>
  range(x.length / columns).map((i) => x.slice(i * columns, (i + 1) * columns));

interface Exact {
  logPartition: number;
  marginals: number[];
  pairs: number[];
  entropy: number;
}

/** Forward and backward in logarithms, in float64. */
function exactly(logits: Matrix, stepAt: (t: number) => Matrix): Exact {
  const length = logits.length;
  const labels = range(logits[0]!.length);
  const back: Matrix = [labels.map(() => 0)];
  for (let t = length - 2; t >= 0; t--) {
    const next = back[0]!;
    back.unshift(labels.map((i) => logSumExp(labels.map((j) => stepAt(t)[i]![j]! + logits[t + 1]![j]! + next[j]!))));
  }
  const logPartition = logSumExp(labels.map((i) => logits[0]![i]! + back[0]![i]!));
  let here = labels.map((i) => Math.exp(logits[0]![i]! + back[0]![i]! - logPartition));
  const marginals = [...here];
  const pairs: number[] = [];
  const plogp = (p: number) => (p > 0 ? -p * Math.log(p) : 0);
  let entropy = sum(here.map(plogp));
  for (const t of range(length - 1)) {
    const step = labels.map((i) => {
      const terms = labels.map((j) => stepAt(t)[i]![j]! + logits[t + 1]![j]! + back[t + 1]![j]!);
      const total = logSumExp(terms);
      return terms.map((term) => (total === NEGATIVE_INFINITY ? 0 : Math.exp(term - total)));
    });
    entropy += sum(labels.map((i) => here[i]! * sum(step[i]!.map(plogp))));
    pairs.push(...labels.flatMap((i) => step[i]!.map((p) => here[i]! * p)));
    here = labels.map((j) => sum(labels.map((i) => here[i]! * step[i]![j]!)));
    marginals.push(...here);
  }
  return { logPartition, marginals, pairs, entropy };
}

/** All sequences with their scores. */
function enumerated(logits: Matrix, transitions: Matrix) {
  const [length, labels] = [logits.length, logits[0]!.length];
  const sequences = range(labels ** length).map((s) =>
    range(length).map((t) => Math.floor(s / labels ** (length - 1 - t)) % labels),
  );
  const scores = sequences.map((y) => sum(y.map((i, t) => logits[t]![i]! + (t > 0 ? transitions[y[t - 1]!]![i]! : 0))));
  const total = logSumExp(scores);
  return { sequences, total, probabilities: scores.map((score) => Math.exp(score - total)) };
}

const oneHot = (y: number[], labels: number) => y.flatMap((i) => range(labels).map((j) => (i === j ? 1 : 0)));

/** On WebGPU the exponential is less exact. */
const ACCURACY = device === "webgpu" ? 1e-4 : 1e-5;

test("is what an enumeration of all sequences gives", async () => {
  const [length, labels] = [4, 3];
  const [l, a] = [inRows(normals(1, 12, 2), 3), inRows(normals(2, 9), 3)];
  const [logits, transitions] = [() => np.array(l), () => np.array(a)];
  const { sequences, total, probabilities } = enumerated(l, a);
  expect((await values(chain.logPartition(logits(), transitions())))[0]).toBeCloseTo(total, 5);
  const mean = range(length * labels).map((k) =>
    sum(sequences.map((y, s) => (y[Math.floor(k / labels)] === k % labels ? probabilities[s]! : 0))),
  );
  expect(largestDifference(await values(chain.marginals(logits(), transitions())), mean)).toBeLessThan(1e-6);
  const entropy = -sum(probabilities.map((p) => p * Math.log(p)));
  expect((await values(chain.entropy(logits(), transitions())))[0]).toBeCloseTo(entropy, 5);
  const all = chain.support(logits(), transitions());
  expect(await values(all.ref)).toEqual(sequences.flatMap((y) => oneHot(y, labels)));
  const logP = await values(chain.logProb(all, logits(), transitions()));
  expect(largestDifference(logP, probabilities.map(Math.log))).toBeLessThan(5e-6); // biome-ignore format: short
  const best = sequences[probabilities.indexOf(Math.max(...probabilities))]!;
  expect(await values(chain.mode(logits(), transitions()))).toEqual(oneHot(best, labels));
  const [q, b] = [inRows(normals(3, 12), 3), inRows(normals(4, 9), 3)];
  const other = enumerated(q, b).probabilities;
  const divergence = sum(probabilities.map((p, s) => p * Math.log(p / other[s]!)));
  const [found] = await values(chain.kl(logits(), transitions(), [np.array(q), np.array(b)]));
  expect(found).toBeCloseTo(divergence, 5);
  const [uniform] = await values(chain.kl(logits(), transitions()));
  expect(uniform).toBeCloseTo(4 * Math.log(3) - entropy, 5);
});

const KINDS: Record<string, (seed: number, count: number) => number[]> = {
  equal: (_, count) => range(count).map(() => 0.3),
  normal: (seed, count) => normals(seed, count),
  "of size 30": (seed, count) => normals(seed, count, 30),
  "of size 1e4": (seed, count) => normals(seed, count, 1e4),
  "far from 0": (seed, count) => normals(seed, count).map((x) => 4096 + x),
  masked: (seed, count) => normals(seed, count).map((x, i) => (i % 5 === 3 ? [NEGATIVE_INFINITY, -1e9][i % 2]! : x)),
};
const SIZES = [
  [1, 4],
  [2, 2],
  [3, 1],
  [7, 5],
  // By a tree, and place by place.
  [33, 4],
  [20, 24],
] as const;

/** A program in a card's place takes minutes for the kernels of more places. */
const sizes = device === "webgpu" ? SIZES.filter(([length]) => length < 10) : SIZES;

describe.each(sizes)("%i places of %i labels, against float64", (length, labels) => {
  const kinds = Object.values(KINDS).filter((kind) => labels > 1 || kind !== KINDS.masked);
  const rows = kinds.map((kind, i) => kind(i, length * labels).map(Math.fround));
  const matrices = kinds.map((kind, i) => kind(i + 20, labels ** 2).map(Math.fround));
  // Float64 has no use for entries that are far below all others.
  const bounded = (x: number) => (x < -1e8 ? -1e7 : x);
  const exact = rows.map((row, i) => {
    const step = inRows(matrices[i]!.map(bounded), labels);
    return exactly(inRows(row.map(bounded), labels), () => step);
  });
  const logits = () => np.array(rows.flat(), { shape: [rows.length, length, labels] });
  const transitions = () => np.array(matrices.flat(), { shape: [rows.length, labels, labels] });
  const largest = rows.map((row, i) => {
    const of = (x: number[]) => Math.max(0, ...x.map((y) => (y < -1e8 ? 0 : Math.abs(y))));
    return Math.max(1, length * (of(row) + of(matrices[i]!)));
  });

  test("logPartition, and its gradient", async () => {
    const found = await values(chain.logPartition(logits(), transitions()));
    const errors = found.map((x, i) => Math.abs(x - exact[i]!.logPartition) / largest[i]!);
    expect(Math.max(...errors)).toBeLessThan(ACCURACY / 5);
    const loss = (l: Array, a: Array) => chain.logPartition(l, a).sum();
    const [byLogits, byTransitions] = grad(loss, { argnums: [0, 1] })(logits(), transitions());
    const [ofLogits, ofTransitions] = [await values(byLogits!), await values(byTransitions!)];
    exact.forEach(({ marginals, pairs }, i) => {
      const size = length * labels;
      expect(largestDifference(ofLogits.slice(i * size, (i + 1) * size), marginals)).toBeLessThan(
        ACCURACY * Math.max(1, largest[i]! / 1e3),
      );
      const counts = range(labels ** 2).map((k) => sum(pairs.filter((_, at) => at % labels ** 2 === k)));
      const off = largestDifference(ofTransitions.slice(i * labels ** 2, (i + 1) * labels ** 2), counts);
      expect(off).toBeLessThan(ACCURACY * length * Math.max(1, largest[i]! / 1e3));
    });
  });

  test("marginals and pairs, whose sums are marginals", async () => {
    const found = inRows(await values(chain.marginals(logits(), transitions())), length * labels);
    found.forEach((row, i) => {
      expect(largestDifference(row, exact[i]!.marginals)).toBeLessThan(ACCURACY * Math.max(1, largest[i]! / 1e3));
      for (const place of inRows(row, labels)) expect(Math.abs(sum(place) - 1)).toBeLessThan(1e-5);
    });
    if (length === 1) return;
    const pairs = chain.pairMarginals(logits(), transitions());
    const before = inRows(await values(pairs.ref.sum(-1)), (length - 1) * labels);
    const after = inRows(await values(pairs.sum(-2)), (length - 1) * labels);
    found.forEach((row, i) => {
      expect(largestDifference(before[i]!, row.slice(0, -labels))).toBeLessThan(1e-5);
      expect(largestDifference(after[i]!, row.slice(labels))).toBeLessThan(1e-5);
    });
  });

  test("entropy, and draws of possible sequences", async () => {
    const found = await values(chain.entropy(logits(), transitions()));
    found.forEach((x, i) => {
      const error = Math.abs(x - exact[i]!.entropy) / Math.max(1, exact[i]!.entropy);
      expect(error).toBeLessThan(ACCURACY * Math.max(1, largest[i]! / 1e3));
    });
    const draws = chain.sample(random.key(1), logits(), transitions());
    expect(await values(draws.ref.sum(-1))).toEqual(rows.flatMap(() => range(length).map(() => 1)));
    const logP = await values(chain.logProb(draws, logits(), transitions()));
    expect(logP.every((x) => x > -1e5 && x < 1)).toBe(true);
  });
});

test.skipIf(!isThorough)("long chains keep their digits, and do not overflow", async () => {
  const [length, labels] = [300, 3];
  for (const size of [1, 100]) {
    const [l, a] = [inRows(normals(1, length * labels, size), labels), inRows(normals(2, 9, size), labels)];
    const exact = exactly(l, () => a);
    const [found] = await values(chain.logPartition(np.array(l), np.array(a)));
    expect(Math.abs(found! / exact.logPartition - 1)).toBeLessThan(2e-6);
    const mean = await values(chain.marginals(np.array(l), np.array(a)));
    expect(largestDifference(mean, exact.marginals)).toBeLessThan(ACCURACY * size);
  }
});

test("many bad sequences weigh as much as a good one: none is lost on the way", async () => {
  // The first label stays for nothing; the others lose 2 at each place, and there are 8 of them to go on with.
  const [length, labels] = [120, 9];
  const step = range(labels).map((i) =>
    range(labels).map((j) => ((i === 0) === (j === 0) ? (i === 0 ? 0 : -2.0794) : -300)),
  );
  const logits = range(length).map(() => range(labels).map(() => 0));
  const exact = exactly(logits, () => step);
  const found = await values(chain.marginals(np.array(logits), np.array(step)));
  expect(largestDifference(found, exact.marginals)).toBeLessThan(1e-4);
  expect(exact.marginals[0]).toBeGreaterThan(0.05);
  expect(exact.marginals[0]).toBeLessThan(0.95);
});

describe("transitions by place", () => {
  const [length, labels] = [4, 3];
  const l = inRows(normals(5, length * labels), labels);
  const steps = range(length - 1).map((t) => inRows(normals(6 + t, labels ** 2), labels));

  test("are those of each place, and have gradients of their own", async () => {
    const exact = exactly(l, (t) => steps[t]!);
    const [found] = await values(chain.logPartition(np.array(l), np.array(steps as never)));
    expect(found).toBeCloseTo(exact.logPartition, 5);
    const gradient = grad((a: Array) => chain.logPartition(np.array(l), a))(np.array(steps as never));
    expect(largestDifference(await values(gradient), exact.pairs)).toBeLessThan(1e-6);
    expect(
      largestDifference(await values(chain.marginals(np.array(l), np.array(steps as never))), exact.marginals),
    ).toBeLessThan(1e-6);
  });

  test("that are the same at all places are shared ones", async () => {
    const [a] = steps;
    const repeated = np.array([a, a, a] as never);
    expect(await values(chain.logPartition(np.array(l), repeated))).toEqual(
      await values(chain.logPartition(np.array(l), np.array(a!))),
    );
  });
});

describe("lengths", () => {
  const [length, labels] = [5, 3];
  const l = inRows(normals(7, length * labels), labels);
  const a = inRows(normals(8, labels ** 2), labels);
  const lengths = [1, 2, 4, 5];
  const ends = () => np.array(lengths, { dtype: np.int32 });
  const rows = () => np.broadcastTo(np.array(l), [lengths.length, length, labels]);
  const short = (n: number) => np.array(l.slice(0, n));
  const padded = (x: number[], size: number) => [...x, ...range(size - x.length).map(() => 0)];

  test("give the same as shorter arrays, and zeros behind the end", async () => {
    const options = () => ({ lengths: ends() });
    const numbers = { logPartition: chain.logPartition, entropy: chain.entropy };
    for (const f of Object.values(numbers)) {
      const together = await values(f(rows(), np.array(a), options()));
      for (const [i, n] of lengths.entries()) {
        expect(together[i]).toBeCloseTo((await values(f(short(n), np.array(a))))[0]!, 5);
      }
    }
    const found = inRows(await values(chain.marginals(rows(), np.array(a), options())), length * labels);
    const modes = inRows(await values(chain.mode(rows(), np.array(a), options())), length * labels);
    const pairs = inRows(await values(chain.pairMarginals(rows(), np.array(a), options())), (length - 1) * labels ** 2);
    for (const [i, n] of lengths.entries()) {
      const alone = await values(chain.marginals(short(n), np.array(a)));
      expect(largestDifference(found[i]!, padded(alone, length * labels))).toBeLessThan(1e-6);
      expect(modes[i]).toEqual(padded(await values(chain.mode(short(n), np.array(a))), length * labels));
      const together = n > 1 ? await values(chain.pairMarginals(short(n), np.array(a))) : [];
      expect(largestDifference(pairs[i]!, padded(together, (length - 1) * labels ** 2))).toBeLessThan(1e-6);
    }
    const draws = inRows(await values(chain.sample(random.key(1), rows(), np.array(a), options())), labels);
    expect(draws.map(sum)).toEqual(lengths.flatMap((n) => range(length).map((t) => (t < n ? 1 : 0))));
  });

  test("have gradients that are those of shorter arrays, whatever is behind the end", async () => {
    const at = l.map((row, t) => row.map((x, i) => (t > 1 ? [Number.NaN, POSITIVE_INFINITY, 1e9][i]! : x)));
    const two = () => np.array(2, { dtype: np.int32 });
    const loss = (x: Array, y: Array) => chain.logPartition(x, y, { lengths: two() });
    const [byLogits, byTransitions] = grad(loss, { argnums: [0, 1] })(np.array(at), np.array(a));
    const [alone, aloneSteps] = grad((x: Array, y: Array) => chain.logPartition(x, y), { argnums: [0, 1] })(
      short(2),
      np.array(a),
    );
    const found = await values(byLogits!);
    expect(largestDifference(found, padded(await values(alone!), length * labels))).toBeLessThan(1e-6);
    expect(largestDifference(await values(byTransitions!), await values(aloneSteps!))).toBeLessThan(1e-6);
  });

  test("of values: those that end at the same place are possible", async () => {
    const value = (ones: number[]) =>
      np.array(
        range(length * labels).map((k) => (ones[Math.floor(k / labels)] === k % labels ? 1 : 0)),
        {
          shape: [length, labels],
        },
      );
    const of = async (ones: number[]) =>
      (
        await values(
          chain.logProb(value(ones), np.array(l), np.array(a), { lengths: np.array(2, { dtype: np.int32 }) }),
        )
      )[0]!;
    const [alone] = await values(chain.logProb(value([1, 2]).slice([0, 2]), short(2), np.array(a)));
    expect(await of([1, 2])).toBeCloseTo(alone!, 5);
    expect(await of([1])).toBe(NEGATIVE_INFINITY);
    expect(await of([1, 2, 0])).toBe(NEGATIVE_INFINITY);
  });

  test("of a prior are the same, and of chain.perturbed, too", async () => {
    const prior = () => [rows(), np.zeros([labels, labels])] as const;
    const together = await values(chain.kl(rows(), np.array(a), prior(), { lengths: ends() }));
    const soft = chain.perturbed.relax(random.key(2), rows(), np.array(a), { lengths: ends(), temperature: 0.5 });
    const places = inRows(await values(soft), labels).map(sum);
    for (const [i, n] of lengths.entries()) {
      const alone = await values(chain.kl(short(n), np.array(a), [short(n), np.zeros([labels, labels])]));
      expect(together[i]).toBeCloseTo(alone[0]!, 5);
      places.slice(i * length, (i + 1) * length).forEach((x, t) => {
        expect(x).toBeCloseTo(t < n ? 1 : 0, 5);
      });
    }
    const draws = chain.perturbed.sample(random.key(2), rows(), np.array(a), { lengths: ends() });
    expect(await values(draws.sum([-1, -2]))).toEqual(lengths);
  });

  test("that are none have no law", async () => {
    for (const bad of [0, -1, 6]) {
      const found = chain.logPartition(np.array(l), np.array(a), { lengths: np.array(bad, { dtype: np.int32 }) });
      expect(await values(found)).toEqual([Number.NaN]);
    }
  });

  test("are bound by of", async () => {
    const kept = ends();
    const bound = chain.of(kept);
    const once = await values(bound.logPartition(rows(), np.array(a)));
    expect(await values(bound.logPartition(rows(), np.array(a)))).toEqual(once);
    expect(once).toEqual(await values(chain.logPartition(rows(), np.array(a), { lengths: ends() })));
    expect(kept.refCount).toBe(1);
    kept.dispose();
  });
});

test.skipIf(!isThorough)(
  "in a batch, mapped and compiled, with their gradients, verbs are the same as alone: by a tree, and place by place",
  async () => {
    // So many in a batch are no work for a tree, but each of them is.
    const [count, length, labels] = [500, 12, 6];
    const all = () => np.array(normals(23, count * length * labels), { shape: [count, length, labels] });
    const a = () => np.array(normals(24, labels ** 2), { shape: [labels, labels] });
    const cotangent = () => np.array(normals(25, length * labels), { shape: [length, labels] });
    const loss = (l: Array) => chain.marginals(l, a()).mul(cotangent()).sum();
    const few = [0, 1, count - 1];
    const alone = await Promise.all(few.map((i) => values(grad(loss)(all().slice(i)))));
    const batch = await values(grad(loss)(all()));
    const mapped = await values(jit(vmap(grad(loss)))(all()));
    const size = length * labels;
    for (const [k, i] of few.entries()) {
      for (const found of [batch, mapped]) {
        expect(largestDifference(found.slice(i * size, (i + 1) * size), alone[k]!)).toBeLessThan(1e-5);
      }
    }
    const [draws, rows] = [chain.mode(all(), a()), all()];
    for (const i of few)
      expect(await values(draws.ref.slice(i))).toEqual(await values(chain.mode(rows.ref.slice(i), a())));
  },
);

test("batch axes of logits and transitions broadcast", async () => {
  const [l, a] = [normals(9, 2 * 12), normals(10, 3 * 9)];
  const found = await values(
    chain.logPartition(np.array(l, { shape: [2, 1, 4, 3] }), np.array(a, { shape: [3, 3, 3] })),
  );
  const alone = [0, 1].flatMap((i) =>
    [0, 1, 2].map(
      (j) => exactly(inRows(l.slice(12 * i, 12 * i + 12), 3), () => inRows(a.slice(9 * j, 9 * j + 9), 3)).logPartition,
    ),
  );
  expect(largestDifference(found, alone)).toBeLessThan(1e-5);
});

describe("without a say of the transitions", () => {
  const l = () => np.array(normals(11, 12), { shape: [4, 3] });
  const none = () => np.zeros([3, 3]);

  test("places are categorical, each by itself, by both laws", async () => {
    const each = await values(categorical.softMode(l()));
    expect(largestDifference(await values(chain.marginals(l(), none())), each)).toBeLessThan(1e-6);
    const draw = chain.perturbed.sample(random.key(3), l(), none());
    expect(await values(draw)).toEqual(await values(categorical.sample(random.key(3), l())));
    const relaxed = await values(chain.perturbed.relax(random.key(3), l(), none(), { temperature: 0.7 }));
    const apart = await values(categorical.relax(random.key(3), l(), { temperature: 0.7 }));
    expect(largestDifference(relaxed, apart)).toBeLessThan(1e-5);
  });

  test("of equals the first is the mode", async () => {
    expect(await values(chain.mode(np.zeros([3, 3]), none()))).toEqual(oneHot([0, 0, 0], 3));
    const tie = [[0, 0, -1], [0, 1, 1]]; // biome-ignore format: short
    expect(await values(chain.mode(np.array(tie), none()))).toEqual(oneHot([0, 1], 3));
  });
});

test("a draw of chain.perturbed is the mode of logits with noise", async () => {
  const [l, a] = [
    () => np.array(normals(12, 200 * 12), { shape: [200, 4, 3] }),
    () => np.array(normals(13, 9), { shape: [3, 3] }),
  ];
  const draws = await values(chain.perturbed.sample(random.key(5), l(), a()));
  expect(draws).toEqual(await values(chain.mode(noise.perturb(random.key(5), l()), a())));
});

// A dozen frequencies and as many of neighbours together, which a right sampler fails at the rate 24 `FALSE_ALARM`.
test("draws of long chains have the marginals and pairs of the law", async () => {
  const [length, labels, count] = [30, 2, 4000];
  const [l, a] = [inRows(normals(14, length * labels), labels), inRows(normals(15, 4), labels)];
  const { marginals, pairs } = exactly(l, () => a);
  const draws = chain.sample(random.key(6), np.broadcastTo(np.array(l), [count, length, labels]), np.array(a));
  const far = (observed: number, p: number) => Math.abs(observed - p) / Math.sqrt((p * (1 - p)) / count + 1e-12);
  const mean = await values(draws.ref.mean(0));
  const both = np
    .expandDims(draws.ref.slice([], [0, length - 1]), -1)
    .mul(np.expandDims(draws.slice([], [1, length]), -2));
  const together = await values(both.mean(0));
  for (const t of range(12)) {
    expect(far(mean[2 * t]!, marginals[2 * t]!)).toBeLessThan(STANDARD_ERRORS);
    expect(far(together[4 * t + 1]!, pairs[4 * t + 1]!)).toBeLessThan(STANDARD_ERRORS);
  }
});

test("what is no sequence has the log-probability -Infinity, and NaN stays NaN", async () => {
  const a = () => np.array([[0, NEGATIVE_INFINITY], [1, 0]]); // biome-ignore format: short
  const of = async (value: number[]) =>
    (await values(chain.logProb(np.array(value, { shape: [2, 2] }), np.zeros([2, 2]), a())))[0];
  for (const none of [
    [1, 0, 0, 1],
    [1, 1, 1, 0],
    [1, 0, 0, 0],
    [0.5, 0.5, 1, 0],
    [2, -1, 1, 0],
  ]) {
    expect(await of(none)).toBe(NEGATIVE_INFINITY);
  }
  expect(await of([1, 0, Number.NaN, 1])).toBeNaN();
  expect(await of([0, 1, 1, 0])).toBeCloseTo(1 - Math.log(2 + Math.E), 5);
});

test("kl is exact however small it is, and Infinity only where the prior forbids what the law takes", async () => {
  const [l, a] = [normals(16, 12), normals(17, 9)];
  for (const size of [1e-2, 1, 10]) {
    const q = l.map((x, i) => Math.fround(x + size * normals(i, 1)[0]!));
    const [p, other] = [l, q].map((x) => enumerated(inRows(x, 3), inRows(a, 3)).probabilities);
    const exact = sum(p!.map((x, s) => x * Math.log(x / other![s]!)));
    const prior = [np.array(q, { shape: [4, 3] }), np.array(a, { shape: [3, 3] })] as const;
    const [found] = await values(chain.kl(np.array(l, { shape: [4, 3] }), np.array(a, { shape: [3, 3] }), prior));
    expect(Math.abs(found! / exact - 1)).toBeLessThan(1e-6 * (1 + 10 / size) + ACCURACY);
  }
  const forbidding = () => [np.zeros([2, 2]), np.array([[0, NEGATIVE_INFINITY], [0, 0]])] as const; // biome-ignore format: short
  expect(await values(chain.kl(np.zeros([2, 2]), np.zeros([2, 2]), forbidding()))).toEqual([POSITIVE_INFINITY]);
  const [own, ownSteps] = forbidding();
  expect((await values(chain.kl(own, ownSteps, forbidding())))[0]).toBe(0);
});

describe("expectations over chains", () => {
  const [l, a] = [normals(18, 6), normals(19, 9)];
  const weights = normals(20, 6);
  const cost = (value: Array) => np.square(value.mul(np.array(weights, { shape: [2, 3] })).sum([-1, -2]));
  const exact = (l: number[], a: number[]) => {
    const { sequences, probabilities } = enumerated(inRows(l, 3), inRows(a, 3));
    return sum(sequences.map((y, s) => probabilities[s]! * sum(y.map((i, t) => weights[3 * t + i]!)) ** 2));
  };
  const gradient = [...differences((x: number[]) => exact(x, a), l), ...differences((x: number[]) => exact(l, x), a)];
  const of = async (options: object, keys: number, structure: typeof chain | typeof chain.perturbed = chain) => {
    const loss = (l: Array, a: Array, key: Array) =>
      expectation(structure as typeof chain, key, [l, a], cost, options as { estimator: "simple" });
    const each = jit(
      vmap((key: Array, l: Array, a: Array) => grad(loss, { argnums: [0, 1] })(l, a, key) as never, [0, null, null]),
    ) as unknown as (key: Array, l: Array, a: Array) => Array[];
    const found = each(
      random.split(random.key(7), keys),
      np.array(l, { shape: [2, 3] }),
      np.array(a, { shape: [3, 3] }),
    );
    const [first, second] = await Promise.all(found.map(values));
    const rows = range(keys).map((s) => [...first!.slice(6 * s, 6 * s + 6), ...second!.slice(9 * s, 9 * s + 9)]);
    return gradient.map((_, k) => {
      const column = rows.map((row) => row[k]!);
      const mean = sum(column) / keys;
      return { mean, error: Math.sqrt(sum(column.map((x) => (x - mean) ** 2))) / keys };
    });
  };

  test("exact is it without noise", async () => {
    const found = await of({ estimator: "exact" }, 1);
    expect(largestDifference(found.map(({ mean }) => mean), gradient)).toBeLessThan(2e-5); // biome-ignore format: short
  });

  test.each([
    [{ estimator: "score-function", samples: 2 }],
    [{ estimator: "score-function", samples: 3, baseline: "leave-one-out" }],
    [{ estimator: "score-function", baseline: "greedy" }],
  ])("the mean of %o is the exact gradient, of both arrays", async (options) => {
    const found = await of(options, 2000);
    for (const [k, { mean, error }] of found.entries()) {
      expect(Math.abs(mean - gradient[k]!)).toBeLessThan(5.33 * error + 2e-5);
    }
  });

  test("simple has the gradient of the mean: exact for costs that are linear", async () => {
    const linear = (value: Array) => value.mul(np.array(weights, { shape: [2, 3] })).sum([-1, -2]);
    const loss = (l: Array, a: Array) => expectation(chain, random.key(8), [l, a], linear, { estimator: "simple" });
    const found = grad(loss, { argnums: [0, 1] })(np.array(l, { shape: [2, 3] }), np.array(a, { shape: [3, 3] }));
    const mean = (l: number[], a: number[]) =>
      sum(exactly(inRows(l, 3), () => inRows(a, 3)).marginals.map((p, k) => p * weights[k]!));
    const right = [...differences((x: number[]) => mean(x, a), l), ...differences((x: number[]) => mean(l, x), a)];
    const all = (await Promise.all(found.map(values))).flat();
    expect(largestDifference(all, right)).toBeLessThan(2e-5);
  });

  test("relaxed draws tend to exact ones, with gradients of both arrays", async () => {
    for (const estimator of ["relaxed", "straight-through"]) {
      const found = await of({ estimator, temperature: 0.5 }, 20, chain.perturbed);
      expect(found.every(({ mean }) => Number.isFinite(mean) && mean !== 0)).toBe(true);
    }
    const value = (temperature: number) =>
      expectation(
        chain.perturbed,
        random.key(9),
        [np.array(l, { shape: [2, 3] }), np.array(a, { shape: [3, 3] })],
        cost,
        {
          estimator: "relaxed",
          samples: 100,
          temperature,
        },
      );
    const hard = cost(
      chain.perturbed.sample(
        random.key(9),
        np.broadcastTo(np.array(l, { shape: [2, 3] }), [100, 2, 3]),
        np.array(a, { shape: [3, 3] }),
      ),
    ).mean(0);
    expect((await values(value(1e-5)))[0]).toBeCloseTo((await values(hard))[0]!, 4);
  });

  test("of given lengths, and refuses what a structure has not", async () => {
    const ends = np.array([1, 2], { dtype: np.int32 });
    const short = chain.of(ends);
    const rows = () => np.broadcastTo(np.array(l, { shape: [2, 3] }), [2, 2, 3]);
    const count = (value: Array) => value.sum([-1, -2]);
    const arrays = () => [rows(), np.array(a, { shape: [3, 3] })] as const;
    const found = expectation(short, random.key(1), arrays(), count, { estimator: "simple", samples: 2 });
    expect(await values(found)).toEqual([1, 2]);
    ends.dispose();
    const call = (structure: unknown, given: unknown, options: object) => () =>
      expectation(
        structure as typeof chain,
        random.key(1),
        given as ReturnType<typeof arrays>,
        count,
        options as never,
      );
    expect(call(chain, arrays(), { estimator: "relaxed" })).toThrow("needs a structure with relax");
    expect(call(chain.perturbed, arrays(), { estimator: "simple" })).toThrow("needs a structure with marginals");
    expect(call(chain, arrays(), { estimator: "imle" })).toThrow("needs a structure with law");
    expect(call(chain, rows(), { estimator: "simple" })).toThrow("takes a list of two arrays");
    expect(call(chain, [rows()], { estimator: "simple" })).toThrow("a list of 1");
    expect(call(categorical, arrays(), { estimator: "simple" })).toThrow("logits must be an array of the engine");
    expect(call(chain.perturbed, arrays(), { estimator: "relaxed", lengths: 1 })).toThrow('unknown option "lengths"');
    const more = [np.zeros([1, 2, 3]), np.zeros([5, 3, 3])];
    expect(call(chain, more, { estimator: "simple" })).toThrow("the first array must have all batch axes");
  });
});

test("arguments are refused by name", () => {
  const [l, a] = [() => np.zeros([4, 3]), () => np.zeros([3, 3])];
  expect(() => chain.marginals(np.zeros([3]), a())).toThrow(
    "chain.marginals: logits must have shape [..., length, labels]",
  );
  expect(() => chain.mode(l(), np.zeros([4, 4]))).toThrow("chain.mode: transitions must have shape [..., 3, 3]");
  expect(() => chain.mode(l(), np.zeros([4, 3, 3]))).toThrow("[..., 3, 3, 3]");
  expect(() => chain.logProb(np.zeros([4, 4]), l(), a())).toThrow(
    "chain.logProb: value must match logits float32[4,3]",
  );
  expect(() => chain.entropy(l(), a(), { lengths: np.array([2]) })).toThrow("lengths must be int32, got float32[1]");
  expect(() => chain.pairMarginals(np.zeros([1, 3]), a())).toThrow("a single place has no pairs");
  expect(() => chain.kl(l(), a(), l() as never)).toThrow("prior must be a list of logits and transitions");
  expect(() => chain.kl(l(), a(), [l()] as never)).toThrow(
    "prior must be a list of logits and transitions, got a list of 1.",
  );
  expect(() => chain.kl(undefined as never, a())).toThrow("chain.kl: logits must be");
  expect(() => chain.support(np.zeros([20, 3]), a())).toThrow("at most 65536 values");
  expect(() => chain.softMode(l(), a(), { temperature: 0 })).toThrow(
    "chain.softMode: temperature must be a positive number",
  );
});
