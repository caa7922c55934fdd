/**
 * Exact draws: from the root of the tree down, what is to be taken below a node is divided between its two halves, by
 * the law of that.
 */

import { numpy as np, random } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { finite } from "../numerics.ts";
import { belowDiagonal, column } from "../rows.ts";
import { uniformFromBits } from "../uniforms.ts";
import { halves, trimmed } from "./counts.ts";
import { inRows, oddsOf, treeOfOdds } from "./odds.ts";

/** k-hot vectors `[..., n]`. */
export function draw(key: np.Array, logits: np.Array, k: number): np.Array {
  const { shape } = logits;
  const n = shape.at(-1)!;
  const { tree, on, off, isMirrored } = treeOfOdds(oddsOf(finite(logits), k).above, k);
  for (const unused of [on, off]) unused.dispose();
  const levels = tree.levels.map(({ polynomials }) => polynomials).reverse();
  const batch = levels[0]!.shape[2]!;
  const parents = levels.map((level) => level.shape[1]! / 2);
  const bits = random.bits(key, [parents.reduce((a, b) => a + b, 0), batch]);
  const uniforms = materialize(uniformFromBits(bits));
  let counts = np.full([1, batch], tree.count);
  let first = 0;
  for (const [i, level] of levels.entries()) {
    const ofParents = uniforms.ref.slice([first, first + parents[i]!]);
    first += parents[i]!;
    const ofBoth = trimmed(counts, parents[i]!);
    const ofOne = divided(ofBoth.ref, level, ofParents);
    counts = np.concatenate([ofOne.ref, ofBoth.sub(ofOne)], 0);
  }
  const counted = inRows(trimmed(counts, n), shape);
  return isMirrored ? np.subtract(1, counted) : counted;
}

/**
 * How many are of the first of two nodes, of those that both have: the first number at which the distribution function
 * is not below a uniform one. At such a number it grows, so that none is drawn that cannot be.
 *
 * @param counts `[nodes, batch]`, consumed
 * @param level the polynomials of both, `[coefficients, 2 nodes, batch]`, consumed
 * @param uniforms from 0 to 1 but not 0, `[nodes, batch]`, consumed
 */
function divided(counts: np.Array, level: np.Array, uniforms: np.Array): np.Array {
  const { shape, size: draws } = counts;
  const [one, other] = halves(level);
  const size = one.shape[0]!;
  const flat = (x: np.Array) => x.reshape([-1, draws]);
  const numbers = column(np.array(Float32Array.from({ length: size }, (_, i) => i)));
  const left = flat(counts).sub(numbers.ref);
  const place = np.clip(left.ref, 0, size - 1);
  const isThere = place.ref.equal(left);
  const rest = np.takeAlongAxis(flat(other), place.astype(np.int32), 0);
  const weights = materialize(np.where(isThere, flat(one).mul(rest), 0));
  const sums = np.matmul(belowDiagonal(size), weights);
  const share = sums.ref.div(sums.slice([size - 1, size]));
  const reached = np.where(share.greaterEqual(flat(uniforms)), numbers, size);
  return np.min(reached, 0).reshape(shape);
}
