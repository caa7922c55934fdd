/**
 * Shapes of arrays, with as many axes as are expected.
 *
 * @module
 */

import type { numpy as np } from "@jax-js/jax";

/** A list of so many; of a number that the compiler does not know, any list. */
export type ListOf<Item, Count extends number, Items extends Item[] = []> = number extends Count
  ? Item[]
  : Items["length"] extends Count
    ? Items
    : ListOf<Item, Count, [...Items, Item]>;

/**
 * The lengths of an array's axes, of which there have to be so many. Keeps the array.
 *
 * @throws RangeError for another number of axes
 */
export function shapeOf<Axes extends number>({ shape }: Pick<np.Array, "shape">, axes: Axes): ListOf<number, Axes> {
  if (shape.length === axes) return shape as ListOf<number, Axes>;
  throw new RangeError(`An array of ${axes} axes was expected, got the shape [${shape}].`);
}
