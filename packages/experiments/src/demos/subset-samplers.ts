/** The library's samplers of subsets, each drawn from many times and compared with the exact law. */

import { numpy as np } from "@jax-js/jax";
import { subset } from "softdraw";
import { type ChiSquareTest, chiSquareTest, totalVariation } from "../mathematics/goodness-of-fit.ts";
import { streamKey } from "../nn/keys.ts";
import { inclusionProbabilities, type SubsetProbability, subsetKey } from "./subset-law.ts";

export interface SubsetDraws {
  /** Positive and finite. */
  readonly weights: readonly number[];
  /** Size of the subsets. */
  readonly k: number;
  /** How many subsets each sampler draws, at most `MOST_DRAWS`. */
  readonly draws: number;
  /** Of the relaxed samplers. */
  readonly temperature: number;
  readonly seed: number;
}

export const MOST_DRAWS = 1_000_000;

/** How the draws of one sampler compare with the law. Counts and shares are in the order of its subsets. */
export interface SamplerComparison {
  readonly name: string;
  readonly counts: readonly number[];
  readonly shares: readonly number[];
  /** Between the shares and the law. */
  readonly totalVariation: number;
  readonly chiSquare: ChiSquareTest;
  readonly relaxed?: RelaxedComparison;
}

/** How relaxed draws, as vectors, differ from subsets. */
export interface RelaxedComparison {
  /** Entries above 1 in a draw, on average. */
  readonly entriesAboveOne: number;
  /** Share of the draws with such an entry. */
  readonly drawsAboveOne: number;
  /** Total variation between the mean vector and the probabilities of the items to be in the subset; both sum to k. */
  readonly meanTotalVariation: number;
}

interface Sampler {
  readonly name: string;
  readonly isRelaxed: boolean;
  /** The draws of a block, `[rows, n]`. */
  draw(request: SubsetDraws, block: Block): Promise<ArrayLike<number>>;
}

interface Block {
  /** The number of its first draw, from 0. */
  readonly first: number;
  readonly rows: number;
  /** Of the random numbers of a seed: no other block of any sampler has it. */
  readonly stream: number;
}

const samplers: readonly Sampler[] = [
  {
    name: "sample",
    isRelaxed: false,
    draw: onEngine((key, logits, { k }) => subset.sample(key, logits, k)),
  },
  {
    name: "hard",
    isRelaxed: false,
    draw: onEngine((key, logits, { k, temperature }) => subset.relax(key, logits, k, { temperature, hard: true })),
  },
  relaxedSampler("threshold"),
  relaxedSampler("successive"),
  {
    name: "reservoir",
    isRelaxed: false,
    draw: async (request, block) => fromReservoir(request, block),
  },
];

function relaxedSampler(relaxation: subset.Relaxation): Sampler {
  return {
    name: relaxation,
    isRelaxed: true,
    draw: onEngine((key, logits, { k, temperature }) => subset.relax(key, logits, k, { temperature, relaxation })),
  };
}

/**
 * Draws from every sampler and compares it with `law`, the exact one of these weights. The samplers draw from noise of their
 * own: from the same noise, those that keep the order would all agree.
 */
export async function compareSamplers(
  request: SubsetDraws,
  law: readonly SubsetProbability[],
): Promise<SamplerComparison[]> {
  const comparisons: SamplerComparison[] = [];
  for (const [i, sampler] of samplers.entries()) {
    const tally = newTally(request, law);
    for (const block of blocks(request, 1 + i * MOST_DRAWS)) tally.add(await sampler.draw(request, block));
    comparisons.push(compare(sampler, request, law, tally));
  }
  return comparisons;
}

/** How draws that are there already, `[draws, n]` row by row, compare with `law`. Relaxed ones count as their k largest entries. */
export function compareDraws(
  name: string,
  rows: ArrayLike<number>,
  isRelaxed: boolean,
  request: SubsetDraws,
  law: readonly SubsetProbability[],
): SamplerComparison {
  const tally = newTally(request, law);
  tally.add(rows);
  return compare({ name, isRelaxed }, request, law, tally);
}

