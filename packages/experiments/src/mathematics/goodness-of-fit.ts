/** How well counts fit a law, on the host and in float64. */

export interface ChiSquareTest {
  readonly statistic: number;
  /** 0 when too little was drawn to compare anything; the p-value is 1 then. */
  readonly degreesOfFreedom: number;
  /** The probability that a sampler of the law fits no better. */
  readonly pValue: number;
}

/** The least expected count at which a cell of its own may be trusted to the chi-square law (Cochran, 1954). */
const LEAST_EXPECTED = 5;

/**
 * Pearson's chi-square test of `counts` against `probabilities`, which sum to 1. Cells that expect fewer than five draws
 * are counted together, with the least of the others while they still expect fewer.
 */
export function chiSquareTest(counts: readonly number[], probabilities: readonly number[]): ChiSquareTest {
  const total = counts.reduce((a, b) => a + b, 0);
  const cells = poolCells(probabilities.map((p, i) => ({ expected: total * p, count: counts[i]! })));
  const statistic = cells.reduce((sum, { expected, count }) => sum + (count - expected) ** 2 / expected, 0);
  const degreesOfFreedom = cells.length - 1;
  const pValue = degreesOfFreedom === 0 ? 1 : chiSquareUpperTail(statistic, degreesOfFreedom);
  return { statistic, degreesOfFreedom, pValue };
}

interface Cell {
  readonly expected: number;
  readonly count: number;
}

function poolCells(cells: readonly Cell[]): Cell[] {
  const rest = cells.toSorted((a, b) => b.expected - a.expected);
  let pool: Cell = { expected: 0, count: 0 };
  while (rest.length > 0 && (rest.at(-1)!.expected < LEAST_EXPECTED || isShort(pool))) {
    const { expected, count } = rest.pop()!;
    pool = { expected: pool.expected + expected, count: pool.count + count };
  }
  return pool.expected > 0 ? [...rest, pool] : rest;
}

function isShort({ expected }: Cell): boolean {
  return expected > 0 && expected < LEAST_EXPECTED;
}

/** Half the sum of the absolute differences: 0 for equal laws, 1 for laws that share nothing. */
export function totalVariation(p: readonly number[], q: readonly number[]): number {
  return p.reduce((sum, x, i) => sum + Math.abs(x - q[i]!), 0) / 2;
}

/** P(X >= statistic) for X of the chi-square law with so many degrees of freedom, from 1. */
export function chiSquareUpperTail(statistic: number, degreesOfFreedom: number): number {
  return upperGamma(degreesOfFreedom / 2, statistic / 2);
}

const MOST_TERMS = 10_000;

/**
 * The regularized upper incomplete gamma function Q(a, x) = Γ(a, x) / Γ(a), for a > 0 and x >= 0: by the series of 1 - Q
 * where that is the larger part, otherwise by the continued fraction, so that small values keep their digits.
 */
export function upperGamma(a: number, x: number): number {
  if (x === 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - factor * lowerSeries(a, x) : factor / upperFraction(a, x);
}

/** sum of x^i / (a (a + 1) ... (a + i)) over i from 0 */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let i = 1; i < MOST_TERMS && term > sum * Number.EPSILON; i++) {
    term *= x / (a + i);
    sum += term;
  }
  return sum;
}

/** x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...)), from the left as Lentz does (1976). */
function upperFraction(a: number, x: number): number {
  let above = x + 1 - a;
  let below = 0;
  let value = above;
  for (let i = 1; i < MOST_TERMS; i++) {
    const [numerator, denominator] = [-i * (i - a), x + 2 * i + 1 - a];
    below = 1 / (denominator + numerator * below);
    above = denominator + numerator / above;
    const ratio = above * below;
    value *= ratio;
    if (Math.abs(ratio - 1) <= Number.EPSILON) break;
  }
  return value;
}

/** log Γ(a) for a > 0: Stirling's series, which has sixteen digits from 10 on, and log Γ(a) = log Γ(a + 1) - log a. */
function logGamma(a: number): number {
  if (a < 10) return logGamma(a + 1) - Math.log(a);
  const series = 1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * a * a)) / (a * a)) / (a * a)) / (a * a);
  return (a - 0.5) * Math.log(a) - a + Math.log(2 * Math.PI) / 2 + series / a;
}
