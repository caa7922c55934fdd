/**
 * The k largest of many perturbed logits, without most of the noise. Its two logarithms are what takes the time. So a
 * bound of the noise, computed four at a time, tells first which entries matter.
 *
 * Upstream: sums and products are computed four at a time, but logarithms one by one.
 */

import { numpy as np, random } from "@jax-js/jax";
import { gumbelFromBits, perturb } from "../noise.ts";
import { finite, polynomial } from "../numerics.ts";
import { entriesAt, indicesInLargest, indicesOfLargest, inTable } from "./top.ts";

/** With fewer entries for each column that is kept, the search for the columns takes longer than the noise. */
const FEWEST_A_COLUMN = 128;

/**
 * The engine looks for the maxima of this many columns together, as four times four.
 *
 * Upstream: the maximum along the last axis is searched one by one.
 */
const LANES = 16;

/**
 * The indices of the k largest of `perturb(key, logits)`, int32 `[..., k]`, the largest first. Where logits are so
 * large that they swallow the noise, above 4e6, and more columns tie than are kept, it need not be the first of equals.
 */
export function indicesOfLargestPerturbed(key: np.Array, logits: np.Array, k: number): np.Array {
  const n = logits.shape.at(-1)!;
  const count = columnsFor(k);
  if (n < FEWEST_A_COLUMN * count) return indicesOfLargest(perturb(key, finite(logits)), k);
  const height = Math.floor(Math.sqrt(n / count));
  const width = LANES * Math.floor(n / (LANES * height));
  const bits = random.bits(key, logits.shape);
  const bounds = inTable(logits.ref, height, width).add(gumbelBound(inTable(bits.ref, height, width)));
  const candidates = indicesInLargest(-2, bounds, count, n);
  const noise = gumbelFromBits(entriesAt(bits, candidates.ref));
  const keys = finite(entriesAt(logits, candidates.ref)).add(noise);
  return entriesAt(candidates, indicesOfLargest(keys, k));
}

/**
 * How many columns hold the k largest keys, if their largest bounds are the largest: all but once in 1e13 draws,
 * whatever the logits and k.
 *
 * Let b be the (count + 1)th largest bound of an entry. A key that is missed has as many bounds above its own, so it is
 * below b. But given b, the keys of the count entries with larger bounds are above b with a probability of 0.83 or more
 * each (see `BOUND`), independently, and fewer than k of them are if one of the k largest keys is missed. That has a
 * probability of at most P(Binomial(count, 0.83) < k), below 1e-13 for every k.
 */
export function columnsFor(k: number): number {
  return Math.floor(1.4 * k) + 32;
}

/**
 * A cubic of `(bits + 0.5)^(1/16)`, by a linear program. It is above `gumbelFromBits` by 0.0015 or more, which covers
 * what rounding and the engine's logarithm are off by; and whatever number it is above, with a probability of 0.83 or
 * more the noise is too.
 */
const BOUND = [42.091, -25.5085, 6.30552, -0.649951];

/** What `gumbelFromBits` does not exceed, by sums, products and square roots. */
export function gumbelBound(bits: np.Array): np.Array {
  let root = bits.astype(np.float32).add(0.5);
  for (let exponent = 1; exponent < 16; exponent *= 2) root = np.sqrt(root);
  return polynomial(root, BOUND);
}
