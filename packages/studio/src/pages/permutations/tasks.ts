/** What the page of permutations asks of the engine. */

import { numpy as np, random } from "@jax-js/jax";
import { permutation } from "softdraw";
import { gibbsLaw, permutationsOfThree } from "./laws-of-three.ts";
import { bestOf, drawMatchings, perturbed, planOf } from "./matchings.ts";
import type { Matrix } from "./sinkhorn-steps.ts";

export interface MatchingQuestion {
  readonly logits: Matrix;
  /** Of Gumbel noise; null for the logits as they are. */
  readonly seed: number | null;
}

export interface Matching {
  /** The logits, with the noise. */
  readonly logits: Matrix;
  /** The column of each row in the permutation with the largest sum of them. */
  readonly columns: readonly number[];
}

export async function bestMatching({ logits, seed }: MatchingQuestion): Promise<Matching> {
  if (seed === null) return { logits, columns: await columnsOf(await bestOf(matrixOf(logits)), logits.length) };
  const noisy = perturbed(matrixOf(logits), seed);
  const values = rowsOf((await noisy.ref.data()) as Float32Array, logits.length);
  return { logits: values, columns: await columnsOf(await bestOf(noisy), logits.length) };
}

/** How many iterations bring every row and column sum within a thousandth of 1; Infinity when 10,000 do not. */
export async function iterationsNeeded({
  logits,
  temperature,
}: {
  logits: Matrix;
  temperature: number;
}): Promise<number> {
  return permutation.iterationsFor(matrixOf(logits), { temperature });
}

/** Numbers of a normal law, to two decimals. */
export async function randomLogits({ n, seed }: { n: number; seed: number }): Promise<number[][]> {
  const values = await random.normal(random.key(seed), [n, n]).mul(2).data();
  return rowsOf(values as Float32Array, n).map((row) => row.map((value) => Number(value.toFixed(2))));
}

export interface LawsQuestion {
  /** 3 x 3 */
  readonly logits: Matrix;
  readonly draws: number;
  readonly seed: number;
}

/** Of the permutations of three, in the order of `permutationsOfThree`. */
export interface Laws {
  readonly gibbs: readonly number[];
  readonly matching: readonly number[];
  /** The Sinkhorn plan: a matrix, no law. */
  readonly plan: Matrix;
}

export async function threeLaws({ logits, draws, seed }: LawsQuestion): Promise<Laws> {
  const x = matrixOf(logits);
  const drawn = await columnsOf(await drawMatchings(x.ref, seed, draws), 3);
  const counts = new Map<string, number>();
  for (let i = 0; i < drawn.length; i += 3) {
    const name = drawn.slice(i, i + 3).join();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const plan = await planOf(x).data();
  return {
    gibbs: gibbsLaw(logits),
    matching: permutationsOfThree.map((columns) => (counts.get(columns.join()) ?? 0) / draws),
    plan: rowsOf(plan as Float32Array, 3),
  };
}

async function columnsOf(matrices: np.Array, n: number): Promise<number[]> {
  const values = (await matrices.data()) as Float32Array;
  return rowsOf(values, n).map((row) => row.indexOf(1));
}

function rowsOf(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) => [...values.slice(i * width, (i + 1) * width)]);
}

function matrixOf(logits: Matrix): np.Array {
  return np.array(logits.map((row) => [...row]));
}
