/** A choice of one class in plain numbers, for what has to follow the hand at once: the library's own formulas, by a test. */

/** `y_i = exp(x_i / T) / sum_j exp(x_j / T)` */
export function softmax(x: readonly number[], temperature = 1): number[] {
  const largest = Math.max(...x);
  const weights = x.map((value) => Math.exp((value - largest) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** The first of the largest. */
export function largestOf(x: readonly number[]): number {
  return x.indexOf(Math.max(...x));
}

export function oneHot(choice: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => (i === choice ? 1 : 0));
}

/** The loss `(sum_i v_i y_i - c)^2` of a choice, or of a mixture of choices. */
export interface Wish {
  /** Of the classes. */
  readonly values: readonly number[];
  readonly target: number;
}

export function lossOf(y: readonly number[], { values, target }: Wish): number {
  return (valueOf(y, values) - target) ** 2;
}

/** `sum_i p_i L(e_i)`, with p the probabilities of the classes. */
export function expectedLoss(logits: readonly number[], wish: Wish): number {
  return softmax(logits).reduce((sum, p, i) => sum + p * lossOf(oneHot(i, logits.length), wish), 0);
}

/** The gradient of the expected loss by each logit, `p_i (L(e_i) - sum_j p_j L(e_j))`. */
export function exactGradient(logits: readonly number[], wish: Wish): number[] {
  const expected = expectedLoss(logits, wish);
  return softmax(logits).map((p, i) => p * (lossOf(oneHot(i, logits.length), wish) - expected));
}

/**
 * The gradient of one draw by each logit: the slope of the loss at `seen`, times the derivative of the relaxed draw `soft`.
 * The relaxed gradient sees `soft` itself; the straight-through one sees the exact choice.
 */
export function drawGradient(
  soft: readonly number[],
  seen: readonly number[],
  temperature: number,
  { values, target }: Wish,
): number[] {
  const slope = 2 * (valueOf(seen, values) - target);
  const mean = valueOf(soft, values);
  return soft.map((y, i) => (slope * y * (values[i]! - mean)) / temperature);
}

function valueOf(y: readonly number[], values: readonly number[]): number {
  return y.reduce((sum, share, i) => sum + share * values[i]!, 0);
}
