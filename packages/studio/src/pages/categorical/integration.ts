/** Expectations over the noise of three classes, by a quadrature in place of draws: without the error of a sample. */

/** Points of the noise with their weights, which sum to 1. */
export interface Quadrature {
  /** Noise by class, `[points, 3]`, row by row. */
  readonly noise: Float32Array;
  readonly weights: Float64Array;
}

/** How far below the largest key another is, at most, beyond the distance of the logits: beyond, e^-FAR is left. */
const FAR = 18;

/** Panels for each of two distances, and points in a panel: of a fixed number of points, the engine compiles a kernel once. */
const PANELS = 12;
const POINTS = 8;

/**
 * A quadrature of the Gumbel noise of three classes with such logits, fine enough for what changes within a temperature.
 * What a relaxation at a temperature makes of the keys `logits + noise` depends on their differences alone. In the part of
 * the plane where class d has the largest key, the others are s and t below it, with the density
 *
 *     2 w_d w_s w_t e^(s + t) / (w_d + w_s e^s + w_t e^t)^3,   w = e^logits,
 *
 * and both distances are integrated from 0 by Gauss's rule in panels, the finer the nearer to 0: `s = a sinh(b x)`.
 */
export function noiseQuadrature(logits: readonly number[], temperature: number, panels = PANELS): Quadrature {
  const reach = Math.max(...logits) - Math.min(...logits) + FAR;
  const { nodes, weights } = distances(Math.min(1, temperature), reach, panels);
  const count = nodes.length;
  const noise = new Float32Array(3 * count * count * 3);
  const joint = new Float64Array(3 * count * count);
  let row = 0;
  for (let largest = 0; largest < 3; largest++) {
    const [first, second] = [(largest + 1) % 3, (largest + 2) % 3];
    const top = logits[largest]!;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const [s, t] = [nodes[i]!, nodes[j]!];
        noise[3 * row + largest] = -top;
        noise[3 * row + first] = -s - logits[first]!;
        noise[3 * row + second] = -t - logits[second]!;
        joint[row] = weights[i]! * weights[j]! * density(logits[first]! - top + s, logits[second]! - top + t);
        row++;
      }
    }
  }
  return { noise, weights: joint };
}

/** `2 e^(a + b) / (1 + e^a + e^b)^3`, which does not overflow. */
function density(a: number, b: number): number {
  const top = Math.max(0, a, b);
  const sum = Math.exp(-top) + Math.exp(a - top) + Math.exp(b - top);
  return (2 * Math.exp(a + b - 3 * top)) / sum ** 3;
}

/** Points and weights from 0 to `reach`, some of them closer to 0 than `scale`. */
function distances(scale: number, reach: number, panels: number): { nodes: number[]; weights: number[] } {
  const rule = gauss(POINTS);
  const growth = Math.asinh(reach / scale);
  const places = Array.from({ length: panels }, (_, panel) =>
    rule.map(({ node, weight }) => ({ x: (panel + (1 + node) / 2) / panels, share: weight / 2 / panels })),
  ).flat();
  return {
    nodes: places.map(({ x }) => scale * Math.sinh(growth * x)),
    weights: places.map(({ x, share }) => share * scale * growth * Math.cosh(growth * x)),
  };
}

/** Gauss's rule on [-1, 1]: the zeros of the Legendre polynomial, by Newton's method from a near guess. */
function gauss(points: number): { node: number; weight: number }[] {
  return Array.from({ length: points }, (_, i) => {
    let node = Math.cos((Math.PI * (i + 0.75)) / (points + 0.5));
    let slope = 0;
    for (let step = 0; step < 10; step++) {
      const { value, derivative } = legendre(points, node);
      slope = derivative;
      node -= value / derivative;
    }
    return { node, weight: 2 / ((1 - node * node) * slope * slope) };
  });
}

function legendre(degree: number, x: number): { value: number; derivative: number } {
  let [before, value] = [1, x];
  for (let n = 2; n <= degree; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
  return { value, derivative: (degree * (x * value - before)) / (x * x - 1) };
}
