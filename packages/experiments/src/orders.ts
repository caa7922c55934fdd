/**
 * Orders of things by scores, relaxed and exact: which relaxation a training is through, and what fits together. An order
 * is a matrix whose rows are things and whose columns are places, the smallest first.
 */

import { numpy as np } from "@jax-js/jax";
import { permutation, type RankingOptions, ranking } from "softdraw";
import { z } from "zod";
import { MOST_ITERATIONS } from "./training/options.ts";
import type { Scope } from "./training/scopes.ts";

export const relaxations = ["gumbel-sinkhorn", "neuralsort", "softsort", "network", "sinkhorn"] as const;

type Relaxation = (typeof relaxations)[number];

export interface OrderConfig {
  readonly relaxation: Relaxation;
  readonly network: "bitonic" | "odd-even";
  readonly sigmoid: "logistic" | "cauchy" | "optimal";
  readonly iterations: number;
  readonly noise: boolean;
}

/** The options of a relaxed order, but for those of its temperature. */
export function orderOptions(defaults: Pick<OrderConfig, "relaxation" | "noise">) {
  return {
    relaxation: z
      .enum(relaxations)
      .default(defaults.relaxation)
      .describe(
        "how orders are relaxed: by a score for every place, gumbel-sinkhorn, or by one score a thing, the others",
      ),
    network: z
      .enum(["bitonic", "odd-even"])
      .default("bitonic")
      .describe("of the relaxation network: which wires are compared"),
    sigmoid: z
      .enum(["logistic", "cauchy", "optimal"])
      .default("logistic")
      .describe("of the relaxation network: how softly they are compared"),
    noise: z
      .boolean()
      .default(defaults.noise)
      .describe("train on relaxed draws; without, on the relaxation of the scores alone"),
    iterations: z
      .int()
      .min(1)
      .max(MOST_ITERATIONS)
      .default(20)
      .describe("Sinkhorn iterations, of gumbel-sinkhorn and sinkhorn"),
  };
}

/** Of the options that one relaxation has and another has not. */
export const orderScopes: readonly Scope<keyof OrderConfig>[] = [
  { options: ["network", "sigmoid"], by: "relaxation", values: ["network"] },
  { options: ["iterations"], by: "relaxation", values: ["gumbel-sinkhorn", "sinkhorn"] },
];

/** Whether a thing has a score for every place, and not one score. */
export function scoresPlaces({ relaxation }: Pick<OrderConfig, "relaxation">): boolean {
  return relaxation === "gumbel-sinkhorn";
}

/**
 * Relaxed orders, `[..., n, n]`: entry (i, j) says how much of thing i is in place j.
 *
 * @param scores `[..., n, n]`, of all places for each thing; where a thing has one score, `[..., n]`, the smallest first
 * @param key PRNG key of the draws, consumed; without, nothing is drawn
 */
export function relaxedOrder(config: OrderConfig, scores: np.Array, temperature: np.Array | number, key?: np.Array) {
  const { relaxation, network, sigmoid, iterations } = config;
  if (relaxation === "gumbel-sinkhorn") {
    const options = { temperature, iterations };
    return key ? permutation.relax(key, scores, options) : permutation.softMode(scores, options);
  }
  const options: RankingOptions = {
    temperature,
    relaxation,
    ...(relaxation === "network" && { network, sigmoid }),
    ...(relaxation === "sinkhorn" && { iterations }),
  };
  const descending = np.negative(scores);
  return transposed(key ? ranking.relax(key, descending, options) : ranking.softMode(descending, options));
}

/** The exact order, of 0 and 1: the best assignment of the places' scores, or the order of single scores. */
export async function exactOrder(config: Pick<OrderConfig, "relaxation">, scores: np.Array): Promise<np.Array> {
  return scoresPlaces(config) ? permutation.mode(scores) : transposed(ranking.mode(np.negative(scores)));
}

function transposed(orders: np.Array): np.Array {
  return np.swapaxes(orders, -1, -2);
}
