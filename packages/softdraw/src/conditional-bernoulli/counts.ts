/**
 * Coefficients of `prod_i (off_i + on_i z)`, by a tree of products. Of z^j that is the weight of all ways to take j of
 * n, if what is taken weighs `on_i` and what is left `off_i`. No term is taken off another: so each is right to
 * float32's rounding, times the height of the tree.
 *
 * Arrays have the shape `[coefficients, nodes, batch]`: the engine computes four numbers at a time where they lie side
 * by side. Nodes are paired with those half of a level further on, so that each half lies in one piece.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { logarithm } from "../numerics.ts";

/**
 * Smaller coefficients count as 0, so that what is multiplied by one and summed up is a normal float32. Graphics cards
 * take others for 0, here and there.
 */
const SMALLEST = 1e-30;

/**
 * Nodes of so many choices, of so many times as many, and so on, are scaled by a power of two. A product of as many is
 * below 2^32 then, and what is outside of a node below 2^96 for a million choices.
 */
const SCALED = 32;

/** The polynomials of all nodes. Its arrays are kept by what reads them, as befits a compiled function. */
export interface Tree {
  /** First those of single choices, last those of two halves of all. */
  readonly levels: readonly Level[];
  /** The power that is asked for: of higher ones the levels have no coefficients. */
  readonly count: number;
}

interface Level {
  /** `[coefficients, nodes, batch]`, an even number of nodes, the last of which may be of nothing. */
  readonly polynomials: np.Array;
  /** By what the products were multiplied, `2^-exponent`: `[nodes, batch]` both, without the node of nothing. */
  readonly scaled?: Scaled;
}

interface Scaled {
  readonly scale: np.Array;
  readonly exponent: np.Array;
}

/**
 * Builds the tree of choices. The larger of `on` and `off` is to be 1.
 *
 * @param on what each weighs if it is taken, `[n, batch]`, consumed
 * @param off what it weighs if it is not, consumed
 * @param count which power is asked for, up to n / 2
 */
export function treeOf(on: np.Array, off: np.Array, count: number): Tree {
  let polynomials = evened(floored(singles(on, off, count)), 1);
  const levels: Level[] = [{ polynomials }];
  for (let size = 2; polynomials.shape[1]! > 2; size *= 2) {
    const [one, other] = halves(polynomials.ref);
    const unscaled = product(one, other, count);
    const scaled = isScaled(size) ? powersOfTwo(unscaled.ref) : undefined;
    polynomials = evened(floored(scaled === undefined ? unscaled : unscaled.mul(scaled.scale.ref)), 1);
    levels.push({ polynomials, ...(scaled && { scaled }) });
  }
  return { levels, count };
}

/** The logarithm of the coefficient that is asked for, `[batch]`. */
export function logCoefficientOf({ levels }: Tree): np.Array {
  const exponents = levels.flatMap(({ scaled }) => (scaled === undefined ? [] : [scaled.exponent.ref.sum(0)]));
  return exponents.reduce((sum, exponent) => sum.add(exponent.mul(Math.LN2)), logarithm(coefficientAtTop(levels)));
}

/**
 * What all other choices weigh if they make up what is asked for with a choice that is not taken, and with one that is:
 * but for a factor, `[coefficients, n, batch]`, those of z^0 and z^1, or of z^0 alone where none is asked for.
 */
export function weightsOfOthers({ levels }: Tree, n: number): np.Array {
  const [top, ...below] = [...levels].reverse();
  let outside = np.flip(top!.polynomials.ref, [0, 1]);
  for (const { polynomials } of below) outside = outsideOf(polynomials.ref, outside);
  return trimmed(outside, n);
}

/**
 * By what share of itself the coefficient that is asked for grows, `[batch]`, if the choices weigh more by some
 * differences: right to rounding of the differences, however small they are. Those of products are bounded, which
 * changes the share only where it is large.
 *
 * @param on what each weighs more if it is taken, `[n, batch]`, consumed
 * @param off what it weighs more if it is not, consumed
 */
export function growthOf({ levels, count }: Tree, on: np.Array, off: np.Array): np.Array {
  let differences = evened(singles(on, off, count), 0);
  for (const [i, { scaled }] of levels.slice(1).entries()) {
    const grown = differenceOfProducts(levels[i]!.polynomials.ref, differences, (a, b) => product(a, b, count));
    const bounded = scaled === undefined ? grown : np.clip(grown.mul(scaled.scale.ref), -LARGEST_GROWN, LARGEST_GROWN);
    differences = evened(bounded, 0);
  }
  const atTop = (a: np.Array, b: np.Array) => a.mul(np.flip(b, 0)).sum([0, 1]);
  return differenceOfProducts(levels.at(-1)!.polynomials.ref, differences, atTop).div(coefficientAtTop(levels));
}

/** The 32nd power of this is in the range of float32. */
const LARGEST_GROWN = 4;

