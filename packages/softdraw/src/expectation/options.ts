/** The options of `expectation`: one kind for each estimator, and which of them a structure can have. */

import type { numpy as np } from "@jax-js/jax";
import { checkArray, checkCount, checkFloat, FLOATS, isArray, kindOf } from "../checks.ts";
import { checkChoice, checkOptions, checkTemperature, type RelaxOptions, type Temperature } from "../options.ts";
import type { AnyStructure, PairStructure, Structure } from "../structure.ts";

/** What a score function takes off the cost: what does not depend on the draw that it is taken off of. */
export type Baseline = "none" | "leave-one-out" | "greedy" | number | np.Array;

interface Samples {
  /** How many exact draws the estimate is the mean of: a whole number, default 1, with "leave-one-out" 2. */
  samples?: number | undefined;
}

interface Relaxing {
  /** The temperature of the relaxation; default 1. */
  temperature?: Temperature | undefined;
}

/**
 * `sum_v p(v) cost(v)` over all values. Without bias and noise, for structures with `support` and `logProb`, up to
 * 65,536 values.
 */
export interface ExactOptions {
  estimator: "exact";
  /**
   * How many of the leading batch axes of the logits the cost keeps: the choices along the others are enumerated
   * together. Default 0.
   */
  batchAxes?: number | undefined;
}

/**
 * The score function, also called REINFORCE: `mean_s (cost_s - baseline) grad log p(value_s)`. Unbiased, for costs of
 * any kind and structures with `logProb`; with a large variance that a baseline takes most off. Williams 1992.
 *
 * Baselines: "leave-one-out", the mean cost of the other samples (Kool, van Hoof, Welling, "Buy 4 REINFORCE Samples,
 * Get a Baseline for Free!", 2019); "greedy", the cost of the most probable value (Rennie et al., "Self-Critical
 * Sequence Training", 2017), which is one more value for the cost; a number or an array that broadcasts with the
 * costs, such as the moving average of former losses.
 */
export interface ScoreFunctionOptions extends Samples {
  estimator: "score-function";
  /** Default "none". */
  baseline?: Baseline | undefined;
}

/**
 * Different values, drawn without replacement as a set S, with a baseline from the same set: `sum_s grad p(s) R(S, s)
 * (cost(s) - sum_s' p(s') R(S, s, s') cost(s'))`. Unbiased, exact for all n values; for categorical choices of which
 * the cost keeps each apart. Kool, van Hoof, Welling, "Estimating Gradients for Discrete Random Variables by Sampling
 * without Replacement", 2020.
 */
export interface UnorderedSetOptions {
  estimator: "unordered-set";
  /**
   * How many different values are drawn, without replacement: a whole number from 1 to n. Where fewer are possible,
   * because logits are -Infinity, there is no such set, and what comes is NaN.
   */
  samples: number;
}

/**
 * The exact draw, with the gradient of the exact mean: `cost'(value) d marginals / d logits`. Biased unless the cost
 * is linear; for differentiable costs and structures with `marginals`. Ahmed et al., "SIMPLE: A Gradient Estimator for
 * k-Subset Sampling", 2023; for single choices the straight-through estimator of Bengio et al. 2013.
 */
export interface SimpleOptions extends Samples {
  estimator: "simple";
}

/**
 * Pairs of draws of opposite noise, b and b': `(cost(b) - cost(b')) (b - b') sigmoid(|logits|) / 2`. Unbiased, for
 * costs of any kind; for bernoulli choices. Dong, Mnih, Tucker, "DisARM: An Antithetic Gradient Estimator for Binary
 * Latent Variables", 2020.
 */
export interface DisarmOptions {
  estimator: "disarm";
  /** How many exact draws: an even number, because they come in pairs; default 2. */
  samples?: number | undefined;
}

/**
 * The score function less the cost of a relaxed draw z' whose exact draw is b, its gradient put back by z' and the
 * relaxed draw z of b's noise: `(cost(b) - scale cost(z')) grad log p(b) + scale grad (cost(z) - cost(z'))`. Unbiased;
 * for differentiable costs and structures with `logProb` and `relaxGiven`. Three values of the cost for each sample.
 * Tucker et al., "REBAR", 2017.
 */
