/**
 * Pairs of particles: by their ordered pairs `[simulations, pairs, ...]`, the receivers in order and of each the senders in
 * order, or by both ends, `[simulations, particles, particles]`.
 */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../nn/convolution.ts";
import { type Dense, dense } from "../nn/dense.ts";
import { alongRows, product } from "../nn/parts.ts";
import { shapeOf } from "../nn/shapes.ts";

/**
 * A layer on what both ends of every ordered pair have, the sender first: `[rows, particles, inputs / 2]` to
 * `[rows * pairs, outputs]`. Pairs go by their receiver, and for one receiver by their sender.
 *
 * What particles have is brought to the pairs where it is narrower: before the layer, or after each particle has been multiplied
 * once as a sender and once as a receiver, of which a pair has the sum. There are fewer particles than pairs.
 *
 * @param ends as `endsOfPairs` gives them
 */
export function denseAtEnds({ weight, bias }: Dense, ends: np.Array, x: np.Array): np.Array {
  const [outputs, inputs] = shapeOf(weight, 2);
  if (inputs < outputs) return dense({ weight, bias }, atEnds(ends, x));
  const [rows, particles] = shapeOf(x, 3);
  const products = product(x.reshape([-1, inputs / 2]), weight.reshape([-1, inputs / 2]));
  const byEnds = np.transpose(products.reshape([rows, particles, outputs, 2]), [0, 2, 3, 1]);
  const columns = materialize(byEnds.reshape([rows, 1, outputs, 2 * particles]));
  const sums = np.vecdot(columns, ends.reshape([-1, 1, 2 * particles])).reshape([-1, outputs]);
  return alongRows(sums, [bias], (each, [plus]) => each.add(plus!));
}

/**
 * What both ends of every ordered pair have, the sender first: `[rows, particles, width]` to
 * `[rows * pairs, 2 * width]`.
 *
 * A product with rows that have a single 1, so that the gradient is a product too.
 *
 * Upstream: the gradient of a lookup is scattered number by number.
 */
function atEnds(ends: np.Array, x: np.Array): np.Array {
  const [rows, particles, width] = shapeOf(x, 3);
  const columns = np.transpose(x, [0, 2, 1]).reshape([rows, 1, width, particles]);
  return np.vecdot(columns, ends).reshape([-1, 2 * width]);
}

/**
 * For every ordered pair a row with a 1 at its sender, and one with a 1 at its receiver: `[2 * pairs, 1, particles]`.
 *
 * Upstream: such rows as an array that is made on the host, inside of a jitted function, are never freed, since they
 * are multiplied with what is differentiated. So they are computed.
 */
export function endsOfPairs(particles: number): np.Array {
  const count = (length: number) => np.arange(length).astype(np.float32);
  const receiver = count(particles).reshape([particles, 1, 1]);
  const other = count(particles - 1).reshape([1, particles - 1, 1]);
  const sender = other.ref.add(other.greaterEqual(receiver.ref).astype(np.float32));
  const ends = np.stack([sender, np.broadcastTo(receiver, sender.shape)], 2);
  return materialize(ends.equal(count(particles)).astype(np.float32).reshape([-1, 1, particles]));
}

/**
 * What ordered pairs have, `[simulations, pairs]`, as matrices with zeros on their diagonals.
 *
 * Behind the first number of a matrix, which is on its diagonal, every further one of that follows behind as many others
 * as there are rows.
 */
export function matrixOfPairs(x: np.Array, particles: number): np.Array {
  const simulations = x.shape[0]!;
  const padding: [number, number][] = [
    [0, 0],
    [0, 0],
    [0, 1],
  ];
  const behindFirst = np.pad(x.reshape([simulations, particles - 1, particles]), padding).reshape([simulations, -1]);
  const first: [number, number][] = [
    [0, 0],
    [1, 0],
  ];
  return np.pad(behindFirst, first).reshape([simulations, particles, particles]);
}

/** What is off the diagonals of matrices, `[rows, particles, particles]` to `[rows, pairs]`. */
export function pairsOfMatrix(x: np.Array): np.Array {
  const [rows, particles] = shapeOf(x, 3);
  const behindFirst = x
    .reshape([rows, -1])
    .slice([], [1])
    .reshape([rows, particles - 1, particles + 1]);
  return behindFirst.slice([], [], [0, particles]).reshape([rows, -1]);
}
