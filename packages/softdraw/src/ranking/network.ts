/**
 * Differentiable sorting networks: entries lie on wires, and layer by layer pairs of wires put the larger of their two
 * first, as much as a sigmoid says: `a' = f a + (1 - f) b`, `b' = (1 - f) a + f b`, with `f = sigmoid((a - b) / T)`.
 *
 * Petersen, Borgelt, Kuehne, Deussen, "Differentiable Sorting Networks for Scalable Sorting and Ranking Supervision",
 * 2021; "Monotonic Differentiable Sorting Networks", 2022.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materializeGradient } from "../materialize.ts";
import { indicator, LOWEST } from "../numerics.ts";
import { column } from "../rows.ts";
import { inverseOf } from "../tempered.ts";
import { type Layer, layersOf, type Network } from "./layers.ts";
import { type Sigmoid, sigmoids } from "./sigmoids.ts";
import { placesOf } from "./tables.ts";

/** The order in which wires are compared, and how sharply. */
export interface NetworkForm {
  readonly network: Network;
  readonly sigmoid: Sigmoid;
}

/** On wires that there are only for the network's sake: below an impossible entry, so that they come last. */
const BLANK = 2 * LOWEST;

/** Differences in temperatures up to which sigmoids are told from their limits. */
const FARTHEST = 1e18;

/** A relaxed order, `[..., n, n]`, whose rows and columns sum to 1. */
export function networkOrder(keys: np.Array, temperature: np.Array, { network, sigmoid }: NetworkForm): np.Array {
  const n = keys.shape.at(-1)!;
  const { wires, layers } = layersOf(network, n);
  const numbers = placesOf(keys.ref, wires);
  let matrix = indicator(column(numbers.ref).equal(np.arange(n)));
  const shares: np.Array[] = [];
  followed(keys, temperature, sigmoid, layers, numbers.ref, (share) => shares.push(share)).dispose();
  for (const [i, share] of shares.entries()) matrix = mixed(layers[i]!, matrix, column(share), -2, numbers.ref);
  numbers.dispose();
  return firstOf(matrix, n, -2);
}

/** The entries on the wires at the end, `[..., n]`: the largest first. */
export function networkSort(keys: np.Array, temperature: np.Array, { network, sigmoid }: NetworkForm): np.Array {
  const n = keys.shape.at(-1)!;
  const { wires, layers } = layersOf(network, n);
  const numbers = placesOf(keys.ref, wires);
  const entries = followed(keys, temperature, sigmoid, layers, numbers, (share) => share.dispose());
  return firstOf(entries, n, -1);
}

/** The entries at the end, as the network goes layer by layer, and what each wire keeps of its own in each, `[..., wires]`. */
function followed(
  keys: np.Array,
  temperature: np.Array,
  sigmoid: Sigmoid,
  layers: readonly Layer[],
  numbers: np.Array,
  onLayer: (share: np.Array) => void,
): np.Array {
  const [n, wires] = [keys.shape.at(-1)!, numbers.shape.at(-1)!];
  const inverse = inverseOf(temperature);
  const blank = keys.shape.map((_, axis): [number, number] => [0, axis === keys.ndim - 1 ? wires - n : 0]);
  let entries = wires === n ? keys : np.where(numbers.ref.less(n), np.pad(keys, blank), BLANK);
  for (const layer of layers) {
    const share = materializeGradient(shareOf(layer, entries.ref, inverse.ref, sigmoid, numbers.ref));
    entries = mixed(layer, entries, share.ref, -1, numbers.ref);
    onLayer(share);
  }
  for (const unused of [inverse, numbers]) unused.dispose();
  return entries;
}

/** The sigmoid of how far an entry is on its side of its partner; 0 or 1 beside what is impossible. */
function shareOf(layer: Layer, entries: np.Array, inverse: np.Array, sigmoid: Sigmoid, numbers: np.Array): np.Array {
  const sign = layer.signs(numbers.ref);
  const partner = layer.partner(entries.ref, -1, numbers);
  const isLost = np.minimum(lax.stopGradient(entries.ref), lax.stopGradient(partner.ref)).lessEqual(LOWEST);
  const ahead = entries.sub(partner).mul(sign.ref);
  const hard = indicator(lax.stopGradient(ahead.ref).greaterEqual(0));
  const soft = sigmoids[sigmoid](np.clip(ahead.mul(inverse), -FARTHEST, FARTHEST));
  return np.where(sign.equal(0), 1, np.where(isLost, hard, soft));
}

/** A layer of wires that lie along an axis, each with a share of its own and the rest of its partner's. */
function mixed(layer: Layer, wires: np.Array, share: np.Array, axis: -1 | -2, numbers: np.Array): np.Array {
  const partner = layer.partner(wires.ref, axis, numbers);
  return materializeGradient(share.ref.mul(wires).add(np.subtract(1, share).mul(partner)));
}

/**
 * The first wires.
 *
 * Upstream: under `jit`, the gradient by a part is that by the whole where what comes back is one number everywhere.
 */
function firstOf(x: np.Array, n: number, axis: -1 | -2): np.Array {
  if (x.shape.at(axis) === n) return x;
  const all = x.shape.map((): [] | [number, number] => []);
  all[x.ndim + axis] = [0, n];
  return materializeGradient(x.slice(...all));
}
