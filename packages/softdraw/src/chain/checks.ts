/** Checks of the arrays of chains. */

import { lax, numpy as np } from "@jax-js/jax";
import {
  broadcasts,
  checkArray,
  checkBroadcast,
  checkFloat,
  checkLogits,
  describe,
  INDICES,
  kindOf,
} from "../checks.ts";
import { checkOptions } from "../options.ts";

export interface ChainOptions {
  /**
   * How many places each sequence has: int32 `[...]`, from 1 to length, whose axes broadcast with those of the batch;
   * consumed. Default: all of them.
   */
  lengths?: np.Array | undefined;
}

/** The names of the options of `ChainOptions`. */
export const CHAIN: readonly string[] = ["lengths"];

/**
 * Logits `[..., length, labels]`, and transitions that fit them.
 *
 * @param names those of both
 */
export function checkArrays(
  where: string,
  logits: np.Array,
  transitions: np.Array,
  [name, nameOfTransitions] = ["logits", "transitions"],
): void {
  checkLogits(where, logits, 2, name, "[..., length, labels] with both at least 1");
  checkFloat(where, nameOfTransitions, transitions, 2);
  const [length = 0, labels = 0] = logits.shape.slice(-2);
  const { shape, ndim } = transitions;
  const isByPlace = ndim === logits.ndim + 1 && length > 1;
  const event = isByPlace ? [length - 1, labels, labels] : [labels, labels];
  const fits = ndim <= logits.ndim || isByPlace;
  const isOfEvent = ndim >= event.length && shape.slice(ndim - event.length).join() === event.join();
  if (fits && isOfEvent && broadcasts(shape.slice(0, ndim - event.length), logits.shape.slice(0, -2))) return;
  const byPlace = length > 1 ? `, or with one axis more than ${name} [..., ${length - 1}, ${labels}, ${labels}]` : "";
  throw new RangeError(
    `${where}: ${nameOfTransitions} must have shape [..., ${labels}, ${labels}]${byPlace}, with batch axes that ` +
      `broadcast with those of ${name} ${describe(logits)}, got ${describe(transitions)}.`,
  );
}

/** Arrays and the options beside them: lengths in a list, which is empty where none are given. */
export function checkChain(
  where: string,
  logits: np.Array,
  transitions: np.Array,
  options: ChainOptions,
  names: readonly string[] = CHAIN,
): np.Array[] {
  checkArrays(where, logits, transitions);
  checkOptions(where, options, names, "{ lengths }");
  const { lengths } = options;
  if (lengths === undefined) return [];
  checkLengths(where, lengths);
  if (broadcasts(lengths.shape, logits.shape.slice(0, -2))) return [lax.stopGradient(lengths)];
  throw new RangeError(
    `${where}: lengths must broadcast with the batch of logits ${describe(logits)}, got ${describe(lengths)}.`,
  );
}

export function checkLengths(where: string, lengths: np.Array): void {
  checkArray(where, "lengths", lengths, INDICES);
  if (lengths.dtype !== np.int32) throw new TypeError(`${where}: lengths must be int32, got ${describe(lengths)}.`);
}

/** A list of logits and transitions for others. */
export function checkPrior(
  where: string,
  prior: readonly [np.Array, np.Array],
  logits: np.Array,
): readonly [np.Array, np.Array] {
  if (!Array.isArray(prior) || prior.length !== 2) {
    const got = Array.isArray(prior) ? `a list of ${(prior as unknown[]).length}` : kindOf(prior);
    throw new TypeError(`${where}: prior must be a list of logits and transitions, got ${got}.`);
  }
  checkArrays(where, prior[0], prior[1], ["the prior's logits", "the prior's transitions"]);
  checkBroadcast(where, "the prior's logits", prior[0], logits, 2);
  return prior;
}

/** A chain that has pairs. */
export function checkPairs(where: string, logits: np.Array): void {
  if (logits.shape.at(-2)! > 1) return;
  throw new RangeError(`${where}: a sequence of a single place has no pairs, got logits ${describe(logits)}.`);
}
