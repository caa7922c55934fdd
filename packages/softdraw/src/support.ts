/** The values that a choice can take, all of them: what can be summed over where they are few. */

import { numpy as np } from "@jax-js/jax";
import { describe } from "./checks.ts";

/** More are not listed, nor enumerated. */
export const MOST_VALUES = 2 ** 16;

/** Of all values together: 256 MB. */
const MOST_NUMBERS = 2 ** 26;

/** Values of zeros and ones. */
interface Values {
  /** How many there are; above 2^53 not to the last digit. */
  count: number;
  /** Of each value the places of its ones, among its numbers one after the other. */
  ones(): Iterable<readonly number[]>;
}

/**
 * Values one after the other, float32 `[count, ...event]`.
 *
 * @param logits consumed; the values are put where these are
 * @throws RangeError for more than `MOST_VALUES` values, or than `MOST_NUMBERS` numbers
 */
export function supportOf(where: string, logits: np.Array, event: number[], { count, ones }: Values): np.Array {
  const size = event.reduce((a, b) => a * b, 1);
  if (count > MOST_VALUES || count * size > MOST_NUMBERS) {
    const all = count > Number.MAX_SAFE_INTEGER ? "more than 2^53" : count;
    throw new RangeError(
      `${where}: at most ${MOST_VALUES} values, and at most ${MOST_NUMBERS} numbers, are listed, and logits ` +
        `${describe(logits)} have ${all} values of ${size} numbers.`,
    );
  }
  const numbers = new Float32Array(count * size);
  let first = 0;
  for (const places of ones()) {
    for (const place of places) numbers[first + place] = 1;
    first += size;
  }
  const { device } = logits;
  logits.dispose();
  return np.array(numbers, { shape: [count, ...event], device });
}
