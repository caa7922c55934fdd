/** Sinkhorn's iterations as they are written in textbooks. */

import { jit, nn, numpy as np } from "@jax-js/jax";
import { keepNaN } from "../lawful.ts";
import { column, row } from "../rows.ts";
import { scaleColumns, scaleRows } from "./stabilized.ts";

/** How the iterations are computed; see `sinkhorn`. */
export type SinkhornForm = "auto" | "log" | "scaling";

/**
 * The plan after `iterations` of at least 1, of logits `[..., n, n]` that are already divided by the temperature, with 0
 * the largest of each row.
 * Compiled as a whole, which takes time in proportion to the iterations.
 *
 * Upstream: there are no loops (`scan`, `while_loop`), so they are written out one after the other.
 */
export const iterate: Record<Exclude<SinkhornForm, "auto">, (x: np.Array, iterations: number) => np.Array> = {
  log: jit(log, { staticArgnums: [1] }),
  scaling: jit(scaling, { staticArgnums: [1] }),
};

function log(x: np.Array, iterations: number): np.Array {
  let y = x.ref;
  for (let i = 0; i < iterations; i++) {
    y = nn.logSoftmax(y, -1);
    y = nn.logSoftmax(y, -2);
  }
  return keepNaN(x, np.exp(y));
}

function scaling(x: np.Array, iterations: number): np.Array {
  const kernel = np.exp(x.ref);
  let u = np.reciprocal(kernel.ref.sum(-1));
  let v = scaleColumns(kernel.ref, u.ref);
  for (let i = 1; i < iterations; i++) {
    u = scaleRows(kernel.ref, v);
    v = scaleColumns(kernel.ref, u.ref);
  }
  return keepNaN(x, kernel.mul(column(u)).mul(row(v)));
}