export interface RebarOptions extends Samples, Relaxing {
  estimator: "rebar";
  /** What the control variate is multiplied by: a number, or an array that broadcasts with what the cost returns; default 1. */
  scale?: number | np.Array | undefined;
}

/**
 * As "rebar", with a control variate c in place of the cost: `(cost(b) - c(z')) grad log p(b) + grad (c(z) - c(z'))`.
 * Unbiased, for costs of any kind. What c is made of has no gradient here; it is learned by the gradient of the square
 * of the estimate, a second derivative. Grathwohl et al., "Backpropagation through the Void", 2018.
 */
export interface RelaxVariateOptions extends Samples, Relaxing {
  estimator: "relax";
  /** The control variate: like the cost a function of values, `[samples, ...batch, ...event]`, relaxed ones here. */
  variate: (value: np.Array) => np.Array;
}

/** What `relax` of a structure takes beside its temperature: a subset's relaxation, a permutation's iterations. */
type Further<S extends AnyStructure> = [OptionsOfRelax<S>] extends [never]
  ? unknown
  : Omit<OptionsOfRelax<S>, "temperature" | "hard">;

/** None, where `relax` of a structure of one's own takes no options. Of two arrays the noise alone. */
type OptionsOfRelax<S extends AnyStructure> = S extends PairStructure
  ? Pick<RelaxOptions, "noise">
  : NonNullable<Parameters<NonNullable<S["relax"]>>[2]>;

/**
 * The relaxed draw in place of the exact one: `cost'(y) dy / d logits`. Its value and gradient are those of the
 * relaxed expectation, both biased, less so at lower temperatures, whose variance is larger. For differentiable costs
 * and structures with `relax`. Jang, Gu, Poole 2017; Maddison, Mnih, Teh 2017.
 */
export type RelaxedOptions<S extends AnyStructure = Structure> = Samples &
  Relaxing &
  Further<S> & {
    estimator: "relaxed";
    /** The temperature of the relaxation that has the gradient; default the same. */
    backwardTemperature?: Temperature | undefined;
  };

/**
 * The exact draw, with the gradient of the relaxed draw of the same noise: `cost'(value) dy / d logits`. Biased; for
 * differentiable costs and structures with `relax`. Jang, Gu, Poole, "Categorical Reparameterization with
 * Gumbel-Softmax", 2017.
 */
export type StraightThroughOptions<S extends AnyStructure = Structure> = Samples &
  Relaxing &
  Further<S> & { estimator: "straight-through" };

/**
 * "straight-through", with the mean gradient of several relaxed draws whose exact draw is the value: the same bias
 * with less variance, and no further value of the cost. For differentiable costs and structures with `perturbGiven`.
 * Paulus, Maddison, Krause, "Rao-Blackwellizing the Straight-Through Gumbel-Softmax Gradient Estimator", 2021.
 */
export type GumbelRaoOptions<S extends AnyStructure = Structure> = Samples &
  Relaxing &
  Further<S> & {
    estimator: "gumbel-rao";
    /** How many relaxed draws, of those whose exact draw is the same, the gradient is the mean of; default 10. */
    conditionalSamples?: number | undefined;
  };

/**
 * The exact draw, with the gradient of the softmax of logits of which the drawn one is raised to the largest, and the
 * others are lowered until they are a gap below: `cost'(value) d softmax((logits + raise - lower) / temperature) / d
 * logits`. Biased, without noise beside the draw's; for differentiable costs and categorical choices. Fan et al.,
 * "Training Discrete Deep Generative Models via Gapped Straight-Through Estimator", 2022.
 */
export interface GappedOptions extends Samples, Relaxing {
  estimator: "gapped-straight-through";
  /** How far the taken logit is above the others, at least, in the relaxation: from 0, default 1. */
  gap?: number | undefined;
}

/**
 * The exact draw D, with a gradient of second order in the steps of the cost: with pi0 the probabilities and `pi1 = (D
 * + softmax(logits / temperature)) / 2`, that of `2 softmax at pi1 - softmax at pi0 / 2`. Biased, not for costs that
 * are quadratic in each choice at temperature 1; for differentiable costs and bernoulli or categorical choices. Liu et
 * al., "Bridging Discrete and Backpropagation: Straight-Through and Beyond", 2023.
 */
