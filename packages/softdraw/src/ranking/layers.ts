/** Sorting networks: which wires are compared, layer after layer. */

import { numpy as np } from "@jax-js/jax";

/** How wires are paired: see `ranking`. */
export type Network = "odd-even" | "bitonic";

/** Pairs of wires, of which one is to have the larger entry. */
export interface Layer {
  /** What lies on the partner of each wire; the wires are along an axis, the last or the last but one. */
  readonly partner: (x: np.Array, axis: -1 | -2) => np.Array;
  /** Of each wire 1 if it is to have the larger of its pair, -1 if the smaller, 0 if it has no partner. */
  readonly signs: readonly number[];
}

/** The layers of a network of n entries, and how many wires it has: for bitonic ones a power of 2. */
export function layersOf(network: Network, n: number): { wires: number; layers: Layer[] } {
  if (network === "odd-even") return { wires: n, layers: Array.from({ length: n }, (_, i) => neighbours(n, i % 2)) };
  const wires = 2 ** Math.ceil(Math.log2(n));
  const layers: Layer[] = [];
  for (let block = 2; block <= wires; block *= 2) {
    for (let stride = block / 2; stride >= 1; stride /= 2) layers.push(strided(wires, block, stride));
  }
  return { wires, layers };
}

/** Pairs of neighbours, the first of which is the first wire or the second one. */
function neighbours(wires: number, first: number): Layer {
  const isUpper = (wire: number) => (wire + first) % 2 === 0;
  const hasPartner = (wire: number) => (isUpper(wire) ? wire + 1 < wires : wire > 0);
  const all = Array.from({ length: wires }, (_, wire) => wire);
  return {
    partner: (x, axis) => {
      const upper = np.array(all.map(isUpper)).reshape([wires, ...Array(-1 - axis).fill(1)]);
      return np.where(upper, shifted(x.ref, axis, 1), shifted(x, axis, -1));
    },
    signs: all.map((wire) => (hasPartner(wire) ? (isUpper(wire) ? 1 : -1) : 0)),
  };
}

/** What lies one wire further, or one before, and 0 where there is none. */
function shifted(x: np.Array, axis: -1 | -2, by: 1 | -1): np.Array {
  const at = x.ndim + axis;
  const part = x.shape.map((size, i): [] | [number, number] => (i !== at ? [] : by === 1 ? [1, size] : [0, size - 1]));
  const room = x.shape.map((_, i): [number, number] => (i !== at ? [0, 0] : by === 1 ? [0, 1] : [1, 0]));
  return np.pad(x.slice(...part), room);
}

/** Pairs that are a stride apart, in blocks that are sorted up and down in turn; the block of all wires down. */
function strided(wires: number, block: number, stride: number): Layer {
  return {
    partner: (x, axis) => {
      const at = x.ndim + axis;
      const pairs = x.reshape([...x.shape.slice(0, at), wires / (2 * stride), 2, stride, ...x.shape.slice(at + 1)]);
      return np.flip(pairs, at + 1).reshape(x.shape);
    },
    signs: Array.from({ length: wires }, (_, wire) => (((wire & stride) !== 0) === ((wire & block) !== 0) ? 1 : -1)),
  };
}
