/** How the gradient of the reconstruction reaches the encoder: the estimators of the library that fit many choices. */

import type { numpy as np } from "@jax-js/jax";
import type { bernoulli, ConditionalBernoulliOf, categorical, ExpectationOptions, SubsetOf } from "softdraw";
import { z } from "zod";
import type { Scope } from "../training/scopes.ts";
import type { LatentConfig } from "./latent.ts";

/** Those that enumerate, or that need a function of their own, are none for codes of many choices. */
type Fitting<S extends typeof bernoulli | typeof categorical | SubsetOf | ConditionalBernoulliOf> = Exclude<
  ExpectationOptions<S>["estimator"],
  "exact" | "unordered-set" | "relax"
>;

/** Which there are for which choices, as the library's types say. */
export const fitting = {
  categorical: [
    "relaxed",
    "straight-through",
    "simple",
    "gumbel-rao",
    "gapped-straight-through",
    "reinmax",
    "rebar",
    "score-function",
    "imle",
    "perturbed",
  ] satisfies Fitting<typeof categorical>[],
  bernoulli: [
    "relaxed",
    "straight-through",
    "simple",
    "gumbel-rao",
    "reinmax",
    "rebar",
    "disarm",
    "score-function",
    "imle",
    "perturbed",
  ] satisfies Fitting<typeof bernoulli>[],
  subset: [
    "relaxed",
    "straight-through",
    "gumbel-rao",
    "rebar",
    "score-function",
    "imle",
    "perturbed",
  ] satisfies Fitting<SubsetOf>[],
  "conditional-bernoulli": ["simple", "score-function"] satisfies Fitting<ConditionalBernoulliOf>[],
} as const;

type EstimatorName = (typeof fitting)[LatentConfig["latent"]][number];

const names = [...new Set<EstimatorName>(Object.values(fitting).flat())];

export const estimatorOptions = {
  estimator: z.enum(names).default("relaxed").describe("how the gradient of the reconstruction reaches the encoder"),
  samples: z.int().min(1).max(1000).default(1).describe("draws of the code for each image in a step"),
  baseline: z
    .enum(["none", "leave-one-out", "greedy"])
    .default("none")
    .describe("what score-function and perturbed take off the reconstruction loss"),
  conditionalSamples: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe("of gumbel-rao: relaxed draws that the gradient of one exact draw is the mean of"),
  gap: z
    .number()
    .min(0)
    .default(1)
    .describe("of gapped-straight-through: how far the drawn logit is raised above others"),
  imleStep: z.number().positive().default(1).describe("of imle: by how much the gradient moves the logits"),
  hard: z.boolean().default(false).describe("the same as the estimator straight-through"),
};

/** Which estimators have which of these options. */
export const estimatorScopes: readonly Scope<keyof EstimatorConfig>[] = [
  { options: ["baseline"], by: "estimator", values: ["score-function", "perturbed"] },
  { options: ["conditionalSamples"], by: "estimator", values: ["gumbel-rao"] },
  { options: ["gap"], by: "estimator", values: ["gapped-straight-through"] },
  { options: ["imleStep"], by: "estimator", values: ["imle"] },
];

/** Estimators that have a temperature. */
export const tempered: readonly EstimatorName[] = [
  "relaxed",
  "straight-through",
  "gumbel-rao",
  "gapped-straight-through",
  "reinmax",
  "rebar",
];

type EstimatorConfig = { readonly [Name in keyof typeof estimatorOptions]: z.infer<(typeof estimatorOptions)[Name]> };

/** The options of the library's `expectation`. Consumes the temperature. */
export function expectationOptions(config: EstimatorConfig, temperature: np.Array) {
  const { samples, baseline, conditionalSamples, gap, imleStep } = config;
  const estimator = estimatorOf(config);
  switch (estimator) {
    case "relaxed":
    case "straight-through":
    case "reinmax":
    case "rebar":
      return { estimator, samples, temperature };
    case "gumbel-rao":
      return { estimator, samples, temperature, conditionalSamples };
    case "gapped-straight-through":
      return { estimator, samples, temperature, gap };
    default:
      temperature.dispose();
  }
  switch (estimator) {
    case "score-function":
    case "perturbed":
      return { estimator, samples, baseline };
    case "imle":
      return { estimator, samples, step: imleStep };
    default:
      return { estimator, samples };
  }
}

/**
 * Whether the estimate itself has a derivative of the cost in it. What the cost passes back to a product is then to be
 * materialized: fused into it, it would be computed anew for each number, which makes a step three to five times as long.
 */
export function differentiatesCost(config: EstimatorConfig): boolean {
  const estimator = estimatorOf(config);
  return estimator === "rebar" || estimator === "imle";
}

function estimatorOf({ estimator, hard }: EstimatorConfig): EstimatorName {
  return hard ? "straight-through" : estimator;
}

/**
 * Refuses what the library has no estimate for.
 *
 * @throws RangeError saying what was expected and what came
 */
export function checkEstimator(config: EstimatorConfig & LatentConfig): void {
  const { latent, estimator, hard, samples, baseline } = config;
  if (hard && estimator !== "relaxed" && estimator !== "straight-through") {
    throw new RangeError(`hard is the estimator straight-through: leave it out beside the estimator ${estimator}.`);
  }
  const fit: readonly EstimatorName[] = fitting[latent];
  if (!fit.includes(estimator)) {
    throw new RangeError(`estimator must be one of those for ${latent} choices, ${fit.join(", ")}, got ${estimator}.`);
  }
  if (estimator === "disarm" && samples % 2 !== 0) {
    throw new RangeError(`samples must be even for the estimator disarm, whose draws come in pairs, got ${samples}.`);
  }
  if (estimator === "perturbed" && baseline === "greedy") {
    throw new RangeError('baseline must be "none" or "leave-one-out" for the estimator perturbed, got "greedy".');
  }
  if ((estimator === "score-function" || estimator === "perturbed") && baseline === "leave-one-out" && samples < 2) {
    throw new RangeError(`samples must be at least 2 for the baseline leave-one-out, got ${samples}.`);
  }
}