/** `(p + dp) (q + dq) - p q` for a product of two nodes, without p q. */
function differenceOfProducts(
  polynomials: np.Array,
  differences: np.Array,
  productOf: (a: np.Array, b: np.Array) => np.Array,
): np.Array {
  const [p, q] = halves(polynomials);
  const [dp, dq] = halves(differences);
  return productOf(dp, q.add(dq.ref)).add(productOf(p, dq));
}

function coefficientAtTop(levels: readonly Level[]): np.Array {
  const [one, other] = halves(levels.at(-1)!.polynomials.ref);
  return one.mul(np.flip(other, 0)).sum([0, 1]);
}

/** Two nodes that have a parent are half of a level apart. */
export function halves(level: np.Array): [np.Array, np.Array] {
  const half = level.shape[1]! / 2;
  return [level.ref.slice([], [0, half]), level.slice([], [half, 2 * half])];
}

/** The first nodes of a level, `[..., nodes, batch]`: those that are of something. */
export function trimmed(level: np.Array, nodes: number): np.Array {
  if (level.shape.at(-2) === nodes) return level;
  return level.slice(...level.shape.slice(0, -2).map((): [] => []), [0, nodes]);
}

function singles(on: np.Array, off: np.Array, count: number): np.Array {
  if (count > 0) return np.stack([off, on], 0);
  on.dispose();
  return np.expandDims(off, 0);
}

/** Whether nodes of so many choices, a power of two, are scaled. */
function isScaled(size: number): boolean {
  return Math.log2(size) % Math.log2(SCALED) === 0;
}

/** The products of the polynomials of two nodes, without higher powers than are asked for. */
function product(one: np.Array, other: np.Array, count: number): np.Array {
  const size = one.shape[0]!;
  const length = Math.min(2 * size - 1, count + 1);
  const around = np.pad(other, [[size - 1, Math.max(0, length - size)], ...untouched(2)]);
  return weighted(np.flip(one, 0), materialize(around), length);
}

/** What is outside of two nodes, by what is outside of their parent: that, with what is in the other of the two. */
function outsideOf(children: np.Array, outside: np.Array): np.Array {
  const [size = 0, nodes = 0, batch = 0] = children.shape;
  const missing = Math.max(0, 2 * size - 1 - outside.shape[0]!);
  const around = materialize(np.pad(trimmed(outside, nodes / 2), [[0, missing], ...untouched(2)]));
  const others = np.flip(children.reshape([size, 2, nodes / 2, batch]), 1);
  return weighted(others, np.expandDims(around, 1), size).reshape([size, nodes, batch]);
}

/**
 * `sum_i weights_i x_(i + j)`, for j below a length.
 *
 * @param weights `[size, ...]`, consumed
 * @param x at least `size + length - 1` of them, `[more, ...]`, consumed
 */
function weighted(weights: np.Array, x: np.Array, length: number): np.Array {
  return np
    .expandDims(weights, 1)
    .mul(windows(x, weights.shape[0]!, length))
    .sum(0);
}

/**
 * The parts of x of some length that begin with its first entry, with the second, and so on: `[count, length, ...]`.
 * They are x again and again, laid out in rows that are longer by one: a view, of which nothing is kept.
 */
function windows(x: np.Array, count: number, length: number): np.Array {
  const [size = 0, ...rest] = x.shape;
  const repeated = np.broadcastTo(x, [count + 1, ...x.shape]).reshape([(count + 1) * size, ...rest]);
  return repeated
    .slice([0, count * (size + 1)])
    .reshape([count, size + 1, ...rest])
    .slice([], [0, length]);
}

/**
 * The powers of two that make the sum of each node's coefficients a number from 1 to 2: products with them are exact.
 */
function powersOfTwo(polynomials: np.Array): Scaled {
  const sum = lax.stopGradient(polynomials.sum(0));
  const whole = (value: number) => np.array(value, { dtype: np.int32 });
  const biased = np.rightShift(lax.bitcastConvertType(sum, np.int32), whole(MANTISSA_BITS));
  const exponent = biased.ref.astype(np.float32).sub(BIAS);
  const inverse = np.leftShift(np.subtract(whole(2 * BIAS), biased), whole(MANTISSA_BITS));
  return { scale: materialize(lax.bitcastConvertType(inverse, np.float32)), exponent };
}

/** A positive float32 is `2^(b - BIAS)` times a number from 1 to 2, of which so many bits come after b. */
const MANTISSA_BITS = 23;
const BIAS = 127;

/** An even number of nodes: the last of them may be one of nothing, a polynomial that is a constant. */
function evened(polynomials: np.Array, constant: 0 | 1): np.Array {
  const [size = 0, nodes = 0, batch = 0] = polynomials.shape;
  if (nodes % 2 === 0) return polynomials;
  const ofNothing = np.array(
    Float32Array.from({ length: size }, (_, i) => (i === 0 ? constant : 0)),
    { shape: [size, 1, 1] },
  );
  return np.concatenate([polynomials, np.broadcastTo(ofNothing, [size, 1, batch])], 1);
}

function floored(x: np.Array): np.Array {
  return np.where(x.ref.less(SMALLEST), 0, x);
}

function untouched(axes: number): [number, number][] {
  return Array.from({ length: axes }, () => [0, 0]);
}
