/** What repeated measurements come to. Medians, because another program's turn on the machine only ever adds time. */

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError without samples */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError("summarize: expected at least one sample, got none.");
  const sorted = samples.toSorted((a, b) => a - b);
  return { median: middle(sorted), min: sorted[0]!, max: sorted.at(-1)! };
}

/**
 * `a[i] / b[i]`. Where the two were measured in turn, a slow moment of the machine hits both of a pair, so their ratio
 * varies less than either.
 *
 * @throws RangeError for lists of different lengths
 */
export function pairwiseRatios(a: readonly number[], b: readonly number[]): number[] {
  if (a.length === b.length) return a.map((value, i) => value / b[i]!);
  throw new RangeError(`pairwiseRatios: expected as many samples of either, got ${a.length} and ${b.length}.`);
}

/** The e of `value = c size^e` that fits best, by least squares of the logarithms. */
export function growthExponent(sizes: readonly number[], values: readonly number[]): number {
  const centred = (x: readonly number[]) => {
    const logarithms = x.map(Math.log);
    const mean = logarithms.reduce((a, b) => a + b, 0) / x.length;
    return logarithms.map((l) => l - mean);
  };
  const [x, y] = [centred(sizes), centred(values)];
  const inner = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return inner(x, y) / inner(x, x);
}

function middle(sorted: readonly number[]): number {
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}
