import { numpy as np } from "@jax-js/jax";
import { arborescence } from "softdraw";
import { key, scalar, squares } from "../arguments.ts";
import type { Call, Description, Instance } from "../structures.ts";
import { arborescencesOf, gibbsLaw } from "../trees.ts";

const { perturbed } = arborescence;

const SIZE = 3;
const ROOT = 1;
const rooted = arborescence.of({ root: ROOT });
const perturbedRooted = perturbed.of({ root: ROOT });

const path = () => np.array([0, 0, 1, 1, 0, 0, 0, 0, 0], { shape: [SIZE, SIZE] });
const prior = () =>
  np.array(
    Array.from({ length: SIZE * SIZE }, (_, i) => Math.cos(i)),
    { shape: [SIZE, SIZE] },
  );

type Shared = Omit<Instance, "name" | "verbs" | "differentiable" | "differentiableIfPossible" | "law">;

/** Three vertices. The edges 0 to 1 and 2 to 0 may be missing. */
function three(root?: number): Shared {
  const all = arborescencesOf(SIZE, root);
  const isIgnored = (at: number) => at % (SIZE + 1) === 0 || at % SIZE === root;
  const ignored = Array.from({ length: SIZE * SIZE }, (_, at) => at).filter(isIgnored);
  return {
    event: [SIZE, SIZE],
    impossible: { entries: root === undefined ? [1, 6] : [6], share: (value, entry) => value[entry]! },
    // No edges from or to the last vertex.
    hopeless: [2, 5, 6, 7],
    ignored,
    arranged: true,
    isVertex: (x) => all.some((tree) => tree.join() === x.join()),
    // No more edges to any vertex than one, between any two than one, and n - 1 of all.
    isInPolytope: (x) => {
      const sum = (entries: number[]) => entries.reduce((total, at) => total + x[at]!, 0);
      const to = (j: number) => sum([j, SIZE + j, 2 * SIZE + j]);
      return (
        x.every((entry, at) => entry >= 0 && !(ignored.includes(at) && entry !== 0)) &&
        [to(0), to(1), to(2), sum([1, 3]), sum([2, 6]), sum([5, 7])].every((total) => total <= 1 + 1e-5) &&
        Math.abs(to(0) + to(1) + to(2) - SIZE + 1) < 1e-5
      );
    },
  };
}

const lawOf =
  (root?: number): Instance["law"] =>
  (logits) => {
    const trees = arborescencesOf(SIZE, root);
    const { probabilities } = gibbsLaw(trees, logits, 1);
    return trees.map((vertex, i) => ({ vertex, probability: probabilities[i]! }));
  };

/**
 * From the root 1, to both others (a + b), to 0 and from there to 2 (a + c), or to 2 and from there to 0 (b + d). With
 * x = c - b and y = d - a, which are logistic, these are the largest where x and y are below 0; where x is above 0 and
 * y; and where y is above 0 and x.
 */
function perturbedLaw(logits: number[]): { vertex: number[]; probability: number }[] {
  const [a, b, c, d] = [logits[3]!, logits[5]!, logits[2]!, logits[6]!];
  const below = (x: number, at: number) => 1 / (1 + Math.exp(at - x));
  /** The probability that one of two logistic variables is above 0 and the other. */
  const isFirst = (at: number, other: number) => {
    const nodes = 200_000;
    const sum = Array.from({ length: nodes }, (_, i) => {
      // Uniform shares of the first one's law above 0.
      const p = below(0, at) + (1 - below(0, at)) * ((i + 0.5) / nodes);
      return below(at + Math.log(p / (1 - p)), other);
    }).reduce((x, y) => x + y);
    return (1 - below(0, at)) * (sum / nodes);
  };
  const probabilities = new Map([
    ["0,0,0,1,0,1,0,0,0", below(0, c - b) * below(0, d - a)],
    ["0,0,1,1,0,0,0,0,0", isFirst(c - b, d - a)],
    ["0,0,0,0,0,1,1,0,0", isFirst(d - a, c - b)],
  ]);
  return arborescencesOf(SIZE, ROOT).map((vertex) => ({ vertex, probability: probabilities.get(vertex.join())! }));
}

