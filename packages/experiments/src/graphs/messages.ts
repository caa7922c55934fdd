/** Messages along the pairs of particles, let through as far as a pair is of a kind that sends them. */

import { numpy as np } from "@jax-js/jax";
import { type Dense, dense, initDense } from "../nn/dense.ts";
import { shapeOf } from "../nn/shapes.ts";
import { KINDS } from "./encoder.ts";
import { denseAtEnds } from "./pairs.ts";
import type { System } from "./systems.ts";

/** Two layers. */
export type MessageNetwork = { first: Dense; second: Dense };

/**
 * The kinds that send messages. A pair without a spring sends none, so the two kinds cannot change places. Of charges both
 * kinds act, and so they do in a layout, where all vertices push each other; which of them is which is the model's choice.
 */
export const SENDING: Readonly<Record<System, readonly number[]>> = {
  springs: [1],
  charges: [0, 1],
  layout: [0, 1],
};

/**
 * @param keys two for each kind that sends messages, consumed
 * @param inputs numbers that both ends of a pair have together
 */
export function initMessages(keys: readonly np.Array[], inputs: number, hidden: number): MessageNetwork[] {
  return Array.from({ length: keys.length / 2 }, (_, i) => ({
    first: initDense(keys[2 * i]!, inputs, hidden, "fan-in"),
    second: initDense(keys[2 * i + 1]!, hidden, hidden, "fan-in"),
  }));
}

/** How much of each sending kind the pairs are: `[simulations, particles, particles - 1]` each. Consumes the kinds. */
export function gatesOf(kinds: np.Array, system: System, particles: number): np.Array[] {
  const simulations = kinds.shape[0]!;
  const gates = SENDING[system].map((kind) => {
    const isKind = np.arange(KINDS).equal(kind).astype(np.float32);
    return np.vecdot(kinds.ref, isKind).reshape([simulations, particles, particles - 1]);
  });
  kinds.dispose();
  return gates;
}

/**
 * What every particle receives: the sum of its senders' messages, `[rows * particles, hidden]`.
 *
 * @param gates `[rows, particles, particles - 1]` for each network
 * @param ends as `endsOfPairs` gives them
 * @param x `[rows, particles, inputs / 2]`
 */
export function sumOfMessages(
  networks: readonly MessageNetwork[],
  gates: readonly np.Array[],
  ends: np.Array,
  x: np.Array,
  activation: (x: np.Array) => np.Array,
): np.Array {
  const sums = networks.map(({ first, second }, i) => {
    const [rows, particles, others] = shapeOf(gates[i]!, 3);
    const width = second.bias.shape[0]!;
    const linear = dense(second, activation(denseAtEnds(first, ends.ref, x.ref)));
    const messages = activation(linear).reshape([rows, particles, others, width]);
    return messages
      .mul(gates[i]!.reshape([rows, particles, others, 1]))
      .sum(2)
      .reshape([-1, width]);
  });
  ends.dispose();
  x.dispose();
  return sums.reduce((sum, more) => sum.add(more));
}
