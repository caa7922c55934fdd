/** Exact draws and maxima: a message along the chain, and then a walk back. */

import { numpy as np } from "@jax-js/jax";
import { gumbel } from "../noise.ts";
import { inOrder, numbersTo } from "./arrays.ts";
import type { Passed } from "./law.ts";
import { termsOf } from "./messages.ts";
import { firstLargest, followed } from "./paths.ts";

/**
 * The sequences that take at each place the label with the largest term of what was passed along, of equals the first:
 * one-hot `[..., length, labels]`. With Gumbel noise, one for each label at each place, those are exact draws, because
 * of all rows of terms at a place a sequence sees one.
 *
 * @param passed kept
 * @param key of the noise, or nothing; consumed
 */
export function sequencesOf({ batch, chain, messages }: Omit<Passed, "origin">, [key]: np.Array[]): np.Array {
  const { u } = messages;
  const length = u.length;
  const labels = u[0]!.shape[0]!;
  const noise = key === undefined ? undefined : gumbel(key, [length, ...u[0]!.shape]);
  const begin = u[0]!.ref;
  const first = firstLargest(noise === undefined ? begin : begin.add(noise.ref.slice(0)), 0);
  const isTaken = (places: np.Array) => np.expandDims(places, 1).equal(numbersTo(labels).reshape([1, labels, 1]));
  const onehot = (places: np.Array) => inOrder(np.where(isTaken(places), 1, 0), batch);
  if (length === 1) return onehot(np.expandDims(first, 0));
  const terms = termsOf(chain, messages);
  const keys = noise === undefined ? terms : terms.add(np.expandDims(noise.slice([1, length]), 1));
  return onehot(followed(firstLargest(keys, 2), first));
}