export interface ReinmaxOptions extends Samples, Relaxing {
  estimator: "reinmax";
}

/**
 * The difference of two exact maxima, of perturbed logits and of the same moved against the gradient of the cost:
 * `(value - mode(keys - step cost'(value))) / step`. Biased; for differentiable costs and structures with `law` whose values have
 * the shape of their logits, also those that are solved on the host. Niepert, Minervini, Franceschi, "Implicit MLE", 2021.
 */
export interface ImleOptions extends Samples {
  estimator: "imle";
  /** By how much the gradient of the cost moves the logits before the second maximum: a positive number, default 1. */
  step?: number | undefined;
}

/**
 * The score function of the noise that perturbs the logits: `(cost_s - baseline) score(noise_s)`, the score `1 -
 * exp(-z)` of Gumbel noise, `tanh(z / 2)` of logistic noise. Unbiased, for costs of any kind and structures with
 * `law`, which need no probabilities; its variance is larger than that of "score-function". Berthet et al., "Learning
 * with Differentiable Perturbed Optimizers", 2020.
 */
export interface PerturbedOptions extends Samples {
  estimator: "perturbed";
  /** Default "none". */
  baseline?: Exclude<Baseline, "greedy"> | undefined;
}

type Where<Condition extends boolean, Options> = Condition extends true ? Options : never;
type Has<S, Verb extends string> = S extends { readonly [V in Verb]: unknown } ? true : false;
type IsLaw<S, Law> = S extends { readonly law: Law } ? true : false;
type IsAnyLaw<S> = S extends { readonly law: string } ? true : false;
/** A law whose values can be added to logits, and moved along with them. */
type IsLawOfLogits<S> = S extends { readonly valueAxes: number } ? false : IsAnyLaw<S>;

/** The options of the estimators that a structure has what is needed for. */
export type ExpectationOptions<S extends AnyStructure> =
  | Where<Has<S, "relax">, RelaxedOptions<S> | StraightThroughOptions<S>>
  | Where<Has<S, "logProb" | "support">, ExactOptions>
  | Where<Has<S, "logProb">, ScoreFunctionOptions>
  | Where<Has<S, "marginals">, SimpleOptions>
  | Where<Has<S, "logProb" | "relaxGiven">, RebarOptions | RelaxVariateOptions>
  | Where<Has<S, "perturbGiven">, GumbelRaoOptions<S>>
  | Where<IsLaw<S, "bernoulli">, DisarmOptions | ReinmaxOptions>
  | Where<IsLaw<S, "categorical">, UnorderedSetOptions | GappedOptions | ReinmaxOptions>
  | Where<IsLawOfLogits<S>, ImleOptions>
  | Where<IsAnyLaw<S>, PerturbedOptions>;

/** What `expectation` takes of a structure in place of the logits: one array, or both in a list. */
export type ArraysOf<S extends AnyStructure> = S extends PairStructure ? readonly [np.Array, np.Array] : np.Array;

/** The options of any estimator, after the types have done what they can. */
export type AnyOptions =
  | ExactOptions
  | ScoreFunctionOptions
  | UnorderedSetOptions
  | SimpleOptions
  | DisarmOptions
  | RebarOptions
  | RelaxVariateOptions
  | RelaxedOptions
  | StraightThroughOptions
  | GumbelRaoOptions
  | GappedOptions
  | ReinmaxOptions
  | ImleOptions
  | PerturbedOptions;

export type Estimator = AnyOptions["estimator"];

interface Rule {
  /** Names of its options, beside `estimator`. */
  readonly names: readonly string[];
  /** Whether it hands the options that it does not know to the structure's `relax`, which checks them. */
  readonly relaxes?: boolean;
  /** Verbs and constants that it needs of a structure. */
  readonly needs: readonly (keyof Structure)[];
  /** The laws that it is for, if it is not for any. */
  readonly laws?: readonly NonNullable<Structure["law"]>[];
  /** Whether it adds values to logits, and so needs them of one shape. */
  readonly adds?: true;
}

const EXAMPLE = '{ estimator: "score-function" }';

