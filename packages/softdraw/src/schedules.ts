/**
 * Temperature schedules: plain functions from the training step (0, 1, 2, ...) to a temperature.
 *
 * @module
 */

import { checkCount, checkPositive, kindOf } from "./checks.ts";
import { checkOptions } from "./options.ts";

/** A temperature as a function of the step. A step below 0 counts as 0. */
export type Schedule = (step: number) => number;

export interface ExponentialOptions {
  /** The temperature at step 0: positive. */
  start: number;
  /** The decay a step, at least 0; 1e-5 to 1e-4 in the paper. */
  rate: number;
  /** The lowest temperature: positive, default 0.5. */
  floor?: number | undefined;
  /** The steps between updates: a whole number of at least 1, default 1. */
  hold?: number | undefined;
}

/** The options of `linear` and `cosine`. */
export interface TransitionOptions {
  /** The temperature at step 0: positive. */
  start: number;
  /** The temperature from step `steps` on: positive. */
  end: number;
  /** The steps from start to end: a whole number of at least 1. */
  steps: number;
}

/**
 * The same temperature at every step.
 *
 * @param temperature positive
 * @throws RangeError for a temperature that is not positive
 */
export function constant(temperature: number): Schedule {
  checkPositive("schedules.constant", "temperature", temperature);
  return () => temperature;
}

/**
 * Exponential decay with a floor, `max(floor, start * exp(-rate * step))`, updated every `hold` steps.
 *
 * @param options.start temperature at step 0
 * @param options.rate decay a step, at least 0; 1e-5 to 1e-4 in the paper
 * @param options.floor lowest temperature, default 0.5
 * @param options.hold steps between updates, default 1
 * @throws RangeError for a number out of its range, TypeError for an option of another name
 *
 * Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", 2017, section 4.
 *
 * @example
 * const temperatureAt = schedules.exponential({ start: 1, rate: 1e-4, hold: 500 });
 */
export function exponential(options: ExponentialOptions): Schedule {
  checkOptions("schedules.exponential", options, EXPONENTIAL, "{ start: 1, rate: 1e-4 }");
  const { start, rate, floor = 0.5, hold = 1 } = options;
  checkPositive("schedules.exponential", "start", start);
  checkPositive("schedules.exponential", "floor", floor);
  if (!(Number.isFinite(rate) && rate >= 0)) {
    throw new RangeError(`schedules.exponential: rate must be a number of at least 0, got ${kindOf(rate)}.`);
  }
  checkCount("schedules.exponential", "hold", hold, 1);
  return (step) => Math.max(floor, start * Math.exp(-rate * Math.floor(Math.max(0, step) / hold) * hold));
}

/**
 * A straight line from `start` at step 0 to `end` at step `steps`, and `end` from there on.
 *
 * @param options.start temperature at step 0
 * @param options.end temperature from step `steps` on
 * @param options.steps whole number of at least 1
 * @throws RangeError for a number out of its range, TypeError for an option of another name
 *
 * @example
 * const temperatureAt = schedules.linear({ start: 2, end: 0.5, steps: 1000 });
 */
export function linear(options: TransitionOptions): Schedule {
  return between("schedules.linear", options, (progress) => 1 - progress);
}

/**
 * Half a cosine from `start` at step 0 to `end` at step `steps`, and `end` from there on: slow, fast, slow.
 *
 * @param options.start temperature at step 0
 * @param options.end temperature from step `steps` on
 * @param options.steps whole number of at least 1
 * @throws RangeError for a number out of its range, TypeError for an option of another name
 *
 * @example
 * const temperatureAt = schedules.cosine({ start: 2, end: 0.5, steps: 1000 });
 */
export function cosine(options: TransitionOptions): Schedule {
  return between("schedules.cosine", options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2);
}

const EXPONENTIAL = ["start", "rate", "floor", "hold"];
const BETWEEN = ["start", "end", "steps"];

function between(where: string, options: TransitionOptions, remaining: (progress: number) => number): Schedule {
  checkOptions(where, options, BETWEEN, "{ start: 2, end: 0.5, steps: 1000 }");
  const { start, end, steps } = options;
  checkPositive(where, "start", start);
  checkPositive(where, "end", end);
  checkCount(where, "steps", steps, 1);
  return (step) => {
    const share = remaining(Math.min(1, Math.max(0, step) / steps));
    return share * start + (1 - share) * end;
  };
}
