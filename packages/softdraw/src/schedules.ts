/** Temperature schedules: plain functions from the training step (0, 1, 2, ...) to a temperature. */

import { checkPositive } from "./checks.ts";

/** A temperature as a function of the step. */
export type Schedule = (step: number) => number;

/** The same temperature at every step. */
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
 *
 * Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", 2017, section 4.
 */
export function exponential(options: { start: number; rate: number; floor?: number; hold?: number }): Schedule {
  const { start, rate, floor = 0.5, hold = 1 } = options;
  checkPositive("schedules.exponential", "start", start);
  checkPositive("schedules.exponential", "floor", floor);
  if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`schedules.exponential: rate must be a number of at least 0, got ${rate}.`);
  }
  count("schedules.exponential", "hold", hold);
  return (step) => Math.max(floor, start * Math.exp(-rate * Math.floor(step / hold) * hold));
}

/** A straight line from `start` at step 0 to `end` at step `steps`, and `end` from there on. */
export function linear(options: { start: number; end: number; steps: number }): Schedule {
  return between("schedules.linear", options, (progress) => 1 - progress);
}

/** Half a cosine from `start` at step 0 to `end` at step `steps`, and `end` from there on: slow, fast, slow. */
export function cosine(options: { start: number; end: number; steps: number }): Schedule {
  return between("schedules.cosine", options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2);
}

function between(
  where: string,
  { start, end, steps }: { start: number; end: number; steps: number },
  remaining: (progress: number) => number,
): Schedule {
  checkPositive(where, "start", start);
  checkPositive(where, "end", end);
  count(where, "steps", steps);
  return (step) => {
    const share = remaining(Math.min(1, step / steps));
    return share * start + (1 - share) * end;
  };
}

function count(where: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new RangeError(`${where}: ${name} must be a whole number of at least 1, got ${value}.`);
}