/** In the order of the documents. */
const ESTIMATORS: Readonly<Record<Estimator, Rule>> = {
  exact: { names: ["batchAxes"], needs: ["support", "logProb"] },
  "score-function": { names: ["samples", "baseline"], needs: ["logProb"] },
  "unordered-set": { names: ["samples"], needs: [], laws: ["categorical"] },
  simple: { names: ["samples"], needs: ["marginals"] },
  disarm: { names: ["samples"], needs: [], laws: ["bernoulli"] },
  rebar: { names: ["samples", "temperature", "scale"], needs: ["logProb", "relaxGiven"] },
  relax: { names: ["samples", "temperature", "variate"], needs: ["logProb", "relaxGiven"] },
  relaxed: { names: ["samples", "temperature", "backwardTemperature"], relaxes: true, needs: ["relax"] },
  "straight-through": { names: ["samples", "temperature"], relaxes: true, needs: ["relax"] },
  "gumbel-rao": { names: ["samples", "temperature", "conditionalSamples"], relaxes: true, needs: ["perturbGiven"] },
  "gapped-straight-through": { names: ["samples", "temperature", "gap"], needs: [], laws: ["categorical"] },
  reinmax: { names: ["samples", "temperature"], needs: [], laws: ["bernoulli", "categorical"] },
  imle: { names: ["samples", "step"], needs: ["law"], adds: true },
  perturbed: { names: ["samples", "baseline"], needs: ["law"] },
};

/** Refuses an estimator that there is not, or that the structure has not what is needed for, and options of another name. */
export function checkEstimator(where: string, structure: Structure, options: AnyOptions): void {
  const estimator = options?.estimator;
  if (estimator === undefined) {
    const all = Object.values(ESTIMATORS).flatMap(({ names }) => names);
    checkOptions(where, options, ["estimator", ...all], EXAMPLE);
    throw new TypeError(`${where}: options must name an estimator, such as ${EXAMPLE}.`);
  }
  checkChoice(where, "estimator", estimator, Object.keys(ESTIMATORS));
  checkStructure(where, structure);
  const { names, needs, laws, relaxes, adds } = ESTIMATORS[estimator];
  const missing = needs.filter((verb) => structure[verb] === undefined);
  if (missing.length > 0) {
    throw new TypeError(
      `${where}: "${estimator}" needs a structure with ${missing.join(" and ")}, and this one has none.`,
    );
  }
  if (laws && !laws.some((law) => law === structure.law)) {
    throw new TypeError(`${where}: "${estimator}" is for ${laws.join(" and ")} choices alone.`);
  }
  if (adds) checkAddable(`${where}: "${estimator}"`, structure);
  if (!relaxes) checkOptions(where, options, ["estimator", ...names], `{ estimator: "${estimator}" }`);
}

export function checkStructure(where: string, structure: Structure): void {
  if (typeof structure === "object" && structure !== null) return;
  throw new TypeError(`${where}: structure must be an object such as categorical, got ${kindOf(structure)}.`);
}

/** Refuses a structure whose values have another shape than its logits. */
export function checkAddable(what: string, { valueAxes }: Structure): void {
  if (valueAxes === undefined) return;
  throw new TypeError(
    `${what} needs a structure whose values have the shape of its logits, and those of this one have not.`,
  );
}

/** Temperatures are checked before anything is drawn, which would be lost. */
export function checkTemperatures(where: string, structure: Structure, logits: np.Array, options: AnyOptions): void {
  const { temperature, backwardTemperature } = options as RelaxedOptions;
  for (const one of [temperature, backwardTemperature]) {
    checkTemperature(where, logits, structure.eventAxes ?? 0, { temperature: one });
  }
}

/** Those options that the structure's own relaxation takes. */
export function furtherOptions(options: AnyOptions): Record<string, unknown> {
  const own = ["estimator", ...ESTIMATORS[options.estimator].names];
  return Object.fromEntries(Object.entries(options).filter(([name]) => !own.includes(name)));
}

export function checkSamples(where: string, samples: number | undefined, least = 1, otherwise = least): number {
  const count = samples ?? otherwise;
  checkCount(where, "samples", count, least);
  return count;
}

/** A number, or a floating-point array. */
export function checkNumberOrArray(where: string, name: string, value: number | np.Array): void {
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (!isArray(value)) throw new TypeError(`${where}: ${name} must be a number or an array, got ${kindOf(value)}.`);
  checkArray(where, name, value, FLOATS[0]);
  checkFloat(where, name, value);
}
