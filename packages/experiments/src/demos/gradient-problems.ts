/** What the estimators of gradients are tried on: a choice, a cost of it, and what is known of the two exactly. */

import { grad, numpy as np, random } from "@jax-js/jax";
import { bernoulli, categorical, expectation, type Structure, subset } from "softdraw";
import { splitKey } from "../nn/keys.ts";

export const structureNames = ["bernoulli", "categorical", "subset"] as const;
export type StructureName = (typeof structureNames)[number];

export const costNames = ["quadratic", "toy", "network"] as const;
export type CostName = (typeof costNames)[number];

/** A structure whose values can be enumerated, with their probabilities. */
export type ScoredStructure = Structure & Required<Pick<Structure, "logProb">>;

/** The gradient of `E[cost(value)]` by the logits of one event is what is to be estimated. */
export interface GradientProblem {
  readonly name: StructureName;
  readonly structure: ScoredStructure;
  readonly logits: readonly number[];
  /** Of values `[..., n]`, exact ones or relaxed, shape `[...]`. Consumes both. */
  cost(values: np.Array, parameters: readonly np.Array[]): np.Array;
  /** Fresh arrays of what the cost is made of. */
  parameters(): np.Array[];
}

interface CostFamily {
  /** For people. */
  readonly formula: string;
  parameters(n: number, key: np.Array): np.Array[];
  readonly cost: GradientProblem["cost"];
}

/** Terms of the quadratic cost, and units of the network: a multiple of four, which the engine multiplies fast. */
const TERMS = 8;
const UNITS = 16;

export const costs: Readonly<Record<CostName, CostFamily>> = {
  quadratic: {
    formula: "|A v - t|^2 / 8, with A and t random, 8 rows",
    parameters(n, key) {
      const [matrix, target] = splitKey(key, 2);
      return [random.normal(matrix, [n, TERMS]).mul(Math.sqrt(2 / n)), random.normal(target, [TERMS])];
    },
    cost: (values, [matrix, target]) => np.square(np.dot(values, matrix!).sub(target!)).mean(-1),
  },
  toy: {
    formula: "(w . v - 0.45)^2, with w rising from 1/n to 1; for n = 1 the toy of the paper of REBAR",
    parameters(n, key) {
      key.dispose();
      return [
        np
          .arange(1, n + 1)
          .astype(np.float32)
          .div(n),
      ];
    },
    cost: (values, [weights]) => np.square(values.mul(weights!).sum(-1).sub(0.45)),
  },
  network: {
    formula: "a random network of 16 hyperbolic tangents",
    parameters(n, key) {
      const [first, bias, second] = splitKey(key, 3);
      return [
        random.normal(first, [n, UNITS]).mul(2 / Math.sqrt(n)),
        random.normal(bias, [UNITS]),
        random.normal(second, [UNITS, 1]).mul(2 / Math.sqrt(UNITS)),
      ];
    },
    cost: (values, [first, bias, second]) => np.dot(np.tanh(np.dot(values, first!).add(bias!)), second!).sum(-1),
  },
};

export interface ProblemRequest {
  readonly structure: StructureName;
  readonly n: number;
  /** Of subsets. */
  readonly k: number;
  readonly cost: CostName;
}

/** Logits from the standard normal law, and a cost of the family. @param key consumed */
export async function randomProblem(
  { structure, n, k, cost }: ProblemRequest,
  key: np.Array,
): Promise<GradientProblem> {
  const [ofLogits, ofCost] = splitKey(key, 2);
  const logits = await random.normal(ofLogits, [n]).data();
  const held = await Promise.all(
    costs[cost].parameters(n, ofCost).map(async (array) => ({ shape: array.shape, numbers: await array.data() })),
  );
  return {
    name: structure,
    structure: { bernoulli, categorical, subset: subset.of(k) }[structure],
    logits: [...logits],
    cost: costs[cost].cost,
    parameters: () => held.map(({ shape, numbers }) => np.array(numbers as Float32Array).reshape(shape)),
  };
}

/** The most values that the library enumerates. */
export const MOST_VALUES = 2 ** 16;

/** How many values a choice has. */
export function countValues({ structure, n, k }: ProblemRequest): number {
  if (structure === "bernoulli") return 2 ** n;
  if (structure === "categorical") return n;
  return Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((a, b) => a * b, 1);
}

/** The gradient by each logit, from all values. */
export async function exactGradient({ structure, logits, cost, parameters }: GradientProblem): Promise<number[]> {
  const value = (l: np.Array) =>
    expectation(structure as typeof categorical, random.key(0), l, (v) => cost(v, parameters()), {
      estimator: "exact",
    });
  return Array.from(await grad(value)(np.array([...logits])).data());
}

/** A value with what it adds to the exact gradient, beyond a constant cost. */
export interface ValueShare {
  readonly probability: number;
  /** `(cost - mean cost) grad probability`, by each logit. */
  readonly gradient: readonly number[];
}

/** All values of the choice, the least probable first. */
export async function valueShares(problem: GradientProblem): Promise<ValueShare[]> {
  const { structure, logits, cost, parameters } = problem;
  const values = allValues(problem);
  const count = values.shape[0]!;
  const rows = np.broadcastTo(np.array([...logits]), [count, logits.length]);
  const costs = await cost(values.ref, parameters()).data();
  const logProbs = structure.logProb(values.ref, rows.ref);
  const logProb = await (logProbs.ndim === 1 ? logProbs : logProbs.sum(-1)).data();
  const slopes = await grad((l: np.Array) => structure.logProb(values, l).sum())(rows).data();
  const probabilities = Array.from(logProb, Math.exp);
  const mean = probabilities.reduce((sum, p, i) => sum + p * costs[i]!, 0);
  const shares = probabilities.map((probability, i) => {
    const weight = probability * (costs[i]! - mean);
    return { probability, gradient: logits.map((_, j) => weight * slopes[i * logits.length + j]!) };
  });
  return shares.sort((a, b) => a.probability - b.probability);
}

/** `[values, n]`; choices of 0 or 1 are enumerated together. */
function allValues({ name, structure, logits }: GradientProblem): np.Array {
  if (name !== "bernoulli") return structure.support!(np.array([...logits]));
  const n = logits.length;
  const bits = Float32Array.from({ length: 2 ** n * n }, (_, i) => (Math.floor(i / n) >> (i % n)) & 1);
  return np.array(bits).reshape([2 ** n, n]);
}
