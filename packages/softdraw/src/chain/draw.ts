/** Exact draws and maxima: a message along the chain, and then a walk back. */

import { numpy as np } from "@jax-js/jax";
import { gumbel } from "../noise.ts";
import { numbersTo } from "../rows.ts";
import { inOrder } from "./arrays.ts";
import type { Passed } from "./law.ts";
import { joined, stepAt } from "./messages.ts";

/**
 * The sequences that take at each place the label with the largest term of what was passed along, of equals the first:
 * one-hot `[..., length, labels]`. With Gumbel noise on the terms those are exact draws.
 *
 * @param passed kept
 * @param key of the noise, or nothing; consumed
 */
export function sequencesOf({ batch, chain, messages: { u } }: Omit<Passed, "origin">, [key]: np.Array[]): np.Array {
  const [labels = 0, size = 0] = u[0]!.shape;
  const noise = key === undefined ? undefined : gumbel(key, [u.length, labels, size]);
  const numbers = numbersTo(labels).reshape([labels, 1]);
  const places: np.Array[] = [];
  for (const [t, message] of u.entries()) {
    const keys = noise === undefined ? message.ref : message.ref.add(noise.ref.slice(t));
    const [here] = places.slice(-1);
    const terms = here === undefined ? keys : rowAt(stepAt(chain.transitions, t - 1), here.ref, numbers.ref).add(keys);
    places.push(firstLargest(terms, numbers.ref));
  }
  const isTaken = np.expandDims(joined(places), 1).equal(numbers);
  return inOrder(np.where(isTaken, 1, 0), batch);
}

/** The transitions from given labels, `[labels, batch]`. */
function rowAt(transitions: np.Array, label: np.Array, numbers: np.Array): np.Array {
  return np.where(np.expandDims(numbers, 1).equal(label), transitions, 0).sum(0);
}

/** Which of the labels has the largest term, of equals the first, `[batch]`. */
function firstLargest(terms: np.Array, numbers: np.Array): np.Array {
  const isLargest = terms.ref.equal(np.max(terms, 0, { keepdims: true }));
  return np.min(np.where(isLargest, numbers, Number.POSITIVE_INFINITY), 0);
}