const gibbsOf = (verbs: typeof arborescence | typeof rooted) => ({
  verbs,
  differentiable: {
    entropy: (l: np.Array) => verbs.entropy(l),
    kl: (l: np.Array) => verbs.kl(l),
    logPartition: (l: np.Array) => verbs.logPartition(l),
  },
  differentiableIfPossible: {
    logProb: (l: np.Array) => verbs.logProb(path(), l),
    "kl to a prior": (l: np.Array) => verbs.kl(l, prior()),
    "kl by the prior": (l: np.Array) => verbs.kl(prior(), l),
  },
});

/** Paths 0 to 1 to 2 to 3. */
const paths = () =>
  np.tile(
    np.array(
      Array.from({ length: 16 }, (_, at) => (at % 5 === 1 ? 1 : 0)),
      { shape: [4, 4] },
    ),
    [16, 1, 1],
  );

const of = { arborescence, "arborescence.of({root})": arborescence.of({ root: 0 }) };
const perturbedOf = {
  "arborescence.perturbed": perturbed,
  "arborescence.perturbed.of({root})": perturbed.of({ root: 0 }),
};

const calls = Object.entries(of).flatMap(([name, verbs]): Call[] => [
  { name: `${name}.entropy`, arrays: () => [squares()], call: (l) => verbs.entropy(l!) },
  { name: `${name}.kl`, arrays: () => [squares()], call: (l) => verbs.kl(l!) },
  { name: `${name}.kl to a prior`, arrays: () => [squares(), squares()], call: (l, q) => verbs.kl(l!, q!) },
  { name: `${name}.logPartition`, arrays: () => [squares()], call: (l) => verbs.logPartition(l!) },
  { name: `${name}.logProb`, arrays: () => [paths(), squares()], call: (x, l) => verbs.logProb(x!, l!) },
  { name: `${name}.marginals`, arrays: () => [squares()], call: (l) => verbs.marginals(l!) },
  { name: `${name}.mode`, arrays: () => [squares()], call: (l) => verbs.mode(l!) },
  { name: `${name}.sample`, arrays: () => [key(), squares()], call: (k, l) => verbs.sample(k!, l!) },
  {
    name: `${name}.softMode`,
    arrays: () => [squares(), scalar()],
    call: (l, temperature) => verbs.softMode(l!, { temperature }),
  },
  { name: `${name}.support`, arrays: () => [squares()], call: (l) => verbs.support(l!) },
]);

const callsOfPerturbed = Object.entries(perturbedOf).flatMap(([name, verbs]): Call[] => [
  { name: `${name}.mode`, arrays: () => [squares()], call: (l) => verbs.mode(l!) },
  {
    name: `${name}.relax`,
    arrays: () => [key(), squares(), scalar()],
    call: (k, l, temperature) => verbs.relax(k!, l!, { temperature }),
  },
  {
    name: `${name}.relax hard with a scale`,
    arrays: () => [key(), squares(), scalar()],
    call: (k, l, noise) => verbs.relax(k!, l!, { noise, hard: true }),
  },
  { name: `${name}.sample`, arrays: () => [key(), squares()], call: (k, l) => verbs.sample(k!, l!) },
  {
    name: `${name}.softMode`,
    arrays: () => [squares(), scalar()],
    call: (l, temperature) => verbs.softMode(l!, { temperature }),
  },
  { name: `${name}.support`, arrays: () => [squares()], call: (l) => verbs.support(l!) },
]);

export const description: Description = {
  columns: Object.fromEntries(
    Object.entries({ ...of, ...perturbedOf }).map(([name, verbs]) => [name, { shape: "[..., n, n]", verbs }]),
  ),
  instances: [
    { ...three(), ...gibbsOf(arborescence), name: "arborescence", another: "on a card", law: lawOf() },
    { ...three(ROOT), ...gibbsOf(rooted), name: "arborescence with a root", another: true, law: lawOf(ROOT) },
    {
      ...three(ROOT),
      name: "arborescence.perturbed with a root",
      another: true,
      verbs: perturbedRooted,
      differentiable: {},
      differentiableIfPossible: {},
      law: perturbedLaw,
    },
  ],
  // Chromium joins a product and a sum in matrix products, where Node 20 rounds in between.
  tolerance: 2e-6,
  calls: [...calls, ...callsOfPerturbed],
  withoutArrays: ["arborescence.of", "arborescence.perturbed.of"],
};
