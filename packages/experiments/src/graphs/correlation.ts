/** Graphs without a model: particles that move alike are said to act on each other. */

import { FEATURES, SEEN_FRAMES, type Simulations } from "./systems.ts";

/** What correlations say of the graph: an edge where they are on this side of the threshold. */
export interface Rule {
  readonly threshold: number;
  readonly isEdgeAbove: boolean;
}

/**
 * The correlation of the positions of every two particles over the frames that an encoder sees, a mean of both
 * coordinates, and whether there is an edge.
 */
function correlatedPairs(simulations: Simulations): { correlation: number; isEdge: boolean }[] {
  const { count, particles, edges } = simulations;
  const pairs: { correlation: number; isEdge: boolean }[] = [];
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < particles; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [row * particles + i, row * particles + j];
        const correlation = (correlationOf(simulations, a, b, 0) + correlationOf(simulations, a, b, 1)) / 2;
        pairs.push({ correlation, isEdge: edges[(row * particles + i) * particles + j] === 1 });
      }
    }
  }
  return pairs;
}

/** @param a, b particles, counted over all simulations */
function correlationOf({ system, paths, frames }: Simulations, a: number, b: number, feature: number): number {
  const [features, seen] = [FEATURES[system], SEEN_FRAMES[system]];
  let [sumA, sumB, squareA, squareB, together] = [0, 0, 0, 0, 0];
  for (let frame = 0; frame < seen; frame++) {
    const valueA = paths[(a * frames + frame) * features + feature]!;
    const valueB = paths[(b * frames + frame) * features + feature]!;
    sumA += valueA;
    sumB += valueB;
    squareA += valueA * valueA;
    squareB += valueB * valueB;
    together += valueA * valueB;
  }
  const varianceOf = (sum: number, square: number) => square - (sum * sum) / seen;
  const deviations = Math.sqrt(varianceOf(sumA, squareA) * varianceOf(sumB, squareB));
  return (together - (sumA * sumB) / seen) / deviations;
}

/** The rule that is right most often. */
export function bestRule(simulations: Simulations): Rule {
  const pairs = correlatedPairs(simulations).sort((a, b) => a.correlation - b.correlation);
  // Right, if all pairs were said to be edges: those that the threshold has passed are none.
  let right = pairs.filter(({ isEdge }) => isEdge).length;
  let [best, threshold, isEdgeAbove] = [
    Math.max(right, pairs.length - right),
    Number.NEGATIVE_INFINITY,
    right * 2 >= pairs.length,
  ];
  for (const { correlation, isEdge } of pairs) {
    right += isEdge ? -1 : 1;
    for (const above of [true, false]) {
      const count = above ? right : pairs.length - right;
      if (count > best) [best, threshold, isEdgeAbove] = [count, correlation, above];
    }
  }
  return { threshold, isEdgeAbove };
}

/** The share of pairs that a rule is right about, in percent. */
export function accuracyOfRule({ threshold, isEdgeAbove }: Rule, simulations: Simulations): number {
  const pairs = correlatedPairs(simulations);
  const right = pairs.filter(({ correlation, isEdge }) => (correlation > threshold === isEdgeAbove) === isEdge).length;
  return (100 * right) / pairs.length;
}
