/** `spanningTree` and `arborescence`: against float64, and where no law is asked of them. */

import { grad, numpy as np, random, vmap } from "@jax-js/jax";
import { device, values } from "@softdraw/testing/device";
import { chiSquarePValue, differences, FALSE_ALARM, largestDifference, normals } from "@softdraw/testing/numbers";
import { arborescence, expectation, spanningTree } from "softdraw";
import { describe, expect, test } from "vitest";
import {
  arborescencesOf,
  gibbsLaw,
  largestArborescence,
  logDeterminantFrom,
  logDeterminantOfTrees,
  spanningTreesOf,
  symmetric,
} from "./trees.ts";

type Array = np.Array;

const NO = Number.NEGATIVE_INFINITY;
/** A program in a card's place takes minutes for many kernels, and the laws are asked of both. */
const isSlow = device === "webgpu";
/** On WebGPU exponentials are less exact. */
const ACCURACY = device === "webgpu" ? 1e-5 : 2e-6;

const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);
const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const square = (x: ArrayLike<number>, n: number, batch: number[] = []) =>
  np.array(Float32Array.from(x), { shape: [...batch, n, n] });
const float32 = (x: number[]) => x.map(Math.fround);
const mirrored = (x: number[], n: number) => x.map((_, at) => x[Math.min(at, (at % n) * n + Math.floor(at / n))]!);
const inner = (x: number[], y: number[]) => sum(x.map((a, i) => a * y[i]!));
const inProduct = (tree: number[], logits: number[]) => sum(tree.map((x, at) => (x === 1 ? logits[at]! : 0)));

/** The two laws, and one with a root, as they are asked alike. */
const kinds = {
  spanningTree: {
    verbs: spanningTree,
    entries: 2 as const,
    treesOf: spanningTreesOf,
    logitsOf: (seed: number, n: number, scale: number) => mirrored(float32(normals(seed, n * n, scale)), n),
  },
  arborescence: {
    verbs: arborescence,
    entries: 1 as const,
    treesOf: (n: number) => arborescencesOf(n),
    logitsOf: (seed: number, n: number, scale: number) => float32(normals(seed, n * n, scale)),
  },
  "arborescence with a root": {
    verbs: arborescence.of({ root: 1 }),
    entries: 1 as const,
    treesOf: (n: number) => arborescencesOf(n, 1),
    logitsOf: (seed: number, n: number, scale: number) => float32(normals(seed, n * n, scale)),
  },
};