/** Numbers that the engine holds at once, in each of the arrays of a draw. */
const ENTRIES_AT_ONCE = 100_000;

function* blocks({ weights, draws }: SubsetDraws, firstStream: number): Generator<Block> {
  const most = Math.max(1, Math.floor(ENTRIES_AT_ONCE / weights.length));
  for (let first = 0; first < draws; first += most) {
    yield { first, rows: Math.min(most, draws - first), stream: firstStream + first };
  }
}

function onEngine(draw: (key: np.Array, logits: np.Array, request: SubsetDraws) => np.Array): Sampler["draw"] {
  return async (request, { rows, stream }) => {
    const logits = np.array(Float32Array.from(request.weights, Math.log));
    const repeated = np.broadcastTo(logits, [rows, request.weights.length]);
    return draw(streamKey(request.seed, stream), repeated, request).data();
  };
}

/** The reservoir draws one subset a pass over the stream, with a seed that no other pass of any seed has. */
function fromReservoir({ weights, k, seed }: SubsetDraws, { first, rows }: Block): Float32Array {
  const n = weights.length;
  const items = weights.map((weight, item) => ({ weight, item }));
  const values = new Float32Array(rows * n);
  for (let row = 0; row < rows; row++) {
    const passSeed = (first + row) * 2 ** 32 + seed;
    const taken = subset.reservoir(items, k, { seed: passSeed, weight: ({ weight }) => weight });
    for (const { item } of taken) values[row * n + item] = 1;
  }
  return values;
}

interface Tally {
  readonly counts: number[];
  readonly sums: Float64Array;
  readonly above: { entries: number; draws: number };
  add(rows: ArrayLike<number>): void;
}

/** Rounding of float32 sums is not counted. */
const ABOVE_ONE = 1 + 1e-5;

function newTally({ weights, k }: SubsetDraws, law: readonly SubsetProbability[]): Tally {
  const n = weights.length;
  const places = new Map(law.map((entry, place) => [subsetKey(entry.subset), place]));
  const counts = new Array<number>(law.length).fill(0);
  const sums = new Float64Array(n);
  const above = { entries: 0, draws: 0 };
  const addRow = (row: readonly number[]) => {
    counts[places.get(subsetKey(largestEntries(row, k)))!]! += 1;
    row.forEach((value, item) => {
      sums[item]! += value;
    });
    const entries = row.filter((value) => value > ABOVE_ONE).length;
    above.entries += entries;
    if (entries > 0) above.draws++;
  };
  const add = (rows: ArrayLike<number>) => {
    for (let at = 0; at < rows.length; at += n) addRow(Array.from({ length: n }, (_, item) => rows[at + item]!));
  };
  return { counts, sums, above, add };
}

/** The indices of the k largest entries, rising; the first of equals. */
function largestEntries(row: readonly number[], k: number): number[] {
  const descending = row.map((_, item) => item).sort((a, b) => row[b]! - row[a]!);
  return descending.slice(0, k).sort((a, b) => a - b);
}

function compare(
  { name, isRelaxed }: Pick<Sampler, "name" | "isRelaxed">,
  { weights, draws }: SubsetDraws,
  law: readonly SubsetProbability[],
  { counts, sums, above }: Tally,
): SamplerComparison {
  const probabilities = law.map(({ probability }) => probability);
  const shares = counts.map((count) => count / draws);
  const comparison = {
    name,
    counts,
    shares,
    totalVariation: totalVariation(shares, probabilities),
    chiSquare: chiSquareTest(counts, probabilities),
  };
  if (!isRelaxed) return comparison;
  const mean = Array.from(sums, (sum) => sum / draws);
  const relaxed = {
    entriesAboveOne: above.entries / draws,
    drawsAboveOne: above.draws / draws,
    meanTotalVariation: totalVariation(mean, inclusionProbabilities(law, weights.length)),
  };
  return { ...comparison, relaxed };
}
