/** Sorting networks: which wires are compared, layer after layer. */

import { numpy as np } from "@jax-js/jax";
import { column } from "../rows.ts";

/** How wires are paired: see `ranking`. */
export type Network = "odd-even" | "bitonic";

/** Pairs of wires, of which one is to have the larger entry. The numbers of the wires, `[..., wires]`, come with all batch axes. */
export interface Layer {
  /** What lies on the partner of each wire; the wires are along an axis, the last or the last but one. */
  readonly partner: (x: np.Array, axis: -1 | -2, numbers: np.Array) => np.Array;
  /** Of each wire 1 if it is to have the larger of its pair, -1 if the smaller, 0 if it has no partner. */
  readonly signs: (numbers: np.Array) => np.Array;
}

/** The layers of a network of n entries, and how many wires it has: for bitonic ones a power of 2. */
export function layersOf(network: Network, n: number): { wires: number; layers: Layer[] } {
  if (network === "odd-even")
    return { wires: n, layers: Array.from({ length: n }, (_, i) => neighbours(n, i % 2 === 0 ? 0 : 1)) };
  const wires = 2 ** Math.ceil(Math.log2(n));
  const layers: Layer[] = [];
  for (let block = 2; block <= wires; block *= 2) {
    for (let stride = block / 2; stride >= 1; stride /= 2) layers.push(strided(wires, block, stride));
  }
  return { wires, layers };
}

/** Pairs of neighbours, the first of which is the first wire or the second one. */
function neighbours(wires: number, first: 0 | 1): Layer {
  const isUpper = (numbers: np.Array) => (first === 0 ? hasBit(numbers, 1).equal(false) : hasBit(numbers, 1));
  const alone = [...(first === 1 ? [0] : []), ...((wires - first) % 2 === 1 ? [wires - 1] : [])];
  return {
    partner: (x, axis, numbers) => {
      const upper = isUpper(axis === -1 ? numbers : column(numbers));
      return np.where(upper, shifted(x.ref, axis, 1), shifted(x, axis, -1));
    },
    signs: (numbers) => {
      const signs = np.where(isUpper(numbers.ref), 1, -1);
      const isAlone = alone.map((wire) => numbers.ref.equal(wire));
      numbers.dispose();
      return isAlone.reduce<np.Array>((signs, isAlone) => np.where(isAlone, 0, signs), signs);
    },
  };
}

/** Whether a bit of the number of each wire is 1. */
function hasBit(numbers: np.Array, bit: number): np.Array {
  return np.bitwiseAnd(numbers, np.array(bit, { dtype: np.int32 })).greater(0);
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
    partner: (x, axis, numbers) => {
      numbers.dispose();
      const at = x.ndim + axis;
      const pairs = x.reshape([...x.shape.slice(0, at), wires / (2 * stride), 2, stride, ...x.shape.slice(at + 1)]);
      return np.flip(pairs, at + 1).reshape(x.shape);
    },
    signs: (numbers) => {
      const isUp = hasBit(numbers.ref, block);
      const sign = np.where(isUp, -1, 1);
      return np.where(hasBit(numbers, stride), np.negative(sign.ref), sign);
    },
  };
}
