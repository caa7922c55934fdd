/** Sinkhorn's iterations as they are written in textbooks. */

import { jit, nn, numpy as np } from "@jax-js/jax";
import { keepNaN } from "../lawful.ts";
import { logarithm, logSumExp } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { scaleColumns, scaleRows } from "./stabilized.ts";
import { potentialOf, type Side, type Sides, scaledTo } from "./sums.ts";

/** How the iterations are computed; see `sinkhorn`. */
export type SinkhornForm = "auto" | "log" | "scaling";

/**
 * The plan after `iterations` of at least 1, of logits `[..., m, n]` that are already divided by the temperature, with
 * 0 the largest of each row. Compiled as a whole, which takes time in proportion to the iterations.
 *
 * Upstream: there are no loops (`scan`, `while_loop`), so they are written out one after the other.
 */
export const iterate: Record<
  Exclude<SinkhornForm, "auto">,
  (x: np.Array, sides: Sides, iterations: number) => np.Array
> = {
  log: jit(log, { staticArgnums: [2] }),
  scaling: jit(scaling, { staticArgnums: [2] }),
};

function log(x: np.Array, sides: Sides, iterations: number): np.Array {
  const isOfEntries = !("power" in sides.rows || "power" in sides.columns || "start" in sides.columns);
  return (isOfEntries ? logOfEntries : logOfPotentials)(x, sides, iterations);
}

function logOfEntries(x: np.Array, { rows, columns }: Sides, iterations: number): np.Array {
  let y = x.ref;
  for (let i = 0; i < iterations; i++) {
    y = nn.logSoftmax(y, -1);
    if (rows.sums) y = y.add(column(logarithm(rows.sums.ref)));
    y = nn.logSoftmax(y, -2);
    if (columns.sums) y = y.add(row(logarithm(columns.sums.ref)));
  }
  return keepNaN(x, np.exp(y));
}

function logOfPotentials(x: np.Array, { rows, columns }: Sides, iterations: number): np.Array {
  const potential = (side: Side, total: np.Array) => {
    const level = np.negative(total);
    return potentialOf(side, side.sums === undefined ? level : level.add(logarithm(side.sums.ref)));
  };
  let f = np.zeros([]);
  let g = columns.start?.ref;
  for (let i = 0; i < iterations; i++) {
    f = potential(rows, logSumExp(g === undefined ? x.ref : x.ref.add(row(g))));
    g = potential(columns, logSumExp(np.swapaxes(x.ref.add(column(f.ref)), -1, -2)));
  }
  return keepNaN(x.ref, np.exp(x.add(column(f)).add(row(g!))));
}

function scaling(x: np.Array, { rows, columns }: Sides, iterations: number): np.Array {
  const kernel = np.exp(x.ref);
  let v = columns.start && np.exp(columns.start.ref);
  let u =
    v === undefined
      ? scaledTo(rows, np.reciprocal(kernel.ref.sum(-1))).scaling
      : scaleRows(kernel.ref, v, rows).scaling;
  v = scaleColumns(kernel.ref, u.ref, columns).scaling;
  for (let i = 1; i < iterations; i++) {
    u = scaleRows(kernel.ref, v, rows).scaling;
    v = scaleColumns(kernel.ref, u.ref, columns).scaling;
  }
  return keepNaN(x, kernel.mul(column(u)).mul(row(v)));
}
