/** What is usually done to choose columns, by linear models and in float64: the best ones, one after the other, and by the lasso. */

import type { Encoded, Targets } from "./encoding.ts";

/** The products of features with features, and with targets, summed over rows. */
export interface Products {
  readonly rows: number;
  /** `[width][width]` */
  readonly features: Float64Array[];
  /** `[outputs][width]` */
  readonly targets: Float64Array[];
  /** The sum of squares of the targets. */
  readonly total: number;
}

/** Sums over these rows. */
export function productsOf(
  { width, values }: Encoded,
  { outputs, values: aims }: Targets,
  rows: readonly number[],
): Products {
  const features = Array.from({ length: width }, () => new Float64Array(width));
  const targets = Array.from({ length: outputs }, () => new Float64Array(width));
  let total = 0;
  for (const row of rows) {
    const x = values.subarray(row * width, (row + 1) * width);
    const y = aims.subarray(row * outputs, (row + 1) * outputs);
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) features[i]![j]! += x[i]! * x[j]!;
      for (let output = 0; output < outputs; output++) targets[output]![i]! += x[i]! * y[output]!;
    }
    for (const value of y) total += value * value;
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) features[j]![i] = features[i]![j]!;
  return { rows: rows.length, features, targets, total };
}

/** The columns by what each explains alone, best first: the share of the target's variance, less what chance would give it. */
export function univariateOrder({ groups }: Encoded, products: Products): number[] {
  return byFalling(gains(groups, products));
}

/** The columns one after the other, each the one that adds most to those before it, by least squares. */
export function forwardOrder({ groups }: Encoded, products: Products, count: number): number[] {
  let left = products;
  const order: number[] = [];
  while (order.length < count) {
    const best = byFalling(gains(groups, left)).find((column) => !order.includes(column))!;
    order.push(best);
    left = without(left, groups[best]!);
  }
  return order;
}

/** What each column explains of what is left of the target, as a share of its variance. */
function gains(groups: Encoded["groups"], products: Products): number[] {
  return groups.map((group) => {
    const part = restrictedTo(products, group);
    const explained = group.reduce((sum, _, place) => sum + explain(part, place), 0);
    return explained / (products.total || 1) - group.length / Math.max(1, products.rows - 1);
  });
}

function restrictedTo({ features, targets, ...rest }: Products, group: readonly number[]): Products {
  const pick = (row: Float64Array) => Float64Array.from(group, (place) => row[place]!);
  return { ...rest, features: group.map((place) => pick(features[place]!)), targets: targets.map(pick) };
}

/** What is left of all features and targets without what features explain of them. */
function without(products: Products, group: readonly number[]): Products {
  const copy = {
    ...products,
    features: products.features.map((row) => row.slice()),
    targets: products.targets.map((row) => row.slice()),
  };
  for (const place of group) explain(copy, place);
  return copy;
}

/** A feature whose variance is less than this share of the rows depends on those before it. */
const DEPENDENT = 1e-6;

/** Takes off, in place, what one feature explains, and returns how much that is of the targets. */
function explain({ rows, features, targets }: Products, place: number): number {
  const own = features[place]!.slice();
  const variance = own[place]!;
  if (variance < DEPENDENT * rows) return 0;
  const shares = targets.map((target) => target[place]! / variance);
  features.forEach((row, i) => {
    const share = own[i]! / variance;
    for (let j = 0; j < row.length; j++) row[j]! -= share * own[j]!;
  });
  targets.forEach((target, output) => {
    for (let j = 0; j < target.length; j++) target[j]! -= shares[output]! * own[j]!;
  });
  return shares.reduce((sum, share) => sum + share * share * variance, 0);
}

/** Of equal ones the first. */
function byFalling(scores: readonly number[]): number[] {
  return scores.map((_, place) => place).sort((a, b) => scores[b]! - scores[a]!);
}

// Lasso --------------------------------------------------------------------------------------------------------------

/** What the penalty is multiplied by from one point of its path to the next. */
const FALL = 0.93;

const MOST_PENALTIES = 120;
const MOST_SWEEPS = 100;

/**
 * The columns in the order in which they get a weight as the penalty falls: least squares and a penalty on the length of each column's
 * weights, over its features and all outputs. Columns that come at the same penalty are ordered by that length. It may hold fewer than were asked for, where
 * the others add nothing.
 *
 * Tibshirani, "Regression Shrinkage and Selection via the Lasso", 1996; Yuan, Lin, "Model Selection and Estimation in Regression with Grouped
 * Variables", 2006.
 */
export function lassoOrder({ groups }: Encoded, products: Products, count: number): number[] {
  const weights = products.targets.map((target) => new Float64Array(target.length));
  const residuals = products.targets.map((target) => target.slice());
  const lengthOf = (arrays: readonly Float64Array[], group: readonly number[]) =>
    Math.hypot(...arrays.flatMap((array) => group.map((place) => array[place]!)));
  let penalty = Math.max(...groups.map((group) => lengthOf(residuals, group)));
  const order: number[] = [];
  for (let i = 0; i < MOST_PENALTIES && order.length < count; i++) {
    penalty *= FALL;
    descend(products.features, groups, { weights, residuals, penalty });
    const lengths = groups.map((group) => lengthOf(weights, group));
    order.push(...byFalling(lengths).filter((column) => lengths[column]! > 0 && !order.includes(column)));
  }
  return order.slice(0, count);
}

interface Descent {
  readonly weights: Float64Array[];
  /** Products of the features with what the weights leave of the targets. */
  readonly residuals: Float64Array[];
  readonly penalty: number;
}

/** Block coordinate descent, in place, until nothing moves any more. */
function descend(features: readonly Float64Array[], groups: readonly (readonly number[])[], descent: Descent): void {
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let moved = 0;
    for (const group of groups) moved = Math.max(moved, descendBlock(features, group, descent));
    const largest = descent.weights.reduce((most, row) => row.reduce((m, w) => Math.max(m, Math.abs(w)), most), 0);
    if (moved <= 1e-4 * largest) return;
  }
}

/** One proximal step of a block, and how far it moved. Its curvature is bounded by its trace. */
function descendBlock(
  features: readonly Float64Array[],
  group: readonly number[],
  { weights, residuals, penalty }: Descent,
): number {
  const curvature = group.reduce((sum, place) => sum + features[place]![place]!, 0);
  if (curvature === 0) return 0;
  const aims = weights.map((row, output) => group.map((place) => residuals[output]![place]! + curvature * row[place]!));
  const length = Math.hypot(...aims.flat());
  const kept = length > penalty ? (1 - penalty / length) / curvature : 0;
  let moved = 0;
  weights.forEach((row, output) => {
    group.forEach((place, i) => {
      const change = kept * aims[output]![i]! - row[place]!;
      if (change === 0) return;
      row[place]! += change;
      moved = Math.max(moved, Math.abs(change));
      const products = features[place]!;
      for (let j = 0; j < products.length; j++) residuals[output]![j]! -= products[j]! * change;
    });
  });
  return moved;
}
