import { numpy as np } from "@jax-js/jax";
import { spanningTree } from "softdraw";
import { key, scalar, squares } from "../arguments.ts";
import type { Description, Instance } from "../structures.ts";
import { edgesOf, gibbsLaw, spanningTreesOf, symmetric } from "../trees.ts";

const { perturbed } = spanningTree;

const SIZE = 4;
const TREES = spanningTreesOf(SIZE);
const EDGES = edgesOf(SIZE);
const star = () => np.array(TREES[0]!, { shape: [SIZE, SIZE] });
const prior = () =>
  np.array(
    TREES[0]!.map((_, i) => Math.cos(i)),
    { shape: [SIZE, SIZE] },
  );

/** The subsets of vertices, each as the entries of the edges within. */
const subtours = Array.from({ length: 2 ** SIZE }, (_, subset) => {
  const isIn = (i: number) => ((subset >> i) & 1) === 1;
  const vertices = Array.from({ length: SIZE }, (_, i) => i).filter(isIn).length;
  return { vertices, entries: EDGES.flatMap(([i, j]) => (isIn(i) && isIn(j) ? [SIZE * i + j] : [])) };
}).filter(({ vertices }) => vertices > 0);

const four: Omit<Instance, "name" | "verbs" | "differentiable" | "differentiableIfPossible" | "law"> = {
  event: [SIZE, SIZE],
  impossible: { entries: [1, 14], share: (value, entry) => value[entry]! },
  hopeless: [3, 7, 11],
  ignored: [0, 5, 10, 15],
  arranged: true,
  isVertex: (x) => TREES.some((tree) => tree.join() === x.join()),
  // Edmonds: no more edges within some vertices than a tree of them has.
  isInPolytope: (x) => {
    const within = (entries: number[]) => entries.reduce((sum, at) => sum + x[at]!, 0);
    const isSymmetric = EDGES.every(([i, j]) => x[SIZE * i + j] === x[SIZE * j + i]);
    const isEmpty = [0, 5, 10, 15].every((at) => x[at] === 0);
    const total = within(EDGES.map(([i, j]) => SIZE * i + j));
    return (
      isSymmetric &&
      isEmpty &&
      x.every((entry) => entry >= 0) &&
      Math.abs(total - SIZE + 1) < 1e-5 &&
      subtours.every(({ vertices, entries }) => within(entries) <= vertices - 1 + 1e-5)
    );
  },
};

/** The probability that the largest of perturbed edges that make no circle, one after the other, are those of a tree. */
function greedyLaw(logits: number[]): Map<string, number> {
  const weights = symmetric(logits, SIZE).map(Math.exp);
  const law = new Map<string, number>();
  const grow = (parts: number[], tree: number[], probability: number) => {
    const open = EDGES.filter(([i, j]) => parts[i] !== parts[j]);
    if (open.length === 0) {
      law.set(tree.join(), (law.get(tree.join()) ?? 0) + probability);
      return;
    }
    const total = open.reduce((sum, [i, j]) => sum + weights[SIZE * i + j]!, 0);
    for (const [i, j] of open) {
      const next = tree.map((x, at) => (at === SIZE * i + j || at === SIZE * j + i ? 1 : x));
      const joined = parts.map((part) => (part === parts[j] ? parts[i]! : part));
      grow(joined, next, (probability * weights[SIZE * i + j]!) / total);
    }
  };
  grow(
    Array.from({ length: SIZE }, (_, i) => i),
    TREES[0]!.map(() => 0),
    1,
  );
  return law;
}

const trees = () => np.tile(star(), [16, 1, 1]);

export const description: Description = {
  columns: {
    spanningTree: { shape: "[..., n, n]", verbs: spanningTree },
    "spanningTree.perturbed": { shape: "[..., n, n]", verbs: perturbed },
  },
  instances: [
    {
      ...four,
      name: "spanningTree",
      another: "on a card",
      verbs: spanningTree,
      differentiable: {
        entropy: spanningTree.entropy,
        kl: (l) => spanningTree.kl(l),
        logPartition: spanningTree.logPartition,
      },
      differentiableIfPossible: {
        logProb: (l) => spanningTree.logProb(star(), l),
        "kl to a prior": (l) => spanningTree.kl(l, prior()),
        "kl by the prior": (l) => spanningTree.kl(prior(), l),
      },
      law: (logits) => {
        const { probabilities } = gibbsLaw(TREES, symmetric(logits, SIZE), 2);
        return TREES.map((vertex, i) => ({ vertex, probability: probabilities[i]! }));
      },
    },
    {
      ...four,
      name: "spanningTree.perturbed",
      another: true,
      verbs: perturbed,
      differentiable: {},
      differentiableIfPossible: {},
      law: (logits) => {
        const law = greedyLaw(logits);
        return TREES.map((vertex) => ({ vertex, probability: law.get(vertex.join())! }));
      },
    },
  ],
  // Chromium joins a product and a sum in matrix products, where Node 20 rounds in between.
  tolerance: 2e-6,
  calls: [
    { name: "spanningTree.entropy", arrays: () => [squares()], call: (l) => spanningTree.entropy(l!) },
    { name: "spanningTree.kl", arrays: () => [squares()], call: (l) => spanningTree.kl(l!) },
    {
      name: "spanningTree.kl to a prior",
      arrays: () => [squares(), squares()],
      call: (l, prior) => spanningTree.kl(l!, prior!),
    },
    { name: "spanningTree.logPartition", arrays: () => [squares()], call: (l) => spanningTree.logPartition(l!) },
    {
      name: "spanningTree.logProb",
      arrays: () => [trees(), squares()],
      call: (x, l) => spanningTree.logProb(x!, l!),
    },
    { name: "spanningTree.marginals", arrays: () => [squares()], call: (l) => spanningTree.marginals(l!) },
    { name: "spanningTree.mode", arrays: () => [squares()], call: (l) => spanningTree.mode(l!) },
    { name: "spanningTree.sample", arrays: () => [key(), squares()], call: (k, l) => spanningTree.sample(k!, l!) },
    {
      name: "spanningTree.softMode",
      arrays: () => [squares(), scalar()],
      call: (l, temperature) => spanningTree.softMode(l!, { temperature }),
    },
    { name: "spanningTree.support", arrays: () => [squares()], call: (l) => spanningTree.support(l!) },
    { name: "spanningTree.perturbed.mode", arrays: () => [squares()], call: (l) => perturbed.mode(l!) },
    {
      name: "spanningTree.perturbed.relax",
      arrays: () => [key(), squares(), scalar()],
      call: (k, l, temperature) => perturbed.relax(k!, l!, { temperature }),
    },
    {
      name: "spanningTree.perturbed.relax hard with a scale",
      arrays: () => [key(), squares(), scalar()],
      call: (k, l, noise) => perturbed.relax(k!, l!, { noise, hard: true }),
    },
    {
      name: "spanningTree.perturbed.sample",
      arrays: () => [key(), squares()],
      call: (k, l) => perturbed.sample(k!, l!),
    },
    {
      name: "spanningTree.perturbed.softMode",
      arrays: () => [squares(), scalar()],
      call: (l, temperature) => perturbed.softMode(l!, { temperature }),
    },
    { name: "spanningTree.perturbed.support", arrays: () => [squares()], call: (l) => perturbed.support(l!) },
  ],
};
