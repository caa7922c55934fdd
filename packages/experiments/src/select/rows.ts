/** Rows of a table, drawn by a key and divided into parts. */

import { random } from "@jax-js/jax";
import { streamKey } from "../nn/keys.ts";

/** What rows are drawn for, so that each has a stream of its own; those of trainings are others. */
export const streams = {
  folds: 101,
  choice: 102,
  choiceRows: 103,
  splits: 104,
  networks: 105,
  networkRows: 106,
} as const;

/** Uniform numbers below a bound, from a key: the same on every device. */
export interface Draws {
  below(bound: number): number;
}

/**
 * A source of whole numbers, which are drawn on the device some at a time.
 *
 * @param most how many of them are asked for at most
 */
export async function drawsOf(seed: number, stream: number, most: number): Promise<Draws> {
  const bits = await random.bits(streamKey(seed, stream), [most]).data();
  let used = 0;
  return {
    below(bound) {
      if (used === most) throw new RangeError(`expected at most ${most} draws, got one more.`);
      return Math.floor((bits[used++]! / 2 ** 32) * bound);
    },
  };
}

/** The first `count` rows of a random order. */
export function someOf(rows: readonly number[], count: number, draws: Draws): number[] {
  const order = rows.slice();
  for (let place = 0; place < count; place++) {
    const other = place + draws.below(order.length - place);
    [order[place], order[other]] = [order[other]!, order[place]!];
  }
  return order.slice(0, count);
}

/** Rows to learn from, and the others. */
export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Divides rows into parts, each the test of a split. Parts have as many rows as each other, give or take one, and as many of each class, where there
 * are classes.
 *
 * @param target the class of each row of the table, or whatever it has to learn
 */
export function foldsOf(
  rows: readonly number[],
  parts: number,
  draws: Draws,
  target: ArrayLike<number>,
  isClass: boolean,
): Split[] {
  const mixed = someOf(rows, rows.length, draws);
  // Dealt one by one in the order of the classes, every part gets its share of each.
  const dealt = isClass ? mixed.toSorted((a, b) => target[a]! - target[b]!) : mixed;
  const partOf = new Map(dealt.map((row, place) => [row, place % parts]));
  return Array.from({ length: parts }, (_, part) => ({
    train: rows.filter((row) => partOf.get(row) !== part),
    test: rows.filter((row) => partOf.get(row) === part),
  }));
}
