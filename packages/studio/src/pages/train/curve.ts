/** A curve that grows with every step and still has no more points than can be seen. */

export interface Curve {
  /** Steps that a point is the mean of: a power of 2. */
  readonly every: number;
  /** The last of a point's steps, from 1. */
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** Of the steps that do not fill a point yet. */
  readonly rest: readonly number[];
}

export const emptyCurve: Curve = { every: 1, steps: [], values: [], rest: [] };

const MOST_POINTS = 2000;

/** @param first the step of the first of the values, from 1 */
export function extended(curve: Curve, first: number, values: readonly number[]): Curve {
  const { every } = curve;
  const steps = [...curve.steps];
  const means = [...curve.values];
  const rest = [...curve.rest];
  values.forEach((value, i) => {
    rest.push(value);
    if (rest.length < every) return;
    steps.push(first + i);
    means.push(meanOf(rest));
    rest.length = 0;
  });
  const extended = { every, steps, values: means, rest };
  return steps.length > MOST_POINTS ? halved(extended) : extended;
}

function halved({ every, steps, values, rest }: Curve): Curve {
  const pairs = Math.floor(steps.length / 2);
  const indices = Array.from({ length: pairs }, (_, i) => 2 * i);
  const last = steps.length % 2 === 1 ? Array.from({ length: every }, () => values.at(-1)!) : [];
  return {
    every: 2 * every,
    steps: indices.map((i) => steps[i + 1]!),
    values: indices.map((i) => (values[i]! + values[i + 1]!) / 2),
    rest: [...last, ...rest],
  };
}

/**
 * The curve without its tremor: for each point the mean of those around it, as many before as behind, so that it does not lag.
 * Towards the ends there are fewer.
 *
 * @param points of a whole window, an odd number
 */
export function smoothed(values: readonly number[], points: number): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return values.map((_, i) => {
    const reach = Math.min((points - 1) / 2, i, values.length - 1 - i);
    return (sums[i + reach + 1]! - sums[i - reach]!) / (2 * reach + 1);
  });
}

/** How many points of a curve, an odd number, are nearest to a window of so many steps. */
export function pointsOf({ every }: Pick<Curve, "every">, steps: number): number {
  return 2 * Math.round((steps / every - 1) / 2) + 1;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