describe.each(Object.entries(kinds))(
  "%s, against an enumeration in float64",
  (_, { verbs, entries, treesOf, logitsOf }) => {
    async function expectRight(logits: number[], n: number): Promise<void> {
      const exact = gibbsLaw(treesOf(n), logits, entries);
      const size = Math.max(1, ...exact.sums.map(Math.abs));
      const x = () => square(logits, n);
      const [found] = await values(verbs.logPartition(x()));
      expect(Math.abs(found! - exact.logPartition) / size).toBeLessThan(ACCURACY);
      expect(largestDifference(await values(verbs.marginals(x())), exact.marginals)).toBeLessThan(2 * ACCURACY);
      const gradient = await values(grad((l: Array) => verbs.logPartition(l))(x()));
      const expected = exact.marginals.map((p) => p / entries);
      expect(largestDifference(gradient, expected)).toBeLessThan(2 * ACCURACY);
      const [entropy] = await values(verbs.entropy(x()));
      expect(Math.abs(entropy! - exact.entropy) / size).toBeLessThan(4 * ACCURACY);
      const all = square(exact.trees.flat(), n, [exact.trees.length]);
      const logProbs = await values(verbs.logProb(all, x()));
      const errors = logProbs.map(
        (y, k) => Math.abs(y - exact.logProbs[k]!) / Math.max(1, Math.abs(exact.logProbs[k]!)),
      );
      expect(Math.max(...errors)).toBeLessThan(2 * ACCURACY);
      const best = exact.trees[exact.sums.indexOf(Math.max(...exact.sums))]!;
      expect(await values(verbs.mode(x()))).toEqual(best);
    }

    test.each([2, 3, 5])("every number is right, of n = %i, for logits of any size", async (n) => {
      for (const scale of [0.01, 1, 10, 100, 1e4]) {
        for (const seed of [1, 2]) await expectRight(logitsOf(100 * n + seed, n, scale), n);
      }
    });

    test.each([-100, -1e4])("two clusters that edges of %f join are right", async (far) => {
      const n = 6;
      for (const seed of [3, 4]) {
        const near = logitsOf(seed, n, 1);
        const logits = near.map((x, at) => Math.fround(at % n < 3 === Math.floor(at / n) < 3 ? x : x + far));
        if (treesOf(n).length < 2000) await expectRight(logits, n);
        const five = logits.filter((_, at) => at % n < 5 && Math.floor(at / n) < 5);
        await expectRight(five, 5);
      }
    });

    test.each([-1e9, -1e20])("a finite mask of %f is one of -Infinity, beside logits of hundreds", async (mask) => {
      const n = 5;
      const near = logitsOf(7, n, 100);
      const masked = (far: number) =>
        square(
          near.map((x, at) => (Math.abs((at % n) - Math.floor(at / n)) >= 3 ? far : x)),
          n,
        );
      for (const verb of [verbs.logPartition, verbs.entropy, verbs.marginals]) {
        const expected = await values(verb(masked(NO)));
        const size = Math.max(1, ...expected.map(Math.abs));
        expect(largestDifference(await values(verb(masked(mask))), expected) / size).toBeLessThan(ACCURACY);
      }
      expect(await values(verbs.mode(masked(mask)))).toEqual(await values(verbs.mode(masked(NO))));
    });

    test.each([-1e6, -1e9, -1e20])(
      "many small graphs with masks of %f anywhere have the laws of -Infinity",
      async (mask) => {
        const [n, count] = [3, 60];
        const own = logitsOf(9, n * Math.ceil(Math.sqrt(count)), 2);
        const isMasked = logitsOf(10, n * Math.ceil(Math.sqrt(count)), 1);
        const masked = (far: number) =>
          square(
            range(count * n * n).map((i) => (isMasked[i]! > 0.4 ? far : own[i]!)),
            n,
            [count],
          );
        const exact = await values(verbs.logPartition(masked(NO)));
        for (const [verb, size] of [
          [verbs.logPartition, 1],
          [verbs.entropy, 1],
          [verbs.marginals, n * n],
          [verbs.mode, n * n],
        ] as const) {
          // biome-ignore format: one line
          const [found, expected] = [await values(verb(masked(mask))), await values(verb(masked(NO)))];
          const differences = found.map((x, i) =>
            Number.isFinite(exact[Math.floor(i / size)]!) ? Math.abs(x - expected[i]!) : 0,
          );
          expect(Math.max(...differences)).toBeLessThan(5 * ACCURACY);
        }
        // Where a mask is needed there is no law to be the same as.
        expect(exact.filter(Number.isFinite).length).toBeGreaterThan(count / 4);
      },
    );

    test("two clusters that nothing but a mask of -1e9 joins have the law of a nearer mask", async () => {
      const n = 5;
      const near = logitsOf(8, n, 1);
      const clusters = (far: number) => near.map((x, at) => (at % n < 2 === Math.floor(at / n) < 2 ? x : far));
      const exact = gibbsLaw(treesOf(n), clusters(-100), entries);
      const all = square(exact.trees.flat(), n, [exact.trees.length]);
      const logProbs = await values(verbs.logProb(all, square(clusters(-1e9), n)));
      const likely = exact.logProbs.map((y, k) => [y, logProbs[k]!] as const).filter(([y]) => y > -50);
      expect(Math.max(...likely.map(([y, found]) => Math.abs(found - y) / Math.max(1, -y)))).toBeLessThan(2 * ACCURACY);
      expect(await values(verbs.marginals(square(clusters(-1e9), n)))).toEqual(
        (await values(verbs.marginals(square(clusters(-100), n)))).map((p) => expect.closeTo(p, 5)),
      );
    });

    test("a constant in all logits changes nothing, at 1e4 too", async () => {
      const n = 5;
      const logits = range(n * n).map((i) => Math.cos(i) / 8);
      const near = mirrored(float32(logits.map((x) => Math.round(1024 * x) / 1024)), n);
      const shifted = near.map((x) => x + 8192);
      for (const verb of [verbs.marginals, verbs.entropy]) {
        const plain = await values(verb(square(near, n)));
        expect(largestDifference(await values(verb(square(shifted, n))), plain)).toBeLessThan(ACCURACY);
      }
    });

    test.skipIf(isSlow)("vertices may come in any other order, of n = 9, also in a batch of batches", async () => {
      const n = 9;
      const order = [1, 2, 4, 0, 8, 3, 5, 7, 6];
      // A root that is given stays where it is.
      const places = entries === 1 ? [0, 1, ...order.filter((i) => i > 1)] : order;
      const logits = logitsOf(5, n, 3);
      const moved = logits.map((_, at) => logits[n * places[Math.floor(at / n)]! + places[at % n]!]!);
      const batch = square([...logits, ...moved, ...moved, ...logits], n, [2, 2]);
      const found = await values(verbs.marginals(batch));
      const [first, second] = [found.slice(0, n * n), found.slice(n * n, 2 * n * n)];
      const expected = first.map((_, at) => first[n * places[Math.floor(at / n)]! + places[at % n]!]!);
      expect(largestDifference(second, expected)).toBeLessThan(ACCURACY);
      expect(largestDifference(found.slice(2 * n * n), [...second, ...first])).toBeLessThan(ACCURACY);
    });

    test.skipIf(isSlow)("draws have the exact law, of five vertices or four", async () => {
      const n = entries === 2 ? 5 : 4;
      const draws = 60_000;
      for (const logits of [range(n * n).map(() => 0), logitsOf(6, n, 1.5)]) {
        const { trees, probabilities } = gibbsLaw(treesOf(n), logits, entries);
        const counts = new Map(trees.map((tree) => [tree.join(), 0]));
        const found = await values(verbs.sample(random.key(7), np.tile(square(logits, n), [draws, 1, 1])));
        for (const i of range(draws)) {
          const name = found.slice(n * n * i, n * n * (i + 1)).join();
          counts.set(name, counts.get(name)! + 1);
        }
        expect(chiSquarePValue([...counts.values()], probabilities)).toBeGreaterThan(FALSE_ALARM);
      }
    });

    test.skipIf(isSlow)("draws between clusters that are far apart are trees, with one edge between them", async () => {
      const n = 8;
      const logits = logitsOf(8, n, 1).map((x, at) => (at % n < 4 === Math.floor(at / n) < 4 ? x : x - 1e3));
      const found = await values(verbs.sample(random.key(9), np.tile(square(logits, n), [500, 1, 1])));
      for (const i of range(500)) {
        const tree = found.slice(n * n * i, n * n * (i + 1));
        const between = tree.filter((_, at) => at % n < 4 !== Math.floor(at / n) < 4);
        expect(sum(between)).toBe(entries);
        expect(sum(tree)).toBe(entries * (n - 1));
      }
      const logProbs = await values(verbs.logProb(square(found, n, [500]), square(logits, n)));
      expect(logProbs.every(Number.isFinite)).toBe(true);
    });

    test("the divergence is right, also of laws that are near each other", async () => {
      const n = 4;
      for (const [seed, difference] of [0.01, 1, 5].entries()) {
        const logits = logitsOf(seed + 10, n, 2);
        const changes = logitsOf(seed + 20, n, difference);
        const prior = float32(logits.map((l, i) => l + changes[i]!));
        const [p, q] = [logits, prior].map((l) => gibbsLaw(treesOf(n), l, entries)) as [Law, Law];
        const exact = sum(p.probabilities.map((x, k) => x * (p.logProbs[k]! - q.logProbs[k]!)));
        const [found] = await values(verbs.kl(square(logits, n), square(prior, n)));
        expect(Math.abs(found! - exact)).toBeLessThan(ACCURACY * Math.max(1, ...p.logProbs.map(Math.abs)));
        expect(found).toBeGreaterThanOrEqual(0);
        const [fromUniform] = await values(verbs.kl(square(logits, n)));
        expect(fromUniform).toBeCloseTo(Math.log(p.trees.length) - p.entropy, 4);
      }
    });

    test("of two vertices every number is right, whatever is on the diagonal", async () => {
      const logits = () => np.array([[Number.NaN, 1], [3, 7]]); // biome-ignore format: a matrix
      const exact = gibbsLaw(treesOf(2), entries === 2 ? [0, 2, 2, 0] : [0, 1, 3, 0], entries);
      expect((await values(verbs.logPartition(logits())))[0]).toBeCloseTo(exact.logPartition, 5);
      expect((await values(verbs.entropy(logits())))[0]).toBeCloseTo(exact.entropy, 5);
      expect(largestDifference(await values(verbs.marginals(logits())), exact.marginals)).toBeLessThan(ACCURACY);
    });

    test("edges that are certain or cannot be are exactly that, and there is no law without a tree", async () => {
      const n = 4;
      const path = range(n * n).map((at) => (Math.abs(Math.floor(at / n) - (at % n)) === 1 ? 1 : NO));
      if (entries === 2) {
        const expected = path.map((x) => (x === 1 ? 1 : 0));
        for (const f of [verbs.marginals, verbs.mode]) expect(await values(f(square(path, n)))).toEqual(expected);
        expect(await values(verbs.sample(random.key(0), square(path, n)))).toEqual(expected);
        expect(await values(verbs.entropy(square(path, n)))).toEqual([0]);
      }
      const apart = range(n * n).map((at) => (at % n < 2 === Math.floor(at / n) < 2 ? 0 : NO));
      for (const f of [verbs.marginals, verbs.mode, verbs.entropy, verbs.logPartition, verbs.softMode]) {
        expect((await values(f(square(apart, n)))).every(Number.isNaN)).toBe(true);
      }
      expect((await values(verbs.sample(random.key(0), square(apart, n)))).every(Number.isNaN)).toBe(true);
    });

    test("the divergence from a prior that lacks an edge that is taken is Infinity", async () => {
      const prior = square([0, NO, 0, NO, 0, 0, 0, 0, 0], 3);
      const uniform = () => np.zeros([3, 3]);
      expect(await values(verbs.kl(uniform(), prior.ref))).toEqual([Number.POSITIVE_INFINITY]);
      expect((await values(verbs.kl(prior.ref, uniform())))[0]).toBeGreaterThan(0);
      expect(await values(verbs.kl(prior.ref, prior))).toEqual([0]);
    });

    test("logProb of what is no tree is -Infinity, of NaN it is NaN", async () => {
      const [tree] = treesOf(3) as [number[]];
      const others = [
        tree.map((x) => x / 2),
        tree.map((x) => 2 * x),
        tree.map(() => 0),
        tree.map(() => 1),
        [0, 1, 1, 1, 0, 1, 1, 1, 0],
        [0, 1, 0, 0, 0, 1, 1, 0, 0],
        [1, 0, 0, 0, 1, 0, 0, 0, 0],
        [0, 1, 0, 1, 0, 0, 0, 0, 0],
      ];
      const found = await values(verbs.logProb(square(others.flat(), 3, [others.length]), np.zeros([3, 3])));
      expect(found).toEqual(others.map(() => NO));
      const unknown = tree.map((x, i) => (i === 1 ? Number.NaN : x));
      expect(await values(verbs.logProb(square(unknown, 3), np.zeros([3, 3])))).toEqual([Number.NaN]);
    });

    test.skipIf(isSlow)("the gradient of the marginals is a covariance, at sizes that no enumeration has", async () => {
      const n = 9;
      const logits = logitsOf(11, n, 1);
      const [cotangent, direction] = [normals(12, n * n), logitsOf(13, n, 1)];
      const loss = (l: Array) => verbs.marginals(l).mul(square(cotangent, n)).sum();
      const gradient = await values(grad(loss)(square(logits, n)));
      const along = async (step: number) =>
      (await values(loss(square(logits.map((l, i) => l + step * direction[i]!), n))))[0]!; // biome-ignore format: short
      const numeric = ((await along(0.02)) - (await along(-0.02))) / 0.04;
      expect(Math.abs(sum(gradient.map((g, i) => g * direction[i]!)) - numeric)).toBeLessThan(2e-3);
    });

    test("expectation takes it, exactly, by the score function, and by the exact mean", async () => {
      const logits = logitsOf(14, 3, 1);
      const weights = range(9).map((i) => i / 4);
      const cost = (value: Array) => np.square(value.mul(square(weights, 3)).sum([-1, -2]));
      const exact = (l: Array) => expectation(verbs, random.key(0), l, cost, { estimator: "exact" });
      const mean = (l: number[]) => {
        const { trees, probabilities } = gibbsLaw(treesOf(3), entries === 2 ? symmetric(l, 3) : l, entries);
        return sum(trees.map((tree, i) => probabilities[i]! * inProduct(tree, weights) ** 2));
      };
      expect((await values(exact(square(logits, 3))))[0]).toBeCloseTo(mean(logits), 4);
      const right = differences(mean, logits);
      expect(largestDifference(await values(grad(exact)(square(logits, 3))), right)).toBeLessThan(1e-4);
      const byScore = (l: Array) =>
        expectation(verbs, random.key(0), l, cost, { estimator: "score-function", samples: 20_000 });
      expect(largestDifference(await values(grad(byScore)(square(logits, 3))), right)).toBeLessThan(0.1);
      const simple = (l: Array) =>
        expectation(verbs, random.key(0), l, (value) => value.mul(square(weights, 3)).sum([-1, -2]), {
          estimator: "simple",
        });
      const linear = (l: number[]) => {
        const { marginals } = gibbsLaw(treesOf(3), entries === 2 ? symmetric(l, 3) : l, entries);
        return inner(marginals, weights);
      };
      expect(
        largestDifference(await values(grad(simple)(square(logits, 3))), differences(linear, logits)),
      ).toBeLessThan(1e-4);
    });
  },
);

