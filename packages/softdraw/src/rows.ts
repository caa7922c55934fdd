/** Numbers of a row or a column of a matrix, beside its entries. */

import { numpy as np } from "@jax-js/jax";
import type { Array } from "./checks.ts";

/** Numbers of a row, `[...]`, as a column that broadcasts over its entries, `[..., n]`. */
export function column(x: Array): Array {
  return np.expandDims(x, -1);
}

/** Numbers of a column, `[..., n]`, as a row that broadcasts over its entries, `[..., m, n]`. */
export function row(x: Array): Array {
  return np.expandDims(x, -2);
}

/**
 * Has the engine compute x once a row. It puts cheap arithmetic into the kernels that use it, where a logarithm of a row
 * is computed again for each of its entries; a sum, be it of one number, always gets a kernel of its own.
 */
export function onceARow(x: Array): Array {
  return column(x).sum(-1);
}
