/** Numbers of a row, `[...]`, beside its entries, `[..., n]`. */

import { numpy as np } from "@jax-js/jax";
import type { Array } from "../checks.ts";

/** Numbers of a row as a column that broadcasts over its entries. */
export function column(x: Array): Array {
  return np.expandDims(x, -1);
}

/**
 * Has the engine compute x once a row. It puts cheap arithmetic into the kernels that use it, where a logarithm of a row
 * is computed again for each of its entries; a sum, be it of one number, always gets a kernel of its own.
 */
export function onceARow(x: Array): Array {
  return column(x).sum(-1);
}