type Law = ReturnType<typeof gibbsLaw>;

test.each(Object.entries({ spanningTree, arborescence, "one with a root": arborescence.of({ root: 0 }) }))(
  "a single vertex has one tree, without edges: %s",
  async (_, verbs) => {
    const one = () => np.array([[Number.NaN]]);
    // On WebGPU a zero may have a sign.
    const numbers = async (x: Array) => (await values(x)).map((y) => y + 0);
    const { mode, marginals, logPartition, entropy, support } = verbs;
    for (const verb of [mode, marginals, logPartition, entropy, (l: Array) => verbs.kl(l), support]) {
      expect(await numbers(verb(one()))).toEqual([0]);
    }
    expect(await numbers(verbs.sample(random.key(0), one()))).toEqual([0]);
    expect(await numbers(verbs.logProb(np.zeros([1, 1]), one()))).toEqual([0]);
    expect(await numbers(verbs.logProb(np.ones([1, 1]), one()))).toEqual([NO]);
    expect(await numbers(verbs.softMode(one(), { temperature: 0.1 }))).toEqual([0]);
    for (const verb of [marginals, logPartition, entropy]) {
      expect(await numbers(grad((l: Array) => verb(l).sum())(one()))).toEqual([0]);
    }
  },
);

describe.skipIf(isSlow)("sizes that no enumeration has", () => {
  test.each([2, 3, 10, 30])("of %i vertices there are as many trees as Cayley says", async (n) => {
    const zeros = () => np.zeros([n, n]);
    const [trees] = await values(spanningTree.logPartition(zeros()));
    expect(Math.abs(trees! - (n - 2) * Math.log(n))).toBeLessThan(1e-5 * n);
    const [all] = await values(arborescence.logPartition(zeros()));
    expect(Math.abs(all! - (n - 1) * Math.log(n))).toBeLessThan(1e-5 * n);
    const [rooted] = await values(arborescence.of({ root: n - 1 }).logPartition(zeros()));
    expect(Math.abs(rooted! - (n - 2) * Math.log(n))).toBeLessThan(1e-5 * n);
    const edges = await values(spanningTree.marginals(zeros()));
    const expected = edges.map((_, at) => (at % (n + 1) === 0 ? 0 : 2 / n));
    expect(largestDifference(edges, expected)).toBeLessThan(1e-6);
    const directed = await values(arborescence.marginals(zeros()));
    expect(
      largestDifference(
        directed,
        expected.map((p) => p / 2),
      ),
    ).toBeLessThan(1e-6);
  });

  test.each([10, 20])("sums over all trees of %i vertices are determinants of Laplacians", async (n) => {
    for (const scale of [0.5, 3]) {
      const logits = float32(normals(30 + n, n * n, scale));
      const [trees] = await values(spanningTree.logPartition(square(logits, n)));
      expect(Math.abs(trees! - logDeterminantOfTrees(logits, n))).toBeLessThan(1e-5 * n);
      const ofRoots = range(n).map((root) => logDeterminantFrom(root, logits, n));
      const largest = Math.max(...ofRoots);
      const logSum = largest + Math.log(sum(ofRoots.map((x) => Math.exp(x - largest))));
      const [all] = await values(arborescence.logPartition(square(logits, n)));
      expect(Math.abs(all! - logSum)).toBeLessThan(1e-5 * n);
      const [fromThree] = await values(arborescence.of({ root: 3 }).logPartition(square(logits, n)));
      expect(Math.abs(fromThree! - ofRoots[3]!)).toBeLessThan(1e-5 * n);
      const roots = ofRoots.map((x) => Math.exp(x - logSum));
      const edges = await values(arborescence.marginals(square(logits, n)));
      const notRoot = range(n).map((j) => sum(range(n).map((i) => edges[n * i + j]!)));
      expect(
        largestDifference(
          notRoot,
          roots.map((p) => 1 - p),
        ),
      ).toBeLessThan(1e-5);
    }
  });

  test("with symmetric weights an undirected tree is an arborescence of any root", async () => {
    const n = 12;
    const logits = mirrored(float32(normals(40, n * n, 2)), n);
    const undirected = await values(spanningTree.marginals(square(logits, n)));
    for (const root of [0, 5, 11]) {
      const directed = arborescence.of({ root }).marginals(square(logits, n));
      const both = await values(directed.ref.add(np.transpose(directed)));
      expect(largestDifference(both, undirected)).toBeLessThan(1e-6);
    }
  });

  test("the most probable spanning tree is that of Kruskal's algorithm, ties included", async () => {
    const n = 9;
    for (const seed of range(20)) {
      // Whole numbers: many edges are equal.
      const logits = mirrored(normals(50 + seed, n * n, 1.5).map(Math.round), n);
      const edges = range(n * n).filter((at) => at % n > Math.floor(at / n));
      const parts = range(n);
      const tree = range(n * n).map(() => 0);
      for (const at of edges.sort((a, b) => logits[b]! - logits[a]! || a - b)) {
        const [i, j] = [Math.floor(at / n), at % n];
        const [one, other] = [parts[i]!, parts[j]!];
        if (one === other) continue;
        tree[at] = 1;
        tree[n * j + i] = 1;
        for (const k of range(n)) if (parts[k] === other) parts[k] = one;
      }
      expect(await values(spanningTree.mode(square(logits, n)))).toEqual(tree);
    }
  });

  test.each([6, 15])("the most probable arborescences of %i vertices are those of Chu, Liu and Edmonds", async (n) => {
    for (const scale of [1, 100, 1e4]) {
      const rows = range(20).map((seed) => float32(normals(80 + seed, n * n, scale)));
      const found = await values(arborescence.mode(square(rows.flat(), n, [rows.length])));
      const rooted = await values(arborescence.of({ root: 2 }).mode(square(rows.flat(), n, [rows.length])));
      for (const [k, logits] of rows.entries()) {
        const treeOf = (all: number[]) => all.slice(n * n * k, n * n * (k + 1));
        const largest = range(n).map((root) => inProduct(largestArborescence(logits, n, root), logits));
        expect(inProduct(treeOf(rooted), logits)).toBeGreaterThan(largest[2]! - 1e-6 * n * scale);
        expect(inProduct(treeOf(found), logits)).toBeGreaterThan(Math.max(...largest) - 1e-6 * n * scale);
        expect(sum(treeOf(found))).toBe(n - 1);
      }
    }
  });

  test("a vertex that must be the root is one", async () => {
    const n = 5;
    // No edge leads to the vertex 3.
    const logits = float32(normals(41, n * n)).map((x, at) => (at % n === 3 ? NO : x));
    const any = await values(arborescence.marginals(square(logits, n)));
    const given = await values(arborescence.of({ root: 3 }).marginals(square(logits, n)));
    expect(largestDifference(any, given)).toBeLessThan(1e-6);
    const [all] = await values(arborescence.logPartition(square(logits, n)));
    expect(all).toBeCloseTo(logDeterminantFrom(3, logits, n), 4);
    const draws = await values(arborescence.sample(random.key(1), np.tile(square(logits, n), [200, 1, 1])));
    for (const i of range(200)) expect(sum(draws.slice(25 * i, 25 * i + 25))).toBe(n - 1);
    expect(await values(arborescence.mode(square(logits, n)))).toEqual(
      await values(arborescence.of({ root: 3 }).mode(square(logits, n))),
    );
  });

  test("draws, relaxations and their gradients under vmap, of 12 vertices", async () => {
    const n = 12;
    const rows = () => square(normals(42, 3 * n * n, 2), n, [3]);
    const loss = (k: Array, l: Array) =>
      spanningTree.perturbed
        .relax(k, l, { temperature: 0.3, hard: true })
        .mul(square(normals(43, n * n), n))
        .sum();
    const keys = () => random.split(random.key(2), 3);
    const gradients = await values(vmap(grad(loss, { argnums: 1 }))(keys(), rows()));
    expect(gradients.every(Number.isFinite)).toBe(true);
    const [alone] = [await values(grad(loss, { argnums: 1 })(keys().slice(0), rows().slice(0)))];
    expect(largestDifference(gradients.slice(0, n * n), alone)).toBeLessThan(1e-4);
  });
});
